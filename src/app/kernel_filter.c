/* SPDX-License-Identifier: Apache-2.0 */
#include "app/kernel_filter.h"

#include <errno.h>
#include <string.h>

#include "app/log.h"
#include "event/table.h"

/*
 * Calls on sockets tell of an address, which later events on the same socket are known by.  Of those that send and
 * receive, the driver knows which do: KF_TEACHES.  Those that read and write any descriptor teach nothing of what their
 * own events do not carry.
 */
static bool teaches(u32 code)
{
	const struct syscall_desc *s = syscall_desc(code);
	const struct event_desc *e = s ? event_desc(s->event) : NULL;
	u32 category = e ? e->category & EC_BASE : EC_UNKNOWN;
	bool socket = category == EC_NET;

	for (u32 i = 0; e && i < e->nparams; i++)
		socket |= e->params[i].type == PT_SOCKADDR || e->params[i].type == PT_SOCKTUPLE;
	if (category == EC_IO_READ || category == EC_IO_WRITE)
		return socket && !pushdown_fd(code);
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

/* Calls that share a reason share a line. */
void kernel_filter_losses(const struct pushdown *p, json_t *ret)
{
	for (u32 bit = 0; bit < NLOSSES; bit++) {
		json_t *names = json_array();

		for (u32 code = 1; code < SC_MAX; code++)
			if (p->loosened[code] >> bit & 1)
				json_array_append_new(names, json_string(interest_event_name(code)));
		if (json_array_size(names))
			json_array_append_new(ret, json_pack("{s:s, s:o}", "why", cond_loss_words(bit), "syscalls", names));
		else
			json_decref(names);
	}
}

void kernel_filter_print_loss(const json_t *loss, struct buf *out)
{
	const json_t *names = json_object_get(loss, "syscalls"), *name;
	size_t i;

	json_array_foreach(names, i, name) {
		buf_addf(out, "%s%s", i ? ", " : "", json_string_value(name));
	}
	buf_addf(out, ": %s", json_string_value(json_object_get(loss, "why")));
}

static void log_losses(const struct pushdown *p)
{
	json_t *all = json_array();
	const json_t *loss;
	size_t i;

	kernel_filter_losses(p, all);
	json_array_foreach(all, i, loss) {
		struct buf text = { 0 };

		kernel_filter_print_loss(loss, &text);
		log_info("Kernel filter: weaker than the rules for %s", buf_str(&text));
		buf_fini(&text);
	}
	json_decref(all);
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
		log_info("Kernel filter: %u system calls by %u kinds of paths", r->filter->ncodes, r->filter->npaths);
	if (!err)
		log_losses(r->filter);
	diag_fini(&d);
}
