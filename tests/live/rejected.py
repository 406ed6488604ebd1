#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A BPF program that the verifier rejects falls back to its smaller variants, is then left out, named with what
is lost, and does not stop the start.

usage: rejected.py [BINARY]      BUILD=build.  Last line: 'N passed, N failed, N skipped'."""
import json, os, subprocess, sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
EVDUMP = os.path.join(BUILD, "tool", "evdump")
OPEN, UNLINK = "SYSCALL_OPENAT_2_X", "SYSCALL_UNLINKAT_2_X"
# spoilt program; last variant that is tried; what the last refusal loses; what openat comes as; has it a
# fdinfo; does it start at all
CASES = [
    (None, None, None, OPEN, True, True),
    ("core:ev_" + OPEN, "plain", "nothing", OPEN, True, True),
    ("big:ev_" + OPEN, "small", "parameters of SYSCALL_OPENAT_2_E " + OPEN, OPEN, False, True),
    ("ev_" + OPEN, "nothing", "events SYSCALL_OPENAT_2_E " + OPEN, "GENERIC_X", False, True),
    ("big:finish_fds", "small", "parameters of", OPEN, False, True),
    ("finish_fds", "nothing", "parameters of", OPEN, False, True),
    ("on_enter", "nothing", "parameters of SYSCALL_OPEN_E", OPEN, True, True),
    ("core:on_exec", "plain", "nothing", OPEN, True, True),
    ("on_exec", "nothing", "events SYSCALL_EXECVE_19_E SYSCALL_EXECVE_19_X", OPEN, True, True),
    ("big:on_exit", "small", "nothing", OPEN, True, True),
    ("on_exit", None, None, None, False, False),
]
CODE = ("import os\nos.close(os.open('/etc/hostname', 0))\ntry: os.unlink('nothing', dir_fd=os.open('/', 0))\n"
        "except OSError: pass")
REASONS = ("R0 !read_ok", "unreachable insn", "unknown opcode")


def refusals(text):
    """[(program, instead, lost)]"""
    found = []
    for line in text.splitlines():
        if line.startswith("evdump: ") and " rejected: " in line:
            program = line[8:].split(" rejected: ")[0]
            rest = line.rsplit("; instead: ", 1)[-1]
            found.append((program, rest.split("; lost: ")[0], rest.split("; lost: ")[-1]))
    return found


def problems_of(case):
    spoilt, instead, lost, own, fdinfo, starts = case
    argv = [EVDUMP, "-A", "sys_exit", "-j", "-s", "openat,unlinkat"] + (["-x", spoilt] if spoilt else [])
    p = subprocess.run(argv + ["--", sys.executable, "-S", "-c", CODE], capture_output=True, text=True,
                       errors="replace", timeout=120)
    events = [json.loads(line) for line in p.stdout.splitlines() if line.startswith("{")]
    types = {e["type"] for e in events}
    if (p.returncode != 125) != starts:
        return ["status %d: %s" % (p.returncode, p.stderr.strip()[-200:])]
    name = spoilt.split(":")[-1] if spoilt else None
    problems = []
    if spoilt and name not in p.stderr:
        problems.append("the program is not named: %s" % p.stderr.strip()[-200:])
    if spoilt and not any(r in p.stderr for r in REASONS):
        problems.append("the verifier's reason is missing: %s" % p.stderr.strip()[-200:])
    if not starts:
        return problems
    said = refusals(p.stderr)
    if [s for s in said if s[0] != name]:
        problems.append("others are rejected too: %s" % said)
    if spoilt and (not said or said[-1][1] != instead):
        problems.append("not followed by %s: %s" % (instead, said))
    if spoilt and said and not said[-1][2].startswith(lost):
        problems.append("lost is not '%s': %s" % (lost, said[-1][2][:200]))
    problems += ["no %s" % t for t in (UNLINK, own) if t not in types]
    opened = [v["hex"] for e in events if e["type"] == OPEN for v in e["params"] if v["name"] == "fdinfo"]
    if any(opened) != fdinfo:
        problems.append("fdinfo of openat: %s" % ("missing" if fdinfo else "is there"))
    names = [v["raw"] for e in events if e["type"] == OPEN for v in e["params"] if v["name"] == "name"]
    if own == OPEN and "/etc/hostname" not in names:
        problems.append("openat of /etc/hostname is missing or has another name")
    return problems


def main():
    failed = 0
    for case in CASES:
        problems = problems_of(case)
        failed += bool(problems)
        print("%s %s spoilt%s" % ("FAIL" if problems else "ok  ", case[0] or "nothing",
                                  ": " + "; ".join(problems) if problems else ""), flush=True)
    print("%d passed, %d failed, 0 skipped" % (len(CASES) - failed, failed))
    return failed > 0


sys.exit(main())
