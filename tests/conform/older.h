/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syscalls that younger architectures do not have.  There SYS() makes the call that took the
 * place of the old one, so that a program goes on as it should, and what is expected of the
 * old one is left out.
 */
#ifndef TESTS_CONFORM_OLDER_H
#define TESTS_CONFORM_OLDER_H

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define OLDER_CALLS 100000

enum {
	SYS_access = OLDER_CALLS, SYS_chmod, SYS_chown, SYS_creat, SYS_dup2, SYS_epoll_create,
	SYS_epoll_wait, SYS_eventfd, SYS_fork, SYS_getdents, SYS_inotify_init, SYS_lchown, SYS_link,
	SYS_lstat, SYS_mkdir, SYS_mknod, SYS_open, SYS_pipe, SYS_poll, SYS_rename, SYS_rmdir,
	SYS_select, SYS_signalfd, SYS_stat, SYS_symlink, SYS_unlink,
};

static inline long older_wait(long nr, const long *a)
{
	const struct timeval *tv = (const struct timeval *)a[4];
	struct timespec ts = { 0 };

	if (nr == SYS_select) {
		if (tv)
			ts = (struct timespec){ tv->tv_sec, tv->tv_usec * 1000 };
		return syscall(SYS_pselect6, a[0], a[1], a[2], a[3], tv ? &ts : NULL, NULL);
	}
	ts = (struct timespec){ (int)a[2] / 1000, (int)a[2] % 1000 * 1000000 };
	return syscall(SYS_ppoll, a[0], a[1], (int)a[2] < 0 ? NULL : &ts, NULL, 8L);
}

static inline long older_call(long nr, ...)
{
	long a[6], cwd = AT_FDCWD;
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	switch (nr) {
	case SYS_access: return syscall(SYS_faccessat, cwd, a[0], a[1]);
	case SYS_chmod: return syscall(SYS_fchmodat, cwd, a[0], a[1]);
	case SYS_chown: return syscall(SYS_fchownat, cwd, a[0], a[1], a[2], 0L);
	case SYS_creat: return syscall(SYS_openat, cwd, a[0], O_CREAT | O_WRONLY | O_TRUNC, a[1]);
	case SYS_dup2: return syscall(SYS_dup3, a[0], a[1], 0L);
	case SYS_epoll_create: return syscall(SYS_epoll_create1, 0L);
	case SYS_epoll_wait: return syscall(SYS_epoll_pwait, a[0], a[1], a[2], a[3], NULL, 8L);
	case SYS_eventfd: return syscall(SYS_eventfd2, a[0], 0L);
	case SYS_fork: return syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L);
	case SYS_getdents: return syscall(SYS_getdents64, a[0], a[1], a[2]);
	case SYS_inotify_init: return syscall(SYS_inotify_init1, 0L);
	case SYS_lchown: return syscall(SYS_fchownat, cwd, a[0], a[1], a[2], AT_SYMLINK_NOFOLLOW);
	case SYS_link: return syscall(SYS_linkat, cwd, a[0], cwd, a[1], 0L);
	case SYS_lstat: return syscall(SYS_newfstatat, cwd, a[0], a[1], AT_SYMLINK_NOFOLLOW);
	case SYS_mkdir: return syscall(SYS_mkdirat, cwd, a[0], a[1]);
	case SYS_mknod: return syscall(SYS_mknodat, cwd, a[0], a[1], a[2]);
	case SYS_open: return syscall(SYS_openat, cwd, a[0], a[1], a[2]);
	case SYS_pipe: return syscall(SYS_pipe2, a[0], 0L);
	case SYS_rename: return syscall(SYS_renameat, cwd, a[0], cwd, a[1]);
	case SYS_rmdir: return syscall(SYS_unlinkat, cwd, a[0], AT_REMOVEDIR);
	case SYS_signalfd: return syscall(SYS_signalfd4, a[0], a[1], a[2], 0L);
	case SYS_stat: return syscall(SYS_newfstatat, cwd, a[0], a[1], 0L);
	case SYS_symlink: return syscall(SYS_symlinkat, a[0], cwd, a[1]);
	case SYS_unlink: return syscall(SYS_unlinkat, cwd, a[0], 0L);
	}
	return older_wait(nr, a);
}

#endif
