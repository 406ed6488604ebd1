#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each key of the configuration, set with -o to what it takes and to what it does not: it is taken, or told by name.

usage: options.py [BINARY]

Last line: 'N passed, N failed, N skipped'."""
import concurrent.futures, os, re, subprocess, sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from schema import CONFIG, SAN, jsonschema, scalar, value, yaml
from clidir import BINARY, COUNT, ENV, Dir, run_tests

VALUES = ["", "x", "true", "[a]", "{a: b}", "{}", "-1", "0", "1", "5.5", "9223372036854775807", "18446744073709551616", "9" * 400, "1e308",
          "-9223372036854775808", "nan", "0x", "%s%n%999d", "../../../../dev/full", "/dev/null/x", "{a: [", "\xff\xfe".encode("latin-1"), "x" * 100000,
          "a\nb", "\t", "'", "~", "${NOT_SET}", "${"]
# set to make use of the key
SWITCHES = {"webserver": ["webserver.enabled=true", "webserver.listen_address=127.0.0.1", "webserver.listen_port=0"],
            "metrics": ["metrics.enabled=true", "metrics.output_rule=true"], "file_output": ["file_output.enabled=true", "file_output.filename=out"],
            "program_output": ["program_output.enabled=true", "program_output.program=cat >/dev/null"],
            "syscall_event_drops": ["syscall_event_drops.simulate_drops=true"]}
# these say nothing of a value before they use it, or run it
FREE = {"program_output.program"}


def leaves(prefix, schema):
    for name, s in schema["properties"].items():
        if "properties" in s:
            yield from leaves(prefix + name + ".", s)
        else:
            yield prefix + name, s


def run(d, key, options, dry=False):
    """Of a capture; only the start when the key says otherwise."""
    argv = d.argv([a for o in options + (["log_stderr=true"] if key == "log_stderr" else []) for a in ("-o", o)])
    argv += ["--dry-run"] if dry or key == "engine.kind" else []
    try:
        p = subprocess.run(argv, cwd=d.path, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    except subprocess.TimeoutExpired:
        return None, ""
    return p.returncode, p.stderr.decode("utf-8", "replace")


def takes(schema, text):
    """What the printed schema says of it."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if text.startswith("{"):
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            return False
        return jsonschema.Draft6Validator(schema).is_valid(value(node))
    if text == "${NOT_SET}":
        text = ""
    return jsonschema.Draft6Validator(schema).is_valid(scalar(text))


def judge(key, schema, text, rc, err):
    """None, or what is wrong with how it went."""
    told = re.search(r"^.*Option -o %s: schema validation: failed for " % re.escape(key), err, re.M)
    if rc not in (0, 1) or "Sanitizer" in err or "runtime error:" in err:
        return "did not end" if rc is None else "ended with status %d" % rc
    if rc and not re.search(r"^Error: .", err, re.M):
        return "status 1 without a word"
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    said = err.split("Error: ", 1)[-1].replace(" ", "_")
    if rc and not any(word in said for word in (key.rsplit(".", 1)[-1], key.split(".")[0], shown[:40] or key)):
        return "the error names neither key nor value"
    if not rc and bool(told) == takes(schema, text):
        return "it is not told" if not told else "told, and taken by the printed schema"
    return None


def table(d):
    keys = list(leaves("", CONFIG.schema))
    jobs = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for i, (key, schema) in enumerate(keys):
            for j, text in enumerate(VALUES):
                if SAN and (i + j) % 7:
                    continue
                switches = SWITCHES.get(key.split(".")[0], [])
                option = os.fsencode(key) + b"=" + (text if isinstance(text, bytes) else text.encode())
                jobs.append((key, schema, text, pool.submit(run, d, key, [] if key in FREE else switches + [option])))
        bad = {}
        for key, schema, text, job in jobs:
            rc, err = job.result()
            why = judge(key, schema, text, rc, err) if key not in FREE else None
            if why:
                bad.setdefault(key, []).append("%.40r: %s: %s" % (text, why, err[-300:]))
    for key, schema in keys:
        COUNT["failed" if key in bad else "passed"] += 1
        if key in bad:
            print("FAIL option %s: %s" % (key, "\n     ".join(bad[key])))


def taken(key, option):
    """Forms other than KEY=VALUE that keys take."""
    texts = ("base_syscalls.custom_set", "config_files", "rules_files", "rules_file", "rule_files")
    return (key in texts and option == key + "[]=x") or option in ("static_fields.x=1", "static_fields={x: y}")


def forms(d):
    """No value, and what is below or beside a key: all but a few are told, by name."""
    for key, schema in list(leaves("", CONFIG.schema))[::10 if SAN else 1]:
        for option in (key, key + ".x=1", key + "[]=x", key + "[0]=x", key + "[=x", "x." + key + "=1", key + "[].x=y", key + "={x: y}"):
            rc, err = run(d, key, [option], dry=True)
            said = "".join(re.findall(r"^.*(?:Option -o |Error: )(.*)$", err, re.M))
            good = rc == 0 and not said if taken(key, option) else rc in (0, 1) and key.split(".")[0].rstrip("s") in said.replace(" ", "_")
            COUNT["passed" if good else "failed"] += 1
            if not good:
                print("FAIL option %s: status %s: %s" % (option, rc, err[-300:]))


if __name__ == "__main__":
    with Dir() as d:
        table(d)
        forms(d)
    sys.exit(run_tests({}))
