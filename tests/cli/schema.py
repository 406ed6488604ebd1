#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What saker says of a document, and what another validator says of it by the schema that saker prints: the same.

usage: schema.py [BINARY]

The other validator is python3-jsonschema; documents are those below, the files of etc/, and all of the conformance kit
(SAKER_CONFORMANCE, default ../shared/conformance).  Last line: 'N passed, N failed, N skipped'."""
import copy, glob, json, os, random, re, subprocess, sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from clidir import BINARY, COUNT, ENV, TOP, Dir, run_tests

try:
    import jsonschema, yaml
except ImportError as e:
    print("skip schema: %s (tools/deps installs it)\n0 passed, 0 failed, 1 skipped" % e)
    sys.exit(0)

KIT = os.path.join(TOP, os.environ.get("SAKER_CONFORMANCE", "../shared/conformance"))
SAN = "/san/" in BINARY  # slow: a part of it
INT = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NULL = ("", "~", "null", "Null", "NULL")
BOOL = {w: w.lower() == "true" for w in ("true", "True", "TRUE", "false", "False", "FALSE")}


# ---- YAML as JSON, by the core schema of YAML 1.2 -------------------------------------------------

def scalar(text):
    if text in NULL:
        return None
    if text in BOOL:
        return BOOL[text]
    if INT.fullmatch(text):
        return int(text, 16 if text.startswith("0x") else 10)
    return float(text) if FLOAT.fullmatch(text) else text


def value(node):
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.style else scalar(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [value(n) for n in node.value]
    return {k.value if isinstance(k, yaml.ScalarNode) else "?": value(v) for k, v in node.value}


def documents(text):
    return [value(n) for n in yaml.compose_all(text, Loader=yaml.SafeLoader)]


def validator(option):
    schema = json.loads(subprocess.run([BINARY, option], stdout=subprocess.PIPE, check=True).stdout)
    jsonschema.Draft6Validator.check_schema(schema)
    return jsonschema.Draft6Validator(schema)


VARIABLES = dict(ENV, ON="true", MODE="rules", NUMBER="5", AUTO="auto")
CONFIG = validator("--config-schema")
RULES = validator("--rule-schema")


def theirs(by, text, of_all=True):
    """True, False; None: no document."""
    try:
        docs = [d for d in documents(text) if d is not None]
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        return None
    if not of_all:
        docs = [d for d in docs[:1] if isinstance(d, dict)]
    return all(by.is_valid(d) for d in docs) if docs else None


def saker(*args, cwd):
    p = subprocess.run([BINARY] + list(args), cwd=cwd, env=VARIABLES, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if p.returncode not in (0, 1):
        raise AssertionError("ended with status %d: %s" % (p.returncode, p.stderr[-300:]))
    return p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


def config_verdict(path, cwd):
    """'ok', 'failed', or 'error' when it does not come to that; and what was said."""
    out, err = saker("-c", path, "--dry-run", "-o", "log_stderr=true", "-o", "log_syslog=false", "-o", "log_level=info",
                     "-o", "engine.kind=nodriver", cwd=cwd)
    m = re.search(r"^.*: {4}%s \| schema validation: ((ok|failed).*)$" % re.escape(path), err, re.M)
    return (m.group(2), m.group(1)) if m else ("error", err[-300:])


def rules_verdict(path, cwd):
    """True, False; None: no document."""
    out, err = saker("-c", "/dev/null", "-o", "json_output=true", "-V", path, cwd=cwd)
    return json.loads(out)["falco_load_results"][0].get("schema_valid")


def check(what, good, why=""):
    COUNT["passed" if good else "failed"] += 1
    if not good:
        print("FAIL %s: %s" % (what, why))


# ---- the documents --------------------------------------------------------------------------------

GOOD_CONFIG = """
json_output: true | json_output: False | json_output: "true" | json_output: yes | json_output: OFF | json_output: n | json_output:
json_output: "${ON}" | output_timeout: ${NOT_SET} | capture: {mode: "${MODE}"} | output_timeout: "${NUMBER}" | workers: "${AUTO}"
rules_files: a.yaml | rules_files: [a.yaml, 5, true] | rules_files: [] | rules_files: | rules_file: a.yaml | rule_files: [a.yaml]
engine: {kind: nodriver} | engine: {kind: kmod, kmod: {buf_size_preset: 4}} | engine: {kind: auto, modern_ebpf: {}} | engine:
engine: {kind: modern_ebpf, modern_ebpf: {buf_size_preset: auto}} | engine: {kind: ebpf, ebpf: {buf_size_preset: "7"}}
engine: {kind: auto, modern_ebpf: {buf_size_preset: 10, cpus_for_each_buffer: 0x2}} | engine: {kind: replay, replay: {capture_file: x}}
engine: {kind: auto, kmod: {buf_size_preset: 4.0}} | workers: 1 | workers: 64 | workers: auto | workers: "2" | workers: 2.0
rules: [] | rules: [{enable: {rule: a*}}, {disable: {tag: 5}}]
append_output: [] | append_output: [{}] | append_output: [{match: {rule: r, source: s, tags: [t]}, extra_output: x, suggested_output: no}]
append_output: [{match: {tags: t}, extra_fields: [proc.name, {a: "%b", c: 5}]}] | append_output: [{suggested_output: true}] | append_output:
config_files: [] | config_files: [a, {path: b, strategy: add-only}, {path: c}]
static_fields: {a: b, c: 5, d: true} | static_fields: {} | static_fields:
outputs_queue: {capacity: 0} | outputs_queue: {capacity: 9223372036854775807} | outputs_queue: {capacity: +5} | output_timeout: 2e3
program_output: {program: cat} | program_output: {enabled: false, program: "cat"} | program_output:
http_output: {max_consecutive_timeouts: 255} | webserver: {listen_port: 65535} | falco_libs: {snaplen: 65535}
syscall_event_drops: {threshold: 0.1} | syscall_event_drops: {threshold: 1, rate: .5, max_burst: 10} | syscall_event_drops: {threshold: 1e-3}
syscall_event_drops: {threshold: "0.5"} | syscall_event_drops: {actions: [log, alert]} | syscall_event_drops: {actions: exit}
syscall_event_drops: {actions: []} | metrics: {enabled: true} | metrics: {interval: 30s} | metrics:
plugins: [] | plugins: [{name: container, library_path: a.so}] | plugins: [{name: a, library_path: b, init_config: {a: [1]}, open_params: ""}]
plugins: [{name: a, library_path: b, init_config: ~}] | plugins: [{name: a, library_path: b, init_config: "{}"}] | load_plugins: []
capture: {mode: all_rules, max_file_size_mb: 1048576} | libs_logger: {severity: trace} | memory: {max: 0} | memory: {tables: {fds: 10%}}
base_syscalls: {custom_set: [open, "!close"]} | base_syscalls: {custom_set: open} | rule_matching: all | log_level: debug | priority: Info
"""
BAD_CONFIG = """
colour: red | json_outptu: true | ? [a]\\n: 1 | engine: {kind: auto, paint: red} | metrics: {interval: 1h, every: 1}
json_output: maybe | json_output: 1 | json_output: [true] | json_output: {a: b} | json_output: "yes " | json_output: tRUE
engine: {} | engine: {modern_ebpf: {buf_size_preset: 4}} | engine: 5 | engine: [] | engine: {kind: auto, replay: {}} | engine: {kind: auto, kmod: {}}
engine: {kind: bogus} | engine: {kind: [auto]} | engine: {kind: 5} | engine: {kind: auto, replay: {file: x}} | engine: {kind: AUTO}
engine: {kind: auto, kmod: {buf_size_preset: 11}} | engine: {kind: auto, kmod: {buf_size_preset: 0}} | engine: {kind: auto, kmod: {buf_size_preset: auto}}
engine: {kind: auto, kmod: {buf_size_preset: 4.5}} | engine: {kind: auto, modern_ebpf: {buf_size_preset: -1}}
engine: {kind: auto, modern_ebpf: {buf_size_preset: large}} | engine: {kind: auto, modern_ebpf: {attach: somewhere}}
workers: 0 | workers: 65 | workers: many | workers: [2] | workers: 1.5 | workers: true
rules: x | rules: {} | rules: [x] | rules: [{}] | rules: [{enable: {}}] | rules: [{enable: {rule: a, tag: b}}] | rules: [{enable: {rule: a}, disable: {rule: b}}]
rules: [{enable: {name: a}}] | rules: [{allow: {rule: a}}] | rules: [{enable: {rule: [a]}}] | rules: [{enable: }] | rules: [~]
append_output: x | append_output: {} | append_output: [x] | append_output: [{output: x}] | append_output: [{match: {name: x}}]
append_output: [{match: x}] | append_output: [{extra_fields: x}] | append_output: [{extra_fields: [[a]]}] | append_output: [{extra_fields: [{a: [b]}]}]
append_output: [{suggested_output: 5}] | append_output: [{extra_output: [x]}] | append_output: [{match: {tags: {a: b}}}]
config_files: [{strategy: append}] | config_files: [{path: a, strategy: bogus}] | config_files: [[a]] | config_files: [{path: a, way: append}]
rules_files: {a: b} | rules_files: [[a]] | rules_files: [{a: b}] | rules_files: [~] | rule_files: {a: b} | load_plugins: [[a]]
static_fields: [a] | static_fields: x | static_fields: {a: [b]} | static_fields: {a: {b: c}}
outputs_queue: {} | outputs_queue: {capacity: -1} | outputs_queue: {capacity: 9223372036854775808} | outputs_queue: {capacity: 1e30}
outputs_queue: {capacity: x} | outputs_queue: {capacity: "-1"} | outputs_queue: {capacity: 5x} | outputs_queue: {capacity: [1]} | outputs_queue: {capacity: true}
output_timeout: -5 | output_timeout: 0.5 | output_timeout: inf | output_timeout: "5s"
program_output: {} | program_output: {enabled: false} | program_output: {program: [cat]}
http_output: {max_consecutive_timeouts: 256} | http_output: {url: [a]} | webserver: {listen_port: 65536} | falco_libs: {snaplen: 65536} | falco_libs: {}
syscall_event_drops: {threshold: 1.5} | syscall_event_drops: {threshold: -0.1} | syscall_event_drops: {threshold: x} | syscall_event_drops: {rate: -1}
syscall_event_drops: {actions: [bogus]} | syscall_event_drops: {actions: bogus} | syscall_event_drops: {actions: [[log]]} | syscall_event_drops: {}
syscall_event_timeouts: {max_consecutives: 0} | metrics: {} | metrics: 1 | metrics: [] | metrics: {enabled: [1]}
plugins: x | plugins: [x] | plugins: [{name: a}] | plugins: [{library_path: b}] | plugins: [{name: a, library_path: b, path: c}]
plugins: [{name: a, library_path: b, init_config: [1]}] | plugins: [{name: a, library_path: b, open_params: [x]}] | plugins: [{name: [a], library_path: b}]
capture: {mode: bogus} | capture: {max_file_size_mb: 1048577} | libs_logger: {severity: loud} | memory: {tables: 5} | memory: {tables: {cats: 1}}
rule_matching: some | log_level: INFO | log_level: 5 | base_syscalls: {custom_set: {a: b}} | stdout_output: true
"""
GOOD_RULES = """
[] | [{rule: r}] | [{required_engine_version: 26}] | [{required_engine_version: 0.31.0}] | [{required_engine_version: "x"}]
[{rule: r, desc: d, condition: c, output: o, priority: WARNING}] | [{priority: INFORMATIONAL}] | [{priority: "DEBUG"}]
[{list: l, items: [a, 5, 1.5, true, ""]}] | [{macro: m, condition: 5}] | [{rule: 7, enabled: true, capture: "false", warn_evttypes: TRUE}]
[{rule: r, tags: [a, 1]}] | [{rule: r, capture_duration: 5000}] | [{rule: r, capture_duration: "5000"}] | [{rule: r, source: ""}]
[{required_plugin_versions: []}] | [{required_plugin_versions: [{name: a, version: 1.0}, {name: b, version: 1.0.0, alternatives: [{name: c, version: 2}]}]}]
[{rule: r, exceptions: [{name: a}, {name: b, fields: f, comps: in, values: [a]}, {name: c, fields: [f, g], values: [[a, [b]]]}]}]
[{rule: r, exceptions: []}] | [{rule: r, override: {condition: append, tags: replace}}] | [{rule: r, append: true}] | [{rule: r, skip-if-unknown-filter: false}]
"""
BAD_RULES = """
{} | [x] | [5] | [[]] | [~] | [{colour: red}] | [{rule: }] | [{rule: [a]}] | [{rule: {a: b}}] | [{Rule: r}]
[{priority: loud}] | [{priority: Warning}] | [{priority: 4}] | [{priority: }] | [{priority: [INFO]}]
[{list: l, items: a}] | [{list: l, items: [[a]]}] | [{list: l, items: [~]}] | [{list: l, items: {a: b}}] | [{macro: m, condition: [a]}]
[{rule: r, enabled: yes}] | [{rule: r, enabled: 1}] | [{rule: r, enabled: "True"}] | [{rule: r, capture: }] | [{rule: r, append: [true]}]
[{rule: r, tags: a}] | [{rule: r, tags: [{a: b}]}] | [{rule: r, capture_duration: x}] | [{rule: r, capture_duration: 1.5}] | [{rule: r, capture_duration: true}]
[{required_plugin_versions: {name: a}}] | [{required_plugin_versions: [a]}] | [{required_plugin_versions: [{name: a}]}] | [{required_plugin_versions: [{version: 1}]}]
[{required_plugin_versions: [{name: a, version: 1, other: 2}]}] | [{required_plugin_versions: [{name: a, version: 1, alternatives: [{name: b}]}]}]
[{rule: r, exceptions: a}] | [{rule: r, exceptions: [a]}] | [{rule: r, exceptions: [{fields: f}]}] | [{rule: r, exceptions: [{name: a, value: [b]}]}]
[{rule: r, override: {}}] | [{rule: r, override: append}] | [{rule: r, override: {condition: remove}}] | [{rule: r, override: {source: replace}}]
[{rule: r, override: {condition: [append]}}] | [{rule: r, override: {condition: true}}] | [{required_engine_version: }] | [{required_engine_version: [1]}]
"""


def split(table):
    return [t.strip().replace("\\n", "\n") for line in table.strip().splitlines() for t in line.split(" | ")]


def own(d):
    """Those that are listed: both accept, or both refuse; an error is a refusal too."""
    for good, table in ((True, GOOD_CONFIG), (False, BAD_CONFIG)):
        for text in split(table):
            d.write("doc.yaml", text + "\n")
            verdict, said = config_verdict("doc.yaml", d.path)
            other = theirs(CONFIG, text, of_all=False)
            check("configuration %r" % text, (verdict, other) in (((("ok", True),)) if good else (("failed", False), ("error", False))),
                  "saker says %s, the printed schema %s" % (said, other))
    for good, table in ((True, GOOD_RULES), (False, BAD_RULES)):
        for text in split(table):
            d.write("doc.yaml", text + "\n")
            both = rules_verdict("doc.yaml", d.path), theirs(RULES, text)
            check("rules %r" % text, both == (good, good), "saker and the printed schema say %s, %s" % both)


ODD = [None, True, "true", "x", "yes", "", "auto", "5", "-5", "0x5", "5.5", "log", 0, 1, 5, -1, 11, 1.5, -0.5, 4.0, 1e30, 99999, 2**63, 10**30,
       [], {}, [None], ["x"], ["log"], [["x"]], [{}], {"x": 1}, {"rule": "x"}, {"name": "x"}, {"enable": {"tag": "t"}}, {"x": []}]


def places(doc):
    """Where a document has values: (container, key)."""
    for k in doc if isinstance(doc, dict) else range(len(doc)):
        yield doc, k
        if isinstance(doc[k], (dict, list)):
            yield from places(doc[k])


def mutant(dice, text):
    root = [documents(text)[0]]
    for _ in range(dice.choice((1, 1, 2))):
        where, key = dice.choice([p for p in places(root) if p[0] is not root] or [(root, 0)])
        if isinstance(where, dict) and dice.random() < 0.2:
            where[dice.choice(("x", "name", "rule", "enabled", "path"))] = where.pop(key)
        else:
            where[key] = copy.deepcopy(dice.choice(ODD))
    return root[0]


def mutants(d):
    """Good documents with a value or two changed: whatever is said of them, both say it."""
    dice = random.Random(5)
    many = 60 if SAN else 250
    for table, by, kind in ((GOOD_CONFIG, CONFIG, dict), (GOOD_RULES, RULES, list)):
        seen, texts = {True: 0, False: 0}, [t for t in split(table) if isinstance(documents(t)[0], kind) and documents(t)[0] and "${" not in t]
        for _ in range(many):
            doc = mutant(dice, dice.choice(texts))
            if not isinstance(doc, kind):
                continue
            other = by.is_valid(doc)
            d.write("doc.yaml", json.dumps(doc))
            if by is CONFIG:
                verdict, said = config_verdict("doc.yaml", d.path)
                good = verdict == "error" or other == (verdict == "ok")
            else:
                said = rules_verdict("doc.yaml", d.path)
                good = said == other
            seen[other] += 1
            if not good:
                check("mutant %s" % json.dumps(doc), False, "saker says %s, the printed schema %s" % (said, other))
        check("mutants of either kind", min(seen.values()) > many / 10, seen)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def compare_config(path):
    other = theirs(CONFIG, read(path), of_all=False)
    verdict, said = config_verdict(path, os.path.dirname(path))
    if other is None:
        return check(path, verdict in ("ok", "error"), said)
    check(path, verdict in (("ok", "error") if other else ("failed", "error")), "saker says %s, the printed schema %s" % (said, other))


def compare_rules(path):
    other, mine = theirs(RULES, read(path)), rules_verdict(path, os.path.dirname(path))
    if other is None:  # of nothing nothing is wrong
        return check(path, mine is not False, "saker says %s" % mine)
    check(path, mine is None or mine == other, "saker says %s, the printed schema %s" % (mine, other))


def is_config(path):
    try:
        docs = documents(read(path))
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    return bool(docs) and isinstance(docs[0], dict)


def files(d):
    check("etc/saker.yaml is accepted", theirs(CONFIG, read(TOP + "/etc/saker.yaml")) is True)
    compare_config(TOP + "/etc/saker.yaml")
    check("etc/saker_rules.yaml is accepted", theirs(RULES, read(TOP + "/etc/saker_rules.yaml")) is True)
    compare_rules(TOP + "/etc/saker_rules.yaml")
    if not os.path.isdir(KIT):
        COUNT["skipped"] += 1
        return print("skip the files of the conformance kit: it is not at %s" % KIT)
    for path in sorted(glob.glob(KIT + "/**/*.yaml", recursive=True))[::10 if SAN else 1]:
        (compare_config if is_config(path) else compare_rules)(os.path.abspath(path))


def defaults(d):
    """Each default is one of the values that are accepted."""
    def walk(prefix, schema):
        for name, s in schema.get("properties", {}).items():
            if "default" in s:
                check("default of " + prefix + name, jsonschema.Draft6Validator(s).is_valid(s["default"]), s["default"])
            walk(prefix + name + ".", s)
    walk("", CONFIG.schema)
    walk("", RULES.schema["items"])


if __name__ == "__main__":
    with Dir() as d:
        own(d)
        mutants(d)
        files(d)
        defaults(d)
    sys.exit(run_tests({}))
