/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts, in a namespace of its own: mount, umount2, fsconfig, and the layers of overlayfs. */
#include "expect.h"
#include <sched.h>
#include <sys/mount.h>

/* of linux/mount.h, which does not go together with sys/mount.h everywhere */
enum { SET_FLAG = 0, SET_STRING = 1, SET_BINARY = 2, SET_FD = 5, CREATE = 6 };

static void mounts(void)
{
	EXPECT(SYSCALL_MOUNT_X, I(res, SYS(mount, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL)),
	       S(dev, "none"), S(dir, "/"), NONE(type), I(flags, 16384 | 262144));
	MUST(mkdir("mnt", 0755));
	EXPECT(SYSCALL_MOUNT_X,
	       I(res, SYS(mount, "saker", "mnt", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "")),
	       S(dev, "saker"), S(dir, "mnt"), S(type, "tmpfs"), I(flags, 2 | 4 | 8));
	EXPECT(SYSCALL_MOUNT_X, I(res, SYS(mount, "x", "none", "ext4", MS_RDONLY, NULL)),
	       S(dev, "x"), S(dir, "none"), S(type, "ext4"), I(flags, 1));
	/* the magic number of old callers is no flag */
	EXPECT(SYSCALL_MOUNT_X, I(res, SYS(mount, BAD_PTR, "mnt", "ext4", 0xc0ed0001UL, NULL)),
	       NONE(dev), S(dir, "mnt"), S(type, "ext4"), I(flags, 1));
	EXPECT(SYSCALL_UMOUNT2_X, I(res, SYS(umount2, "mnt", MNT_DETACH)), S(name, "mnt"),
	       I(flags, 2));
	EXPECT(SYSCALL_UMOUNT2_X, I(res, SYS(umount2, "none", UMOUNT_NOFOLLOW)), S(name, "none"),
	       I(flags, 8));
}

static void configuration(void)
{
	long fs = MUST(syscall(430, "tmpfs", 0));

	EXPECT(SYSCALL_FSCONFIG_X, I(res, SYS(fsconfig, fs, SET_STRING, "size", "1M", 0)),
	       I(fd, fs), I(cmd, 1), S(key, "size"), NONE(value_bytebuf),
	       S(value_charbuf, "1M"), I(aux, 0));
	EXPECT(SYSCALL_FSCONFIG_X, I(res, SYS(fsconfig, fs, SET_FLAG, "ro", NULL, 0)), I(fd, fs),
	       I(cmd, 0), S(key, "ro"), NONE(value_bytebuf), NONE(value_charbuf), I(aux, 0));
	EXPECT(SYSCALL_FSCONFIG_X, I(res, SYS(fsconfig, fs, SET_STRING, "size", "junk", 0)),
	       I(fd, fs), I(cmd, 1), S(key, "size"), NONE(value_bytebuf),
	       S(value_charbuf, "junk"), I(aux, 0));
	EXPECT(SYSCALL_FSCONFIG_X, I(res, SYS(fsconfig, BAD_FD, SET_FD, "fd", NULL, 77)),
	       I(fd, BAD_FD), I(cmd, 5), S(key, "fd"), NONE(value_bytebuf),
	       NONE(value_charbuf), I(aux, 77));
	EXPECT(SYSCALL_FSCONFIG_X, I(res, SYS(fsconfig, fs, CREATE, NULL, NULL, 0)), I(fd, fs),
	       I(cmd, 6), NONE(key), NONE(value_bytebuf), NONE(value_charbuf), I(aux, 0));
}

static void put_file(const char *path)
{
	int fd = MUST(open(path, O_CREAT | O_WRONLY, 0755));

	MUST(write(fd, "text", 4));
	close(fd);
}

static void expect_layer(const char *path, int flags, int portable)
{
	long fd = SYS(openat, AT_FDCWD, path, flags, 0600);
	struct stat st;

	MUST(fd);
	MUST(fstat((int)fd, &st));
	EXPECT(SYSCALL_OPENAT_2_X, I(fd, fd), I(dirfd, -100), S(name, path), I(flags, portable),
	       I(mode, flags & O_CREAT ? 0600 : 0), I(dev, st.st_dev), I(ino, st.st_ino));
}

static void layers(void)
{
	struct stat st;
	long fd;

	MUST(mkdir("lower", 0755));
	MUST(mkdir("upper", 0755));
	MUST(mkdir("work", 0755));
	MUST(mkdir("all", 0755));
	put_file("lower/below");
	put_file("upper/above");
	if (mount("overlay", "all", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work"))
		return;
	expect_layer("all/below", O_RDONLY, PO_RDONLY | PO_LOWER);
	expect_layer("all/above", O_RDONLY, PO_RDONLY | PO_UPPER);
	expect_layer("all/new", O_RDWR | O_CREAT, PO_RDWR | PO_CREAT | PO_CREATED | PO_UPPER);
	/* to write is to copy up */
	expect_layer("all/below", O_WRONLY, PO_WRONLY | PO_UPPER);
	fd = SYS(creat, "all/newer", 0600);
	MUST(fd);
	MUST(fstat((int)fd, &st));
	EXPECT(SYSCALL_CREAT_X, I(fd, fd), S(name, "all/newer"), I(mode, 0600), I(dev, st.st_dev),
	       I(ino, st.st_ino), I(creat_flags, 1));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	MUST(unshare(CLONE_NEWNS));
	mounts();
	configuration();
	layers();
	return expect_done(argv);
}
