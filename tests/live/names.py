#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names of users and groups of other mount namespaces, on the live kernel, with the privileges that a sensor is left with.

usage: names.py [BINARY] [-o K=V ...]     Needs root.  Last line: 'N passed, N failed, N skipped'."""
import json, os, re, shutil, signal, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] != "-o" else os.path.join(TOP, "build", "saker"))
OPTIONS = sys.argv[sys.argv.index("-o"):] if "-o" in sys.argv else []
TMP = tempfile.mkdtemp(prefix="saker-names.")
COUNT = {"passed": 0, "failed": 0, "skipped": 0}
RULES = """
- rule: Made
  desc: a folder by its name
  condition: evt.type in (mkdir, mkdirat) and evt.arg.path contains saker-names-
  output: "%evt.arg.path|%user.uid|%user.name|%user.homedir|%user.shell|%group.name"
  priority: INFO
- rule: Inner
  desc: a user whom only the namespace knows
  condition: evt.type in (mkdir, mkdirat) and user.name = inner
  output: "inner %evt.arg.path"
  priority: INFO
"""


def check(what, good, why=""):
    COUNT["passed" if good else "failed"] += 1
    print("%s %s%s" % ("ok  " if good else "FAIL", what, "" if good else ": %s" % (why,)), flush=True)


def skip(what, why):
    COUNT["skipped"] += 1
    print("skip %s: %s" % (what, why), flush=True)


class Sensor:
    def __init__(self):
        with open(TMP + "/rules.yaml", "w") as f:
            f.write(RULES)
        with open(TMP + "/c.yaml", "w") as f:
            f.write("rules_files: [rules.yaml]\njson_output: true\nstdout_output: {enabled: true}\nlog_syslog: false\nlog_stderr: true\n"
                    "log_level: info\nrule_matching: all\nengine: {kind: modern_ebpf, fallback: false}\nappend_output: []\n")
        self.p = subprocess.Popen([BINARY, "-c", TMP + "/c.yaml", "-U"] + OPTIONS, cwd=TMP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        self.log, self.alerts, self.ready = [], [], threading.Event()
        for stream, into in ((self.p.stderr, self.log), (self.p.stdout, self.alerts)):
            threading.Thread(target=self.read, args=(stream, into), daemon=True).start()
        self.ready.wait(30)

    def read(self, stream, into):
        for line in stream:
            into.append(line.rstrip())
            if "Privileges given up" in line:
                self.ready.set()
        if into is self.log:
            self.ready.set()

    def alert(self, name, rule="Made"):
        """The fields of the alert about this folder."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            for line in list(self.alerts):
                a = json.loads(line) if line.startswith("{") else {}
                if a.get("rule") == rule and name in a["output"]:
                    return a["output_fields"]
            time.sleep(0.05)
        return None

    def end(self):
        self.p.send_signal(signal.SIGTERM)
        try:
            self.p.wait(20)
        except subprocess.TimeoutExpired:
            self.p.kill()


# A user by number: most programs that change theirs read the passwd that this is about.
MAKE = "import os, sys, time\nu = int(sys.argv[2])\nif u: os.setgroups([]); os.setgid(u); os.setuid(u)\n" \
       "if not int(sys.argv[3]) or not os.fork():\n os.mkdir(sys.argv[1])\n os._exit(0)\ntime.sleep(1)\n"


def act(name, inside="", uid=4242, namespaces="-m", stays=True):
    """A folder made by a user in namespaces of his own, where /etc/passwd and group are what inside makes of them: by a process
    that has ended when its event is looked at, the parent of which stays for a second or not."""
    argv = [sys.executable, "-S", "-E", "-c", MAKE, "%s/w/saker-names-%s" % (TMP, name), str(uid), str(int(stays))]
    return subprocess.run(["unshare"] + namespaces.split() + ["sh", "-ec", "cd %s; %s\nexec \"$@\"" % (TMP, inside), "sh"] + argv,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=30)


BIND = "mount --bind passwd /etc/passwd; mount --bind group /etc/group"


def main():
    os.chmod(TMP, 0o755)
    os.mkdir(TMP + "/w")
    os.chmod(TMP + "/w", 0o777)
    with open(TMP + "/passwd", "w") as f:
        f.write("root:x:0:0::/:/bin/sh\ninner:x:4242:4242:Some One:/home/inner:/bin/false\n")
    with open(TMP + "/group", "w") as f:
        f.write("inners:x:4242:\n")
    os.mkfifo(TMP + "/fifo")
    with open(TMP + "/huge", "w") as f:
        f.truncate(1 << 40)
    s = Sensor()
    try:
        if s.p.poll() is not None:
            return skip("all", "saker does not start here: %s" % s.log[-1:])
        if act("probe", BIND).returncode:
            return skip("all", "no mount namespaces here")
        run(s)
        s.end()
        log = "\n".join(s.log)
        check("no call is refused by the seccomp filter", "refused by the seccomp filter" not in log, re.findall(".*refused by.*", log))
        check("files that were refused are counted", re.search(r"passwd and group of containers .*: [1-9]", log), log[-600:])
    finally:
        s.end()
        shutil.rmtree(TMP, True)


def fields(f):
    return f and tuple(f["user.%s" % n] for n in ("uid", "name", "homedir", "shell")) + (f["group.name"],)


def run(s):
    inner, unknown = (4242, "inner", "/home/inner", "/bin/false", "inners"), (4242, "<NA>", "<NA>", "<NA>", "<NA>")
    act("first", BIND)
    check("a name of the namespace", fields(s.alert("names-first")) == inner, s.alert("names-first"))
    check("in a condition", s.alert("names-first", "Inner"), s.alerts[-2:])
    act("host")
    check("a namespace with the host's own files", fields(s.alert("names-host")) == unknown, s.alert("names-host"))
    act("root", uid=0)
    check("root", fields(s.alert("names-root"))[1] == "root", s.alert("names-root"))
    act("short", uid=0, stays=False)
    check("a program without a parent that stays", fields(s.alert("names-short"))[1] == "root", s.alert("names-short"))
    for what, file in (("a pipe does not stop anything", "fifo"), ("a file of a terabyte", "huge"), ("a device", "/dev/zero"),
                       ("a file of the kernel's", "/proc/kmsg")):
        name, start = os.path.basename(file), time.monotonic()
        p = act(name, BIND.replace("passwd /", file + " /").replace("group /", file + " /"))
        got = s.alert("names-" + name)
        check(what, fields(got) == unknown and time.monotonic() - start < 8, (p.stderr, got))
    p = act("fake", BIND, uid=0, namespaces="-m --user --map-root-user")
    got = s.alert("names-fake")
    if p.returncode and not got:
        skip("a user namespace has the host's names", p.stderr.strip())
    else:
        check("a user namespace has the host's names", fields(got)[4] == "root", got)
    with open("/proc/%d/status" % s.p.pid) as f:
        rss = int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
    check("memory stays small", rss < 60000, rss)


if __name__ == "__main__":
    if os.geteuid():
        skip("all", "needs root")
    else:
        main()
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % COUNT)
    sys.exit(1 if COUNT["failed"] else 0)
