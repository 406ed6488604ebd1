#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ways of modern_ebpf to attach: each delivers what the conformance programs expect (some of them; 'tests/live/driver
-A WAY' runs all), follows a change of the interest, and says why it is not possible where it is not.

usage: attach.py [BINARY]      BUILD=build.  Last line: 'N passed, N failed, N skipped'."""
import json, os, re, subprocess, sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EVDUMP = os.path.join(TOP, os.environ.get("BUILD", "build"), "tool", "evdump")
PROGRAMS = ["denied", "exec", "fork", "inet", "race"]
WAYS = ["fexit", "tracepoint", "sys_exit"]
# what is not possible here must name the cause and the next step
IMPOSSIBLE = r"cannot be attached by (\w+): .{10,}; with engine\.modern_ebpf\.attach: auto another way is taken"
CHANGE = """import os, signal, time
def calls(n):
    try: os.mkdir('/nowhere/%d' % n)
    except OSError: pass
    try: os.rmdir('/nowhere/%d' % n)
    except OSError: pass
calls(1)
os.kill(os.getppid(), signal.SIGUSR1)
time.sleep(4)
calls(2)
"""
count = {"ok": 0, "FAIL": 0, "skip": 0}


def say(what, name, text=""):
    count[what] += 1
    print("%-4s %s%s" % (what, name, ": " + text if text else ""), flush=True)


def evdump(*argv):
    return subprocess.run([EVDUMP] + list(argv), capture_output=True, text=True, errors="replace", timeout=180)


def refusal(way):
    """None: the way is possible here."""
    p = evdump("-A", way, "-s", "openat", "--", "true")
    return p.stderr.strip() if p.returncode == 125 else None


def conform(way):
    p = subprocess.run([os.path.join(TOP, "tests", "live", "driver"), "-A", way] + PROGRAMS, capture_output=True, text=True)
    bad = [l for l in p.stdout.splitlines() if l.startswith("FAILED")]
    say("FAIL" if p.returncode else "ok", way + ": conformance programs", "; ".join(bad)[:400])


def change(way):
    p = evdump("-A", way, "-j", "-s", "mkdir", "-r", "rmdir", "--", sys.executable, "-S", "-c", CHANGE)
    got = []
    for line in p.stdout.splitlines():
        e = json.loads(line)
        if e["name"] in ("mkdir", "rmdir"):
            got += [(e["name"], v["raw"]) for v in e["params"] if v["raw"].startswith("/nowhere")]
    want = [("mkdir", "/nowhere/1"), ("rmdir", "/nowhere/2")]
    say("ok" if got == want and "interest changed" in p.stderr else "FAIL", way + ": another interest",
        "" if got == want else "%s; %s" % (got, p.stderr.strip()[-200:]))


def main():
    for way in WAYS:
        why = refusal(way)
        if why and re.search(IMPOSSIBLE, why):
            say("ok", way + ": not possible, and it says so")
            say("skip", way, why)
        elif why:
            say("FAIL", way, "the reason or what to do is missing: " + why)
        else:
            conform(way)
            change(way)
    p = evdump("-A", "auto", "-v", "-s", "openat", "--", "true")
    said = re.search(r"attached by (\w+), at \d+ places?(.*)", p.stderr)
    cheaper = WAYS[:WAYS.index(said[1])] if said else []
    ok = said and all("; not %s: " % w in said[2] for w in cheaper)
    say("ok" if ok else "FAIL", "auto: names the way, and why none of the cheaper ones", said[0] if said else p.stderr[-300:])
    p = evdump("-A", "nonsense", "--", "true")
    ok = p.returncode == 125 and "'nonsense'" in p.stderr and "sys_exit" in p.stderr
    say("ok" if ok else "FAIL", "an unknown way is refused with the names of those that are", "" if ok else p.stderr)
    print("%d passed, %d failed, %d skipped" % (count["ok"], count["FAIL"], count["skip"]))
    return count["FAIL"] > 0


if os.geteuid() != 0 or not os.path.exists(EVDUMP):
    print("skipped: needs root and " + EVDUMP + "\n0 passed, 0 failed, 1 skipped")
    sys.exit(77)
sys.exit(main())
