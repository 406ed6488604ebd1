/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a system offers to drivers: a row each, asked once and only when somebody wants to
 * know.  Features are tried, not derived from the kernel's version: distributions carry
 * changes back, and policies take things away.
 */
#ifndef SAKER_SETUP_FEATURE_H
#define SAKER_SETUP_FEATURE_H

#include "base/buf.h"
#include "setup/system.h"

enum feature {
	FEAT_CAP_BPF, FEAT_CAP_PERFMON, FEAT_CAP_SYS_ADMIN, FEAT_CAP_SYS_PTRACE, FEAT_CAP_SYS_RESOURCE,
	FEAT_CAP_SYS_MODULE,
	FEAT_BTF, FEAT_RINGBUF, FEAT_TRACING, FEAT_FENTRY, FEAT_ITERATORS,
	FEAT_RAW_TRACEPOINT, FEAT_PERF_BUFFER, FEAT_PERF_PARANOID, FEAT_TRACEFS,
	FEAT_BPF_READS, FEAT_MEMLOCK, FEAT_UNPRIVILEGED_BPF,
	FEAT_MODULES, FEAT_SIGNING,
	FEAT_HEADERS, FEAT_SOURCES, FEAT_MAKE, FEAT_CC, FEAT_CLANG,
	FEAT_DEVICE, FEAT_MODULE_FILE, FEAT_PROBE_FILE,
	FEAT_YAMA, FEAT_SECCOMP, FEAT_TARGET,
	NFEATURES
};

enum feature_state {
	FEATURE_UNASKED,
	FEATURE_NO,
	FEATURE_YES,
	FEATURE_UNKNOWN,	/* it could not be asked; as good as there until it is tried */
};

struct features {
	struct system *sys;		/* borrowed */
	enum feature_state state[NFEATURES];
	struct buf detail[NFEATURES];	/* what was found: "2", "/sys/kernel/btf/vmlinux, 5 MiB" */
};

struct feature_row {
	const char *name;	/* "perf_event_paranoid" */
	const char *what;	/* "perf events for this user" */
	/* What is found goes to detail. */
	enum feature_state (*probe)(struct features *f, struct buf *detail);
	const char *remedy;	/* when it is missing: a sentence that tells the next step */
	bool local;		/* about the running kernel: unknown for another one */
};

extern const struct feature_row feature_rows[NFEATURES];

void features_init(struct features *f, struct system *sys);
void features_fini(struct features *f);
/* Asks when it was not asked before. */
enum feature_state feature_state(struct features *f, enum feature x);
/* Is it there, or might it be? */
bool feature_usable(struct features *f, enum feature x);
const char *feature_detail(struct features *f, enum feature x);

/* Of the rows; in feature_bpf.c. */
enum feature_state feature_ringbuf(struct features *f, struct buf *detail);
enum feature_state feature_tracing(struct features *f, struct buf *detail);
enum feature_state feature_fentry(struct features *f, struct buf *detail);
enum feature_state feature_iterators(struct features *f, struct buf *detail);
enum feature_state feature_raw_tracepoint(struct features *f, struct buf *detail);
enum feature_state feature_perf_buffer(struct features *f, struct buf *detail);
enum feature_state feature_memlock(struct features *f, struct buf *detail);

#endif
