/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/tracepoint.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "capture/driver.h"

static const char *const roots[] = { "/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events" };

bool tracepoints_of_syscalls(void)
{
	char path[64];

	for (u32 i = 0; i < ARRAY_SIZE(roots); i++) {
		snprintf(path, sizeof(path), "%s/syscalls", roots[i]);
		if (!access(path, R_OK | X_OK))
			return true;
	}
	return false;
}

int tracepoint_id(const char *name)
{
	char path[192];
	int err = -ENOENT, id;

	for (u32 i = 0; i < ARRAY_SIZE(roots); i++) {
		FILE *f;
		int n;

		snprintf(path, sizeof(path), "%s/%s/id", roots[i], name);
		f = fopen(path, "re");
		if (!f) {
			if (errno != ENOENT)
				err = -errno;
			continue;
		}
		n = fscanf(f, "%d", &id);
		fclose(f);
		if (n == 1 && id > 0)
			return id;
	}
	return err;
}

int tracepoint_open(u32 id)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = id };
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tracepoint_attach(u32 id, int prog)
{
	int fd = tracepoint_open(id), err;

	if (fd < 0)
		return fd;
	if (!ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) && !ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* ---- preemption ------------------------------------------------------------------------- */

static u32 major_release(const struct utsname *u)
{
	return (u32)strtoul(u->release, NULL, 10);
}

/* The mode of a kernel that can change it: it stands in brackets, or was given to it. */
static bool dynamic_preempts(bool otherwise)
{
	static const char *const files[] = { "/sys/kernel/debug/sched/preempt",
					     "/sys/kernel/debug/sched_preempt", "/proc/cmdline" };
	char line[4096] = "";
	FILE *f = NULL;

	for (u32 i = 0; i < ARRAY_SIZE(files) && !f; i++)
		f = fopen(files[i], "re");
	if (!f)
		return otherwise;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	if (strstr(line, "(none)") || strstr(line, "(voluntary)") || strstr(line, "preempt=none") ||
	    strstr(line, "preempt=voluntary"))
		return false;
	return otherwise || strstr(line, "(full)") || strstr(line, "(lazy)") ||
	       strstr(line, "preempt=full") || strstr(line, "preempt=lazy");
}

bool kernel_preempts(void)
{
	struct utsname u;

	if (uname(&u))
		return false;
	/* from 7.0 on, one that does not say otherwise preempts lazily */
	if (strstr(u.version, "PREEMPT_DYNAMIC"))
		return dynamic_preempts(major_release(&u) >= 7);
	return strstr(u.version, "PREEMPT_RT") || strstr(u.version, "PREEMPT_LAZY") ||
	       strstr(u.version, "PREEMPT ");
}

bool kernel_preempts_raw(void)
{
	struct utsname u;

	return !uname(&u) && major_release(&u) >= 7 && kernel_preempts();
}

bool tracepoints_must_be_plain(const struct driver_options *opt)
{
	int id, fd;

	if (!(opt->spoil && !strcmp(opt->spoil, "raw")) && !kernel_preempts_raw())
		return false;
	id = tracepoint_id("raw_syscalls/sys_exit");
	fd = id < 0 ? id : tracepoint_open(id);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
