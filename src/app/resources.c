/* SPDX-License-Identifier: Apache-2.0 */
#include "app/resources.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

/* The beginning of a small file, NUL-terminated; false: it cannot be read. */
static bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n, len = 0;

	if (fd < 0)
		return false;
	while ((n = read(fd, text + len, size - 1 - (size_t)len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	return len > 0;
}

static bool read_host(const char *name, char *text, size_t size)
{
	const char *root = getenv("HOST_ROOT");
	char path[512];

	snprintf(path, sizeof(path), "%s/proc/%s", root ? root : "", name);
	return read_text(path, text, size);
}

/* The number after a key at the beginning of a line. */
static u64 number_after(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (!strncmp(p, key, n))
			return strtoull(p + n, NULL, 10);
	}
	return NOT_KNOWN;
}

static void get_own(struct resources *r, u64 start_ns)
{
	struct rusage u;
	char text[4096];
	u64 age;

	age = clock_ns(CLOCK_MONOTONIC) - start_ns;
	getrusage(RUSAGE_SELF, &u);
	r->cpu_ns = (u64)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * NS_PER_S +
		    (u64)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
	r->cpu_perc = age ? 100.0 * (double)r->cpu_ns / (double)age : 0;
	if (read_text("/proc/self/status", text, sizeof(text))) {
		r->rss_kb = number_after(text, "VmRSS:");
		r->vsz_kb = number_after(text, "VmSize:");
	}
	if (read_text("/proc/self/smaps_rollup", text, sizeof(text)))
		r->pss_kb = number_after(text, "Pss:");
}

static void get_container(struct resources *r)
{
	const char *paths[] = { getenv("SINSP_AGENT_CGROUP_MEM_PATH"), getenv("FALCO_CGROUP_MEM_PATH"),
				"/sys/fs/cgroup/memory/memory.usage_in_bytes", "/sys/fs/cgroup/memory.current" };
	char text[64];

	for (u32 i = 0; i < ARRAY_SIZE(paths); i++)
		if (paths[i] && read_text(paths[i], text, sizeof(text))) {
			r->container_bytes = strtoull(text, NULL, 10);
			return;
		}
}

static void get_cpu(struct resources *r, const char *text)
{
	unsigned long long v[8] = { 0 }, all = 0;

	/* user nice system idle iowait irq softirq steal */
	if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
		   &v[6], &v[7]) < 4)
		return;
	for (u32 i = 0; i < ARRAY_SIZE(v); i++)
		all += v[i];
	if (all)
		r->host_cpu_perc = 100.0 * (double)(all - v[3] - v[4]) / (double)all;
}

static void get_host(struct resources *r)
{
	size_t size = 256 << 10;	/* a line for each CPU, and a long one of interrupts */
	char *text = malloc(size);

	if (!text)
		return;
	if (read_host("stat", text, size)) {
		get_cpu(r, text);
		r->host_procs_running = number_after(text, "procs_running");
	}
	if (read_host("meminfo", text, size)) {
		u64 total = number_after(text, "MemTotal:"), unused = number_after(text, "MemFree:") +
			    number_after(text, "Buffers:") + number_after(text, "Cached:");

		if (total != NOT_KNOWN && total >= unused)
			r->host_used_kb = total - unused;
	}
	if (read_host("sys/fs/file-nr", text, size))
		r->host_open_fds = strtoull(text, NULL, 10);
	free(text);
}

void resources_get(struct resources *r, u64 start_ns)
{
	*r = (struct resources){
		.cpu_perc = -1, .host_cpu_perc = -1, .rss_kb = NOT_KNOWN, .vsz_kb = NOT_KNOWN, .pss_kb = NOT_KNOWN,
		.container_bytes = NOT_KNOWN, .host_used_kb = NOT_KNOWN, .host_procs_running = NOT_KNOWN,
		.host_open_fds = NOT_KNOWN,
	};
	get_own(r, start_ns);
	get_container(r);
	get_host(r);
}
