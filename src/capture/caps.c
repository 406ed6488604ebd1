/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/caps.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Under this hard limit the buffers may not fit; over it there is no need to raise it. */
#define MEMLOCK_ENOUGH (1ull << 30)

static const char *const names[] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER] = "CAP_FOWNER",
	[CAP_FSETID] = "CAP_FSETID",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
	[CAP_NET_RAW] = "CAP_NET_RAW",
	[CAP_IPC_LOCK] = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER] = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT] = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT] = "CAP_SYS_BOOT",
	[CAP_SYS_NICE] = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME] = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD] = "CAP_MKNOD",
	[CAP_LEASE] = "CAP_LEASE",
	[CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP] = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "CAP_AUDIT_READ",
	[CAP_PERFMON] = "CAP_PERFMON",
	[CAP_BPF] = "CAP_BPF",
	[40] = "CAP_CHECKPOINT_RESTORE",
};

/* ---- what the drivers need ---------------------------------------------------------------- */

static s64 read_number(const char *path, s64 otherwise)
{
	char text[32] = "";
	FILE *f = fopen(path, "re");

	if (!f)
		return otherwise;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return text[0] ? strtoll(text, NULL, 10) : otherwise;
}

static bool knows_cap_bpf(void)
{
	return read_number("/proc/sys/kernel/cap_last_cap", CAP_BPF) >= CAP_BPF;
}

static bool lacks_cap_bpf(void)
{
	return !knows_cap_bpf();
}

/* Above 2, a level of distributions' own, CAP_PERFMON does not count. */
static bool perf_needs_admin(void)
{
	return knows_cap_bpf() && read_number("/proc/sys/kernel/perf_event_paranoid", 2) > 2;
}

#define WHY_BPF "to load eBPF programs and make their maps"
#define WHY_PERFMON "to attach eBPF programs that read the kernel's memory"
#define WHY_MEMLOCK "to raise RLIMIT_MEMLOCK, against which this kernel counts BPF maps"
#define WHY_PTRACE "to read the program, working directory and files of other users' processes in /proc"
#define WHY_SEARCH "to read the environment and the list of open files of other users' processes in /proc"
#define IF_MEMLOCK "kernels before 5.11, unless RLIMIT_MEMLOCK is unlimited"

const struct caps_need caps_needs[] = {
	{ "modern_ebpf", CAP_BPF, CAPS_OPEN, WHY_BPF, NULL, NULL },
	{ "modern_ebpf", CAP_PERFMON, CAPS_OPEN, WHY_PERFMON, NULL, NULL },
	{ "modern_ebpf", CAP_SYS_RESOURCE, CAPS_OPEN | CAPS_NOT_ADMIN, WHY_MEMLOCK, IF_MEMLOCK,
	  caps_memlock_counts },
	{ "modern_ebpf", CAP_SYS_PTRACE, CAPS_SEE | CAPS_KEEP | CAPS_NOT_ADMIN, WHY_PTRACE,
	  NULL, NULL },
	{ "modern_ebpf", CAP_DAC_READ_SEARCH, CAPS_KEEP, WHY_SEARCH, NULL, NULL },
	/* kept: counters are read by bpf(), and the buffers of CPUs that come back are made anew */
	{ "ebpf", CAP_BPF, CAPS_OPEN | CAPS_KEEP, WHY_BPF, "kernels from 5.8 on", knows_cap_bpf },
	{ "ebpf", CAP_PERFMON, CAPS_OPEN | CAPS_KEEP, WHY_PERFMON, "kernels from 5.8 on", knows_cap_bpf },
	{ "ebpf", CAP_SYS_ADMIN, CAPS_OPEN | CAPS_KEEP, WHY_BPF, "kernels before 5.8", lacks_cap_bpf },
	{ "ebpf", CAP_SYS_ADMIN, CAPS_OPEN | CAPS_KEEP,
	  "to open perf events in spite of kernel.perf_event_paranoid",
	  "kernel.perf_event_paranoid above 2", perf_needs_admin },
	{ "ebpf", CAP_SYS_RESOURCE, CAPS_OPEN | CAPS_NOT_ADMIN, WHY_MEMLOCK,
	  "unless RLIMIT_MEMLOCK is unlimited; for perf buffers on every kernel", caps_memlock_counts },
	{ "ebpf", CAP_SYS_PTRACE, CAPS_SEE | CAPS_KEEP | CAPS_NOT_ADMIN, WHY_PTRACE, NULL, NULL },
	{ "ebpf", CAP_DAC_READ_SEARCH, CAPS_KEEP, WHY_SEARCH, NULL, NULL },
	{ "kmod", CAP_SYS_PTRACE, CAPS_SEE | CAPS_KEEP | CAPS_NOT_ADMIN, WHY_PTRACE, NULL, NULL },
	{ "kmod", CAP_DAC_READ_SEARCH, CAPS_KEEP, WHY_SEARCH, NULL, NULL },
	{ "ptrace", CAP_SYS_PTRACE, CAPS_KEEP, "to trace processes that change their user", NULL, NULL },
	{ "ptrace", CAP_DAC_READ_SEARCH, CAPS_KEEP, WHY_SEARCH, NULL, NULL },
};

const u32 caps_nneeds = ARRAY_SIZE(caps_needs);

/* ---- of this thread ------------------------------------------------------------------------ */

bool caps_has(u32 cap)
{
	struct caps c;

	return caps_get(&c) || c.effective & CAP_BIT(cap);
}

bool caps_has_or_admin(u32 cap)
{
	return caps_has(cap) || caps_has(CAP_SYS_ADMIN);
}

const char *caps_name(u32 cap)
{
	static __thread char other[16];

	if (cap < ARRAY_SIZE(names) && names[cap])
		return names[cap];
	snprintf(other, sizeof(other), "CAP_%u", cap);
	return other;
}

/* skip: bytes of each name that are left out. */
static void print_set(u64 set, const char *between, u32 skip, struct buf *b)
{
	bool first = true;

	for (u32 cap = 0; cap < 64; cap++) {
		if (!(set & CAP_BIT(cap)))
			continue;
		buf_addf(b, "%s%s", first ? "" : between, caps_name(cap) + skip);
		first = false;
	}
}

void caps_print(u64 set, struct buf *b)
{
	if (set)
		print_set(set, ", ", 0, b);
	else
		buf_adds(b, "none");
}

void caps_print_remedy(u64 set, struct buf *b)
{
	size_t start;

	buf_adds(b, "setcap ");
	start = b->len;
	print_set(set, ",", 0, b);
	for (size_t i = start; i < b->len; i++)
		if (b->p[i] >= 'A' && b->p[i] <= 'Z')
			b->p[i] += 'a' - 'A';
	buf_adds(b, "+ep PROGRAM; systemd: AmbientCapabilities=");
	print_set(set, " ", 0, b);
	buf_adds(b, "; docker: --cap-add ");
	print_set(set, " --cap-add ", (u32)strlen("CAP_"), b);
}

/* ---- checks --------------------------------------------------------------------------------- */

static bool applies(const struct caps_need *n, const char *driver)
{
	return !strcmp(n->driver, driver) && (!n->when || n->when());
}

static bool has_need(const struct caps_need *n)
{
	return n->flags & CAPS_NOT_ADMIN ? caps_has(n->cap) : caps_has_or_admin(n->cap);
}

u64 caps_missing(const char *driver, u32 flags)
{
	u64 set = 0;

	for (u32 i = 0; i < caps_nneeds; i++) {
		const struct caps_need *n = &caps_needs[i];

		/* the condition last: it may cost a system call that needs the others */
		if (!strcmp(n->driver, driver) && n->flags & flags && !has_need(n) && applies(n, driver))
			set |= CAP_BIT(n->cap);
	}
	return set;
}

u64 caps_kept(const char *driver)
{
	u64 set = 0;

	for (u32 i = 0; i < caps_nneeds; i++)
		if (caps_needs[i].flags & CAPS_KEEP && applies(&caps_needs[i], driver))
			set |= CAP_BIT(caps_needs[i].cap);
	return set;
}

static u64 all_needs(const char *driver)
{
	u64 set = 0;

	for (u32 i = 0; i < caps_nneeds; i++)
		if (caps_needs[i].flags & (CAPS_OPEN | CAPS_SEE) && applies(&caps_needs[i], driver))
			set |= CAP_BIT(caps_needs[i].cap);
	return set;
}

int caps_check(const char *driver, struct diag *d)
{
	u64 missing = caps_missing(driver, CAPS_OPEN);
	struct buf b = { 0 };

	if (!missing)
		return 0;
	caps_print(missing, &b);
	buf_addf(&b, " %s missing. The driver %s needs", missing & (missing - 1) ? "are" : "is", driver);
	for (u32 i = 0, n = 0; i < caps_nneeds; i++)
		if (missing & CAP_BIT(caps_needs[i].cap) && applies(&caps_needs[i], driver))
			buf_addf(&b, "%s %s %s", n++ ? "," : "", caps_name(caps_needs[i].cap), caps_needs[i].why);
	buf_adds(&b, ". Run as root, or give the program all that it needs: ");
	caps_print_remedy(all_needs(driver) | missing, &b);
	if (missing & CAP_BIT(CAP_SYS_RESOURCE))
		buf_adds(&b, "; or lift the limit: ulimit -l unlimited; systemd: LimitMEMLOCK=infinity; "
			     "docker: --ulimit memlock=-1");
	diag_set(d, "%s", buf_str(&b));
	buf_fini(&b);
	return -EPERM;
}

/*
 * A map of one page is refused under a limit of nothing where maps are counted.  Not by
 * libbpf, which would raise the limit first, once for all.
 */
bool caps_memlock_counts(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = sizeof(u32),
				.value_size = 4096, .max_entries = 1 };
	struct rlimit old, none;
	int fd, err;

	if (!caps_has_or_admin(CAP_BPF) || getrlimit(RLIMIT_MEMLOCK, &old) || old.rlim_max >= MEMLOCK_ENOUGH)
		return false;
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	if (setrlimit(RLIMIT_MEMLOCK, &none))
		return false;
	fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	err = fd < 0 ? errno : 0;
	setrlimit(RLIMIT_MEMLOCK, &old);
	if (fd >= 0)
		close(fd);
	return err == EPERM;
}

void caps_raise_memlock(void)
{
	struct rlimit l = { RLIM_INFINITY, RLIM_INFINITY };

	if (!setrlimit(RLIMIT_MEMLOCK, &l) || getrlimit(RLIMIT_MEMLOCK, &l))
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &l);
}

static bool in_user_namespace(void)
{
	char line[64] = "";
	unsigned inside = 0, outside = 0, count = 0;
	FILE *f = fopen("/proc/self/uid_map", "re");

	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return sscanf(line, "%u %u %u", &inside, &outside, &count) == 3 &&
	       (inside || outside || count != UINT32_MAX);
}

const char *caps_other_reason(void)
{
	if (in_user_namespace())
		return "this process is in a user namespace (a rootless container?), where capabilities "
		       "do not count for the kernel's own things: start it outside, or in a container "
		       "made by root";
	if (caps_memlock_counts())
		return "this kernel counts BPF maps against RLIMIT_MEMLOCK: CAP_SYS_RESOURCE is needed to "
		       "raise it, or lift it (ulimit -l unlimited; systemd: LimitMEMLOCK=infinity)";
	if (access("/sys/kernel/security/lockdown", F_OK) == 0)
		return "the capabilities are there, so a seccomp filter (of the container?), an LSM or "
		       "lockdown (/sys/kernel/security/lockdown must not be [confidentiality]) forbids it";
	return "the capabilities are there, so a seccomp filter (of the container?) or an LSM forbids it";
}
