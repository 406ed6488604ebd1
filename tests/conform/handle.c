/* SPDX-License-Identifier: Apache-2.0 */
/* open_by_handle_at: the path is the kernel's. */
#include "expect.h"

static void with_handle(const char *cwd)
{
	struct { struct file_handle h; char room[128]; } f = { .h.handle_bytes = 128 };
	char path[4200];
	struct stat st;
	int mount_id;
	long fd;
	long mnt = MUST(open("/", O_RDONLY | O_DIRECTORY));

	MUST(close(MUST(open("file", O_CREAT | O_RDWR, 0600))));
	if (name_to_handle_at(AT_FDCWD, "file", &f.h, &mount_id, 0) < 0)
		die("name_to_handle_at");
	snprintf(path, sizeof(path), "%s/file", cwd);
	mnt = MUST(open(cwd, O_RDONLY | O_DIRECTORY));
	fd = SYS(open_by_handle_at, mnt, &f.h, O_RDWR | O_CLOEXEC);
	MUST(fd);
	MUST(fstat((int)fd, &st));
	EXPECT(SYSCALL_OPEN_BY_HANDLE_AT_X, I(fd, fd), I(mountfd, mnt),
	       I(flags, PO_RDWR | PO_CLOEXEC), S(path, path), I(dev, st.st_dev),
	       I(ino, st.st_ino));

	fd = SYS(open_by_handle_at, AT_FDCWD, &f.h, O_RDONLY);
	MUST(fd);
	EXPECT(SYSCALL_OPEN_BY_HANDLE_AT_X, I(fd, fd), I(mountfd, -100), I(flags, PO_RDONLY),
	       S(path, path), I(dev, st.st_dev), I(ino, st.st_ino));

	fd = SYS(open_by_handle_at, BAD_FD, &f.h, O_RDONLY);
	EXPECT(SYSCALL_OPEN_BY_HANDLE_AT_X, I(fd, -EBADF), I(mountfd, BAD_FD),
	       I(flags, PO_RDONLY), NONE(path), I(dev, 0), I(ino, 0));
}

int main(int argc, char **argv)
{
	char cwd[4096];

	(void)argc;
	expect_init();
	if (!getcwd(cwd, sizeof(cwd)))
		die("getcwd");
	with_handle(cwd);
	return expect_done(argv);
}
