/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What exec is given: a vector of strings, a file name. */
#ifndef SAKER_DRIVERS_EXTRACT_EXEC_H
#define SAKER_DRIVERS_EXTRACT_EXEC_H

STEP(vector_step)
static inline_ bool vector_step(struct ctx *c, struct loop *l, u32 i)
{
	u64 addr = user_long(c, l->argv.addr, l->argv.first + i);

	if (!addr || position(c) - l->argv.start >= STR_MAX)
		return true;
	/* a page that nobody touched yet, after a fork */
	if (!put_user_str(c, addr, STR_MAX))
		put(c, "", 1);
	return false;
}

/* The strings of a vector in user space, from the first-th on. */
static inline_ void put_vector(struct ctx *c, u64 vector, u32 first)
{
	loop(c)->argv.addr = vector;
	loop(c)->argv.first = first;
	loop(c)->argv.start = position(c);
	run_steps(c, vector_step, ARGV_MAX, ARGV_MAX);
}

/*
 * exec: after success the strings of the new program, after a failure those that were
 * passed (vector: address of argv or envp).
 */
static inline_ struct done exec_exe(struct ctx *c, u64 vector)
{
	if (ret(c) >= 0)
		return task_exe(c);
	put_user_str(c, user_long(c, vector, 0), STR_MAX);
	return DONE;
}

static inline_ struct done exec_args(struct ctx *c, u64 vector)
{
	if (ret(c) >= 0)
		return task_args(c);
	put_vector(c, vector, 1);
	return DONE;
}

static inline_ struct done exec_env(struct ctx *c, u64 vector)
{
	if (ret(c) >= 0)
		return task_env(c);
	put_vector(c, vector, 0);
	return DONE;
}

/* As passed, or as the kernel copied it. */
static inline_ struct done exec_filename(struct ctx *c, u64 addr)
{
	if (!put_new_filename(c))
		put_user_str(c, addr, STR_MAX);
	return DONE;
}

#endif
