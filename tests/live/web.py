#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web server of a live sensor: what it answers, to whom, and that nobody can hold it up; the heartbeat; timeouts.

usage: web.py [BINARY]      BUILD=build.  Needs root.  Last line: 'N passed, N failed, N skipped'."""
import http.client, json, os, re, shutil, signal, socket, ssl, stat, subprocess, sys, tempfile, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
COUNT = {"ok": 0, "FAIL": 0, "skip": 0}
WEB = ["webserver.enabled=true", "webserver.listen_port=0", "webserver.listen_address=127.0.0.1"]
METRICS = ["metrics.enabled=true", "webserver.prometheus_metrics_enabled=true"]
TMP = tempfile.mkdtemp(prefix="saker-web.")
RULES = "- rule: r\n  desc: d\n  condition: evt.type = openat and fd.name = /etc/hostname\n  output: o %fd.name\n  priority: INFO\n"
CONFIG = "stdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\njson_output: true\n"


def check(name, ok, detail=""):
    COUNT["ok" if ok else "FAIL"] += 1
    print("%-4s %s%s" % ("ok" if ok else "FAIL", name, "" if ok else ": " + str(detail)[-600:]), flush=True)


class Sensor:
    def __init__(self, *options, args=(), env=None):
        for name, text in (("c.yaml", CONFIG), ("r.yaml", RULES)):
            with open(os.path.join(TMP, name), "w") as f:
                f.write(text)
        self.sock = os.path.join(TMP, "top.sock")
        argv = [BINARY, "-c", TMP + "/c.yaml", "-r", TMP + "/r.yaml", "-U", "-o", "top.socket=" + self.sock]
        for o in options:
            argv += ["-o", o]
        self.out, self.err = (open(os.path.join(TMP, n), "w+") for n in ("out", "err"))
        self.p = subprocess.Popen(argv + list(args), stdout=self.out, stderr=self.err, stdin=subprocess.DEVNULL,
                                  env=dict(os.environ, **(env or {})))

    def __enter__(self):
        self.wait(lambda: re.search(r"Privileges given up|Error:", self.log()) or self.p.poll() is not None, 30)
        m = re.search(r"listening on .*, port (\d+)", self.log())
        self.port = int(m.group(1)) if m else None
        return self

    def __exit__(self, *exc):
        self.stop()

    def stop(self):
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGINT)
        return self.p.wait(30)

    def log(self):
        return open(self.err.name).read()

    def alerts(self, rule):
        lines = (json.loads(line) for line in open(self.out.name).read().splitlines() if line.startswith("{") and line.endswith("}"))
        return [a for a in lines if a["rule"] == rule]

    @staticmethod
    def wait(what, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if what():
                return True
            time.sleep(0.1)
        return False

    def get(self, path, method="GET", tls=None, headers={}):
        c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=tls) if tls else \
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        c.request(method, path, headers=headers)
        r = c.getresponse()
        body = r.read().decode()
        c.close()
        return r.status, r.getheader("Content-Type"), body

    def local(self, path):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        s.connect(self.sock)
        s.sendall(("GET %s HTTP/1.0\r\n\r\n" % path).encode())
        data = b""
        while True:
            piece = s.recv(65536)
            if not piece:
                break
            data += piece
        head, body = data.split(b"\r\n\r\n", 1)
        return int(head.split()[1]), body.decode()


def values(text):
    """{name: {labels: value}} of Prometheus text; fails on what is none."""
    found, typed = {}, set()
    for line in text.splitlines():
        m = re.fullmatch(r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)", line)
        if m:
            assert m.group(1) not in typed, "two heads of " + m.group(1)
            typed.add(m.group(1))
        if line.startswith("#"):
            continue
        m = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\.)*",?)*\})? (-?[0-9.]+)', line)
        assert m and m.group(1) in typed, line
        found.setdefault(m.group(1), {})[m.group(2) or ""] = float(m.group(3))
    return found


def answers():
    with Sensor(*WEB, *METRICS) as s:
        check("healthz is as in Falco", s.get("/healthz") == (200, "application/json", '{"status": "ok"}'), s.get("/healthz"))
        status, kind, body = s.get("/versions")
        said = json.loads(subprocess.run([BINARY, "--version", "-o", "json_output=true"], capture_output=True).stdout)
        check("versions", (status, kind, json.loads(body)) == (200, "application/json", said), body)
        for _ in range(50):
            open("/etc/hostname").close()
        time.sleep(1)
        status, kind, body = s.get("/metrics")
        v = values(body)
        check("metrics: type", (status, kind) == (200, "text/plain; version=0.0.4"), kind)
        check("metrics: a rule", max(v["falcosecurity_falco_rules_matches_total"].values()) >= 50, v)
        seen = v["saker_syscall_seen_total"]['{syscall="openat"}']
        rest = sum(v["saker_syscall_%s_total" % n]['{syscall="openat"}'] for n in
                   ("filtered", "delivered", "dropped_buffer", "dropped_scratch"))
        check("metrics: the books balance", seen >= 50 and abs(seen - rest) <= os.cpu_count(), (seen, rest))
        check("metrics: all is seen on some CPU", abs(sum(v["saker_cpu_seen_total"].values()) - sum(
            v["saker_syscall_seen_total"].values())) == 0, v["saker_cpu_seen_total"])
        check("what is for saker top is not for the network", s.get("/figures")[0] == 404)
        check("metrics: its own requests", 2 <= v["saker_web_requests_total"][""] <= 10, v["saker_web_requests_total"])
        check("only GET and HEAD", (s.get("/healthz", "POST")[0], s.get("/healthz", "HEAD")[0]) == (405, 200))
        check("an unknown path", s.get("/nothing")[0] == 404)
        figures = json.loads(s.local("/figures")[1])
        me = [p for p in figures["processes"] if p["pid"] == os.getpid()]
        check("saker top is told of processes", me and me[0]["events"] >= 50, figures["processes"][:5])
        mode = stat.S_IMODE(os.stat(s.sock).st_mode)
        check("its socket is for the own user only", mode == 0o600, oct(mode))
        caps = {}
        for t in os.listdir("/proc/%d/task" % s.p.pid):
            text = open("/proc/%d/task/%s/status" % (s.p.pid, t)).read()
            name = re.search(r"Name:\s*(\S+)", text).group(1)
            caps.setdefault(name, []).append((int(re.search(r"CapPrm:\s*(\w+)", text).group(1), 16),
                                              re.search(r"Seccomp:\s*(\d)", text).group(1)))
        web = [c for n, cs in caps.items() if n.startswith(("MHD", "saker-http")) for c in cs]
        check("its threads have no capability, and the filter", len(web) >= 3 and set(web) == {(0, "2")}, caps)
        check("no system call of it is refused", "refused" not in s.log(), s.log())
        s.stop()
        check("the socket is removed", not os.path.exists(s.sock))


def without():
    with Sensor(*WEB) as s:
        check("no metrics unless switched on", s.get("/metrics")[0] == 404)
    with Sensor() as s:
        check("no web server unless switched on", s.port is None and s.local("/healthz")[0] == 200, s.log())


def refused_start():
    def error(*options):
        with Sensor(*options) as s:
            if not s.port:
                s.p.wait(30)
            return s.p.returncode, (re.findall(r"^Error: .*", s.log(), re.M) or [""])[0]

    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        rc, said = error(*WEB, "webserver.listen_port=%d" % port)
        check("port in use", rc == 1 and "port %d of 127.0.0.1 is in use by another program" % port in said, said)
    rc, said = error(*WEB, "webserver.listen_address=192.0.2.77")
    check("address of another machine", rc == 1 and "is not an address of this machine" in said, said)
    rc, said = error(*WEB, "webserver.listen_address=localhost")
    check("address that is none", rc == 1 and "is not a valid IP address" in said, said)
    rc, said = error(*WEB, "webserver.ssl_enabled=true", "webserver.ssl_certificate=/nowhere.pem")
    check("certificate that is not there", rc == 1 and "/nowhere.pem cannot be read: No such file" in said, said)
    rc, said = error(*WEB, "webserver.ssl_enabled=true", "webserver.ssl_certificate=%s/r.yaml" % TMP)
    check("certificate that is none", rc == 1 and "r.yaml: it does not hold a certificate and its key in PEM" in said, said)


def tls():
    if not shutil.which("openssl"):
        COUNT["skip"] += 1
        return print("skip TLS: there is no openssl to make a certificate with")
    key, cert = TMP + "/key.pem", TMP + "/cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    with open(TMP + "/both.pem", "w") as f:
        f.write(open(key).read() + open(cert).read())
    with Sensor(*WEB, "webserver.ssl_enabled=true", "webserver.ssl_certificate=%s/both.pem" % TMP) as s:
        got = s.get("/healthz", tls=ssl.create_default_context(cafile=cert))
        check("TLS", got == (200, "application/json", '{"status": "ok"}'), got)
        try:
            plain = s.get("/healthz")
        except (http.client.HTTPException, OSError) as e:
            plain = e
        check("nothing without it", not isinstance(plain, tuple), plain)
        check("no system call of it is refused", "refused" not in s.log(), s.log())


def hostile():
    def connect():
        c = socket.create_connection(("127.0.0.1", s.port), timeout=40)
        return c

    def ends(c, data):
        try:
            c.sendall(data)
            while c.recv(65536):
                pass
        except OSError:
            pass
        return True

    with Sensor(*WEB, "webserver.threadiness=1") as s:
        for name, data in (("headers without end", b"GET / HTTP/1.1\r\n" + b"x: " + b"a" * (1 << 20) + b"\r\n\r\n"),
                           ("a path without end", b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\n\r\n"),
                           ("many headers", b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 100000),
                           ("bytes", os.urandom(100000)),
                           ("a length below zero", b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n"),
                           ("a long body", b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * (1 << 20)),
                           ("NULs", b"GET /\0healthz HTTP/1.1\r\n\0\r\n\r\n")):
            with connect() as c:
                ends(c, data)
            check("after %s it answers" % name, s.get("/healthz")[0] == 200)
        # one address holds no more than its share, and not for long
        held = [connect() for _ in range(40)]
        for c in held:
            try:
                c.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
            except OSError:
                pass
        start, gone = time.monotonic(), None
        while gone is None and time.monotonic() < start + 40:
            for c in held:      # a byte now and then keeps the library content
                try:
                    c.send(b"a")
                except OSError:
                    pass
            try:
                if s.get("/healthz")[0] == 200:
                    gone = time.monotonic() - start
            except (http.client.HTTPException, OSError):
                time.sleep(0.5)
        check("slow requests of 40 connections are ended", gone is not None and gone < 25, gone)
        for c in held:
            c.close()
        rss = int(re.search(r"VmRSS:\s*(\d+)", open("/proc/%d/status" % s.p.pid).read()).group(1))
        check("it did not grow", rss < 60000, rss)
        check("no system call of it is refused", "refused" not in s.log(), s.log())
        s.stop()
        check("it ends as ever", s.p.returncode == 0, s.p.returncode)
        n = re.search(r"Web server: (\d+) requests answered, (\d+) refused or broken off, (\d+) connections ended", s.log())
        check("what it ended is counted", n and int(n.group(1)) >= 8 and int(n.group(3)) >= 16, s.log())


def child_of(pid):
    for p in os.listdir("/proc"):
        try:
            text = open("/proc/%s/status" % p).read() if p.isdigit() else ""
        except OSError:
            continue
        if re.search(r"^PPid:\s*%d$" % pid, text, re.M) and "saker-hb-" in text:
            return int(p)


def heartbeat():
    with Sensor(*WEB, *METRICS) as s:
        hb = child_of(s.p.pid)
        text = open("/proc/%d/status" % hb).read()
        check("the heartbeat has no rights", re.search(r"CapPrm:\s*0+$", text, re.M) and re.search(r"NoNewPrivs:\s*1", text), text)
        check("it comes back", s.wait(lambda: values(s.get("/metrics")[2])["saker_heartbeat_beats_total"][""] >= 2, 10))
        os.kill(hb, signal.SIGSTOP)
        check("without it the sensor is blind", s.wait(lambda: s.get("/healthz")[0] == 503, 15), s.get("/healthz"))
        body = json.loads(s.get("/healthz")[2])
        check("healthz says why", body["status"] == "blind" and "no heartbeat came back for" in body["reason"], body)
        check("an alert says so", s.wait(lambda: s.alerts("Saker internal: sensor is blind"), 5), open(s.out.name).read())
        check("and a metric", values(s.get("/metrics")[2])["saker_blind"][""] == 1)
        os.kill(hb, signal.SIGCONT)
        check("it sees again", s.wait(lambda: s.get("/healthz")[0] == 200, 10), s.get("/healthz"))
        check("an alert says so, too", s.wait(lambda: s.alerts("Saker internal: sensor sees again"), 5))
        # one that stops itself for some seconds is not blind
        before = len(s.alerts("Saker internal: sensor is blind"))
        os.kill(s.p.pid, signal.SIGSTOP)
        time.sleep(8)
        os.kill(s.p.pid, signal.SIGCONT)
        time.sleep(3)
        check("a stopped sensor does not call itself blind", len(s.alerts("Saker internal: sensor is blind")) == before)
        s.stop()
        check("the heartbeat ends with it", not os.path.exists("/proc/%d" % hb))
    with Sensor(*WEB, "heartbeat.enabled=false") as s:
        check("it can be switched off", child_of(s.p.pid) is None and s.get("/healthz")[0] == 200)


def fallback():
    with Sensor(*WEB, *METRICS, "engine.kind=kmod", "engine.build=false") as s:
        if not s.port:
            COUNT["skip"] += 1
            return print("skip fall-back: " + s.log()[-200:])
        status, _, body = s.get("/healthz")
        j = json.loads(body)
        if j["status"] == "ok":
            COUNT["skip"] += 1
            return print("skip fall-back: kmod works here")
        check("healthz tells a driver fall-back", (status, j["status"], j["driver"]["wanted"], j["driver"]["fallback"]) ==
              (200, "degraded", "kmod", True), body)
        v = values(s.get("/metrics")[2])
        check("so do the metrics", v["saker_driver_fallback"]['{wanted="kmod",used="%s"}' % j["driver"]["used"]] == 1, v)


def timeouts():
    quiet = subprocess.Popen(["sleep", "60"])
    try:
        with Sensor("syscall_event_timeouts.max_consecutives=3", args=["--userspace", "--pid", str(quiet.pid)]) as s:
            told = s.wait(lambda: s.alerts("Falco internal: timeouts notification"), 10)
            a = s.alerts("Falco internal: timeouts notification")[0] if told else {}
            check("timeouts are told", told and a["output"] == "Falco internal: timeouts notification. 3 consecutive timeouts "
                  "without event." and a["priority"] == "Debug" and a["output_fields"] == {"last_event_time": "none"}, a or s.log())
    finally:
        quiet.kill()
        quiet.wait()


def main():
    if os.geteuid():
        print("0 passed, 0 failed, 1 skipped")
        return 0
    try:
        for test in (answers, without, refused_start, tls, hostile, heartbeat, fallback, timeouts):
            try:
                test()
            except Exception as e:
                check(test.__name__, False, "%s: %s" % (type(e).__name__, e))
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
    print("%d passed, %d failed, %d skipped" % (COUNT["ok"], COUNT["FAIL"], COUNT["skip"]))
    return COUNT["FAIL"] > 0


sys.exit(main())
