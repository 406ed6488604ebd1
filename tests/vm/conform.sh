#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the conformance programs under a driver and leaves what they expect and what the driver
# said in OUT/NAME, to be judged by 'tests/live/driver -F OUT' where there is a Python.  Needs
# a shell and `timeout` only.
#
# usage: tests/vm/conform.sh OUT [-d DRIVER] [-A ATTACH] [-p PROBE] [-x NAME] [-s SECONDS] [-- NAME...]
#
# The programs are those in $BUILD/conform; the sources beside this script say what to capture.
# Those with nothing to say share one evdump, because its start takes an emulated machine
# longer than all of them.
out=$1
shift
[ -n "$out" ] || { sed -n '7p' "$0" >&2; exit 2; }
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 2
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$top" && cd "${BUILD:-build}" && pwd)
seconds=60 how='' inside=
while getopts d:A:p:x:s:i o; do
	case $o in
	s) seconds=$OPTARG ;;
	[dApx]) how="$how -$o $OPTARG" ;;
	i) inside=1 ;;		# under evdump already
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))

if [ "$inside" ]; then
	for name in "$@"; do
		work=$out/$name
		(cd "$work/cwd" && timeout "$seconds" "$build/conform/$name" "$work/expect" \
			>/dev/null 2>"$work/stderr" </dev/null)
		status=$?
		[ $status = 124 ] || [ $status = 143 ] || echo $status >"$work/status"
		echo "ran $name: $status" >&2
	done
	exit 0
fi

# dump WORK SECONDS CAPTURE PROGRAM...: events to WORK/events
dump()
{
	work=$1 limit=$2 capture=$3
	shift 3
	timeout "$limit" "$build/tool/evdump" -j -v $how $capture -- "$@" >"$work/events" 2>"$work/stderr" </dev/null
}

[ $# -gt 0 ] || set -- $(cd "$top/tests/conform" && ls *.c | sed 's/\.c$//')
shared=
for name in "$@"; do
	mkdir -p "$out/$name/cwd"
	chmod 755 "$out" "$out/$name"
	capture=$(sed -n 's/^ \* capture: \([^ ]*\)$/-s \1/p; s/^ \* full ports: \([^ ]*\)$/-D \1/p' "$top/tests/conform/$name.c")
	if [ -z "$capture" ]; then
		shared="$shared $name"
		ln -sf ../events "$out/$name/events"
		continue
	fi
	cd "$out/$name/cwd" || exit 1
	dump "$out/$name" $((seconds * 2)) "$capture" "$build/conform/$name" "$out/$name/expect"
	status=$?
	[ $status = 124 ] || [ $status = 143 ] || echo $status >"$out/$name/status"
	echo "ran $name: $status"
done
cd "$out" || exit 1
if [ "$shared" ]; then
	dump "$out" $((seconds * 6)) "" "$top/tests/vm/conform.sh" "$out" -i -s "$seconds" -- $shared
	status=$?
	grep -v '^ran' "$out/stderr"
	for name in $shared; do
		[ -e "$out/$name/status" ] || [ $status = 0 ] || [ $status = 124 ] || [ $status = 143 ] || echo $status >"$out/$name/status"
	done
fi
