/* SPDX-License-Identifier: Apache-2.0 */
/* What files are: chmod and chown families, stat family, access, flock, lseek, getdents. */
#include "expect.h"
#include <sys/file.h>

static long dir, file;

static void modes(void)
{
	EXPECT(SYSCALL_CHMOD_X, I(res, SYS(chmod, "d/f", 06755)), S(filename, "d/f"),
	       I(mode, 06755));
	EXPECT(SYSCALL_CHMOD_X, I(res, SYS(chmod, "none", 01777)), S(filename, "none"),
	       I(mode, 01777));
	EXPECT(SYSCALL_FCHMOD_X, I(res, SYS(fchmod, file, 0604)), I(fd, file), I(mode, 0604));
	EXPECT(SYSCALL_FCHMOD_X, I(res, SYS(fchmod, BAD_FD, 0600)), I(fd, BAD_FD), I(mode, 0600));
	EXPECT(SYSCALL_FCHMODAT_X, I(res, SYS(fchmodat, dir, "f", 04711)), I(dirfd, dir),
	       S(filename, "f"), I(mode, 04711));
	EXPECT(SYSCALL_FCHMODAT_X, I(res, SYS(fchmodat, AT_FDCWD, "f", 0600)), I(dirfd, -100),
	       S(filename, "f"), I(mode, 0600));
}

static void owners(void)
{
	EXPECT(SYSCALL_CHOWN_X, I(res, SYS(chown, "d/f", 1, 2)), S(path, "d/f"), I(uid, 1),
	       I(gid, 2));
	EXPECT(SYSCALL_CHOWN_X, I(res, SYS(chown, BAD_PTR, 1, 2)), NONE(path), I(uid, 1),
	       I(gid, 2));
	EXPECT(SYSCALL_LCHOWN_X, I(res, SYS(lchown, "link", -1, 65534)), S(path, "link"),
	       I(uid, 0xffffffff), I(gid, 65534));
	EXPECT(SYSCALL_LCHOWN_X, I(res, SYS(lchown, "none", 3, -1)), S(path, "none"), I(uid, 3),
	       I(gid, 0xffffffff));
	EXPECT(SYSCALL_FCHOWN_X, I(res, SYS(fchown, file, 4, 5)), I(fd, file), I(uid, 4),
	       I(gid, 5));
	EXPECT(SYSCALL_FCHOWN_X, I(res, SYS(fchown, -1, 4, 5)), I(fd, -1), I(uid, 4), I(gid, 5));
	EXPECT(SYSCALL_FCHOWNAT_X, I(res, SYS(fchownat, file, "", 6, 7, AT_EMPTY_PATH)),
	       I(dirfd, file), S(pathname, ""), I(uid, 6), I(gid, 7), I(flags, 4096));
	EXPECT(SYSCALL_FCHOWNAT_X, I(res, SYS(fchownat, AT_FDCWD, "none", 6, 7, 0)),
	       I(dirfd, -100), S(pathname, "none"), I(uid, 6), I(gid, 7), I(flags, 0));
}

static void stats(void)
{
	struct stat st;

	EXPECT(SYSCALL_STAT_X, I(res, SYS(stat, "d/f", &st)), S(path, "d/f"));
	EXPECT(SYSCALL_STAT_X, I(res, SYS(stat, "link", &st)), S(path, "link"));
	EXPECT(SYSCALL_LSTAT_X, I(res, SYS(lstat, "link", &st)), S(path, "link"));
	EXPECT(SYSCALL_LSTAT_X, I(res, SYS(lstat, "none", &st)), S(path, "none"));
	EXPECT(SYSCALL_FSTAT_X, I(res, SYS(fstat, file, &st)), I(fd, file));
	EXPECT(SYSCALL_FSTAT_X, I(res, SYS(fstat, BAD_FD, &st)), I(fd, BAD_FD));
	EXPECT(SYSCALL_NEWFSTATAT_X, I(res, SYS(newfstatat, dir, "f", &st, AT_SYMLINK_NOFOLLOW)),
	       I(dirfd, dir), S(path, "f"), I(flags, 256));
	EXPECT(SYSCALL_NEWFSTATAT_X, I(res, SYS(newfstatat, file, "", &st, AT_EMPTY_PATH)),
	       I(dirfd, file), S(path, ""), I(flags, 4096));
	EXPECT(SYSCALL_NEWFSTATAT_X,
	       I(res, SYS(newfstatat, AT_FDCWD, "none", &st, AT_NO_AUTOMOUNT)),
	       I(dirfd, -100), S(path, "none"), I(flags, 2048));
	EXPECT(SYSCALL_ACCESS_X, I(res, SYS(access, "d/f", R_OK | W_OK)), S(name, "d/f"),
	       I(mode, 4 | 2));
	EXPECT(SYSCALL_ACCESS_X, I(res, SYS(access, "none", F_OK)), S(name, "none"), I(mode, 0));
	EXPECT(SYSCALL_ACCESS_X, I(res, SYS(access, "none", X_OK)), S(name, "none"), I(mode, 1));
}

static void positions(void)
{
	static char buf[4096];

	EXPECT(SYSCALL_FLOCK_X, I(res, SYS(flock, file, LOCK_EX | LOCK_NB)), I(fd, file),
	       I(operation, 2 | 4));
	EXPECT(SYSCALL_FLOCK_X, I(res, SYS(flock, file, LOCK_SH)), I(fd, file), I(operation, 1));
	EXPECT(SYSCALL_FLOCK_X, I(res, SYS(flock, file, LOCK_UN)), I(fd, file), I(operation, 8));
	EXPECT(SYSCALL_FLOCK_X, I(res, SYS(flock, BAD_FD, LOCK_UN)), I(fd, BAD_FD),
	       I(operation, 8));
	EXPECT(SYSCALL_LSEEK_X, I(res, SYS(lseek, file, 0x123456789L, SEEK_SET)), I(fd, file),
	       I(offset, 0x123456789L), I(whence, 0));
	EXPECT(SYSCALL_LSEEK_X, I(res, SYS(lseek, file, -9L, SEEK_CUR)), I(fd, file),
	       I(offset, -9), I(whence, 1));
	EXPECT(SYSCALL_LSEEK_X, I(res, SYS(lseek, file, -100L, SEEK_END)), I(fd, file),
	       I(offset, -100), I(whence, 2));
	EXPECT(SYSCALL_GETDENTS_X, I(res, SYS(getdents, dir, buf, sizeof(buf))), I(fd, dir));
	EXPECT(SYSCALL_GETDENTS_X, I(res, SYS(getdents, file, buf, sizeof(buf))), I(fd, file));
	MUST(lseek((int)dir, 0, SEEK_SET));
	EXPECT(SYSCALL_GETDENTS64_X, I(res, SYS(getdents64, dir, buf, sizeof(buf))), I(fd, dir));
	EXPECT(SYSCALL_GETDENTS64_X, I(res, SYS(getdents64, BAD_FD, buf, sizeof(buf))),
	       I(fd, BAD_FD));
}

static void absent(void)
{
	struct stat st;

	EXPECT(SYSCALL_STAT_X, I(res, SYS(stat, BAD_PTR, &st)), NONE(path));
	EXPECT(SYSCALL_ACCESS_X, I(res, SYS(access, BAD_PTR, R_OK)), NONE(name), I(mode, 4));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	MUST(mkdir("d", 0755));
	MUST(symlink("nowhere", "link"));
	dir = MUST(open("d", O_RDONLY | O_DIRECTORY));
	file = MUST(open("d/f", O_RDWR | O_CREAT, 0600));
	modes();
	owners();
	stats();
	positions();
	absent();
	return expect_done(argv);
}
