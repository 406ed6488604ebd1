/* SPDX-License-Identifier: Apache-2.0 */
/* Features that are found out by loading the smallest program or map that needs them. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/caps.h"
#include "setup/feature.h"

/* return 0; */
static const struct bpf_insn nothing[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* From the descriptor or error of what was tried. */
static enum feature_state verdict(int fd, struct buf *detail)
{
	int err = fd < 0 ? -fd : 0;

	if (fd >= 0)
		close(fd);
	if (!err)
		return FEATURE_YES;
	buf_adds(detail, strerror(err));
	if (err == EPERM && !caps_has_or_admin(39))
		return FEATURE_UNKNOWN;
	return FEATURE_NO;
}

static int fd_or_error(int fd)
{
	return fd < 0 ? -errno : fd;
}

static int load(enum bpf_prog_type type, enum bpf_attach_type attach, const char *target)
{
	struct bpf_prog_load_opts opts = { .sz = sizeof(opts), .expected_attach_type = attach };

	if (target) {
		int id = libbpf_find_vmlinux_btf_id(target, attach);

		if (id < 0)
			return id;
		opts.attach_btf_id = (u32)id;
	}
	return fd_or_error(
		bpf_prog_load(type, "saker_probe", "GPL", nothing, ARRAY_SIZE(nothing), &opts));
}

static enum feature_state without_btf(struct features *f, struct buf *detail)
{
	if (feature_state(f, FEAT_BTF) != FEATURE_NO)
		return FEATURE_YES;
	buf_adds(detail, "needs BTF");
	return FEATURE_NO;
}

enum feature_state feature_ringbuf(struct features *f, struct buf *detail)
{
	(void)f;
	return verdict(fd_or_error(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "saker_probe", 0, 0,
						  (u32)sysconf(_SC_PAGESIZE), NULL)),
		       detail);
}

enum feature_state feature_tracing(struct features *f, struct buf *detail)
{
	if (without_btf(f, detail) == FEATURE_NO)
		return FEATURE_NO;
	return verdict(load(BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "sys_exit"), detail);
}

/* Some kernels load what they cannot attach, so that is tried too. */
enum feature_state feature_fentry(struct features *f, struct buf *detail)
{
	int fd, link;

	if (without_btf(f, detail) == FEATURE_NO)
		return FEATURE_NO;
	fd = load(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "do_nanosleep");
	if (fd < 0)
		return verdict(fd, detail);
	link = fd_or_error(bpf_raw_tracepoint_open(NULL, fd));
	close(fd);
	return verdict(link, detail);
}

enum feature_state feature_iterators(struct features *f, struct buf *detail)
{
	if (without_btf(f, detail) == FEATURE_NO)
		return FEATURE_NO;
	return verdict(load(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "task"), detail);
}

enum feature_state feature_raw_tracepoint(struct features *f, struct buf *detail)
{
	(void)f;
	return verdict(load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, NULL), detail);
}

static int open_perf_event(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
	};

	return fd_or_error(
		(int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC));
}

enum feature_state feature_perf_buffer(struct features *f, struct buf *detail)
{
	int fd = open_perf_event();

	(void)f;
	if (fd == -EACCES || fd == -EPERM) {
		buf_adds(detail, "perf events are not permitted");
		return FEATURE_NO;
	}
	if (fd < 0)
		return verdict(fd, detail);
	close(fd);
	return verdict(fd_or_error(bpf_map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "saker_probe", 4,
						  4, 1, NULL)),
		       detail);
}

/*
 * From 5.11 on the memory of maps counts for the control group.  Before, it counts for
 * RLIMIT_MEMLOCK, which CAP_SYS_RESOURCE may raise: a map of some size is created.
 */
enum feature_state feature_memlock(struct features *f, struct buf *detail)
{
	struct rlimit rl = { 0 };
	enum feature_state state;

	(void)f;
	getrlimit(RLIMIT_MEMLOCK, &rl);
	if (caps_has(24)) {
		buf_adds(detail, "may be raised");
		return FEATURE_YES;
	}
	state = verdict(fd_or_error(bpf_map_create(BPF_MAP_TYPE_ARRAY, "saker_probe", 4, 1 << 20,
						   24, NULL)),
			detail);
	if (state == FEATURE_YES)
		buf_adds(detail, "large maps can be created");
	else
		buf_addf(detail, ": RLIMIT_MEMLOCK is %llu KiB",
			 (unsigned long long)rl.rlim_cur / 1024);
	return state;
}
