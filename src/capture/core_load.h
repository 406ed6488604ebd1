/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading the CO-RE programs.
 *
 * Programs that a later interest needs are loaded as another object on the same maps.  Only
 * file descriptors are kept: nothing is pinned, so the kernel drops all of it when this process
 * ends, however it ends.
 *
 * A program that the verifier rejects is tried again as its smaller variant, then left out;
 * both are told through driver_options.rejected.
 */
#ifndef SAKER_CAPTURE_CORE_LOAD_H
#define SAKER_CAPTURE_CORE_LOAD_H

#include "base/diag.h"
#include "base/vec.h"
#include "capture/core_object.h"
#include "capture/driver.h"
#include "schema/core_abi.h"

struct bpf_insn;

/* Programs that are neither an event's nor a hook's, by name.  The first ones are called by those. */
enum core_program {
	CORE_FINISH, CORE_HOLD, CORE_FILTER, CORE_TAILS, CORE_EXEC = CORE_TAILS, CORE_FORK, CORE_TASK_EXIT,
	/* at the tracepoint of one event, attached while that is wanted: drivers/core/points.h */
	CORE_POINTS, CORE_SIGNAL = CORE_POINTS, CORE_SWITCH, CORE_FAULT_USER, CORE_FAULT_KERNEL, CORE_PROGRAMS
};

enum core_map {
	CORE_SCRATCH, CORE_RINGS, CORE_STASHES, CORE_LIVE, CORE_FILTERS, CORE_SHARED,
	/* each group has its own */
	CORE_BY_CODE = CORE_SHARED, CORE_FINISHERS, CORE_MAPS
};

/* Kinds of places where syscalls are seen; see drivers/core/hooks.h. */
enum core_place {
	PLACE_ALL,		/* tracepoints of all calls */
	PLACE_ALL_COMPAT,	/* the same, for 32-bit programs only */
	PLACE_TRACE,		/* tracepoints of single calls or of all, by plain programs (tracepoint.h) */
	PLACE_CALL,		/* functions of single calls */
	PLACE_BLIND,		/* the same, where the BTF does not tell their argument */
	PLACE_DENIED,		/* the function that asks the seccomp filter, by its arguments */
	PLACE_DENIED_MAX = PLACE_DENIED + 3,
	CORE_PLACES
};

enum core_side { SIDE_EXIT, SIDE_ENTER, SIDES };

/* Every program has a number: its event's type, or one of these. */
enum {
	ID_PROGRAM = EV_MAX,			/* and enum core_program */
	ID_STUB = ID_PROGRAM + CORE_PROGRAMS,	/* and SIDES * place + side */
	CORE_IDS = ID_STUB + SIDES * CORE_PLACES
};

/* A program of hooks.h, as it was loaded for a first place. */
struct core_stub {
	int fd;			/* owned; -1: none */
	struct bpf_insn *insns;	/* for more places; owned */
	u32 n;
	u32 type, attach;	/* enum bpf_prog_type, enum bpf_attach_type */
};

/*
 * Programs that may tail-call each other.  The kernel wants them to be of one kind and, from
 * 6.12 on, loaded for functions of the same signature.
 */
struct core_group {
	enum core_place place;
	char *target;			/* the function they are loaded for; owned; NULL: none */
	u32 proto;			/* its type's number */
	struct interest codes;		/* whose events it captures */
	int maps[CORE_MAPS];		/* the group's own are owned; -1: not yet */
	bool loaded[CORE_IDS];
	struct core_stub stubs[SIDES];
	bool want_enter;
	VEC(int) fds;			/* maps that the stubs name; owned */
};

struct core_loader {
	u32 base;			/* the variant that fits this kernel */
	u8 variant[CORE_IDS];		/* the one that is tried next */
	struct core_config config;	/* of all objects */
	int btf[CORE_VARIANTS];		/* files with the part of the kernel's BTF that each needs; owned; -1: none */
	u32 nrings, ncpus;
	const int *ring_fds;		/* borrowed, nrings of them: what the map of rings holds */
	bool filled;			/* the map of rings is */
	bool plain;			/* programs at tracepoints must be plain ones */
	bool preallocate;		/* what is kept from entry to exit; see core_way.c */
	int maps[CORE_SHARED];		/* owned; -1: not yet */
	struct {
		int prog, link;		/* owned; -1: none */
	} others[CORE_PROGRAMS];	/* those that do not sit at syscalls, loaded by any group */
	const struct driver_options *opt;	/* borrowed */
};

void core_loader_init(struct core_loader *l);
void core_loader_fini(struct core_loader *l);
/* Drops what one way to attach does not leave to the next one. */
void core_loader_again(struct core_loader *l);

void core_group_init(struct core_group *g, enum core_place place);
void core_group_fini(struct core_group *g);

/*
 * Loads for a group what its codes need, and for all of them what `in` needs, and is missing.
 * Nothing is attached.  Returns 0 or a negative errno; d then may say more.
 */
int core_load(struct core_loader *l, struct core_group *g, const struct interest *in,
	      struct diag *d);
/* Do the events of a call tell of its descriptors?  The smallest programs' do not. */
bool core_sends_fds(const struct core_loader *l, u32 code);
/* Attaches the programs that do not sit at syscalls, and detaches those of a tracepoint that `in` does not need. */
int core_attach_others(struct core_loader *l, const struct interest *in);
/* What a program at the tracepoint of one event captures; 0: it is none. */
u32 core_point_code(u32 program);
/* Times that the kernel skipped a program. */
u64 core_program_missed(int prog);

#endif
