#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dynamic_snaplen on the running kernel: how many bytes of data alerts show, as the configuration says.

usage: snaplen.py [BINARY [KIND]]     KIND: engine.kind; all that the machine has when none is given.  BUILD=build.  Needs root.
Which rule applies to which data is tests/conform/snaplen.c.  Last line: 'N passed, N failed, N skipped'."""
import base64, ctypes, fcntl, json, os, shutil, signal, socket, struct, subprocess, sys, tempfile, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, os.environ.get("BUILD", "build"), "saker"))
KINDS = sys.argv[2:3] or ["modern_ebpf", "ptrace"] + ["kmod"] * os.path.exists("/dev/saker0")
COUNT = {"ok": 0, "FAIL": 0}
TMP = tempfile.mkdtemp(prefix="sks.")
CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 1
FULL, MORE, DNS = 16000, 2000, 512
UDP = (socket.AF_INET, socket.SOCK_DGRAM)


def check(name, ok, detail=""):
    COUNT["ok" if ok else "FAIL"] += 1
    print("%-4s %s%s" % ("ok" if ok else "FAIL", name, "" if ok else ": " + str(detail)[-800:]), flush=True)


def fill(head, n):
    return head + bytes(65 + i % 50 for i in range(n - len(head)))


def pair(port):
    server = socket.create_server(("127.0.0.1", port), reuse_port=True)
    one = socket.create_connection(("127.0.0.1", port))
    two, _ = server.accept()
    server.close()
    return one, two


def to(port, n):
    socket.socket(*UDP).sendto(fill(b"x", n), ("127.0.0.1", port))


def received(port, n):
    one, two = pair(port)
    one.sendall(fill(b"x", n))
    time.sleep(0.1)
    two.recv(n, socket.MSG_WAITALL)


def http(write):
    one, two = pair(5000)
    write(one, fill(b"GET / HTTP/1.1\r\n", 3000))


def message(one, data):
    one.sendmsg([data[:20], data[20:1000], data[1000:]])


def file_write():
    with open(TMP + "/file", "wb", 0) as f:
        f.write(fill(b"GET / HTTP/1.1\r\n", 3000))


# (name, act, its event, bytes of data, bytes shown when on; and with snaplen 1000, full port 7010, statsd port 9125)
ACTS = [
    ("first of full_ports", lambda: to(7000, 20000), "sendto", 20000, FULL, 1000),
    ("last of full_ports", lambda: to(7010, 20000), "sendto", 20000, FULL, FULL),
    ("below full_ports", lambda: to(6999, 20000), "sendto", 20000, 80, 1000),
    ("above full_ports", lambda: to(7011, 20000), "sendto", 20000, 80, 1000),
    ("full_ports, little data", lambda: to(7010, 300), "sendto", 300, 300, 300),
    ("full_ports, received", lambda: received(7010, 20000), "recvfrom", 20000, FULL, FULL),
    ("statsd", lambda: to(8125, 3000), "sendto", 3000, MORE, 1000),
    ("another statsd port", lambda: to(9125, 3000), "sendto", 3000, 80, MORE),
    ("DNS", lambda: to(53, 3000), "sendto", 3000, DNS, 1000),
    ("HTTP", lambda: http(socket.socket.send), "sendto", 3000, MORE, MORE),
    ("HTTP by write", lambda: http(lambda s, b: os.write(s.fileno(), b)), "write", 3000, MORE, MORE),
    ("HTTP by sendmsg", lambda: http(message), "sendmsg", 3000, MORE, MORE),
    ("a file that begins like HTTP", file_write, "write", 3000, 80, 1000),
]


def acts():
    """In a network of its own, where all ports are free; a rename tells which act begins."""
    if ctypes.CDLL(None).unshare(CLONE_NEWNET):
        os._exit(77)
    fcntl.ioctl(socket.socket(*UDP), SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    for i, act in enumerate(ACTS):
        try:
            os.rename("/nowhere/act", "/nowhere/%d" % i)
        except OSError:
            pass
        act[1]()


def run(kind, options):
    """{number of the act: [(event, data)]}, or None: it cannot be done here."""
    name = options.replace("\n", ", ") or "default"
    r, w = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(w)
        os.read(r, 1)
        acts()
        os._exit(0)
    os.close(r)
    with open(TMP + "/r.yaml", "w") as f:
        f.write("- rule: data\n  desc: d\n  priority: INFO\n  output: '%%evt.type %%evt.arg.data'\n  condition: evt.type in (sendto, recvfrom, "
                "sendmsg, write) and evt.arg.data exists and proc.pid=%d\n- rule: act\n  desc: d\n  priority: INFO\n  output: '%%evt.type %%evt.arg.newpath'\n"
                "  condition: evt.type=rename and proc.pid=%d\n" % (pid, pid))
    with open(TMP + "/c.yaml", "w") as f:
        f.write("stdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\njson_output: true\nbuffer_format_base64: true\n"
                "engine: {kind: %s, fallback: false}\nbase_syscalls: {all: true}\n%s\n" % (kind, options))
    p = subprocess.Popen([BINARY, "-c", TMP + "/c.yaml", "-r", TMP + "/r.yaml", "-U"] + ["--userspace", "--pid", str(pid)] * (kind == "ptrace"),
                         stdout=open(TMP + "/stdout", "w"), stderr=open(TMP + "/stderr", "w"))
    log = lambda: open(TMP + "/stderr").read()
    end = time.monotonic() + 30
    while time.monotonic() < end and "ready in" not in log() and p.poll() is None:
        time.sleep(0.1)
    os.close(w)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    time.sleep(0.5)
    p.send_signal(signal.SIGINT)
    check("%s, %s: it ends as ever" % (kind, name), p.wait(60) == 0, log())
    if status == 77:
        return None
    check("%s: all is done" % kind, status == 0, status)
    found, act = {}, None
    for line in open(TMP + "/stdout").read().splitlines():
        fields = json.loads(line)["output_fields"] if line.startswith("{") else {}
        if fields.get("evt.type") == "rename":
            act = int(os.path.basename(fields["evt.arg.newpath"]))
        elif "evt.arg.data" in fields:
            found.setdefault(act, []).append((fields["evt.type"], base64.b64decode(fields["evt.arg.data"] or "")))
    return found


def judge(kind, options, expected):
    found = run(kind, options)
    if found is None:
        print("skip %s: no network of its own" % kind)
        return 1
    name = options.replace("\n", ", ") or "default"
    for i, act in enumerate(ACTS):
        want = min(act[3], expected(act))
        shown = [data for event, data in found.get(i, []) if event == act[2]]
        begins = b"GET / HTTP/1.1\r\n" if "HTTP" in act[0] else b"x"
        check("%s, %s: %s: %d of %d bytes" % (kind, name, act[0], want, act[3]), shown[:1] == [fill(begins, act[3])[:want]],
              [(event, len(data)) for event, data in found.get(i, [])])
    return 0


def main():
    skipped = 0
    for kind in KINDS:
        skipped += judge(kind, "", lambda act: 80)
        skipped += judge(kind, "dynamic_snaplen: {full_ports: 7000-7010}", lambda act: 80)
        skipped += judge(kind, "dynamic_snaplen: {enabled: true, full_ports: 7000-7010}", lambda act: act[4])
        skipped += judge(kind, "dynamic_snaplen: {enabled: true, full_ports: 7010, statsd_port: 9125}\nfalco_libs: {snaplen: 1000}", lambda act: act[5])
    return skipped


if __name__ == "__main__":
    if os.geteuid():
        print("skip: needs root\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    try:
        left_out = main()
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
    print("%d passed, %d failed, %d skipped" % (COUNT["ok"], COUNT["FAIL"], left_out))
    sys.exit(COUNT["FAIL"] > 0)
