#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fields that alerts print otherwise than conditions see them.

usage: printed.py [BINARY]

Needs no kernel and no root.  Last line: 'N passed, N failed, N skipped'."""
import json, os, sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from clidir import TOP, Dir, run_tests, same
sys.path.insert(0, os.path.join(TOP, "tools"))
from mkscap import Scap

RULE = """- rule: printed%d
  desc: d
  condition: %s
  output: "%s"
  priority: INFO
  warn_evttypes: false
"""


def machine():
    s = Scap()
    s.machine()
    s.thread(42, comm="p", exe="/bin/p", cwd="/home/p")
    s.fd(42, 7, 2, name="/var/dir")
    s.fd(42, 4, 1, name="/etc/passwd")
    return s


def printed(d, scap, *rules, options=()):
    """The alerts for rules given as (condition, output)."""
    d.write("x.scap", scap.bytes())
    d.write("r.yaml", "".join(RULE % ((i,) + r) for i, r in enumerate(rules)))
    rc, out, err = d.run("-o", "rule_matching=all", "-o", "json_output=true", *[a for o in options for a in ("-o", o)])
    same(rc, 0, err)
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def text_and_fields(alert):
    f = alert["output_fields"]
    return alert["output"].split("Informational ", 1)[1], f["fs.path.name"], f["fd.name"]


def opened():
    s = machine()
    s.event("SYSCALL_OPENAT_2_X", tid=42, ts=10**18, fd=9, dirfd=7, name="new", flags=1, mode=0, dev=0, ino=0)
    return s


def t_directory_after_its_path(d):
    """The text is printed first, in the order of the output; then output_fields."""
    a = printed(d, opened(), ("fd.name = /var/dir/new", "%fd.name %fs.path.name %fd.name"), ("evt.type = openat", "%fs.path.name %fd.name"))
    same(len(a), 2)
    same(text_and_fields(a[0]), ("/var/dir/new /var/dir /var/dir/new", "/var/dir", "/var/dir"))
    same(text_and_fields(a[1]), ("/var/dir /var/dir", "/var/dir", "/var/dir"))


def t_conditions_see_the_fd(d):
    a = printed(d, opened(), ("fs.path.name = /var/dir and fd.name = /var/dir/new", "%fd.name"),
                ("fs.path.name = /var/dir and fd.name = /var/dir", "%fd.name"))
    same([x["output_fields"]["fd.name"] for x in a], ["/var/dir/new"])


def t_error_of_execveat(d):
    """An exec from a directory is a file's matter: evt.count.error.file tells 0, no error."""
    s = machine()
    for n, dirfd, path in ((0, 7, "bin/cat"), (1, -100, "bin/cat"), (2, 7, "/bin/cat")):
        s.event("SYSCALL_EXECVEAT_E", tid=42, ts=10**18 + 2 * n, dirfd=dirfd, pathname=path, flags=0)
        s.event("SYSCALL_EXECVEAT_X", tid=42, ts=10**18 + 2 * n + 1, res=0, exe="cat", pid=42, ptid=1)
    a = printed(d, s, ("evt.type = execveat and evt.rawres = 0", "%evt.count.error.file %evt.count.error.other %fd.name"))
    same([tuple(x["output_fields"][k] for k in ("evt.count.error.file", "evt.count.error.other", "fd.name")) for x in a],
         [(0, None, None), (None, 0, None), (None, 0, None)])


def t_base64(d):
    """evt.buffer is encoded twice, evt.arg.data once; a condition compares the bytes; an empty buffer is as much of NULL as the one before had."""
    s = machine()
    s.event("SYSCALL_READ_X", tid=42, ts=10**18, res=3, data=b"a\0b", fd=4, size=9)
    s.event("SYSCALL_READ_X", tid=42, ts=10**18 + 1, res=0, data=b"", fd=4, size=9)
    rules = (("evt.type = read", "%evt.buffer %evt.arg.data"), ("evt.buffer bcontains 6100", "found"))
    a = printed(d, s, *rules, options=("buffer_format_base64=true",))
    same([x["output"].split("Informational ", 1)[1] for x in a], ["WVFCaQ== YQBi", "found", "TlVMTA== NULL"])
    same([x["output_fields"].get("evt.buffer") for x in a], ["WVFCaQ==", None, "TlVMTA=="])
    a = printed(d, s, *rules)
    same([x["output_fields"].get("evt.buffer") for x in a], ["a.b", None, "NUL"])


sys.exit(run_tests(globals()))
