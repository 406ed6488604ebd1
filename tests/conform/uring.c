/* SPDX-License-Identifier: Apache-2.0 */
/* io_uring_setup, io_uring_enter, io_uring_register. */
#include "expect.h"
#include <linux/io_uring.h>

/* Of the features that the portable flags know: bits 0 to 10, in the same places. */
#define KNOWN_FEATURES 0x7ff

int main(int argc, char **argv)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
				     .cq_entries = 64 };
	struct io_uring_params wrong = { .flags = IORING_SETUP_SQ_AFF, .sq_thread_cpu = 1,
					 .sq_thread_idle = 77 };
	uint64_t mask = 1 << (SIGUSR1 - 1) | 1 << (SIGTERM - 1);
	int fds[1] = { 0 };
	long ring;

	(void)argc;
	expect_init();
	ring = SYS(io_uring_setup, 5, &p);
	EXPECT(SYSCALL_IO_URING_SETUP_X, I(res, ring), I(entries, 5), I(sq_entries, p.sq_entries),
	       I(cq_entries, 64), I(flags, 16 | 32), I(sq_thread_cpu, 0), I(sq_thread_idle, 0),
	       I(features, p.features & KNOWN_FEATURES));
	EXPECT(SYSCALL_IO_URING_SETUP_X, I(res, SYS(io_uring_setup, 9, &wrong)), I(entries, 9),
	       I(sq_entries, 0), I(cq_entries, 0), I(flags, 8), I(sq_thread_cpu, 1),
	       I(sq_thread_idle, 77), I(features, 0));
	EXPECT(SYSCALL_IO_URING_ENTER_X, I(res, SYS(io_uring_enter, ring, 0, 0, 0, NULL, 0)),
	       I(fd, ring), I(to_submit, 0), I(min_complete, 0), I(flags, 0), I(sig, 0));
	EXPECT(SYSCALL_IO_URING_ENTER_X,
	       I(res, SYS(io_uring_enter, BAD_FD, 3, 2,
			  IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAIT, NULL, 0)),
	       I(fd, BAD_FD), I(to_submit, 3), I(min_complete, 2), I(flags, 1 | 4), I(sig, 0));
	EXPECT(SYSCALL_IO_URING_ENTER_X,
	       I(res, SYS(io_uring_enter, ring, 0, 0, IORING_ENTER_GETEVENTS, &mask, 8)),
	       I(fd, ring), I(to_submit, 0), I(min_complete, 0), I(flags, 1), I(sig, mask));
	EXPECT(SYSCALL_IO_URING_REGISTER_X,
	       I(res, SYS(io_uring_register, ring, IORING_REGISTER_FILES, fds, 1)), I(fd, ring),
	       I(opcode, 2), I(arg, (uintptr_t)fds), I(nr_args, 1));
	EXPECT(SYSCALL_IO_URING_REGISTER_X,
	       I(res, SYS(io_uring_register, BAD_FD, IORING_UNREGISTER_FILES, NULL, 9)),
	       I(fd, BAD_FD), I(opcode, 3), I(arg, 0), I(nr_args, 9));
	return expect_done(argv);
}
