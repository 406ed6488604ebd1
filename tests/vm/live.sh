#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs saker and the attacks of tests/vm/attacks.c under a driver, and leaves in OUT what both
# said: alerts, log, attacks.  Needs a shell only; judged by tests/vm/alerts.
#
# usage: tests/vm/live.sh OUT KIND RULES [OPTION...]    options of saker, e.g. -o engine.build=false
#
# KIND is engine.kind; "ptrace" starts the attacks as its program.
out=$1 kind=$2 rules=$3
[ $# -ge 3 ] || { sed -n '6p' "$0" >&2; exit 2; }
shift 3
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$top" && cd "${BUILD:-build}" && pwd)
dir=/tmp/saker-attacks
mkdir -p "$out"
rm -rf "$dir"
cat >"$out/config.yaml" <<END
rules_files: [$rules]
json_output: true
stdout_output: {enabled: false}
syslog_output: {enabled: false}
file_output: {enabled: true, keep_alive: true, filename: $out/alerts}
log_syslog: false
log_stderr: true
rule_matching: all
engine: {kind: $kind, fallback: false}
END
: >"$out/alerts"
if [ "$kind" = ptrace ]; then
	"$build/saker" -c "$out/config.yaml" -U "$@" --userspace -- "$build/vm/attacks" "$dir" >"$out/attacks" 2>"$out/log"
	exit $?
fi
"$build/saker" -c "$out/config.yaml" -U "$@" >/dev/null 2>"$out/log" &
pid=$!
for i in $(seq 600); do	# a slow machine loads for a minute
	grep -q 'ready in' "$out/log" && break
	kill -0 $pid 2>/dev/null || { wait $pid; exit $?; }
	sleep 0.2
done
"$build/vm/attacks" "$dir" >"$out/attacks"
sleep 1
kill -TERM $pid
wait $pid
