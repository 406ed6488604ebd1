#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A fork bomb, hundreds of thousands of descriptors and thousands of short processes do not make the sensor grow; what it had
to forget comes back when an event needs it.

usage: memory.py [BINARY]      BUILD=build.  Needs root.  Last line: 'N passed, N failed, N skipped'."""
import glob, json, os, re, signal, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
CROWD = os.path.join(os.path.dirname(BINARY), "vm", "crowd")
COUNT = {"ok": 0, "FAIL": 0}
ROUNDS, BURSTS, BURST, OWNERS, FDS_EACH, SHORT = 5, 8, 500, 50, 4100, 600
# Room for what runs already, and for a part of a burst.
THREADS = min(len(glob.glob("/proc/[0-9]*/task/*")) * 900 + (32 << 10), 1792 << 10)
TABLES = {"threads": THREADS, "fds": 768 << 10, "users": 128 << 10, "alerts": 256 << 10}
WHOLE = 3 << 20
RULES = """- rule: marked
  desc: d
  condition: evt.type in (open, openat) and evt.arg.name startswith %s
  output: mark %%evt.arg.name of %%proc.name %%proc.pid under %%proc.pname %%proc.ppid with %%proc.fdopencount
  priority: INFO
- rule: executed
  desc: d
  condition: evt.type = execve and proc.args startswith saker-memory-
  output: exec %%proc.args of %%proc.pname %%proc.ppid
  priority: INFO
"""
CONFIG = """stdout_output: {enabled: true}
log_stderr: true
log_syslog: false
log_level: info
top: {socket: %(dir)s/top.sock}
metrics: {enabled: true, interval: 1s, output_file: %(dir)s/metrics.jsonl, convert_memory_to_mb: false, include_empty_values: true}
memory: {max: 3M, tables: {threads: %(threads)d, fds: 768K, users: 128K, alerts: 256K}}
"""
# Does nothing until it is told to open a file.
SLEEPER = "import os, sys\nfor line in sys.stdin:\n open(line.strip(), 'w').close()\n print('done', flush=True)\n"


def check(name, ok, detail=""):
    COUNT["ok" if ok else "FAIL"] += 1
    print("%-4s %s%s" % ("ok" if ok else "FAIL", name, "" if ok else ": " + str(detail)[-800:]), flush=True)


class Sensor:
    def __init__(self, folder):
        self.folder = folder
        for name, text in (("c.yaml", CONFIG % {"dir": folder, "threads": THREADS}), ("r.yaml", RULES % (folder + "/mark-"))):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        self.p = subprocess.Popen([BINARY, "-c", folder + "/c.yaml", "-r", folder + "/r.yaml", "-U"],
                                  stdout=open(folder + "/out", "w"), stderr=open(folder + "/err", "w"))
        end = time.monotonic() + 30
        while time.monotonic() < end and "Privileges given up" not in self.read("err") and self.p.poll() is None:
            time.sleep(0.1)
        self.peak, self.ended = 0, False
        self.watcher = threading.Thread(target=self.watch)
        self.watcher.start()

    def read(self, name):
        return open(os.path.join(self.folder, name)).read()

    def anon(self):
        """Resident memory of its own, rings and files not counted, in KiB."""
        return int(re.search(r"RssAnon:\s+(\d+)", open("/proc/%d/status" % self.p.pid).read())[1])

    def watch(self):
        while not self.ended:
            self.peak = max(self.peak, self.anon())
            time.sleep(0.02)

    def settle(self):
        """Until it has caught up: a mark of our own comes back."""
        path = os.path.join(self.folder, "mark-%d" % time.monotonic_ns())
        open(path, "w").close()
        end = time.monotonic() + 20
        while path not in self.read("out") and time.monotonic() < end:
            time.sleep(0.05)
        return path in self.read("out")

    def metrics(self):
        return [json.loads(line)["output_fields"] for line in self.read("metrics.jsonl").splitlines()]

    def stop(self):
        self.ended = True
        self.watcher.join()
        self.p.send_signal(signal.SIGINT)
        return self.p.wait(60)


def load(i):
    fds = FDS_EACH if i % 2 == 0 else FDS_EACH // 10
    loads = [subprocess.Popen([CROWD] + [str(a) for a in argv])
             for argv in (["bomb", BURSTS, BURST], ["fds", OWNERS, fds], ["short", SHORT])]
    if any([p.wait() for p in loads]):
        raise SystemExit("FAIL the load does not work")


def forgotten_thread(s, sleeper, i):
    """The sleeper, of which nothing was heard while thousands came and went."""
    path = os.path.join(s.folder, "mark-sleeper-%d" % i)
    sleeper.stdin.write((path + "\n").encode())
    sleeper.stdin.flush()
    sleeper.stdout.readline()
    s.settle()
    return re.search(r"mark %s of (\S+) (\d+) under (\S+) (\d+) with (\d+)" % re.escape(path), s.read("out"))


def own_name(pid):
    return open("/proc/%d/comm" % pid).read().strip()


def run(folder):
    sleeper = subprocess.Popen([sys.executable, "-S", "-c", SLEEPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    s = Sensor(folder)
    s.settle()
    idle, after, sleepers = s.anon(), [], []
    s.peak = 0
    for i in range(ROUNDS):
        load(i)
        if not s.settle():
            check("round %d: it keeps up" % (i + 1), False, s.read("err"))
        after.append(s.anon())
        sleepers.append(forgotten_thread(s, sleeper, i))
        subprocess.run(["/bin/true", "saker-memory-%d" % i])
    s.settle()
    time.sleep(1.2)
    m = s.metrics()
    print("     own resident memory in KiB: idle %d, after each round %s, peak %d" % (idle, after, s.peak))
    check("flat from the second round on", max(after[1:]) - after[1] < 512, after)
    check("the peak is what it had and memory.max", s.peak - idle < (WHOLE >> 10) + 1024, (idle, s.peak))
    for table, limit in TABLES.items():
        sizes = [x["saker.tables.%s.memory_bytes" % table] for x in m]
        check("%s: never more than its share" % table, 0 <= max(sizes) <= limit, max(sizes))
    last = {k: m[-1]["saker.tables.%s" % k] for k in ("threads.evictions", "threads.recreations", "threads.refused", "fds.evictions")}
    print("     %s; drops: %s" % (last, m[-1].get("scap.n_drops")))
    check("evictions are counted", last["threads.evictions"] > 0 and last["fds.evictions"] > 100000, last)
    check("what is needed comes back", last["threads.recreations"] > 0, last)
    check("nothing is refused since the start", last["threads.refused"] == m[0]["saker.tables.threads.refused"], last)
    want = (own_name(sleeper.pid), str(sleeper.pid), own_name(os.getpid()), str(os.getpid()))
    check("a forgotten process is known again, with its parent", all(x and x.groups()[:4] == want for x in sleepers), (want, sleepers))
    execs = re.findall(r"exec saker-memory-(\d) of (\S+) (\d+)", s.read("out"))
    check("programs and their parents are right", [int(e[0]) for e in execs] == list(range(ROUNDS)) and
          all(e[1:] == want[2:] for e in execs), execs)
    sleeper.stdin.close()
    sleeper.wait()
    check("it ends well", s.stop() == 0, s.read("err"))


def main():
    if os.geteuid():
        print("skip needs root\n0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory(prefix="saker-memory.") as folder:
        run(folder)
    print("%d passed, %d failed, 0 skipped" % (COUNT["ok"], COUNT["FAIL"]))
    return COUNT["FAIL"] > 0


if __name__ == "__main__":
    sys.exit(main())
