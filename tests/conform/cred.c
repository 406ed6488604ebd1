/* SPDX-License-Identifier: Apache-2.0 */
/* Users, groups, capabilities. */
#include "task.h"
#include <linux/capability.h>

static void reads(void)
{
	uid_t r, e, s;

	EXPECT(SYSCALL_GETUID_X, I(uid, SYS(getuid)));
	EXPECT(SYSCALL_GETEUID_X, I(euid, SYS(geteuid)));
	EXPECT(SYSCALL_GETGID_X, I(gid, SYS(getgid)));
	EXPECT(SYSCALL_GETEGID_X, I(egid, SYS(getegid)));
	MUST(SYS(getresuid, &r, &e, &s));
	EXPECT(SYSCALL_GETRESUID_X, I(res, 0), I(ruid, r), I(euid, e), I(suid, s));
	MUST(SYS(getresgid, &r, &e, &s));
	EXPECT(SYSCALL_GETRESGID_X, I(res, 0), I(rgid, r), I(egid, e), I(sgid, s));
	EXPECT(SYSCALL_GETRESUID_X, I(res, SYS(getresuid, BAD_PTR, &e, &s)),
	       ANY(ruid, "not written"), ANY(euid, "not written"), ANY(suid, "not written"));
	EXPECT(SYSCALL_GETRESGID_X, I(res, SYS(getresgid, BAD_PTR, &e, &s)),
	       ANY(rgid, "not written"), ANY(egid, "not written"), ANY(sgid, "not written"));
}

/* Different values everywhere, so that none is taken for another. */
static void mixed(void)
{
	EXPECT(SYSCALL_SETRESGID_X, I(res, SYS(setresgid, 11, 12, 13)), I(rgid, 11), I(egid, 12),
	       I(sgid, 13));
	EXPECT(SYSCALL_SETRESUID_X, I(res, SYS(setresuid, 1001, 65534, -1)), I(ruid, 1001),
	       I(euid, 65534), I(suid, 0xffffffff));
	reads();
	/* no longer root */
	EXPECT(SYSCALL_SETRESUID_X, I(res, SYS(setresuid, 7, 8, 9)), I(ruid, 7), I(euid, 8),
	       I(suid, 9));
	EXPECT(SYSCALL_SETRESGID_X, I(res, SYS(setresgid, 7, 8, 9)), I(rgid, 7), I(egid, 8),
	       I(sgid, 9));
	EXPECT(SYSCALL_SETREUID_X, I(res, SYS(setreuid, 77, -1)), I(ruid, 77),
	       I(euid, 0xffffffff));
	EXPECT(SYSCALL_SETREGID_X, I(res, SYS(setregid, -1, 78)), I(rgid, 0xffffffff),
	       I(egid, 78));
}

static void simple(void)
{
	EXPECT(SYSCALL_SETREGID_X, I(res, SYS(setregid, 21, 22)), I(rgid, 21), I(egid, 22));
	EXPECT(SYSCALL_SETGID_X, I(res, SYS(setgid, 65534)), I(gid, 65534));
	EXPECT(SYSCALL_SETUID_X, I(res, SYS(setuid, 65534)), I(uid, 65534));
	EXPECT(SYSCALL_SETUID_X, I(res, SYS(setuid, 0)), I(uid, 0));
	EXPECT(SYSCALL_SETGID_X, I(res, SYS(setgid, 5)), I(gid, 5));
	reads();
}

static void real_and_effective(void)
{
	EXPECT(SYSCALL_SETREUID_X, I(res, SYS(setreuid, 31, 32)), I(ruid, 31), I(euid, 32));
}

static void expect_capset(long res)
{
	EXPECT(SYSCALL_CAPSET_X, I(res, res), I(cap_inheritable, status_hex("CapInh:")),
	       I(cap_permitted, status_hex("CapPrm:")), I(cap_effective, status_hex("CapEff:")));
}

/* The event has what the thread has afterwards. */
static void capabilities(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {
		{ 1 << CAP_CHOWN, 1 << CAP_CHOWN | 1 << CAP_KILL | 1 << CAP_NET_RAW,
		  1 << CAP_KILL | 1 << CAP_NET_RAW },
		{ 1 << (CAP_BPF - 32), 1 << (CAP_BPF - 32), 0 },
	};

	expect_capset(SYS(capset, &h, d));
	d[0].permitted = ~0U;
	expect_capset(SYS(capset, &h, d));
	h.version = 1;
	expect_capset(SYS(capset, &h, d));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	reads();
	in_child(mixed);
	in_child(simple);
	in_child(real_and_effective);
	in_child(capabilities);
	return expect_done(argv);
}
