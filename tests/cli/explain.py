#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""saker rules --explain: what the kernel filter has of a rule.

usage: explain.py [BINARY]      Last line: 'N passed, N failed, N skipped'."""
import json, os, re, subprocess, sys, tempfile

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
    ("evt.type=sendto and fd.l4proto=tcp", "protocol of the socket: one of 1; of sockets without a TCP connection all", ""),
    ("evt.type=recvmsg and fd.l4proto!=tcp", "protocol of the socket: none of 1; of sockets without a TCP connection all", ""),
    ("evt.type=read and fd.sport=443", "a port of the socket: 443", ""),
    ("evt.type=write and fd.snet in (10.0.0.0/8, 192.168.0.0/16)", "an IPv4 address of the socket: one of 2 values", ""),
    ("evt.type=write and fd.net=10.0.0.0/8", "an IPv4 address of the socket: from 167772160 to 184549375", ""),
    ("evt.type=write and fd.type in (file, directory) and fd.name=/a", "type of the descriptor: one of 3", "fd.name"),
    ("evt.type=write and not fd.type=file", "all of its events pass", "fd.type"),
    ("evt.type=connect and fd.sport=443", "all pass: each tells of its socket", ""),
    ("evt.type=ptrace and evt.arg.request in (PTRACE_ATTACH, PTRACE_SEIZE)", "first argument: one of 2 values", ""),
    ("evt.type=chmod and evt.arg.mode contains S_ISUID", "second argument: a bit of 0x800", ""),
    ("evt.type=mprotect and not evt.arg.prot contains PROT_EXEC", "third argument: of the bits 0x4 those of 0x0", ""),
    ("evt.type=kill and evt.rawarg.pid>=2 and evt.arg.sig=SIGKILL", "first argument: from 2 to 2147483647, second argument: 9", ""),
    ("evt.type=kill and evt.arg.sig!=SIGKILL", "all of its events pass", "evt.arg"),
    ("evt.type=socket and evt.arg.domain=AF_PACKET", "all pass: each tells of its socket", ""),
    ("evt.type=execve and proc.name=x", "all pass: they are wanted for more than rules", "proc.name"),
]


def check(name, ok, detail=""):
    COUNT["ok" if ok else "FAIL"] += 1
    print("%-4s %s%s" % ("ok" if ok else "FAIL", name, "" if ok else ": " + str(detail)[-600:]), flush=True)


FULL = [
    ("more than 16 alternatives", " or ".join("(fd.num=%d and fd.name startswith /d%d/)" % (3 * i, i) for i in range(20))),
    ("begin or end alike", " or ".join("fd.name=/directory/%d" % i for i in range(20))),
    ("256 kinds of paths", "fd.name in (%s)" % ", ".join("/%d/x" % i for i in range(200)) + " or fd.name in (%s)" % ", ".join("/y/%d" % i for i in range(200))),
]


def losses(tmp):
    """Where the tables are full, it says for which calls."""
    for why, cond in FULL:
        with open(tmp + "/full.yaml", "w") as f:
            f.write("- rule: r\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type in (open, openat) and (%s)\n" % cond)
        argv = [BINARY, "rules", "--explain", "-c", tmp + "/c.yaml", "-r", tmp + "/full.yaml"]
        told = json.loads(subprocess.run(argv + ["--json"], capture_output=True, text=True).stdout)["explain"]["loosened"]
        check("full tables: " + why, any(why in l["why"] and l["syscalls"] == ["open", "openat"] for l in told), told)
        text = subprocess.run(argv, capture_output=True, text=True).stdout
        check("full tables: %s, as text" % why, re.search("^Weaker than the rules.*\n(   .*\n)*   open, openat: .*" + why, text, re.M), text)


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
    check("why some fields are never tested", [n["field"] for n in told.get("never", [])] == ["proc.name"] and
          re.search("^Never tested in the kernel:\n   proc.name: ", text, re.M), text[-600:])
    check("nothing is said of full tables", told.get("loosened") == [] and "Weaker" not in text, told.get("loosened"))
    losses(tmp)
    text = subprocess.run(argv + ["-o", "kernel_filter=false"], capture_output=True, text=True).stdout
    check("it says when the filter is off", text.startswith("kernel_filter is off"), text[:200])


with tempfile.TemporaryDirectory() as d:
    main(d)
print("%d passed, %d failed, 0 skipped" % (COUNT["ok"], COUNT["FAIL"]))
sys.exit(COUNT["FAIL"] > 0)
