/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of a process, for events that describe one. */
#ifndef TESTS_CONFORM_TASK_H
#define TESTS_CONFORM_TASK_H

#include "expect.h"
#include <sys/resource.h>

/* The resident size counts per CPU and in batches: near is as good as can be. */
#define NEAR_KB 1024
#define CAPS_KNOWN ((1ULL << 41) - 1)

/* Returns the length read, -1 when there is no such file.  No allocation: sizes are compared. */
static inline long read_proc(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	long n;

	if (fd < 0)
		return -1;
	n = MUST(read(fd, buf, size - 1));
	buf[n] = 0;
	close(fd);
	return n;
}

/* The text after "key" in /proc/self/status. */
static inline const char *status_text(const char *key)
{
	static char buf[8192];
	char *p;

	read_proc("/proc/self/status", buf, sizeof(buf));
	p = strstr(buf, key);
	return p ? p + strlen(key) : "-1";
}

static inline long status_of(const char *key)
{
	return strtol(status_text(key), NULL, 10);
}

static inline uint64_t status_hex(const char *key)
{
	return strtoull(status_text(key), NULL, 16) & CAPS_KNOWN;
}

/* Field n of /proc/PID/stat, counted as proc(5) does, from 3 on. */
static inline long long stat_field(const char *path, int n)
{
	static char buf[4096];
	char *p;

	if (read_proc(path, buf, sizeof(buf)) < 0 || !(p = strrchr(buf, ')')))
		return -1;
	for (p += 2; n > 3; n--)
		p = strchr(p, ' ') + 1;
	return strtoll(p, NULL, 10);
}

static inline const char *comm_of_self(void)
{
	static char buf[64];
	long n = read_proc("/proc/self/comm", buf, sizeof(buf));

	buf[n - 1] = 0;
	return buf;
}

/* Where a version 1 controller has the caller, or NULL. */
static inline const char *cgroup_path(const char *text, const char *controller)
{
	static char line[4096];

	for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
		const char *names = strchr(p, ':') + 1;
		const char *path = strchr(names, ':') + 1;
		size_t len = strlen(controller);

		for (const char *n = names; n < path; n = strpbrk(n, ",:") + 1) {
			if (!strncmp(n, controller, len) && (n[len] == ',' || n[len] == ':')) {
				snprintf(line, sizeof(line), "%.*s",
					 (int)(strchr(path, '\n') - path), path);
				return line;
			}
		}
	}
	return NULL;
}

/* "NAME=PATH" for each controller, in the order of the wire; the kernel calls blkio io. */
static inline struct val cgroups_of_self(void)
{
	static const char *const names[][2] = {
		{ "cpuset", "cpuset" }, { "cpu", "cpu" }, { "cpuacct", "cpuacct" },
		{ "blkio", "io" }, { "memory", "memory" },
	};
	static char text[8192], out[8192];
	size_t len = 0;

	read_proc("/proc/self/cgroup", text, sizeof(text));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *path = cgroup_path(text, names[i][0]);

		if (!path)
			return ANY(cgroups, "not all controllers are of version 1");
		len += (size_t)sprintf(out + len, "%s=%s", names[i][1], path) + 1;
	}
	return B(cgroups, out, len);
}

/* When the init process of a pid namespace started, to the tick of /proc/PID/stat. */
static inline struct val init_start(const char *stat_path)
{
	long long tick = 1000000000LL / sysconf(_SC_CLK_TCK);
	long long at = stat_field(stat_path, 22) * tick;

	return RANGE(pidns_init_start_ts, at, at + tick - 1);
}

static inline long fd_limit(void)
{
	struct rlimit rl;

	MUST(getrlimit(RLIMIT_NOFILE, &rl));
	return (long)rl.rlim_cur;
}

#define VM_SIZES \
	I(vm_size, status_of("VmSize:")), \
	RANGE(vm_rss, status_of("VmRSS:") > NEAR_KB ? status_of("VmRSS:") - NEAR_KB : 0, \
	      status_of("VmRSS:") + NEAR_KB), \
	I(vm_swap, status_of("VmSwap:"))

/* How often a page was missing until now: the event is not far from here. */
#define FAULTS \
	RANGE(pgft_maj, 0, stat_field("/proc/self/stat", 12) + 10), \
	RANGE(pgft_min, 0, stat_field("/proc/self/stat", 10) + 1000)

#endif
