#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which system calls are captured: base_syscalls, what --dry-run says of it, saker rules --syscalls.

usage: syscalls.py [BINARY]

The sets are written out by hand here.  Names in log lines are those of evt.type ("procexit", "setgid" for setgid32 too);
saker rules --syscalls has the calls themselves.  No driver and no root is needed.
Last line: 'N passed, N failed, N skipped'."""
import json, os, re, subprocess, sys, tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
ENV = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C"}
COUNT = {"passed": 0, "failed": 0, "skipped": 0}
CONFIG = "stdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\nlog_level: %s\nengine: {kind: nodriver}\n%s\n"
RULE = "- rule: %s\n  desc: d\n  condition: %s\n  output: \"%s\"\n  priority: WARNING\n"

# The rule of Falco's guide on dropped events, and the sets that its five tests configure.
SPAWNED = RULE % ("TEST Simple Spawned Process", "(evt.type in (execve, execveat)) and proc.name=iShouldNeverAlert", "%evt.type")
GUIDE = {
    "spawned": "clone clone3 fork vfork execve execveat procexit",
    "repair": "",
    "accept": "clone clone3 fork vfork execve execveat getsockopt socket bind accept accept4 close",
    "connect": "clone clone3 fork vfork execve execveat getsockopt socket connect close",
    "open": "clone clone3 fork vfork execve execveat open openat openat2 close",
}

# The smallest set, as names and as calls (18 and 22).
REPAIR = "capset chdir chroot clone clone3 execve execveat fchdir fork prctl procexit setgid setpgid setresgid setresuid setsid setuid vfork".split()
REPAIR_CALLS = ("capset chdir chroot clone clone3 execve execveat fchdir fork prctl sched_process_exit setgid setgid32 setpgid setresgid "
                "setresgid32 setresuid setresuid32 setsid setuid setuid32 vfork").split()
# saker's own: with all calls that change who a process is or what it may.
PROCESS = REPAIR + "setregid setreuid setns unshare".split()
STATE_CALLS = """accept accept4 bind capset chdir chroot clone clone3 close close_range connect creat dup dup2 dup3 epoll_create
    epoll_create1 eventfd eventfd2 execve execveat fchdir fcntl fcntl64 fork getsockopt inotify_init inotify_init1 io_uring_setup
    memfd_create mount open open_by_handle_at openat openat2 pidfd_getfd pidfd_open pipe pipe2 prctl prlimit64 recvfrom recvmmsg
    recvmsg sched_process_exit sendmmsg sendmsg sendto setgid setgid32 setregid setresgid setresgid32 setresuid setresuid32 setreuid
    setrlimit setsid setuid setuid32 shutdown signalfd signalfd4 socket socketpair timerfd_create umount umount2 userfaultfd
    vfork""".split()
FREQUENT = "pread64 preadv pwrite64 pwritev read readv recv send sendfile sendfile64 write writev".split()
TRACEPOINTS = "page_fault_kernel page_fault_user sched_switch".split()     # ptrace does not deliver them
NET = "accept accept4 bind connect getpeername getsockname getsockopt listen setsockopt shutdown socket".split()
ON_FD = """_llseek access chdir chmod chown copy_file_range creat fchdir fchmod fchmodat fchown fchownat flock fstat fstat64 getcwd
    getdents getdents64 lchown link linkat lseek lstat lstat64 mkdir mkdirat mount newfstatat open open_by_handle_at openat openat2
    rename renameat renameat2 rmdir stat stat64 symlink symlinkat umount umount2 unlink unlinkat userfaultfd
    pread64 preadv pwrite64 pwritev read readv recv recvfrom recvmmsg recvmsg send sendfile sendfile64 sendmmsg sendmsg sendto
    write writev close close_range dup dup2 dup3 fcntl fcntl64 io_uring_enter io_uring_register io_uring_setup ioctl splice""".split()
# The name that evt.type has, where it is another than that of the call.
EVT_TYPE = {"_llseek": "llseek", "pread64": "pread", "pwrite64": "pwrite", "sendfile64": "sendfile", "fcntl64": "fcntl"}

FLOODS = ["sched_switch"] + ([] if os.uname().machine != "x86_64" else ["page_fault_kernel", "page_fault_user"])
NOWHERE = [] if os.uname().machine == "x86_64" else ["page_fault_kernel", "page_fault_user"]
PTRACE = "engine: {kind: ptrace}"

LOST = "Loaded rules match syscalls that are not activated "


class Dir:
    def __enter__(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="saker-sc.")
        self.path = self.tmp.name
        return self

    def __exit__(self, *a):
        self.tmp.cleanup()

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w") as f:
            f.write(text)

    def saker(self, *args):
        p = subprocess.run([BINARY] + list(args), cwd=self.path, env=ENV, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")

    def prepare(self, rules, base="", level="debug"):
        config = CONFIG % (level, base)
        if "engine:" in base:
            config = config.replace("engine: {kind: nodriver}\n", "", 1)
        self.write("c.yaml", config)
        self.write("r.yaml", rules)

    def dry_run(self, rules, base="", level="debug"):
        """The lines of the log and of standard error."""
        self.prepare(rules, base, level)
        rc, out, err = self.saker("-c", "c.yaml", "-r", "r.yaml", "--dry-run")
        same((rc, out), (0, ""), err)
        return Said(err)

    def tell(self, rules, base="", *args):
        self.prepare(rules, base)
        rc, out, err = self.saker("rules", "--syscalls", "--json", "-c", "c.yaml", "-r", "r.yaml", *args)
        same(rc, 0, err)
        return json.loads(out)["syscalls"]


class Said:
    def __init__(self, err):
        self.err = err
        self.lines = [re.sub(r"^\w{3} \w{3} +\d+ [\d:]{8} \d{4}: ", "", line) for line in err.splitlines()]

    def get(self, start):
        """[count, names] of the only line "START...: a, b", or None."""
        found = [line for line in self.lines if re.match(start, line)]
        if not found:
            return None
        same(len(found), 1, found)
        names = found[0].rsplit(": ", 1)[1].split(", ")
        same(int(re.match(r"[+-]?\((\d+)\)", found[0])[1]), len(names), found[0])
        same(names, sorted(set(names)), "order")
        return names

    def final(self):
        return self.get(r"\(\d+\) syscalls selected in total \(final set\): ")

    def lost(self):
        found = [line.split(": warning (unsupported-evttype): ")[1].split(", ") for line in self.err.splitlines() if line.startswith(LOST)]
        return found[0] if found else []


def same(got, want, what=""):
    if got != want:
        raise AssertionError("%s: got %r, expected %r" % (what, got, want))


def same_set(got, want, what=""):
    got, want = set(got), set(want)
    if got != want:
        raise AssertionError("%s: missing %s, too many %s" % (what, sorted(want - got), sorted(got - want)))


def holds(text, part):
    if not re.search(part, text, re.M):
        raise AssertionError("no match for /%s/ in %r" % (part, text[-600:]))


def custom(names, repair=False):
    return "base_syscalls: {custom_set: [%s], repair: %s}" % (", ".join("'%s'" % n for n in names), "true" if repair else "false")


def rule_of(names, name="r"):
    return RULE % (name, "evt.type in (%s) and proc.name=x" % ", ".join(names), "%evt.type")


def names(calls):
    return [c["name"] for c in calls]


def whys(what, call, part="captured", key="why"):
    return {w["kind"]: w for c in what[part] if c["name"] == call for w in c[key]}


# ---- the five tests of the guide -----------------------------------------------------------------

def t_guide_spawned_processes(d):
    s = d.dry_run(SPAWNED, custom(GUIDE["spawned"].split()))
    same(s.get(r"\(\d+\) syscalls in rules: "), ["execve", "execveat"])
    same(s.get(r"\+\(\d+\) syscalls added \(base_syscalls override\): "), sorted(GUIDE["spawned"].split()))
    same(s.final(), "clone clone3 execve execveat fork procexit vfork".split())
    s = d.dry_run(SPAWNED, custom(GUIDE["spawned"].split(), repair=True))
    same(s.get(r"\+\(\d+\) repaired syscalls: "),
         "capset chdir chroot fchdir prctl setgid setpgid setresgid setresuid setsid setuid".split())
    same(s.final(), sorted(REPAIR))


def t_guide_repair(d):
    s = d.dry_run(SPAWNED, custom([], repair=True))
    same([line for line in s.lines if "syscalls" in line], [
        "(2) syscalls in rules: execve, execveat",
        "+(16) syscalls (Falco's state engine set of syscalls): capset, chdir, chroot, clone, clone3, fchdir, fork, prctl, procexit, "
        "setgid, setpgid, setresgid, setresuid, setsid, setuid, vfork",
        "(18) syscalls selected in total (final set): capset, chdir, chroot, clone, clone3, execve, execveat, fchdir, fork, prctl, "
        "procexit, setgid, setpgid, setresgid, setresuid, setsid, setuid, vfork"])


def t_guide_accept(d):
    want = "accept accept4 bind clone clone3 close execve execveat fork getsockopt procexit socket vfork".split()
    same(d.dry_run(SPAWNED, custom(GUIDE["accept"].split())).final(), want)
    s = d.dry_run(SPAWNED, custom(GUIDE["accept"].split(), repair=True))
    same(s.final(), sorted(REPAIR + "accept accept4 bind close getsockopt socket".split()))
    # repair finds what belongs to accept by itself, and what belongs to a rule
    s = d.dry_run(SPAWNED, custom(["accept"], repair=True))
    same(s.final(), sorted(REPAIR + "accept bind close getsockopt socket".split()))
    s = d.dry_run(rule_of(["accept", "accept4"]), custom([], repair=True))
    same(s.final(), sorted(REPAIR + "accept accept4 bind close getsockopt socket".split()))


def t_guide_connect(d):
    want = "clone clone3 close connect execve execveat fork getsockopt procexit socket vfork".split()
    same(d.dry_run(SPAWNED, custom(GUIDE["connect"].split())).final(), want)
    s = d.dry_run(SPAWNED, custom(GUIDE["connect"].split(), repair=True))
    same(s.final(), sorted(REPAIR + "close connect getsockopt socket".split()))
    s = d.dry_run(rule_of(["connect"]), custom([], repair=True))
    same(s.final(), sorted(REPAIR + "close connect getsockopt socket".split()))


def t_guide_open(d):
    want = "clone clone3 close execve execveat fork open openat openat2 procexit vfork".split()
    same(d.dry_run(SPAWNED, custom(GUIDE["open"].split())).final(), want)
    s = d.dry_run(SPAWNED, custom(GUIDE["open"].split(), repair=True))
    same(s.final(), sorted(REPAIR + "close open openat openat2".split()))
    s = d.dry_run(rule_of(["open", "openat", "openat2"]), custom([], repair=True))
    same(s.final(), sorted(REPAIR + "close open openat openat2".split()))


# ---- the algorithm -------------------------------------------------------------------------------

def t_repair_sizes(d):
    """As measured with Falco: nothing 22, connect 26, accept 27, openat 24, execve 22."""
    nothing = rule_of(["openat"]) + "  enabled: false\n"
    for asked, more, size in ((None, "", 22), ("connect", "close connect getsockopt socket", 26), ("openat", "close openat", 24),
                              ("execve", "", 22), ("accept", "accept bind close getsockopt socket", 27)):
        # rules that compare evt.type with accept may see accept4 in captures, and ask for both
        what = d.tell(rule_of([asked]) if asked and asked != "accept" else nothing, custom([], repair=True))
        if asked != "accept":
            same_set(names(what["captured"]), REPAIR_CALLS + more.split(), asked)
            same((what["base"], len(what["captured"])), ("repair", size))
        if asked:
            what = d.tell(nothing, custom([asked], repair=True))
            same_set(names(what["captured"]), REPAIR_CALLS + more.split(), asked)
            same((what["base"], len(what["captured"])), ("custom_set", size))


def t_repair_of_each_call(d):
    for call in sorted(set(NET + ON_FD + ["epoll_wait", "futex", "kill", "mmap"])):
        # custom_set takes calls by their own names too, and repair looks at what is captured in the end
        what = d.tell(SPAWNED, "base_syscalls: {custom_set: ['%s'], repair: true, all: true}" % call)
        want = REPAIR_CALLS + [call]
        want += ["socket", "getsockopt", "close"] if call in NET else []
        want += ["bind"] if call in ("accept", "accept4", "listen") else []
        want += ["close"] if call in ON_FD else []
        got = names(what["captured"])
        # a name of evt.type may be that of several calls
        alike = {"fcntl": ["fcntl64"], "sendfile": ["sendfile64"]}.get(call, [])
        same_set(got, want + alike, call)


def t_repair_wins(d):
    s = d.dry_run(SPAWNED, custom(["!chdir", "!close"], repair=True))
    # fchdir, which is in the smallest set, is a call on a descriptor
    same(s.get(r"\+\(\d+\) repaired syscalls: "), ["chdir", "close"])
    same(s.final(), sorted(REPAIR + ["close"]))
    s = d.dry_run(SPAWNED, custom(["!chdir"]))
    same("chdir" in s.final(), False)


def t_negated(d):
    s = d.dry_run(rule_of(["openat", "mkdir"]), custom(["!openat", "!dup", "!procexit"]))
    state = {EVT_TYPE.get(c, c) for c in STATE_CALLS} - {"fcntl64", "prlimit64", "sched_process_exit"}
    state = {n for n in state if not n.endswith("32")} | {"prlimit"}
    same_set(s.get(r"\+\(\d+\) syscalls \(Falco's state engine set of syscalls\): "), state - {"openat", "dup"})
    same(s.get(r"-\(\d+\) syscalls removed \(base_syscalls override\): "), ["dup", "openat", "procexit"])
    same_set(s.final(), (state - {"openat", "dup"}) | {"mkdir", "procexit"})
    same(s.lost(), ["openat"])
    # both at once: what is taken out is out
    s = d.dry_run(SPAWNED, custom(["clone", "mkdir", "!mkdir", "!execve"]))
    same(s.final(), ["clone", "execveat", "procexit"])


def t_all(d):
    rules = rule_of(["read", "write", "switch", "page_fault", "close"])
    s = d.dry_run(rules)
    same(s.get(r"-\(\d+\) ignored syscalls \(-> activate via `-A` flag\): "), ["read", "write"])
    same(s.lost(), ["read", "write"])
    holds(s.err, r"^If syscalls in rules include high volume syscalls \(-> activate via `-A` flag\), else ")
    what = d.tell(rules, "base_syscalls: {all: true}")
    same_set(names(what["captured"]), STATE_CALLS + ["read", "write"] + FLOODS)
    same(names(what["not_delivered"]), NOWHERE)
    same((what["base"], what["left_out"][0]["name"]), ("state", "setns"))
    s = d.dry_run(rules, "base_syscalls: {all: true}")
    same((s.get(r"-\(\d+\) ignored"), s.lost()), (None, []))


def t_frequent(d):
    """A rule that restricts no type asks for everything; what is frequent is left out, and nothing else."""
    what = d.tell(RULE % ("all", "proc.name=x", "%evt.type"))
    same_set(names(what["left_out"]), FREQUENT + FLOODS)
    same(names(what["not_delivered"]), NOWHERE)
    same(len(what["captured"]) > 400, True)


def t_floods(d):
    """Switches and page faults come when they are named: by a rule, or in base_syscalls."""
    for rules, base, want in ((rule_of(["switch"]), "", ["sched_switch"]), (rule_of(["page_fault"]), "", FLOODS[1:]),
                              (SPAWNED, custom(["clone", "switch"]), ["sched_switch"]), (rule_of(["switch"]), custom(["!switch"]), []),
                              (RULE % ("all", "proc.name=x", "%evt.type"), "", []), (rule_of(["signaldeliver"]), "", []),
                              (RULE % ("all", "proc.name=x", "%evt.type"), "base_syscalls: {all: true}", FLOODS)):
        same_set(set(names(d.tell(rules, base)["captured"])) & set(TRACEPOINTS), want, (rules, base))
    what = d.tell(RULE % ("all", "proc.name=x", "%evt.type"))
    same(whys(what, "sched_switch", "left_out", "why")["high_volume"]["text"],
         "so frequent that a rule must name it, or base_syscalls ask for it")
    same("signal_deliver" in names(d.tell(rule_of(["signaldeliver"]))["captured"]), True)


def t_not_delivered(d):
    """What the driver does not send is not passed off as captured; the rules that name it are told at the start."""
    rules = (rule_of(["switch"], "sw") + rule_of(["openat", "switch"], "both") + rule_of(["page_fault"], "fault")
             + RULE % ("any", "proc.name=x", "%evt.type") + RULE % ("most", "evt.type != execve and proc.name=x", "%evt.type")
             + rule_of(["openat"], "other"))
    s = d.dry_run(rule_of(["useradded", "groupdeleted"], "users") + rule_of(["drop"], "drop") + rule_of(["useradded", "openat"], "both")
                  + RULE % ("any", "proc.name=x", "%evt.type"), level="warning")
    same([line for line in s.lines if "sensor itself" in line],
         ['Events of the sensor itself, such as useradded or drop, are not made: only in captures do they reach the rules that ask for '
          'nothing else: "users", "drop"'])
    s = d.dry_run(rules, PTRACE, level="warning")
    same([line for line in s.lines if "driver delivers" in line],
         ['The ptrace driver delivers no switch events: they never reach the rules that name them: "sw", "both"',
          'The ptrace driver delivers no page_fault events: they never reach the rules that name them: "fault"'])
    what = d.tell(rules, PTRACE)
    same((what["driver"], names(what["not_delivered"])), ("ptrace", TRACEPOINTS))
    same(set(TRACEPOINTS) & set(names(what["captured"]) + names(what["left_out"])), set())
    same(whys(what, "sched_switch", "not_delivered", "asked_by")["rules"]["rules"], ["sw", "both", "any", "most"])
    d.prepare(rule_of(["switch"], "sw"), PTRACE)
    rc, out, err = d.saker("rules", "--syscalls", "-c", "c.yaml", "-r", "r.yaml")
    holds(out, r'\n\n1 asked for, and not delivered by the driver ptrace:\n\n  sched_switch +asked for by rules: "sw"\n')
    # by a name of base_syscalls only; by nobody
    s = d.dry_run(SPAWNED, custom(["clone", "switch"]) + "\n" + PTRACE, "warning")
    holds(s.err, r": The ptrace driver delivers no switch events, which base_syscalls\.custom_set asks for$")
    for base in ("", "base_syscalls: {all: true}"):
        same(("driver delivers" in d.dry_run(SPAWNED, base + "\n" + PTRACE).err, d.tell(SPAWNED, base + "\n" + PTRACE)["not_delivered"]),
             (False, []))
    # other drivers have them, but for page faults on other machines than x86
    s = d.dry_run(rules, level="warning")
    same([line for line in s.lines if "driver delivers" in line], [
        'No driver delivers page_fault events: they never reach the rules that name them: "fault"'] if NOWHERE else [])


# ---- saker's own set -----------------------------------------------------------------------------

def t_own(d):
    s = d.dry_run(rule_of(["openat", "setuid"]))
    same(s.get(r"\(\d+\) syscalls in rules: "), ["openat", "setuid"])
    same(s.get(r"\+\(\d+\) syscalls \(saker's set of syscalls for the picture of processes\): "), sorted(set(PROCESS) - {"setuid"}))
    same(s.final(), sorted(PROCESS + ["openat"]))
    same(("Falco" in s.err, s.lost()), (False, []))


def t_own_fd_table(d):
    """The calls that keep the fd table come with a rule that needs it, for its condition or its output."""
    for rules in (RULE % ("in the condition", "evt.type=mkdir and proc.fdopencount > 3", "%evt.type"),
                  RULE % ("in the output", "evt.type=mkdir", "%evt.type %proc.fdopencount")):
        s = d.dry_run(rules)
        table = s.get(r"\+\(\d+\) syscalls \(the table of open descriptors, for proc\.fdopencount of \"in the \w+\"\): ")
        for name in "open openat close dup dup2 dup3 pipe pipe2 socket accept accept4 fcntl close_range epoll_create1 recvmsg".split():
            same(name in table, True, name)
        same(set(table) & {"mkdir", "read", "write", "mmap", "setrlimit", "kill"}, set())
        same_set(s.final(), set(table) | set(PROCESS) | {"mkdir"})
    s = d.dry_run(RULE % ("limit", "evt.type=mkdir and proc.fdlimit > 3", "%evt.type"))
    same(s.get(r"\+\(\d+\) syscalls \(the limit of open descriptors, for proc\.fdlimit of \"limit\"\): "), ["prlimit", "setrlimit"])
    same(s.final(), sorted(PROCESS + ["mkdir", "prlimit", "setrlimit"]))
    # with base_syscalls the set is Falco's; what that breaks is told
    what = d.tell(RULE % ("R", "evt.type=mkdir and proc.fdopencount > 3", "%evt.type"), custom([], repair=True))
    same_set(names(what["captured"]), REPAIR_CALLS + ["mkdir", "close"])
    same(whys(what, "dup", "left_out")["field"]["uses"], [{"rule": "R", "field": "proc.fdopencount"}])


# ---- what is said --------------------------------------------------------------------------------

def t_levels(d):
    """Debug lines need log_level debug; what is repaired is info, invalid names are warnings."""
    base = custom(["clone", "opnat", "!clsoe"], repair=True)
    for level, want in (("debug", 7), ("info", 3), ("notice", 2), ("warning", 2), ("error", 0)):
        s = d.dry_run(rule_of(["mkdir", "read"]), base, level)
        lines = [line for line in s.lines if re.match(r"[+-]?\(\d+\)|Invalid", line)]
        same(len(lines), want, "%s: %r" % (level, lines))
        same(s.lost(), ["read"], level)     # said at every level
    s = d.dry_run(rule_of(["mkdir", "read"]), base, "info")
    holds(s.err, r": \+\(\d+\) repaired syscalls: capset, ")


def t_unknown_names(d):
    s = d.dry_run(SPAWNED, custom(["opnat", "clone", "exceve", "nothing_like_it", "!clsoe", "!x"]))
    holds(s.err, r": Invalid \(positive\) syscall names: warning \(base_syscalls override\): "
          r"exceve \(did you mean execve\?\), nothing_like_it, opnat \(did you mean openat\?\)$")
    holds(s.err, r": Invalid \(negative\) syscall names: warning \(base_syscalls override\): clsoe \(did you mean close\?\), x$")
    same(s.final(), ["clone", "execve", "execveat", "procexit"])
    # an unquoted '!' is a tag in YAML
    s = d.dry_run(SPAWNED, "base_syscalls:\n  custom_set:\n  - clone\n  - !close\n")
    holds(s.err, r"Invalid \(positive\) syscall names: .*: '' \(in YAML a name that begins with '!' needs quotes\)$")
    s = d.dry_run(SPAWNED, custom(["x" * 5000, "é", "!", ","]))
    holds(s.err, r"Invalid \(positive\) syscall names: .*x{5000}")
    s = d.dry_run(SPAWNED, custom(["no%d" % i for i in range(5000)] + ["clone"]))
    holds(s.err, r"Invalid \(positive\) syscall names: .*: no0, no1, .*, and \d+ more$")
    same(s.final(), ["clone", "execve", "execveat", "procexit"])
    what = d.tell(SPAWNED, custom(["opnat", "!clsoe"]))
    same(what["invalid"], [{"name": "opnat", "negative": False, "similar": "openat"},
                           {"name": "clsoe", "negative": True, "similar": "close"}])


def t_strangers(d):
    """Processes that nobody introduces are worth a warning; the guide's sets have what is needed."""
    s = d.dry_run(SPAWNED, custom(["clone", "!execve"]), "warning")
    holds(s.err, r": base_syscalls leaves out clone3, execve, fork, vfork: alerts may lack the process or name a wrong one ")
    for base in [custom(c.split()) for c in GUIDE.values() if c] + [custom([], repair=True), custom(["clone"], repair=True), ""]:
        same(d.dry_run(SPAWNED, base, "info").err.count("leaves out"), 0, base)


def t_replay_says_nothing(d):
    d.prepare(rule_of(["read"]))
    rc, out, err = d.saker("-c", "c.yaml", "-r", "r.yaml", "-o", "engine.kind=replay", "-o", "engine.replay.capture_file=x", "--dry-run")
    same((rc, out, "syscalls in rules" in err or LOST in err), (0, "", False))


# ---- saker rules --syscalls ----------------------------------------------------------------------

def t_rules_json(d):
    rules = "".join(rule_of(["openat"], "rule %d" % i) for i in range(7)) + rule_of(["read"], "reader") + rule_of(["mkdir"], "maker")
    what = d.tell(rules)
    same((what["base"], what["rules"], what["invalid"]), ("saker", 9, []))
    same(names(what["captured"]), sorted(names(what["captured"])))
    same(whys(what, "openat"), {"rules": {"kind": "rules", "text": "rules:", "rules": ["rule %d" % i for i in range(7)]}})
    same(set(whys(what, "chdir")), {"process"})
    same(names(what["left_out"]), ["read"])
    same(set(whys(what, "read", "left_out")), {"high_volume"})
    same(whys(what, "read", "left_out", "asked_by")["rules"]["rules"], ["reader"])
    same([c["evt_type"] for c in what["captured"] if c["name"] == "sched_process_exit"], ["procexit"])
    what = d.tell(rules, custom(["dup", "!mkdir"], repair=True))
    same(what["base"], "custom_set")
    same(set(whys(what, "dup")), {"custom_set"})
    same(set(whys(what, "chdir")), {"repair"})
    same(set(whys(what, "close")), {"repair"})
    same(set(whys(what, "mkdir", "left_out")), {"removed"})
    same(set(whys(what, "setreuid", "left_out")), {"process"})
    same(set(whys(d.tell(rules, custom(["dup"])), "sched_process_exit")), {"process"})
    same(set(whys(d.tell(rules, custom(["!mkdir"])), "pipe")), {"state"})


def t_rules_text(d):
    rules = "".join(rule_of(["openat"], "rule %d" % i) for i in range(7)) + rule_of(["mkdir"], "one") + rule_of(["read"], "reader")
    d.prepare(rules)
    args = ("rules", "--syscalls", "-c", "c.yaml", "-r", "r.yaml")
    rc, out, err = d.saker(*args)
    same((rc, err), (0, ""))
    holds(out, r"^28 system calls are captured for 9 rules: ")
    holds(out, r'^  openat +rules: "rule 0", "rule 1", "rule 2" and 4 more$')
    holds(out, r'^  mkdir +rules: "one"$')
    holds(out, r"^  setuid +user and group of a process$")
    holds(out, r'\n\n1 left out:\n\n  read +so frequent that base_syscalls\.all must ask for it\n +asked for by rules: "reader"\n')
    rc, out, err = d.saker(*args, "-v")
    holds(out, r'^  openat +rules: "rule 0", "rule 1", .*, "rule 6"$')
    rc, out, err = d.saker(*args, "-o", "base_syscalls.custom_set[]=!opnat")
    holds(out, r"^  !opnat  \(did you mean openat\?\)$")
    rc, out, err = d.saker(*args, "--json", "-o", "base_syscalls.custom_set[]=a\udcff")
    same(json.loads(out)["syscalls"]["invalid"], [{"name": "(not UTF-8)", "negative": False, "similar": None}])
    # without a configuration
    rc, out, err = d.saker("rules", "--syscalls", "-r", "r.yaml")
    holds(out, r"^28 system calls are captured for 9 rules: ")
    # what is switched off asks for nothing
    rc, out, err = d.saker(*args, "-o", "rules[].disable.rule=rule *", "-o", "priority=warning")
    same(("openat" in out, "mkdir" in out), (False, True))


def t_rules_bad_input(d):
    d.prepare(SPAWNED)
    d.write("bad.yaml", "- rule: x\n  condition: no.such = 1\n")
    for args, want in ((["--syscalls", "-c", "nosuch.yaml"], "Error: Could not find configuration file at nosuch.yaml"),
                       (["--syscalls", "-c", "c.yaml"], "Error: You must specify at least one rules file"),
                       (["--syscalls", "-r", "nosuch.yaml"], "Error: Could not open file nosuch.yaml for reading"),
                       (["--syscalls", "-r", "bad.yaml"], "Error: bad.yaml: Invalid"),
                       (["-r", "r.yaml"], "Error: saker rules: nothing was asked for, such as --syscalls; see saker rules --help"),
                       ([], "Error: saker rules: nothing was asked for"),
                       (["syscalls"], "Error: saker rules: ‘syscalls’ is no option; see saker rules --help"),
                       (["--nosuch"], "Error: Option ‘nosuch’ does not exist"),
                       (["--syscalls=1"], "Error: Option ‘syscalls’ does not take an argument")):
        rc, out, err = d.saker("rules", *args)
        same((rc, out), (1, ""), args)
        holds(err, "^" + want)
    rc, out, err = d.saker("-c", "c.yaml", "--syscalls")
    same(rc, 1)
    holds(err, "^Error: Option ‘syscalls’ does not exist$")
    for args in (["rules", "--help"], ["rules", "-h"]):
        rc, out, err = d.saker(*args)
        same((rc, err), (0, ""))
        holds(out, r"^  --syscalls ")
    rc, out, err = d.saker("--help")
    holds(out, r"^  saker rules ")


def main():
    for name, test in sorted((n, f) for n, f in globals().items() if n.startswith("t_")):
        with Dir() as d:
            try:
                test(d)
                COUNT["passed"] += 1
            except Exception as e:
                COUNT["failed"] += 1
                print("FAIL %s: %s: %s" % (name[2:], type(e).__name__, e))
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % COUNT)
    return COUNT["failed"] > 0


sys.exit(main())
