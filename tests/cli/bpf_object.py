#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The classic eBPF object keeps to the limits of old verifiers.

usage: bpf_object.py [-v] [BINARY | OBJECT.o...]     Last line: 'N passed, N failed, N skipped'.

Without objects, one is built for each set of kernel headers: those of the kernels in
$SAKER_KERNELS/*/*/headers, or else of /lib/modules/*/build.
"""
import glob, os, shutil, struct, subprocess, sys, tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INSNS_MAX = 4096        # instructions of a program before 5.2
STACK_MAX = 512
HELPER_MAX = 51         # the last one that 4.14 has, but for the two pairs of 5.5
HELPERS_NEW = {112, 113, 114, 115}
DATA = (".data", ".rodata", ".bss")
CALL, EXIT, JA = 0x85, 0x95, 0x05


def sections(data):
    """[(name, type, flags, bytes)]"""
    shoff, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    heads = [struct.unpack_from("<IIQQQQ", data, shoff + i * size) for i in range(count)]
    base = heads[names][4]
    out = []
    for name, kind, flags, _, at, n in heads:
        end = data.index(b"\0", base + name)
        out.append((data[base + name:end].decode(), kind, data[at:at + n] if kind != 8 else b"\0" * n))
    return out


def successors(code, i):
    op, regs, off, imm = struct.unpack_from("<BBhi", code, 8 * i)
    kind = op & 7
    if op == EXIT:
        return []
    if op == 0x18:
        return [i + 2]
    if op == JA:
        return [i + 1 + off]
    if kind in (5, 6) and op != CALL:
        return [i + 1, i + 1 + off]
    return [i + 1]


def loops(code):
    """An instruction from which the way leads back to itself, or None."""
    n = len(code) // 8
    state = bytearray(n)
    stack = [(0, iter(successors(code, 0)))]
    state[0] = 1
    while stack:
        i, rest = stack[-1]
        for j in rest:
            if state[j] == 1:
                return i
            if not state[j]:
                state[j] = 1
                stack.append((j, iter(successors(code, j))))
                break
        else:
            state[i] = 2
            stack.pop()
    return None


def problems(name, code):
    n = len(code) // 8
    if n > INSNS_MAX:
        yield "%d instructions, more than %d" % (n, INSNS_MAX)
    at = loops(code)
    if at is not None:
        yield "a loop at instruction %d" % at
    i = 0
    while i < n:
        op, regs, off, imm = struct.unpack_from("<BBhi", code, 8 * i)
        if op == CALL and regs >> 4:
            yield "a call of another function at instruction %d" % i
        elif op == CALL and imm > HELPER_MAX and imm not in HELPERS_NEW:
            yield "helper %d, which 4.14 does not have" % imm
        if op & 7 in (1, 2, 3) and (regs >> 4 if op & 7 == 1 else regs & 15) == 10 and off < -STACK_MAX:
            yield "stack of %d bytes" % -off
        if op in (0xAD, 0xA5, 0xBD, 0xB5, 0xCD, 0xC5, 0xDD, 0xD5) or op & 7 == 6:
            yield "instruction %#x of a later set at %d" % (op, i)
        i += 2 if op == 0x18 else 1


def check(path, verbose):
    """[problem] of an object."""
    with open(path, "rb") as f:
        data = f.read()
    found, most, count = [], (0, ""), 0
    for name, kind, body in sections(data):
        if name.startswith(DATA) and body:
            found.append("section %s: old kernels know no data" % name)
        if not name.startswith("prog/"):
            continue
        count += 1
        most = max(most, (len(body) // 8, name[5:]))
        found += ["%s: %s" % (name[5:], p) for p in problems(name, body)]
        if verbose:
            print("%6d %s" % (len(body) // 8, name[5:]))
    if count < 100:
        found.append("only %d programs" % count)
    return found, "%d programs, at most %d instructions (%s)" % (count, *most)


def headers():
    top = os.environ.get("SAKER_KERNELS")
    return sorted(glob.glob(top + "/amd64/*/headers") if top else glob.glob("/lib/modules/*/build"))


def build(kdir, out):
    return subprocess.run(["make", "-s", "-C", os.path.join(TOP, "drivers", "bpf"), "KDIR=" + os.path.realpath(kdir),
                           "OUT=" + out], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def main():
    args = [a for a in sys.argv[1:] if a != "-v"]
    objects = [(a, a) for a in args if a.endswith(".o")]
    count = {"passed": 0, "failed": 0, "skipped": 0}
    tmp = tempfile.mkdtemp(prefix="saker-bpf-")
    if not objects and not (shutil.which("clang") and headers()):
        print("skip the classic eBPF object: needs clang and kernel headers")
        count["skipped"] += 1
    for i, kdir in enumerate([] if objects or not shutil.which("clang") else headers()):
        made = build(kdir, "%s/%d" % (tmp, i))
        if made.returncode:
            print("FAIL %s: does not build\n%s" % (kdir, made.stdout[-2000:]))
            count["failed"] += 1
        else:
            objects.append((kdir, "%s/%d/saker-bpf.o" % (tmp, i)))
    for name, path in objects:
        found, figures = check(path, "-v" in sys.argv)
        print("%s %s: %s" % ("FAIL" if found else "ok  ", name, "; ".join(found[:20]) or figures))
        count["failed" if found else "passed"] += 1
    shutil.rmtree(tmp)
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % count)
    return count["failed"] > 0


sys.exit(main())
