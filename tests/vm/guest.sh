#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What tests/vm/run has done in a guest: for each way to capture, the conformance programs, the
# attacks with saker's own rules and with the stock ones, the kernel filter, holding back under pressure, and
# calls of a 32-bit program where those are given.
#
# usage: tests/vm/guest.sh OUT WAY...		WAY: DRIVER[:ATTACH]
#
# OUT/WAY/why says why it did not start; OUT/WAY/seconds how long it took.
out=$1
shift
top=$(cd "$(dirname "$0")/../.." && pwd)
export BUILD="${BUILD:-build}"
build=$(cd "$top" && cd "$BUILD" && pwd)
mkdir -p "$out" && out=$(cd "$out" && pwd)
uname -r >"$out/release"
echo 2 >/proc/sys/kernel/perf_event_paranoid
# docs/pressure.md: the module, and CO-RE from 6.2 on.
holds_back() {
	case $1:$(uname -r) in
	kmod:*) ;;
	modern_ebpf:[1-5].* | modern_ebpf:6.[01].* | modern_ebpf:6.[01]-*) return 1 ;;
	modern_ebpf:*) ;;
	*) return 1 ;;
	esac
}
for way in "$@"; do
	driver=${way%%:*} attach=
	case $way in *:*) attach=${way#*:} ;; esac
	dir=$out/$way
	mkdir -p "$dir"
	start=$(date +%s)
	how="-d $driver" options="-o engine.build=false"
	if [ "$attach" ]; then
		how="$how -A $attach" options="$options -o engine.modern_ebpf.attach=$attach"
	fi
	case $driver in
	kmod) insmod "$top/drivers/saker.ko" 2>"$dir/why" || { echo "$way: insmod failed"; continue; } ;;
	ebpf) export SAKER_BPF_PROBE=$top/drivers/saker-bpf.o; how="$how -p $SAKER_BPF_PROBE" ;;
	esac
	if timeout 30 "$build/tool/evdump" $how -s getppid -- /bin/true >/dev/null 2>"$dir/why"; then
		rm -f "$dir/why"
		"$top/tests/vm/conform.sh" "$dir/conform" $how -s 30 >"$dir/log" 2>&1
		timeout 240 "$top/tests/vm/live.sh" "$dir/live" "$driver" "$top/etc/saker_rules.yaml" $options >>"$dir/log" 2>&1
		echo $? >"$dir/live/status"
		if [ -d "$top/stock" ]; then
			stock=$(echo "$top"/stock/*.yaml | sed 's/ /, /g')
			timeout 240 "$top/tests/vm/live.sh" "$dir/stock" "$driver" "$stock" $options >>"$dir/log" 2>&1
		fi
		timeout 240 "$top/tests/vm/filter.sh" "$dir/filter" "$driver" $options >"$dir/filter.out" 2>&1
		if holds_back "$driver" && [ -z "$attach" ]; then
			timeout 240 "$top/tests/vm/pressure.sh" "$dir/pressure" "$driver" $options >"$dir/pressure.out" 2>&1
		fi
		for b in 32 64; do
			[ -e "$build/vm/calls$b" ] || continue
			rm -f /tmp/calls32
			timeout 240 "$build/tool/evdump" $how -j -s open,openat,socket,connect,writev -- "$build/vm/calls$b" \
				>"$dir/calls$b" 2>>"$dir/log"
		done
	else
		echo "$way: did not start"
	fi
	[ "$driver" = kmod ] && { rmmod saker 2>>"$dir/why" || echo "$way: rmmod failed"; }
	[ -s "$dir/why" ] || rm -f "$dir/why"
	echo $(($(date +%s) - start)) >"$dir/seconds"
	echo "$way: $(cat "$dir/seconds") s"
	dmesg >"$out/dmesg"
	[ ! -x /bin/save-results ] || save-results
done
exit 0
