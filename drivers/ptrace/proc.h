/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A thread as /proc describes it. */
#ifndef SAKER_DRIVERS_PTRACE_PROC_H
#define SAKER_DRIVERS_PTRACE_PROC_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define PROC_TEXT 16384

/* The text of /proc/TID/name, ended; "" when it cannot be read.  Valid until the next call. */
static inline_ char *proc_text(s32 tgid, s32 tid, const char *name)
{
	static char text[PROC_TEXT];
	char path[96];
	ssize_t n = -1, got = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", tgid, tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && got < PROC_TEXT - 1) {
		n = read(fd, text + got, PROC_TEXT - 1 - got);
		if (n <= 0)
			break;
		got += n;
	}
	if (fd >= 0)
		close(fd);
	text[got] = 0;
	return text;
}

/* Field n of the text of a stat file, counted from 3 (what follows the name) on. */
static inline_ const char *stat_field(const char *text, u32 n)
{
	const char *p = strrchr(text, ')');

	for (p = p ? p + 1 : NULL; p && n > 3; n--)
		p = strchr(p + 1, ' ');
	return p ? p + 1 : "";
}

static inline_ const struct task_struct *load_stat(struct task_struct *t)
{
	const char *text;

	if (t->have_stat)
		return t;
	t->have_stat = true;
	text = proc_text(t->tgid, t->tid, "stat");
	t->tty = (u32)strtol(stat_field(text, 7), NULL, 10);
	t->min_flt = strtoull(stat_field(text, 10), NULL, 10);
	t->maj_flt = strtoull(stat_field(text, 12), NULL, 10);
	t->arg_start = strtoull(stat_field(text, 48), NULL, 10);
	t->arg_end = strtoull(stat_field(text, 49), NULL, 10);
	t->env_start = strtoull(stat_field(text, 50), NULL, 10);
	t->env_end = strtoull(stat_field(text, 51), NULL, 10);
	return t;
}

/* The n-th number after "\nkey:"; the last one for n < 0.  0: none. */
static inline_ u64 status_number(const char *text, const char *key, int n, int base)
{
	const char *p = strstr(text, key);
	u64 v = 0;

	if (!p)
		return 0;
	p += strlen(key);
	for (; n && *p != '\n'; n--) {
		char *end;

		v = strtoull(p, &end, base);
		if (end == p)
			return 0;
		p = end;
	}
	return v;
}

static inline_ u32 status_count(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	u32 n = 0;

	for (p = p ? p + strlen(key) : ""; *p && *p != '\n'; p++)
		n += *p == '\t';
	return n;
}

static inline_ struct task_struct *load_status(struct task_struct *t)
{
	const char *text;

	if (t->have_status)
		return t;
	t->have_status = true;
	text = proc_text(t->tgid, t->tid, "status");
	t->ppid = status_number(text, "\nPPid:", 1, 10);
	t->vtid = status_number(text, "\nNSpid:", -1, 10);
	t->vpid = status_number(text, "\nNStgid:", -1, 10);
	t->pgid = status_number(text, "\nNSpgid:", 1, 10);
	t->vpgid = status_number(text, "\nNSpgid:", -1, 10);
	t->nspids = status_count(text, "\nNSpid:");
	t->euid = status_number(text, "\nUid:", 2, 10);
	t->fsuid = status_number(text, "\nUid:", 4, 10);
	t->egid = status_number(text, "\nGid:", 2, 10);
	t->fsgid = status_number(text, "\nGid:", 4, 10);
	t->cap_inheritable = status_number(text, "\nCapInh:", 1, 16);
	t->cap_permitted = status_number(text, "\nCapPrm:", 1, 16);
	t->cap_effective = status_number(text, "\nCapEff:", 1, 16);
	t->vm_swap = status_number(text, "\nVmSwap:", 1, 10);
	return t;
}

/* Where a link of /proc/TID leads; "" when it cannot be read.  Valid until the next call. */
static inline_ char *proc_link(s32 tid, const char *name)
{
	static char target[STR_MAX + 64];
	char path[96];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = 0;
	return target;
}

/* For KREAD() of the rows. */
static inline_ const struct task_struct *load_exit_code(const struct task_struct *t)
{
	return t;
}

#define load_maj_flt(t) load_stat(t)
#define load_min_flt(t) load_stat(t)

static inline_ const struct inode *load_i_ino(const struct inode *inode)
{
	return inode;
}

#endif
