/* SPDX-License-Identifier: Apache-2.0 */
/* Data: read, write, pread, pwrite, readv, writev, preadv, pwritev, copies. */
#include "expect.h"
#include <sys/uio.h>

static char text[200], buf[400];
static long file, other;
static int fds[2];

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void plain(void)
{
	long n = SYS(write, file, text, 20);

	EXPECT(SYSCALL_WRITE_X, I(res, n), B(data, text, 20), I(fd, file), I(size, 20));
	n = SYS(write, file, text, sizeof(text));
	EXPECT(SYSCALL_WRITE_X, I(res, n), B(data, text, SNAPLEN), I(fd, file),
	       I(size, sizeof(text)));
	/* what should have been written is shown, too */
	n = SYS(write, BAD_FD, text + 3, 30);
	EXPECT(SYSCALL_WRITE_X, I(res, n), B(data, text + 3, 30), I(fd, BAD_FD), I(size, 30));
	n = SYS(write, fds[1], BAD_PTR, 30);
	EXPECT(SYSCALL_WRITE_X, I(res, n), NONE(data), I(fd, fds[1]), I(size, 30));
	n = SYS(write, file, text, 0);
	EXPECT(SYSCALL_WRITE_X, I(res, n), NONE(data), I(fd, file), I(size, 0));

	MUST(lseek((int)file, 0, SEEK_SET));
	n = SYS(read, file, buf, 20);
	EXPECT(SYSCALL_READ_X, I(res, n), B(data, text, 20), I(fd, file), I(size, 20));
	/* asks for more than there is */
	n = SYS(read, file, buf, sizeof(buf));
	EXPECT(SYSCALL_READ_X, I(res, n), B(data, text, SNAPLEN), I(fd, file),
	       I(size, sizeof(buf)));
	n = SYS(read, file, buf, 10);
	EXPECT(SYSCALL_READ_X, I(res, 0), NONE(data), I(fd, file), I(size, 10));
	n = SYS(read, BAD_FD, buf, 10);
	EXPECT(SYSCALL_READ_X, I(res, n), NONE(data), I(fd, BAD_FD), I(size, 10));
	MUST(write(fds[1], "pipe", 4));
	n = SYS(read, fds[0], buf, 100);
	EXPECT(SYSCALL_READ_X, I(res, n), B(data, "pipe", 4), I(fd, fds[0]), I(size, 100));
}

static void positioned(void)
{
	long n = SYS(pwrite64, file, text, 10, 0x100000001L);

	EXPECT(SYSCALL_PWRITE_X, I(res, n), B(data, text, 10), I(fd, file), I(size, 10),
	       I(pos, 0x100000001L));
	n = SYS(pwrite64, BAD_FD, text, 5, 7L);
	EXPECT(SYSCALL_PWRITE_X, I(res, n), B(data, text, 5), I(fd, BAD_FD), I(size, 5),
	       I(pos, 7));
	n = SYS(pread64, file, buf, 90, 0x100000000L);
	EXPECT(SYSCALL_PREAD_X, I(res, n), B(data, buf, min((size_t)n, SNAPLEN)), I(fd, file),
	       I(size, 90), I(pos, 0x100000000L));
	n = SYS(pread64, fds[0], buf, 90, 3L);
	EXPECT(SYSCALL_PREAD_X, I(res, n), NONE(data), I(fd, fds[0]), I(size, 90), I(pos, 3));
	MUST(ftruncate((int)file, 220));
}

static void vectors(void)
{
	struct iovec out[2] = { { text, 10 }, { text + 50, 25 } };
	struct iovec big[2] = { { text, 60 }, { text + 60, 100 } };
	struct iovec in[2] = { { buf, 30 }, { buf + 100, 70 } };
	char joined[64];
	long n;

	memcpy(joined, text, 10);
	memcpy(joined + 10, text + 50, 25);
	MUST(lseek((int)file, 0, SEEK_SET));
	n = SYS(writev, file, big, 2);
	EXPECT(SYSCALL_WRITEV_X, I(res, n), B(data, text, SNAPLEN), I(fd, file), I(size, 160));
	n = SYS(writev, file, out, 2);
	EXPECT(SYSCALL_WRITEV_X, I(res, n), B(data, joined, 35), I(fd, file), I(size, 35));
	n = SYS(writev, BAD_FD, out, 2);
	EXPECT(SYSCALL_WRITEV_X, I(res, n), B(data, joined, 35), I(fd, BAD_FD), I(size, 35));
	n = SYS(pwritev, file, out, 2, 5L, 0L);
	EXPECT(SYSCALL_PWRITEV_X, I(res, n), B(data, joined, 35), I(fd, file), I(size, 35),
	       I(pos, 5));
	n = SYS(pwritev, BAD_FD, out, 2, 6L, 0L);
	EXPECT(SYSCALL_PWRITEV_X, I(res, n), B(data, joined, 35), I(fd, BAD_FD), I(size, 35),
	       I(pos, 6));
	MUST(pwrite((int)file, text, 200, 0));
	MUST(lseek((int)file, 0, SEEK_SET));
	n = SYS(readv, file, in, 2);
	EXPECT(SYSCALL_READV_X, I(res, n), I(size, n), B(data, text, SNAPLEN), I(fd, file));
	/* the size is what was read, not what was asked for */
	MUST(lseek((int)file, -70, SEEK_END));
	n = SYS(readv, file, in, 2);
	EXPECT(SYSCALL_READV_X, I(res, n), I(size, 70),
	       PATTERN(data, expect_text("\"%s\",\"%s\"", expect_hex(in[0].iov_base, 30),
					 expect_hex(in[1].iov_base, 40))), I(fd, file));
	n = SYS(readv, BAD_FD, in, 2);
	EXPECT(SYSCALL_READV_X, I(res, n), I(size, 0), NONE(data), I(fd, BAD_FD));
	n = SYS(preadv, file, in, 1, 8L, 0L);
	EXPECT(SYSCALL_PREADV_X, I(res, n), I(size, n), B(data, text + 8, 30), I(fd, file),
	       I(pos, 8));
	n = SYS(preadv, BAD_FD, in, 2, 9L, 0L);
	EXPECT(SYSCALL_PREADV_X, I(res, n), I(size, 0), NONE(data), I(fd, BAD_FD), I(pos, 9));
}

static void copies(void)
{
	off_t off = 4, off_in = 2, off_out = 300;
	long n = SYS(sendfile, fds[1], file, &off, 12L);

	EXPECT(SYSCALL_SENDFILE_X, I(res, n), I(offset, 16), I(out_fd, fds[1]), I(in_fd, file),
	       I(size, 12));
	n = SYS(sendfile, fds[1], BAD_FD, NULL, 13L);
	EXPECT(SYSCALL_SENDFILE_X, I(res, n), I(offset, 0), I(out_fd, fds[1]), I(in_fd, BAD_FD),
	       I(size, 13));
	n = SYS(splice, fds[0], NULL, other, NULL, 12L, SPLICE_F_MOVE | SPLICE_F_MORE);
	EXPECT(SYSCALL_SPLICE_X, I(res, n), I(fd_in, fds[0]), I(fd_out, other), I(size, 12),
	       I(flags, 1 | 4));
	n = SYS(splice, fds[0], NULL, BAD_FD, NULL, 12L, SPLICE_F_NONBLOCK);
	EXPECT(SYSCALL_SPLICE_X, I(res, n), I(fd_in, fds[0]), I(fd_out, BAD_FD), I(size, 12),
	       I(flags, 2));
	/* offsets are those after the call */
	n = SYS(copy_file_range, file, &off_in, other, &off_out, 30L, 0);
	EXPECT(SYSCALL_COPY_FILE_RANGE_X, I(res, n), I(fdout, other),
	       I(offout, 330), I(fdin, file), I(offin, 32), I(len, 30));
	n = SYS(copy_file_range, file, NULL, BAD_FD, NULL, 31L, 0);
	EXPECT(SYSCALL_COPY_FILE_RANGE_X, I(res, n), I(fdout, BAD_FD), I(offout, 0), I(fdin, file),
	       I(offin, 0), I(len, 31));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('A' + i % 50);
	file = MUST(open("file", O_RDWR | O_CREAT, 0600));
	other = MUST(open("other", O_RDWR | O_CREAT, 0600));
	MUST(pipe(fds));
	plain();
	positioned();
	vectors();
	copies();
	return expect_done(argv);
}
