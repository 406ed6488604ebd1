#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What must not hurt the kernel that has the module: consumers that die, unloading, CPUs that go
# and come, hostile memory, storms of processes.  For a guest, as root, with busybox only.
#
# usage: tests/vm/kmod-stress.sh MODULE [SECONDS]
#
# Every step prints "ok NAME" or "FAILED NAME: why"; the status is 1 when one failed.
module=$1 seconds=${2:-10}
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/${BUILD:-build}
evdump=$build/tool/evdump stress=$build/tool/stress
tmp=$(mktemp -d) && cd "$tmp" || exit 2
failed=0

ok() { echo "ok $1"; }
bad() { echo "FAILED $1: $2"; failed=1; }
check() { name=$1; shift; if "$@"; then ok "$name"; else bad "$name" "$*"; fi; }
says() { grep -q "$1" "$2" || { cat "$2"; return 1; }; }
meminfo() { awk -v k="$1:" '$1 == k { print $2 }' /proc/meminfo; }
loaded() { grep -q '^saker ' /proc/modules; }
# starts a consumer of everything in the background: $! is its pid
consume() { $evdump -d kmod -a -j -- sleep "$1" >"$2" 2>"$2.err" & }
# waits until it delivers
delivers() { for i in 1 2 3 4 5 6 7 8 9 10; do [ -s "$1" ] && return 0; cat /dev/null; sleep 1; done; return 1; }

# ---- messages, before and after the module is there
$evdump -d kmod -- true >/dev/null 2>no-module
check "no module: message" says "the kernel module is not loaded; load it with 'saker driver load'" no-module
mknod /dev/saker0 c 240 0 2>/dev/null
$evdump -d kmod -- true >/dev/null 2>stale
check "stale device: message" says "left over from a kernel module" stale
rm -f /dev/saker0
check "load" insmod "$module" max_consumers=3
chmod 755 "$top"
su nobody -s /bin/sh -c "$evdump -d kmod -- true" >/dev/null 2>denied
check "no permission: message names device, mode and group" says "/dev/saker0 cannot be opened: its mode is 600 and its group root" denied
chmod 666 /dev/saker*
su nobody -s /bin/sh -c "$evdump -d kmod -v -- true" >user 2>user.err
check "an ordinary user who may open the devices captures" says "execve" user
chmod 600 /dev/saker*

# ---- unloading, death
consume 60 busy; pid=$!
check "consume" delivers busy
rmmod saker 2>rmmod
check "unload while busy is refused" loaded
kill -9 $pid; wait $pid 2>/dev/null; pkill sleep 2>/dev/null
sleep 1
check "unload after a consumer was killed" rmmod saker
check "load again" insmod "$module" max_consumers=3

# ---- several consumers
consume 4 one; consume 4 two; consume 4 three
delivers one; delivers two; delivers three
$evdump -d kmod -- true >/dev/null 2>four
check "one consumer too many: message" says "3 programs read events from the kernel module, and it allows 3" four
$stress forks 50
wait
for f in one two three; do check "consumer $f has the processes" says '"type":"PROCEXIT_1_E"' $f; done

# ---- CPUs
if [ -e /sys/devices/system/cpu/cpu1/online ]; then
	consume 12 hotplug
	delivers hotplug
	for i in 1 2 3 4; do
		echo 0 >/sys/devices/system/cpu/cpu1/online; $stress forks 20
		echo 1 >/sys/devices/system/cpu/cpu1/online; $stress forks 20
	done
	wait
	check "CPU taken away and brought back: events of both" says '"cpu":1,' hotplug
	rmmod saker
	echo 0 >/sys/devices/system/cpu/cpu1/online
	insmod "$module"
	[ ! -e /dev/saker1 ] || bad "CPU that is offline has no device" "/dev/saker1"
	consume 8 late
	delivers late
	echo 1 >/sys/devices/system/cpu/cpu1/online
	for i in 1 2 3; do taskset 2 $stress forks 30; sleep 1; done
	wait
	check "CPU that comes while consuming: its events are there" says '"cpu":1,' late
fi

# ---- storms
consume $((seconds + 60)) storm; pid=$!
delivers storm
check "fork storm" $stress forks 2000
kill $pid; wait $pid 2>/dev/null
consume $((seconds + 60)) hostile; pid=$!
delivers hostile
check "hostile memory" $stress hostile "$seconds"
kill $pid; wait $pid 2>/dev/null
pkill sleep 2>/dev/null

# ---- leaks
$stress cycle kmod 5 >/dev/null
before=$(meminfo VmallocUsed) slab=$(meminfo SUnreclaim)
check "200 consumers, one after the other" $stress cycle kmod 200
sleep 1
after=$(meminfo VmallocUsed) slab_after=$(meminfo SUnreclaim)
[ $((after - before)) -lt 1024 ] && ok "no vmalloc leak ($before -> $after KiB)" || bad "vmalloc leak" "$before -> $after KiB"
[ $((slab_after - slab)) -lt 4096 ] && ok "no slab leak ($slab -> $slab_after KiB)" || bad "slab leak" "$slab -> $slab_after KiB"
$stress forks 5000 & consume 20 load; delivers load
for i in 1 2 3 4 5 6 7 8 9 10; do $stress cycle kmod 2 >/dev/null; done
wait
i=0
while [ $i -lt 10 ]; do rmmod saker && insmod "$module" || break; i=$((i + 1)); done
check "10 times unloaded and loaded" [ $i = 10 ]
check "unload" rmmod saker

# ---- what the kernel thinks
dmesg >dmesg
if grep -E 'BUG:|WARNING:|Oops|general protection|Call Trace|stack guard|KASAN|lockdep|scheduling while atomic' dmesg; then
	bad "kernel log" "see above"
else
	ok "kernel log"
fi
exit $failed
