/* SPDX-License-Identifier: Apache-2.0 */
/* open, creat, openat, openat2: flags, modes, directories, long paths, device and inode. */
#include "expect.h"
#include <linux/openat2.h>

static char cwd[4096];

static struct stat stat_of(long fd)
{
	struct stat st = { 0 };

	if (fd >= 0)
		MUST(fstat((int)fd, &st));
	return st;
}

static void expect_open(long fd, const char *name, int flags, int mode)
{
	struct stat st = stat_of(fd);

	EXPECT(SYSCALL_OPEN_X, I(fd, fd), S(name, name), I(flags, flags), I(mode, mode),
	       I(dev, st.st_dev), I(ino, st.st_ino));
}

static void expect_creat(long fd, const char *name, int mode)
{
	struct stat st = stat_of(fd);

	EXPECT(SYSCALL_CREAT_X, I(fd, fd), S(name, name), I(mode, mode), I(dev, st.st_dev),
	       I(ino, st.st_ino), I(creat_flags, 0));
}

static void expect_openat(long fd, long dirfd, const char *name, int flags, int mode)
{
	struct stat st = stat_of(fd);

	EXPECT(SYSCALL_OPENAT_2_X, I(fd, fd), I(dirfd, dirfd), S(name, name), I(flags, flags),
	       I(mode, mode), I(dev, st.st_dev), I(ino, st.st_ino));
}

static void expect_openat2(long fd, long dirfd, const char *name, int flags, int mode,
			   int resolve)
{
	struct stat st = stat_of(fd);

	EXPECT(SYSCALL_OPENAT2_X, I(fd, fd), I(dirfd, dirfd), S(name, name), I(flags, flags),
	       I(mode, mode), I(resolve, resolve), I(dev, st.st_dev), I(ino, st.st_ino));
}

static void open_family(void)
{
	expect_open(SYS(open, "none", O_RDONLY, 0), "none", PO_RDONLY, 0);
	expect_open(SYS(open, "new", O_RDWR | O_CREAT | O_EXCL, 0640), "new",
		    PO_RDWR | PO_CREAT | PO_EXCL | PO_CREATED, 0640);
	expect_open(SYS(open, "new", O_RDWR | O_CREAT | O_EXCL, 0640), "new",
		    PO_RDWR | PO_CREAT | PO_EXCL, 0640);
	/* not created now: no PO_CREATED */
	expect_open(SYS(open, "new", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 04755), "new",
		    PO_WRONLY | PO_CREAT | PO_TRUNC | PO_APPEND, 04755);
	/* O_SYNC holds the bit of O_DSYNC, and is said to be set by either */
	expect_open(SYS(open, "new", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_DSYNC, 0), "new",
		    PO_WRONLY | PO_NONBLOCK | PO_CLOEXEC | PO_DSYNC | PO_SYNC, 0);
	expect_open(SYS(open, "new", O_RDONLY | O_SYNC, 0), "new",
		    PO_RDONLY | PO_SYNC | PO_DSYNC, 0);
	expect_open(SYS(open, BAD_PTR, O_RDONLY, 0), NULL, PO_RDONLY, 0);
	expect_open(SYS(open, "", O_RDONLY, 0), "", PO_RDONLY, 0);
	expect_creat(SYS(creat, "made", 0600), "made", 0600);
	expect_creat(SYS(creat, "none/made", 0604), "none/made", 0604);
}

static void relative(void)
{
	char path[4200];
	long dir;

	MUST(mkdir("dir", 0755));
	MUST(symlink("new", "link"));
	dir = SYS(openat, AT_FDCWD, "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	/* O_TMPFILE holds the bit of O_DIRECTORY, and is said to be set by either */
	expect_openat(dir, AT_FDCWD, "dir", PO_RDONLY | PO_DIRECTORY | PO_TMPFILE | PO_CLOEXEC, 0);
	expect_openat(SYS(openat, dir, "file", O_RDWR | O_CREAT, 0600), dir, "file",
		      PO_RDWR | PO_CREAT | PO_CREATED, 0600);
	expect_openat(SYS(openat, dir, "../link", O_RDONLY, 0), dir, "../link", PO_RDONLY, 0);
	expect_openat(SYS(openat, dir, "../link", O_RDONLY | O_NOFOLLOW, 0), dir, "../link",
		      PO_RDONLY, 0);
	expect_openat(SYS(openat, BAD_FD, "file", O_RDONLY, 0), BAD_FD, "file", PO_RDONLY, 0);
	expect_openat(SYS(openat, -1, "file", O_RDONLY, 0), -1, "file", PO_RDONLY, 0);
	snprintf(path, sizeof(path), "%s/dir/../dir/file", cwd);
	expect_openat(SYS(openat, BAD_FD, path, O_RDONLY, 0), BAD_FD, path, PO_RDONLY, 0);
	expect_openat(SYS(openat, AT_FDCWD, BAD_PTR, O_WRONLY, 0), -100, NULL, PO_WRONLY, 0);
	expect_openat(SYS(openat, AT_FDCWD, "new", 3, 0), -100, "new", PO_RDONLY, 0);
}

static void temporary(void)
{
	long fd = SYS(openat, AT_FDCWD, ".", O_RDWR | O_TMPFILE, 0611);
	struct stat st = stat_of(fd);

	EXPECT(SYSCALL_OPENAT_2_X, I(fd, fd), I(dirfd, -100), S(name, "."),
	       I(flags, PO_RDWR | PO_TMPFILE | PO_DIRECTORY), I(mode, 0611),
	       I(dev, st.st_dev), I(ino, st.st_ino));
}

static void long_path(void)
{
	char path[4096 + 300];
	size_t n = 0;
	long res;

	while (n < 1500)
		n += (size_t)sprintf(path + n, "dir/../");
	strcpy(path + n, "new");
	expect_openat(SYS(openat, AT_FDCWD, path, O_RDONLY, 0), -100, path, PO_RDONLY, 0);
	strcpy(path + n, "none");
	expect_openat(SYS(openat, AT_FDCWD, path, O_RDONLY, 0), -100, path, PO_RDONLY, 0);
	while (n < 4000)
		n += (size_t)sprintf(path + n, "dir/../");
	strcpy(path + n, "new");
	expect_openat(SYS(openat, AT_FDCWD, path, O_RDONLY, 0), -100, path, PO_RDONLY, 0);
	/* what the kernel takes for too long is cut to what it takes */
	while (n < 4180)
		n += (size_t)sprintf(path + n, "dir/../");
	res = SYS(openat, AT_FDCWD, path, O_RDONLY, 0);
	path[4095] = 0;
	expect_openat(res, -100, path, PO_RDONLY, 0);
}

static long openat2(long dirfd, const char *name, uint64_t flags, uint64_t mode,
		    uint64_t resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	return SYS(openat2, dirfd, name, &how, sizeof(how));
}

static void openat2_family(void)
{
	long dir = MUST(open("dir", O_RDONLY));

	expect_openat2(openat2(dir, "second", O_WRONLY | O_CREAT, 0700, RESOLVE_BENEATH), dir,
		       "second", PO_WRONLY | PO_CREAT | PO_CREATED, 0700, 1);
	expect_openat2(openat2(dir, "../new", O_RDONLY, 0, RESOLVE_BENEATH), dir, "../new",
		       PO_RDONLY, 0, 1);
	expect_openat2(openat2(AT_FDCWD, "link", O_RDONLY, 0, RESOLVE_NO_SYMLINKS), -100, "link",
		       PO_RDONLY, 0, 8);
	expect_openat2(openat2(AT_FDCWD, "new", O_RDONLY | O_CLOEXEC, 0,
			       RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV),
		       -100, "new", PO_RDONLY | PO_CLOEXEC, 0, 2 | 4 | 16);
	expect_openat2(openat2(BAD_FD, "new", O_RDONLY, 0, 0), BAD_FD, "new", PO_RDONLY, 0, 0);
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	if (!getcwd(cwd, sizeof(cwd)))
		die("getcwd");
	umask(0);
	open_family();
	relative();
	temporary();
	long_path();
	openat2_family();
	return expect_done(argv);
}
