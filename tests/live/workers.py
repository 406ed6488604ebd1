#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several workers on the live kernel: the attacks alert as with one, the counters balance, what changes a process reaches all.

usage: workers.py [BINARY]

Last line: 'N passed, N failed, N skipped'."""
import json, os, re, signal, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
COUNT = {"passed": 0, "failed": 0, "skipped": 0}
SLACK = 0.02		# of events: some come while the program ends

CONFIG = """stdout_output: {enabled: true}
log_stderr: true
log_syslog: false
log_level: info
watch_config_files: false
append_output: [{suggested_output: false}]
engine: {kind: modern_ebpf}
"""
ROUNDS = 15
# %s: a folder of the test's own
RULES = """- rule: file
  desc: a file of the test was opened
  condition: evt.type in (open, openat) and fd.name startswith %s/f
  output: "%%evt.num %%evt.rawtime %%proc.pid file %%fd.name by %%proc.exepath of %%proc.pname in %%proc.cwd"
  priority: INFO
- rule: program
  desc: a program of the test was started
  condition: evt.type = execve and proc.exepath startswith %s/
  output: "%%evt.num %%evt.rawtime %%proc.pid program %%proc.cmdline of %%proc.pname in %%proc.cwd"
  priority: INFO
"""
# Each round: a directory change that the child inherits, an exec, two opens by a relative path.
LOAD = """
import os, sys
top, n = sys.argv[1], int(sys.argv[2])
for i in range(n):
    d = "%s/d%d" % (top, i % 7)
    pid = os.fork()
    if not pid:
        os.chdir(d)
        if not os.fork():
            open("../f%d" % i, "w").close()
            os.execv(top + "/cat", ["cat", "../f%d" % i])
        os.wait()
        os._exit(0)
    os.waitpid(pid, 0)
"""


def check(what, ok, why=""):
    COUNT["passed" if ok else "failed"] += 1
    print("%s %s%s" % ("ok  " if ok else "FAIL", what, "" if ok else ": " + why))


class Sensor:
    def __init__(self, top, options):
        for name, text in (("c.yaml", CONFIG), ("r.yaml", RULES % (top, top))):
            with open(os.path.join(top, name), "w") as f:
                f.write(text)
        argv = [BINARY, "-c", os.path.join(top, "c.yaml"), "-r", os.path.join(top, "r.yaml"), "-v"]
        self.p = subprocess.Popen(argv + [x for o in options for x in ("-o", o)], stdout=open(os.path.join(top, "out"), "w"),
                                  stderr=subprocess.PIPE, text=True)
        self.top, self.err, self.ready = top, [], threading.Event()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        if not self.ready.wait(30):
            raise RuntimeError("it did not start:\n" + "".join(self.err))

    def read(self):
        for line in self.p.stderr:
            self.err.append(line)
            if "rivileges given up" in line:
                self.ready.set()

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        status = self.p.wait(30)
        self.reader.join()
        return status, open(os.path.join(self.top, "out")).read(), "".join(self.err)


def folder():
    top = tempfile.mkdtemp(prefix="saker-workers.")
    for i in range(7):
        os.mkdir(os.path.join(top, "d%d" % i))
    subprocess.check_call(["cp", "/bin/cat", os.path.join(top, "cat")])
    return top


def load(top, n, parallel):
    ps = [subprocess.Popen([sys.executable, "-c", LOAD, top, str(n)]) for _ in range(parallel)]
    for p in ps:
        p.wait()


def seen(options, rounds=ROUNDS, parallel=2):
    """Alerts without numbers of processes; and everything else the run said."""
    top = folder()
    s = Sensor(top, options)
    time.sleep(0.3)
    load(top, rounds, parallel)
    time.sleep(0.5)
    status, out, err = s.stop()
    subprocess.call(["rm", "-rf", top])
    alerts = re.findall(r"^\S+ Informational (\d+) (\d+) (\d+) (.*)$", out, re.M)
    return status, [(int(a), int(b), int(c), d.replace(top, "TOP")) for a, b, c, d in alerts], err


def stress(options, pauses=0):
    """Opens without a pause beside the load; at times nobody reads."""
    top = folder()
    s = Sensor(top, options + ["kernel_filter=false"])
    loops = [subprocess.Popen([sys.executable, "-c", "while True: open('/etc/passwd').close()"]) for _ in range(3)]
    for _ in range(pauses):
        s.p.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        s.p.send_signal(signal.SIGCONT)
        time.sleep(0.3)
    load(top, 50, 2)
    for p in loops:
        p.kill()
        p.wait()
    time.sleep(0.5)
    status, out, err = s.stop()
    subprocess.call(["rm", "-rf", top])
    check("no blindness is reported", "is blind" not in out + err, err)
    return out.count(" program cat "), err


def number(pattern, text):
    m = re.search(pattern, text)
    return int(m.group(1)) if m else 0


def balance(err, workers):
    m = re.search(r"Events seen by the driver: (\d+), delivered: (\d+), filtered: (\d+), dropped: (\d+)", err)
    if not m:
        return "no summary:\n" + err
    n, delivered, filtered, dropped = map(int, m.groups())
    held = number(r"held back under pressure, because one like each was delivered: (\d+)", err)
    if abs(n - delivered - filtered - held - dropped) > 8:	# one may be under way on each CPU
        return "%d seen, but %d delivered, %d filtered, %d held back, %d dropped" % (n, delivered, filtered, held, dropped)
    own = [int(x) for x in re.findall(r"Worker \d+: events of its own processes: (\d+)", err)]
    if len(own) != workers:
        return "%d workers, not %d:\n%s" % (len(own), workers, err)
    if not delivered * (1 - SLACK) <= sum(own) <= delivered:
        return "%d delivered, but the workers had %d: %s" % (delivered, sum(own), own)
    if min(own) < delivered / workers / 20:
        return "the work is not divided: %s" % own
    lost = number(r"that a worker did not get to know: (\d+)", err)
    return "%d changes of processes lost" % lost if lost else ""


def metrics():
    """One report, and one heartbeat, for all workers."""
    top = folder()
    path = os.path.join(top, "metrics")
    s = Sensor(top, ["workers=3", "kernel_filter=false", "metrics.enabled=true", "metrics.interval=1s", "metrics.output_file=" + path,
                     "metrics.output_rule=false"])
    time.sleep(0.3)
    load(top, 20, 2)
    time.sleep(2.5)
    s.stop()
    last = json.loads(open(path).read().splitlines()[-1])["output_fields"]
    subprocess.call(["rm", "-rf", top])
    check("metrics: all workers are in them", last["saker.workers"] == 3, str(last["saker.workers"]))
    n, sent = last["falco.num_evts"], last["scap.n_evts"]
    check("metrics: the workers' events are the driver's", sent > 500 and sent * 0.98 <= n <= sent, "%d of %d" % (n, sent))
    check("metrics: the heartbeat is seen once", 1 <= last["saker.heartbeat.beats"] <= 8 and not last["saker.blind"],
          "%s beats" % last["saker.heartbeat.beats"])


def main():
    if os.geteuid() or not os.path.exists("/sys/kernel/btf/vmlinux"):
        print("skip workers: needs root and a kernel with BTF\n0 passed, 0 failed, 1 skipped")
        return 0
    _, one, _ = seen(["workers=1"])
    want = sorted(a[3] for a in one)
    check("one worker sees all of it", len(want) == 2 * ROUNDS * 3, "%d alerts: %s" % (len(want), want[:4]))
    for n, more in ((2, []), (4, ["workers_ordered=true"]), (3, ["engine.modern_ebpf.cpus_for_each_buffer=1"]),
                    (2, ["engine.modern_ebpf.cpus_for_each_buffer=0", "engine.modern_ebpf.attach=sys_exit"])):
        what = " ".join(["%d workers" % n] + more)
        status, alerts, err = seen(["workers=%d" % n] + more)
        got = sorted(a[3] for a in alerts)
        check(what + ": the same alerts", got == want, "%d instead of %d; first other: %s" % (
            len(got), len(want), [p for p in zip(got, want) if p[0] != p[1]][:1]))
        check(what + ": it ends well", status == 0, "status %d:\n%s" % (status, err))
        check(what + ": numbers of events differ", len(set(a[0] for a in alerts)) == len(alerts))
        for pid in set(a[2] for a in alerts):
            times = [a[1] for a in alerts if a[2] == pid]
            if times != sorted(times):
                check(what + ": order within a process", False, "process %d: %s" % (pid, times))
        if "workers_ordered=true" in more:
            times = [a[1] for a in alerts]
            check(what + ": order of time", times == sorted(times))
        why = balance(err, n)
        check(what + ": the counters balance", not why, why)
    metrics()
    n, err = stress(["workers=2"])
    why = balance(err, 2)
    check("stress: the counters balance", not why, why)
    check("stress: no exec is lost", n == 100, "%d instead of 100" % n)
    n, err = stress(["workers=2", "engine.modern_ebpf.buf_size_preset=auto"], 6)
    why = balance(err, 2)
    check("rings that grow: the counters balance", not why, why)
    check("rings that grow: no exec is lost", n == 100, "%d instead of 100" % n)
    check("rings that grow: they grow", number(r"(\d+) were replaced by larger ones", err) > 0, err)
    check("rings that grow: nothing is refused", "could not grow" not in err and "made no larger" not in err, err)
    n, err = stress(["engine.modern_ebpf.buf_size_preset=auto", "engine.modern_ebpf.buf_memory_max=2"], 6)
    check("a small budget: it is kept", number(r"Ring buffers: (\d+) KiB", err) <= 2048, err)
    check("a small budget: it is told", number(r"could not grow within buf_memory_max: (\d+)", err) > 0, err)
    p = subprocess.run([os.path.join(TOP, "tests", "live", "rules.py"), BINARY, "--option", "workers=4"], capture_output=True, text=True)
    last = p.stdout.strip().splitlines()[-1]
    check("the attacks with 4 workers (%s)" % last, p.returncode == 0, p.stdout[-3000:])
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % COUNT)
    return COUNT["failed"] > 0


sys.exit(main())
