/* SPDX-License-Identifier: Apache-2.0 */
/* Names: mkdir, rmdir, unlink, link, symlink, rename and their *at forms, mknod. */
#include "expect.h"

static long dir;

static void directories(void)
{
	EXPECT(SYSCALL_MKDIR_2_X, I(res, SYS(mkdir, "d", 0751)), S(path, "d"), I(mode, 0751));
	EXPECT(SYSCALL_MKDIR_2_X, I(res, SYS(mkdir, "d", 02000)), S(path, "d"), I(mode, 02000));
	EXPECT(SYSCALL_MKDIR_2_X, I(res, SYS(mkdir, BAD_PTR, 0700)), NONE(path), I(mode, 0700));
	dir = MUST(open("d", O_RDONLY | O_DIRECTORY));
	EXPECT(SYSCALL_MKDIRAT_X, I(res, SYS(mkdirat, dir, "sub", 0700)), I(dirfd, dir),
	       S(path, "sub"), I(mode, 0700));
	EXPECT(SYSCALL_MKDIRAT_X, I(res, SYS(mkdirat, AT_FDCWD, "d/x", 0711)), I(dirfd, -100),
	       S(path, "d/x"), I(mode, 0711));
	EXPECT(SYSCALL_MKDIRAT_X, I(res, SYS(mkdirat, BAD_FD, "sub", 0701)), I(dirfd, BAD_FD),
	       S(path, "sub"), I(mode, 0701));
	EXPECT(SYSCALL_RMDIR_2_X, I(res, SYS(rmdir, "d/x")), S(path, "d/x"));
	EXPECT(SYSCALL_RMDIR_2_X, I(res, SYS(rmdir, "d")), S(path, "d"));
}

static void links(void)
{
	MUST(close(MUST(open("f", O_CREAT | O_RDWR, 0600))));
	EXPECT(SYSCALL_LINK_2_X, I(res, SYS(link, "f", "g")), S(oldpath, "f"), S(newpath, "g"));
	EXPECT(SYSCALL_LINK_2_X, I(res, SYS(link, "none", "h")), S(oldpath, "none"),
	       S(newpath, "h"));
	EXPECT(SYSCALL_LINKAT_2_X, I(res, SYS(linkat, AT_FDCWD, "f", dir, "l", AT_SYMLINK_FOLLOW)),
	       I(olddir, -100), S(oldpath, "f"), I(newdir, dir), S(newpath, "l"),
	       I(flags, 1024));
	EXPECT(SYSCALL_LINKAT_2_X, I(res, SYS(linkat, BAD_FD, "", dir, "m", AT_EMPTY_PATH)),
	       I(olddir, BAD_FD), S(oldpath, ""), I(newdir, dir), S(newpath, "m"),
	       I(flags, 4096));
	EXPECT(SYSCALL_SYMLINK_X, I(res, SYS(symlink, "/no/where", "s")), S(target, "/no/where"),
	       S(linkpath, "s"));
	EXPECT(SYSCALL_SYMLINK_X, I(res, SYS(symlink, "to", "s")), S(target, "to"),
	       S(linkpath, "s"));
	EXPECT(SYSCALL_SYMLINKAT_X, I(res, SYS(symlinkat, "to", dir, "s")), S(target, "to"),
	       I(linkdirfd, dir), S(linkpath, "s"));
	EXPECT(SYSCALL_SYMLINKAT_X, I(res, SYS(symlinkat, "to", BAD_FD, "s")), S(target, "to"),
	       I(linkdirfd, BAD_FD), S(linkpath, "s"));
}

static void renames(void)
{
	EXPECT(SYSCALL_RENAME_X, I(res, SYS(rename, "g", "h")), S(oldpath, "g"), S(newpath, "h"));
	EXPECT(SYSCALL_RENAME_X, I(res, SYS(rename, "g", BAD_PTR)), S(oldpath, "g"),
	       NONE(newpath));
	EXPECT(SYSCALL_RENAMEAT_X, I(res, SYS(renameat, AT_FDCWD, "h", dir, "i")),
	       I(olddirfd, -100), S(oldpath, "h"), I(newdirfd, dir), S(newpath, "i"));
	EXPECT(SYSCALL_RENAMEAT_X, I(res, SYS(renameat, dir, "none", BAD_FD, "i")),
	       I(olddirfd, dir), S(oldpath, "none"), I(newdirfd, BAD_FD), S(newpath, "i"));
	EXPECT(SYSCALL_RENAMEAT2_X, I(res, SYS(renameat2, dir, "i", dir, "l", RENAME_EXCHANGE)),
	       I(olddirfd, dir), S(oldpath, "i"), I(newdirfd, dir), S(newpath, "l"), I(flags, 2));
	EXPECT(SYSCALL_RENAMEAT2_X,
	       I(res, SYS(renameat2, dir, "i", AT_FDCWD, "f", RENAME_NOREPLACE)),
	       I(olddirfd, dir), S(oldpath, "i"), I(newdirfd, -100), S(newpath, "f"),
	       I(flags, 1));
}

static void nodes(void)
{
	EXPECT(SYSCALL_MKNOD_X, I(res, SYS(mknod, "fifo", S_IFIFO | 0640, 0)), S(path, "fifo"),
	       I(mode, 4096 | 0640), I(dev, 0));
	EXPECT(SYSCALL_MKNOD_X, I(res, SYS(mknod, "fifo", S_IFREG | 01600, 0)), S(path, "fifo"),
	       I(mode, 32768 | 01600), I(dev, 0));
	EXPECT(SYSCALL_MKNODAT_X, I(res, SYS(mknodat, dir, "chr", S_IFCHR | 0600, 5)),
	       I(dirfd, dir), S(path, "chr"), I(mode, 8192 | 0600), I(dev, 5));
	EXPECT(SYSCALL_MKNODAT_X, I(res, SYS(mknodat, BAD_FD, "sock", S_IFSOCK | 0600, 0)),
	       I(dirfd, BAD_FD), S(path, "sock"), I(mode, 49152 | 0600), I(dev, 0));
	EXPECT(SYSCALL_MKNODAT_X, I(res, SYS(mknodat, AT_FDCWD, "none/b", S_IFBLK | 0600, 7)),
	       I(dirfd, -100), S(path, "none/b"), I(mode, 24576 | 0600), I(dev, 7));
}

static void removals(void)
{
	EXPECT(SYSCALL_UNLINK_2_X, I(res, SYS(unlink, "s")), S(path, "s"));
	EXPECT(SYSCALL_UNLINK_2_X, I(res, SYS(unlink, "s")), S(path, "s"));
	EXPECT(SYSCALL_UNLINKAT_2_X, I(res, SYS(unlinkat, dir, "l", 0)), I(dirfd, dir),
	       S(name, "l"), I(flags, 0));
	EXPECT(SYSCALL_UNLINKAT_2_X, I(res, SYS(unlinkat, dir, "sub", AT_REMOVEDIR)),
	       I(dirfd, dir), S(name, "sub"), I(flags, 512));
	EXPECT(SYSCALL_UNLINKAT_2_X, I(res, SYS(unlinkat, AT_FDCWD, BAD_PTR, 0)), I(dirfd, -100),
	       NONE(name), I(flags, 0));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	directories();
	links();
	renames();
	nodes();
	removals();
	return expect_done(argv);
}
