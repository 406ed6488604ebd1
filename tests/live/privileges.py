#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Least privilege, on the live kernel: with which capabilities saker starts, and what it has left once events come.

usage: privileges.py [BINARY]      BUILD=build.  Needs root.  Last line: 'N passed, N failed, N skipped'."""
import json, os, re, shutil, signal, stat, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(BUILD, "saker"))
WITHCAPS = os.path.join(BUILD, "tool", "withcaps")
RULES = os.path.join(TOP, "etc", "saker_rules.yaml")
CAPS = dict(DAC_OVERRIDE=1, DAC_READ_SEARCH=2, SETPCAP=8, SYS_MODULE=16, SYS_PTRACE=19, SYS_ADMIN=21, SYS_RESOURCE=24, PERFMON=38, BPF=39)
MINIMAL = ["CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE"]
DRIVERS = [CAPS[c] for c in ("BPF", "PERFMON", "SYS_ADMIN", "SYS_MODULE", "SYS_RESOURCE")]
COUNT = {"passed": 0, "failed": 0, "skipped": 0}


def mask(*names):
    return sum(1 << CAPS[n.replace("CAP_", "")] for n in names)


def check(what, good, why=""):
    COUNT["passed" if good else "failed"] += 1
    print("%s %s%s" % ("ok  " if good else "FAIL", what, "" if good else ": %s" % (why,)), flush=True)
    return good


def status(pid, tid=None):
    text = open("/proc/%d/%sstatus" % (pid, "task/%d/" % tid if tid else "")).read()
    return dict(l.split(":\t", 1) for l in text.splitlines() if ":\t" in l)


class Saker:
    """One run; .path is a folder that its user may write to."""

    def __init__(self, caps=None, config="", uid=65534, options=(), copy=True):
        self.path = tempfile.mkdtemp(prefix="saker-priv.")
        user = caps is not None
        os.chmod(self.path, 0o755)
        for name in (RULES, BINARY) if copy else ():
            shutil.copy(name, self.path)
        with open(self.path + "/names.yaml", "w") as f:  # a thread asks for the addresses of names
            f.write("- rule: Asked\n  desc: x\n  condition: evt.type = connect and fd.sip.name = localhost\n  output: x\n  priority: INFO\n")
        if user:
            os.chown(self.path, uid, uid)
        with open(self.path + "/c.yaml", "w") as f:
            f.write("rules_files: [saker_rules.yaml, names.yaml]\njson_output: true\nstdout_output: {enabled: true}\nlog_syslog: false\n"
                    "log_stderr: true\nlog_level: info\nrule_matching: all\nengine: {kind: modern_ebpf, fallback: false}\n"
                    "rules: [{disable: {rule: \"*\"}}, {enable: {rule: Password hashes read}}, {enable: {rule: Asked}}]\n"
                    "append_output: [{suggested_output: false, extra_fields: [proc.sid, proc.exepath]}]\n" + config)
        argv = ([WITHCAPS, "-u", str(uid)] + list(options) + [",".join(caps) or "none"] if user else []) + [
            self.path + "/saker", "-c", "c.yaml", "-U"]
        self.p = subprocess.Popen(argv, cwd=self.path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  start_new_session=True)
        self.log, self.alerts, self.ready = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.read, args=(self.p.stderr, self.log)),
                        threading.Thread(target=self.read, args=(self.p.stdout, self.alerts))]
        for t in self.threads:
            t.start()

    def read(self, stream, into):
        for line in stream:
            into.append(line.rstrip())
            if re.search(r"\bPrivileges given up\b|privileges.drop is false", line):
                self.ready.set()
        self.ready.set()

    def text(self):
        return "\n".join(self.log)

    def __enter__(self):
        self.ready.wait(30)
        return self

    def __exit__(self, *a):
        self.end()

    def end(self, sig=signal.SIGTERM):
        if self.p.poll() is None:
            self.p.send_signal(sig)
        try:
            self.p.wait(15)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
        for t in self.threads:
            t.join(10)
        shutil.rmtree(self.path, ignore_errors=True)
        return self.p.returncode

    def attack(self, seconds=3):
        """Reads password hashes; True when the alert comes."""
        a = subprocess.Popen(["cat", "/etc/shadow"], stdout=subprocess.DEVNULL, start_new_session=True)
        a.wait()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in list(self.alerts):
                if line.startswith("{") and '"Password hashes read"' in line and json.loads(line)["output_fields"].get("proc.sid") == a.pid:
                    return True
            time.sleep(0.05)
        return False


def wait_for(f, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if f():
            return True
        time.sleep(0.05)
    return False


def read(path):
    try:
        return open(path).read()
    except OSError:
        return ""


def check_threads(s, what, keeps, main_keeps, bounding):
    """Of every thread: capabilities are at most `keeps`, those of the first one main_keeps; of the bounding set, these are gone."""
    bad, keeping = [], 0
    tids = [int(t) for t in os.listdir("/proc/%d/task" % s.p.pid)]
    for tid in tids:
        st = status(s.p.pid, tid)
        for key in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            have = int(st[key], 16)
            want = main_keeps if tid == s.p.pid else keeps
            if key in ("CapInh", "CapAmb"):
                want = 0
            elif tid != s.p.pid and have in (0, keeps):  # one of the others may keep something
                keeping += key == "CapEff" and have != 0
                continue
            if have != want:
                bad.append("thread %d has %s %x, not %x" % (tid, key, have, want))
        if bounding is not None and int(st["CapBnd"], 16) != bounding:
            bad.append("thread %d has CapBnd %s" % (tid, st["CapBnd"]))
        if st["NoNewPrivs"] != "1" or st["Seccomp"] != "2":
            bad.append("thread %d has NoNewPrivs %s Seccomp %s" % (tid, st["NoNewPrivs"], st["Seccomp"]))
    check("%s: every thread has given up its privileges" % what, not bad and len(tids) >= 3 and keeping == (keeps != 0), bad or "%d threads" % len(tids))


def t_minimal():
    """An ordinary user with exactly the capabilities of the table."""
    with Saker(MINIMAL) as s:
        if not check("minimal set: saker starts", s.p.poll() is None, s.text()):
            return
        check("minimal set: an attack raises an alert", s.attack(), s.text())
        check("minimal set: nothing is missing", "is missing" not in s.text(), s.text())
        check_threads(s, "minimal set", 0, mask("CAP_SYS_PTRACE"), None)
        check("minimal set: nothing was refused", "refused" not in s.text(), s.text())
        check("minimal set: it ends well", s.end() == 0, s.text())


def t_each_missing():
    for cap in ("CAP_BPF", "CAP_PERFMON"):
        with Saker([c for c in MINIMAL if c != cap]) as s:
            rc = s.p.wait(15)
            [t.join(5) for t in s.threads]
            err = [l for l in s.log if l.startswith("Error: ")]
            check("without %s: a message names it and the remedy" % cap, rc == 69 and len(err) == 1 and "%s is missing" % cap in err[0]
                  and all(w in err[0] for w in ("setcap cap_sys_ptrace,cap_perfmon,cap_bpf+ep", "AmbientCapabilities=CAP_SYS_PTRACE CAP_PERFMON CAP_BPF",
                                                "--cap-add SYS_PTRACE --cap-add PERFMON --cap-add BPF")), (rc, s.text()))
    with Saker(MINIMAL[:2]) as s:
        check("without CAP_SYS_PTRACE: it starts, and a warning names it", s.p.poll() is None and re.search(r"CAP_SYS_PTRACE is missing: .*--cap-add SYS_PTRACE", s.text()),
              s.text())
        check("without CAP_SYS_PTRACE: an attack raises an alert", s.attack(), s.text())
    with Saker([]) as s:
        rc = s.p.wait(15)
        [t.join(5) for t in s.threads]
        check("without any: both are named", rc == 69 and all(c + " is missing" in s.text() for c in MINIMAL[:2]), (rc, s.text()))


def t_root():
    """root, with every output; program_output runs without the driver's capabilities."""
    config = "program_output: {enabled: true, program: 'cat >>prog.txt; cat /proc/self/status >child.txt'}\n" \
             "file_output: {enabled: true, filename: file.txt, keep_alive: true}\n"
    with Saker(None, config) as s:
        if not check("root: saker starts", s.p.poll() is None, s.text()):
            return
        check("root: an attack raises an alert", s.attack(), s.text())
        check_threads(s, "root", 0, mask("CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"), 0)
        check("root: program_output gets the alert", wait_for(lambda: "Password hashes" in read(s.path + "/prog.txt")), s.text())
        wait_for(lambda: "Seccomp:" in read(s.path + "/child.txt"))
        child = dict(l.split(":\t", 1) for l in read(s.path + "/child.txt").splitlines() if ":\t" in l)
        have = [k for k in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb") if any(int(child.get(k, "f" * 16), 16) >> c & 1 for c in DRIVERS)]
        check("root: the program has none of the driver's capabilities, and no filter",
              not have and child.get("Seccomp") == "0" and child.get("NoNewPrivs") == "0", (have, child))
        os.rename(s.path + "/file.txt", s.path + "/old.txt")
        s.p.send_signal(signal.SIGUSR1)
        wait_for(lambda: "SIGUSR1" in s.text())
        check("root: outputs are opened again after SIGUSR1", s.attack() and wait_for(lambda: "Password hashes" in read(s.path + "/file.txt")), s.text())
        s.p.send_signal(signal.SIGHUP)
        check("root: SIGHUP is answered and alerts go on", wait_for(lambda: "SIGHUP received" in s.text()) and s.attack(), s.text())
        check("root: nothing was refused", "refused" not in s.text(), s.text())
        check("root: it ends well", s.end() == 0, s.text())


def t_look_up():
    """What is kept is enough to look up other users' processes: all that /proc tells root is told."""
    me = [sys.executable, "-c", "import os, time; os.setgid(12345); os.setuid(12345); time.sleep(60)"]
    victim = subprocess.Popen(me, env={"SAKER_TEST": "1"}, cwd="/var")
    try:
        with Saker(None) as s:
            pid = s.p.pid
            time.sleep(0.3)
            st = status(pid)
            have = int(st["CapEff"], 16)
            # the same capabilities as saker has now, in a process of the test
            code = "import os, sys; d = '/proc/%s/' % sys.argv[1]\n" \
                   "for f in (lambda: os.readlink(d + 'exe'), lambda: os.readlink(d + 'cwd'), lambda: os.readlink(d + 'root'),\n" \
                   "          lambda: open(d + 'environ').read(), lambda: os.listdir(d + 'fd'), lambda: os.readlink(d + 'fd/0')):\n" \
                   "    print(bool(f()))\n"
            names = ",".join("CAP_" + n for n, c in CAPS.items() if have >> c & 1)
            r = subprocess.run([WITHCAPS, names, sys.executable, "-c", code, str(victim.pid)], capture_output=True, text=True)
            check("look-ups: program, folders, environment and files of another user's process are read", r.stdout.split() == ["True"] * 6, r.stdout + r.stderr)
    finally:
        victim.kill()
        victim.wait()


def t_file_of_another():
    """A file that only CAP_DAC_OVERRIDE opens is still written; the other thread does not keep it."""
    with tempfile.TemporaryDirectory(prefix="saker-priv.") as d:
        os.chmod(d, 0o755)
        os.mkdir(d + "/theirs", 0o700)
        os.chown(d + "/theirs", 12345, 12345)
        with Saker(None, "file_output: {enabled: true, filename: %s/theirs/log}\n" % d) as s:
            check("somebody else's folder: alerts are written there", s.attack() and wait_for(lambda: "Password hashes" in read(d + "/theirs/log")), s.text())
            check("somebody else's folder: a warning tells it", "CAP_DAC_OVERRIDE" in s.text(), s.text())
            check_threads(s, "somebody else's folder", mask("CAP_DAC_OVERRIDE"), mask("CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"), 0)


def t_other_user():
    """privileges.user: started by root, works as another."""
    with Saker(None, "privileges: {user: nobody}\nprogram_output: {enabled: true, program: 'cat /proc/self/status >/tmp/saker-priv-child.$PPID; :'}\n") as s:
        if check("privileges.user: saker starts", s.p.poll() is None, s.text()):
            st = status(s.p.pid)
            check("privileges.user: it is that user", st["Uid"].split() == ["65534"] * 4 and st["Gid"].split()[0] != "0" and st["Groups"].strip() != "0", st)
            check("privileges.user: an attack raises an alert", s.attack(), s.text())
            check_threads(s, "privileges.user", 0, mask("CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"), 0)
    with Saker(None, "privileges: {user: no-such-user}\n") as s:
        rc = s.p.wait(15)
        [t.join(5) for t in s.threads]
        check("privileges.user: one that is not there is told", rc != 0 and "there is no user 'no-such-user'" in s.text(), s.text())
    for f in os.listdir("/tmp"):
        if f.startswith("saker-priv-child."):
            os.unlink("/tmp/" + f)


def t_not_wanted():
    with Saker(None, "privileges: {drop: false}\n") as s:
        wait_for(lambda: "ready in" in s.text(), 20)
        time.sleep(0.5)
        st = status(s.p.pid)
        check("privileges.drop: false: nothing is given up", int(st["CapEff"], 16) & mask("CAP_BPF", "CAP_PERFMON") and st["Seccomp"] == "0" and st["NoNewPrivs"] == "0", st)
        check("privileges.drop: false: an attack raises an alert", s.attack(), s.text())
        s.ready.set()


def main():
    if os.geteuid():
        print("skip privileges: needs root")
        print("0 passed, 0 failed, 1 skipped")
        return
    for test in (t_minimal, t_each_missing, t_root, t_look_up, t_file_of_another, t_other_user, t_not_wanted):
        try:
            test()
        except Exception as e:
            check(test.__name__, False, repr(e))
    print("%d passed, %d failed, %d skipped" % (COUNT["passed"], COUNT["failed"], COUNT["skipped"]))
    sys.exit(COUNT["failed"] > 0)


main()
