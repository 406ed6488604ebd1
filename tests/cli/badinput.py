#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input as its user meets it: a clear message, exit status 1, nothing half done, and never a crash or a hang.

usage: badinput.py [BINARY]

Rules, configuration and captures are damaged here in many ways; some tests need root (to give it up, or to hide the
kernel's BTF).  Last line: 'N passed, N failed, N skipped'."""
import concurrent.futures, importlib.util, os, random, re, resource, shutil, signal, subprocess, sys, tempfile, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
SAN = "/san/" in BINARY
NOBODY = 65534
NO_DRIVER = 69  # exit status
NO_PIDFILE = 255  # as Falco
COUNT = {"ok": 0, "FAIL": 0, "skip": 0}
CONFIG = "stdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\nlog_level: info\nwatch_config_files: false\n"
RULES = """- rule: opened
  desc: a file
  condition: evt.type in (openat, close, mkdir, accept, execve, container)
  output: file %fd.name %evt.args %proc.cmdline %evt.info
  priority: WARNING
"""
RULE = "- rule: r\n  desc: d\n  condition: %s\n  output: o\n  priority: INFO\n"


def mkscap():
    spec = importlib.util.spec_from_file_location("mkscap", os.path.join(TOP, "tools", "mkscap.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def say(word, name, detail=""):
    COUNT[word] += 1
    print("%-4s %s%s" % (word, name, ": " + detail if detail else ""), flush=True)


def give_up_root():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


class Result:
    def __init__(self, rc, out, err, took):
        self.rc, self.out, self.err, self.took = rc, out, err, took
        self.text = (out + err).decode("utf-8", "replace")

    def crashed(self):
        if self.rc is None:
            return "did not end"
        if self.rc not in (0, 1, NO_DRIVER, NO_PIDFILE) or b"Sanitizer" in self.err or b"runtime error:" in self.err:
            return "ended with status %d" % self.rc
        return None


class Dir:
    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="saker-bad.")
        os.chmod(self.path, 0o755)
        self.write("c.yaml", CONFIG)
        self.write("r.yaml", RULES)
        self.write("x.scap", capture([b"/etc/passwd"]))

    def at(self, name):
        return os.path.join(self.path, name)

    def write(self, name, text):
        with open(self.at(name), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    def saker(self, *args, config="c.yaml", timeout=60, pre=None, wrap=()):
        start = time.monotonic()
        argv = list(wrap) + [BINARY] + (["-c", config] if config else []) + list(args)
        p = subprocess.Popen(argv, cwd=self.path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             preexec_fn=pre, env=dict(os.environ, LC_ALL="C", TZ="UTC"))
        try:
            out, err = p.communicate(timeout=timeout)
            rc = p.returncode
        except subprocess.TimeoutExpired:
            p.kill()
            out, err = p.communicate()
            rc = None
        return Result(rc, out, err, time.monotonic() - start)

    def replay(self, name, *args, **kw):
        return self.saker("-r", "r.yaml", "-o", "engine.kind=replay", "-o", "engine.replay.capture_file=" + name, *args, **kw)


def capture(paths, scap=None):
    """openat of each path."""
    s = scap or SCAP.Scap()
    s.thread(7, comm="cat", exe="/bin/cat", args="x y", env="A=1")
    for i, p in enumerate(paths):
        s.event("SYSCALL_OPENAT_2_X", tid=7, ts=1700000000 * 10**9 + i, fd=3, dirfd=-100, name=p, flags=1)
    return s.bytes()


def refused(name, r, *patterns, status=1):
    """Status 1 or the given, an error on standard error that tells what the patterns say, and no alert."""
    why = r.crashed()
    if not why and r.rc != status:
        why = "status %d, expected %d" % (r.rc, status)
    if not why and not re.search(rb"^(Error|Runtime error): .|Could not write pid to pidfile", r.err, re.M):
        why = "no 'Error:' on standard error"
    for p in patterns:
        if not why and not re.search(p, r.text):
            why = "nothing about /%s/" % p
    say("FAIL" if why else "ok", name, "%s: %s" % (why, r.text[-300:]) if why else "")


def accepted(name, r, *patterns, within=None):
    why = r.crashed()
    if not why and r.rc:
        why = "status %d" % r.rc
    for p in patterns:
        if not why and not re.search(p, r.text):
            why = "nothing about /%s/" % p
    if not why and within and r.took > within * (10 if SAN else 1):
        why = "took %.1f s" % r.took
    say("FAIL" if why else "ok", name, "%s: %s" % (why, r.text[-300:]) if why else "")


# ---- rules ------------------------------------------------------------------------------------------

def lists_of_lists(n):
    return "- list: l0\n  items: [a, b]\n" + "".join("- list: l%d\n  items: [l%d, l%d]\n" % (i, i - 1, i - 1) for i in range(1, n))


def macros_of_macros(n):
    return "- macro: m0\n  condition: evt.type = open\n" + "".join(
        "- macro: m%d\n  condition: m%d or m%d\n" % (i, i - 1, i - 1) for i in range(1, n)) + RULE % ("m%d" % (n - 1))


def laughs(n):
    return "- &a0 x\n" + "".join("- &a%d [%s]\n" % (i, ", ".join(["*a%d" % (i - 1)] * 10)) for i in range(1, n))


# name: (text, what the message must say)
BAD_RULES = {
    "a list that does not end": ("- rule: r\n  tags: [a\n  desc: x\n", [r"LOAD_ERR_YAML_PARSE", r"line 3, column"]),
    "tabs for blanks": ("- rule: r\n\tdesc: d\n", [r"LOAD_ERR_YAML_PARSE", r"line 2"]),
    "a quote that does not end": ('- rule: "r\n', [r"LOAD_ERR_YAML_PARSE", r"line \d"]),
    "a map at the top": ("rule: r\n", [r"LOAD_ERR_\w+", r"\(\S+:\d+:\d+\)"]),
    "a text at the top": ("hello\n", [r"LOAD_ERR_\w+", r"\(\S+:\d+:\d+\)"]),
    "numbers for rules": ("- 1\n- 2\n", [r"LOAD_ERR_\w+", r"\(\S+:\d+:\d+\)"]),
    "a NUL": (b"- rule: a\0b\n", [r"control characters"]),
    "control characters": (b"- rule: \x1b[2J\n", [r"control characters", r"line 1"]),
    "invalid UTF-8": (b"- rule: \xff\xfe\n", [r"UTF-8", r"line 1"]),
    "UTF-16": ("- rule: r\n".encode("utf-16"), [r"LOAD_ERR_YAML_PARSE"]),
    "a program": (open("/proc/self/exe", "rb").read(65536), [r"LOAD_ERR_YAML_PARSE"]),
    "a list for a condition": ("- rule: r\n  desc: d\n  condition: [a]\n  output: o\n  priority: INFO\n", [r"condition"]),
    "no condition": ("- rule: r\n  desc: d\n  output: o\n  priority: INFO\n", [r"condition"]),
    "an unknown priority": ("- rule: r\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: LOUD\n", [r"priority"]),
    "an unknown field": (RULE % "foo.bar = 1", [r"foo\.bar", r"\^"]),
    "an unknown operator": (RULE % "evt.type ~ open", [r"operator", r"\^"]),
    "an unknown macro": (RULE % "nothing and evt.type = open", [r"Undefined macro 'nothing'"]),
    "a list missing": (RULE % "evt.type in (a", [r"expected a '\)'"]),
    "an unknown field in the output": (RULE.replace("output: o", "output: '%%foo.bar'") % "evt.type = open", [r"foo\.bar"]),
    "a regular expression that does not end": (RULE % "fd.name regex '(a'", [r"\(a"]),
    "an append to nothing": ("- rule: r\n  append: true\n  condition: and evt.type = open\n", [r"'?r'?"]),
    "a version to come": ("- required_engine_version: 9.9.9\n", [r"9\.9\.9"]),
    "a plugin not there": ("- required_plugin_versions: [{name: foo, version: 1.0.0}]\n", [r"foo"]),
    "a macro of itself": ("- macro: m\n  condition: m\n" + RULE % "m", [r"macro 'm'"]),
    "macros in a circle": ("- macro: a\n  condition: b\n- macro: b\n  condition: a\n" + RULE % "a", [r"macro '[ab]'"]),
    "macros that double 60 times": (macros_of_macros(60), [r"too large"]),
    "lists that double 60 times": (lists_of_lists(60), [r"too large|aliases"]),
    "aliases that grow tenfold 12 times": (laughs(12), [r"LOAD_ERR_\w+"]),
    "an alias of itself": ("- &a [*a]\n", [r"contains itself|anchor"]),
    "10,000 brackets": ("- rule: " + "[" * 10000, [r"LOAD_ERR_YAML_PARSE", r"deep|line 1"]),
    "10,000 parentheses": (RULE % ("(" * 10000 + "evt.type = open" + ")" * 10000), [r"depth limit", r"\^"]),
    "100,000 transformers": (RULE % ("tolower(" * 100000), [r"depth limit|LOAD_ERR"]),
    "10 MB without an end": ('- rule: "' + "x" * 10000000, [r"LOAD_ERR_YAML_PARSE"]),
}
GOOD_RULES = {
    "nothing": ("", []),
    "an unknown key": (RULE % "evt.type = open" + "  colour: red\n", [r"colour"]),
    "an unknown item": ("- colour: red\n" + RULE % "evt.type = open", [r"colour|unknown|Unknown"]),
    "lists of each other": ("- list: a\n  items: [b]\n- list: b\n  items: [a]\n" + RULE % "evt.type = open and fd.name in (a)", []),
    "a list of 10,000": ("- list: l\n  items: [%s]\n" % ", ".join("/x/%d" % i for i in range(10000)) + RULE % "evt.type = open and fd.name in (l)", []),
    "a list of 300,000": ("- list: l\n  items: [%s]\n" % ", ".join("x%d" % i for i in range(300000)) + RULE % "evt.type = open and fd.name in (l)", []),
    "20 parentheses": (RULE % ("(" * 20 + "evt.type = open" + ")" * 20), []),
    "10,001 conditions": (RULE % ("evt.type = open" + " and fd.name != a" * 10000), []),
    "20,000 times not": (RULE % ("not " * 20000 + "evt.type = open"), []),
    "10,000 rules": ("".join((RULE % ("evt.type = open and fd.name = /f%d" % i)).replace("rule: r", "rule: r%d" % i) for i in range(10000)), []),
}


def rules(d):
    for name, (text, patterns) in BAD_RULES.items():
        d.write("bad.yaml", text)
        refused("rules, checked: " + name, d.saker("-V", "bad.yaml"), r"bad\.yaml", *patterns)
        refused("rules, used: " + name, d.saker("-r", "bad.yaml", "-o", "engine.kind=nodriver", "-P", "pid"), r"bad\.yaml", *patterns)
        if os.path.exists(d.at("pid")):
            say("FAIL", "rules, used: " + name, "a pidfile was written")
    for name, (text, patterns) in GOOD_RULES.items():
        d.write("good.yaml", text)
        accepted("rules, checked: " + name, d.saker("-V", "good.yaml"), r"good\.yaml", *patterns, within=10)
    d.write("good.yaml", RULE % ("(" * 100 + "evt.type = open" + ")" * 100))
    r = d.saker("-V", "good.yaml")
    (accepted if r.rc == 0 else refused)("rules: 100 parentheses are taken, or the limit is told", r, "Ok" if r.rc == 0 else "depth limit")


# Strings chosen by a watched process against conditions made to be slow.
SLOW = ["fd.name regex '.*(a+)+(a+)+b'", "fd.name regex '(.*)(.*)(.*)(.*)(.*)(.*)b'", "fd.name glob '*a*a*a*a*a*a*a*a*b'",
        "fd.name contains %s" % ("a" * 2000 + "b"), "fd.name pmatch (%s)" % ", ".join("/a/" * i for i in range(1, 40))]


def slow(d):
    d.write("slow.scap", capture([b"/" + b"a" * 4000, b"/" + b"a/" * 2000] * 5))
    for c in SLOW:
        d.write("slow.yaml", RULE % ('"evt.type = openat and %s"' % c))
        r = d.saker("-r", "slow.yaml", "-o", "engine.kind=replay", "-o", "engine.replay.capture_file=slow.scap")
        accepted("a condition made to be slow: %.40s" % c, r, within=20)


# ---- configuration --------------------------------------------------------------------------------------

BAD_CONFIG = {
    "a list that does not end": ("rules_files: [a\nb: c\n", [r"line 2, column \d+"]),
    "a quote that does not end": ("priority: 'x\n", [r"line \d+, column \d+"]),
    "a list at the top": ("- a\n", [r"line 1, column 1", r"map of keys"]),
    "a text at the top": ("hello\n", [r"map of keys"]),
    "a NUL": (b"priority: a\0b\n", [r"control characters", r"line 1"]),
    "invalid UTF-8": (b"priority: \xc3\x28\n", [r"UTF-8", r"line 1"]),
    "an unknown priority": ("priority: loud\n", [r"priority", r"loud"]),
    "an unknown engine": ("engine: {kind: steam}\n", [r"engine\.kind|steam"]),
    "a text for a section": ("engine: steam\n", [r"engine"]),
    "a map for a list": ("rules_files: {a: b}\n", [r"rules_files", r"list"]),
    "itself included": ("config_files: [bad.yaml]\n", [r"includes itself"]),
    "a buffer out of range": ("engine: {kind: nodriver, modern_ebpf: {buf_size_preset: 99999999999}}\n", [r"buf_size_preset|preset|buffer"]),
    "10,000 brackets": ("a: " + "[" * 10000, [r"deep|line 1"]),
    "aliases that grow tenfold 12 times": ("engine: {kind: nodriver}\na:\n" + laughs(12).replace("- ", "  - "), [r"alias"]),
    "values by alias a billion times": (
        "engine: {kind: nodriver, kmod: &a {%s}, %s}\n" % (", ".join(["buf_size_preset: 4"] * 30000), ", ".join(["kmod: *a"] * 30000)), [r"alias"]),
}
BAD_OPTIONS = {
    "no value": ("json_output", r"form key=val"), "no key": ("=true", r"form key=val"),
    "a bracket that does not end": ("rules[0=1", r"rules\[0"), "an element not there": ("rules_files[99999999999999999999]=x", r"no such element"),
    "an empty part": ("a..b=1", r"empty name"), "YAML that does not end": ("append_output[]={a: [}", r"append_output"),
    "a negative element": ("rules_files[-1]=x", r"number"),
}


def config(d):
    for name, (text, patterns) in BAD_CONFIG.items():
        d.write("bad.yaml", text if isinstance(text, bytes) else text + ("" if text.startswith("-") or "[[" in text or text == "hello\n" else CONFIG))
        refused("configuration: " + name, d.saker("-r", "r.yaml", "-o", "stdout_output.enabled=true", config="bad.yaml", timeout=40), *patterns)
    for name, (option, pattern) in BAD_OPTIONS.items():
        refused("option: " + name, d.saker("-r", "r.yaml", "-o", option), pattern)
    deep = ".".join(["a"] * 5000)
    r = d.replay("x.scap", "-o", deep + "=1")
    say("FAIL" if r.crashed() else "ok", "option: 5,000 parts", r.crashed() or "")
    d.write("odd.yaml", CONFIG + "colour: red\nengine: {kind: replay, paint: 1, replay: {capture_file: x.scap}}\n")
    accepted("configuration: unknown keys are told by name", d.saker("-r", "r.yaml", config="odd.yaml"), r"odd\.yaml \| schema validation: failed.*'(colour|paint)'")
    d.write("big.yaml", CONFIG + "# " + "x" * (100 << 20) + "\n")
    r = d.replay("x.scap", config="big.yaml", timeout=60)
    accepted("configuration: a comment of 100 MB", r, within=30)
    d.write("big.yaml", CONFIG + "x: [" + "a," * (50 << 20) + "]\n")
    refused("configuration: 100 MB of elements", d.replay("x.scap", config="big.yaml", timeout=120), r"big\.yaml", r"line \d+, column \d+: too many values")
    d.write("big.yaml", CONFIG + "x: [" + "a," * (2 << 20) + "]\n")
    r = d.replay("x.scap", config="big.yaml", timeout=60)
    accepted("configuration: 4 MB of elements", r, within=30)
    os.unlink(d.at("big.yaml"))
    d.write("many.yaml", CONFIG + "append_output:\n" + "  - extra_fields: [evt.num]\n" * 20000)
    accepted("configuration: 20,000 fields for every output", d.replay("x.scap", config="many.yaml"), within=10)
    d.write("more.yaml", "".join("j%d: 1\n" % i for i in range(30000)))
    d.write("many.yaml", "config_files: [more.yaml]\n" + CONFIG + "".join("k%d: 1\n" % i for i in range(30000)))
    accepted("configuration: 30,000 keys put into 30,000", d.replay("x.scap", config="many.yaml"), within=10)


# ---- files that are none ----------------------------------------------------------------------------------

def stalled(d, name, run):
    """A pipe whose writer stops in the middle."""
    os.mkfifo(d.at(name))
    w = os.open(d.at(name), os.O_RDWR)
    os.write(w, b"# more to come\n")
    try:
        return run(name)
    finally:
        os.close(w)


def included(d):
    """Files that a configuration names which are none."""
    d.write("many.yaml", "colour: red\n")
    os.mkdir(d.at("conf.d"))
    for what, name in (("fifo", "fifo"), ("loop", "loop"), ("zero", "/dev/zero")):
        d.write(what + ".yaml", CONFIG + "config_files: [%s]\n" % name)
    os.symlink("../fifo", d.at("conf.d/1.yaml"))
    os.symlink("..", d.at("conf.d/2.yaml"))
    d.write("folder.yaml", CONFIG + "config_files: [conf.d, loop, nothing]\n")
    d.write("again.yaml", CONFIG + "config_files: [./again.yaml]\n")
    os.symlink("link.yaml", d.at("other.yaml"))
    d.write("link.yaml", CONFIG + "config_files: [other.yaml]\n")
    d.write("twice.yaml", CONFIG + "config_files: [many.yaml, many.yaml]\n")
    refused("configuration: a pipe without a writer included", d.replay("x.scap", config="fifo.yaml"), r"fifo: it is a pipe")
    refused("configuration: an endless file included", d.replay("x.scap", config="zero.yaml"), r"/dev/zero: it is too large")
    accepted("configuration: a loop of links included is a file that is not there", d.replay("x.scap", config="loop.yaml"), within=10)
    accepted("configuration: pipes and folders in a folder are left out", d.replay("x.scap", config="folder.yaml"), within=10)
    accepted("configuration: a file included twice", d.replay("x.scap", config="twice.yaml"), r"many\.yaml \| schema validation: failed", within=10)
    for name in ("again.yaml", "link.yaml"):
        refused("configuration: itself included by another name: " + name, d.replay("x.scap", config=name), r"config_files", r"other\.yaml|again\.yaml")
    refused("configuration: a pipe that stalls", stalled(d, "stall1", lambda f: d.replay("x.scap", config=f)), r"stall1: .*nothing was written for 10 seconds")
    refused("rules: a pipe that stalls", stalled(d, "stall2", lambda f: d.saker("-V", f)), r"stall2.*nothing was written for 10 seconds")


def files(d):
    os.mkdir(d.at("dir"))
    os.mkfifo(d.at("fifo"))
    d.write("secret", CONFIG)
    os.chmod(d.at("secret"), 0)
    os.symlink("loop", d.at("loop"))
    ways = {
        "configuration": lambda f, **kw: d.saker("-r", "r.yaml", config=f, **kw),
        "rules, checked": lambda f, **kw: d.saker("-V", f, **kw),
        "rules, used": lambda f, **kw: d.saker("-r", f, "-o", "engine.kind=nodriver", **kw),
        "capture": lambda f, **kw: d.replay(f, **kw),
    }
    jobs = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for way, run in ways.items():
            for what, name, pattern in (("missing", "none", r"none"), ("a loop of links", "loop", r"loop"),
                                        ("a pipe without a writer", "fifo", r"fifo( for reading)?: .*it is a pipe"),
                                        ("a file in a file", "r.yaml/x", r"r\.yaml/x"), ("endless", "/dev/zero", r"/dev/zero")):
                jobs.append((way + ": " + what, pool.submit(run, name), pattern))
        for name, job, pattern in jobs:
            refused(name, job.result(), pattern)
    for way in ("configuration", "rules, checked", "capture"):
        refused(way + ": a folder", ways[way]("dir"), r"dir", r"[Ii]s a directory|folder")
    for what, pattern in (("fifo", r"fifo.*: nobody reads this pipe"), ("dir", r"dir.*: Is a directory"), ("r.yaml/x", r"r\.yaml/x.*: Not a directory")):
        refused("pid file: " + what, d.replay("x.scap", "-P", what), pattern, r"Could not write pid to pidfile", status=NO_PIDFILE)
        refused("metrics: " + what, d.replay("x.scap", "-o", "metrics={enabled: true, interval: 1s, output_file: %s}" % what), pattern)
    if os.geteuid():
        return say("skip", "unreadable files", "needs root, to give it up")
    for way, run in ways.items():
        refused(way + ": unreadable", run("secret", pre=give_up_root), r"secret", r"Permission denied")


# ---- captures -----------------------------------------------------------------------------------------------

def survivors(d, name, datas):
    """Replays each; whatever it does, it ends by itself with 0, or with 1 and an error that tells where."""
    def one(item):
        i, data = item
        d.write("h%d.scap" % i, data)
        r = d.replay("h%d.scap" % i, timeout=30)
        os.unlink(d.at("h%d.scap" % i))
        why = r.crashed()
        if not why and r.rc == 1 and not re.search(r"^Error: .*(byte \d+ of|no events|truncated)", r.text, re.M):
            why = "the error does not tell where"
        return i, why, r
    bad = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for i, why, r in pool.map(one, enumerate(datas)):
            if why:
                bad.append("%d: %s: %s" % (i, why, r.text[-400:]))
    say("FAIL" if bad else "ok", "capture: %d %s" % (len(datas), name), "\n".join(bad[:3]))


def hostile_blocks():
    """Well formed files with ill contents."""
    import gzip, struct
    s = SCAP.Scap
    head = s().bytes()
    yield head + s.block(0x201, b"")
    yield head + struct.pack("<II", 0x216, 0xffffffff)
    yield head + struct.pack("<III", 0x215, 12, 13)
    yield head + struct.pack("<II", 0x221, 0x3fffffff) + bytes(100)
    yield head * 2000
    for kind in (0x201, 0x202, 0x203, 0x215, 0x218, 0x219, 0x205, 0x206, 0x220, 0x216, 0x217, 0x221, 0x222, 0x204, 0x208):
        yield head + s.block(kind, b"\xff" * 400)
        yield head + s.block(kind, bytes(400))
        yield head + s.block(kind, b"\x04\0\0\0" * 100)
    loop = s()
    for tid in range(1, 30):
        loop.thread(tid, ptid=tid % 29 + 1, comm="p%d" % tid)   # a circle of parents
    yield capture([b"/a"], loop)
    odd = [b"", b"\0\0\0", b"\xff\xfe\xfd", b"a\nb\rc", b"\x1b[31m", b"%s%n%evt.arg", b"../" * 20000, b'"\\"',
           b"/" * 60000, b"\xe2\x82"]
    yield capture(odd)
    one = capture([b"/a"])
    yield gzip.compress(one)[:-20]
    yield gzip.compress(one) + b"rubbish"
    yield gzip.compress(head + struct.pack("<II", 0x215, 200 << 20) + bytes((200 << 20) - 12) + struct.pack("<I", 200 << 20))


def captures(d):
    seeds = [SCAP.seed_capture(old) for old in (False, True)]
    whole = seeds[0] + seeds[1]
    accepted("capture: whole", d_replay(d, whole), r"Events detected: [1-9]")
    cuts = range(0, min(len(whole), 2048))
    survivors(d, "truncations", [whole[:i] for i in (cuts if not SAN else cuts[::8])])
    rnd = random.Random(1)
    flips = []
    for i in range(300 if not SAN else 150):
        b = bytearray(whole)
        for _ in range(1 if i % 3 else 8):
            at = rnd.randrange(24, len(b))
            b[at] = rnd.choice((b[at] ^ 1 << rnd.randrange(8), 0, 0xff, rnd.randrange(256)))
        flips.append(bytes(b))
    survivors(d, "captures with bits flipped", flips)
    survivors(d, "captures with hostile blocks", list(hostile_blocks()))
    if SAN:
        say("skip", "capture: memory", "sanitizers need much of it")
    else:
        bomb(d)
    d.write("t.scap", whole[:len(whole) - 5])
    refused("capture: cut short", d.replay("t.scap"), r"byte \d+ of t\.scap", r"truncated")
    d.write("t.scap", b"hello, this is no capture at all\n")
    refused("capture: a text", d.replay("t.scap"), r"t\.scap", r"byte 0 ")


def bomb(d):
    """3 MB that unpack to 600 MB of calls which never end, each of another thread."""
    import struct, zlib
    s = SCAP.Scap()
    z = zlib.compressobj(1, zlib.DEFLATED, 31)
    s.event("SYSCALL_MKDIR_E", tid=1, ts=1, path="x" * 60000)
    at = s.events[0].index(struct.pack("<QQ", 1, 1)) + 8
    parts = [z.compress(SCAP.Scap().bytes())]
    for tid in range(10000):
        parts.append(z.compress(s.events[0][:at] + struct.pack("<Q", tid) + s.events[0][at + 8:]))
    d.write("bomb.scap", b"".join(parts) + z.flush())
    limit = 600 << 20
    accepted("capture: 600 MB unpacked in 600 MB of memory", d.replay(
        "bomb.scap", pre=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))), r"Events detected: 0")


def d_replay(d, data):
    d.write("w.scap", data)
    return d.replay("w.scap")


STRINGS = [b"/a\nb", b"/a\x1b[31mred", b"/\xff\xfe\x80", b"/\"q\"\\", b"/%proc.name %s", b"/" + b"x" * 5000, b"/a\0b",
           b"/\xe2\x80\xa8u2028", b"/\x7f\x01"]


def strings(d):
    """What a process names its files is in one line of output each, JSON or not."""
    import json
    d.write("s.scap", capture(STRINGS))
    d.write("s.yaml", RULE.replace("output: o", 'output: "<%%fd.name>"') % "evt.type = openat")
    for what, option in (("text", "json_output=false"), ("JSON", "json_output=true")):
        r = d.saker("-r", "s.yaml", "-o", "engine.kind=replay", "-o", "engine.replay.capture_file=s.scap", "-o", option)
        lines = r.out.split(b"\nEvents detected")[0].split(b"\n")
        why = r.crashed() or (r.err.decode(errors="replace") if r.rc else None)
        if not why and len(lines) != len(STRINGS):
            why = "%d lines for %d alerts" % (len(lines), len(STRINGS))
        for l in lines if not why else ():
            if re.search(rb"[\x00-\x1f]", l):
                why = "control characters in %r" % l[:200]
            try:
                what == "JSON" and json.loads(l.decode("utf-8"))
            except ValueError as e:
                why = "%s in %r" % (e, l[:200])
        say("FAIL" if why else "ok", "hostile strings as " + what, why or "")


# ---- the machine -------------------------------------------------------------------------------------------

def live_args(d):
    return ["-r", "r.yaml", "-o", "engine.kind=modern_ebpf", "-M", "1", "-P", "pid"]


def machine(d):
    if os.geteuid():
        for name in ("missing privileges", "a kernel without BTF", "a small RLIMIT_MEMLOCK"):
            say("skip", name, "needs root")
        return
    os.chmod(d.path, 0o777)
    r = d.saker(*live_args(d), pre=give_up_root)
    refused("missing privileges", r, r"CAP_BPF is missing", r"run as root", status=NO_DRIVER)
    if os.path.exists(d.at("pid")):
        say("FAIL", "missing privileges", "a pidfile is left")
    d.write("own.yaml", RULE % "evt.type = openat")
    os.chmod(d.at("c.yaml"), 0o644)
    accepted("captures need no privileges", d.replay("x.scap", pre=give_up_root), r"Events detected: 1")
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return say("skip", "a kernel without BTF, a small RLIMIT_MEMLOCK", "this kernel has none, and nothing can be traced")
    hide = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run(hide + ["true"], stderr=subprocess.DEVNULL).returncode:
        say("skip", "a kernel without BTF", "no namespace of mounts can be made here")
    else:
        for kind in ("modern_ebpf", "auto"):
            r = d.saker("-r", "r.yaml", "-o", "engine.kind=" + kind, "-M", "1", "-P", "pid", wrap=hide)
            refused("a kernel without BTF, " + kind, r, r"there is no /sys/kernel/btf/vmlinux", r"CONFIG_DEBUG_INFO_BTF",
                    status=NO_DRIVER)
            if os.path.exists(d.at("pid")):
                say("FAIL", "a kernel without BTF", "a pidfile is left")
    small = lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
    if SAN:
        return say("skip", "a small RLIMIT_MEMLOCK", "the sanitizers' build is not measured live")
    r = d.saker(*live_args(d), pre=small, timeout=30)
    accepted("a small RLIMIT_MEMLOCK", r, r"ready in")


SCAP = mkscap()
d = Dir()
try:
    for part in (rules, slow, config, files, included, captures, strings, machine):
        part(d)
finally:
    shutil.rmtree(d.path, ignore_errors=True)
print("%d passed, %d failed, %d skipped" % (COUNT["ok"], COUNT["FAIL"], COUNT["skip"]))
sys.exit(COUNT["FAIL"] > 0)
