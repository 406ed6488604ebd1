#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the conformance programs under a driver and leaves what they expect and what the driver
# said in OUT/NAME, to be judged by 'tests/live/driver -F OUT' where there is a Python.  Needs
# a shell and `timeout` only.
#
# usage: tests/vm/conform.sh OUT [-d DRIVER] [-A ATTACH] [-p PROBE] [-x NAME] [-s SECONDS] [-- NAME...]
#
# The programs are those in $BUILD/conform; the sources beside this script say what to capture.
out=$1
shift
[ -n "$out" ] || { sed -n '7p' "$0" >&2; exit 2; }
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$top" && cd "${BUILD:-build}" && pwd)
seconds=60 how=
while getopts d:A:p:x:s: o; do
	case $o in
	s) seconds=$OPTARG ;;
	[dApx]) how="$how -$o $OPTARG" ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- $(cd "$top/tests/conform" && ls *.c | sed 's/\.c$//')
for name in "$@"; do
	work=$out/$name
	mkdir -p "$work/cwd"
	chmod 755 "$out" "$work"
	capture=$(sed -n 's/^ \* capture: \([^ ]*\)$/-s \1/p' "$top/tests/conform/$name.c")
	(cd "$work/cwd" && timeout "$seconds" "$build/tool/evdump" -j -v $how $capture -- \
		"$build/conform/$name" "$work/expect" >"$work/events" 2>"$work/stderr" </dev/null)
	status=$?
	[ $status = 124 ] || echo $status >"$work/status"
	echo "ran $name: $status"
done
