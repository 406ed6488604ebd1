#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kernel filter on the running kernel: the same alerts with it and without it, and what it discards is counted.

usage: filter.py [BINARY [KIND]]     KIND: engine.kind; all that the machine has when none is given.  BUILD=build.  Needs root.
Last line: 'N passed, N failed, N skipped'."""
import ctypes, json, mmap, os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, os.environ.get("BUILD", "build"), "saker"))
KINDS = sys.argv[2:3] or ["modern_ebpf", "ptrace"] + ["kmod"] * os.path.exists("/dev/saker0")
FDS = "modern_ebpf"  # looks at descriptors
COUNT = {"ok": 0, "FAIL": 0}
TMP = tempfile.mkdtemp(prefix="skf.")
UNNAMED = tempfile.mkdtemp(prefix="skg.")  # no rule names anything there
OPENS = 40000
MOVES = 40
PORT = 23456
# by name and what is expected of acts() with it
RULES = [
    ("exact", "evt.is_open_read=true and fd.name=%s/secret/key" % TMP, 3),
    ("prefix", "evt.is_open_write=true and fd.num>=0 and fd.name startswith %s/out/" % TMP, 2),
    ("directory", "evt.is_open_read=true and fd.typechar='f' and fd.directory=%s/secret" % TMP, 3),
    ("file name", "evt.is_open_read=true and fd.num>=0 and fd.filename=key", 5),
    ("suffix", "evt.is_open_write=true and fd.name startswith %s and fd.name endswith .conf" % TMP, 1),
    ("failed", "evt.failed=true and fd.name startswith %s" % TMP, 1),
    ("truncated", "evt.is_open_write=true and evt.arg.flags contains O_TRUNC and fd.name startswith %s" % TMP, 1),
    ("traversal", "fd.nameraw contains ../ and fd.name startswith %s" % TMP, 1),
    ("moved", "evt.is_open_read=true and fd.name=%s/moved/secret" % TMP, MOVES),
    ("never", "fd.name=/nowhere and not fd.name=/nowhere", 0),
]


def check(name, ok, detail=""):
    COUNT["ok" if ok else "FAIL"] += 1
    print("%-4s %s%s" % ("ok" if ok else "FAIL", name, "" if ok else ": " + str(detail)[-800:]), flush=True)


# of other calls
OTHERS = [
    ("tcp", "evt.type in (sendto, recvfrom) and fd.l4proto=tcp and fd.port=%PORT", 4),
    ("not that port", "evt.type in (sendto, recvfrom) and fd.l4proto=tcp and fd.port=1", 0),
    ("network", "evt.type in (sendto, recvfrom) and fd.l4proto=tcp and fd.net=127.0.0.0/8 and evt.rawres=7", 2),
    ("udp", "evt.type=sendto and fd.l4proto!=tcp", 3),
    ("ptrace", "evt.type=ptrace and evt.arg.request=PTRACE_ATTACH", 1),
    ("chmod", "evt.type=fchmod and evt.arg.mode contains S_ISUID", 1),
    ("kill", "evt.type=kill and evt.arg.sig=SIGURG", 1),
]
# of calls that are captured only when base_syscalls.all asks for them
IO = [
    ("socket read", "evt.type in (read, write) and fd.typechar in (4, 6) and fd.sip=127.0.0.1", 2),
    ("file read", "evt.type=read and fd.type=file and fd.name startswith %s" % TMP, 1),
]
ROUNDS = 5000


LONG = TMP + ("/" + 60 * "d") * 5 + "/key"


def open_unseen(path):
    """What is named in a file: the path lies in a page that the process has not touched: the driver cannot read it when the call begins."""
    with open(path, "rb") as f:
        page = mmap.mmap(f.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    libc = ctypes.CDLL(None, use_errno=True)
    os.close(libc.open(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page))), os.O_RDONLY))


def talk():
    """TCP with a known port, UDP, reads and writes; and many that no rule wants."""
    server = socket.create_server(("127.0.0.1", PORT))
    one = socket.create_connection(("127.0.0.1", PORT))
    two, _ = server.accept()
    one.send(b"1"), two.recv(9)
    two.send(b"7 bytes"), one.recv(9)
    os.write(one.fileno(), b"x"), os.read(two.fileno(), 1)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(3):
        udp.sendto(b"u", ("127.0.0.1", 9))
    other = socket.create_server(("127.0.0.1", 0))
    a = socket.create_connection(other.getsockname())
    b, _ = other.accept()
    key = os.open(TMP + "/plain", os.O_RDWR)
    zero, pipe = os.pipe()
    for _ in range(ROUNDS):
        a.send(b"z"), b.recv(1)
        os.fchmod(key, 0o600)
        os.kill(os.getpid(), 0)
        os.write(pipe, b"p"), os.read(zero, 1)
    os.fchmod(key, 0o4600)
    os.read(key, 1)
    signal.signal(signal.SIGURG, signal.SIG_IGN)
    os.kill(os.getpid(), signal.SIGURG)
    libc = ctypes.CDLL(None)
    for _ in range(20):
        libc.ptrace(2, 999999, 0, 0)   # PTRACE_PEEKDATA
    libc.ptrace(16, 999999, 0, 0)      # PTRACE_ATTACH


def move():
    """
    A thread opens a pipe that no rule wants and goes to another CPU before the call ends, then opens one that a
    rule names and comes back before that ends: what the first CPU noted of the first call is not of the second.
    """
    home, away = (sorted(os.sched_getaffinity(0)) * 2)[:2]
    paths = [UNNAMED + "/pipe", TMP + "/moved/secret"] * MOVES

    def opener():
        tid.append(threading.get_native_id())
        os.sched_setaffinity(0, {home})
        for path in paths:
            os.close(os.open(path, os.O_RDONLY))

    def asleep():
        with open("/proc/%d/stat" % tid[0]) as f:
            return f.read().rsplit(") ", 1)[1][0] == "S"
    tid = []
    thread = threading.Thread(target=opener)
    os.sched_setaffinity(0, {away})
    thread.start()
    for i, path in enumerate(paths):
        while not tid or not asleep():
            time.sleep(0.001)
        os.sched_setaffinity(tid[0], {home if i % 2 else away})
        os.close(os.open(path, os.O_WRONLY))
    thread.join()
    os.sched_setaffinity(0, {home, away})


def acts():
    """In a process of its own, whose name marks its alerts."""
    def touch(path, flags):
        try:
            os.close(os.open(path, flags, 0o600))
        except OSError:
            pass
    key = TMP + "/secret/key"
    touch(key, os.O_RDONLY)
    touch(TMP + "/out/a", os.O_WRONLY | os.O_CREAT)
    touch(TMP + "/out/b.conf", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    touch(TMP + "/missing", os.O_RDONLY)
    touch(TMP + "/out/../secret/key", os.O_RDONLY)
    touch(TMP + "/secret", os.O_RDONLY | os.O_DIRECTORY)
    open_unseen(TMP + "/path")
    os.chdir(TMP + "/secret")
    touch("key", os.O_RDONLY)
    touch(TMP + "/other/key", os.O_RDONLY)
    for _ in range(OPENS):
        touch(TMP + "/plain", os.O_RDONLY)
    move()
    talk()


def run(kind, on, others, every, spoilt=None, opens=True):
    rules = "" if every or not opens else "".join("- rule: %s\n  desc: d\n  priority: INFO\n  output: '%%fd.name'\n  condition: evt.type in (open, openat, openat2, creat) and "
                    "proc.pid=%%PID and (%s)\n" % (name, cond) for name, cond, _ in RULES)
    rules += "".join("- rule: %s\n  desc: d\n  priority: INFO\n  output: '%%fd.name'\n  condition: %s and proc.pid=%%PID\n" % (name, cond)
                     for name, cond, _ in others)
    r, w = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(w)
        os.read(r, 1)
        acts()
        os._exit(0)
    os.close(r)
    with open(TMP + "/r.yaml", "w") as f:
        f.write(rules.replace("%PID", str(pid)).replace("%PORT", str(PORT)))
    with open(TMP + "/c.yaml", "w") as f:
        f.write("stdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\njson_output: true\nrule_matching: all\n"
                "engine: {kind: %s, fallback: false}\nbase_syscalls: {all: %s}\nkernel_filter: %s\n" % (kind, str(every).lower(), str(on).lower()))
    p = subprocess.Popen([BINARY, "-c", TMP + "/c.yaml", "-r", TMP + "/r.yaml", "-U"] + ["--userspace", "--pid", str(pid)] * (kind == "ptrace"), stdout=open(TMP + "/stdout", "w"),
                         stderr=open(TMP + "/stderr", "w"), env=dict(os.environ, **({"SAKER_TEST_SPOIL": spoilt} if spoilt else {})))
    log = lambda: open(TMP + "/stderr").read()
    end = time.monotonic() + 30
    while time.monotonic() < end and "ready in" not in log() and p.poll() is None:
        time.sleep(0.1)
    os.close(w)
    os.waitpid(pid, 0)
    time.sleep(0.5)
    p.send_signal(signal.SIGINT)
    check("%s, filter %s: it ends as ever" % (kind, on), p.wait(60) == 0, log())
    check("the log says so", ("Kernel filter: " in log()) == on, log())
    alerts = [json.loads(line) for line in open(TMP + "/stdout").read().splitlines() if line.startswith("{")]
    m = re.search(r"Events seen by the driver: (\d+), delivered: (\d+), filtered: (\d+), dropped: (\d+)", log())
    return sorted((a["rule"], a["output"].split(": ")[-1]) for a in alerts), [int(n) for n in m.groups()] if m else None


def setup():
    for d in ("secret", "out", "other"):
        os.mkdir(TMP + "/" + d)
    os.mkdir(TMP + "/moved")
    os.mkfifo(UNNAMED + "/pipe")
    os.mkfifo(TMP + "/moved/secret")
    os.makedirs(os.path.dirname(LONG))
    open(LONG, "w").close()
    with open(TMP + "/path", "w") as f:
        f.write(LONG + "\0")
    for f in ("secret/key", "other/key", "plain"):
        open(TMP + "/" + f, "w").close()


def compare(kind):
    print("-- " + kind)
    without, counts = run(kind, False, OTHERS, False)
    check("without it all opens are delivered", counts and counts[1] > OPENS and not counts[3], counts)
    shutil.rmtree(TMP + "/out")
    os.mkdir(TMP + "/out")
    got, counts = run(kind, True, OTHERS, False)
    for name, _, n in RULES + OTHERS:
        found = [a[1] for a in got if a[0] == name]
        check("rule '%s' alerts %d times" % (name, n), len(found) == n, found)
    strip = lambda alerts: sorted((r, re.sub(r"\d{2}:\d{2}:\d{2}\.\d+|:\d{5}\b", "", t)) for r, t in alerts)
    check("the same alerts with it and without it", strip(got) == strip(without), (got, without))
    check("with it those that no rule wants are not", counts and counts[2] >= OPENS and counts[1] < OPENS, counts)
    if kind == FDS:
        check("and so are %d of each other call" % ROUNDS, counts and counts[2] >= OPENS + 4 * ROUNDS, counts)
    print("     " + str(counts))
    send = [("one call", "evt.type=sendto and fd.l4proto=tcp and fd.port=1", 0)]
    if kind == FDS:
        _, more = run(kind, True, send, False, None, False)
        _, none = run(kind, True, send, False, "big:ev_SOCKET_SENDTO_X", False)
        check("a program that tells nothing of descriptors: its call is left alone",
              more and none and more[2] >= ROUNDS and not none[2], (more, none))
    without, every = run(kind, False, IO, True)
    got, some = run(kind, True, IO, True)
    for name, _, n in IO:
        found = [a[1] for a in got if a[0] == name]
        check("rule '%s' alerts %d times" % (name, n), len(found) == n, found)
    check("reads and writes: the same alerts with it and without it", strip(got) == strip(without), (got, without))
    if kind == FDS:
        check("reads and writes: those that no rule wants are not", some and some[2] >= 2 * ROUNDS, some)
    print("     " + str(some))
    check("seen = delivered + filtered + dropped", counts and abs(counts[0] - sum(counts[1:])) <= os.cpu_count(), counts)


def main():
    setup()
    for kind in KINDS:
        shutil.rmtree(TMP + "/out")
        os.mkdir(TMP + "/out")
        compare(kind)


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
        shutil.rmtree(UNNAMED, ignore_errors=True)
    print("%d passed, %d failed, 0 skipped" % (COUNT["ok"], COUNT["FAIL"]))
    sys.exit(COUNT["FAIL"] > 0)
