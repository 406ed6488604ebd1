#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""saker rules --explain: what the kernel filter has of a rule.

usage: explain.py [BINARY]      Last line: 'N passed, N failed, N skipped'."""
import json, os, subprocess, sys, tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
COUNT = {"ok": 0, "FAIL": 0}
OPEN = "evt.type=openat and "
# condition, what is said of the kernel, what is left to saker
CASES = [
    (OPEN + "evt.is_open_write=true and fd.num>=0 and fd.name startswith /etc/", "opened for writing, it succeeded, one of 1 kinds of paths", ""),
    (OPEN + "fd.name in (/a, /b) and proc.name=x", "one of 2 kinds of paths", "proc.name"),
    (OPEN + "fd.name=/a or fd.name=/b and evt.type=openat", "one of 2 kinds of paths", ""),
    (OPEN + "evt.failed=true", "it failed", ""),
    (OPEN + "evt.arg.flags contains O_TRUNC", "O_TRUNC", ""),
    (OPEN + "not evt.is_open_read=true", "how it is opened", ""),
    (OPEN + "not fd.name=/a", "all of its events pass", "fd.name"),
    (OPEN + "proc.name=x", "all of its events pass", "proc.name"),
    (OPEN + "fd.nameraw contains ../", "\"../\" in the path", ""),
    (OPEN + "fd.l4proto=tcp and fd.l4proto!=tcp", "no event can match", ""),
    ("evt.type=sendto and fd.l4proto=tcp", "all pass: each tells of its socket", "fd.l4proto"),
    ("evt.type=execve and proc.name=x", "all pass: they are wanted for more than rules", "proc.name"),
]


def check(name, ok, detail=""):
    COUNT["ok" if ok else "FAIL"] += 1
    print("%-4s %s%s" % ("ok" if ok else "FAIL", name, "" if ok else ": " + str(detail)[-600:]), flush=True)


def main(tmp):
    rules = tmp + "/r.yaml"
    with open(rules, "w") as f:
        for i, case in enumerate(CASES):
            f.write("- rule: r%d\n  desc: d\n  priority: INFO\n  output: o\n  condition: %s\n" % (i, case[0]))
    with open(tmp + "/c.yaml", "w") as f:
        f.write("stdout_output: {enabled: true}\nlog_syslog: false\n")
    argv = [BINARY, "rules", "--explain", "-c", tmp + "/c.yaml", "-r", rules]
    p = subprocess.run(argv + ["--json"], capture_output=True, text=True)
    told = json.loads(p.stdout).get("explain", {}) if not p.returncode else {}
    check("it ends well", told.get("on") is True and len(told["rules"]) == len(CASES), p.stdout + p.stderr)
    for case, rule in zip(CASES, told.get("rules", [])):
        c = rule["calls"][0] if rule["calls"] else {}
        check(case[0], (c.get("kernel"), c.get("not_pushed")) == case[1:], rule)
    text = subprocess.run(argv, capture_output=True, text=True).stdout
    check("text", "r1\n   openat: one of 2 kinds of paths [left to saker: proc.name]\n" in text, text)
    text = subprocess.run(argv + ["-o", "kernel_filter=false"], capture_output=True, text=True).stdout
    check("it says when the filter is off", text.startswith("kernel_filter is off"), text[:200])


with tempfile.TemporaryDirectory() as d:
    main(d)
print("%d passed, %d failed, 0 skipped" % (COUNT["ok"], COUNT["FAIL"]))
sys.exit(COUNT["FAIL"] > 0)
