#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# saker --userspace under each restriction of kernel.yama.ptrace_scope: what works, and what is
# said where it does not.  Runs in a guest whose kernel has Yama, as root; at the end nothing can be traced
# until the next boot.  Needs a shell only.
#
# usage: tests/vm/yama.sh
cd "$(dirname "$0")/../.." || exit 1
build=$(pwd)/${BUILD:-build}
scope=/proc/sys/kernel/yama/ptrace_scope
passed=0 failed=0
[ -w $scope ] || { echo "skip yama: this kernel has none"; echo "0 passed, 0 failed, 1 skipped"; exit 77; }
config=/tmp/yama.yaml
cat >$config <<END
rules_files: [$(pwd)/etc/saker_rules.yaml]
stdout_output: {enabled: true}
log_syslog: false
log_stderr: true
log_level: info
END
chmod 644 $config
# expect NAME TEXT COMMAND...: the command says TEXT within 10 s
expect() {
	name=$1 text=$2
	shift 2
	timeout 10 "$@" >/tmp/said 2>&1
	if grep -q "$text" /tmp/said; then
		passed=$((passed + 1)); echo "ok   $name"
	else
		failed=$((failed + 1)); echo "FAIL $name: not said: $text"
		tail -n 3 /tmp/said
	fi
}
as="$build/tool/withcaps"
start="$build/saker -c $config -U --userspace --"
for s in 0 1 2 3; do
	echo $s >$scope
	"$build/tool/withcaps" none sleep 60 &
	target=$!
	for i in 1 2 3 4 5 6 7 8 9 10; do
		grep -qx sleep /proc/$target/comm 2>/dev/null && break
		sleep 0.2
	done
	attach="$build/saker -c $config -U --userspace --pid $target"
	case $s in
	0)	expect "0: a program is started" ^started $as none $start echo started
		expect "0: a process of the same user is attached to" 'ready in' $as none $attach ;;
	1)	expect "1: a program is started" ^started $as none $start echo started
		expect "1: no process is attached to, and why" 'ptrace_scope is 1: start the program' $as none $attach
		expect "1: with CAP_SYS_PTRACE it is" 'ready in' $as CAP_SYS_PTRACE $attach ;;
	2)	expect "2: no program is started, and why" 'ptrace_scope' $as none $start echo started
		expect "2: with CAP_SYS_PTRACE it is" ^started $as CAP_SYS_PTRACE $start echo started
		expect "2: and attached to" 'ready in' $as CAP_SYS_PTRACE $attach ;;
	3)	expect "3: not even root starts one" 'until the next boot' $start echo started
		expect "3: nor attaches" 'until the next boot' $attach ;;
	esac
	kill $target
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
