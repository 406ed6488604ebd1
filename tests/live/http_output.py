#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The HTTP output of a live sensor: alerts arrive over TLS with all privileges given up, a server that is gone does not bring
about alerts of its own, and the sensor sees on.  tests/cli/http_output.py has the rest.

usage: http_output.py [BINARY]      BUILD=build.  Needs root.  Last line: 'N passed, N failed, N skipped'."""
import http.server, json, os, re, signal, ssl, subprocess, sys, tempfile, threading, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
COUNT = {"ok": 0, "FAIL": 0}
RULES = """- rule: opened
  desc: d
  condition: evt.type = openat and fd.name endswith /http-output-bait
  output: opened by %proc.pid
  priority: INFO
- rule: connected
  desc: d
  condition: evt.type = connect and fd.sport = PORT
  output: connected by %proc.pid
  priority: INFO
"""
CONFIG = """engine: {kind: modern_ebpf, fallback: false}
log_stderr: true
log_syslog: false
json_output: true
file_output: {enabled: true, filename: alerts.txt, keep_alive: true}
output_timeout: 1000
http_output: {enabled: true, url: "https://localhost:PORT/", ca_cert: cert.pem, mtls: true, client_cert: cert.pem, client_key: key.pem, compress_uploads: true}
top: {enabled: false}
"""
got = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding"):
            return self.answer(415)
        got.append(json.loads(body))
        self.answer(200)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *a):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *a):
        pass


def serve(d, port=0):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(d + "/cert.pem", d + "/key.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(d + "/cert.pem")
    s = Server(("127.0.0.1", port), Handler)
    s.socket = tls.wrap_socket(s.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=s.serve_forever, args=(0.05,), daemon=True).start()
    return s


def check(name, ok, detail=""):
    COUNT["ok" if ok else "FAIL"] += 1
    print("%-4s %s%s" % ("ok" if ok else "FAIL", name, "" if ok else ": " + str(detail)[-800:]), flush=True)


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def bait(d):
    """The process that opens it is that of the test."""
    open(d + "/http-output-bait").close()


def arrived(n):
    return wait_for(lambda: sum("opened by %d" % os.getpid() in a["output"] for a in got) >= n)


def run(d):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], cwd=d, check=True, stderr=subprocess.DEVNULL)
    os.chmod(d + "/key.pem", 0o400)
    server = serve(d)
    port = server.server_address[1]
    for name, text in (("c.yaml", CONFIG), ("r.yaml", RULES), ("http-output-bait", "")):
        with open(d + "/" + name, "w") as f:
            f.write(text.replace("PORT", str(port)))
    log = open(d + "/log", "w+")
    p = subprocess.Popen([BINARY, "-c", "c.yaml", "-r", "r.yaml"], cwd=d, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
    text = lambda: open(d + "/log").read()
    try:
        if not wait_for(lambda: "Privileges given up" in text() or p.poll() is not None, 30) or p.poll() is not None:
            return check("the sensor starts", False, text())
        bait(d)
        check("an alert arrives, over TLS, with a client certificate", arrived(1), text())
        check("a server that does not take gzip is told", "does not take compressed alerts" in text(), text())
        threads = {}
        for t in os.listdir("/proc/%d/task" % p.pid):
            st = dict(l.split(":\t", 1) for l in open("/proc/%d/task/%s/status" % (p.pid, t)).read().splitlines() if ":\t" in l)
            threads[st["Name"]] = st
        mine = threads.get("saker-http", {})
        check("its thread has no capability and a filter", mine.get("CapPrm", "?").strip("0") == "" and mine.get("Seccomp") == "2", threads.keys())
        server.shutdown()
        server.server_close()
        p.send_signal(signal.SIGUSR1)  # the connection ends
        wait_for(lambda: "SIGUSR1" in text())
        bait(d)
        check("a server that is gone is told", wait_for(lambda: "libcurl failed to perform call" in text()), text())
        time.sleep(1)
        lines = open(d + "/alerts.txt").read().splitlines()
        check("the attempts to reach it are no alerts", not any("connected by %d\"" % p.pid in l for l in lines) and len(lines) < 100, lines[-5:])
        server = serve(d, port)
        bait(d)
        check("when it is back, alerts arrive again", arrived(2), text())
    finally:
        p.send_signal(signal.SIGTERM)
        rc = p.wait(30)
        server.shutdown()
        server.server_close()
    check("it ends well", rc == 0, text())
    check("what was lost is counted", re.search(r"Alerts that an output could not deliver: [1-9]", text()), text())
    check("nothing was refused by the filter", "seccomp filter refused" not in text(), text())
    opened = [l for l in open(d + "/alerts.txt").read().splitlines() if "opened by %d" % os.getpid() in l]
    check("the file has all of them", len(opened) == 3, opened)


if os.geteuid():
    print("skip http_output: needs root\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="saker-http.") as tmp:
    run(tmp)
print("%d passed, %d failed, 0 skipped" % (COUNT["ok"], COUNT["FAIL"]))
sys.exit(COUNT["FAIL"] > 0)
