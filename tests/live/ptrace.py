#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ptrace driver on ordinary programs: each runs with and without saker --userspace, as an unprivileged user, and must do
and say the same.  Then what makes a tracer: threads that execute, signals, stopped jobs, debuggers, attaching and letting go.

usage: ptrace.py [BINARY]

Last line: 'N passed, N failed, N skipped'."""
import os, re, shutil, signal, subprocess, sys, tempfile, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
COUNT = {"ok": 0, "FAIL": 0, "skip": 0}
SECONDS = 60
NOBODY = 65534
PY = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
CONFIG = """stdout_output: {enabled: true}
log_stderr: true
log_syslog: false
log_level: info
watch_config_files: false
rule_matching: all
"""
RULES = """- rule: passwd
  desc: the list of users is read
  condition: evt.type in (open, openat) and fd.name = /etc/passwd
  output: "ALERT read by %proc.name"
  priority: WARNING
- rule: start
  desc: a program starts
  condition: evt.type in (execve, execveat)
  output: "ALERT start %proc.name"
  priority: WARNING
"""
SCRIPT = """set -m
printf 'b\\na\\nc\\n' | sort | tr a-c A-C
(sleep 0.2; echo late) &
wait
cat /etc/passwd | grep -c root
f() { trap 'echo trapped' USR1; kill -USR1 $$; }
f
sleep 5 & kill -STOP %1; kill -CONT %1; kill %1; wait %1; echo job $?
x=$(false || echo other); echo "$x" > out; cat < out; exit 42
"""
PYTHON = """import subprocess, threading, os, tempfile
t = [threading.Thread(target=lambda i=i: os.stat('/etc/passwd')) for i in range(20)]
[x.start() for x in t]; [x.join() for x in t]
print(subprocess.run(['sh', '-c', 'echo $0; exit 3'], capture_output=True))
with tempfile.TemporaryDirectory() as d:
    open(d + '/f', 'w').write('x' * 100000)
    print(len(open(d + '/f').read()))
pid = os.fork()
if not pid:
    os._exit(11)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
SERVER = """import http.server, threading, urllib.request, os
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(self.path.encode())
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
threading.Thread(target=s.serve_forever, daemon=True).start()
url = 'http://127.0.0.1:%d/' % s.server_port
got = []
def client(n):
    for i in range(10):
        got.append(urllib.request.urlopen(url + '%d-%d' % (n, i), timeout=30).read().decode())
t = [threading.Thread(target=client, args=(n,)) for n in range(8)]
[x.start() for x in t]; [x.join() for x in t]
print(len(got), sorted(got)[:5])
os._exit(6)
"""
CRASH = """#include <stdio.h>
static int f(int *p) { return *p; }
int main(void) { puts("in"); fflush(stdout); return f(0); }
"""
MODULE = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int sum(const int *p, int n) { int s = 0; for (int i = 0; i < n; i++) s += p[i]; return s; }
"""


def say(word, name, detail=""):
    COUNT[word] += 1
    print("%-4s %s%s" % (word, name, ": " + detail if detail else ""), flush=True)


def check(name, why):
    say("FAIL" if why else "ok", name, why or "")


class Work:
    """A directory that the unprivileged user may write to, with a copy of saker."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="saker-ptrace-")
        self.unprivileged = os.geteuid() == 0
        for name, text in (("c.yaml", CONFIG), ("r.yaml", RULES), ("script", SCRIPT), ("p.py", PYTHON), ("server.py", SERVER),
                           ("crash.c", CRASH), ("module.c", MODULE)):
            with open(self.path(name), "w") as f:
                f.write(text)
        shutil.copy(BINARY, self.path("saker"))
        source = os.path.join(TOP, "tests", "live", "ptrace_target.c")
        subprocess.run(["cc", "-O1", "-g", "-D_GNU_SOURCE", "-o", self.path("target"), source, "-lpthread"], check=True)
        subprocess.run(["cc", "-g", "-o", self.path("crash"), self.path("crash.c")], check=True)
        os.chmod(self.dir, 0o777)

    def path(self, name):
        return os.path.join(self.dir, name)

    def saker(self, *options):
        return [self.path("saker"), "-c", self.path("c.yaml"), "-r", self.path("r.yaml"), "-U", "--userspace"] + list(options)

    def as_user(self, argv, root=False):
        user = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--inh-caps=-all",
                "--ambient-caps=-all", "--bounding-set=-all"]
        return (user if self.unprivileged and not root else []) + argv

    def run(self, argv, traced, root=False):
        argv = self.saker("--") + argv if traced else argv
        try:
            p = subprocess.run(self.as_user(argv, root), cwd=self.dir, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, timeout=SECONDS, env=dict(os.environ, HOME=self.dir, LC_ALL="C"))
        except subprocess.TimeoutExpired as t:
            return None, t.stdout or b"", t.stderr or b""
        return p.returncode, p.stdout, p.stderr

    def start(self, argv, root=False):
        return subprocess.Popen(self.as_user(argv, root), cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                stdin=subprocess.DEVNULL)


def shell_status(rc):
    """saker ends as a shell would tell of its program."""
    return 128 - rc if rc is not None and rc < 0 else rc


def compare(w, name, argv, alert, normal=lambda s: s, root=False):
    """The same output and status; and an alert that shows that it was watched."""
    rc, out, _ = w.run(argv, False, root)
    traced_rc, traced_out, err = w.run(argv, True, root)
    if traced_rc is None:
        return check(name, "does not end within %d s: %r" % (SECONDS, err[-400:]))
    if traced_rc != shell_status(rc):
        return check(name, "status %s, without saker %s: %r" % (traced_rc, rc, err[-600:]))
    if normal(traced_out) != normal(out):
        return check(name, "says %r, without saker %r" % (traced_out[-400:], out[-400:]))
    if b"ALERT " + alert not in err:
        return check(name, "no alert '%s': %r" % (alert.decode(), err[-600:]))
    if b"refused a system call" in err:
        return check(name, "saker's own filter is in the way: %r" % re.findall(rb"refused a system call.*", err))
    check(name, None)


def programs(w):
    compare(w, "compiler", ["gcc", "-O2", "-Wall", "-c", "module.c", "-o", "module.o"], b"start cc1")
    compare(w, "compiler's output", ["sh", "-c", "gcc -O2 -c module.c -o a.o && cksum <a.o"], b"start as")
    compare(w, "shell script with pipes and jobs", ["bash", "script"], b"read by cat", lambda s: re.sub(rb"\[\d+\].*\n", b"", s))
    compare(w, "python", [PY, "p.py"], b"start sh")
    compare(w, "threaded server under load", [PY, "server.py"], b"start python3")
    if shutil.which("gdb"):
        gdb = ["gdb", "-nx", "-batch", "-ex", "run", "-ex", "bt", "-ex", "info threads", "./crash"]
        pids = lambda s: re.sub(rb"(LWP|process) \d+|0x[0-9a-f]+", b"N", s)
        compare(w, "gdb", gdb, b"start gdb", pids)
        if w.unprivileged:
            compare(w, "gdb as root", gdb, b"start gdb", pids, root=True)
    else:
        say("skip", "gdb", "not installed")


def tracing(w):
    target = w.path("target")
    for task, alert in (("exec-in-thread", b"start target"), ("signals", b"start target"), ("job-control", b"start target"),
                        ("many", b"start target"), ("tracer", b"start target"), ("attacher", b"start target")):
        compare(w, task, [target, task], alert)
    compare(w, "killed by a signal", ["sh", "-c", "kill -SEGV $$"], b"start sh")
    compare(w, "no such command in a shell", ["sh", "-c", "none-such"], b"start sh")
    if shutil.which("strace"):
        compare(w, "strace", ["strace", "-f", "-o", "trace.out", "sh", "-c", "ls /etc/passwd | cat"], b"start strace")
    rc, _, err = w.run(["/no/such/program"], True)
    check("a program that is not there", not rc and "status %s" % rc or b"/no/such/program: No such file" not in err and repr(err[-300:]))


def until(p, text, seconds=20):
    got = b""
    os.set_blocking(p.fileno(), False)
    end = time.time() + seconds
    while time.time() < end:
        got += p.read() or b""
        if text in got:
            return got
        time.sleep(0.02)
    return None


def tracer_of(pid):
    try:
        with open("/proc/%d/status" % pid) as f:
            return int(re.search(r"TracerPid:\s+(\d+)", f.read())[1])
    except OSError:
        return -1


def forwarding(w):
    """SIGTERM to saker is for the program, whose status becomes saker's."""
    p = w.start(w.saker("--", w.path("target"), "run"))
    if not until(p.stdout, b"ready"):
        p.kill()
        return check("SIGTERM is sent on", "does not start: %r" % p.stderr.read()[-300:])
    p.send_signal(signal.SIGTERM)
    try:
        rc = p.wait(20)
    except subprocess.TimeoutExpired:
        p.kill()
        rc = None
    check("SIGTERM is sent on", rc != 5 and "status %s" % rc)


def entry_point(w):
    """Process 1 of a container without privileges: it starts the program, reaps orphans, hands on signals and the status."""
    name = "entry point of a container"
    script = """( (sleep 0.2; cat /etc/passwd >/dev/null; exit 3) & )
sleep 1
echo zombies $(cat /proc/[0-9]*/stat | grep -c ' Z ')
trap 'exit 7' TERM
echo ready; while :; do sleep 0.05; done"""
    # the namespace is made by root, who gives everything up before saker starts
    ns = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    p = subprocess.Popen(ns + w.as_user(w.saker("--", "sh", "-c", script)), cwd=w.dir, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = until(p.stdout, b"ready")
    if not said:
        p.kill()
        return check(name, "does not start: %r" % p.stderr.read()[-300:])
    with open("/proc/%d/task/%d/children" % (p.pid, p.pid)) as f:
        os.kill(int(f.read().split()[0]), signal.SIGTERM)
    out, err = p.communicate(timeout=20)
    check(name, p.returncode != 7 and "status %s: %r" % (p.returncode, err[-300:]) or
          b"zombies 0" not in said and "orphans are not reaped: %r" % said or
          b"ALERT read by cat" not in said + out + err and "no alert: %r" % err[-300:])


def attaching(w):
    """All threads are watched; let go, they run as before."""
    t = w.start([w.path("target"), "run"])
    until(t.stdout, b"ready")
    p = w.start(w.saker("--pid", str(t.pid)))
    why = None
    if not until(p.stdout, b"ALERT read by target"):
        why = "no alert"
    traced = [tracer_of(int(n)) for n in os.listdir("/proc/%d/task" % t.pid)]
    if not why and set(traced) != {p.pid}:
        why = "not all threads are traced: %s" % traced
    p.send_signal(signal.SIGTERM)
    try:
        p.wait(20)
    except subprocess.TimeoutExpired:
        p.kill()
        why = why or "saker does not end"
    traced = [tracer_of(int(n)) for n in os.listdir("/proc/%d/task" % t.pid)]
    if not why and set(traced) != {0}:
        why = "still traced: %s" % traced
    check("attach to a process with threads, and detach", why)
    t.send_signal(signal.SIGTERM)
    try:
        rc = t.wait(20)
    except subprocess.TimeoutExpired:
        t.kill()
        rc = None
    check("the process goes on untouched", rc != 5 and "status %s" % rc)


def refusals(w):
    p = subprocess.Popen(["true"])
    p.wait()
    for name, argv, text in (
            ("a target that is gone", w.saker("--pid", str(p.pid)), b"no such process"),
            ("another user's process", w.saker("--pid", "1"), b"not permitted"),
            ("not a number", w.saker("--pid", "x"), b"not a list of process numbers"),
            ("nothing to trace", w.saker(), b"needs a program to start")):
        if name.startswith("another") and not w.unprivileged:
            continue
        r = subprocess.run(w.as_user(argv), stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
        check(name, r.returncode == 0 and "status 0" or text not in r.stderr and repr(r.stderr[-400:]))


def dying(w):
    """Processes that end while they are attached to do no harm."""
    hung = None
    for _ in range(20):
        t = w.start(["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do true & done; /bin/true"])
        p = w.start(w.saker("--pid", str(t.pid)))
        try:
            p.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            p.kill()
            hung = "saker does not end"
        t.communicate(timeout=20)
    check("targets that die while being attached", hung)


def main():
    if not os.path.exists(BINARY) or not shutil.which("cc"):
        print("skip ptrace: needs %s and a compiler" % BINARY)
        print("0 passed, 0 failed, 1 skipped")
        return 77
    w = Work()
    try:
        for step in (programs, tracing, forwarding, attaching, refusals, dying):
            step(w)
        if w.unprivileged:
            entry_point(w)
        else:
            say("skip", "entry point of a container", "only root can make its namespace here")
    finally:
        shutil.rmtree(w.dir, ignore_errors=True)
    print("%d passed, %d failed, %d skipped" % (COUNT["ok"], COUNT["FAIL"], COUNT["skip"]))
    return 1 if COUNT["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
