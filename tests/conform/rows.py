# SPDX-License-Identifier: Apache-2.0
"""Which rows of the schema the programs of this folder have to cover, and what an expectation counts as.

Shared by tests/live/driver, which counts what was seen under a driver, and tests/cli/tables.py, which needs none."""
import glob
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RESULT_TYPES = {"ERRNO", "FD", "PID", "INT64"}

# Rows that cannot be made to fail, or not to succeed, and why.
NEVER_FAILS = {
    "GENERIC_X": "carries no result",
    "SOCKET_GETSOCKNAME_X": "carries no result",
    "SOCKET_GETPEERNAME_X": "carries no result",
    "SYSCALL_MUNLOCKALL_X": "always succeeds",
    "PROCEXIT_1_E": "an exit is an exit",
}
NEVER_SUCCEEDS = {
    "SYSCALL_EXECVEAT_X": "a successful one is an execve event",
    "SYSCALL_INIT_MODULE_X": "needs a module for the running kernel",
    "SYSCALL_FINIT_MODULE_X": "needs a module for the running kernel",
    "SYSCALL_DELETE_MODULE_X": "needs a module for the running kernel",
}
# Rows that no program can reach here, and why.
UNREACHABLE = {
    "SYSCALL_OPEN_E": "kept for the event at the end of the call",
    "SYSCALL_CREAT_E": "kept for the event at the end of the call",
    "SYSCALL_OPENAT_2_E": "kept for the event at the end of the call",
    "SYSCALL_OPENAT2_E": "kept for the event at the end of the call",
    "SOCKET_CONNECT_E": "kept for the event at the end of the call",
    "SYSCALL_STAT64_X": "not a syscall of 64-bit machines",
    "SYSCALL_LSTAT64_X": "not a syscall of 64-bit machines",
    "SYSCALL_FSTAT64_X": "not a syscall of 64-bit machines",
    "SYSCALL_LLSEEK_X": "not a syscall of 64-bit machines",
    "SYSCALL_MMAP2_X": "not a syscall of 64-bit machines",
    "SYSCALL_UMOUNT_1_X": "not a syscall of x86_64",
    "SOCKET_SEND_X": "not a syscall of x86_64",
    "SOCKET_RECV_X": "not a syscall of x86_64",
}


def read_schema():
    """{type: {"extract": bool, "params": [(name, type)], "extra": {name: type}}}"""
    rows = {}
    row = re.compile(r"^(EVENT|EXTRACT)\(\s*\d+,\s*(\w+),(.*?)^\)", re.M | re.S)
    for path in sorted(glob.glob(os.path.join(TOP, "schema", "events", "*.def"))):
        with open(path, encoding="ascii") as f:
            text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
        for kind, name, body in row.findall(text):
            rows[name] = {
                "extract": kind == "EXTRACT",
                "params": re.findall(r"\bPARAM\(\s*(\w+),\s*(\w+)", body),
                "extra": dict(re.findall(r"\bEXTRA\(\s*(\w+),\s*(\w+)", body)),
            }
    return rows


def has_result(name, row):
    return not name.endswith("_E") and row["params"] and row["params"][0][1] in RESULT_TYPES


def coverage(schema, seen):
    """(lines for what no program covers, a line of figures)"""
    rows = {n: r for n, r in schema.items() if r["extract"] and n not in UNREACHABLE}
    gaps = {
        "a call that succeeds": [n for n in rows if n not in NEVER_SUCCEEDS
                                 and not seen.get((n, "success"))],
        "a call that fails": [n for n, r in rows.items() if n not in NEVER_FAILS
                              and has_result(n, r) and not seen.get((n, "failure"))],
    }
    lines = ["not covered, %s: %s" % (what, ", ".join(sorted(names)))
             for what, names in gaps.items() if names]
    idle = sorted({n for n, _ in seen} - set(rows))
    notes = ["not compared, no driver captures them: " + ", ".join(idle)] if idle else []
    notes.append("coverage: %d of %d rows, %d successes and %d failures expected" % (
        len({n for n, _ in seen} & set(rows)), len(rows),
        sum(v for (n, k), v in seen.items() if n in rows and k == "success"),
        sum(v for (n, k), v in seen.items() if n in rows and k == "failure")))
    return lines, notes


def outcome(want, schema):
    row = schema.get(want["type"])
    if row and has_result(want["type"], row):
        first = want["params"].get(row["params"][0][0], {})
        if first.get("int", 0) < 0:
            return "failure"
    return "success"
