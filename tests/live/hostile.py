#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Processes that attack their watcher, on the live kernel: with names, arguments and paths made to break an alert, with storms
of processes and threads, and by leaving it no time to end.

usage: hostile.py [BINARY]

Needs root.  Timings that a busy machine can spoil only warn.  Last line: 'N passed, N failed, N skipped'."""
import ctypes, json, os, re, shutil, signal, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
LIBC = ctypes.CDLL(None, use_errno=True)
COUNT = {"ok": 0, "FAIL": 0, "skip": 0}
MARK = b"saker-hostile"
EXECVE, OPENAT = {"x86_64": (59, 257), "aarch64": (221, 56)}[os.uname().machine]

# Every field that a process chooses, in one output.
OUTPUT = "<%fd.name|%evt.arg.name|%proc.name|%proc.exe|%proc.exepath|%proc.cmdline|%proc.args|%proc.cwd|%proc.pname|%proc.env>"
RULES = """- rule: file
  desc: a marked file is opened
  condition: evt.type in (open, openat) and (fd.name contains saker-hostile or evt.arg.name contains saker-hostile)
  output: "file %s"
  priority: WARNING
- rule: start
  desc: a marked program is started
  condition: evt.type in (execve, execveat) and (proc.exe contains saker-hostile or proc.cwd contains saker-hostile or proc.cmdline contains saker-hostile)
  output: "start %s"
  priority: WARNING
""" % (OUTPUT, OUTPUT)


def say(word, name, detail=""):
    if word in COUNT:
        COUNT[word] += 1
    print("%-4s %s%s" % (word, name, ": " + detail if detail else ""), flush=True)


def check(name, why):
    say("FAIL" if why else "ok", name, why or "")


class Sensor:
    def __init__(self, top, *options, rules=RULES):
        for name, text in (("r.yaml", rules), ("c.yaml", "stdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\nlog_level: info\n"
                           "watch_config_files: false\nrule_matching: all\nengine: {kind: modern_ebpf}\n")):
            with open(os.path.join(top, name), "w") as f:
                f.write(text)
        argv = [BINARY, "-c", top + "/c.yaml", "-r", top + "/r.yaml", "-U"]
        for o in options:
            argv += ["-o", o]
        self.p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/")
        self.out, self.err, self.ready = bytearray(), bytearray(), threading.Event()
        self.threads = [threading.Thread(target=self.read, args=a, daemon=True) for a in ((self.p.stdout, self.out), (self.p.stderr, self.err))]
        for t in self.threads:
            t.start()
        self.ready.wait(60)

    def read(self, f, to):
        while True:
            part = os.read(f.fileno(), 65536)
            if not part:
                break
            to += part
            if b"ready in" in self.err:
                self.ready.set()
        self.ready.set()

    def alive(self):
        return self.p.poll() is None

    def wait_for(self, text, seconds=5):
        end = time.monotonic() + seconds
        while text not in self.out and time.monotonic() < end and self.alive():
            time.sleep(0.02)
        return text in self.out

    def stop(self, number=signal.SIGTERM, seconds=20):
        start = time.monotonic()
        if self.alive():
            self.p.send_signal(number)
        try:
            self.p.wait(seconds)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
        for t in self.threads:
            t.join(5)
        return time.monotonic() - start

    def log(self):
        return self.err.decode("utf-8", "replace")[-600:]

    def lines(self):
        """Of alerts: what stands before the statistics."""
        return bytes(self.out).split(b"\nEvents detected")[0].split(b"\n")

    def rss_kb(self):
        with open("/proc/%d/status" % self.p.pid) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])

    def cpu_s(self):
        with open("/proc/%d/stat" % self.p.pid) as f:
            t = f.read().rsplit(")", 1)[1].split()
        return (int(t[11]) + int(t[12])) / os.sysconf("SC_CLK_TCK")


# ---- hostile names -----------------------------------------------------------------------------------------

STRINGS = {
    "newline": b"a\nb", "quotes": b"\"'\\\"", "escape": b"\x1b[2J\x1b]0;x\x07", "invalid UTF-8": b"\xff\xfe\xc3(", "half a character": b"\xe2\x82",
    "fields": b"%proc.name%evt.args%s%n", "an alert": b'"}\n{"rule":"x"}', "carriage return": b"a\rb", "controls": bytes(range(1, 32)),
    "brackets": b"[]{}()<>|", "U+2028": "\u2028".encode(), "delete": b"\x7f",
}


def in_child(act):
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    try:
        act()
    finally:
        os._exit(0)


def execve(path, argv, env):
    """Straight to the kernel: Python refuses an empty argv."""
    def array(items):
        return (ctypes.c_char_p * (len(items) + 1))(*items, None) if items is not None else None
    LIBC.syscall(ctypes.c_long(EXECVE), ctypes.c_char_p(path), array(argv), array(env))


def touch(name):
    """Opens a file of that name, existing or not, relative to the working directory."""
    LIBC.syscall(ctypes.c_long(OPENAT), ctypes.c_int(-100), ctypes.c_char_p(name), ctypes.c_int(0), ctypes.c_int(0))


def with_comm(comm, act):
    def inner():
        LIBC.prctl(15, ctypes.c_char_p(comm[:15]), 0, 0, 0)
        act()
    return inner


def deleted_program(top):
    path = os.path.join(top, MARK + b"-gone")
    shutil.copy("/bin/true", path)
    os.chmod(path, 0o755)
    fd = os.open(path, os.O_RDONLY)
    os.unlink(path)
    execve(b"/proc/self/fd/%d" % fd, [MARK + b" gone"], [])


def deleted_cwd(top):
    path = os.path.join(top, MARK + b"-cwd")
    os.mkdir(path)
    os.chdir(path)
    os.rmdir(path)
    touch(MARK + b"-in-nothing")
    execve(b"/bin/true", [MARK + b"-nowhere"], [])


def deep_cwd(top):
    os.chdir(top)
    for i in range(30):
        os.mkdir(b"d" * 200)
        os.chdir(b"d" * 200)
    touch(MARK + b"-deep")
    execve(b"/bin/true", [MARK + b"-deep"], [])


def acts(top):
    true = b"/bin/true"
    for what, s in STRINGS.items():
        yield "a file name with " + what, lambda s=s: touch(b"/tmp/" + MARK + s)
        yield "a command with " + what, with_comm(s, lambda: touch(MARK + b"-comm"))
        yield "arguments with " + what, lambda s=s: execve(true, [MARK + s, s, MARK], [b"X=" + s])
    yield "an empty name", lambda: execve(true, [b"", MARK], [])
    yield "no arguments", lambda: (os.chdir(top), os.mkdir(MARK + b"-argc0"), os.chdir(MARK + b"-argc0"), execve(true, [], []))
    yield "neither arguments nor environment", lambda: (os.chdir(os.path.join(top, MARK + b"-argc0")), execve(true, None, None))
    yield "an argument of 100 KB", lambda: execve(true, [MARK, b"\n\xff" * 50000], [])
    yield "10,000 arguments", lambda: execve(true, [MARK] + [b"\x1b"] * 10000, [b"A=\n"] * 1000)
    yield "a path of 4,000 bytes", lambda: touch(b"/" + b"x\n/" * 1300 + MARK)
    yield "a path too long for the kernel", lambda: touch(b"/" + MARK + b"x" * 10000)
    yield "a deleted program", lambda: deleted_program(top)
    yield "a deleted working directory", lambda: deleted_cwd(top)
    yield "a working directory of 6,000 bytes", lambda: deep_cwd(top)


def bad_line(line, as_json):
    if re.search(rb"[\x00-\x1f]", line):
        return "control characters"
    if not as_json:
        return None if re.match(rb"\d\d:\d\d:\d\d\.\d{9}: Warning (file|start) <.*>", line, re.S) else "not the output of a rule"
    try:
        a = json.loads(line.decode("utf-8"))
    except ValueError as e:
        return str(e)
    if a.get("rule") not in ("file", "start") or "output" not in a or not isinstance(a.get("output_fields"), dict):
        return "not an alert"
    return None if re.search(r"(file|start) <.*>", a["output"], re.S) else "an output without its end"


def names(as_json):
    how = "JSON" if as_json else "text"
    top = os.fsencode(tempfile.mkdtemp(prefix="saker-live."))
    s = Sensor(os.fsdecode(top), "json_output=%s" % ("true" if as_json else "false"))
    try:
        if not s.alive():
            return check("hostile names as " + how, "saker did not start: " + s.log())
        for n, (what, act) in enumerate(acts(top)):
            before = len(s.out)
            in_child(act)
            end = time.monotonic() + 3
            while len(s.out) == before and time.monotonic() < end and s.alive():
                time.sleep(0.01)
            if not s.alive() or len(s.out) == before:
                check("%s: %s" % (how, what), "no alert" if s.alive() else "saker ended with status %s: %s" % (s.p.poll(), s.log()))
                continue
            time.sleep(0.05)
            mine = bytes(s.out[before:]).split(b"\n")
            bad = [(why, l) for l in mine if l for why in [bad_line(l, as_json)] if why]
            check("%s: %s" % (how, what), "%s in %r" % (bad[0][0], bad[0][1][:300]) if bad else None)
        s.stop()
        bad = [(why, l) for l in s.lines() if l for why in [bad_line(l, as_json)] if why]
        check("%s: every alert is one line" % how, "%s in %r" % (bad[0][0], bad[0][1][:300]) if bad else None)
        check("%s: saker ends well" % how, None if s.p.returncode == 0 else "status %s: %s" % (s.p.returncode, s.log()))
    finally:
        s.stop(signal.SIGKILL)
        subprocess.run(["rm", "-rf", os.fsdecode(top)])


# ---- storms -----------------------------------------------------------------------------------------------

def processes(n):
    for i in range(n):
        pid = os.fork()
        if not pid:
            if i % 4 == 0:
                execve(b"/bin/true", [MARK + b"-storm", b"%d" % i], [])
            os._exit(0)
        if i % 50 == 49:
            try:
                while os.waitpid(-1, 0):
                    pass
            except ChildProcessError:
                pass


def thread_storm(n, at_once=50):
    code = ("import threading\ndef f(i):\n    try: open('/tmp/%s-%%d' %% i)\n    except OSError: pass\n"
            "for a in range(0, %d, %d):\n    t = [threading.Thread(target=f, args=(a + i,)) for i in range(%d)]\n"
            "    [x.start() for x in t]\n    [x.join() for x in t]\n" % (MARK.decode(), n, at_once, at_once))
    subprocess.run([sys.executable, "-c", code], check=True)


def storms(top):
    s = Sensor(top, "json_output=true")
    try:
        in_child(lambda: processes(500))
        thread_storm(500)
        time.sleep(1)
        if not s.alive():
            return check("storms", "saker ended with status %s: %s" % (s.p.poll(), s.log()))
        before = s.rss_kb()
        in_child(lambda: processes(2000))
        check("2,000 short processes", None if s.alive() else "saker ended: " + s.log())
        thread_storm(5000)
        check("5,000 threads open files", None if s.alive() else "saker ended: " + s.log())
        if not s.alive():
            return
        time.sleep(2)
        after = s.rss_kb()
        check("memory after the storms: %d KB more" % (after - before), "grown from %d to %d KB" % (before, after) if after > before + 32768 else None)
        s.stop()
        text = (s.err + s.out).decode("utf-8", "replace")
        dropped = [int(x) for x in re.findall(r"event drop detected: (\d+) occ", text)]
        opened = len(set(re.findall(rb"/tmp/%s-(\d+)" % MARK, bytes(s.out))))
        check("the storms' losses are counted", None if opened >= 5000 or dropped and dropped[0] else "%d of 5000 files seen, drops told: %s" % (opened, dropped))
        check("saker ends well after the storms", None if s.p.returncode == 0 else "status %s: %s" % (s.p.returncode, s.log()))
    finally:
        s.stop(signal.SIGKILL)


# ---- its end ------------------------------------------------------------------------------------------------

def bpf_objects():
    """Names of saker's programs and maps in the kernel, by kind."""
    tool = shutil.which("bpftool") or "/usr/sbin/bpftool"
    found = {}
    for kind in ("prog", "map", "link"):
        p = subprocess.run([tool, "-j", kind, "list"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        found[kind] = {o["id"] for o in json.loads(p.stdout or b"[]")}
    return found


def killed(top):
    name = "SIGKILL leaves nothing in the kernel"
    if not os.path.exists("/usr/sbin/bpftool") and not shutil.which("bpftool"):
        return say("skip", name, "no bpftool")
    before = bpf_objects()
    s = Sensor(top)
    meanwhile = bpf_objects()
    mine = {k: v - before[k] for k, v in meanwhile.items()}
    alive = s.alive()
    s.stop(signal.SIGKILL)
    if not alive or not mine["prog"] or not mine["map"]:
        return check(name, "saker did not load its programs: " + s.log())
    # who lists maps opens each for a moment: the kernel (6.18) loses a program array when that happens between
    # its last descriptor and the worker that empties it, as the worker is then asked for twice and counted twice
    time.sleep(3)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        now = bpf_objects()
        left = {k: v & now[k] for k, v in mine.items()}
        if not any(left.values()):
            return check(name, None)
        time.sleep(0.2)
    check(name, "left: %s" % left)


def busy_end(top):
    s = Sensor(top, "json_output=true")
    code = "while :; do for i in 1 2 3 4 5 6 7 8 9; do : <$0/%s-$i; done; done" % MARK.decode()
    for i in range(1, 10):
        open(os.path.join(top, "%s-%d" % (MARK.decode(), i)), "w").close()
    busy = [subprocess.Popen(["/bin/sh", "-c", code, top], stderr=subprocess.DEVNULL) for _ in range(2)]
    try:
        s.wait_for(MARK, 10)
        time.sleep(1)
        took = s.stop()
        text = (s.out + s.err).decode("utf-8", "replace")
        check("SIGTERM while busy: status 0", None if s.p.returncode == 0 else "status %s: %s" % (s.p.returncode, s.log()))
        check("SIGTERM while busy: statistics", None if "Events detected: " in text and "event drop" in text else s.log())
        if took > 2 and took < 5:
            say("warn", "SIGTERM while busy: took %.1f s" % took)
        check("SIGTERM while busy: ends soon", "took %.1f s" % took if took >= 5 else None)
    finally:
        for b in busy:
            b.kill()
            b.wait()
        s.stop(signal.SIGKILL)


def idle(top):
    s = Sensor(top)
    try:
        time.sleep(2)
        if not s.alive():
            return check("idle", "saker ended: " + s.log())
        cpu, rss = s.cpu_s(), s.rss_kb()
        time.sleep(20)
        if not s.alive():
            return check("idle", "saker ended: " + s.log())
        share, grown = (s.cpu_s() - cpu) / 20 * 100, s.rss_kb() - rss
        check("idle: alive after 22 s, %.1f %% of a CPU, %d KB more" % (share, grown), None)
        if share >= 1:
            say("warn", "idle: %.1f %% of a CPU (other processes of this machine count)" % share)
        if grown > 1024:
            say("warn", "idle: %d KB more after 20 s" % grown)
        s.stop()
        check("idle: ends well", None if s.p.returncode == 0 else "status %s" % s.p.returncode)
    finally:
        s.stop(signal.SIGKILL)


def main():
    if os.geteuid():
        say("skip", "hostile processes", "needs root")
    elif not os.path.exists("/sys/kernel/btf/vmlinux"):
        say("skip", "hostile processes", "this kernel has no BTF")
    else:
        top = tempfile.mkdtemp(prefix="saker-live.")
        try:
            names(True)
            names(False)
            for part in (storms, killed, busy_end, idle):
                part(top)
        finally:
            shutil.rmtree(top, ignore_errors=True)
    print("%d passed, %d failed, %d skipped" % (COUNT["ok"], COUNT["FAIL"], COUNT["skip"]))
    sys.exit(COUNT["FAIL"] > 0)


main()
