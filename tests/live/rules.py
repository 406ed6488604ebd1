#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Performs the attack of each rule of etc/saker_rules.yaml on the live kernel, harmlessly, and the nearest innocent act.

usage: rules.py [BINARY] [--rule NAME] [--option K=V ...]

The attack must raise an alert of that rule within a second, the innocent act none of it.  Each act runs in a session of its
own, by whose id its alerts are told from those of other processes.  Last line: 'N passed, N failed, N skipped'."""
import argparse, json, os, queue, re, shutil, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = os.path.join(TOP, "etc", "saker_rules.yaml")
NR = {"x86_64": dict(finit_module=313, setns=308, unshare=272, bpf=321, ptrace=101, process_vm_writev=311, process_vm_readv=310),
      "aarch64": dict(finit_module=273, setns=268, unshare=97, bpf=280, ptrace=117, process_vm_writev=271, process_vm_readv=270)}[os.uname().machine]


def py(code):
    """A Python program that may call libc as c and syscalls by name."""
    head = "import ctypes, os, socket, signal, sys, time\nc = ctypes.CDLL(None, use_errno=True)\nNR = %r\n" \
           "def sc(name, *a): return c.syscall(NR[name], *[ctypes.c_long(v) if isinstance(v, int) else v for v in a])\n" % NR
    return [sys.executable, "-c", head + code]


def sh(code):
    return ["/bin/sh", "-c", code]


MEMFD = """
fd = os.memfd_create("x") if %d else os.open("true", os.O_CREAT | os.O_RDWR, 0o755)
os.write(fd, open("/bin/true", "rb").read())
path = "/proc/self/fd/%%d" %% fd
if not %d:
    os.close(fd); path = "./true"
os.execv(path, ["true"])
"""
SOCKET = """
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(1)
s = socket.create_connection(l.getsockname())
os.dup2(s.fileno(), %s)
"""
VICTIM = """
pid = os.fork()
if not pid:
    signal.pause()
"""
IOV = """
b = ctypes.create_string_buffer(b"saker")
iov = (ctypes.c_void_p * 2)(ctypes.addressof(b), 5)
"""
BPF_LOAD = """
insns = (ctypes.c_uint64 * 2)(0xb7, 0x95)  # r0 = 0; exit
lic = ctypes.create_string_buffer(b"GPL")
attr = bytearray(128)
attr[0:8] = (1).to_bytes(4, "little") + (2).to_bytes(4, "little")
attr[8:16] = ctypes.addressof(insns).to_bytes(8, "little")
attr[16:24] = ctypes.addressof(lic).to_bytes(8, "little")
a = (ctypes.c_char * 128).from_buffer(attr)
r = sc("bpf", 5, a, 128)
sys.exit(0 if r >= 0 else 77)
"""
BPF_MAP = """
attr = bytearray(128)
attr[0:16] = b"".join(v.to_bytes(4, "little") for v in (2, 4, 4, 1))
a = (ctypes.c_char * 128).from_buffer(attr)
sc("bpf", 0, a, 128)
"""

# rule: (attack, innocent act).  An act that exits with 77 could not be performed here.
ACTS = {
    "Password hashes read": (sh("cat /etc/shadow >/dev/null"), sh("cat /etc/passwd >/dev/null")),
    "Private SSH key read": (
        sh("mkdir .ssh && : >.ssh/id_ed25519 && cat .ssh/id_ed25519"),
        sh("mkdir .ssh && : >.ssh/id_ed25519.pub && cat .ssh/id_ed25519.pub")),
    "Search for credentials": (
        sh("grep -r 'BEGIN OPENSSH PRIVATE KEY' . ; true"), sh("grep -r 'BEGIN CERTIFICATE' . ; true")),
    "SSH login keys changed": (
        sh("mkdir .ssh && echo key >>.ssh/authorized_keys"),
        sh("mkdir .ssh && echo key >>.ssh/known_hosts")),
    "Scheduled job planted": (
        sh(": >/etc/cron.d/.saker-test; rm -f /etc/cron.d/.saker-test"), sh("cat /etc/crontab >/dev/null 2>&1; ls /etc/cron.d >/dev/null; true")),
    "System service planted": (
        sh("mkdir -p /etc/systemd/system; : >/etc/systemd/system/saker-test.tmp; rm -f /etc/systemd/system/saker-test.tmp"),
        sh("cat /etc/systemd/system/* >/dev/null 2>&1; true")),
    "Library preload configured": (
        sh("[ -e /etc/ld.so.preload ] && exit 77; : >/etc/ld.so.preload; rm -f /etc/ld.so.preload"), sh("cat /etc/ld.so.conf >/dev/null")),
    "System program changed": (
        sh(": >/usr/bin/.saker-test; rm -f /usr/bin/.saker-test"), sh("cat /usr/bin/env >/dev/null; : >saker-test")),
    "Program run from memory": (py(MEMFD % (1, 1)), py(MEMFD % (0, 0))),
    "Program run from shared memory": (
        sh("cp /bin/true /dev/shm/saker-test && /dev/shm/saker-test; rm -f /dev/shm/saker-test"),
        sh("cp /bin/true ./saker-test && ./saker-test; : >/dev/shm/saker-test; rm -f /dev/shm/saker-test")),
    "Standard stream turned into a network connection": (py(SOCKET % "0"), py(SOCKET % "10")),
    "Shell started by a network service": (
        sh("cp /bin/sh nginx && ./nginx -c '/bin/sh -c : ; :'"), sh("cp /bin/sh notaserver && ./notaserver -c '/bin/sh -c : ; :'")),
    "Mining pool on a command line": (
        sh("/bin/true -o stratum+tcp://pool.invalid:3333"), sh("/bin/true -o https://pool.invalid:3333")),
    "Setuid bit set": (sh(": >f; chmod 4755 f"), sh(": >f; chmod 755 f")),
    "Kernel module loaded": (
        py('fd = os.open("m", os.O_CREAT | os.O_RDWR); sc("finit_module", fd, b"", 0)'), py('open("/proc/modules").read()')),
    "BPF program loaded": (py(BPF_LOAD), py(BPF_MAP)),
    "Namespace of another process entered": (
        py('fd = os.open("/proc/%d/ns/uts" % os.getppid(), 0)\nsys.exit(77 if sc("setns", fd, 0x4000000) else 0)'),
        py('fd = os.open("/proc/%d/ns/uts" % os.getppid(), 0)\nsc("unshare", 0x4000000)')),
    "User namespace made by an ordinary user": (
        py('os.setuid(65534)\nsys.exit(77 if sc("unshare", 0x10000000) else 0)'), py('os.setuid(65534)\nsc("unshare", 0x400)')),
    "Crash handler of the kernel changed": (
        py('os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)'), py('open("/proc/sys/kernel/core_pattern").read()')),
    "Process taken over by ptrace": (
        py(VICTIM + 'r = sc("ptrace", 16, pid, 0, 0)\nos.kill(pid, 9); os.wait()\nsys.exit(77 if r else 0)'),
        py('pid = os.fork()\nif not pid:\n    sc("ptrace", 0, 0, 0, 0); os._exit(0)\nos.waitpid(pid, 0)')),
    "Memory of another process written": (
        py(IOV + VICTIM + 'r = sc("process_vm_writev", pid, iov, 1, iov, 1, 0)\nos.kill(pid, 9); os.wait()\nsys.exit(77 if r != 5 else 0)'),
        py(IOV + VICTIM + 'r = sc("process_vm_readv", pid, iov, 1, iov, 1, 0)\nos.kill(pid, 9); os.wait()')),
    "Log emptied or removed": (
        sh("echo x >>/var/log/saker-test.log; rm -f /var/log/saker-test.log"),
        sh("echo x >>/var/log/saker-test.log; cat /var/log/saker-test.log >/dev/null; mv /var/log/saker-test.log .; rm -f saker-test.log")),
    "Shell history wiped": (sh("echo ls >>.bash_history; rm -f .bash_history"), sh("echo ls >>.bash_history; cat .bash_history >/dev/null")),
}


class Sensor:
    """A running saker; .alerts receives (time of arrival, alert)."""

    def __init__(self, binary, top, options):
        config = os.path.join(top, "config.yaml")
        with open(config, "w") as f:
            f.write("rules_files: [%s]\njson_output: true\nstdout_output: {enabled: true}\nsyslog_output: {enabled: false}\n"
                    "log_syslog: false\nlog_stderr: true\nlog_level: info\nwebserver: {enabled: false}\nrule_matching: all\n"
                    "append_output: [{suggested_output: false, extra_fields: [proc.sid]}]\nengine: {kind: modern_ebpf}\n" % RULES)
        self.process = subprocess.Popen([binary, "-c", config, "-U"] + [x for o in options for x in ("-o", o)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.alerts = queue.Queue()
        self.log = []
        self.ready = threading.Event()
        threading.Thread(target=self.read_alerts, daemon=True).start()
        threading.Thread(target=self.read_log, daemon=True).start()

    def read_alerts(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self.alerts.put((time.monotonic(), json.loads(line)))

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip())
            if re.search(r"\bready\b", line):
                self.ready.set()
        self.ready.set()

    def collect(self, seconds, enough=lambda a: False):
        got, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                got.append(self.alerts.get(timeout=max(0.01, end - time.monotonic()))[1])
            except queue.Empty:
                break
            if enough(got[-1]):
                break
        return got


def act(sensor, argv, rule, wait):
    """Returns (exit status, was an alert of the rule raised by this act?, seconds until it came)."""
    d = tempfile.mkdtemp(prefix="saker-rules.")
    start = time.monotonic()
    p = subprocess.Popen(argv, cwd=d, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    status = p.wait(timeout=20)
    done = time.monotonic()
    mine = lambda a: a["rule"] == rule and a["output_fields"].get("proc.sid") == p.pid
    hit = any(mine(a) for a in sensor.collect(wait, mine))
    shutil.rmtree(d, ignore_errors=True)
    return status, hit, time.monotonic() - (done if not hit else start)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("binary", nargs="?", default=os.path.join(TOP, "build", "saker"))
    ap.add_argument("--rule")
    ap.add_argument("--option", action="append", default=[])
    a = ap.parse_args()
    passed = failed = skipped = 0
    names = re.findall(r"^- rule: (.*)$", open(RULES).read(), re.M)
    for n in set(names) ^ set(ACTS):
        print("FAIL %s: %s" % (n, "no test for this rule" if n in names else "no such rule"))
        failed += 1
    with tempfile.TemporaryDirectory() as top:
        s = Sensor(os.path.abspath(a.binary), top, a.option)
        if not s.ready.wait(20) or s.process.poll() is not None:
            print("FAIL saker did not start:\n" + "\n".join(s.log))
            print("0 passed, 1 failed, 0 skipped")
            sys.exit(1)
        for rule in names:
            if rule not in ACTS or a.rule and rule != a.rule:
                continue
            for what, argv, want in (("attack", ACTS[rule][0], True), ("innocent act", ACTS[rule][1], False)):
                status, hit, took = act(s, argv, rule, 1.0 if want else 0.3)
                if status == 77:
                    skipped += 1
                    print("skip %s: the %s cannot be performed here" % (rule, what))
                elif hit == want:
                    passed += 1
                    print("ok   %s: %s%s" % (rule, what, ", alert after %d ms" % (took * 1000) if hit else ""))
                else:
                    failed += 1
                    print("FAIL %s: %s" % (rule, "no alert within a second of the attack" if want else "alert for the innocent act"))
        s.process.terminate()
        if s.process.wait(10):
            failed += 1
            print("FAIL saker ended with status %d" % s.process.returncode)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    sys.exit(failed > 0)


main()
