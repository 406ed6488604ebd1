# SPDX-License-Identifier: Apache-2.0
"""The measurements behind the rows of bench/run.  What several rows need is measured once and kept.

Live: rounds of the same work without saker and with it, A B A B A; what is added is what a round with it took more than
the two beside it.  Replay: the CPU time, or the instructions (callgrind), of a run less those of a run over a capture
without events."""
import functools, glob, gzip, os, re, shutil, signal, subprocess, tempfile, time
from statistics import median
import sensor

ROUNDS, SECONDS, BEST = 5, 1.0, False	# bench/run sets them
NOISE = 0.05				# of the base: from here on it is said
PAUSE_S = 0.3				# until what starting or stopping it stirred up has settled
TMP = tempfile.TemporaryDirectory(prefix="saker-figures.")
EMPTY = sensor.KIT + "/captures/empty.scap"


class Unmeasured(Exception):
    """Why a figure is not to be had here."""


class Figure:
    """Values of the rounds, in the unit of the row; base: what the same took without saker; note: what else was seen."""

    def __init__(self, values, base=None, note=""):
        self.values, self.base, self.note = sorted(values), base, note
        self.value = median(values)


# ---- loops and other work beside a live sensor -----------------------------------------------------

def start_loop(name, rate=0):
    return subprocess.Popen([os.path.join(sensor.BUILD, "bench/loops"), name, str(SECONDS), str(rate)],
                            stdout=subprocess.PIPE, text=True)


def loops(name, n=1, rate=0):
    """n of a loop at the same time: ns an iteration, iterations of all."""
    out = [p.communicate()[0].split() for p in [start_loop(name, rate) for i in range(n)]]
    return median([float(o[2 if BEST else 1]) for o in out]), sum(int(o[3]) for o in out)


def books(log):
    """Of the events: seen, delivered, filtered, dropped."""
    m = re.search(r"seen by the driver: (\d+), delivered: (\d+), filtered: (\d+), dropped: (\d+)", "\n".join(log))
    return [int(x) for x in m.groups()] if m else [0, 0, 0, 0]


class Rounds:
    """What A B A B A gave: bare and watched are lists of what work() returns."""

    def __init__(self, work, rules, options=()):
        self.cpu, self.dropped, self.seen, self.bare, self.watched = [], [], [], [work()], []
        for i in range(ROUNDS):
            with sensor.Sensor(rules, *options) as s:
                time.sleep(PAUSE_S)
                cpu, start = s.cpu_s(), time.monotonic()
                self.watched.append(work())
                self.cpu.append(100 * (s.cpu_s() - cpu) / (time.monotonic() - start))
                seen, _, _, dropped = books(s.stop())
            self.seen.append(seen)
            self.dropped.append(100 * dropped / max(seen, 1))
            time.sleep(PAUSE_S)
            self.bare.append(work())

    def added(self):
        b = self.bare
        return [w - (b[i] + b[i + 1]) / 2 for i, w in enumerate(self.watched)]


@functools.cache
def watched_loop(name, rules, n=1):
    return Rounds(lambda: loops(name, n)[0], rules)


def added(name, rules="stock", unit=1):
    r = watched_loop(name, rules)
    base, varied = median(r.bare), max(r.bare) - min(r.bare)
    return Figure([a / unit for a in r.added()], base / unit,
                  "noisy: the base alone varied by %.0f %%" % (100 * varied / base) if varied > NOISE * base else "")


def dropped(name, rules, n=1):
    r = watched_loop(name, rules, n)
    return Figure(r.dropped, None, "%.2f M calls seen in a round" % (median(r.seen) / 1e6))


def cpu(name, rules="stock"):
    return Figure(watched_loop(name, rules).cpu)


@functools.cache
def find():
    def work():
        start = time.monotonic()
        subprocess.run(["find", "/usr"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.monotonic() - start
    work()				# now it is in the cache
    r = Rounds(work, "stock")
    base = median(r.bare)
    return Figure([100 * a / base for a in r.added()], base * 1000, "alone in ms")


def traced(name):
    """The loop as a program that saker --userspace traces."""
    argv = sensor.argv(TMP.name, "stock") + ["--userspace", "--", os.path.join(sensor.BUILD, "bench/loops"), name, str(SECONDS)]

    def work():
        p = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        m = re.search(r"^%s ([\d.]+) ([\d.]+) \d+$" % name, p.stdout, re.M)
        if not m:
            raise Unmeasured((p.stderr.strip().splitlines() or ["no output"])[-1])
        return float(m[2 if BEST else 1])
    bare, values = loops(name)[0], []
    for i in range(ROUNDS):
        value, after = work(), loops(name)[0]
        values.append(value - (bare + after) / 2)
        bare = after
    return Figure(values, bare)


# ---- start and rest ----------------------------------------------------------------------------------

@functools.cache
def ready(rules):
    """ms from exec to the line that says that events are being taken."""
    values, bare = [], []
    for i in range(ROUNDS):
        start = time.monotonic()
        subprocess.run([sensor.BINARY, "--version"], capture_output=True)
        bare.append((time.monotonic() - start) * 1000)
        with sensor.Sensor(rules) as s:
            values.append(s.ready_s * 1000)
    return Figure(values, median(bare), "--version alone")


@functools.cache
def idle(rules):
    """After a while: MiB beside the rings, and of those; % of a CPU."""
    values = []
    for i in range(max(1, ROUNDS // 2)):
        with sensor.Sensor(rules) as s:
            time.sleep(2)
            cpu, start = s.cpu_s(), time.monotonic()
            time.sleep(max(1.0, 5 * SECONDS))
            used = 100 * (s.cpu_s() - cpu) / (time.monotonic() - start)
            rest, rings = s.memory()
            values.append((rest / 1024, rings / 1024, used))
    return values


def idle_memory(rules):
    v = idle(rules)
    return Figure([x[0] for x in v], None, "rings %.1f MiB" % v[0][1])


def idle_cpu(rules):
    return Figure([x[2] for x in idle(rules)])


# ---- the most that comes through user space -------------------------------------------------------------

# Without the kernel's filter, and with close watched: two events a pair of calls, as in Falco's figure.
THROUGH = ["kernel_filter=false", "base_syscalls.repair=true", "base_syscalls.custom_set[]=openat",
           "base_syscalls.custom_set[]=close"]
FIRST_RATE, STEP = 100e3, 1.3		# pairs a second, and by what factor it grows
FILL, FILLERS = 200e3, 4		# pairs that are in the rings before they are emptied, and processes that make them


def through_once(rate, n, options):
    with sensor.Sensor("all", *THROUGH, *options) as s:
        time.sleep(PAUSE_S)
        pairs = loops("openat", n, rate / n)[1]
        time.sleep(PAUSE_S)
        seen, _, _, dropped = books(s.stop())
    return 2 * pairs / SECONDS, dropped, seen


def through(*options):
    """The rate of the load grows until something is dropped or the load can do no more."""
    n, rate, best = os.cpu_count(), FIRST_RATE, 0.0
    while True:
        reached, dropped, _ = through_once(rate, n, options)
        if dropped:
            return Figure([best / 1e6], None, "at %.2f M/s %d were dropped" % (reached / 1e6, dropped))
        best = max(best, reached)
        if reached < 2 * rate * 0.9:
            return Figure([best / 1e6], None, "no drop: the load could do no more")
        rate *= STEP


def drain(*options):
    """saker is stopped until its rings hold many events; then: events by the wall time and CPU time in which it takes them."""
    by_wall, by_cpu = [], []
    for i in range(ROUNDS):
        with sensor.Sensor("all", "engine.modern_ebpf.buf_size_preset=8", *THROUGH, *options) as s:
            time.sleep(PAUSE_S)
            os.kill(s.pid, signal.SIGSTOP)
            pairs = 0
            while pairs < FILL:	# by several processes: each belongs to one worker
                pairs += loops("openat", FILLERS, (FILL - pairs) / FILLERS / SECONDS)[1]
            used = cpu = s.cpu_s()
            start = end = time.monotonic()
            os.kill(s.pid, signal.SIGCONT)
            while time.monotonic() < end + 0.1:	# until it has done next to nothing for so long
                time.sleep(0.005)
                t = s.cpu_s()
                if t - used > 0.001:
                    used, end = t, time.monotonic()
            _, delivered, _, dropped = books(s.stop())
        if dropped:
            raise Unmeasured("the rings did not hold all events")
        by_wall.append(delivered / (end - start) / 1e6)
        by_cpu.append(delivered / max(used - cpu, 1e-3) / 1e6)
    return Figure(by_wall, None, "%.2f M a second of CPU time" % median(by_cpu))


# ---- replay -------------------------------------------------------------------------------------------

NOTHING = "- rule: nothing\n  desc: matches nothing\n  condition: evt.num = 0\n  output: x\n  priority: DEBUG\n"


def write(name, text):
    path = os.path.join(TMP.name, name)
    with open(path, "wb" if isinstance(text, bytes) else "w") as f:
        f.write(text)
    return path


@functools.cache
def recorded(name):
    path, packed = os.path.join(TMP.name, name + ".scap"), "%s/recorded/%s.scap.gz" % (sensor.KIT, name)
    if not os.path.exists(packed):
        raise Unmeasured("no captures at %s" % sensor.KIT)
    with gzip.open(packed) as i, open(path, "wb") as o:
        shutil.copyfileobj(i, o)
    return path


def replay_argv(capture, rules, *options):
    rules = [write("none.yaml", NOTHING)] if rules == "none" else rules
    return sensor.argv(TMP.name, rules, "engine.kind=replay", "engine.replay.capture_file=" + capture, *options)


def run_cpu(argv):
    """CPU s of a run, and its log."""
    with tempfile.TemporaryFile() as err:
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        log = err.read().decode("utf-8", "replace")
    if p.returncode:
        raise Unmeasured((log.strip().splitlines() or ["status %d" % p.returncode])[-1])
    return usage.ru_utime + usage.ru_stime, log


def instructions(argv):
    """Of each thread, the busiest first."""
    if not shutil.which("valgrind"):
        raise Unmeasured("valgrind is not installed")
    out = os.path.join(TMP.name, "callgrind")
    p = subprocess.run(["valgrind", "--tool=callgrind", "--separate-threads=yes", "--callgrind-out-file=" + out] + argv,
                       capture_output=True, text=True)
    if p.returncode:
        raise Unmeasured((p.stderr.strip().splitlines() or ["valgrind failed"])[-1])
    n = []
    for path in glob.glob(out + "*"):
        with open(path) as f:
            n += [int(x) for x in re.findall(r"^(?:totals|summary): (\d+)", f.read(), re.M)[-1:]]
        os.unlink(path)
    return sorted(n, reverse=True)


@functools.cache
def event_count(capture):
    m = re.search(r"Captured Events: (\d+)", run_cpu(replay_argv(capture, "none") + ["-v"])[1])
    return max(int(m[1]), 1) if m else 1


@functools.cache
def replay_cost(capture, rules, empty=EMPTY):
    """Instructions of an event in user space."""
    return (sum(instructions(replay_argv(capture, rules))) - sum(instructions(replay_argv(empty, rules)))) / event_count(capture)


@functools.cache
def replay_seconds(capture, rules, empty=EMPTY):
    """CPU s of the loop in each round, and of what is not the loop."""
    values, bare = [], [run_cpu(replay_argv(empty, rules))[0]]
    for i in range(ROUNDS):
        t = run_cpu(replay_argv(capture, rules))[0]
        bare.append(run_cpu(replay_argv(empty, rules))[0])
        values.append(max(t - (bare[i] + bare[i + 1]) / 2, 1e-6))
    return values, median(bare)


def replay_rate(name, rules):
    c = recorded(name)
    values, bare = replay_seconds(c, rules)
    return Figure([event_count(c) / t / 1e6 for t in values], bare * 1000, "start-up ms, left out")


def replay_instructions(name, rules):
    return Figure([replay_cost(recorded(name), rules)], None)


# ---- a list of many domains ---------------------------------------------------------------------------

@functools.cache
def domains(n, condition):
    items = ", ".join("host%d.example%d.org" % (i, i % 97) for i in range(n))
    return write("domains-%d-%s.yaml" % (n, condition.split()[2]), "- list: domains\n  items: [%s]\n- rule: r\n  desc: d\n  condition: %s\n  output: x\n"
                 "  priority: INFO\n" % (items, condition))


BY_NAME = "evt.type = connect and fd.sip.name in (domains)"
BY_PATH = "evt.type = openat and fd.name in (domains)"


def domains_load():
    """CPU s from exec to the end of an empty capture, more than with ten."""
    few, many = (lambda n=n: run_cpu(replay_argv(EMPTY, (domains(n, BY_NAME),)))[0] for n in (10, 10000))
    bare, values = [few()], []
    for i in range(ROUNDS):
        t = many()
        bare.append(few())
        values.append(t - (bare[i] + bare[i + 1]) / 2)
    return Figure(values, median(bare), "with ten")


def domains_cost():
    """What an event costs with 10,000 against 10, in %, by instructions."""
    c = recorded("mixed")
    few, many = (replay_cost(c, (domains(n, BY_PATH),)) for n in (10, 10000))
    return Figure([100 * (many / few - 1)], few, "instructions with ten; of fd.name")
