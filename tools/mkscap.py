#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes capture files for tests.

    mkscap.py seeds DIR         seeds of the fuzz targets capture_file and event_decode
    mkscap.py script IN OUT     a capture from a script (OUT ending in .gz: packed)

A script has one item a line (shell quoting, # begins a comment):

    machine cpus=2 hostname=box boot=1700000000000000000
    user uid=0 gid=0 name=root home=/root shell=/bin/sh
    group gid=0 name=root
    thread tid=1 pid=1 ptid=0 comm=init exe=/sbin/init args='-x y' cwd=/ env=A=1
    fd tid=1 fd=0 type=1 name=/dev/null
    event SYSCALL_CLOSE_X tid=1 ts=1700000000000000001 cpu=0 res=0 fd=3

Parameters of an event are given by name; missing ones are empty. Numbers are as Python
writes them, strings are as they are, 0x... gives the bytes of addresses and buffers.
"""
import glob
import gzip
import os
import re
import shlex
import struct
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")

SIZES = dict(
    INT8=1, INT16=2, INT32=4, INT64=8, UINT8=1, UINT16=2, UINT32=4, UINT64=8, ERRNO=8, FD=8,
    PID=8, SYSCALLID=2, SIGTYPE=1, RELTIME=8, ABSTIME=8, PORT=2, BOOL=4, FLAGS8=1, FLAGS16=2,
    FLAGS32=4, UID=4, GID=4, SIGSET=4, MODE=4, ENUMFLAGS8=1, ENUMFLAGS16=2, ENUMFLAGS32=4,
    FD32=4, PID32=4, IPV4ADDR=4)
STRINGS = ("CHARBUF", "FSPATH", "FSRELPATH")


def read_schema():
    """{id: (number, flags, [(name, type)])} of the event table."""
    events = {}
    for path in glob.glob(os.path.join(ROOT, "schema/events/*.def")):
        text = open(path, encoding="utf-8").read()
        heads = list(re.finditer(r'^(?:EVENT|EXTRACT)\((\d+), (\w+), "[^"]*", [^,]*, ([^,]*),',
                                 text, re.M))
        for i, head in enumerate(heads):
            end = heads[i + 1].start() if i + 1 < len(heads) else len(text)
            params = re.findall(r"PARAM\((\w+), (\w+),", text[head.end():end])
            events[head[2]] = (int(head[1]), head[3], params)
    return events


def string16(s):
    b = s.encode() if isinstance(s, str) else s
    return struct.pack("<H", len(b)) + b


def number(s):
    return int(s, 0) if isinstance(s, str) else s


class Scap:
    """A capture file in memory; bytes() gives it."""

    def __init__(self):
        self.schema = read_schema()
        self.meta = {"machine": b"", "iface": bytearray(), "user": bytearray(), "thread": bytearray()}
        self.fds = {}
        self.events = []

    @staticmethod
    def block(kind, body):
        body += bytes(-len(body) % 4)
        size = struct.pack("<I", len(body) + 12)
        return struct.pack("<I", kind) + size + body + size

    def machine(self, cpus=1, memory=1 << 30, max_pid=32768, hostname="test", boot=0):
        self.meta["machine"] = struct.pack(
            "<IQQ128sQQQQ", number(cpus), number(memory), number(max_pid), hostname.encode(),
            number(boot), 0, 0, 0)

    def user(self, uid=0, gid=0, name="root", home="/", shell="/bin/sh"):
        self._entry("user", struct.pack("<BII", 0, number(uid), number(gid)) + string16(name) +
                    string16(home) + string16(shell))

    def group(self, gid=0, name="root"):
        self._entry("user", struct.pack("<BI", 1, number(gid)) + string16(name))

    def iface(self, name="lo", addr=b"\x7f\0\0\1", mask=b"\xff\0\0\0", bcast=b"\x7f\xff\xff\xff"):
        body = struct.pack("<HH", 1 if len(addr) == 4 else 2, len(name))
        body += addr + mask + bcast + bytes(8) + name.encode()
        self.meta["iface"] += struct.pack("<I", len(body)) + body

    def _entry(self, kind, body):
        self.meta[kind] += struct.pack("<I", len(body) + 4) + body

    def thread(self, tid, pid=None, ptid=0, sid=0, vpgid=0, pgid=0, comm="", exe="", exepath="",
               args="", cwd="/", fdlimit=1024, flags=0, uid=0, gid=0, env="", vtid=None,
               vpid=None, cgroups="", root="/", tty=0, loginuid=0xffffffff):
        def strings(s):
            return s.replace(" ", "\0") + "\0" if s else ""
        tid = number(tid)
        pid = tid if pid is None else number(pid)
        body = struct.pack("<QQQQQ", tid, pid, number(ptid), number(sid), number(vpgid))
        body += string16(comm) + string16(exe) + string16(exepath) + string16(strings(args))
        body += string16(cwd)
        body += struct.pack("<QIII", number(fdlimit), number(flags), number(uid), number(gid))
        body += struct.pack("<IIIQQ", 0, 0, 0, 0, 0) + string16(strings(env))
        body += struct.pack("<qq", tid if vtid is None else number(vtid),
                            pid if vpid is None else number(vpid))
        body += string16(strings(cgroups)) + string16(root)
        body += struct.pack("<QII", 0, number(tty), number(loginuid))
        body += struct.pack("<BQQQBQQQBB", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        self._entry("thread", body + struct.pack("<q", number(pgid)))

    def fd(self, tid, fd, type=1, ino=0, name="", open_flags=0, dev=0, raw=None):
        """raw: what follows the type, for sockets."""
        body = struct.pack("<qQB", number(fd), number(ino), number(type))
        if raw is not None:
            body += raw if isinstance(raw, bytes) else bytes.fromhex(raw[2:])
        elif number(type) == 16:
            body += struct.pack("<I", number(open_flags)) + string16(name)
            body += struct.pack("<I", number(dev))
        else:
            body += string16(name)
        tid = number(tid)
        self.fds[tid] = self.fds.get(tid, b"") + struct.pack("<I", len(body) + 4) + body

    def encode(self, kind, value):
        if value is None:
            return b""
        if kind in STRINGS:
            return (value if isinstance(value, bytes) else value.encode()) + b"\0"
        if kind in SIZES:
            size = SIZES[kind]
            return (number(value) & (1 << 8 * size) - 1).to_bytes(size, "little")
        if isinstance(value, bytes):
            return value
        return bytes.fromhex(value[2:]) if value.startswith("0x") else value.encode()

    def raw_event(self, event, tid=1, ts=0, **params):
        nr, flags, table = self.schema[event]
        values = [self.encode(kind, params.get(name)) for name, kind in table]
        large = "EF_LARGE" in flags
        lens = b"".join(struct.pack("<I" if large else "<H", len(v)) for v in values)
        body = lens + b"".join(values)
        return struct.pack("<QQIHI", number(ts), number(tid), 26 + len(body), nr,
                           len(values)) + body

    def event(self, event, cpu=0, state_only=0, **params):
        large = 0xb if "EF_LARGE" in self.schema[event][1] else 0
        body = self.raw_event(event, **params)
        if number(state_only):
            self.events.append(self.block(0x217 + large, struct.pack("<HI", number(cpu), 1) + body))
        else:
            self.events.append(self.block(0x216 + large, struct.pack("<H", number(cpu)) + body))

    def bytes(self):
        out = self.block(0x0a0d0d0a, struct.pack("<IHHQ", 0x1a2b3c4d, 1, 2, (1 << 64) - 1))
        for kind, block in (("machine", 0x201), ("iface", 0x219), ("user", 0x220),
                            ("thread", 0x215)):
            if self.meta[kind]:
                out += self.block(block, bytes(self.meta[kind]))
        fds = [self.block(0x218, struct.pack("<Q", tid) + body) for tid, body in self.fds.items()]
        return out + b"".join(fds + self.events)


def from_script(path):
    scap = Scap()
    for nr, line in enumerate(open(path, encoding="utf-8"), 1):
        words = shlex.split(line, comments=True)
        if not words:
            continue
        named = dict(w.split("=", 1) for w in words[1:] if "=" in w)
        plain = [w for w in words[1:] if "=" not in w]
        try:
            getattr(scap, words[0])(*plain, **named)
        except (AttributeError, TypeError, KeyError, ValueError) as e:
            sys.exit(f"{path}:{nr}: {e}")
    return scap


def seed_capture(old):
    s = Scap()
    s.machine(cpus=2, boot=1)
    s.iface()
    s.iface(name="eth0", addr=bytes(16), mask=bytes(16), bcast=bytes(16))
    s.user()
    s.group()
    s.thread(1, comm="init", exe="/sbin/init", args="-x y", env="A=1", cgroups="cpu=/")
    s.fd(1, 0, 1, name="/dev/null")
    s.fd(1, 3, 16, name="/x", open_flags=1, dev=5)
    s.fd(1, 4, 3, raw=bytes(13))
    s.fd(1, 5, 8, raw=bytes(16) + string16("/s"))
    if old:
        s.event("SYSCALL_CLOSE_E", fd=3)
        s.event("SYSCALL_MKDIR_E", path="/d", mode=7)
        s.event("CONTAINER_E", id="i", type=1, name="n", image="m")
        s.event("SYSCALL_EXECVE_13_E")
        s.event("SOCKET_ACCEPT_X", fd=4, tuple=b"\2" + bytes(12), queuepct=1)
    else:
        s.event("SYSCALL_CLOSE_X", res=0, fd=3)
        s.event("SYSCALL_OPENAT_2_X", state_only=1, fd=3, dirfd=-100, name="a/b", flags=4097)
        s.event("CONTAINER_JSON_2_E", json="{}")
    return s.bytes()


def event_seeds():
    s = Scap()
    return {
        "openat": s.raw_event("SYSCALL_OPENAT_2_X", fd=-2, dirfd=-100, name="a", flags=7, mode=420),
        "connect": s.raw_event("SOCKET_CONNECT_X", res=-115, fd=3, addr=b"\2" + bytes(6),
                               tuple=b"\x0a" + bytes(36)),
        "unix": s.raw_event("SOCKET_BIND_X", res=0, addr=b"\1/run/s\0", fd=3),
        "poll": s.raw_event("SYSCALL_POLL_X", res=1, timeout=-1,
                            fds=struct.pack("<HqHqH", 2, 3, 1, 4, 64)),
        "setsockopt": s.raw_event("SOCKET_SETSOCKOPT_X", res=0, fd=3, level=1, optname=2,
                                  val=b"\2\1\0\0\0", optlen=4),
        "execve": s.raw_event("SYSCALL_EXECVE_19_X", res=0, exe="/x", args=b"a\0b\0", tid=1,
                              comm="x", env=b"A=1\0", uid=0, exe_ino_ctime=1),
        "container": s.raw_event("CONTAINER_JSON_2_E", json="{}"),
        "async": s.raw_event("ASYNCEVENT_E", plugin_id=1, name="n", data=b"xyz"),
    }


def write_seeds(root):
    def write(target, name, data):
        os.makedirs(os.path.join(root, target), exist_ok=True)
        with open(os.path.join(root, target, name), "wb") as f:
            f.write(data)
    write("capture_file", "current", seed_capture(False))
    write("capture_file", "old", seed_capture(True))
    write("capture_file", "twice.gz", gzip.compress(2 * seed_capture(False), mtime=0))
    for name, data in event_seeds().items():
        write("event_decode", name, data)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "seeds":
        write_seeds(sys.argv[2])
    elif len(sys.argv) == 4 and sys.argv[1] == "script":
        data = from_script(sys.argv[2]).bytes()
        with open(sys.argv[3], "wb") as f:
            f.write(gzip.compress(data, mtime=0) if sys.argv[3].endswith(".gz") else data)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
