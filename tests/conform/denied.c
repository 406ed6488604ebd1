/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that a seccomp filter of the process refuses: they reach no function of the kernel,
 * but are seen with the result that the filter gave them.
 */
#include "expect.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define DENY(name_, err_)								\
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name_, 0, 1),				\
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (err_))

static void child(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		DENY(fchdir, EXDEV),
		DENY(mkdirat, EMLINK),
		DENY(setsid, ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
	EXPECT_CALL(SYSCALL_FCHDIR_X, SYS(fchdir, 77), I(res, -EXDEV), I(fd, 77));
	EXPECT_CALL(SYSCALL_MKDIRAT_X, SYS(mkdirat, AT_FDCWD, "refused", 0751), I(res, -EMLINK),
		    I(dirfd, -100), S(path, "refused"), I(mode, 0751));
	EXPECT_CALL(SYSCALL_SETSID_X, SYS(setsid), I(res, -ENOTTY));
	/* and one that the filter lets pass */
	EXPECT_CALL(SYSCALL_RMDIR_2_X, SYS(rmdir, "refused"), I(res, -ENOENT), S(path, "refused"));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	in_child(child);
	return expect_done(argv);
}
