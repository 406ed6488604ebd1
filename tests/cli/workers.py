#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A capture file replayed by several workers gives what one gives: every alert, their order, the statistics.

usage: workers.py [BINARY]

The captures are made up here, at random but the same each time: families of processes that inherit and change all that
alerts show; besides them those of the conformance kit (SAKER_CONFORMANCE) are replayed.  Last line: 'N passed, N failed, N skipped'."""
import glob, gzip, os, random, re, subprocess, sys, tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
sys.dont_write_bytecode = True
import mkscap

BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
KIT = os.environ.get("SAKER_CONFORMANCE", os.path.join(TOP, "..", "shared", "conformance"))
ENV = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C", "FALCO_HOSTNAME": "testhost"}
COUNT = {"passed": 0, "failed": 0, "skipped": 0}
CONFIG = """stdout_output: {enabled: true}
log_stderr: true
log_syslog: false
log_level: warning
watch_config_files: false
"""
FIELDS = """evt.num evt.time evt.type evt.args evt.deltatime evt.reltime proc.name proc.pid proc.ppid proc.pname proc.cmdline
proc.pcmdline proc.cwd proc.exepath proc.aname[2] proc.aexepath[2] proc.apid[3] proc.sid proc.sname proc.vpgid.name proc.tty
proc.nthreads proc.nchilds proc.fdopencount proc.duration thread.tid thread.ismain fd.num fd.type fd.name fd.sip fd.cport
fd.is_server user.name user.uid group.gid container.id proc.env thread.cap_effective proc.loginshellid thread.vmsize
thread.pfmajor evt.rawres fs.path.name""".split()
RULES = """- rule: opened
  desc: some
  condition: evt.type in (open, openat, execve) and fd.num >= 0
  output: "%%evt.num %%proc.name %%fd.name"
  priority: WARNING
- rule: everything
  desc: all that can be seen of each event
  condition: evt.num > 0
  output: "%s"
  priority: INFO
""" % " ".join("%" + f for f in FIELDS)


def check(what, ok, why=""):
    COUNT["passed" if ok else "failed"] += 1
    if not ok:
        print("FAIL %s: %s" % (what, why[:2000]))


class Life:
    """Processes that do at random what processes do; some of it is not in the capture."""

    def __init__(self, seed, events):
        self.r = random.Random(seed)
        self.scap = mkscap.Scap()
        self.scap.machine(hostname="box", boot=1700000000 * 10**9)
        self.scap.user(uid=0, name="root")
        self.scap.user(uid=7, name="seven")
        self.tids = {}			# tid → pid
        self.next, self.ts = 100, 1700000000 * 10**9
        for tid in (1, 50, 51):
            self.scap.thread(tid=tid, ptid=int(tid > 1), comm="old%d" % tid, exe="/bin/old%d" % tid, cwd="/home/%d" % tid)
            self.scap.fd(tid=tid, fd=0, type=1, name="/dev/null")
            self.tids[tid] = tid
        for _ in range(events):
            tid = self.r.choice(list(self.tids)) if self.r.random() < 0.97 else self.r.randrange(2000, 2040)	# nobody knows those
            act = self.r.choice([self.fork, self.fork, self.thread, self.exec, self.exec, self.open, self.open, self.open,
                                 self.read, self.read, self.read, self.close, self.dup, self.chdir, self.uid, self.name,
                                 self.exit, self.stat, self.stat, self.mmap, self.half_open])
            act(tid, self.tids.get(tid, tid))

    def ev(self, tid, event, **params):
        self.ts += self.r.randrange(1, 10**8)
        if self.r.random() < 0.98:			# the others were lost
            self.scap.event(event, tid=tid, ts=self.ts, cpu=self.r.randrange(4), state_only=int(self.r.random() < 0.02), **params)

    def common(self, pid, ptid):
        n = self.r.randrange(9)
        return dict(exe="/bin/prog%d" % n, args=b"-a\0%d\0" % n, pid=pid, ptid=ptid, fdlimit=1024, pgft_maj=n, pgft_min=2, vm_size=n,
                    vm_rss=2, vm_swap=3, comm="prog%d" % n, cgroups=b"cpu=/x%d\0" % n)

    def fork(self, tid, pid):
        child, self.next = self.next, self.next + 1
        c = dict(self.common(pid, 1), flags=0, uid=0, gid=0, vtid=child, vpid=child)
        event = self.r.choice(["SYSCALL_CLONE_20_X", "SYSCALL_FORK_20_X", "SYSCALL_CLONE3_X"])
        both = [lambda: self.ev(tid, event, res=child, **dict(c, vtid=tid, vpid=pid)),
                lambda: self.ev(child, event, res=0, **dict(c, pid=child, ptid=tid))]
        for f in self.r.sample(both, 2):
            f()
        self.tids[child] = child

    def thread(self, tid, pid):
        child, self.next = self.next, self.next + 1
        c = dict(self.common(pid, 1), flags=1 << 13 | 1, uid=0, gid=0, vtid=child, vpid=pid)
        self.ev(child, "SYSCALL_CLONE_20_X", res=0, **c)
        self.tids[child] = pid

    def exec(self, tid, pid):
        self.ev(tid, "SYSCALL_EXECVE_19_E", filename="/bin/x%d" % self.r.randrange(9))
        self.ev(tid, "SYSCALL_EXECVE_19_X", res=self.r.choice([0, 0, 0, -2]), env=b"A=%d\0" % tid, tty=3, vpgid=pid, loginuid=0,
                flags=0, cap_effective=tid, **self.common(pid, 1))

    def path(self):
        return self.r.choice(["/etc/f%d", "f%d", "../f%d", "a/b/../f%d"]) % self.r.randrange(20)

    def open(self, tid, pid):
        path, num = self.path(), self.r.randrange(3, 12)
        if self.r.random() < 0.5:
            self.ev(tid, "SYSCALL_OPENAT_2_E", dirfd=-100, name=path, flags=1, mode=0)
        self.ev(tid, "SYSCALL_OPENAT_2_X", fd=num, dirfd=self.r.choice([-100, 5]), name=path, flags=1, mode=0, dev=1, ino=num)

    def half_open(self, tid, pid):
        self.ev(tid, "SYSCALL_OPENAT_2_E", dirfd=-100, name=self.path(), flags=1, mode=0)

    def read(self, tid, pid):
        self.ev(tid, self.r.choice(["SYSCALL_READ_X", "SYSCALL_WRITE_X"]), res=4, data=b"data", fd=self.r.randrange(12), size=4)

    def close(self, tid, pid):
        self.ev(tid, "SYSCALL_CLOSE_X", res=0, fd=self.r.randrange(12))

    def dup(self, tid, pid):
        self.ev(tid, "SYSCALL_DUP_1_X", res=self.r.randrange(3, 12), oldfd=self.r.randrange(12))

    def chdir(self, tid, pid):
        self.ev(tid, "SYSCALL_CHDIR_X", res=0, path=self.path())

    def uid(self, tid, pid):
        self.ev(tid, "SYSCALL_SETUID_X", res=0, uid=self.r.choice([0, 7, 8]))

    def name(self, tid, pid):
        self.ev(tid, "SYSCALL_PRCTL_X", res=0, option=15, arg2_str="called%d" % self.r.randrange(9), arg2_int=0)

    def stat(self, tid, pid):
        self.ev(tid, self.r.choice(["SYSCALL_GETUID_X", "SYSCALL_KILL_X", "SYSCALL_MKDIR_2_X"]), res=0)

    def mmap(self, tid, pid):
        self.ev(tid, "SYSCALL_MUNMAP_X", res=0, vm_size=self.r.randrange(99), vm_rss=1, vm_swap=1)

    def exit(self, tid, pid):
        if tid in self.tids and len(self.tids) > 6:
            self.ev(tid, "PROCEXIT_1_E", status=0, ret=0, sig=0, core=0, reaper_tid=self.r.choice([1, 50, -1]))
            del self.tids[tid]


def replay(top, capture, *options):
    argv = [BINARY, "-c", os.path.join(top, "c.yaml"), "-r", os.path.join(top, "r.yaml"), "-v",
            "-o", "engine.kind=replay", "-o", "engine.replay.capture_file=" + capture]
    p = subprocess.run(argv + [x for o in options for x in ("-o", o)], capture_output=True, env=ENV, timeout=300)
    err = [l for l in p.stderr.decode(errors="replace").splitlines() if "more workers than CPUs" not in l]
    # but for the time it took
    err = [re.sub(r"Elapsed time: [\d.]+|, [\d.]+ eps|^.{24}: ", "", l) for l in err]
    return p.returncode, p.stdout, err


def difference(a, b):
    if a[0] != b[0]:
        return "status %d, not %d: %s" % (b[0], a[0], b[2][-3:])
    for x, y in zip(a[1].splitlines() + a[2] + ["end"], b[1].splitlines() + b[2] + ["end"]):
        if x != y:
            return "%r\ninstead of %r" % (y, x)
    return ""


def compare(top, capture, workers, more=()):
    one = replay(top, capture, "workers=1", *more)
    for n in workers:
        why = difference(one, replay(top, capture, "workers=%d" % n, *more))
        check("%s with %d workers %s" % (os.path.basename(capture), n, " ".join(more)), not why, why)
    return one


def refuse(top, capture):
    for value in ("0", "-1", "65", "x", "4x", "[4]", "1e3", "99999999999999999999"):
        status, out, err = replay(top, capture, "workers=" + value)
        check("workers=%s" % value, status == 1 and not out and any("workers: a number from 1 to 64, or auto" in l for l in err),
              "status %d: %s" % (status, err))
    status, _, err = replay(top, capture, "workers=auto")
    check("workers=auto", status == 0, str(err))
    p = subprocess.run([BINARY, "-c", os.path.join(top, "c.yaml"), "-r", os.path.join(top, "r.yaml"), "-o", "workers=64",
                        "-o", "engine.kind=replay", "-o", "engine.replay.capture_file=" + capture], capture_output=True, env=ENV)
    check("more workers than CPUs", p.returncode == 0 and b"more workers than CPUs do not make" in p.stderr or os.cpu_count() >= 64,
          p.stderr.decode()[-500:])


def main():
    with tempfile.TemporaryDirectory(prefix="saker-workers.") as top:
        for name, text in (("c.yaml", CONFIG), ("r.yaml", RULES)):
            with open(os.path.join(top, name), "w") as f:
                f.write(text)
        for seed in range(6):
            path = os.path.join(top, "life%d.scap" % seed)
            with open(path, "wb") as f:
                f.write(Life(seed, 3000).scap.bytes())
            status, out, err = compare(top, path, (2, 3, 5), ("rule_matching=all",) if seed % 2 else ())
            check("life%d is seen" % seed, status == 0 and len(out.splitlines()) > 2500, "%d lines: %s" % (len(out.splitlines()), err))
        # the table of threads is full; the time is over; the file ends within an event; nobody is slower than the output
        compare(top, path, (3,), ("falco_libs.thread_table_size=40",))
        with open(os.path.join(top, "cut.scap"), "wb") as f:
            f.write(open(path, "rb").read()[:-5])
        compare(top, os.path.join(top, "cut.scap"), (2, 4))
        compare(top, path, (2,), ("outputs_queue.capacity=3",))
        compare(top, path, (4,), ("syscall_event_drops.simulate_drops=true", "syscall_event_drops.actions=[alert]",
                                  "syscall_event_drops.rate=10", "syscall_event_drops.max_burst=10"))
        refuse(top, path)
        kit = sorted(glob.glob(KIT + "/captures/*.scap")) + sorted(glob.glob(KIT + "/recorded/attacks*.scap.gz"))
        for path in kit:
            compare(top, path, (3,))
        if not kit:
            print("skip captures of the conformance kit: it is not at %s" % KIT)
            COUNT["skipped"] += 1
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % COUNT)
    return COUNT["failed"] > 0


sys.exit(main())
