#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Metrics of a replay, `saker top` without a sensor, and docs/metrics.md.

usage: metrics.py [BINARY] [--docs]

--docs writes the table of docs/metrics.md from --list-metrics; without it the file is compared.
Last line: 'N passed, N failed, N skipped'."""
import json, os, sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clidir
from clidir import Dir, capture, holds, same

PAGE = os.path.join(clidir.TOP, "docs", "metrics.md")
BEGIN, END = "<!-- tests/cli/metrics.py --docs writes what follows -->\n", "<!-- end -->\n"
ON = ("-o", "metrics.enabled=true", "-o", "metrics.interval=2s", "-o", "metrics.output_rule=true")


def snapshots(out):
    return [a for a in map(json.loads, (line for line in out.splitlines() if line.startswith("{"))) if a["rule"] == "Falco internal: metrics snapshot"]


def t_replay(d):
    """Every two seconds of event time, with the figures of that moment."""
    d.write("x.scap", capture(7))
    rc, out, err = d.run(*ON, "-o", "json_output=true", "-o", "metrics.output_file=m.json")
    same(rc, 0, err)
    alerts = snapshots(out)
    same(len(alerts), 3, out)
    same([a["output_fields"]["falco.num_evts"] for a in alerts], [3, 5, 7])
    same([a["output_fields"]["falco.num_evts_prev"] for a in alerts], [0, 3, 5])
    same([a["output_fields"]["falco.evts_rate_sec"] for a in alerts], [0, 1.0, 1.0])
    last = alerts[-1]
    same((last["priority"], last["source"], last["output"]), ("Informational", "internal", "Falco metrics snapshot"))
    f = last["output_fields"]
    same((f["scap.engine_name"], f["evt.hostname"], f["evt.time"]), ("savefile", "testhost", 1700000006 * 10**9))
    same((f["falco.rules.matches_total"], f["falco.rules.opened"]), (7, 7))
    same((f["saker.rules.opened.evaluations"], f.get("saker.rules.second.evaluations")), (7, 7))     # what an event has to do with is looked at together
    same(f["saker.syscall.openat.bytes"], 7 * (26 + 7 * 2 + 8 + 8 + 11 + 4 + 4 + 4 + 8))
    same(list(f), sorted(f))
    same([k for k in f if k.startswith("scap.n_") or "blind" in k], [])
    lines = [json.loads(line) for line in open(d.file("m.json"))]
    same([(line["sample"], line["output_fields"]["falco.num_evts"]) for line in lines], [(1, 3), (2, 5), (3, 7)])
    same(lines[-1]["output_fields"], f)


def t_all_matches(d):
    rc, out, err = d.run(*ON, "-o", "json_output=true", "-o", "rule_matching=all")
    f = snapshots(out)[0]["output_fields"]
    same([f["saker.rules.%s.evaluations" % r] for r in ("opened", "second")], [3, 3])


def t_text(d):
    rc, out, err = d.run(*ON)
    same(rc, 0, err)
    holds(out, r'^\d\d:\d\d:\d\d\.\d{9}: Informational Falco metrics snapshot \(evt\.hostname="testhost" evt\.source="syscall" ')


def t_switches(d):
    keys = ("rules_counters", "resource_utilization", "state_counters", "kernel_event_counters")
    rc, out, err = d.run(*ON, "-o", "json_output=true", *[a for k in keys for a in ("-o", "metrics.%s_enabled=false" % k)])
    same(rc, 0, err)
    names = list(snapshots(out)[0]["output_fields"])
    same([n for n in names if "rules." in n or "memory" in n or "n_threads" in n], [])
    rc, out, err = d.run(*ON, "-o", "json_output=true", "-o", "metrics.include_empty_values=true",
                         "-o", "metrics.convert_memory_to_mb=false")
    f = snapshots(out)[0]["output_fields"]
    same((f["falco.rules.second"], f["falco.n_store_evts_drops"]), (0, 0))
    same("falco.memory_rss_kb" in f and "falco.memory_rss_mb" not in f, True, list(f))


def t_container_memory(d):
    """The file that an environment variable names; the first one that can be read."""
    d.write("a", "4096\n")
    d.write("b", "8192\n")
    first, second = "SINSP_AGENT_CGROUP_MEM_PATH", "FALCO_CGROUP_MEM_PATH"
    for env, want in (({first: "a"}, 4096), ({second: "b"}, 8192), ({first: "a", second: "b"}, 4096), ({first: "nosuch", second: "b"}, 8192)):
        rc, out, err = d.run(*ON, "-o", "json_output=true", "-o", "metrics.convert_memory_to_mb=false",
                             env={name: d.file(path) for name, path in env.items()})
        same((rc, snapshots(out)[0]["output_fields"].get("falco.container_memory_used_bytes")), (0, want), env)


def t_hashes(d):
    rc, out, err = d.run(*ON, "-o", "json_output=true")
    import hashlib
    f = snapshots(out)[0]["output_fields"]
    same(f["falco.sha256_rules_file.r_yaml"], hashlib.sha256(open(d.file("r.yaml"), "rb").read()).hexdigest())
    same(f["falco.sha256_config_file.c_yaml"], hashlib.sha256(open(d.file("c.yaml"), "rb").read()).hexdigest())


def t_bad_values(d):
    for option, message in (
            ("metrics.interval=60", r"metrics\.interval \"60\" has no unit"),
            ("metrics.interval=1parsec", r"is no duration"),
            ("metrics.interval=99ms", r"too short: the least is 100ms"),
            ("syscall_event_timeouts.max_consecutives=0", r"max_consecutives is at least 1"),
            ("webserver.listen_port=65536", r"listen_port is at most 65535"),
            ("webserver.k8s_healthz_endpoint=healthz", r"does not begin with '/'")):
        rc, out, err = d.run("-o", option)
        same(rc, 1, err)
        holds(err, message)
    rc, out, err = d.run(*ON, "-o", "metrics.output_file=/nowhere/m.json")
    same(rc, 1, err)
    holds(err, r"metrics\.output_file /nowhere/m\.json cannot be opened: No such file or directory")


def t_top(d):
    """Without a sensor, and with options that are none."""
    for args, message in ((["--socket", "/nowhere/s"], r"^Error: no sensor listens at /nowhere/s\. Start one, as root: saker -c /etc/saker/saker\.yaml"),
                          (["-c", "c.yaml", "-o", "top.socket=/nowhere/t"], r"no sensor listens at /nowhere/t"),
                          (["-c", "none.yaml"], r"Could not find configuration file at none.yaml"),
                          (["-d", "0"], r"-d '0': seconds, from 0.1 to 86400"), (["-d", "1x"], r"-d '1x': seconds"),
                          (["-n", "0"], r"-n '0' is no number above 0"), (["-n"], r"option '-n' does not exist or misses its value"),
                          (["--colour"], r"option '--colour' does not exist"), (["--socket", "/" * 200], r"/{200}: .*too long")):
        rc, out, err = d.run("top", *args, raw=True)
        same((rc, out), (1, ""), args)
        holds(err, message)
    rc, out, err = d.run("top", "--help", raw=True)
    same((rc, err), (0, ""))
    holds(out, r"--json")
    # somebody else's server
    import socket, threading
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(d.file("s"))
        s.listen()
        for said, message in ((b"", r"Protocol error"), (b"220 mail\r\n", r"Protocol error"),
                              (b"HTTP/1.1 404 Not Found\r\n\r\nno", r"does not tell \(status 404\): no"),
                              (b"HTTP/1.1 200 OK\r\n\r\n[", r"the answer is no JSON"),
                              (b"HTTP/1.1 200 OK\r\n\r\n{}", r"the sensor is of another version than this program")):
            def serve():
                c = s.accept()[0]
                c.recv(1000)
                c.sendall(said)
                c.close()
            t = threading.Thread(target=serve)
            t.start()
            rc, out, err = d.run("top", "--socket", d.file("s"), raw=True)
            t.join()
            same((rc, out), (1, ""), said)
            holds(err, message)


def t_list(d):
    rc, out, err = d.run("--list-metrics", "--format", "json", raw=True)
    same(rc, 0, err)
    names = [m["json"] or m["prometheus"] for m in json.loads(out)]
    same(len(names), len(set(names)))
    same("scap.n_evts" in names and "saker.syscall.SYSCALL.seen" in names, True, names)


def table(d):
    return d.run("--list-metrics", "--format", "markdown", raw=True)[1]


def t_docs(d):
    text = open(PAGE).read()
    same(text.split(BEGIN)[1].split(END)[0], table(d), "docs/metrics.md is not what tests/cli/metrics.py --docs writes")


if "--docs" in sys.argv:
    with Dir() as d:
        text = open(PAGE).read()
        open(PAGE, "w").write(text.split(BEGIN)[0] + BEGIN + table(d) + END + text.split(END)[1])
else:
    sys.exit(clidir.run_tests(globals()))
