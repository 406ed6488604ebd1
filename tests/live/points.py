#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules on signals, task switches and page faults: they alert live, and their tracepoints are taken only while a rule wants them.

usage: points.py [BINARY]

modern_ebpf, then ptrace, which has signals only.  Needs root.  Last line: 'N passed, N failed, N skipped'."""
import os, queue, re, shutil, signal, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
COUNT = {"passed": 0, "failed": 0, "skipped": 0}
CONFIG = """rules_files: [%s]
stdout_output: {enabled: true}
log_stderr: true
log_syslog: false
log_level: info
watch_config_files: false
webserver: {enabled: false}
engine: {kind: %s}
"""
RULE = "- rule: %s\n  desc: d\n  condition: %s and proc.name=%s\n  output: \"ALERT %s %%evt.rawarg.%s %%proc.pid\"\n  priority: WARNING\n"
NAME = "saker-points"
# name: (condition, parameter, tracepoints)
RULES = {
    "usr1": ("evt.type=signaldeliver and evt.arg.sig=SIGUSR1", "spid", {"signal_deliver"}),
    "usr2": ("evt.type=signaldeliver and evt.arg.sig=SIGUSR2", "spid", {"signal_deliver"}),
    "chld": ("evt.type=signaldeliver and evt.arg.sig=SIGCHLD", "spid", {"signal_deliver"}),
    "switch": ("evt.type=switch", "next", {"sched_switch"}),
    "fault": ("evt.type=page_fault and evt.arg.error contains WRITE_ACCESS", "error", {"page_fault_user", "page_fault_kernel"}),
    "mkdir": ("evt.type=mkdir", "mode", set()),
}
POINTS = set.union(*(r[2] for r in RULES.values()))
# Those that are ignored come first: had they been told, that would show before the others.
ACT = """import os, signal, time
signal.signal(signal.SIGUSR2, signal.SIG_IGN)
signal.signal(signal.SIGUSR1, lambda *a: None)
os.kill(os.getpid(), signal.SIGUSR2)
if not os.fork():
    os._exit(0)
os.wait()
time.sleep(0.01)
b = bytearray(1 << 22)
os.kill(os.getpid(), signal.SIGUSR1)
"""


def check(name, why):
    COUNT["failed" if why else "passed"] += 1
    print("%s %s%s" % ("FAIL" if why else "ok  ", name, ": " + why if why else ""), flush=True)


def rules_of(names):
    return "".join(RULE % (n, RULES[n][0], NAME, n, RULES[n][1]) for n in names)


class Sensor:
    def __init__(self, d, kind, names, *program):
        self.dir, self.lines = d, queue.Queue()
        self.write(names)
        with open(d + "/c.yaml", "w") as f:
            f.write(CONFIG % (d + "/r.yaml", kind))
        self.p = subprocess.Popen([BINARY, "-c", d + "/c.yaml", "-U"] + list(program), stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        threading.Thread(target=lambda: [self.lines.put(l) for l in self.p.stdout] + [self.lines.put("")], daemon=True).start()

    def write(self, names):
        with open(self.dir + "/r.yaml", "w") as f:
            f.write(rules_of(names))

    def until(self, pattern, seconds=60):
        """The lines up to one that matches; the last is None when none did."""
        got, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                break
            if not line:
                break
            got.append(line.rstrip())
            if re.search(pattern, line):
                return got
        return got + [None]

    def points(self, any_point=False):
        """The tracepoints of these events, or all, at which a program of the sensor sits."""
        found = set()
        for fd in os.listdir("/proc/%d/fdinfo" % self.p.pid):
            try:
                with open("/proc/%d/fdinfo/%s" % (self.p.pid, fd)) as f:
                    found |= set(re.findall(r"^tp_name:\s+(\w+)", f.read(), re.M))
            except OSError:
                pass
        return found if any_point else found & POINTS

    def end(self):
        self.p.terminate()
        return self.p.wait(20)


def act(d):
    p = subprocess.Popen([d + "/" + NAME, "-c", ACT], stdin=subprocess.DEVNULL)
    p.wait(30)
    return p.pid


def alerts(lines, rule, pid=None):
    return [m.group(1) for l in lines if l for m in [re.search(r"ALERT %s (\S+) (\S+)$" % rule, l)]
            if m and (pid is None or m.group(2) == str(pid))]


def ebpf(d):
    """Each of these with a sensor of its own."""
    if os.geteuid() != 0 or not os.path.exists("/sys/kernel/btf/vmlinux"):
        COUNT["skipped"] += 1
        return print("skip modern_ebpf: needs root and BTF")
    for names in (["usr1", "usr2"], ["switch"], ["fault"], ["mkdir"]):
        what = "modern_ebpf, " + ", ".join(names)
        s = Sensor(d, "modern_ebpf", names)
        if s.until(r"\bready in\b")[-1] is None:
            return check(what, "does not start")
        points = set.union(*(RULES[n][2] for n in names))
        # newer kernels tell what a descriptor is attached to
        if s.points(any_point=True):
            got = s.points()
            check("%s: at %s" % (what, " and ".join(sorted(points)) or "no tracepoint"), None if got == points else str(sorted(got)))
        pid = act(d)
        end = {"usr1": r"ALERT usr1 .* %d$" % pid, "switch": r"ALERT switch .* %d$" % pid, "fault": r"ALERT fault .* %d$" % pid}.get(names[0])
        lines = s.until(end) if end else []
        if end:
            check("%s: %s alerts" % (what, names[0]), None if lines[-1] else str(lines[-3:]))
        if "usr2" in names:
            check(what + ": the sender is told", None if alerts(lines, "usr1", pid) == [str(pid)] else str(lines[-3:]))
            check(what + ": an ignored signal is not delivered", None if not alerts(lines, "usr2", pid) else str(lines[-3:]))
        check(what + ": it ends well", None if s.end() == 0 else "status %d" % s.p.returncode)


def ptrace(d):
    s = Sensor(d, "ptrace", ["usr1", "usr2", "chld", "switch"], "--userspace", "--", d + "/" + NAME, "-c", ACT)
    lines = s.until(r"no such line")
    told = [l for l in lines if l and "driver delivers no" in l]
    check("ptrace says what it does not see", None if len(told) == 1 and
          told[0].endswith('The ptrace driver delivers no switch events: they never reach the rules that name them: "switch"') else str(told))
    check("ptrace: the signal's rule alerts, once", None if len(alerts(lines, "usr1")) == 1 else str(lines[-5:]))
    check("ptrace: ignored signals are not delivered", None if not alerts(lines, "usr2") + alerts(lines, "chld") else str(lines[-5:]))
    s.p.wait(20)


def main():
    with tempfile.TemporaryDirectory(prefix="saker-points.") as d:
        os.symlink(os.path.realpath(sys.executable), d + "/" + NAME)
        shutil.copy(os.path.realpath(sys.executable), d + "/copy")
        os.remove(d + "/" + NAME)
        os.rename(d + "/copy", d + "/" + NAME)
        os.environ["PYTHONHOME"] = sys.base_prefix
        ebpf(d)
        ptrace(d)
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % COUNT)
    return COUNT["failed"] > 0


sys.exit(main())
