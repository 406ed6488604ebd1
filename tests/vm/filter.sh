#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kernel filter under a driver: with it and without it, the same opens (tests/vm/opens.c) must raise the same
# alerts, what it discards is counted, and the books balance.  Two consumers of the kernel module, each with a
# filter of its own, must each have their alerts.  Needs a shell only.
#
# usage: tests/vm/filter.sh OUT KIND [OPTION...]	options of saker, e.g. -o engine.build=false
#
# Last line: 'N passed, N failed, N skipped'.
out=$1 kind=$2
[ $# -ge 2 ] || { sed -n '7p' "$0" >&2; exit 2; }
shift 2
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$top" && cd "${BUILD:-build}" && pwd)
dir=/tmp/saker-opens
opens=2000
mkdir -p "$out"
. "$top/tests/vm/sensor.sh"

rule() { printf -- "- rule: %s\n  desc: d\n  priority: INFO\n  output: '%%evt.type %%fd.name %%evt.rawres'\n" "$1"
	printf '  condition: evt.type in (open, openat, openat2, creat) and proc.name=opens and (%s)\n' "$2"; }
{
rule exact "evt.is_open_read=true and fd.name=$dir/secret/key"
rule prefix "evt.is_open_write=true and fd.num>=0 and fd.name startswith $dir/out/"
rule directory "evt.is_open_read=true and fd.typechar='f' and fd.directory=$dir/secret"
rule name "evt.is_open_read=true and fd.num>=0 and fd.filename=key"
rule suffix "evt.is_open_write=true and fd.name startswith $dir and fd.name endswith .conf"
rule failed "evt.failed=true and fd.name startswith $dir"
rule truncated "evt.is_open_write=true and evt.arg.flags contains O_TRUNC and fd.name startswith $dir"
rule traversal "fd.nameraw contains ../ and fd.name startswith $dir"
} >"$out/rules.yaml"
rule suffix "evt.is_open_write=true and fd.name startswith $dir and fd.name endswith .conf" >"$out/one.yaml"

config() {	# NAME RULES FILTER
	cat >"$out/$1.yaml.conf" <<END
rules_files: [$out/$2.yaml]
stdout_output: {enabled: false}
syslog_output: {enabled: false}
file_output: {enabled: true, keep_alive: true, filename: $out/$1.alerts}
log_syslog: false
log_stderr: true
log_level: debug
rule_matching: all
time_format_iso_8601: false
json_output: true
kernel_filter: $3
engine: {kind: $kind, fallback: false}
END
	: >"$out/$1.alerts"
}
run() {	# NAME OPTION...
	rm -rf "$dir"
	if [ "$kind" = ptrace ]; then
		name=$1
		shift
		"$build/saker" -c "$out/$name.yaml.conf" -U "$@" --userspace -- "$build/vm/opens" "$dir" $opens >/dev/null 2>"$out/$name.log"
	else
		start "$@"
		"$build/vm/opens" "$dir" $opens
		stop $pid
	fi
	alerts "$name"
}
alerts() { sed -n 's/.*"output_fields": *{\([^}]*\)}.*"rule": *"\([a-z]*\)".*/\2 \1/p; ' "$out/$1.alerts" |
	sed 's/"evt.time[^,]*, *//' | sort >"$out/$1.said"; }
has() { [ "$(grep -c "^$2 " "$out/$1.said")" -ge "$3" ]; }
filters() { [ "$3" -ge $opens ] && [ "$2" -lt $opens ]; }
delivers() { [ "$2" -ge $opens ]; }

config off rules false
config on rules true
run off "$@"
run on "$@"
for r in exact prefix directory name suffix failed truncated traversal; do
	check "without it, rule $r alerts" has off $r 1
done
check "without it the opens are delivered" delivers $(books off)
check "the driver has a filter" grep -q 'Kernel filter: ' "$out/on.log"
check "the same alerts with it" cmp "$out/off.said" "$out/on.said"
check "with it those that no rule wants are filtered" filters $(books on)
check "books without it balance: $(books off)" balance $(books off)
check "books with it balance: $(books on)" balance $(books on)
if [ "$kind" = kmod ]; then
	config both rules true
	config one one true
	rm -rf "$dir"
	start both "$@"
	first=$pid
	start one "$@"
	"$build/vm/opens" "$dir" $opens
	stop $first
	stop $pid
	alerts both
	alerts one
	grep '^suffix ' "$out/on.said" >"$out/suffix.said"
	check "two consumers: the first has its alerts" cmp "$out/on.said" "$out/both.said"
	check "two consumers: the other has its own" cmp "$out/suffix.said" "$out/one.said"
	check "two consumers: the first filters" filters $(books both)
	check "two consumers: the other filters" filters $(books one)
	check "hostile tables are refused, or do no harm" "$build/vm/badfilter"
fi
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
