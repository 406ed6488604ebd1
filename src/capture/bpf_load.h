/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading and attaching the classic eBPF programs, each on its own: one that is rejected is left
 * out and named.  Only file descriptors are kept, so all of it goes when this process goes.
 */
#ifndef SAKER_CAPTURE_BPF_LOAD_H
#define SAKER_CAPTURE_BPF_LOAD_H

#include "capture/bpf_object.h"
#include "capture/driver.h"

/* Where programs are attached.  A kernel without raw tracepoints has the same as plain ones. */
enum bpf_entry {
	ENTRY_EXIT, ENTRY_ENTER, ENTRY_EXEC, ENTRY_FORK, ENTRY_TASK_EXIT,
	/* of one event, attached while that is wanted */
	ENTRY_POINTS, ENTRY_SIGNAL = ENTRY_POINTS, ENTRY_SWITCH, ENTRY_FAULT_USER, ENTRY_FAULT_KERNEL, ENTRIES
};

struct bpf_loader {
	struct bpf_probe probe;
	const struct driver_options *opt;	/* borrowed */
	bool plain;			/* tracepoints are plain ones */
	int maps[MAP_COUNT];		/* owned; -1: none */
	int entries[ENTRIES];		/* programs that are attached, or were; of fds; -1: none */
	int links[ENTRIES];		/* owned: what attaches those of one event; -1: none */
	int raw_exit;			/* that program, one of fds; -1: none */
	bool steps;			/* are loaded */
	bool filter_steps, filter_end;	/* were tried; the last one was taken */
	bool filter_paths;		/* those that look at paths were */
	bool loaded[EV_MAX], rejected[EV_MAX];
	bool attached[ENTRIES], refused[ENTRIES];
	VEC(int) fds;			/* owned: programs and what attaches them */
	u32 serial;			/* of the kernel filter before */
	struct bpf_settings settings;	/* as the programs have them */
};

/* opt must live as long. */
void bpf_loader_init(struct bpf_loader *l, const struct driver_options *opt);
void bpf_loader_fini(struct bpf_loader *l);
int bpf_loader_maps(struct bpf_loader *l, u32 ncpus, struct diag *d);
/*
 * Loads and attaches what `in` needs and is missing, and tells the programs.  Returns 0 or a
 * negative errno with d set.
 */
int bpf_loader_load(struct bpf_loader *l, const struct interest *in, struct diag *d);
int bpf_loader_settings(struct bpf_loader *l);
/*
 * Hands the kernel filter to the programs; NULL: none.  Loads its steps the first time; without those that look at
 * paths it is weaker, and filter_paths is false afterwards.  Returns 0 or a negative errno with d set.
 */
int bpf_loader_filter(struct bpf_loader *l, const struct kfilter *f, struct diag *d);
/* Those that are attached; what they call counts as theirs. */
void bpf_loader_programs(const struct bpf_loader *l, struct programs_visitor *v);

/*
 * Loads one program.  Returns its descriptor, or a negative errno and the verifier's words in log
 * (size bytes; log_level as in the bpf() interface, 0: only after a failure).
 */
int bpf_load_code(const struct bpf_loader *l, const struct bpf_code *code, bool plain, u32 log_level,
		  char *log, size_t size);

#endif
