#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A BPF program that the verifier rejects is left out, named, and does not stop the start.

usage: rejected.py [BINARY]      BUILD=build.  Last line: 'N passed, N failed, N skipped'."""
import json, os, subprocess, sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EVDUMP = os.path.join(TOP, os.environ.get("BUILD", "build"), "tool", "evdump")
# spoilt program; must still come; what its syscall comes as (None: not at all); does it start at all
CASES = [
    (None, "SYSCALL_UNLINKAT_2_X", "SYSCALL_OPENAT_2_X", True),
    ("ev_SYSCALL_OPENAT_2_X", "SYSCALL_UNLINKAT_2_X", "GENERIC_X", True),
    ("on_enter", "SYSCALL_UNLINKAT_2_X", "SYSCALL_OPENAT_2_X", True),
    ("on_exec", "SYSCALL_UNLINKAT_2_X", "SYSCALL_OPENAT_2_X", True),
    ("on_exit", None, None, False),
]
CODE = "import os; os.close(os.open('/etc/hostname', 0))\ntry: os.unlink('nothing', dir_fd=os.open('/', 0))\nexcept OSError: pass"
passed = failed = 0

for spoilt, other, own, starts in CASES:
    argv = [EVDUMP, "-j", "-s", "openat,unlinkat"] + (["-x", spoilt] if spoilt else []) + ["--", sys.executable, "-S", "-c", CODE]
    p = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=60)
    types = {json.loads(line)["type"] for line in p.stdout.splitlines() if line.startswith("{")}
    problems = []
    if (p.returncode != 125) != starts:
        problems.append("status %d" % p.returncode)
    if spoilt and spoilt not in p.stderr:
        problems.append("the program is not named: %s" % p.stderr.strip()[-200:])
    if spoilt and not any(r in p.stderr for r in ("R0 !read_ok", "unreachable insn", "unknown opcode")):
        problems.append("the verifier's reason is missing: %s" % p.stderr.strip()[-200:])
    problems += ["no %s" % t for t in (other, own) if t and t not in types]
    if problems:
        failed += 1
        print("FAIL %s spoilt: %s" % (spoilt or "nothing", "; ".join(problems)))
    else:
        passed += 1
        print("ok   %s spoilt" % (spoilt or "nothing"))
print("%d passed, %d failed, 0 skipped" % (passed, failed))
sys.exit(failed > 0)
