# SPDX-License-Identifier: Apache-2.0
"""A sensor for the programs of this folder: what it is started with, and what it says of itself."""
import http.client, json, os, re, signal, socket, subprocess, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
BINARY = os.path.join(BUILD, "saker")
KIT = os.path.abspath(os.environ.get("SAKER_CONFORMANCE", os.path.join(TOP, "../shared/conformance")))
STOCK = ["%s/rules/falco%s_rules.yaml" % (KIT, part) for part in ("", "-incubating", "-sandbox")]
RULES = {"own": [TOP + "/etc/saker_rules.yaml"], "stock": STOCK[:1], "all": STOCK, "none": []}
CONFIG = """load_plugins: []
json_output: true
watch_config_files: false
stdout_output: {enabled: true}
syslog_output: {enabled: false}
log_syslog: false
log_stderr: true
log_level: info
webserver: {enabled: false}
libs_logger: {enabled: false}
metrics: {enabled: false}
rules_files: []
"""


def argv(tmp, rules, *options):
    """rules: a name of RULES or a list of files; the configuration is written into tmp."""
    config = os.path.join(tmp, "config.yaml")
    with open(config, "w") as f:
        f.write(CONFIG)
    a = [BINARY, "-c", config]
    for r in RULES.get(rules, rules) if isinstance(rules, str) else rules:
        a += ["-r", r]
    for o in options:
        a += ["-o", o]
    return a


class Local(http.client.HTTPConnection):
    """A GET over the socket of `saker top`."""

    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


class Sensor:
    """saker live, from here to the end of the block; alerts go to the file descriptor out, or nowhere."""

    def __init__(self, rules="all", *options, out=subprocess.DEVNULL):
        self.tmp = tempfile.TemporaryDirectory(prefix="saker-bench.")
        self.path = self.tmp.name
        self.sock = os.path.join(self.path, "top.sock")
        self.log, self.ready_s, ready = [], None, threading.Event()
        a = argv(self.path, rules, "top.socket=" + self.sock, "engine.kind=modern_ebpf", *options)

        def read():
            for line in self.process.stderr:
                if self.ready_s is None and "ready in" in line:
                    self.ready_s = time.monotonic() - start
                    ready.set()
                self.log.append(line.rstrip())
            ready.set()
        start = time.monotonic()
        self.process = subprocess.Popen(a, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        ready.wait(120)
        while self.ready_s and self.alive() and not os.path.exists(self.sock):	# the last thing it makes
            time.sleep(0.01)
        if self.ready_s is None:
            self.stop()
            raise RuntimeError("saker did not start: " + "; ".join(self.log[-3:]))

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.stop()

    def stop(self):
        """Its log: only then it has all of it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(5)
        self.tmp.cleanup()
        return self.log

    def alive(self):
        return self.process.poll() is None

    def cpu_s(self):
        """CPU time of all its threads so far."""
        return time.clock_gettime(~self.pid << 3 | 2)

    def memory(self):
        """KiB resident beside the mapped rings, and of the rings."""
        rest = rings = 0
        ring = False
        with open("/proc/%d/smaps" % self.pid) as f:
            for line in f:
                if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                    ring = "bpf" in line
                elif line.startswith("Rss:"):
                    kib = int(line.split()[1])
                    rest, rings = rest + kib * (not ring), rings + kib * ring
        return rest, rings

    def get(self, path):
        c = Local(self.sock)
        try:
            c.request("GET", path)
            return c.getresponse().read().decode()
        finally:
            c.close()

    def figures(self):
        """What `saker top` gets.  The first call loads the web server: not before memory is measured."""
        return json.loads(self.get("/figures"))
