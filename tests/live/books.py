#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The books of every driver balance under load, for each syscall and CPU: build/tool/books says how.

usage: books.py [BINARY]      BUILD=build.  Last line: 'N passed, N failed, N skipped'."""
import os, subprocess, sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(TOP, os.environ.get("BUILD", "build"), "tool", "books")
DRIVERS = ("modern_ebpf:fexit", "modern_ebpf:tracepoint", "modern_ebpf:sys_exit", "ebpf", "kmod", "ptrace")
SECONDS = "5"


def main():
    n = {"ok  ": 0, "FAIL": 0, "skip": 0}
    probe = os.environ.get("SAKER_BPF_PROBE")
    for driver in DRIVERS:
        argv = [TOOL, driver, SECONDS] + ([probe] if probe and driver == "ebpf" else [])
        p = subprocess.run(argv, capture_output=True, text=True, timeout=120)
        said = (p.stdout + p.stderr).strip()
        # 125: this machine does not have what the driver needs; the other tests say whether it should
        what = {0: "ok  ", 125: "skip"}.get(p.returncode, "FAIL")
        n[what] += 1
        print("%s %s: %s" % (what, driver, said or "status %d" % p.returncode), flush=True)
    print("%d passed, %d failed, %d skipped" % (n["ok  "], n["FAIL"], n["skip"]))
    return n["FAIL"] > 0


sys.exit(main())
