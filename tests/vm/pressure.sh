#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A sensor that is stopped for a while under a driver that holds back: most of many equal opens are held back, not
# lost, the alert fires, and the books balance.  Without holding back the same opens are lost.  Needs a shell only.
#
# usage: tests/vm/pressure.sh OUT KIND [OPTION...]	options of saker, e.g. -o engine.build=false
#
# Last line: 'N passed, N failed, N skipped'.
out=$1 kind=$2
[ $# -ge 2 ] || { sed -n '6p' "$0" >&2; exit 2; }
shift 2
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$top" && cd "${BUILD:-build}" && pwd)
dir=/tmp/saker-opens
opens=20000	# some 3 MB of events
mkdir -p "$out"
. "$top/tests/vm/sensor.sh"

cat >"$out/rules.yaml" <<END
- rule: never
  desc: d
  condition: evt.type in (open, openat, openat2, creat) and proc.name=nobody
  output: o
  priority: INFO
END
config() {	# NAME HOLD_BACK
	cat >"$out/$1.yaml.conf" <<END
rules_files: [$out/rules.yaml]
stdout_output: {enabled: false}
syslog_output: {enabled: false}
file_output: {enabled: true, keep_alive: true, filename: $out/$1.alerts}
log_syslog: false
log_stderr: true
log_level: debug
kernel_filter: false
pressure: {hold_back: $2}
engine: {kind: $kind, fallback: false, modern_ebpf: {buf_size_preset: 1}, kmod: {buf_size_preset: 1}}
END
	: >"$out/$1.alerts"
}
held() { sed -n 's/.*Events held back under pressure.*: \([0-9]*\)$/\1/p' "$out/$1.log"; }
run() {	# NAME OPTION...
	rm -rf "$dir"
	start "$@"
	kill -STOP $pid
	"$build/vm/opens" "$dir" $opens
	kill -CONT $pid
	[ "$1" = off ] || sleep 8	# until the alert is over
	stop $pid
}
dropped() { [ "$4" -ge $((opens / 4)) ]; }
few_dropped() { [ $(($4 * 10)) -le $opens ]; }
many_held() { [ "${1:-0}" -ge $((opens / 4)) ]; }
adds_up() { [ $# = 5 ] && balance "$1" "$2" $(($3 + $5)) "$4"; }
alerts() { grep -q "Saker internal: $1" "$out/on.alerts"; }

config off false
config on true
run off "$@"
run on "$@"
check "without holding back many are dropped: $(books off)" dropped $(books off)
check "many are held back: $(held on)" many_held "$(held on)"
check "few are dropped: $(books on)" few_dropped $(books on)
check "the books balance" adds_up $(books on) "$(held on)"
check "the alert fires" alerts "under pressure"
check "and ends" alerts "pressure is over"
check "it says what was held back" grep -q "under pressure.*[0-9] open" "$out/on.alerts"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
