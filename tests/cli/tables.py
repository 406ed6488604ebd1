#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/events.md and docs/fields.md are what the rows say, and each row has a test.

usage: tables.py [BINARY] [--docs]

--docs writes both pages; without it they are compared.  The rows come from build/tool/rowdump.  Which program of
tests/conform expects an event of a call that succeeds or fails is seen by running them, without a driver; that
needs root and x86_64, elsewhere the page is believed as far as the sources name the same events.
Last line: 'N passed, N failed, N skipped'."""
import glob, gzip, json, os, platform, re, subprocess, sys, tempfile
import clidir
from clidir import TOP, same

sys.path.insert(0, os.path.join(TOP, "tests", "conform"))
sys.dont_write_bytecode = True
import rows as conform

BUILD = os.path.dirname(clidir.BINARY)
KIT = os.environ.get("SAKER_CONFORMANCE", os.path.join(os.path.dirname(TOP), "shared", "conformance"))
PAGES = {name: os.path.join(TOP, "docs", name) for name in ("events.md", "fields.md")}
ENOSYS = -38

# What raises an event, where the table of system calls does not say it.
ALSO_RAISED_BY = {
    "SYSCALL_EXECVE_19_X": "`execveat` that succeeds",
    "PROCEXIT_1_E": "the end of a thread",
    "SIGNALDELIVER_E": "a signal that reaches a thread",
    "SCHEDSWITCH_6_E": "a thread that leaves the CPU to another",
    "PAGE_FAULT_E": "a page fault (x86_64)",
    "SOCKET_SEND_X": "`socketcall` (i386)",
    "SOCKET_RECV_X": "`socketcall` (i386)",
}
# Fields without a test, and why.
NO_FIELD_TEST = {}


def dumped():
    p = subprocess.run([os.path.join(BUILD, "tool", "rowdump")], stdout=subprocess.PIPE, check=True)
    return json.loads(p.stdout)


ROWS = dumped()
CAPTURED = [e for e in ROWS["events"] if e["captured"]]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def numbers(arch):
    return set(re.findall(r"^NR\(\d+, (\w+)\)", read(os.path.join(TOP, "schema", "nr", arch + ".def")), re.M))


NUMBERS = {"x86_64": numbers("x86_64"), "i386": numbers("i386"), "arm64": numbers("aarch64")}


# ---- which conformance program expects what ----------------------------------------------------------

def named():
    """{event: programs whose source names it}"""
    found = {}
    for path in glob.glob(os.path.join(TOP, "tests", "conform", "*.c")):
        for word in set(re.findall(r"\b[A-Z]\w+_[EX]\b", read(path))):
            found.setdefault(word, set()).add(os.path.basename(path)[:-2])
    return found


def cannot_run():
    if os.geteuid():
        return "the conformance programs need root"
    if platform.machine() != "x86_64":
        return "the conformance programs are looked at on x86_64"
    return None


def expectations(program):
    """The lines of one program, run without a driver."""
    with tempfile.TemporaryDirectory(prefix="saker-tables.") as d:
        os.chmod(d, 0o755)
        os.mkdir(d + "/cwd")
        p = subprocess.run([os.path.join(BUILD, "conform", program), d + "/expect"], cwd=d + "/cwd", timeout=60,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        same(p.returncode, 0, "tests/conform/%s.c: %s" % (program, p.stdout.decode("utf-8", "replace")))
        return [json.loads(line) for line in read(d + "/expect").splitlines() if line.startswith("{")]


class Seen:
    """Who expects which event: of[event, "success" or "failure"] are programs; what this kernel lacks is unknown."""

    def __init__(self):
        self.of, self.unknown, self.counts = {}, set(), {}
        self.schema = conform.read_schema()

    def add(self, program, want):
        event, how = want["type"], conform.outcome(want, self.schema)
        same(event in self.schema, True, "tests/conform/%s: row %s" % (want["at"], event))
        row = self.schema[event]
        first = want["params"].get(row["params"][0][0], {}) if row["params"] else {}
        if first.get("int") == ENOSYS and event not in conform.NEVER_SUCCEEDS:
            self.unknown.add((event, program))
            return
        self.of.setdefault((event, how), set()).add(program)
        self.counts[event, how] = self.counts.get((event, how), 0) + 1

    def run(self):
        sources = named()
        for path in sorted(glob.glob(os.path.join(TOP, "tests", "conform", "*.c"))):
            program = os.path.basename(path)[:-2]
            wanted = expectations(program)
            if any("skip" in w for w in wanted):
                self.unknown |= {(event, program) for event, who in sources.items() if program in who}
            for want in wanted:
                if "type" in want:
                    self.add(program, want)
        return self

    def believe(self, page, pairs):
        """What the page says of these pairs of event and program."""
        for event, good, bad in re.findall(r"^\| `(\w+)` .*\| ([^|]*) \| ([^|]*) \|$", page, re.M):
            for how, cell in (("success", good), ("failure", bad)):
                for program in re.findall(r"\[(\w+)\]\(", cell):
                    if (event, program) in pairs:
                        self.of.setdefault((event, how), set()).add(program)
        return self


RUN = []    # once for all tests


def seen():
    if not RUN:
        RUN.append(Seen().run())
    return RUN[0]


# ---- docs/events.md ----------------------------------------------------------------------------------

EVENTS_HEAD = """# Events

The events that the drivers capture, %d types, by category. This page is made from the rows of `schema/` and from
what the programs of `tests/conform` expect, by `tests/cli/tables.py --docs`.

- *Parameters*: `name` TYPE, in the order in which they are in the event; the result of the call comes first. Those in
  italics are saker's own: only live drivers send them. Rules name a parameter as `evt.arg.NAME`.
- *Raised by*: system calls; where a call is none of x86_64, the machines that have it follow in brackets. Calls that
  a 32-bit program makes by `socketcall` raise the event of the call inside.
- *Succeeds*, *fails*: the programs that make a call which succeeds or fails, and know each parameter of the event that
  must come of it (`tests/live/driver` compares). Where there is none, the reason.

`saker --list-events` has all events, also those that are only found in capture files; which of them are captured by
default, and what `ptrace` cannot see, is in [syscalls.md](syscalls.md). How to add one: [howto/add-a-syscall.md](howto/add-a-syscall.md).
"""
NOT_DELIVERED = """
## What no driver delivers

Rules may name these events, and capture files have them; no driver of this version sends them. A call comes as `GENERIC_X`,
so that `evt.type` is its name and `evt.arg.NAME` has no value.

| event | name | parameters | in its place |
|---|---|---|---|
"""
EVENTS_TABLE = "\n## %s\n\n| event | name | parameters | raised by | succeeds | fails |\n|---|---|---|---|---|---|\n"


def parameters(e):
    forms = {False: "`%s` %s", True: "*`%s` %s*"}
    return ", ".join(forms[p["extra"]] % (p["name"], p["type"]) for p in e["params"]) or "none"


def call(name):
    if name in NUMBERS["x86_64"]:
        return "`%s`" % name
    return "`%s` (%s)" % (name, ", ".join(a for a in ("i386", "arm64") if name in NUMBERS[a]))


def calls_of(event):
    """The system calls of a row; of one at the entry of a call, those that end in its other half."""
    end = re.sub("_E$", "_X", event)
    numbered = set().union(*NUMBERS.values())
    return [s["name"] for s in ROWS["syscalls"] if s["event"] in (event, end) and s["name"] in numbered]


def raised_by(e):
    calls = calls_of(e["id"])
    if e["id"] == "GENERIC_X":
        return "the system calls without an event of their own"
    also = [ALSO_RAISED_BY[e["id"]]] if e["id"] in ALSO_RAISED_BY else []
    return ", ".join([call(c) for c in calls] + also)


def can_fail(event, schema):
    return event not in conform.NEVER_FAILS and conform.has_result(event, schema[event])


def programs(event, how, who):
    names = sorted(who.of.get((event, how), ()))
    if names:
        return ", ".join("[%s](../tests/conform/%s.c)" % (n, n) for n in names)
    if event in conform.UNREACHABLE:
        return conform.UNREACHABLE[event] if how == "success" else ""
    if how == "success":
        return conform.NEVER_SUCCEEDS.get(event, "")
    return conform.NEVER_FAILS.get(event, "" if can_fail(event, who.schema) else "carries no result")


def events_page(who):
    text = EVENTS_HEAD % len(CAPTURED)
    for category in sorted({e["category"] for e in CAPTURED}):
        text += EVENTS_TABLE % category
        for e in sorted((e for e in CAPTURED if e["category"] == category), key=lambda e: (e["name"], e["number"])):
            text += "| `%s` | %s | %s | %s | %s | %s |\n" % (
                e["id"], e["name"], parameters(e), raised_by(e),
                programs(e["id"], "success", who), programs(e["id"], "failure", who))
    rows = ""
    for e in ROWS["events"]:
        calls = [s["name"] for s in ROWS["syscalls"] if s["event"] == e["id"] and not e["captured"]]
        if calls:
            instead = "`GENERIC_X`" if calls_of(e["id"]) else "nothing"
            rows += "| `%s` | %s | %s | %s |\n" % (e["id"], e["name"], parameters(e), instead)
    return text + (NOT_DELIVERED + rows if rows else "")


def current_events_page():
    """As the rows and the programs have it now; what cannot be seen on this machine, as the page has it."""
    page = read(PAGES["events.md"]) if os.path.exists(PAGES["events.md"]) else ""
    if cannot_run():
        return events_page(Seen().believe(page, {(event, p) for event, who in named().items() for p in who}))
    return events_page(seen().believe(page, seen().unknown))


# ---- docs/fields.md ----------------------------------------------------------------------------------

FIELDS_HEAD = """# Fields

What conditions and outputs can ask of an event: %d fields. This page is made from the rows in `src/field/` by
`tests/cli/tables.py --docs`; `saker --list` prints the same without what is deprecated or hidden. How to add one:
[howto/add-a-field.md](howto/add-a-field.md).

A field may take an argument in brackets, `proc.aname[2]`: a number, or a text (`proc.env[HOME]`). LIST is a field of
several values.

| note | |
|---|---|
%s"""
FIELDS_TABLE = "\n## %s\n\n%s\n\n| field | type | argument | notes | |\n|---|---|---|---|---|\n"
NOTES = (
    ("FILTER_ONLY", "conditions only", "made for conditions: outputs show no value"),
    ("PRINT_ONLY", "output only", "made for outputs"),
    ("NO_RHS", "not on the right", "cannot stand on the right side of a comparison, as `val(...)`"),
    ("NO_TRANSFORMER", "no transformer", "takes no transformer such as `tolower()`"),
    ("ANY", "any", "without argument, a comparison holds when it does for one of several values (all ancestors)"),
    ("ENDS", "both ends", "a comparison holds when it does for one end of the connection; `!=` must hold for both"),
    ("SUGGESTED", "suggested", "added to outputs by `append_output` with `suggested_output`"),
    ("FD_TABLE", "all descriptors", "needs the table of all descriptors: the calls that keep it are captured, too"),
    ("FD_LIMIT", "limit of descriptors", "needs the limit of descriptors: the calls that set it are captured, too"),
    ("HIDDEN", "hidden", "works, and is not in `--list`"),
    ("DEPRECATED", "deprecated", "accepted, so that older rules load, and not in `--list`"),
)


def cell(text):
    return " ".join(text.split()).replace("|", "\\|")


def argument(flags):
    if not {"ARG_REQUIRED", "ARG_ALLOWED"} & flags:
        return ""
    what = " or ".join(text for flag, text in (("ARG_INDEX", "number"), ("ARG_KEY", "text")) if flag in flags) or "text"
    if "ARG_REQUIRED" not in flags:
        what += ", optional"
    return what + ("; also after a dot" if "ARG_DOT" in flags else "")


def fields_page():
    legend = "".join("| %s | %s |\n" % (short, text) for _, short, text in NOTES)
    text = FIELDS_HEAD % (sum(len(c["rows"]) for c in ROWS["fields"]), legend)
    for c in ROWS["fields"]:
        title = c["name"] + (" (%s)" % c["desc"] if c["desc"] else "")
        text += FIELDS_TABLE % (title, cell(c["help"]) or "Not in `--list`.")
        for f in c["rows"]:
            flags = set(f["flags"])
            text += "| `%s` | %s | %s | %s | %s |\n" % (
                f["name"], "LIST(%s)" % f["type"] if "LIST" in flags else f["type"], argument(flags),
                ", ".join(short for flag, short, _ in NOTES if flag in flags), cell(f["help"]))
    return text


# ---- the tests ---------------------------------------------------------------------------------------

def compare(name, text):
    got = read(PAGES[name])
    if got == text:
        return
    for old, new in zip(got.splitlines() + [""], text.splitlines() + [""]):
        same(old, new, "docs/%s is not what tests/cli/tables.py --docs writes" % name)
    raise AssertionError("docs/%s is not what tests/cli/tables.py --docs writes" % name)


def t_events_page(d):
    compare("events.md", current_events_page())


def t_fields_page(d):
    compare("fields.md", fields_page())


def t_rows_are_the_same(d):
    """What tests/live/driver reads from schema/ is what was compiled."""
    schema = conform.read_schema()
    for e in CAPTURED:
        row = schema[e["id"]]
        same(row["params"], [(p["name"], p["type"]) for p in e["params"] if not p["extra"]], e["id"])
        same(row["extra"], {p["name"]: p["type"] for p in e["params"] if p["extra"]}, e["id"])
    same(sorted(e for e, row in schema.items() if row["extract"]), sorted(e["id"] for e in CAPTURED))


def t_raised(d):
    """A row that is captured and that nothing raises would be dead."""
    same([e["id"] for e in CAPTURED if not raised_by(e)], [])


def t_expected(d):
    """Every captured row is named by a program, or there is a reason why none can."""
    sources = named()
    same([e["id"] for e in CAPTURED if e["id"] not in sources and e["id"] not in conform.UNREACHABLE], [])


def t_exceptions(d):
    """Reasons are given for rows that are captured, and only where there is need."""
    captured = {e["id"] for e in CAPTURED}
    for table in (conform.NEVER_FAILS, conform.NEVER_SUCCEEDS, conform.UNREACHABLE):
        same(sorted(set(table) - captured), [], "no driver captures these")
    same([e for e in conform.UNREACHABLE if not e.endswith("_E") and set(calls_of(e)) & NUMBERS["x86_64"]], [],
         "x86_64 has these calls")


def t_success_and_failure(d):
    """Each captured row has a call that succeeds and, if it can, one that fails."""
    if cannot_run():
        raise NotImplementedError(cannot_run())
    who = seen()
    unknown = {event for event, _ in who.unknown}
    counts = dict(who.counts)
    for event in unknown:
        print("not known on this kernel: %s" % event)
        counts.update({(event, how): 1 for how in ("success", "failure")})
    gaps, notes = conform.coverage(who.schema, counts)
    print("\n".join(notes))
    same(gaps, [])
    same([e for e in conform.NEVER_FAILS if (e, "failure") in who.of], [], "these do fail")
    same([e for e in conform.NEVER_SUCCEEDS if (e, "success") in who.of], [], "these do succeed")
    same(sorted({e for e, _ in who.of} & set(conform.UNREACHABLE)), [], "these are reached")


def t_generated_names(d):
    """The page is believed where programs cannot run: so their sources must name what they expect."""
    if cannot_run():
        raise NotImplementedError(cannot_run())
    sources = named()
    same(sorted((e, p) for (e, _), who in seen().of.items() for p in who if p not in sources.get(e, ())), [])


def t_left_out(d):
    """tests/live/driver does not count what it cannot compare: it says how much that is, and why."""
    row = {"at": "x.c:1", "tid": 7, "type": "SYSCALL_KILL_X", "params": {"res": {"int": 0}, "pid": {"int": 7}, "sig": {"int": 15}}}
    params = [("res", 8, 0), ("pid", 8, 7), ("sig", 1, 15)]
    drop = {"at": "x.c:2", "tid": 7, "type": "DROP_E", "params": {"ratio": {"int": 7}}}
    event = {"tid": 7, "type": "SYSCALL_KILL_X", "params": [{"name": n, "hex": v.to_bytes(w, "little").hex()} for n, w, v in params]}
    with tempfile.TemporaryDirectory(prefix="saker-tables.") as work:
        os.mkdir(work + "/signals")
        for name, lines in (("expect", [row, drop, drop]), ("events", [event]), ("status", [0])):
            with open(os.path.join(work, "signals", name), "w") as f:
                f.write("".join(json.dumps(line) + "\n" for line in lines))
        p = subprocess.run([os.path.join(TOP, "tests", "live", "driver"), "-F", work, "signals"], timeout=60,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    same(p.stdout, "ok signals: 1 events, 3 parameters; left out: 2 of DROP_E, no driver captures it\n"
         "1 passed, 0 failed, 0 skipped\n")


def words(text):
    """Names of fields in a text; fields are words joined by dots."""
    return set(re.findall(r"(?<![\w.])[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+", text))


def own_tests():
    found = set()
    for pattern in ("unit/*.c", "cli/*.py", "live/*.py"):
        for path in glob.glob(os.path.join(TOP, "tests", pattern)):
            if os.path.abspath(path) != os.path.abspath(__file__):
                found |= words(read(path))
    return found


def kit_tests():
    """Of the cases, those with a capture: elsewhere (--list, compiling) a field is only named."""
    found = set()
    for path in glob.glob(os.path.join(KIT, "cases", "*", "*", "case.json")):
        if "capture" not in json.loads(read(path)):
            continue
        for f in filter(os.path.isfile, glob.glob(os.path.join(os.path.dirname(path), "*"))):
            with (gzip.open if f.endswith(".gz") else open)(f, "rt", errors="replace") as text:
                found |= words(text.read())
    return found


def t_fields_tested(d):
    """Hidden and deprecated ones too."""
    own = own_tests()
    own |= {w.split(".")[0] for w in own if w.startswith("static.")}
    left = [f["name"] for c in ROWS["fields"] for f in c["rows"] if f["name"] not in own]
    if left and not os.path.isdir(KIT):
        raise NotImplementedError("%d fields have tests only in the conformance kit; it is not at %s" % (len(left), KIT))
    found = kit_tests() if left else set()
    same([f for f in left if f not in found and f not in NO_FIELD_TEST], [], "fields without a test")


def t_fields_listed(d):
    """--list has every field that is neither hidden nor deprecated."""
    rc, out, err = d.run("--list", "-N", raw=True)
    rows = [f for c in ROWS["fields"] if not c["hidden"] for f in c["rows"]]
    same(sorted(out.split()), sorted(f["name"] for f in rows if not {"HIDDEN", "DEPRECATED"} & set(f["flags"])))


if "--docs" in sys.argv:
    for name, text in (("events.md", current_events_page()), ("fields.md", fields_page())):
        with open(PAGES[name], "w", encoding="utf-8") as f:
            f.write(text)
else:
    sys.exit(clidir.run_tests(globals()))
