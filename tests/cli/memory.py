#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory of a replay: a million descriptors and 100,000 short processes within a small memory.max, and bad values of it.

usage: memory.py [BINARY]      Last line: 'N passed, N failed, N skipped'."""
import glob, json, os, re, struct, subprocess, sys, tempfile, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
COUNT = {"ok": 0, "FAIL": 0}
SAN = "/san/" in BINARY		# sanitizers need memory of their own
CONFIG = """stdout_output: {enabled: true}
log_stderr: true
log_syslog: false
log_level: info
engine: {kind: replay}
metrics: {enabled: true, interval: 1s, output_file: %s/metrics.jsonl, convert_memory_to_mb: false, include_empty_values: true}
"""
# What these need happened a moment before: a file opened, a fork, an exec.
RULES = """- rule: read
  desc: d
  condition: evt.type = read and fd.name endswith -wanted
  output: read %fd.name by %proc.name of %proc.pname of %proc.aname[2] with %proc.fdopencount
  priority: INFO
- rule: executed
  desc: d
  condition: evt.type = execve and proc.args = wanted
  output: exec %proc.name of %proc.pname of %proc.aname[2]
  priority: INFO
"""
OWNERS, FDS_EACH, SHORT = 250, 4000, 100000
FDS = OWNERS * FDS_EACH


def check(name, ok, detail=""):
    COUNT["ok" if ok else "FAIL"] += 1
    print("%-4s %s%s" % ("ok" if ok else "FAIL", name, "" if ok else ": " + str(detail)[-800:]), flush=True)


def number_of(event):
    for path in glob.glob(os.path.join(TOP, "schema/events/*.def")):
        m = re.search(r"^(?:EVENT|EXTRACT)\((\d+), %s," % event, open(path).read(), re.M)
        if m:
            return int(m[1])
    raise KeyError(event)


def block(kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def q(*n):
    return [struct.pack("<q", i) for i in n]


def u(*n):
    return [struct.pack("<I", i) for i in n]


def s(text):
    return text.encode() + b"\0"


class Capture:
    def __init__(self, path):
        self.f = open(path, "wb", 1 << 20)
        self.ts = 1700000000 * 10**9
        self.f.write(block(0x0a0d0d0a, struct.pack("<IHHQ", 0x1a2b3c4d, 1, 2, 2**64 - 1)))
        self.n = {e: number_of(e) for e in ("SYSCALL_OPENAT_2_X", "SYSCALL_CLONE_20_X", "SYSCALL_EXECVE_19_X",
                                            "PROCEXIT_1_E", "SYSCALL_READ_X")}

    def event(self, name, tid, params):
        self.ts += 50000
        body = b"".join(struct.pack("<H", len(p)) for p in params) + b"".join(params)
        self.f.write(block(0x216, struct.pack("<HQQIHI", 0, self.ts, tid, 26 + len(body), self.n[name], len(params)) + body))

    def openat(self, tid, fd, path):
        self.event("SYSCALL_OPENAT_2_X", tid, q(fd, -100) + [s(path)] + u(1, 0, 0x801) + q(fd))

    def clone(self, on, res, tid, ptid, comm):
        """The event of a thread 'on'; tid and ptid as it sees itself."""
        self.event("SYSCALL_CLONE_20_X", on, q(res) + [s("/bin/" + comm), b""] + q(tid, tid, ptid) + [s("/")] + q(1024, 0, 0) +
                   u(0, 0, 0) + [s(comm), b"cpu=/\0"] + u(0, 0, 0) + q(tid, tid, 0))

    def fork(self, parent, gparent, child, comm):
        self.clone(parent, child, parent, gparent, comm)
        self.clone(child, 0, child, parent, comm)

    def execve(self, tid, ptid, comm, arg=""):
        self.event("SYSCALL_EXECVE_19_X", tid, q(0) + [s("/bin/" + comm), s(arg) if arg else b""] + q(tid, tid, ptid) + [s("/")] +
                   q(1024, 0, 0) + u(0, 0, 0) + [s(comm), b"cpu=/\0", b"A=1\0"] + u(0) + q(tid) + u(0, 0) + q(0, 0, 0, 1, 2, 3) +
                   u(0) + [s("/bin/" + comm)] + q(tid) + u(0) + [s("/bin/" + comm)])

    def exit(self, tid):
        self.event("PROCEXIT_1_E", tid, q(0) + [struct.pack("<q", 0), b"\0", b"\0"] + q(0))

    def read(self, tid, fd):
        self.event("SYSCALL_READ_X", tid, q(4) + [b"data"] + q(fd) + u(4))


def make(path):
    c = Capture(path)
    c.fork(1, 0, 100, "init")
    c.execve(100, 1, "boss")
    for i in range(OWNERS):
        c.fork(100, 1, 1000 + i, "boss")
        c.execve(1000 + i, 100, "owner")
        for fd in range(3, 3 + FDS_EACH):
            c.openat(1000 + i, fd, "/srv/some/folder/file-%d-%d" % (i, fd))
        c.openat(1000 + i, 3 + FDS_EACH, "/srv/%d-wanted" % i)
        c.read(1000 + i, 3 + FDS_EACH)
    for i in range(SHORT):
        c.fork(100, 1, 100000 + i, "boss")
        if i % 1000 == 999:
            c.execve(100000 + i, 100, "short", "wanted")
        c.exit(100000 + i)
    for i in range(SHORT):          # and as many that stay
        c.fork(100, 1, 300000 + i, "boss")
        if i % 1000 == 999:
            c.execve(300000 + i, 100, "stays", "wanted")
    c.execve(100, 1, "boss", "wanted")
    c.f.close()


def replay(folder, *options):
    """Standard output, log, peak of the resident memory in KiB, last metrics."""
    metrics = folder + "/metrics.jsonl"
    if os.path.exists(metrics):
        os.unlink(metrics)
    argv = [BINARY, "-c", folder + "/c.yaml", "-r", folder + "/r.yaml", "-o", "engine.replay.capture_file=%s/big.scap" % folder]
    with open(folder + "/out", "w") as out, open(folder + "/err", "w") as err:
        p = subprocess.Popen(argv + [a for o in options for a in ("-o", o)], stdout=out, stderr=err, env=dict(os.environ, TZ="UTC"))
    peak = 0
    while p.poll() is None:
        try:
            m = re.search(r"VmHWM:\s+(\d+)", open("/proc/%d/status" % p.pid).read())
        except OSError:
            m = None
        peak = int(m[1]) if m else peak
        time.sleep(0.02)
    lines = open(metrics).read().splitlines() if os.path.exists(metrics) else []
    last = json.loads(lines[-1])["output_fields"] if lines else {}
    return p.returncode, open(folder + "/out").read(), open(folder + "/err").read(), peak, last


def budget(folder):
    make(folder + "/big.scap")
    rc, free_out, err, free_peak, m = replay(folder, "memory.max=0", "memory.tables.alerts=8M")
    check("without a limit it takes what it needs", rc == 0 and free_peak > 200 << 10, (rc, free_peak, err))
    rc, out, err, peak, m = replay(folder, "memory.max=8M")
    get = lambda table, key: m.get("saker.tables.%s.%s" % (table, key), -1)
    check("resident memory is memory.max and a fixed part", rc == 0 and peak < 24 << 10, "%d KiB, %d without limit" % (peak, free_peak))
    print("     peak %.1f MiB, %.1f MiB without limit" % (peak / 1024, free_peak / 1024))
    for table, max_bytes, least in (("threads", 4 << 20, SHORT * 0.7), ("fds", int(8 * 2**20 * 0.3), FDS * 0.95)):
        sizes = get(table, "memory_bytes"), get(table, "memory_max_bytes"), get(table, "evictions")
        print("     %s: %d bytes of %d, %d entries, %d evictions" % ((table,) + sizes[:2] + (get(table, "entries"), sizes[2])))
        check("%s: within its share" % table, 0 < sizes[0] <= sizes[1] and abs(sizes[1] - max_bytes) < 100, sizes)
        check("%s: evictions are counted" % table, sizes[2] > least, sizes)
        check("%s: nothing refused" % table, get(table, "refused") == 0, get(table, "refused"))
    m = re.findall(r"forgotten to make room for others.*: (\d+)", err)
    check("the statistics tell it", len(m) == 2 and int(m[0]) > SHORT * 0.9 and int(m[1]) > FDS * 0.95, err)
    lines = lambda text: [l.split(": Informational ")[-1].split(None, 2)[-1] for l in text.splitlines() if "wanted" in l or " of " in l]
    check("%d alerts, as without a limit" % (OWNERS + 2 * SHORT // 1000 + 1),
          lines(out) == lines(free_out) and len(lines(out)) == OWNERS + 2 * SHORT // 1000 + 1,
          "\n".join(sorted(set(lines(out)) ^ set(lines(free_out)))[:20]) or len(lines(out)))
    rc, out, err, peak, m = replay(folder, "memory.max=8M", "workers=2")
    sizes = {t: (get(t, "memory_bytes"), get(t, "memory_max_bytes")) for t in ("threads", "fds")}
    print("     two workers: peak %.1f MiB, %s" % (peak / 1024, sizes))
    check("two workers share the budget", rc == 0 and peak < 28 << 10 and all(0 < a <= b for a, b in sizes.values()) and
          abs(sizes["threads"][1] - (4 << 20)) < 100, (rc, peak, sizes, err))
    check("and their alerts are the same", sorted(lines(out)) == sorted(lines(free_out)), len(lines(out)))
    rc, out, err, peak, m = replay(folder, "memory.max=0", "falco_libs.thread_table_size=5000", "memory.tables.fds=4M",
                                   "memory.tables.alerts=8M")
    check("thread_table_size and a single limit hold, too", rc == 0 and peak < 40 << 10 and
          m.get("saker.tables.threads.entries", 0) <= 5000 and m.get("saker.tables.fds.memory_bytes", 1 << 30) <= 4 << 20, (peak, m))


BAD = (
    ("memory.max=lots", r'memory.max "lots": bytes are expected, with K, M or G'),
    ("memory.max=12MB", r'memory.max "12MB": bytes are expected'),
    ("memory.max=-1", r'memory.max "-1": bytes are expected'),
    ("memory.max=99999999999999999999", r"bytes are expected"),
    ("memory.max=4K", r'memory.max "4K" is too small: the least is 2M, or 0'),
    ("memory.tables.threads=0%", r'memory.tables.threads "0%": bytes, such as 64M, or a part of memory.max from 1% to 100%'),
    ("memory.tables.fds=101%", r'memory.tables.fds "101%"'),
    ("memory.tables.users=1K", r'memory.tables.users "1K" is 1024 bytes: a table needs 64K at least for each worker'),
    ("memory.tables.alerts=90%", r"threads \(50%\), fds \(30%\), users \(5%\) and alerts \(90%\) together are .* more than memory.max \(512M\)"),
    ("memory.tables.threads=1G", r"more than memory.max \(512M\)"),
)


def dry_run(folder, option):
    argv = [BINARY, "-c", folder + "/c.yaml", "-r", folder + "/r.yaml", "-o", "engine.replay.capture_file=x", "--dry-run"]
    return subprocess.run(argv + ["-o", option], capture_output=True, text=True)


def bad_values(folder):
    for option, want in BAD:
        p = dry_run(folder, option)
        check("refused: " + option, p.returncode == 1 and re.search(want, p.stderr), (p.returncode, p.stderr))
    for option in ("memory.max=2m", "memory.max=1073741824", "memory.max=2G", "memory.tables.fds=10%", "memory.tables.alerts=64K"):
        p = dry_run(folder, option)
        check("taken: " + option, p.returncode == 0, p.stderr)


def main():
    with tempfile.TemporaryDirectory(prefix="saker-memory.") as folder:
        for name, text in (("c.yaml", CONFIG % folder), ("r.yaml", RULES)):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        bad_values(folder)
        if SAN:
            print("skip replays within a budget: sanitizers need memory and time of their own")
        else:
            budget(folder)
    print("%d passed, %d failed, %d skipped" % (COUNT["ok"], COUNT["FAIL"], SAN))
    return COUNT["FAIL"] > 0


if __name__ == "__main__":
    sys.exit(main())
