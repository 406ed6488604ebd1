#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which driver is chosen and what is said about it, also with features taken away.

usage: choice.py [BINARY]

What `saker driver probe` and `saker doctor` say is compared with what the files of this system say.  Needs root.
Last line: 'N passed, N failed, N skipped'."""
import json, os, re, shutil, subprocess, sys, tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
COUNT = {"ok": 0, "FAIL": 0, "skip": 0}
RELEASE = os.uname().release
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
NO_BTF = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh"]
NO_DRIVER = 69
CONFIG = "stdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\nlog_level: info\n"


class Case:
    """A folder for one test, with a configuration, a rule, and drivers that were built."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="saker-choice-")
        os.chmod(self.path, 0o777)
        self.write("c.yaml", CONFIG)
        self.write("r.yaml", "- rule: opened\n  desc: d\n  condition: evt.type = openat and fd.name contains saker-choice-canary\n"
                   "  output: opened %fd.name\n  priority: INFO\n")

    def write(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        return path

    def run(self, *args, wrap=(), env=None, timeout=60):
        e = {k: v for k, v in os.environ.items() if not k.endswith("_BPF_PROBE")}
        e.update(SAKER_DRIVER_DIR=os.path.join(self.path, "drivers"), HOME=self.path, **(env or {}))
        p = subprocess.run([*wrap, BINARY, *args], cwd=self.path, env=e, capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL)
        return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")

    def probe(self, *args, **kw):
        rc, out, err = self.run("driver", "probe", "--json", *args, **kw)
        same(err, "")
        report = json.loads(out)
        same(rc, 0 if report["choice"] else 1, out)
        return report, {f["name"]: f for f in report["features"]}

    def doctor(self, *args, **kw):
        return self.run("doctor", "-c", "c.yaml", "-r", "r.yaml", *args, **kw)


def same(got, want, context=""):
    assert got == want, "got %r, expected %r %s" % (got, want, context)


def holds(text, pattern):
    assert re.search(pattern, text, re.M), "no /%s/ in: %s" % (pattern, text)


def yes(state):
    return "yes" if state else "no"


def t_probe_here(c):
    report, f = c.probe()
    same(report["kernel"], RELEASE)
    same(report["choice"], "modern_ebpf")
    for name in ("CAP_BPF", "CAP_PERFMON", "BTF", "ring buffer", "tracing programs", "perf buffer"):
        same(f[name]["state"], "yes", name)
    same(f["modules"]["state"], yes(os.path.exists("/proc/modules")))
    same(f["device"]["state"], yes(os.path.exists("/dev/saker0")))
    same(f["headers"]["state"], yes(os.path.exists("/lib/modules/%s/build/Makefile" % RELEASE)))
    same(f["make"]["state"], yes(shutil.which("make")))
    same(f["clang"]["state"], yes(shutil.which("clang") and shutil.which("llc")))
    with open("/proc/sys/kernel/perf_event_paranoid") as p:
        same(f["perf_event_paranoid"]["found"], p.read().strip())
    text = c.run("driver", "probe")[1]
    holds(text, r"^engine.kind is auto; saker uses modern_ebpf")
    for name in f:
        holds(text, "^" + re.escape(name) + " +(yes|no|unknown) ")


def t_probe_unprivileged(c):
    report, f = c.probe(wrap=NOBODY)
    same((f["CAP_BPF"]["state"], f["CAP_PERFMON"]["state"]), ("no", "no"))
    same(report["choice"], None)
    holds(report["remedy"], "root|CAP_BPF")
    holds(report["why_not_better"], "^modern_ebpf: CAP_BPF is missing, CAP_PERFMON is missing")


def t_probe_without_btf(c):
    report, f = c.probe(wrap=NO_BTF)
    same(f["BTF"]["state"], "no")
    core = next(d for d in report["drivers"] if d["driver"] == "modern_ebpf")
    same(core["works"], False)
    same("BTF" in core["missing"], True)
    assert report["choice"] != "modern_ebpf"


def t_probe_bad_headers(c):
    c.write("headers/Makefile", "")
    f = c.probe("--headers", "headers")[1]
    holds(f["headers"]["found"], "not configured")
    c.write("headers/include/config/kernel.release", "1.2.3\n")
    f = c.probe("--headers", "headers")[1]
    same(f["headers"]["state"], "no")
    holds(f["headers"]["found"], "those of 1.2.3, the kernel is " + re.escape(RELEASE))
    report, f = c.probe("--headers", "headers", "--kernel-release", "1.2.3")
    same(f["headers"]["state"], "yes")
    same((report["running"], f["BTF"]["state"]), (False, "unknown"))


def t_probe_stale_module(c):
    c.write("drivers/%s/saker.ko" % RELEASE, "\x7fELF vermagic=1.2.3 SMP")
    f = c.probe()[1]
    same(f["module file"]["state"], "no")
    holds(f["module file"]["found"], "was built for 1.2.3, the kernel is ")


def t_doctor_well(c):
    rc, out, err = c.doctor("-o", "engine.kind=modern_ebpf")
    same(rc, 0, out + err)
    holds(out, r"^ok +driver: modern_ebpf$")
    holds(out, r"^ok +events come: ")
    holds(out, r"^nothing is wrong$")


def t_doctor_left_out(c):
    """A rule that the configuration makes blind is told."""
    rc, out, err = c.doctor("-o", "engine.kind=modern_ebpf", "-o", "base_syscalls.custom_set[]=!openat")
    same(rc, 0, out + err)
    holds(out, r"^note +1 rules ask for system calls that are left out: opened$")
    same("see their events" in out, False)


def t_doctor_unprivileged(c):
    rc, out, err = c.doctor(wrap=NOBODY)
    same(rc, NO_DRIVER, out + err)
    holds(out, r"^PROBLEM +no driver works: modern_ebpf: CAP_BPF is missing, CAP_PERFMON is missing;")
    holds(out, r"^ +to mend it: run as root, or grant CAP_BPF")


def t_doctor_without_btf(c):
    rc, out, err = c.doctor("-o", "engine.kind=modern_ebpf", "-o", "engine.fallback=false", wrap=NO_BTF)
    same(rc, NO_DRIVER, out + err)
    holds(out, r"^PROBLEM +no driver works: modern_ebpf: BTF: there is no /sys/kernel/btf/vmlinux")
    holds(out, r"^ +to mend it: .*CONFIG_DEBUG_INFO_BTF")


def t_doctor_bad_rules(c):
    c.write("r.yaml", "- rule: x\n  condition: nosuch.field = 1\n  output: o\n  desc: d\n  priority: INFO\n")
    rc, out, err = c.doctor()
    same(rc, 1, out + err)
    holds(out + err, "nosuch.field")


def t_doctor_rejected_program(c):
    rc, out, err = c.doctor("-o", "engine.kind=modern_ebpf", env={"SAKER_TEST_SPOIL": "ev_SYSCALL_OPENAT_2_X"})
    same(rc, 1, out + err)
    holds(out, r"^PROBLEM +the kernel does not take: .*ev_SYSCALL_OPENAT_2_X")


def another_kind(c, kind):
    """A kind that cannot work here: no file of it, and no headers to build it."""
    if c.probe("-o", "engine.kind=" + kind)[0]["choice"] == kind:
        raise NotImplementedError("the driver %s works here" % kind)


def t_fallback(c):
    another_kind(c, "kmod")
    rc, out, err = c.run("-c", "c.yaml", "-r", "r.yaml", "-o", "engine.kind=kmod", "-M", "1")
    same(rc, 0, err)
    lines = [l for l in err.splitlines() if "is used instead of" in l]
    same(len(lines), 1, err)
    holds(lines[0], r"Driver: modern_ebpf is used instead of kmod, which does not work here: kmod: .*\. To mend it: .+")
    holds(out, r"Warning Saker internal: driver fall-back\. modern_ebpf is used instead of kmod .*driver.used=modern_ebpf")
    with open(os.path.join(c.path, "drivers", "status.json")) as f:
        status = json.load(f)
    same((status["kernel"], status["wanted"], status["used"]), (RELEASE, "kmod", "modern_ebpf"))
    rc, out, err = c.doctor("-o", "engine.kind=kmod")
    same(rc, 1, out + err)
    holds(out, r"^PROBLEM +modern_ebpf is used instead of kmod, which does not work: ")
    holds(out, r"^note +the last start, on Linux \S+, fell back from kmod to modern_ebpf")
    same(c.doctor("-o", "engine.kind=modern_ebpf")[0], 0)


def t_update(c):
    """A driver for another kernel only, as after an update of the kernel."""
    another_kind(c, "ebpf")
    c.write("drivers/1.2.3-old/saker-bpf.o", "x")
    err = c.run("-c", "c.yaml", "-r", "r.yaml", "-o", "engine.kind=ebpf", "-M", "1")[2]
    holds(err, r"Driver: modern_ebpf is used instead of ebpf, .*no saker-bpf.o for Linux \S+ \(there is one for 1\.2\.3-old\)")


def t_fallback_forbidden(c):
    another_kind(c, "kmod")
    rc, out, err = c.run("-c", "c.yaml", "-r", "r.yaml", "-o", "engine.kind=kmod", "-o", "engine.fallback=false")
    same(rc, NO_DRIVER, err)
    holds(err, r"^Error: no driver works here: kmod: .*To mend it: ")


def t_commands(c):
    c.write("drivers/1.2.3-old/saker-bpf.o", "x")
    rc, out, err = c.run("driver", "list")
    same(rc, 0, err)
    holds(out, r"^ebpf +1\.2\.3-old .*saker-bpf\.o$")
    rc, out, err = c.run("driver", "cleanup")
    same((rc, out), (0, "removed 1 file of other kernels\n"), err)
    same(os.path.exists(os.path.join(c.path, "drivers/1.2.3-old")), False)
    for args, text in ((["nosuch"], "is no command"), (["probe", "--nosuch"], "does not exist"), (["build", "modern_ebpf"], "is no driver that is built"),
                       (["build", "--kernel-release", "../x"], "is no kernel release"), (["build", "--headers", "."], "no configured kernel headers"),
                       (["load", "/nonexistent.ko"], "there is no /nonexistent.ko|saker.ko is loaded"), (["list", "-c", "nosuch.yaml"], "nosuch.yaml")):
        rc, out, err = c.run("driver", *args)
        same(rc, 1, out + err)
        holds(err, "^Error: .*(%s)" % text)
    same(c.run("driver", "--help")[0], 0)


def main():
    tests = [(n[2:], f) for n, f in globals().items() if n.startswith("t_")]
    if os.geteuid():
        print("skip tests/live/choice.py: needs root")
        print("0 passed, 0 failed, %d skipped" % len(tests))
        return 0
    for name, fn in tests:
        case = Case()
        try:
            fn(case)
            word, detail = "ok", ""
        except NotImplementedError as e:
            word, detail = "skip", ": %s" % e
        except (AssertionError, ValueError, KeyError, OSError, subprocess.SubprocessError) as e:
            word, detail = "FAIL", ": %s" % e
        shutil.rmtree(case.path, ignore_errors=True)
        COUNT[word] += 1
        print("%-4s %s%s" % (word, name, detail), flush=True)
    print("%d passed, %d failed, %d skipped" % (COUNT["ok"], COUNT["FAIL"], COUNT["skip"]))
    return COUNT["FAIL"] > 0


if __name__ == "__main__":
    sys.exit(main())
