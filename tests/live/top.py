#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`saker top` finds the syscall and the process that cause the load, and leaves the terminal as it was.

usage: top.py [BINARY]      BUILD=build.  Needs root.  Last line: 'N passed, N failed, N skipped'."""
import fcntl, json, os, pty, re, select, shutil, signal, struct, subprocess, sys, tempfile, termios, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build", "saker"))
COUNT = {"ok": 0, "FAIL": 0}
TMP = tempfile.mkdtemp(prefix="saker-top.")
SOCK = TMP + "/run/saker.sock"
RULE = ("- rule: names\n  desc: d\n  condition: evt.type in (openat, unlinkat) and fd.name = /nowhere/at/all and proc.name = nobody\n"
        "  output: o\n  priority: INFO\n")
LOAD = "import os\nd = os.open('/', 0)\nwhile True:\n try: os.unlink('nothing', dir_fd=d)\n except OSError: pass\n"
LEAVE, ENTER = b"\x1b[?1049l", b"\x1b[?1049h"


def check(name, ok, detail=""):
    COUNT["ok" if ok else "FAIL"] += 1
    print("%-4s %s%s" % ("ok" if ok else "FAIL", name, "" if ok else ": " + str(detail)[-800:]), flush=True)


def top(*args, timeout=30):
    p = subprocess.run([BINARY, "top", "--socket", SOCK] + list(args), capture_output=True, text=True, timeout=timeout)
    return p.returncode, p.stdout, p.stderr


def read(fd, until, seconds):
    """What a terminal shows until a pattern is there."""
    data, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and not re.search(until, data, re.S):
        if select.select([fd], [], [], 0.2)[0]:
            try:
                data += os.read(fd, 65536)
            except OSError:
                break
    return data


def size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def picture(data):
    """The last one: its lines, without colours."""
    return re.sub(rb"\x1b\[[0-9;]*m", b"", data.split(b"\x1b[H\x1b[2J")[-1]).split(b"\r\n")


def start(args=("-d", "0.3")):
    pid, fd = pty.fork()
    if not pid:
        os.execv(BINARY, [BINARY, "top", "--socket", SOCK] + list(args))
    size(fd, 24, 100)
    return pid, fd


def status_of(pid):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        got, status = os.waitpid(pid, os.WNOHANG)
        if got:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "killed"


def terminal():
    pid, fd = start()
    data = read(fd, b"most load.*most load", 10)
    check("a terminal gets pictures", ENTER in data and b"saker top - " in data, data)
    size(fd, 12, 60)
    read(fd, rb"\x1b\[2J", 2)
    lines = picture(read(fd, rb"most load.*\x1b\[2J", 5).rsplit(b"\x1b[H\x1b[2J", 1)[0])
    check("it takes the size of the terminal", len(lines) <= 12 and max(map(len, lines)) == 60, lines)
    quiet = termios.tcgetattr(fd)[3] & termios.ECHO
    os.write(fd, b"\x03")
    data = read(fd, re.escape(LEAVE), 5)
    check("Ctrl-C ends it and leaves the screen", LEAVE in data and b"\x1b[?25h" in data and status_of(pid) == 0, data)
    check("echo was off and is on again", not quiet and termios.tcgetattr(fd)[3] & termios.ECHO)
    os.close(fd)
    pid, fd = start()
    read(fd, b"most load", 10)
    os.write(fd, b"q")
    check("q, too", LEAVE in read(fd, re.escape(LEAVE), 5) and status_of(pid) == 0)
    os.close(fd)
    pid, fd = start()
    read(fd, b"most load", 10)
    os.kill(pid, signal.SIGTSTP)
    data = read(fd, re.escape(LEAVE), 5)
    stopped = os.waitpid(pid, os.WUNTRACED)[1]
    os.kill(pid, signal.SIGCONT)
    again = read(fd, re.escape(ENTER) + b".*most load", 5)
    check("it can be stopped and goes on", LEAVE in data and os.WIFSTOPPED(stopped) and ENTER in again, (data, again))
    os.write(fd, b"q")
    status_of(pid)
    os.close(fd)


def culprits(load):
    rc, out, err = top("--json", "-n", "2", "-d", "1")
    lines = [json.loads(line) for line in out.splitlines()]
    check("two lines of JSON", rc == 0 and len(lines) == 2, out + err)
    j = lines[-1]
    check("the syscall is found", j["syscalls"][0]["name"] == "unlinkat" and j["syscalls"][0]["seen"] > 1000, j["syscalls"][:3])
    first = j["processes"][0]
    check("the process is found", first["pid"] == load.pid and first["name"].startswith("python"), j["processes"][:3])
    check("the rule is found", j["rules"][0]["name"] == "names" and j["rules"][0]["evaluations"] > 1000, j["rules"])
    check("the rates balance", abs(j["seen"] - j["filtered"] - j["delivered"] - j["held"] - j["dropped"]) < 20, j)
    rc, out, err = top("-n", "1", "-d", "0.5")
    check("a picture names them", re.search(r"^most load unlinkat \(\d+%% of the calls seen\); python\S*, process %d \(" % load.pid, out, re.M), out)


def main():
    if os.geteuid():
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with open(TMP + "/r.yaml", "w") as f:
        f.write(RULE)
    with open(TMP + "/c.yaml", "w") as f:
        f.write("stdout_output: {enabled: true}\nlog_stderr: true\nlog_syslog: false\ntop: {socket: %s}\n" % SOCK)
    rc, out, err = top()
    check("without a sensor it says how to start one", rc == 1 and "no sensor listens at" in err and "saker -c" in err, err)
    sensor = subprocess.Popen([BINARY, "-c", TMP + "/c.yaml", "-r", TMP + "/r.yaml"], stdout=subprocess.DEVNULL,
                              stderr=open(TMP + "/log", "w"))
    load = None
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end and "Privileges given up" not in open(TMP + "/log").read():
            time.sleep(0.1)
        load = subprocess.Popen([sys.executable, "-S", "-c", LOAD])
        time.sleep(1)
        culprits(load)
        rc = subprocess.run([BINARY, "top", "-c", TMP + "/c.yaml", "-n", "1", "-d", "0.2"], capture_output=True).returncode
        check("it finds the socket in the configuration", rc == 0, rc)
        os.chmod(TMP, 0o755)
        p = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BINARY, "top", "--socket", SOCK],
                           capture_output=True, text=True)
        check("others may not look, and are told", p.returncode == 1 and "for the user of the sensor only" in p.stderr, p.stderr)
        terminal()
        second = subprocess.run([BINARY, "-c", TMP + "/c.yaml", "-r", TMP + "/r.yaml", "-M", "1"], capture_output=True, text=True)
        check("a second sensor leaves the socket alone", "another sensor listens there" in second.stderr and top("-n", "1")[0] == 0, second.stderr)
        pid, fd = start()
        read(fd, b"most load", 10)
        sensor.send_signal(signal.SIGINT)
        data = read(fd, b"Error: .*\n", 10)
        check("when the sensor ends it ends, and says so", LEAVE in data and b"no sensor listens" in data.split(LEAVE)[-1] and status_of(pid) == 1, data)
    finally:
        if load:
            load.kill()
            load.wait()
        sensor.send_signal(signal.SIGINT)
        sensor.wait(30)
        log = open(TMP + "/log").read()
        shutil.rmtree(TMP, ignore_errors=True)
    check("no system call was refused", "refused" not in log, log)
    print("%d passed, %d failed, 0 skipped" % (COUNT["ok"], COUNT["FAIL"]))
    return COUNT["FAIL"] > 0


sys.exit(main())
