#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The HTTP output against real servers on the loopback: what arrives, over which connections, with which certificates, and that
servers that refuse, hang or go away hold nothing up and that what is lost is counted.

usage: http_output.py [BINARY]      Last line: 'N passed, N failed, N skipped'."""
import gzip, http.server, json, os, re, signal, socket, ssl, subprocess, sys, threading, time

from clidir import *

LINES = ["22:13:2%d.000000000: Warning file /etc/file%d \\\"q\\\" num=%d" % (i, i, i + 1) for i in range(4)]
LOST = r"Alerts that an output could not deliver: %d$"
# figures of a sensor without a driver, as a source of alerts that does not end
TICKING = ("-o", "engine.kind=nodriver", "-o", "metrics.enabled=true", "-o", "metrics.output_rule=true", "-o", "metrics.interval=100ms")


class Server:
    """Answers the requests as told, one word for each, the last for all that follow: ok, a status, hang, close (no answer),
    end (ok, and the connection ends without a word), gzip (415 for what is compressed)."""

    def __init__(self, *answers, tls=None, version="HTTP/1.1", body=b"thanks\n", on_request=None, port=0):
        self.answers, self.body, self.on_request = list(answers) or ["ok"], body, on_request
        self.requests, self.connections, self.over = [], set(), threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = version
            disable_nagle_algorithm = True

            def do_POST(self):
                outer.handle(self)

            def log_message(self, *a):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *a):
                pass

        self.http = Quiet(("127.0.0.1", port), Handler)
        if tls:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.http.server_address[1]
        self.url = "%s://localhost:%d/in?a=b" % ("https" if tls else "http", self.port)
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def handle(self, h):
        body = h.rfile.read(int(h.headers["Content-Length"]))
        n = len(self.requests)
        self.requests.append((h.path, dict(h.headers), body))
        self.connections.add(h.client_address)
        if self.on_request:
            self.on_request(h)
        what = self.answers[min(n, len(self.answers) - 1)]
        if what == "gzip":
            what = "415" if h.headers.get("Content-Encoding") else "ok"
        if what == "hang":
            self.over.wait(60)
        if what in ("hang", "close"):
            h.close_connection = True
            return
        h.send_response(200 if what in ("ok", "end") else int(what))
        if what == "302":
            h.send_header("Location", "/elsewhere")
        h.send_header("Content-Length", str(len(self.body)))
        h.end_headers()
        h.wfile.write(self.body)
        h.close_connection = h.close_connection or what == "end"

    def texts(self):
        return [(gzip.decompress(b) if h.get("Content-Encoding") == "gzip" else b).decode() for _, h, b in self.requests]

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()


def to(url, *options):
    a = ["-o", "http_output.enabled=true", "-o", "http_output.url=" + url]
    for o in options:
        a += ["-o", o]
    return a


def lost(err):
    """Alerts that did not arrive, as told: not delivered, or no room in the queue."""
    return sum(int(n) for n in re.findall(r"(?:could not deliver|outputs were too slow): (\d+)$", err, re.M))


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def t_what_arrives(d):
    with Server() as s:
        rc, out, err = d.run(*to(s.url))
        same((rc, s.texts()), (0, LINES), err)
        path, headers, _ = s.requests[0]
        same(path, "/in?a=b")
        same({k: headers.get(k) for k in ("Content-Type", "User-Agent", "Content-Encoding", "Expect")},
             {"Content-Type": "text/plain", "User-Agent": "falcosecurity/falco", "Content-Encoding": None, "Expect": None})
        same("thanks" in out, False, "the answer is swallowed")
        same("refused" in err or "could not" in err, False, err)
        same(out.splitlines()[:4], LINES, "the other outputs")


def t_quoted_url(d):
    for quote in "\"'":
        with Server() as s:
            rc, out, err = d.run(*to(quote + s.url + quote))
            same((rc, s.texts()), (0, LINES), err)


def t_json_and_times(d):
    with Server() as s:
        rc, out, err = d.run(*to(s.url, "json_output=true", "time_format_iso_8601=true", "http_output.user_agent=me/1", "buffered_outputs=true"))
        same(rc, 0, err)
        alerts = [json.loads(t) for t in s.texts()]
        same([a["time"] for a in alerts], ["2023-11-14T22:13:2%d.000000000Z" % i for i in range(4)])
        holds(alerts[0]["output"], r"^2023-11-14T22:13:20\.000000000\+0000: Warning file ")
        same((s.requests[0][1]["Content-Type"], s.requests[0][1]["User-Agent"]), ("application/json", "me/1"))


def t_long_alert(d):
    """Longer than what goes out at once, and than where HTTP clients like to ask first."""
    d.write("r.yaml", RULES.replace("output: file", "output: %s file" % ("x" * 3000000)))
    with Server() as s:
        rc, out, err = d.run(*to(s.url))
        same((rc, len(s.requests)), (0, 4), err)
        same(s.requests[0][1].get("Expect"), None)
        same(len(s.texts()[0]) > 3000000, True)


def t_order(d):
    d.write("x.scap", capture(2000, 1000))
    with Server() as s:
        rc, out, err = d.run(*to(s.url, "outputs_queue.capacity=50"))
        same(rc, 0, err)
        same([int(t.rsplit("=", 1)[1]) for t in s.texts()], list(range(1, 2001)))
        same(len(s.connections), 1)


def t_workers_in_order(d):
    d.write("x.scap", capture(500, 1000))
    with Server() as s:
        rc, out, err = d.run(*to(s.url, "workers=3"))
        same((rc, [int(t.rsplit("=", 1)[1]) for t in s.texts()]), (0, list(range(1, 501))), err)


def probes(h):
    """Does the kernel keep a timer of keep-alive probes for the client's end of this connection?"""
    time.sleep(0.1)  # what was sent is acknowledged
    for line in open("/proc/net/tcp").read().splitlines()[1:]:
        f = line.split()
        if int(f[1].split(":")[1], 16) == h.client_address[1]:
            return f[5].startswith("02:")
    return None


def t_one_connection(d):
    for keep in ("true", "false"):
        seen = []
        with Server(on_request=lambda h: seen.append(probes(h))) as s:
            rc, out, err = d.run(*to(s.url, "http_output.keep_alive=" + keep))
            same((rc, s.texts(), len(s.connections)), (0, LINES, 1), err)
            same(seen, [keep == "true"] * 4, "probes")


def t_connection_ends(d):
    """A server that keeps no connection, or ends it behind our back: nothing is lost."""
    for kw in ({"version": "HTTP/1.0"}, {}):
        with Server("end", **kw) as s:
            rc, out, err = d.run(*to(s.url))
            same((rc, s.texts(), len(s.connections)), (0, LINES, 4), err)
            same("could not" in err, False, err)


def t_compressed(d):
    with Server() as s:
        rc, out, err = d.run(*to(s.url, "http_output.compress_uploads=true"))
        same((rc, s.texts()), (0, LINES), err)
        same({h.get("Content-Encoding") for _, h, _ in s.requests}, {"gzip"})


def t_compression_refused(d):
    """A server that does not know it gets every alert, the first by a second try."""
    with Server("gzip") as s:
        rc, out, err = d.run(*to(s.url, "http_output.compress_uploads=true"))
        same((rc, s.texts()), (0, LINES[:1] + LINES), err)
        same([h.get("Content-Encoding") for _, h, _ in s.requests], ["gzip"] + [None] * 4)
        same(len(re.findall(r"http: the server does not take compressed alerts", err)), 1, err)
    with Server("400") as s:  # it was not for that
        rc, out, err = d.run(*to(s.url, "http_output.compress_uploads=true"))
        same((rc, len(s.requests)), (0, 8), err)
        holds(err, LOST % 4)


def t_echo(d):
    with Server(body="d\x1b[2Jone \u00e9".encode()) as s:
        rc, out, err = d.run(*to(s.url, "http_output.echo=true", "stdout_output.enabled=false"))
        same((rc, out.splitlines()[:4]), (0, ["d.[2Jone \u00e9"] * 4), err)


def t_long_answer(d):
    with Server(body=b"x" * 5000000) as s:
        rc, out, err = d.run(*to(s.url, "http_output.echo=true", "stdout_output.enabled=false"))
        same((rc, s.texts()), (0, LINES), err)
        same([len(l) for l in out.splitlines()[:4]], [65536] * 4)


def t_status(d):
    """What is not taken is lost, and told; a redirection is not followed."""
    for status in ("500", "302", "404"):
        with Server("ok", status, "ok", status) as s:
            rc, out, err = d.run(*to(s.url))
            same((rc, s.texts()), (0, LINES), err)
            holds(err, r"http: the server answered %s$" % status)
            holds(err, LOST % 2)


def t_refused(d):
    with socket.socket() as c:  # bound, so nobody else listens there
        c.bind(("127.0.0.1", 0))
        rc, out, err = d.run(*to("http://127.0.0.1:%d/" % c.getsockname()[1]))
    same((rc, out.splitlines()[:4]), (0, LINES), err)
    same(len(re.findall(r"http: libcurl failed to perform call: ", err)), 1, "one line a second: " + err)
    holds(err, r"http: libcurl failed to perform call: .*onnect")
    holds(err, LOST % 4)
    rc, out, err = d.run(*to("http://nosuch.invalid/"))
    same((rc, out.splitlines()[:4]), (0, LINES), err)
    holds(err, LOST % 4)


def t_no_answer(d):
    """An answer that does not come on a connection that was kept is asked for once more, on a new one."""
    with Server("close", "ok", "close", "close", "ok") as s:
        rc, out, err = d.run(*to(s.url))
        same((rc, s.texts()), (0, LINES[:3] + LINES[2:]), err)
        holds(err, r"http: libcurl failed to perform call: ")
        holds(err, LOST % 2)


def t_goes_and_comes_back(d):
    """Alerts in between are lost and counted; a new server at the old address gets the rest."""
    with Server("ok", "ok", "end") as s:
        p = d.start(*to(s.url), *TICKING, replay=False)
        wait_for(lambda: len(s.requests) > 2)
    time.sleep(0.5)
    with Server(port=s.port) as t:
        back = wait_for(lambda: len(t.requests) > 2)
        p.send_signal(signal.SIGTERM)
        out, err = (x.decode() for x in p.communicate(timeout=20))
    same((p.returncode, len(s.requests) > 2, back), (0, True, True), err)
    holds(err, r"http: libcurl failed to perform call: ")
    same(lost(err) > 0, True, err)


def t_hangs(d):
    """Tried as often as configured, then once for each alert; the other outputs and the end do not wait."""
    with Server("hang") as s:
        start = time.monotonic()
        rc, out, err = d.run(*to(s.url, "output_timeout=300", "http_output.max_consecutive_timeouts=2", "outputs_queue.capacity=1"))
        took = time.monotonic() - start
        same((rc, out.splitlines()[:4]), (0, LINES), err)
        same(s.texts()[:3], LINES[:1] * 3)
        same(len(s.requests) <= 6 and took < 8, True, (len(s.requests), took))
        holds(err, r'"http" output timeout, its alerts wait; the other outputs go on$')
        holds(err, r"http: libcurl failed to perform call: Timeout was reached")
        same(lost(err), 4, err)


def t_hangs_alone(d):
    with Server("hang") as s:
        rc, out, err = d.run(*to(s.url, "output_timeout=300", "stdout_output.enabled=false", "outputs_queue.capacity=1"))
        same(rc, 0, err)
        holds(err, r'"http" output timeout, all output channels are blocked$')
        same(lost(err), 4, err)


def t_other_outputs_do_not_wait(d):
    """A file gets its alerts while the server sits on the first."""
    with Server("hang") as s:
        p = d.start(*to(s.url, "output_timeout=20000", "file_output.enabled=true", "file_output.filename=a.txt"), *TICKING, replay=False)
        try:
            same(wait_for(lambda: os.path.exists(d.file("a.txt")) and d.read("a.txt").count("\n") >= 5), True)
            same(len(s.requests), 1)
        finally:
            p.kill()
            p.communicate()


def t_answers_at_last(d):
    """Timeouts that are followed by an answer cost nothing."""
    with Server("hang", "hang", "ok") as s:
        rc, out, err = d.run(*to(s.url, "output_timeout=300", "http_output.max_consecutive_timeouts=2", "outputs_queue.capacity=1"))
        same((rc, s.texts()), (0, LINES[:1] * 2 + LINES), err)
        same("could not" in err, False, err)


def t_stopped_while_it_hangs(d):
    with Server("hang") as s:
        p = d.start(*to(s.url, "output_timeout=1000", "http_output.max_consecutive_timeouts=255"), *TICKING, replay=False)
        same(wait_for(lambda: len(s.requests) > 1), True)
        p.send_signal(signal.SIGTERM)
        start = time.monotonic()
        out, err = (x.decode() for x in p.communicate(timeout=20))
        same((p.returncode, time.monotonic() - start < 5), (0, True), err)
        holds(err, r"output channels still blocked, discarding all remaining notifications$")


def t_stopped_while_it_is_slow(d):
    """A signal, and a long queue for a server that takes its time: it gets some, and the rest is counted."""
    d.write("x.scap", capture(200))
    with Server(on_request=lambda h: time.sleep(0.2)) as s:
        p = d.start(*to(s.url, "output_timeout=400"))
        wait_for(lambda: len(s.requests) > 1)
        p.send_signal(signal.SIGTERM)
        start = time.monotonic()
        out, err = (x.decode() for x in p.communicate(timeout=20))
        same((p.returncode, time.monotonic() - start < 4), (0, True), err)
        same(len(s.requests) + lost(err), 200, err)
        holds(err, r"http: output channels still blocked, discarding all remaining notifications$")


def t_queue_full(d):
    """Alerts that find no room are counted, and the sensor goes on."""
    with Server("hang") as s:
        p = d.start(*to(s.url, "output_timeout=1000", "outputs_queue.capacity=2"), *TICKING, replay=False)
        time.sleep(2)
        p.send_signal(signal.SIGTERM)
        out, err = (x.decode() for x in p.communicate(timeout=20))
        same(p.returncode, 0, err)
        holds(err, r"Outputs queue out of memory\. Drop event and continue on")
        holds(err, r"Alerts dropped because the outputs were too slow: [1-9]")


def t_thread_is_confined(d):
    """The thread that sends is there, has no capability, and lives under the filter, which refuses nothing that it does."""
    seen = {}

    def look(h):
        for t in os.listdir("/proc/%d/task" % p.pid):
            st = dict(l.split(":\t", 1) for l in open("/proc/%d/task/%s/status" % (p.pid, t)).read().splitlines() if ":\t" in l)
            if st["Name"] == "saker-http":
                seen.update(st)

    with Server(on_request=look) as s:
        p = d.start(*to(s.url.replace("localhost", socket.gethostname() if resolves() else "localhost")), *TICKING, replay=False)
        wait_for(lambda: len(s.requests) > 3)
        p.send_signal(signal.SIGTERM)
        out, err = (x.decode() for x in p.communicate(timeout=20))
    same((p.returncode, {k: int(seen.get(k, "f" * 16), 16) for k in ("CapEff", "CapPrm", "CapInh", "CapAmb")}),
         (0, dict.fromkeys(("CapEff", "CapPrm", "CapInh", "CapAmb"), 0)), err)
    same((seen["Seccomp"], seen["NoNewPrivs"]), ("2", "1"))
    same("refused" in err, False, err)


def resolves():
    """Is the name of this machine one of the loopback?  Then libcurl asks the resolver, in another thread."""
    try:
        return socket.gethostbyname(socket.gethostname()) == "127.0.0.1"
    except OSError:
        return False


def t_configuration(d):
    for option, message in (("url=", "http output enabled but no url in configuration block"),
                            ("url=file:///etc/passwd", r"http_output\.url begins with 'file://'"),
                            ("max_consecutive_timeouts=256", "at most 255"),
                            ("mtls=true", "mtls needs client_cert and client_key")):
        d.write("c.yaml", CONFIG + "http_output: {client_key: ''}\n")
        rc, out, err = d.run(*to("http://localhost/", "http_output." + option))
        same(rc, 1, err)
        holds(err, r"^Error: Error reading config file \(c\.yaml\): .*" + message)
    d.write("c.yaml", CONFIG)
    rc, out, err = d.run(*to("http://localhost/"), "--dry-run")
    same((rc, "without effect" in err), (0, False), err)


def t_no_library(d):
    d.write("libcurl.so.4", "not a library")
    rc, out, err = d.run(*to("http://localhost/"), env={"LD_LIBRARY_PATH": d.path})
    same(rc, 1)
    holds(err, r"^Error: Failed to init output: http: the HTTP output needs libcurl\.so\.4: install the package libcurl4")
    rc, out, err = d.run(env={"LD_LIBRARY_PATH": d.path})
    same(rc, 0, "it is needed for nothing else")


# ---- TLS --------------------------------------------------------------------------------------------------------

def openssl(d, *args):
    p = subprocess.run(["openssl"] + list(args), cwd=d.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if p.returncode:
        raise AssertionError("openssl %s: %s" % (" ".join(args), p.stdout.decode()))


def authority(d, name):
    openssl(d, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out", name + ".crt",
            "-days", "2", "-subj", "/CN=" + name)
    d.write(name + ".cnf", "[ca]\ndefault_ca=d\n[d]\ndatabase=%s.db\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n"
            "unique_subject=no\ncopy_extensions=copy\nprivate_key=%s.key\ncertificate=%s.crt\n[p]\ncommonName=supplied\n" % (name, name, name))
    d.write(name + ".db", "")


def certificate(d, name, ca, host="localhost", dates=("-days", "2")):
    openssl(d, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj",
            "/CN=" + name, "-addext", "subjectAltName=DNS:" + host)
    openssl(d, "ca", "-batch", "-notext", "-config", ca + ".cnf", "-in", name + ".csr", "-out", name + ".crt", *dates)


def tls(d, name, client_ca=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(d.file(name + ".crt"), d.file(name + ".key"))
    if client_ca:
        c.verify_mode = ssl.CERT_REQUIRED
        c.load_verify_locations(d.file(client_ca + ".crt"))
    return c


def t_tls(d):
    """One connection for all, with each way to name the authority."""
    authority(d, "ca")
    authority(d, "other")
    certificate(d, "good", "ca")
    d.write("both.crt", d.read("other.crt") + d.read("ca.crt"))
    os.mkdir(d.file("folder"))
    d.write("folder/ca.pem", d.read("ca.crt"))
    openssl(d, "rehash", "folder")
    for options in (("ca_cert=ca.crt",), ("ca_bundle=both.crt",), ("ca_path=folder",), ("ca_cert=ca.crt", "ca_bundle=other.crt", "ca_path=nosuch")):
        with Server(tls=tls(d, "good")) as s:
            rc, out, err = d.run(*to(s.url, *("http_output." + o for o in options)))
            same((rc, s.texts(), len(s.connections)), (0, LINES, 1), (options, err))
            same("could not" in err or "refused" in err, False, err)


def t_tls_bad(d):
    """No alert goes to a server that is not the right one; with insecure, all do."""
    authority(d, "ca")
    authority(d, "other")
    certificate(d, "good", "ca")
    certificate(d, "old", "ca", dates=("-startdate", "20200101000000Z", "-enddate", "20200201000000Z"))
    certificate(d, "elsewhere", "ca", host="elsewhere.example")
    os.mkdir(d.file("empty"))
    for name, options, reason in (("old", ("ca_cert=ca.crt",), "certificate has expired"),
                                  ("elsewhere", ("ca_cert=ca.crt",), "localhost"),
                                  ("good", ("ca_cert=other.crt",), "unable to get local issuer certificate"),
                                  ("good", ("ca_path=empty",), "unable to get local issuer certificate")):
        options = ["http_output." + o for o in options]
        with Server(tls=tls(d, name)) as s:
            rc, out, err = d.run(*to(s.url, *options))
            same((rc, s.requests, out.splitlines()[:4]), (0, [], LINES), (name, err))
            holds(err, r"http: libcurl failed to perform call: .*" + reason)
            holds(err, LOST % 4)
            rc, out, err = d.run(*to(s.url, "http_output.insecure=true", *options))
            same((rc, s.texts()), (0, LINES), (name, err))


def t_mtls(d):
    authority(d, "ca")
    authority(d, "other")
    certificate(d, "good", "ca")
    certificate(d, "client", "ca")
    certificate(d, "foreign", "other")
    os.chmod(d.file("client.key"), 0o400)

    def attempt(cert, key, mtls="true"):
        with Server(tls=tls(d, "good", client_ca="ca")) as s:
            rc, out, err = d.run(*to(s.url, "http_output.ca_cert=ca.crt", "http_output.mtls=" + mtls, "http_output.client_cert=" + cert,
                                     "http_output.client_key=" + key))
            return rc, s.texts(), err
    rc, texts, err = attempt("client.crt", "client.key")
    same((rc, texts), (0, LINES), err)
    for args in (("client.crt", "client.key", "false"), ("foreign.crt", "foreign.key"), ("client.crt", "foreign.key")):
        rc, texts, err = attempt(*args)
        same((rc, texts), (0, []), err)
        holds(err, r"http: libcurl failed to perform call: ")
        holds(err, LOST % 4)


def t_password_is_not_asked(d):
    """Not on the terminal either, which an encrypted key would make OpenSSL do."""
    authority(d, "ca")
    certificate(d, "good", "ca")
    certificate(d, "client", "ca")
    openssl(d, "ec", "-in", "client.key", "-aes128", "-passout", "pass:secret", "-out", "locked.key")
    with Server(tls=tls(d, "good", client_ca="ca")) as s:
        rc, out, err = d.run(*to(s.url, "http_output.ca_cert=ca.crt", "http_output.mtls=true", "http_output.client_cert=client.crt",
                                 "http_output.client_key=locked.key"))
        same((rc, s.requests), (0, []), err)
        holds(err, r"http: libcurl failed to perform call: .*key")


def t_files_missing(d):
    """Found out at the start, not with the first alert; of no concern without TLS."""
    d.write("empty.crt", "")
    d.write("file", "x")
    for options, message in ((("ca_cert=nosuch.crt",), r"http_output\.ca_cert or ca_bundle 'nosuch\.crt': No such file"),
                             (("ca_cert=empty.crt",), r"'empty\.crt': it is empty"),
                             (("ca_bundle=/etc",), r"'/etc': "),
                             (("ca_path=nosuch",), r"http_output\.ca_path 'nosuch', where .*: No such file"),
                             (("ca_path=file",), r"http_output\.ca_path 'file', where .*: Not a directory"),
                             (("mtls=true",), r"http_output\.client_cert '/etc/ssl/certs/client\.crt': No such file")):
        options = ["http_output." + o for o in options]
        rc, out, err = d.run(*to("https://localhost:1/", *options))
        same((rc, out), (1, ""), err)
        holds(err, r"^Error: Failed to init output: http: .*" + message)
        rc, out, err = d.run(*to("http://localhost:1/", *options))
        same(rc, 0, err)


def t_renewed(d):
    """SIGUSR1: a new connection with certificates that are read again; those that cannot be read stay."""
    authority(d, "ca")
    authority(d, "new")
    certificate(d, "good", "ca")
    certificate(d, "better", "new")
    with Server(tls=tls(d, "good")) as s, Server(tls=tls(d, "better")) as t:
        p = d.start(*to(s.url, "http_output.ca_cert=ca.crt"), *TICKING, replay=False)
        try:
            same(wait_for(lambda: len(s.requests) > 1), True, "before")
            os.rename(d.file("ca.crt"), d.file("away.crt"))
            p.send_signal(signal.SIGUSR1)
            n = len(s.connections)
            same(wait_for(lambda: len(s.connections) > n), True, "with the old one in memory")
            d.write("ca.crt", d.read("new.crt"))
            p.send_signal(signal.SIGUSR1)
            time.sleep(0.5)
            n = len(s.requests)
            time.sleep(0.5)
            same(len(s.requests), n, "the old authority counts no more")
            d.write("ca.crt", d.read("away.crt"))
            p.send_signal(signal.SIGUSR1)
            same(wait_for(lambda: len(s.requests) > n), True, "after")
        finally:
            p.send_signal(signal.SIGTERM)
            out, err = (x.decode() for x in p.communicate(timeout=20))
        same(p.returncode, 0, err)
        holds(err, r"http: http_output\.ca_cert or ca_bundle 'ca\.crt': No such file")
        same("refused" in err, False, err)
        same(t.requests, [])


def t_key_of_root(d):
    """privileges.user: the key is read while it may be."""
    if os.geteuid():
        raise NotImplementedError("needs root")
    authority(d, "ca")
    certificate(d, "good", "ca")
    certificate(d, "client", "ca")
    for name in ("client.key", "client.crt", "ca.crt"):
        os.chmod(d.file(name), 0o400)
    os.chmod(d.path, 0o755)
    with Server(tls=tls(d, "good", client_ca="ca")) as s:
        rc, out, err = d.run(*to(s.url, "privileges.user=nobody", "http_output.ca_cert=ca.crt", "http_output.mtls=true",
                                 "http_output.client_cert=client.crt", "http_output.client_key=client.key"))
        same((rc, s.texts()), (0, LINES), err)
        same("CAP_DAC_OVERRIDE" in err, False, err)


sys.exit(run_tests(globals()))
