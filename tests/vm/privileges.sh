#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Least privilege of a driver, with a shell only, to run as root in a guest: which capabilities it
# starts with as an ordinary user, what is said of one that is missing, and what is left afterwards.
#
# usage: tests/vm/privileges.sh KIND RULES [OPTION...]    options of saker, e.g. -o engine.ebpf.probe=FILE
#
# Last line: 'N passed, N failed, N skipped'.
kind=$1 rules=$2
[ $# -ge 2 ] || { sed -n '6p' "$0" >&2; exit 2; }
shift 2
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$top" && cd "${BUILD:-build}" && pwd)
withcaps=$build/tool/withcaps
dir=$(mktemp -d)
chmod 777 "$dir"
passed=0 failed=0
trap 'rm -rf "$dir"' EXIT

cat >"$dir/c.yaml" <<END
rules_files: [$rules]
stdout_output: {enabled: true}
log_syslog: false
log_stderr: true
log_level: info
engine: {kind: $kind, fallback: false, build: false}
END

ok() { passed=$((passed + 1)); echo "ok   $kind: $1"; }
bad() { failed=$((failed + 1)); echo "FAIL $kind: $1"; sed 's/^/     /' "$dir/err"; }
check() { if eval "$2"; then ok "$1"; else bad "$1"; fi; }

# start CAPS WITHCAPS-OPTIONS: true when it runs; $pid, $dir/out, $dir/err
start() {
	caps=$1 how=$2
	: >"$dir/out"; : >"$dir/err"
	$withcaps $how "$caps" "$build/saker" -c "$dir/c.yaml" -U $options >"$dir/out" 2>"$dir/err" &
	pid=$!
	for i in $(seq 300); do
		grep -q 'Privileges given up' "$dir/err" && return 0
		kill -0 $pid 2>/dev/null || { wait $pid; status=$?; return 1; }
		sleep 0.2
	done
	return 1
}
stop() { kill -TERM $pid; wait $pid; status=$?; }
attack() {
	cat /etc/shadow >/dev/null
	for i in $(seq 50); do
		grep -q 'Password hashes read' "$dir/out" && return 0
		sleep 0.2
	done
	return 1
}
# What is left to the threads: $have, of the first one; $sealed, how many are
look() {
	have=$(sed -n 's/^CapPrm:\t0*//p' /proc/$pid/status)
	sealed=$(cat /proc/$pid/task/*/status | grep -c -E '^(NoNewPrivs:	1|Seccomp:	2)')
	threads=$(ls /proc/$pid/task | wc -l)
}
names() { grep -q "^Error: .*$1 is missing\|^Error: .*$1" "$dir/err"; }

options=$*
case $kind in
modern_ebpf) set=CAP_SYS_PTRACE,CAP_PERFMON,CAP_BPF left=80000 ;;
ebpf)
	set=CAP_SYS_PTRACE,CAP_PERFMON,CAP_BPF left=c000080000
	paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
	[ "$paranoid" -gt 2 ] && echo 2 >/proc/sys/kernel/perf_event_paranoid
	;;
kmod) set=CAP_SYS_PTRACE left=80000 ;;
esac

if [ "$kind" = kmod ]; then
	start "$set" ""
	check "closed devices are told" '[ "$status" = 69 ] && grep -q "^Error: .*/dev/saker" "$dir/err"'
	chmod 666 /dev/saker*
fi

start "$set" "-l unlimited"
check "an ordinary user with $set starts it" 'kill -0 $pid 2>/dev/null'
if kill -0 $pid 2>/dev/null; then
	check "an attack raises an alert" attack
	look
	check "what is kept is $left" '[ "$have" = "$left" ]'
	check "no_new_privs and the filter are set for $threads threads" '[ "$sealed" = $((2 * threads)) ] && [ "$threads" -ge 2 ]'
	stop
	check "it ends well, and no call was refused" '[ "$status" = 0 ] && ! grep -q refused "$dir/err"'
fi

[ "$kind" = kmod ] || for cap in CAP_BPF CAP_PERFMON; do
	rest=$(echo ",$set," | sed "s/,$cap,/,/; s/^,//; s/,$//")
	start "$rest" "-l unlimited"
	check "without $cap a message names it, status 69" '[ "$status" = 69 ] && names $cap'
done

if [ "$kind" = ebpf ] && [ "$paranoid" -gt 2 ]; then
	echo "$paranoid" >/proc/sys/kernel/perf_event_paranoid
	start "$set" "-l unlimited"
	check "with kernel.perf_event_paranoid $paranoid, CAP_SYS_ADMIN is asked for" '[ "$status" = 69 ] && names CAP_SYS_ADMIN'
	start "$set,CAP_SYS_ADMIN" "-l unlimited"
	check "and is enough" 'kill -0 $pid 2>/dev/null && attack'
	stop
	echo 2 >/proc/sys/kernel/perf_event_paranoid
fi

# What maps cost is counted against RLIMIT_MEMLOCK before 5.11.
if [ "$kind" != kmod ]; then
	start "$set" "-l 65536"
	case $kind,$(uname -r) in
	*,5.10.* | *,5.[0-9].* | *,4.* | ebpf,*)
		check "with a small RLIMIT_MEMLOCK, CAP_SYS_RESOURCE is asked for" '[ "$status" = 69 ] && names CAP_SYS_RESOURCE'
		start "$set,CAP_SYS_RESOURCE" "-l 65536"
		check "and is enough" 'kill -0 $pid 2>/dev/null && attack'
		stop
		;;
	*)
		check "with a small RLIMIT_MEMLOCK nothing more is needed" 'kill -0 $pid 2>/dev/null && attack'
		stop
		;;
	esac
fi
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
