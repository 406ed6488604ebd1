/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/route.h"

#include "event/table.h"
#include "schema/driver_abi.h"

/* 32-bit numbers: only x86 has a table of its own for them. */
#if defined(__x86_64__)
#define NR(NUMBER_, NAME_) [NUMBER_] = SC_##NAME_,
static const u16 compat_codes[NR_SYSCALLS] = {
#include "schema/nr/i386.def"
};
#undef NR
#else
static const u16 compat_codes[NR_SYSCALLS];
#endif

static bool any(const struct interest *in, const u16 *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (interest_has(in, codes[i]))
			return true;
	return false;
}

static const u16 exec_codes[] = { SC_execve, SC_execveat };
static const u16 fork_codes[] = { SC_clone, SC_clone3, SC_fork, SC_vfork };
static const u16 enter_codes[] = { SC_open, SC_openat, SC_openat2, SC_creat, SC_connect };

bool route_wants_exec(const struct interest *in)
{
	return any(in, exec_codes, ARRAY_SIZE(exec_codes));
}

bool route_wants_fork(const struct interest *in)
{
	return any(in, fork_codes, ARRAY_SIZE(fork_codes));
}

bool route_is_enter(u32 code)
{
	for (size_t i = 0; i < ARRAY_SIZE(enter_codes); i++)
		if (enter_codes[i] == code)
			return true;
	return false;
}

bool route_wants_enter(const struct interest *in)
{
	return any(in, enter_codes, ARRAY_SIZE(enter_codes));
}

/* Is any call of interest that a 32-bit program can make by socketcall? */
static bool wants_socketcall(const struct interest *in, bool enter)
{
#define SOCKETCALL(NR_, NAME_, NARGS_) if (interest_has(in, SC_##NAME_) && !enter) return true;
	SOCKETCALLS(SOCKETCALL)
#undef SOCKETCALL
	return interest_has(in, SC_connect);
}

static u32 route_of(const struct interest *in, u32 native, u32 compat, bool enter)
{
	bool n = interest_has(in, native) && (!enter || route_is_enter(native));
	bool m = interest_has(in, compat) && (!enter || route_is_enter(compat));

	if (compat == SC_socketcall)
		m = wants_socketcall(in, enter);
	return ROUTE(n ? native : 0, m ? compat : 0);
}

u32 route_exit(const struct interest *in, u32 nr)
{
	return route_of(in, syscall_code_by_nr(nr), compat_codes[nr], false);
}

u32 route_enter(const struct interest *in, u32 nr)
{
	return route_of(in, syscall_code_by_nr(nr), compat_codes[nr], true);
}
