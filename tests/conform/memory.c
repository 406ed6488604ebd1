/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: mmap, munmap, mprotect, brk, mlock and its kin. */
#include "task.h"

#define PAGES(n_) ((n_) * 4096UL)

static long map(size_t len, int prot, int flags, int fd, long off)
{
	return SYS(mmap, NULL, len, (long)prot, (long)flags, (long)fd, off);
}

static void maps(void)
{
	long file = MUST(open("file", O_RDWR | O_CREAT, 0600));
	long p;

	MUST(ftruncate((int)file, (off_t)PAGES(4)));
	p = map(PAGES(16), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(SYSCALL_MMAP_X, I(res, p), VM_SIZES, I(addr, 0), I(length, PAGES(16)),
	       I(prot, 1 | 2), I(flags, 2 | 8), I(fd, -1), I(offset, 0));
	EXPECT(SYSCALL_MPROTECT_X, I(res, SYS(mprotect, p, PAGES(2), PROT_READ | PROT_EXEC)),
	       I(addr, p), I(length, PAGES(2)), I(prot, 1 | 4));
	EXPECT(SYSCALL_MPROTECT_X, I(res, SYS(mprotect, p + 1, PAGES(1), PROT_NONE)),
	       I(addr, p + 1), I(length, PAGES(1)), I(prot, 0));
	EXPECT(SYSCALL_MUNMAP_X, I(res, SYS(munmap, p, PAGES(16))), VM_SIZES, I(addr, p),
	       I(length, PAGES(16)));
	EXPECT(SYSCALL_MUNMAP_X, I(res, SYS(munmap, 1L, PAGES(1))), VM_SIZES, I(addr, 1),
	       I(length, PAGES(1)));
	p = map(PAGES(2), PROT_READ, MAP_SHARED | MAP_POPULATE, (int)file, (long)PAGES(1));
	EXPECT(SYSCALL_MMAP_X, I(res, p), VM_SIZES, I(addr, 0), I(length, PAGES(2)), I(prot, 1),
	       I(flags, 1 | 128), I(fd, file), I(offset, PAGES(1)));
	p = map(PAGES(1), PROT_NONE, MAP_PRIVATE | MAP_NORESERVE, BAD_FD, 0);
	EXPECT(SYSCALL_MMAP_X, I(res, p), VM_SIZES, I(addr, 0), I(length, PAGES(1)), I(prot, 0),
	       I(flags, 2 | 64), I(fd, BAD_FD), I(offset, 0));
}

static void breaks(void)
{
	long top = SYS(brk, 0L);
	long at;

	EXPECT(SYSCALL_BRK_4_X, I(res, top), VM_SIZES, I(addr, 0));
	at = SYS(brk, top + (long)PAGES(8));
	EXPECT(SYSCALL_BRK_4_X, I(res, top + (long)PAGES(8)), VM_SIZES,
	       I(addr, top + (long)PAGES(8)));
	if (at != top + (long)PAGES(8))
		die("brk");
	/* a break that cannot be had leaves the former one */
	at = SYS(brk, 1L);
	EXPECT(SYSCALL_BRK_4_X, I(res, top + (long)PAGES(8)), VM_SIZES, I(addr, 1));
}

static void locks(void)
{
	long p = map(PAGES(4), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT(SYSCALL_MLOCK_X, I(res, SYS(mlock, p, PAGES(1))), I(addr, p), I(len, PAGES(1)));
	EXPECT(SYSCALL_MLOCK_X, I(res, SYS(mlock, 0x1000L, PAGES(1))), I(addr, 0x1000),
	       I(len, PAGES(1)));
	EXPECT(SYSCALL_MUNLOCK_X, I(res, SYS(munlock, p, PAGES(1))), I(addr, p), I(len, PAGES(1)));
	EXPECT(SYSCALL_MUNLOCK_X, I(res, SYS(munlock, 0x1000L, PAGES(2))), I(addr, 0x1000),
	       I(len, PAGES(2)));
	EXPECT(SYSCALL_MLOCK2_X, I(res, SYS(mlock2, p, PAGES(1), MLOCK_ONFAULT)), I(addr, p),
	       I(len, PAGES(1)), I(flags, 1));
	EXPECT(SYSCALL_MLOCK2_X, I(res, SYS(mlock2, 0x1000L, PAGES(1), 0)), I(addr, 0x1000),
	       I(len, PAGES(1)), I(flags, 0));
	EXPECT(SYSCALL_MLOCKALL_X, I(res, SYS(mlockall, MCL_CURRENT | MCL_ONFAULT)),
	       I(flags, 1 | 4));
	EXPECT(SYSCALL_MLOCKALL_X, I(res, SYS(mlockall, 0)), I(flags, 0));
	EXPECT(SYSCALL_MUNLOCKALL_X, I(res, SYS(munlockall)));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	maps();
	breaks();
	locks();
	return expect_done(argv);
}
