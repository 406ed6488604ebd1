/* SPDX-License-Identifier: Apache-2.0 */
/* keyctl: its arguments are numbers to the driver, whatever the operation makes of them. */
#include <linux/keyctl.h>

#include "expect.h"

#define NUMBER 0	/* form 0 of keyctl_dynamic_param: a signed number of 8 bytes */

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	/* the session keyring of the thread, made when there is none */
	EXPECT(SYSCALL_KEYCTL_X, I(res, SYS(keyctl, KEYCTL_GET_KEYRING_ID, -3L, 1L, 0x44L, 0x55L)),
	       I(operation, 0), DYN(arg2, NUMBER, -3, 8), DYN(arg3, NUMBER, 1, 8),
	       DYN(arg4, NUMBER, 0x44, 8), DYN(arg5, NUMBER, 0x55, 8));
	EXPECT(SYSCALL_KEYCTL_X, I(res, SYS(keyctl, KEYCTL_REVOKE, 0x3fffffffL, 2L, 3L, 4L)),
	       I(operation, 3), DYN(arg2, NUMBER, 0x3fffffff, 8), DYN(arg3, NUMBER, 2, 8),
	       DYN(arg4, NUMBER, 3, 8), DYN(arg5, NUMBER, 4, 8));
	return expect_done(argv);
}
