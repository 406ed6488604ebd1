#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `saker driver probe` and `saker doctor` on this kernel, with features taken away one after
# the other.  Runs in a guest, as root; the kernel is locked down at the end.  Needs a shell only.
#
# usage: tests/vm/doctor.sh DRIVERS
drivers=$1
[ $# -eq 1 ] || { sed -n '6p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
passed=0 failed=0
export SAKER_DRIVER_DIR="$drivers"
: >/tmp/said
check() {	# NAME COMMAND...
	name=$1
	shift
	if "$@"; then
		passed=$((passed + 1)); echo "ok   $name"
	else
		failed=$((failed + 1)); echo "FAIL $name"
		cat /tmp/said
	fi
}
saker() {	# STATUS ARGUMENT...: runs it, what it says is in /tmp/said
	want=$1
	shift
	$under "$build/saker" "$@" >/tmp/said 2>&1
	status=$?
	[ $status = "$want" ]
}
said() { grep -q "$1" /tmp/said; }
feature() { grep -q "^$1 *$2 " /tmp/said; }
doctor="doctor -c etc/saker.yaml"
under=

check "probe: a driver works" saker 0 driver probe
for f in "BTF yes" "ring buffer yes" "tracing programs yes" "fentry yes" "modules yes" "module file yes" "tracefs yes"; do
	check "probe: $f" feature "${f% *}" "${f##* }"
done
check "probe: modern_ebpf" said "saker uses modern_ebpf"
check "doctor: nothing is wrong" saker 0 $doctor
check "doctor: modern_ebpf" said "^ok *driver: modern_ebpf"

export SAKER_TEST_SPOIL=ev_SYSCALL_OPENAT_2_X
check "a rejected program: doctor finds something" saker 1 $doctor
check "a rejected program: it is named" said "PROBLEM *the kernel does not take: .*ev_SYSCALL_OPENAT_2_X"
check "a rejected program: its rules are named" said "PROBLEM *[0-9]* rules do not see all of their events: .*Password hashes read"
unset SAKER_TEST_SPOIL

mkdir -p /tmp/headers
: >/tmp/headers/Makefile
check "bad headers: not built with" saker 1 driver build kmod --headers /tmp/headers
check "bad headers: told" said "holds no configured kernel headers"

mkdir -p /tmp/nobody
chown nobody /tmp/nobody
under="$build/tool/withcaps -u 65534 none env HOME=/tmp/nobody SAKER_DRIVER_DIR=/tmp/nobody"
check "no privileges: no driver" saker 69 $doctor
check "no privileges: what is missing is named" said "modern_ebpf: CAP_BPF is missing, CAP_PERFMON is missing"
under=

mount -t tmpfs none /sys/kernel/btf
check "no BTF: another driver works" saker 0 driver probe
check "no BTF: told" feature BTF no
if [ -e "$drivers/$(uname -r)/saker-bpf.o" ]; then
	check "no BTF: the classic probe is used" said "saker uses ebpf"
	check "no BTF: doctor opens the probe" saker 0 $doctor
	check "no BTF: by the probe" said "^ok *driver: ebpf"
	mv "$drivers/$(uname -r)/saker-bpf.o" /tmp/
	check "no BTF, no probe: another driver works" saker 0 driver probe
fi
check "no BTF: the module is used" said "saker uses kmod"
check "no BTF: doctor opens it" saker 0 $doctor
check "no BTF: by the module" said "^ok *driver: kmod"
check "no BTF: why not the better one" said "^note *better drivers do not work here: modern_ebpf: BTF: there is no /sys/kernel/btf/vmlinux"
check "no BTF, no fallback: no driver" saker 69 $doctor -o engine.kind=modern_ebpf -o engine.fallback=false
check "the module goes again" saker 0 driver unload
umount /sys/kernel/btf

if [ -w /sys/kernel/security/lockdown ] && echo confidentiality >/sys/kernel/security/lockdown; then
	check "lockdown: no driver" saker 1 driver probe
	check "lockdown: BPF may not read" feature lockdown no
	check "lockdown: modules must be signed" feature "module signing" no
	check "lockdown: doctor finds no driver" saker 69 $doctor
	check "lockdown: it is named" said "modern_ebpf: lockdown: lockdown is confidentiality"
else
	echo "skip lockdown: this kernel cannot be locked down"
fi
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
