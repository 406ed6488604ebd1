# SPDX-License-Identifier: Apache-2.0
"""how the cost of an event grows with rules, with processes, and what workers share

Instructions in user space (callgrind) of an event, the start left out; and CPU time, which also knows of the cache, beside it."""
import json, os, random, sys
import measure as m, sensor

sys.path.insert(0, os.path.join(sensor.TOP, "tools"))
import mkscap

RULES, PROCESSES, WORKERS = (1, 10, 93, 1000), (100, 10000, 100000), (1, 2, 8)
PAIRS = 100000		# of openat and close, in a capture of many processes
FDS = 3			# that each process has at the beginning

# Conditions of generated rules: @ is a number, so no two are the same.
FORMS = [
    "evt.type in (open, openat, openat2) and proc.name = prog@",
    "evt.type in (open, openat, openat2) and fd.name startswith /srv/dir@/",
    "evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.name in (/etc/a@.conf, /etc/b@.conf)",
    "evt.type in (open, openat, openat2) and fd.name endswith .ext@",
    "evt.type in (open, openat, openat2) and (fd.directory = /var/lib/app@ or fd.name contains /cache@/) and not proc.name in (cp, mv)",
    "evt.type in (open, openat, openat2) and fd.name glob /home/*/work@/*.key and user.uid != 0",
    "evt.type in (execve, execveat) and proc.exepath = /usr/local/bin/tool@ and proc.pname != cron",
    "evt.type in (execve, execveat) and proc.cmdline contains \"--option@=\"",
    "evt.type = connect and fd.sport = @ and not proc.name in (curl, wget)",
    "evt.type in (open, openat, openat2) and fd.name regex '/data/x@/[a-z]+'",
]


def made_rules(n):
    rule = "- rule: r%d\n  desc: d\n  condition: >\n    %s\n  output: x\n  priority: INFO\n"
    return m.write("made-%d.yaml" % n, "".join(rule % (i, FORMS[i % len(FORMS)].replace("@", str(i))) for i in range(n)))


def made_capture(processes, pairs):
    """So many processes, each with a few files; then files opened and closed by any of them."""
    s, r, ts = mkscap.Scap(), random.Random(processes), 1700000000 * 10**9
    s.machine(cpus=2)
    s.user()
    s.thread(1, comm="init", exe="/sbin/init")
    for tid in range(2, processes + 1):
        s.thread(tid, ptid=r.randint(1, tid - 1), comm="prog%d" % (tid % 500), exe="/usr/bin/prog%d" % (tid % 500), args="--number=%d" % tid,
                 exepath="/usr/bin/prog%d" % (tid % 500), cwd="/srv/%d" % (tid % 50), env="HOME=/root LANG=C", cgroups="cpu=/a memory=/a")
    for tid in range(1, processes + 1):
        for fd in range(FDS):
            s.fd(tid, fd, 16, name="/var/log/%d" % fd)
    for i in range(pairs):
        who = dict(tid=r.randint(1, processes), ts=ts + i * 2000)
        s.event("SYSCALL_OPENAT_2_X", fd=9, dirfd=-100, name="/usr/lib/file%d" % (i % 1000), flags=1, mode=0, dev=1, ino=i, **who)
        s.event("SYSCALL_CLOSE_X", res=0, fd=9, **dict(who, ts=who["ts"] + 1000))
    return m.write("made-%d-%d.scap" % (processes, pairs), s.bytes())


def cost(capture, rules, empty):
    """Instructions and CPU ns of an event."""
    seconds = m.median(m.replay_seconds(capture, rules, empty)[0])
    return {"instructions": m.replay_cost(capture, rules, empty), "ns": seconds * 1e9 / m.event_count(capture)}


def by_rules():
    for n in RULES:
        rules = (made_rules(n),)
        load = m.instructions(m.replay_argv(m.EMPTY, rules))
        yield dict({"rules": n}, **cost(m.recorded("mixed"), rules, m.EMPTY), load_instructions=sum(load),
                   load_s=m.median(m.replay_seconds(m.recorded("mixed"), rules)[1:]))


def by_processes():
    for n in PROCESSES:
        yield dict({"processes": n}, **cost(made_capture(n, PAIRS), "all", made_capture(n, 1)))


def by_workers():
    """What the busiest worker executes is what bounds the time when there are CPUs enough."""
    full, bare = made_capture(PROCESSES[0], PAIRS), made_capture(PROCESSES[0], 1)
    events = m.event_count(full)
    for n in WORKERS:
        a, b = (m.instructions(m.replay_argv(c, "all", "workers=%d" % n)) for c in (full, bare))
        yield {"workers": n, "instructions": (sum(a) - sum(b)) / events, "busiest": (a[0] - b[0]) / events}


TABLES = [
    ("rules", "instructions of an event of recorded/mixed, made-up rules; to load them: instructions, CPU s", by_rules),
    ("processes", "of an event, openat and close by any of the processes, all rules", by_processes),
    ("workers", "instructions of an event, openat and close by any of 100 processes, all rules: of all workers, of the busiest one", by_workers),
]


def show(as_json):
    for name, what, rows in TABLES:
        if not as_json:
            print("\n%s: %s" % (name, what))
        try:
            for i, row in enumerate(rows()):
                if as_json:
                    print(json.dumps(dict(row, name="growth-" + name)), flush=True)
                    continue
                if not i:
                    print(" ".join("%18s" % key for key in row))
                print(" ".join("%18s" % ("%.3f" % v if key == "load_s" else "%.0f" % v) for key, v in row.items()), flush=True)
        except m.Unmeasured as e:
            print(json.dumps({"name": "growth-" + name, "note": str(e)}) if as_json else "not measured: %s" % e)
