/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"

#include <stdatomic.h>
#include <string.h>

/* left: bytes for all parameters. */
static COLD int bad_param(const struct event *ev, size_t left, struct diag *d)
{
	u32 i = 0, len;

	for (; ev->params[i].len <= left; i++)
		left -= ev->params[i].len;
	len = ev->params[i].len;
	return diag_set(d, "event %s: parameter %u of %u bytes, but %zu are left", ev->desc->id, i,
			len, left);
}

/* The lengths are of 2 or, in large events, of 4 bytes: constant where this is inlined. */
static inline __attribute__((always_inline)) int
split_params(struct event *ev, const u8 *lens, size_t size, const u8 *p, const u8 *end,
	     struct diag *d)
{
	struct event_param *out = ev->params, *stop = out + ev->nparams;
	size_t left = (size_t)(end - p), sum = 0;

	for (; out < stop; out++, lens += size) {
		u32 len = 0;

		memcpy(&len, lens, size);	/* little endian, as the wire format */
		*out = (struct event_param){ p + sum, len };
		sum += len;
	}
	return sum <= left ? 0 : bad_param(ev, left, d);
}

static int decode_params(struct event *ev, size_t len, struct diag *d)
{
	bool large = ev->desc->flags & EF_LARGE;
	size_t lens_size = (size_t)ev->nparams * (large ? sizeof(u32) : sizeof(u16));
	const u8 *lens = (const u8 *)(ev->raw + 1), *end = (const u8 *)ev->raw + len;

	if (lens_size > len - sizeof(*ev->raw))
		return diag_set(d, "event %s: %u parameter lengths do not fit into %zu bytes",
				ev->desc->id, ev->nparams, len - sizeof(*ev->raw));
	if (large)
		return split_params(ev, lens, sizeof(u32), lens + lens_size, end, d);
	return split_params(ev, lens, sizeof(u16), lens + lens_size, end, d);
}

static COLD int bad_header(const struct event_hdr *hdr, size_t len, struct diag *d)
{
	if (len < sizeof(*hdr))
		return diag_set(d, "event header of %zu bytes, but %zu are left", sizeof(*hdr),
				len);
	if (hdr->len < sizeof(*hdr) || hdr->len > len)
		return diag_set(d, "event of length %u, but %zu bytes are left", hdr->len, len);
	if (hdr->type >= EV_MAX)
		return diag_set(d, "unknown event type %u", hdr->type);
	return diag_set(d, "event %s with %u parameters", event_desc(hdr->type)->id, hdr->nparams);
}

int event_decode(struct event *ev, const struct event_hdr *hdr, size_t len, struct diag *d)
{
	ev->num = 0;
	ev->cpu = 0;
	ev->live = ev->state_only = false;
	ev->thread = NULL;
	ev->fd = NULL;
	ev->fd_num = -1;
	ev->fd_name_changed = false;

	if (len < sizeof(*hdr) || hdr->len < sizeof(*hdr) || hdr->len > len ||
	    hdr->type >= EV_MAX || hdr->nparams > EVENT_PARAMS_MAX)
		return bad_header(hdr, len, d);
	ev->ts_ns = hdr->ts_ns;
	ev->tid = (s64)hdr->tid;
	ev->type = hdr->type;
	ev->nparams = hdr->nparams;
	ev->desc = event_desc(hdr->type);
	ev->raw = hdr;
	return decode_params(ev, hdr->len, d);
}

int event_param_index(const struct event_desc *d, const char *name, size_t len)
{
	for (u32 i = 0; i < d->nparams + d->nextra; i++) {
		const char *s = d->params[i].name;

		if (strlen(s) == len && !memcmp(s, name, len))
			return (int)i;
	}
	return -1;
}

bool event_uint(const struct event *ev, u32 i, u64 *ret)
{
	struct event_param p = event_param(ev, i);

	if (p.len != 1 && p.len != 2 && p.len != 4 && p.len != 8)
		return false;
	*ret = 0;
	memcpy(ret, p.p, p.len);	/* little endian, as the wire format */
	return true;
}

bool event_str(const struct event *ev, u32 i, const char **ret, u32 *ret_len)
{
	struct event_param p = event_param(ev, i);

	if (!p.len)
		return false;
	*ret = (const char *)p.p;
	*ret_len = (u32)strnlen(*ret, p.len);
	return true;
}

/* A result that a capture of an older version does not have counts as 0. */
static bool lacks_result(const struct event *ev, s64 *ret)
{
	*ret = 0;
	return ev->nparams && !ev->params[0].len && ev->desc->params[0].type == PT_ERRNO;
}

bool event_res(const struct event *ev, s64 *ret)
{
	u32 u;

	if (!(ev->desc->category & EC_SYSCALL) || event_is_enter(ev->type))
		return false;
	if (event_s64(ev, 0, ret))
		return true;
	if (!event_u32(ev, 0, &u))
		return lacks_result(ev, ret);
	*ret = (s32)u;
	return true;
}

static u32 generic_syscall(const struct event *ev)
{
	u64 code = SC_unknown, nr;

	event_uint(ev, 0, &code);
	if (syscall_desc((u32)code))
		return (u32)code;
	return event_uint(ev, 1, &nr) ? syscall_code_by_nr((u32)nr) : SC_unknown;
}

/*
 * Several syscalls can share an event type (setuid and setuid32): the one of the event's
 * name counts.  Types of older versions are in no row: their name decides.
 */
static u32 find_syscall(u32 type, const struct event_desc *d)
{
	int by_name = syscall_code_by_name(d->name, strlen(d->name));

	if (by_name > 0)
		return (u32)by_name;
	for (u32 code = 1; code < SC_MAX; code++) {
		const struct syscall_desc *s = syscall_desc(code);

		if (s && s->event == (type | 1))
			return code;
	}
	return SC_unknown;
}

u32 event_syscall(const struct event *ev)
{
	/* Code + 1 of each type once it was asked for; every writer writes the same. */
	static _Atomic u16 known[EV_MAX];
	u32 code;

	if (!(ev->desc->category & EC_SYSCALL))
		return SC_unknown;
	if (ev->type == EV_GENERIC_E || ev->type == EV_GENERIC_X)
		return generic_syscall(ev);
	code = atomic_load_explicit(&known[ev->type], memory_order_relaxed);
	if (code)
		return code - 1;
	code = find_syscall(ev->type, ev->desc);
	atomic_store_explicit(&known[ev->type], (u16)(code + 1), memory_order_relaxed);
	return code;
}

/* Parameter 1 of ASYNCEVENT_E, when it is a proper string. */
static const char *async_name(const struct event *ev)
{
	struct event_param p = event_param(ev, 1);

	return p.len && !p.p[p.len - 1] ? (const char *)p.p : NULL;
}

const char *event_name(const struct event *ev)
{
	const char *name = NULL;

	if (ev->type == EV_GENERIC_E || ev->type == EV_GENERIC_X) {
		const struct syscall_desc *s = syscall_desc(generic_syscall(ev));

		name = s ? s->name : NULL;
	} else if (ev->type == EV_ASYNCEVENT_E) {
		name = async_name(ev);
	}
	return name ? name : ev->desc->name;
}
