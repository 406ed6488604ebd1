#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stress of forks, execs, opens and sockets, while the sensor is stopped for some seconds: no exec is lost, the
books balance, the alert about pressure fires and ends, and says who is to blame.

usage: pressure.py [BINARY] [--seconds N]    N: of the stress (8)

Last line: 'N passed, N failed, N skipped'."""
import json, os, re, signal, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ARGS = sys.argv[1:]
SECONDS = int(ARGS.pop(ARGS.index("--seconds") + 1)) if "--seconds" in ARGS else 8
ARGS = [a for a in ARGS if a != "--seconds"]
BINARY = os.path.abspath(ARGS[0] if ARGS else os.path.join(TOP, "build", "saker"))
COUNT = {"passed": 0, "failed": 0, "skipped": 0}
STOPPED_S = 3

CONFIG = """stdout_output: {enabled: true}
log_stderr: true
json_output: true
append_output: [{suggested_output: false}]
engine: {kind: modern_ebpf, modern_ebpf: {buf_size_preset: %s}}
kernel_filter: false
pressure: {hold_back: %s}
outputs_queue: {capacity: 0}
metrics: {enabled: true, interval: 1s, output_rule: false, output_file: %s, kernel_event_counters_enabled: true}
"""
# no rule matches what the stress does but for the programs; all of its calls are of interest
RULES = """- rule: program
  desc: a program of the test was started
  condition: evt.type = execve and proc.exepath = %s/true
  output: "%%proc.cmdline"
  priority: INFO
- rule: rest
  desc: whatever else the stress does
  condition: evt.type in (open, openat, read, close, socket, connect, sendto, recvfrom) and proc.name = nobody
  output: "%%evt.type"
  priority: INFO
"""
# three processes without a pause, and one that starts programs with numbers
OPENS = "import os\nwhile True:\n  for i in range(500): os.close(os.open('%s/d/f%%d' %% i, os.O_RDONLY))\n"
READS = "import os\nf = os.open('/dev/zero', os.O_RDONLY)\nwhile True: os.read(f, 16)\n"
SOCKETS = """import socket
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); a.bind(('127.0.0.1', 0))
while True:
  with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as b:
    b.sendto(b'x', a.getsockname()); a.recvfrom(16)
"""
FORKS = """import os, sys, time
top, end, n = sys.argv[1], time.time() + float(sys.argv[2]), 0
while time.time() < end:
  pid = os.fork()
  if not pid: os.execv(top + '/true', ['true', 'n%d' % n])
  os.waitpid(pid, 0)
  n += 1
print(n)
"""


def check(what, ok, why=""):
    COUNT["passed" if ok else "failed"] += 1
    print("%s %s%s" % ("ok  " if ok else "FAIL", what, "" if ok else ": " + str(why)[:3000]))


def folder():
    top = tempfile.mkdtemp(prefix="saker-pressure.")
    os.mkdir(os.path.join(top, "d"))
    for i in range(500):
        open(os.path.join(top, "d", "f%d" % i), "w").close()
    subprocess.check_call(["cp", "/bin/true", os.path.join(top, "true")])
    return top


def run(preset, hold):
    """(programs started, alerts, log, the last metrics)"""
    top = folder()
    config, rules, metrics = (os.path.join(top, n) for n in ("c.yaml", "r.yaml", "metrics"))
    open(config, "w").write(CONFIG % (preset, hold, metrics))
    open(rules, "w").write(RULES % top)
    p = subprocess.Popen([BINARY, "-c", config, "-r", rules], stdout=open(os.path.join(top, "out"), "w"),
                         stderr=open(os.path.join(top, "err"), "w"))
    while "rivileges given up" not in open(os.path.join(top, "err")).read():
        if p.poll() is not None:
            raise RuntimeError("it did not start:\n" + open(os.path.join(top, "err")).read())
        time.sleep(0.05)
    loads = [subprocess.Popen([sys.executable, "-c", t]) for t in (OPENS % top, READS, SOCKETS)]
    forks = subprocess.Popen([sys.executable, "-c", FORKS, top, str(SECONDS)], stdout=subprocess.PIPE, text=True)
    time.sleep(2)
    p.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_S)
    p.send_signal(signal.SIGCONT)
    n = int(forks.communicate()[0])
    for l in loads:
        l.kill()
        l.wait()
    time.sleep(8)
    p.send_signal(signal.SIGTERM)
    status = p.wait(30)
    out, err = (open(os.path.join(top, f)).read() for f in ("out", "err"))
    m = json.loads(open(metrics).read().splitlines()[-1])["output_fields"]
    subprocess.call(["rm", "-rf", top])
    return n, status, [json.loads(l) for l in out.splitlines() if l.startswith("{")], err, m


def books(m):
    bad, held = [], 0
    for k, seen in m.items():
        if not re.fullmatch(r"saker\.syscall\.\w+\.seen", k):
            continue
        parts = [m.get(k[:-4] + x, 0) for x in ("filtered", "delivered", "held", "dropped_buffer", "dropped_scratch")]
        held += parts[2]
        if abs(seen - sum(parts)) > os.cpu_count():
            bad.append((k, seen, parts))
    return bad, held


def judge(what, preset, hold):
    n, status, alerts, err, m = run(preset, hold)
    names = [a["rule"] for a in alerts]
    programs = set(a["output_fields"]["proc.cmdline"] for a in alerts if a["rule"] == "program")
    begins = [a for a in alerts if a["rule"] == "Saker internal: under pressure"]
    ends = [a for a in alerts if a["rule"] == "Saker internal: pressure is over"]
    missing = [i for i in range(n) if "true n%d" % i not in programs]
    bad, held = books(m)
    print("     %s: %d programs; seen %d, held back %d, dropped %d" % (what, n, m["saker.syscalls_seen"], held, m.get("scap.n_drops", 0)))
    check(what + ": it ends well", status == 0, err)
    check(what + ": no exec is lost", n > SECONDS and not missing, "of %d: %s" % (n, missing[:20]))
    check(what + ": the books balance", not bad and m["saker.syscalls_seen"] > 10000, bad)
    check(what + ": the alert fires and ends", begins and len(begins) == len(ends) and names.index(begins[0]["rule"]) <
          len(names) - 1 - names[::-1].index(ends[-1]["rule"]), names[-10:])
    check(what + ": the metrics say that it is over", m.get("saker.pressure.active", 0) == 0 and m.get("saker.pressure.occurrences", 0) == len(begins), m)
    check(what + ": no blindness is reported", not any("is blind" in x for x in names), err)
    return held, m.get("scap.n_drops_buffer_total", 0), ends


def main():
    if os.geteuid() or not os.path.exists("/sys/kernel/btf/vmlinux"):
        print("skip pressure: needs root and a kernel with BTF\n0 passed, 0 failed, 1 skipped")
        return 0
    if tuple(int(x) for x in re.findall(r"\d+", os.uname().release)[:2]) < (6, 2):
        print("skip pressure: nothing is held back before Linux 6.2\n0 passed, 0 failed, 1 skipped")
        return 0
    held, lost, ends = judge("holding back", 4, "true")
    most = ends[-1]["output_fields"]["most"] if ends else ""
    check("holding back: it is done", held > 10000, held)
    check("holding back: it is said who is to blame", re.search(r"\d+ \w+ .*by process \d+", most), most)
    held, lost, ends = judge("not holding back", 4, "false")
    check("not holding back: events are lost instead, and that is told", lost > 1000 and held == 0 and
          ends and int(ends[-1]["output_fields"]["n_lost"]) > 0, (held, lost))
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % COUNT)
    return COUNT["failed"] > 0


sys.exit(main())
