#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What only a table of all descriptors can tell (proc.fdopencount, proc.fdlimit), live: against what /proc/self says.

usage: fdtable.py [BINARY]

The calls that keep the table are captured because a rule uses the fields.  Needs root.
Last line: 'N passed, N failed, N skipped'."""
import os, re, resource, signal, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
CONFIG = "stdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\nlog_level: info\n"
RULE = """- rule: mark
  desc: the process wants to be looked at
  condition: evt.type in (open, openat) and evt.arg.name startswith %s
  output: "fds %%proc.pid %%evt.arg.name %%proc.fdopencount %%proc.fdlimit"
  priority: INFO
"""


class Marks:
    """Opens a file of a new name; what /proc/self says in that moment is noted."""

    def __init__(self, base):
        self.base, self.want = base, {}

    def __call__(self, what):
        path = "%s-%s" % (self.base, what)
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        fds = len(os.listdir("/proc/self/fd")) - 1      # less the one that lists
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT))
        self.want[path] = (fds + 1, limit)


def act(mark):
    """In a process that began when all was captured: prints what is to be seen."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    mark("start")
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(20)]
    fds += [os.dup(fds[0]), os.dup2(fds[0], max(fds) + 7), *os.pipe(), os.memfd_create("x"), os.eventfd(0)]
    mark("opened")
    os.close(fds[3])
    os.dup2(fds[0], fds[4])
    mark("closed")
    os.closerange(fds[6], fds[15])
    mark("closed-range")
    pid = os.fork()
    if not pid:
        os.close(fds[0])
        mark("child")
        report(mark)
        os._exit(0)
    os.waitpid(pid, 0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 5, hard))
    mark("limit")
    report(mark)


def report(mark):
    for path, (fds, limit) in mark.want.items():
        print("want %d %s %d %d" % (os.getpid(), path, fds, limit), flush=True)


def lines_until(stream, text, seconds):
    """Lines of the stream up to one with the text, or None."""
    timer = threading.Timer(seconds, stream.close)
    timer.start()
    try:
        return next((line for line in stream if text in line), None)
    except ValueError:
        return None
    finally:
        timer.cancel()


def run(folder):
    base = os.path.join(folder, "mark")
    for name, text in (("c.yaml", CONFIG), ("r.yaml", RULE % base)):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    saker = subprocess.Popen([BINARY, "-c", "c.yaml", "-r", "r.yaml"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if not lines_until(saker.stderr, "ready in", 60):
        saker.kill()
        return ["saker did not start"]
    time.sleep(0.5)
    p = subprocess.run([sys.executable, os.path.abspath(__file__), "--act", base], capture_output=True, text=True, timeout=60)
    time.sleep(1.5)
    saker.send_signal(signal.SIGINT)
    out, err = saker.communicate(timeout=30)
    got = {m[1]: m[2] for m in re.finditer(r"fds \d+ (\S+) (\S+ \S+)$", out, re.M)}
    want = {m[1]: m[2] for m in re.finditer(r"want \d+ (\S+) (\d+ \d+)$", p.stdout, re.M)}
    wrong = ["%s: got %s, expected %s" % (os.path.basename(k), got.get(k), v) for k, v in sorted(want.items()) if got.get(k) != v]
    return wrong if len(want) == 6 else wrong + ["the act failed: %s %s" % (p.stdout, p.stderr)]


def main():
    if "--act" in sys.argv:
        return act(Marks(sys.argv[-1]))
    if os.geteuid():
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory(prefix="saker-fds.") as folder:
        wrong = run(folder)
    print("".join("FAIL %s\n" % w for w in wrong) + "%d passed, %d failed, 0 skipped" % (not wrong, len(wrong)))
    return len(wrong) > 0


sys.exit(main())
