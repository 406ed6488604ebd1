# SPDX-License-Identifier: Apache-2.0
# For scripts that run saker in a guest: sourced, with $out (folder of NAME.yaml.conf, NAME.log, ...), $kind and $build.
passed=0 failed=0
check() { name=$1; shift; if "$@"; then echo "ok   $kind: $name"; passed=$((passed + 1)); else echo "FAIL $kind: $name"; failed=$((failed + 1)); fi; }

start() {	# NAME OPTION...
	name=$1
	shift
	"$build/saker" -c "$out/$name.yaml.conf" -U "$@" >/dev/null 2>"$out/$name.log" &
	pid=$!
	for i in $(seq 600); do
		grep -q 'ready in' "$out/$name.log" && break
		kill -0 $pid 2>/dev/null || break
		sleep 0.2
	done
}
stop() { sleep 1; kill -TERM "$1" 2>/dev/null; wait "$1" 2>/dev/null; }
# seen delivered filtered dropped
books() { sed -n 's/.*Events seen by the driver: \([0-9]*\), delivered: \([0-9]*\), filtered: \([0-9]*\), dropped: \([0-9]*\).*/\1 \2 \3 \4/p' "$out/$1.log"; }
balance() { [ $# = 4 ] && [ $(($1 - $2 - $3 - $4)) -le 4 ] && [ $(($1 - $2 - $3 - $4)) -ge -4 ]; }
