/* SPDX-License-Identifier: Apache-2.0 */
#include "app/interest.h"

#include <string.h>

#include "app/log.h"
#include "event/table.h"

/* What changes who a process is: without them alerts would name the wrong one. */
static const u16 lifecycle[] = {
	SC_clone, SC_clone3, SC_fork, SC_vfork, SC_execve, SC_execveat, SC_sched_process_exit,
	SC_chdir, SC_fchdir, SC_chroot, SC_capset, SC_prctl, SC_setsid, SC_setpgid,
	SC_setuid, SC_setuid32, SC_setreuid, SC_setresuid, SC_setresuid32,
	SC_setgid, SC_setgid32, SC_setregid, SC_setresgid, SC_setresgid32,
	SC_unshare, SC_setns,
};

/* So frequent that they must be asked for. */
static const u16 heavy[] = {
	SC_sendfile, SC_sendfile64, SC_preadv, SC_readv, SC_pread64, SC_recv, SC_send, SC_pwritev,
	SC_writev, SC_write, SC_pwrite64, SC_read,
};

/* The same, but a rule that does not restrict evt.type would always draw them in. */
static const u16 tracepoints[] = { SC_sched_switch, SC_page_fault_user, SC_page_fault_kernel };

static bool is_in(const u16 *codes, u32 n, u32 code)
{
	for (u32 i = 0; i < n; i++)
		if (codes[i] == code)
			return true;
	return false;
}

bool interest_is_heavy(u32 code)
{
	return is_in(heavy, ARRAY_SIZE(heavy), code);
}

static void interest_del(struct interest *in, u32 code)
{
	in->syscalls[code / 64] &= ~(1ull << code % 64);
}

/* All that make, change or end fds, by the flags of their events. */
static void add_fd_syscalls(struct interest *in)
{
	for (u32 code = 1; code < SC_MAX; code++) {
		const struct syscall_desc *s = syscall_desc(code);
		const struct event_desc *e = s && s->use & SU_USED ? event_desc(s->event) : NULL;
		u32 flags = e ? e->flags : 0;

		if (flags & (EF_CREATES_FD | EF_DESTROYS_FD) ||
		    (flags & EF_USES_FD && flags & EF_MODIFIES_STATE))
			interest_add(in, code);
	}
	in->fds = true;
}

static void add_custom(const struct config *c, struct interest *in, bool negative)
{
	for (u32 i = 0; i < c->custom_syscalls.n; i++) {
		const char *name = c->custom_syscalls.p[i];
		int code;

		if ((name[0] == '!') != negative)
			continue;
		name += negative;
		code = syscall_code_by_name(name, strlen(name));
		if (code < 0)
			log_warning("base_syscalls.custom_set: there is no system call '%s'", name);
		else if (negative)
			interest_del(in, (u32)code);
		else
			interest_add(in, (u32)code);
	}
}

static void log_lost(const struct interest *wanted, const struct interest *got)
{
	struct buf names = { 0 };

	for (u32 code = 1; code < SC_MAX; code++) {
		const struct syscall_desc *s = syscall_desc(code);

		if (s && interest_has(wanted, code) && !interest_has(got, code))
			buf_addf(&names, "%s%s", names.len ? ", " : "", s->name);
	}
	if (names.len)
		log_warning("Loaded rules match syscalls that are not activated (set "
			    "base_syscalls.all, or "
			    "change base_syscalls.custom_set): warning (unsupported-evttype): %s",
			    buf_str(&names));
	buf_fini(&names);
}

void interest_compute(const struct config *c, const struct ruleset *set, struct interest *ret)
{
	struct event_set events;
	struct interest wanted;

	ruleset_events(set, &events);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->syscalls, events.sc, sizeof(ret->syscalls));
	for (u32 i = 0; i < ARRAY_SIZE(tracepoints) && !c->all_syscalls; i++)
		interest_del(ret, tracepoints[i]);
	wanted = *ret;
	if (ruleset_uses(set, FF_FD_TABLE))
		add_fd_syscalls(ret);
	add_custom(c, ret, false);
	add_custom(c, ret, true);
	for (u32 i = 0; i < ARRAY_SIZE(heavy) && !c->all_syscalls; i++)
		interest_del(ret, heavy[i]);
	log_lost(&wanted, ret);
	for (u32 i = 0; i < ARRAY_SIZE(lifecycle); i++)
		interest_add(ret, lifecycle[i]);
}
