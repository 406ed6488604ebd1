# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: a directory with a configuration, rules and a capture; comparisons; running."""
import json, os, re, signal, struct, subprocess, sys, tempfile, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ARGS = [a for a in sys.argv[1:] if not a.startswith("-")]
BINARY = os.path.abspath(ARGS[0] if ARGS else os.path.join(TOP, "build", "saker"))
ENV = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C", "FALCO_HOSTNAME": "testhost"}
COUNT = {"passed": 0, "failed": 0, "skipped": 0}

CONFIG = """stdout_output: {enabled: true}
log_stderr: true
log_syslog: false
log_level: info
watch_config_files: false
"""
RULES = """- rule: opened
  desc: a file was opened
  condition: evt.type = openat and fd.name startswith /etc
  output: file %fd.name "q" num=%evt.num
  priority: WARNING
  tags: [b, a]
- rule: second
  desc: the same again
  condition: evt.type = openat
  output: second %evt.num
  priority: INFO
- rule: off
  desc: not enabled
  condition: evt.type = openat
  output: off
  priority: ERROR
  enabled: false
"""


def block(kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def event(ts, tid, kind, params):
    lens = b"".join(struct.pack("<H", len(p)) for p in params)
    body = lens + b"".join(params)
    return block(0x216, struct.pack("<HQQIHI", 0, ts, tid, 26 + len(body), kind, len(params)) + body)


def openat(ts, path):
    return event(ts, 42, 307, [struct.pack("<q", 3), struct.pack("<q", -100), path.encode() + b"\0", struct.pack("<I", 1),
                               struct.pack("<I", 0), struct.pack("<I", 0), struct.pack("<Q", 5)])


def capture(n, step_ns=10**9):
    """n openat events of /etc/fileN, a step apart."""
    t = 1700000000 * 10**9
    head = block(0x0a0d0d0a, struct.pack("<IHHQ", 0x1a2b3c4d, 1, 2, 2**64 - 1))
    return head + b"".join(openat(t + i * step_ns, "/etc/file%d" % i) for i in range(n))


class Dir:
    """A fresh working directory with a configuration, rules and a capture of 4 events."""

    def __enter__(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="saker-cli.")
        self.path = self.tmp.name
        self.write("c.yaml", CONFIG)
        self.write("r.yaml", RULES)
        self.write("x.scap", capture(4))
        return self

    def __exit__(self, *a):
        self.tmp.cleanup()

    def write(self, name, text):
        with open(os.path.join(self.path, name), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    def file(self, name):
        return os.path.join(self.path, name)

    def read(self, name):
        with open(os.path.join(self.path, name), errors="replace") as f:
            return f.read()

    def argv(self, args, replay=True, rules=True):
        a = [BINARY, "-c", "c.yaml"]
        a += ["-r", "r.yaml"] if rules else []
        a += ["-o", "engine.kind=replay", "-o", "engine.replay.capture_file=x.scap"] if replay else []
        return a + list(args)

    def run(self, *args, env=None, raw=False, **kw):
        argv = [BINARY] + list(args) if raw else self.argv(args, **kw)
        p = subprocess.run(argv, cwd=self.path, env=dict(ENV, **(env or {})), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=60)
        return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")

    def start(self, *args, **kw):
        return subprocess.Popen(self.argv(args, **kw), cwd=self.path, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)


def same(got, want, what=""):
    if got != want:
        raise AssertionError("%s: got %r, expected %r" % (what, got, want))


def holds(text, part):
    if not re.search(part, text, re.M):
        raise AssertionError("no match for /%s/ in %r" % (part, text[-600:]))


def run_tests(tests):
    """Functions named t_*, each with a fresh directory."""
    for name, test in sorted((n, f) for n, f in tests.items() if n.startswith("t_")):
        with Dir() as d:
            try:
                test(d)
                COUNT["passed"] += 1
            except NotImplementedError as e:
                COUNT["skipped"] += 1
                print("skip %s: %s" % (name[2:], e))
            except Exception as e:
                COUNT["failed"] += 1
                print("FAIL %s: %s: %s" % (name[2:], type(e).__name__, e))
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % COUNT)
    return COUNT["failed"] > 0
