#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a driver adds to the loops of bench/loops.  For a guest; under 'tools/krun -i' a
# nanosecond is an instruction, and the figures are the same each time.
#
# usage: tests/vm/cost.sh DRIVER[:ATTACH]...	with saker.ko and saker-bpf.o in the current directory, for kmod and ebpf
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/${BUILD:-build}
traced=openat,close,read,sendto,recvfrom,clone,fork,vfork,clone3,execve,execveat,sched_process_exit
touch /etc/hostname
[ ! -e saker.ko ] || insmod ./saker.ko
[ ! -e saker-bpf.o ] || export SAKER_BPF_PROBE=./saker-bpf.o
figure() { sed -n 's/[^0-9]*\([0-9][0-9.]*\).*/\1/p' | head -1; }
for loop in getppid read openat sendrecv fork; do
	base=$("$build/bench/loops" $loop 0.3 | figure)
	line="$loop: alone $base"
	for driver in "$@"; do
		"$build/tool/stress" hold "$driver" 128 $traced "$build/bench/loops" $loop 0.3 >/tmp/cost 2>&1
		line="$line, $driver +$(sed 1q /tmp/cost | figure | awk -v b="$base" '{ printf "%.0f", $1 - b }')"
		grep -q 'dropped 0+0' /tmp/cost || line="$line ($(sed -n '$p' /tmp/cost))"
	done
	echo "$line"
done
