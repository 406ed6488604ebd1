/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syscalls without an event of their own: the portable code, and the machine's number.
 *
 * capture: getppid,umask,madvise,pidfd_send_signal
 */
#include "expect.h"

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	EXPECT_CALL(GENERIC_X, SYS(getppid), I(ID, 41), I(nativeID, SYS_getppid));
	EXPECT_CALL(GENERIC_X, SYS(umask, 022), I(ID, 37), I(nativeID, SYS_umask));
	EXPECT_CALL(GENERIC_X, SYS(madvise, 1L, 1L, 1L), I(ID, 139), I(nativeID, SYS_madvise));
	EXPECT_CALL(GENERIC_X, SYS(pidfd_send_signal, -1, 0, NULL, 0), I(ID, 348),
		    I(nativeID, SYS_pidfd_send_signal));
	return expect_done(argv);
}
