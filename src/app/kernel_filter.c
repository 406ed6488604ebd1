/* SPDX-License-Identifier: Apache-2.0 */
#include "app/kernel_filter.h"

#include <errno.h>
#include <string.h>

#include "app/log.h"
#include "event/table.h"

/*
 * Calls on sockets tell of an address, which later events on the same socket are known by; any
 * that reads or writes may be one.
 */
static bool teaches(u32 code)
{
	const struct syscall_desc *s = syscall_desc(code);
	const struct event_desc *e = s ? event_desc(s->event) : NULL;
	bool socket = e && ((e->category & EC_BASE) == EC_NET || e->flags & (EF_READS_FD | EF_WRITES_FD));

	for (u32 i = 0; e && i < e->nparams; i++)
		socket |= e->params[i].type == PT_SOCKADDR || e->params[i].type == PT_SOCKTUPLE;
	return socket;
}

void kernel_filter_options(const struct interest_choice *ch, struct pushdown_options *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (u32 i = 0; i < CODE_WORDS; i++) {
		ret->pass[i] = ch->process.bits[i] | ch->custom.bits[i] | ch->plugins.bits[i] | ch->repaired.bits[i];
		if (ch->base_kind != BASE_SAKER)
			ret->pass[i] |= ch->base.bits[i];
		for (u32 k = 0; k < INTEREST_NSTATES; k++)
			ret->pass[i] |= ch->states[k].bits[i];
	}
	for (u32 code = 1; code < SC_MAX; code++)
		if (teaches(code))
			ret->whole[code / 64] |= 1ull << code % 64;
}

static void leave_out(struct run *r, const u64 *none)
{
	struct buf names = { 0 };
	u32 n = 0;

	for (u32 code = 1; code < SC_MAX; code++) {
		if (!(none[code / 64] >> code % 64 & 1) || !interest_has(&r->interest, code))
			continue;
		r->interest.syscalls[code / 64] &= ~(1ull << code % 64);
		buf_addf(&names, "%s%s", n++ ? ", " : "", interest_event_name(code));
	}
	if (n)
		log_debug("-(%u) syscalls whose events no rule can match: %s", n, buf_str(&names));
	buf_fini(&names);
}

void kernel_filter_derive(struct run *r, const struct interest_choice *ch)
{
	struct pushdown_options opt;

	if (!r->cfg->kernel_filter)
		return;
	kernel_filter_options(ch, &opt);
	r->filter = xmalloc(sizeof(*r->filter));
	pushdown_build(r->set, &opt, r->filter);
	leave_out(r, r->filter->none);
}

void kernel_filter_set(struct run *r)
{
	struct diag d = { 0 };
	int err;

	if (!r->filter)
		return;
	err = capture_set_filter(r->capture, &r->filter->filter, &d);
	if (err == -EOPNOTSUPP)
		log_info("This driver has no kernel filter: all events of the system calls that are watched come");
	else if (err)
		log_warning("No kernel filter, all events come: %s", d.msg ? d.msg : strerror(-err));
	else
		log_info("Kernel filter: %u system calls by %u kinds of paths%s", r->filter->ncodes, r->filter->npaths,
			 r->filter->nloosened ? "; it is weaker than the rules, its tables are full" : "");
	diag_fini(&d);
}
