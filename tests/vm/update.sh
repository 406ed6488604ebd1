#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A kernel was updated: the configuration says kmod, and the module that was built is for the
# kernel before.  Runs in a guest; the folder of drivers comes with it.  Needs a shell only.
#
# usage: tests/vm/update.sh DRIVERS RULES
#
# saker must work (the attacks alert), say in one line of the log what it uses instead and
# why, and raise the alert about it.  Then, with the module for this kernel in the folder too,
# it must use that; and with one whose file is of the other kernel, say so and go on.
drivers=$1 rules=$2
[ $# -eq 2 ] || { sed -n '7p' "$0" >&2; exit 2; }
top=$(cd "$(dirname "$0")/../.." && pwd)
passed=0 failed=0
check() {	# NAME COMMAND...
	name=$1
	shift
	if "$@"; then
		passed=$((passed + 1)); echo "ok   $name"
	else
		failed=$((failed + 1)); echo "FAIL $name"
		tail -3 /tmp/update/log
	fi
}
start() {	# OPTION...
	rm -rf /tmp/update
	"$top/tests/vm/live.sh" /tmp/update kmod "$rules" -o engine.fallback=true -o engine.driver_dir="$drivers" "$@"
	status=$?
}
said_once() { [ "$(grep -c "$1" /tmp/update/log)" = 1 ]; }
alerted() { grep -q '"rule":"Password hashes read"' /tmp/update/alerts; }
other=$(ls "$drivers" | grep -v "^$(uname -r)$" | head -1)

mv "$drivers/$(uname -r)" /tmp/this-kernel
start
check "another kernel's module only: saker runs" [ $status = 0 ]
check "one line says what is used and why" said_once \
	"Driver: [a-z_]* is used instead of kmod, .*no saker.ko for Linux $(uname -r) (there is one for $other)"
check "an alert tells it" grep -q 'Saker internal: driver fall-back' /tmp/update/alerts
check "attacks alert" alerted

mkdir "$drivers/$(uname -r)"
cp "$drivers/$other/saker.ko" "$drivers/$(uname -r)/"
start
check "the file of another kernel in this one's place: saker runs" [ $status = 0 ]
check "one line says so" said_once "Driver: [a-z_]* is used instead of kmod, "
check "attacks alert again" alerted

rm -rf "$drivers/$(uname -r)"
mv /tmp/this-kernel "$drivers/$(uname -r)"
start
check "the module of this kernel: saker runs" [ $status = 0 ]
check "it is used" said_once "Driver: kmod (saker.ko is there and gets loaded)"
check "no alert of a fall-back" [ "$(grep -c 'fall-back' /tmp/update/alerts)" = 0 ]
check "attacks alert with it" alerted
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
