#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program as its users see it: options, configuration, outputs, signals, exit status.

usage: cli.py [BINARY] [--docs]

Needs no kernel and no root: events come from a capture file written here.  --docs writes
docs/configuration.md from what the program says of its keys; without it the file is
compared.  Last line: 'N passed, N failed, N skipped'."""
import json, os, re, signal, struct, subprocess, sys, tempfile, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from clidir import BINARY, CONFIG, Dir, ENV, RULES, TOP, block, capture, event, holds, openat, run_tests, same

# ---- tests: functions named t_*, each with a fresh directory --------------------------------------

def t_help(d):
    rc, out, err = d.run("--help", raw=True)
    same((rc, err), (0, ""))
    for option in ("-c FILE", "--dry-run", "-l RULE", "-o, --option KEY=VALUE", "-P, --pidfile FILE", "--list[=SOURCE]"):
        if option not in out:
            raise AssertionError("%s is missing" % option)


def t_doctor_help(d):
    rc, out, err = d.run("doctor", "--help", raw=True)
    same((rc, err), (0, ""))
    holds(out, r"^Usage: saker doctor ")


def t_misspelt_command(d):
    for word, meant in (("dcotor", "doctor"), ("rule", "rules"), ("drivers", "driver")):
        rc, out, err = d.run(word, raw=True)
        same((rc, out), (1, ""))
        holds(err, "^Error: ‘%s’ is no command of saker; see saker --help$" % word)
        holds(err, "Did you mean '%s'" % meant)


def t_text(d):
    rc, out, err = d.run()
    same(rc, 0, err)
    want = ["22:13:2%d.000000000: Warning file /etc/file%d \\\"q\\\" num=%d" % (i, i, i + 1) for i in range(4)]
    same(out.splitlines(), want + ["Events detected: 4", "Rule counts by severity:", "   WARNING: 4",
                                   "Triggered rules by rule name:", "   opened: 4"])
    holds(err, r"^   - event drop detected: 0 occurrences$")
    holds(err, r"^   - num times actions taken: 0$")
    holds(err, r"Replaying events from the capture file: x.scap$")
    holds(err, r"   r.yaml \| schema validation: ok$")


def t_json(d):
    rc, out, err = d.run("-o", "json_output=true", "-o", "append_output[]={extra_fields: [evt.num, {k: 'n%evt.num'}]}")
    same(rc, 0, err)
    same(out.splitlines()[1], '{"hostname":"testhost","output":"22:13:21.000000000: Warning file /etc/file1 \\"q\\" num=2",'
         '"output_fields":{"evt.num":2,"evt.time":1700000001000000000,"fd.name":"/etc/file1","k":"n2"},"priority":"Warning",'
         '"rule":"opened","source":"syscall","tags":["a","b"],"time":"2023-11-14T22:13:21.000000000Z"}')


def first_alert(d, *args):
    """Text and output_fields of the first alert, and stderr."""
    rc, out, err = d.run("-o", "json_output=true", *args)
    same(rc, 0, err)
    alert = json.loads(out.splitlines()[0])
    return alert["output"].split('num=1', 1)[1], alert["output_fields"], err


def t_append_output(d):
    """Empty texts restrict nothing and add nothing; of equal keys the last one counts, in an entry the field by its name."""
    for entry, want in (("{extra_output: x}", " x"), ("{extra_output: ''}", ""), ("{match: {rule: '', source: '', tags: []}, extra_output: x}", " x"),
                        ("{match: {}, extra_output: '*%evt.num'}", " *1"), ("{match: {tags: [a, b]}, extra_output: x}", " x"),
                        ("{match: {tags: [a, c]}, extra_output: x}", ""), ("{match: {rule: open}, extra_output: x}", ""),
                        ("{match: {source: k8s_audit}, extra_output: x}", ""), ("{extra_output: 'a%container.info'}", " a")):
        text, fields, err = first_alert(d, "-o", "append_output[]=" + entry)
        same(text, want, entry)
        same("container.info is deprecated" in err, "container.info" in entry, entry)
    text, fields, err = first_alert(d, "-o", "append_output[]={extra_fields: [evt.num, {evt.num: x}, {k: a}, {k: '%evt.num'}, evt.time, evt.res, "
                                    "toupper(fd.name), 'evt.num x', 'evt.num[1]']}")
    same(fields, {"evt.num": 1, "k": "1", "evt.time": 1700000000000000000, "evt.res": "SUCCESS", "fd.name": "/etc/file0",
                  "toupper(fd.name)": None, "evt.num x": None, "evt.num[1]": None})
    text, fields, err = first_alert(d, "-o", "append_output[]={extra_fields: [evt.num]}", "-o", "append_output[]={extra_fields: [{evt.num: x}]}")
    same(fields["evt.num"], "x")
    for entry in ("extra_fields: [evt.dir]", "extra_fields: [{k: '%evt.dir'}]", "extra_output: evt.dir"):
        text, fields, err = first_alert(d, "-o", "append_output[]={%s}" % entry)
        holds(err, "usage of deprecated field 'evt.dir' has been detected in the rule output")


def t_print(d):
    for word, want in (("c", ""), ("container", ""), ("k", ""), ("kubernetes", ""), ("cg", " cg"), ("x=%evt.num", " x=1"), ("%container.info", " ")):
        text, fields, err = first_alert(d, "-p" + word, "-o", "append_output[]={extra_output: first}")
        same(text, " first" + want, word)
        holds(err, ": The -p/--print option is deprecated and will be removed. Use -o append_output=... instead.$")
    text, fields, err = first_alert(d, "--print", "")
    same((text, "deprecated" in err), ("", False))
    text, fields, err = first_alert(d, "-p", "one", "--print=two")
    same(text, " two")
    rc, out, err = d.run("-p", "%nosuch")
    same((rc, out), (1, ""))
    holds(err, "LOAD_ERR_COMPILE_OUTPUT .*: unknown filter: nosuch")


def t_container_fields(d):
    """They are there unless load_plugins leaves out the plugin that gives them to Falco and no rules file requires it."""
    d.write("in.yaml", RULES.replace("condition: ", "condition: container.id=host and ", 1))
    d.write("requires.yaml", "- required_plugin_versions:\n  - name: container\n    version: 0.4.0\n")
    for plugins, rules, want in ((None, ["in.yaml"], True), ("[container]", ["in.yaml"], True), ("[]", ["in.yaml"], False),
                                 ("[]", ["requires.yaml", "in.yaml"], True), ("[]", ["in.yaml", "requires.yaml"], False), ("[]", ["r.yaml"], True)):
        d.write("plugins.yaml", CONFIG + ("load_plugins: %s\n" % plugins if plugins else ""))
        args = [a for r in rules for a in ("-r", r)]
        rc, out, err = d.run("-c", "plugins.yaml", "-o", "engine.kind=replay", "-o", "engine.replay.capture_file=x.scap", *args, raw=True)
        same((rc, "Events detected: 4" in out), (0, True) if want else (1, False), "%s %s: %s" % (plugins, rules, err))
        same("nonexistent field container.id" in err, not want)


def t_matching_all_and_selection(d):
    rc, out, err = d.run("-o", "rule_matching=all", "-o", "rules[].enable.rule=of*", "-o", "rules[].disable.rule=opened")
    same(rc, 0, err)
    holds(out, r"^Events detected: 8$")
    holds(out, r"^   ERROR: 4\n   INFO: 4$")
    holds(out, r"^   second: 4\n   off: 4$")


def t_iso_time(d):
    rc, out, err = d.run("-o", "time_format_iso_8601=true")
    holds(out, r"^2023-11-14T22:13:20\.000000000\+0000: Warning file")
    holds(err, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000: ")


def t_stop_after(d):
    """The event at which it is over is not looked at; a number below nothing is never."""
    for seconds, n in (("2", 2), ("0x2", 2), ("3", 3), ("0", 4), ("-1", 4), ("2147483647", 4), ("1", 1)):
        rc, out, err = d.run("-v", "-M", seconds)
        same((rc, out.count("Warning file")), (0, n), seconds)
        holds(err, "Captured Events: %d," % n)


def t_verbose(d):
    rc, out, err = d.run("-v")
    holds(err, r"^Elapsed time: [0-9.]+, Captured Events: 4, ")


def t_dry_run(d):
    rc, out, err = d.run("--dry-run", "-P", "pid")
    same((rc, out, os.path.exists(d.path + "/pid")), (0, "", False))
    for more, web in ((["-o", "engine.kind=nodriver"], True), ([], False)):		# a replay has no web server
        rc, out, err = d.run("--dry-run", "-o", "log_level=debug", "-o", "webserver.enabled=true", "-o", "webserver.listen_port=0", *more)
        same((rc, out), (0, ""), err)
        skipped = re.findall("Skipping (.*) in dry-run", err)
        same(skipped, ["outputs initialization", "signal handlers creation", "pidfile creation"] +
             (["starting webserver"] if web else []) + ["event processing"])
    rc, out, err = d.run("-P", "", "-l", "", "--plugin-info=", "-c", "c.yaml", "--format", "")
    same((rc, out.count("Warning file")), (0, 4), err)
    rc, out, err = d.run("--dry-run", "-o", "stdout_output.enabled=false")
    same(rc, 1)
    holds(err, r"^Error: No output configured")


def t_files(d):
    rc, out, err = d.run("-o", "file_output.enabled=true", "-o", "file_output.filename=out.txt", "-o", "stdout_output.enabled=false",
                         "-o", "program_output.enabled=true", "-o", "program_output.program=cat >>prog.txt", "-o", "outputs_queue.capacity=1")
    same(rc, 0, err)
    same(len(d.read("out.txt").splitlines()), 4)
    same(d.read("prog.txt"), d.read("out.txt"))
    same(out.splitlines()[0], "Events detected: 4")


def t_many_alerts(d):
    """Nothing is lost and the order is kept, however slow the reader."""
    d.write("x.scap", capture(20000, 1000))
    p = d.start("-o", "outputs_queue.capacity=100")
    time.sleep(0.5)
    out, err = p.communicate(timeout=120)
    same(p.returncode, 0, err)
    nums = [int(x) for x in re.findall(rb"num=(\d+)$", out, re.M)]
    same(nums == list(range(1, 20001)), True, "order")


def t_reader_hangs(d):
    """A reader that does not read cannot keep the program from ending; what is lost is told."""
    d.write("x.scap", capture(20000, 1000))
    p = d.start("-o", "outputs_queue.capacity=100", "-o", "output_timeout=300")
    time.sleep(0.5)
    p.send_signal(signal.SIGTERM)
    same(p.wait(timeout=10), 0)
    err = p.stderr.read().decode()
    p.stdout.close()
    holds(err, r'"stdout" output timeout, all output channels are blocked$')
    holds(err, r"output channels still blocked, discarding all remaining notifications$")
    holds(err, r"Alerts not delivered because an output was blocked: \d+$")


def t_drops(d):
    rc, out, err = d.run("-o", "syscall_event_drops.simulate_drops=true", "-o", "syscall_event_drops.actions[]=alert",
                         "-o", "syscall_event_drops.max_burst=10", "-M", "9")
    same(rc, 0, err)
    holds(out, r"^22:13:22\.000000000: Debug Falco internal: syscall event drop\. 1 system calls dropped in last second\. \("
          r'ebpf_enabled="0" n_drops="1" n_drops_buffer_.* n_evts="0"\)$')	# no kernel makes the events of a file
    holds(err, r"event drop detected: [1-4] occurrences$")
    rc, out, err = d.run("-o", "syscall_event_drops.simulate_drops=true", "-o", "syscall_event_drops.actions[]=exit")
    same(rc, 1)
    holds(err, r": Falco internal: syscall event drop\. 1 system calls dropped in last second\.\n.*: Exiting\.$")
    holds(err, r"^   - num times actions taken: 1\nError: Drop manager internal error$")
    rc, out, err = d.run("-o", "syscall_event_drops.simulate_drops=true", "-o", "syscall_event_drops.actions[]=log", "-o",
                         "syscall_event_drops.rate=0", "-o", "log_level=debug")
    same(len(re.findall(r": Falco internal: syscall event drop\. 1 system calls dropped in last second\.\n", err)), 1, err)


def t_output_fails(d):
    """Each alert that an output could not take counts, once for each output; metrics have the sum."""
    d.write("x.scap", capture(50))
    metrics = ("-o", "metrics.enabled=true", "-o", "metrics.interval=10s", "-o", "metrics.output_file=m.json", "-o", "metrics.include_empty_values=true")
    for keep in ("true", "false"):
        rc, out, err = d.run("-o", "file_output={enabled: true, keep_alive: %s, filename: /dev/full}" % keep, *metrics)
        same((rc, out.count("Warning file")), (0, 50), err)
        holds(err, r"file: /dev/full: No space left on device$")
        holds(err, r"Alerts that an output could not deliver: 50$")
    rc, out, err = d.run("-o", "file_output={enabled: true, keep_alive: true, filename: /dev/full}", "-o", "buffered_outputs=true", *metrics)
    holds(err, r"Alerts that an output could not deliver: \d+$")
    last = json.loads(d.read("m.json").splitlines()[-1])["output_fields"]
    same(0 <= last["saker.outputs_failed"] <= 50, True, last)
    rc, out, err = d.run()
    same("could not deliver" in err, False, err)


def t_reader_goes_away(d):
    d.write("x.scap", capture(20000, 1000))
    p = d.start()
    p.stdout.read(10)
    p.stdout.close()
    err = p.stderr.read().decode()
    same(p.wait(timeout=60), 0, err)
    holds(err, r"stdout: Broken pipe$")
    holds(err, r"Alerts that an output could not deliver: \d+$")


def t_signals(d):
    p = d.start("-o", "engine.kind=nodriver", "-P", "pid", "-o", "file_output.enabled=true", "-o", "file_output.keep_alive=true",
                "-o", "file_output.filename=a.txt", replay=False)
    for _ in range(200):
        if os.path.exists(d.path + "/pid") and d.read("pid"):
            break
        time.sleep(0.02)
    same(int(d.read("pid")), p.pid)
    time.sleep(0.2)
    os.rename(d.path + "/a.txt", d.path + "/b.txt")
    p.send_signal(signal.SIGHUP)
    p.send_signal(signal.SIGUSR1)
    time.sleep(0.5)
    p.send_signal(signal.SIGTERM)
    out, err = p.communicate(timeout=10)
    out, err = out.decode(), err.decode()
    same(p.returncode, 0, err)
    holds(err, r"SIGUSR1 received, reopening outputs\.\.\.$")
    holds(err, r"SIGHUP received: ")
    holds(err, r"SIGTERM received, exiting\.\.\.$")
    holds(out, r"^Events detected: 0$")
    holds(err, r"event drop detected: 0 occurrences")


def t_unknown_events(d):
    """Of a newer program's capture: left out, but not in silence."""
    t = 1700000000 * 10**9
    d.write("x.scap", capture(1) + event(t, 42, 60000, [b"new"]) + openat(t + 1, "/etc/last") + event(t, 42, 60001, []))
    rc, out, err = d.run()
    same((rc, out.count("Warning file")), (0, 2), err)
    holds(err, r"Events of a type that this version does not know, left out: 2$")


def t_forgotten_beginnings(d):
    """Of an old capture: 100,000 threads that began to close a file (CLOSE_E), and did not end."""
    t = 1700000000 * 10**9
    d.write("x.scap", capture(1) + b"".join(event(t, i, 4, [struct.pack("<q", 3)]) for i in range(100000)))
    rc, out, err = d.run()
    same(rc, 0, err)
    holds(err, r"Beginnings of calls forgotten before their ends came: \d{5}$")


def t_signal_when_one_worker_is_done(d):
    """All processes are of the second worker; the first one, the main thread, is at the end of the file long before."""
    n = 40000
    d.write("x.scap", capture(1) + openat(1700000001 * 10**9, "/etc/x" + "x" * 200).replace(struct.pack("<Q", 42), struct.pack("<Q", 43)) * n)
    p = d.start("-o", "workers=2", "-o", "outputs_queue.capacity=%d" % (n // 2))
    time.sleep(1)		# nobody reads: the second one waits for room
    p.send_signal(signal.SIGINT)
    time.sleep(0.3)
    out, err = (x.decode() for x in p.communicate(timeout=60))
    same(p.returncode, 0, err)
    holds(err, r"SIGINT received, exiting\.\.\.$")
    same(len(re.findall("SIGINT received", err)), 1)
    detected = int(re.search(r"^Events detected: (\d+)$", out, re.M)[1])
    same(detected < n * 0.9, True, detected)
    dropped = re.search(r"Alerts dropped because the outputs were too slow: (\d+)$", err, re.M)
    same(int(dropped[1]) < 500 if dropped else True, True, err)


def processes(tid, comm):
    """A list of one process, in the oldest form."""
    text = lambda s: struct.pack("<H", len(s)) + s
    return block(0x202, struct.pack("<QQQ", tid, tid, 1) + text(comm) + text(comm) + text(b"") + text(b"/") + struct.pack("<QIII", 1024, 0, 0, 0))


def t_concatenated_captures(d):
    """What the first one has told of processes, fds and time is void in the second one; events are numbered on."""
    head, t = capture(0), 1700000000 * 10**9
    read = event(t + 5, 42, 7, [struct.pack("<q", 1), b"x", struct.pack("<q", 3), struct.pack("<I", 1)])
    first = head + processes(42, b"first") + openat(t, "/etc/a") + read
    d.write("all.yaml", "- rule: all\n  desc: d\n  condition: evt.num > 0\n  output: n=%evt.num %proc.name %fd.name %evt.reltime\n  priority: INFO\n")
    for second, want in ((processes(42, b"second") + openat(t + 100, "/etc/b") + read, ["n=3 second /etc/b 0", "n=4 second /etc/b"]),
                         (read, ["n=3 <NA>  0"]), (processes(42, b"second") + read, ["n=3 second  0"]),
                         (processes(43, b"other") + openat(t + 7, "/etc/b"), ["n=3 <NA> /etc/b 0"])):
        d.write("x.scap", first + head + second)
        rc, out, err = d.run("-r", "all.yaml", rules=False)
        same(rc, 0, err)
        got = re.findall("n=.*", out)
        same(got[:2], ["n=1 first /etc/a 0", "n=2 first /etc/a 5"])
        for g, w in zip(got[2:], want):
            same(g[:len(w)], w)
        same(len(got), 2 + len(want))
    d.write("x.scap", first + head)
    rc, out, err = d.run("-r", "all.yaml", rules=False)
    same((rc, out.count("n=")), (1, 2))
    holds(err, "^Error: scap error: could not restart capture: no events in file")


def t_damaged_capture(d):
    """Where a capture file is damaged is told; alerts before that are delivered."""
    bad = block(0x216, struct.pack("<HQQIHIHH", 0, 1, 1, 30, 307, 2, 500, 500))
    d.write("x.scap", capture(1) + bad + openat(1700000002 * 10**9, "/etc/last"))
    rc, out, err = d.run()
    same(rc, 1, err)
    holds(out, r"/etc/file0")
    holds(err, r"^Error: .*byte \d+ of x\.scap")


def t_cut_capture(d):
    d.write("x.scap", capture(4)[:-7])
    rc, out, err = d.run()
    same(out.count("Warning file"), 3)


def t_validate(d):
    d.write("bad.yaml", "- rule: x\n  desc: y\n  condition: no.such = 1\n  output: z\n  priority: INFO\n")
    rc, out, err = d.run("-V", "r.yaml", rules=False)
    same((rc, out), (0, "r.yaml: Ok\n"), err)
    rc, out, err = d.run("-V", "r.yaml", "-V", "bad.yaml", rules=False)
    same(rc, 1)
    holds(out, r"^bad.yaml: Invalid$")
    holds(err, r"^Error: bad.yaml: Invalid")
    rc, out, err = d.run("-V", "bad.yaml", "-o", "json_output=true", rules=False)
    same(rc, 1)
    j = json.loads(out)["falco_load_results"][0]
    same((j["name"], j["successful"], j["errors"][0]["code"]), ("bad.yaml", False, "LOAD_ERR_COMPILE_CONDITION"))
    # Types of events that cannot be told before the run end it without a report.
    d.write("types.yaml", "- rule: x\n  desc: y\n  condition: tolower(evt.type) = open\n  output: z\n  priority: INFO\n")
    for how in ("-V", "-r"):
        rc, out, err = d.run(how, "types.yaml", "-o", "json_output=true", rules=False)
        same((rc, out), (1, ""))
        holds(err, r"^Runtime error: .*with transformers. Exiting.$")
    rc, out, err = d.run("-V", "nosuch.yaml", rules=False)
    same(rc, 1)
    holds(err, r"^Error: Could not open file nosuch.yaml for reading$")


def t_describe(d):
    rc, out, err = d.run("-L")
    same(rc, 0, err)
    holds(out, r"^Rule +Description$")
    holds(out, r"^opened +a file was opened ?$")
    rc, out, err = d.run("-l", "opened", "-o", "json_output=true")
    same(json.loads(out)["rules"][0]["info"]["name"], "opened")
    rc, out, err = d.run("-l", "nosuch")
    same(rc, 1)
    holds(err, r'^Runtime error: Rule "nosuch" is not loaded. Exiting.$')


def t_list(d):
    rc, out, err = d.run("--list", "-N", raw=True)
    same(rc, 0, err)
    names = out.split()
    same(len(names) == len(set(names)), True, "a name appears twice")
    for n in ("evt.num", "proc.name", "fd.name", "container.id", "k8s.pod.name"):
        same(n in names, True, n)
    d.write("none.yaml", "load_plugins: []\n")
    rc, out, err = d.run("-c", "none.yaml", "--list", "-N", raw=True)
    left_out = set(names) - set(out.split())
    same((rc, "container.id" in left_out, sorted({n.split(".")[0] for n in left_out})), (0, True, ["container", "k8s"]))
    rc, out, err = d.run("--list=syscall", "--format", "json", raw=True)
    fields = [f for c in json.loads(out)["fieldclasses"] for f in c["fields"]]
    same(len(fields), len(names))
    same([f["name"] for f in fields if not f["desc"]], [], "fields without help")
    rc, out, err = d.run("--list", "-v", raw=True)
    holds(out, r"^proc\.name +\(Type: CHARBUF\) ")
    rc, out, err = d.run("--list=nosuch", raw=True)
    same(rc, 1)
    holds(err, "^Error: Value for --list must be a valid source type$")


def t_list_events(d):
    rc, out, err = d.run("--list-events", raw=True)
    same(rc, 0, err)
    holds(out, r"^< close\(ERRNO \*\*res\*\*, FD \*\*fd\*\*\)$")
    holds(out, r"^## Metaevents$")
    rc, js, err = d.run("--list-events", "--format=json", raw=True)
    j = json.loads(js)
    same(sum(len(v) for v in j.values() if isinstance(v, list)), len(re.findall(r"^[<>] ", out, re.M)))
    rc, out, err = d.run("-i", raw=True)
    heavy = re.findall(r"^- (\w+)$", out, re.M)
    same(len(heavy), 11)
    # marked: what drivers deliver, but for the calls of -i
    left_out = [e["name"] for e in j["Syscall events"] if e["dir"] == "<" and not e["available"]]
    same(sorted(left_out), sorted(heavy))
    made = {e["name"] for v in j.values() if isinstance(v, list) for e in v if e["available"]}
    same([n for n in ("useradded", "userdeleted", "groupadded", "groupdeleted", "container") if n in made], [])
    same([n for n in ("open", "quotactl", "procexit", "uname") if n not in made], [])
    rc, out, err = d.run("--list-events", "--markdown", raw=True)
    holds(out, r"^No \| `<` \| `pread` \|")
    holds(out, r"^Yes \| `<` \| `close` \|")


def t_version(d):
    rc, out, err = d.run("--version", raw=True)
    same(rc, 0, err)
    holds(out, r"^Saker version: \d")
    rc, out, err = d.run("--version", "-o", "json_output=true", rules=False)
    same(json.loads(out)["engine_version"], "63")


def t_errors(d):
    d.write("broken.yaml", "a: [1\nb: 2\n")
    os.mkdir(d.path + "/folder")
    for args, want in (
            (["--nosuch"], "Error: Option ‘nosuch’ does not exist"),
            (["-c", "nosuch.yaml"], "Error: Could not find configuration file at nosuch.yaml"),
            (["-c", "folder"], "Error: Cannot read configuration file folder: Is a directory"),
            (["-c", "broken.yaml"], r"Error: Error reading config file \(broken.yaml\): line \d+, column \d+: "),
            (["-r", "nosuch.yaml"], "Error: Could not open file nosuch.yaml for reading"),
            (["-o", "engine.replay.capture_file=nosuch"], "Error: Could not open trace filename nosuch for reading: No such file or directory$"),
            (["-o", "engine.replay.capture_file=r.yaml"], "Error: Could not open trace filename r.yaml for reading: scap error: invalid block type"),
            (["-o", "file_output.enabled=true", "-o", "file_output.filename=no/such"], "Error: Failed to init output: file: no/such: No such file or directory$"),
            (["--enable-source", "x", "-o", "engine.kind=nodriver"], "Error: Attempted enabling an unknown event source: x"),
            (["--disable-source=syscall", "-o", "engine.kind=nodriver"], "Error: Must enable at least one event source"),
            (["--enable-source=syscall", "--disable-source=syscall", "-o", "engine.kind=nodriver"], "Error: You can not mix")):
        rc, out, err = d.run(*args)
        same((rc, out.count("Warning file")), (1, 0), args)
        holds(err, "^" + want)
    rc, out, err = d.run(rules=False)
    same(rc, 1)
    holds(err, "^Error: You must specify at least one rules file")


def t_ignored(d):
    rc, out, err = d.run("-i", raw=True)
    same((rc, err, out), (0, "", "Ignored syscall(s):\n" + "".join("- %s\n" % n for n in "sendfile preadv readv pread recv send pwritev "
                          "writev write pwrite read".split()) + "\n"))


def t_what_is_told_of_rules(d):
    """The start's lines in Falco's order; missing files before what is wrong with others."""
    rc, out, err = d.run("-o", "rules[].enable.rule=of*", "-o", "rules[].disable.tag=b", "-L")
    same(rc, 0, err)
    holds(err, r"Loading rules from:\n.*   r.yaml \| schema validation: ok\n.*: Enabling rules with name: of\*\n.*: Disabling rules with tag: b\n\Z")
    rc, out, err = d.run("-o", "engine.kind=nodriver", "-o", "log_level=debug", "--dry-run", replay=False)
    same(rc, 0, err)
    holds(err, r"r.yaml \| schema validation: ok\n.*: Loaded event sources: syscall\n.*: Enabled event sources: syscall\n")
    d.write("bad.yaml", "- rule: [\n")
    for option in ("-r", "-V"):
        rc, out, err = d.run(option, "bad.yaml", option, "nosuch.yaml", rules=False)
        same((rc, out, err.splitlines()[-1]), (1, "", "Error: Could not open file nosuch.yaml for reading"))


def t_validate_and_describe(d):
    rc, table, err = d.run("-L")
    rc, out, err = d.run("-V", "r.yaml", "-L", rules=False)
    same((rc, out), (0, "r.yaml: Ok\n\n" + table))
    holds(err, r"Validating rules file\(s\):\n.*:    r.yaml\n")
    for more in ([], ["-o", "json_output=true"], ["-L"]):
        rc, out, err = d.run("-V", "r.yaml", "-l", "nosuch", *more, rules=False)
        same((rc, out, err.splitlines()[-1]), (1, "", 'Runtime error: Rule "nosuch" is not loaded. Exiting.'))
    d.write("bad.yaml", "- rule: x\n")
    rc, out, err = d.run("-V", "bad.yaml", "-l", "nosuch", rules=False)
    same((rc, "Invalid" in out, "not loaded" in err), (1, True, False))


def t_option_syntax(d):
    for arg in ("--c", "--h", "-?", "-=x", "---x", "--a.b", "--=x"):
        rc, out, err = d.run(arg, raw=True)
        same((rc, out, err), (1, "", "Error: Argument ‘%s’ starts with a - but has incorrect syntax\n" % arg))
    for args, value in ((["-M", "1.5"], "1.5"), (["-M", ""], ""), (["-M2147483648"], "2147483648"), (["-M", "0x"], "0x"),
                        (["-M", "-2147483649"], "-2147483649"), (["-M", "--version"], "--version"), (["-M", "9" * 30], "9" * 30),
                        (["--version=yes"], "yes"), (["--version="], ""), (["--dry-run=TRUE"], "TRUE")):
        rc, out, err = d.run(*args, raw=True)
        same((rc, out, err), (1, "", "Error: Argument ‘%s’ failed to parse\n" % value))
    for value in ("true", "T", "1"):
        rc, out, err = d.run("--dry-run=" + value)
        same((rc, out), (0, ""), value)
    for value in ("false", "f", "0"):
        rc, out, err = d.run("--dry-run", "--dry-run=" + value)
        same((rc, out.count("Warning file")), (0, 4), value)
    for args in (["word", "-", "--list=", "-N"], ["-N", "--list", "--", "--nosuch"], ["--list", "nosuch", "-N"]):
        rc, out, err = d.run(*args)
        same((rc, out.startswith("evt.num\n")), (0, True), args)


def t_configuration_is_looked_for_first(d):
    for args in (["--help"], ["--version"], ["--format=x"], ["-i"]):
        rc, out, err = d.run("-c", "c.yaml", "-c", "nosuch.yaml", *args, raw=True)
        same((rc, out, err), (1, "", "Error: Could not find configuration file at nosuch.yaml\n"), args)
    rc, out, err = d.run("-c", "", "--list", "-N", raw=True)
    same((rc, out.startswith("evt.num\n")), (0, True))


def t_did_you_mean(d):
    """On a line of its own: messages are Falco's."""
    for args, message, hint in (
            (["--dryrun"], "Option ‘dryrun’ does not exist", "--dry-run"),
            (["--lst=syscall"], "Option ‘lst’ does not exist", "--list"),
            (["--jsno"], "Option ‘jsno’ does not exist", None),
            (["rules", "--jsno"], "Option ‘jsno’ does not exist", "--json"),
            (["rules", "--syscals"], "Option ‘syscals’ does not exist", "--syscalls"),
            (["--nosuch"], "Option ‘nosuch’ does not exist", None),
            (["--" + "x" * 5000], "Option ‘x{5000}’ does not exist", None)):
        rc, out, err = d.run(*args, raw=True)
        same((rc, out), (1, ""), args)
        holds(err, "^Error: %s\\n%s" % (message, r"Did you mean '%s'\?\n\Z" % hint if hint else r"\Z"))
    d.write("r.yaml", "- rule: r\n  desc: d\n  condition: evt.type=opnat\n  output: o\n  priority: INFO\n")
    rc, out, err = d.run("-o", "engine.kind=nodriver", "--dry-run")
    same(rc, 1)
    holds(err, r"unknown event type opnat\nDid you mean 'openat'\?\n")


def t_misspelt_key(d):
    for text, key, hint in (("json_outptu: true", "json_outptu", "json_output"), ("webservr: {enabled: true}", "webservr", "webserver"),
                            ("engine: {kidn: kmod}", "kidn", "engine.kind"), ("nothing_like_it: 1", "nothing_like_it", None),
                            ("a: 1", "a", None), ("%s: 1" % ("x" * 500), "x{500}", None),
                            ("webserver: {listen_prot: 1}", "listen_prot", "webserver.listen_port")):
        d.write("odd.yaml", "log_level: info\nlog_stderr: true\nstdout_output: {enabled: true}\n" + text + "\n")
        rc, out, err = d.run("-c", "odd.yaml", "-o", "engine.kind=nodriver", "-r", "r.yaml", "--dry-run", raw=True)
        same(rc, 0, err)
        holds(err, r"odd\.yaml \| schema validation: failed for .*: '%s'\.%s$" % (key, r" Did you mean '%s'\?" % hint if hint else ""))


def t_misspelt_list(d):
    """It is a value, as in Falco: no error, no warning, but with -v a word in the log."""
    rule = "- rule: %s\n  desc: d\n  condition: evt.type=open and %s\n  output: o\n  priority: INFO\n"
    conditions = ["proc.name in (shels)", "proc.name in (shells, bin_dirs)", "proc.name in ('shels', \"shels\", xyz)", "proc.name=shels",
                  "proc.name in (sh,\tbin_dir ) and fd.name in (x)", "(proc.name pmatch(shels) or fd.name in ( 'a b)' , bin_dirz))"]
    lists = "- list: shells\n  items: [bash, shels2]\n- list: bin_dirs\n  items: [/bin]\n"
    d.write("r.yaml", lists + "".join(rule % ("r%d" % i, c) for i, c in enumerate(conditions)))
    d.write("more.yaml", "- list: more\n  items: [a]\n")
    args = ("-o", "engine.kind=nodriver", "-o", "log_level=notice", "--dry-run", "-r", "more.yaml")
    for form, kw in ((args, {}), (("-V", "more.yaml", "-V", "r.yaml"), {"replay": False, "rules": False})):
        rc, out, err = d.run(*form, "-v", **kw)
        found = re.findall(r"r\.yaml:(\d+):\d+: '(\w+)' is the name of no list and taken as it is; did you mean the list '(\w+)'\?$", err, re.M)
        same((rc, found), (0, [("7", "shels", "shells"), ("27", "bin_dir", "bin_dirs"), ("32", "shels", "shells"), ("32", "bin_dirz", "bin_dirs")]), err)
        rc, out, err = d.run(*form, **kw)
        same((rc, "did you mean" in err), (0, False), err)


def t_unprivileged(d):
    """Without the right to load BPF programs: one message that says so, no harm done."""
    if os.geteuid():
        raise NotImplementedError("needs root to drop privileges from")
    os.chmod(d.path, 0o755)
    argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    p = subprocess.run(argv + d.argv([], replay=False), cwd=d.path, env=ENV, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    same(p.returncode, 69, p.stderr)
    holds(p.stderr.decode(), r"^Error: no driver works here: modern_ebpf: CAP_BPF is missing, CAP_PERFMON is missing;.*run as root")


def t_no_effect(d):
    rc, out, err = d.run("-o", "capture.enabled=true", "-o", "nosuch.key=1", "-o", "webserver.listen_port=1")
    same(rc, 0, err)
    holds(err, r"Configuration keys without effect in this version: capture.enabled$")
    d.write("c.yaml", CONFIG + "foo: 1\n")
    rc, out, err = d.run()
    holds(err, r"   c.yaml \| schema validation: failed for <root>: .*'foo'")


def t_schema_of_options(d):
    """What -o sets and is no key, or of another type, is told; the run goes on with the default."""
    rc, out, err = d.run("-o", "json_outptu=true", "-o", "json_output=maybe", "-o", "rules[].enable.rule=off", "-o", "priority=info")
    same((rc, out.count("Warning file")), (0, 4), err)
    same(re.findall(r"Option -o (\S+): schema validation: failed for (\S+): ", err), [("json_outptu", "<root>"), ("json_output", "<root>[json_output]")])
    holds(err, r"c.yaml \| schema validation: ok$")
    rc, out, err = d.run("-o", "json_output=true")
    same("Option -o" in err, False)


def t_schema_of_options_elsewhere(d):
    """Commands that keep no log tell it too, and go on."""
    for args, status in ((("top", "-n", "1", "-o", "top.socket=/nosuch"), 1), (("driver", "list"), 0)):
        rc, out, err = d.run(*args, "-c", "c.yaml", "-o", "engine.knd=kmod", "-o", "json_output=true", raw=True)
        same((rc, re.findall(r"^Warning: option -o (\S+): .*Did you mean '(.*)'\?$", err, re.M)), (status, [("engine.knd", "engine.kind")]), err)


def t_schema_of_values(d):
    """Words and numbers out of what a key takes are told; --config-schema says what it takes."""
    d.write("c.yaml", CONFIG + "capture: {mode: bogus}\n")
    rc, out, err = d.run()
    same(rc, 0, err)
    holds(err, r"c.yaml \| schema validation: failed for <root>\[capture\]\[mode\]: expected one of rules, all_rules$")
    rc, out, err = d.run("--config-schema", raw=True)
    of = json.loads(out)["properties"]["capture"]["properties"]
    same((of["mode"]["anyOf"][0]["enum"], of["max_file_size_mb"]["maximum"]), (["rules", "all_rules"], 1048576))


def t_environment(d):
    d.write("c.yaml", CONFIG.replace("{enabled: true}", "{enabled: \"${ON}\"}"))
    rc, out, err = d.run(env={"ON": "true"})
    same((rc, out.count("Warning file")), (0, 4), err)
    rc, out, err = d.run(env={"ON": "false"})
    same(rc, 1)


def t_hostname(d):
    """SAKER_HOSTNAME before FALCO_HOSTNAME (which clidir.py sets)."""
    for env, want in (({}, "testhost"), ({"SAKER_HOSTNAME": "other"}, "other")):
        rc, out, err = d.run("-o", "json_output=true", env=env)
        same((rc, json.loads(out.splitlines()[0])["hostname"]), (0, want), err)
        holds(err, "Hostname value has been overridden via environment variable to: %s$" % want)


def t_beside_the_configuration(d):
    """Rules named in a configuration file are found beside it, from any working directory."""
    os.mkdir(d.path + "/etc")
    d.write("r2.yaml", "not rules")
    d.write("etc/c.yaml", CONFIG + "rules_files: [r2.yaml, nosuch.yaml, rules.d]\nconfig_files: [conf.d]\n")
    d.write("etc/r2.yaml", RULES)
    os.mkdir(d.path + "/etc/conf.d")
    d.write("etc/conf.d/1.yaml", "priority: warning\n")
    rc, out, err = d.run("-c", "etc/c.yaml", "-L", rules=False)
    same(rc, 0, err)
    holds(out, r"^opened ")
    same("second" in out, False)


def t_own_configuration(d):
    """etc/saker.yaml is a valid configuration, and its rules load."""
    rc, out, err = d.run("-c", os.path.join(TOP, "etc", "saker.yaml"), "--dry-run", raw=True)
    same(rc, 0, err)
    holds(err, r"saker\.yaml \| schema validation: ok$")
    same("without effect" in err, False)


def t_docs(d):
    with open(os.path.join(TOP, "docs", "configuration.md")) as f:
        same(f.read() == docs(d), True, "docs/configuration.md is not what tests/cli/cli.py --docs writes")


# ---- docs/configuration.md --------------------------------------------------------------------------

HEAD = """# Configuration

saker reads one YAML file (`-c FILE`, default `/etc/saker/saker.yaml`); a Falco configuration file works as it is.
This page is made from the program's own table of keys by `tests/cli/cli.py --docs`.

- `config_files` names more files and folders. They are merged over the first one: lists are appended, everything else is
  replaced; `{path: FILE, strategy: override}` replaces lists too, `add-only` adds only keys that are not there.
- `-o KEY=VALUE` sets one key: `-o json_output=true`, `-o rules[].disable.tag=network`, `-o engine.modern_ebpf.buf_size_preset=6`.
  `[]` appends to a list, `[N]` names an element, a value in braces is YAML.
- `${NAME}` in a value is the environment variable NAME; `$${NAME}` is the text `${NAME}`.
- A value of the wrong type, or an unknown key, is told in the log (`FILE | schema validation: failed for ...`); the default
  is used. What is no value for a key at all, as `engine.kind: x`, ends the program.
- `saker --config-schema` prints what the log's line is made from as a JSON schema (draft 06), `--rule-schema` that of rules
  files: for editors, and for checks before a file is rolled out. A validator must read YAML by the core schema of YAML 1.2;
  it cannot know what `${NAME}` stands for, and takes it.
- Relative paths of rules and configuration files start from the folder of the configuration file or, when nothing is
  there, from the working directory.

| key | type | default | |
|---|---|---|---|
"""


def type_name(schema):
    """The type that is meant, of those that will do."""
    first, *others = schema.get("anyOf", [schema])
    kind = "string" if "enum" in first else first["type"] if isinstance(first["type"], str) else first["type"][0]
    return ", ".join([kind] + [word for s in others for word in s.get("enum", [])])


def docs(d):
    rc, out, err = d.run("--config-schema", raw=True)
    rows = []

    def walk(prefix, schema):
        for name, s in schema["properties"].items():
            if "properties" in s:
                walk(prefix + name + ".", s)
            else:
                default = s.get("default", "-")
                note = " *No effect in this version.*" if s.get("x-no-effect-yet") else ""
                rows.append("| `%s` | %s | %s | %s%s |\n" % (
                    prefix + name, type_name(s), default if isinstance(default, str) else json.dumps(default), s["description"], note))
    walk("", json.loads(out))
    return HEAD + "".join(rows)


def main():
    if "--docs" in sys.argv:
        with Dir() as d, open(os.path.join(TOP, "docs", "configuration.md"), "w") as f:
            f.write(docs(d))
        return 0
    return run_tests(globals())


sys.exit(main())
