/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/convert.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "event/event.h"

#define STAGING_BYTES 65536u
/* The longest way to today's shape, that of the first execve, takes 16 steps. */
#define STEPS_MAX 32
#define ENTER_BYTES_MAX (4u << 20)	/* some are never followed by their exit */
#define VALUES_MAX (EVENT_PARAMS_MAX + 1)

enum value_from { FROM_END, FROM_OLD, FROM_ENTER, FROM_ENTER_OR_NONE, FROM_DEFAULT, FROM_NONE,
		  FROM_CONTAINER };
enum action { DO_PASS, DO_STORE, DO_STORE_AND_PASS, DO_ADD, DO_CHANGE };

struct rule {
	u16 type, nparams;
	u8 action;
	u16 target;
	struct {
		u8 from, index;
	} values[VALUES_MAX];	/* up to FROM_END */
};

#define OLD(I_) { FROM_OLD, I_ },
#define ENTER(I_) { FROM_ENTER, I_ },
#define ENTER_OR_NONE(I_) { FROM_ENTER_OR_NONE, I_ },
#define DEFAULT { FROM_DEFAULT, 0 },
#define NONE { FROM_NONE, 0 },
#define CONTAINER { FROM_CONTAINER, 0 },
#define END { FROM_END, 0 }
#define PASS(ID_, N_) { EV_##ID_, N_, DO_PASS, EV_##ID_, { END } },
#define STORE(ID_, N_) { EV_##ID_, N_, DO_STORE, EV_##ID_, { END } },
#define STORE_AND_PASS(ID_, N_) { EV_##ID_, N_, DO_STORE_AND_PASS, EV_##ID_, { END } },
#define ADD(ID_, N_, ...) { EV_##ID_, N_, DO_ADD, EV_##ID_, { __VA_ARGS__ END } },
#define CHANGE(ID_, N_, TO_, ...) { EV_##ID_, N_, DO_CHANGE, EV_##TO_, { __VA_ARGS__ END } },
static const struct rule rules[] = {
#include "schema/convert.def"
};

struct enter_event {
	struct list age;
	u64 tid;
	u32 len;
	u8 bytes[];
};

/* One step: reads `from`, appends to the bytes at `to`. */
struct step {
	const struct rule *rule;
	const struct event *from;
	const struct event *enter;	/* NULL: none was kept */
	const struct event_desc *target;
	struct event_hdr *to;
	u32 nparams;
	size_t lens_size, used;		/* bytes of the lengths, and of the parameters so far */
	struct diag *d;
};

void converter_init(struct converter *c)
{
	*c = (struct converter){ 0 };
	list_init(&c->ages);
}

void converter_clear(struct converter *c)
{
	struct map64_entry *e;
	size_t pos = 0;

	while ((e = map64_next(&c->enters, &pos)))
		account_free(&c->mem, e->value);
	map64_fini(&c->enters);
	list_init(&c->ages);
}

void converter_fini(struct converter *c)
{
	converter_clear(c);
	free(c->staging[0]);
	free(c->staging[1]);
}

static int compare_rule(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;
	int by_type = x->type - y->type;

	return by_type ? by_type : x->nparams - y->nparams;
}

static const struct rule *find_rule(u16 type, u32 nparams)
{
	struct rule key = { .type = type, .nparams = (u16)nparams };

	if (nparams > EVENT_PARAMS_MAX)
		return NULL;
	return bsearch(&key, rules, ARRAY_SIZE(rules), sizeof(rules[0]), compare_rule);
}

static void forget_enter(struct converter *c, u64 tid)
{
	struct enter_event *e = map64_del(&c->enters, tid);

	if (!e)
		return;
	list_del(&e->age);
	account_free(&c->mem, e);
}

u64 converter_bytes(const struct converter *c)
{
	return c->mem.bytes + c->enters.cap * sizeof(*c->enters.slots);
}

/* Those that have waited longest are least likely to see their exit. */
static void make_room(struct converter *c, size_t bytes)
{
	while (!list_empty(&c->ages) && converter_bytes(c) + bytes > ENTER_BYTES_MAX) {
		forget_enter(c, container_of(c->ages.next, struct enter_event, age)->tid);
		c->forgotten++;
	}
}

static void keep_enter(struct converter *c, const struct event *ev)
{
	size_t bytes = sizeof(struct enter_event) + ev->raw->len;
	struct enter_event *e;

	forget_enter(c, (u64)ev->tid);
	if (bytes > ENTER_BYTES_MAX / 2) {
		c->forgotten++;
		return;
	}
	make_room(c, bytes);
	e = account_malloc(&c->mem, bytes);
	e->tid = (u64)ev->tid;
	e->len = ev->raw->len;
	memcpy(e->bytes, ev->raw, e->len);
	list_add_tail(&c->ages, &e->age);
	map64_put(&c->enters, e->tid, e);
}

/* The kept enter event of this exit event. */
static bool find_enter(const struct converter *c, const struct event *exit, struct event *ret)
{
	struct enter_event *e = map64_get(&c->enters, (u64)exit->tid);
	struct diag ignored = { 0 };
	bool ok;

	if (!e)
		return false;
	ok = !event_decode(ret, (const struct event_hdr *)e->bytes, e->len, &ignored);
	diag_fini(&ignored);
	return ok && ret->type == exit->type - 1;
}

static void put_len(struct step *s, u32 len)
{
	u8 *lens = (u8 *)(s->to + 1);
	u16 small = (u16)len;

	if (s->target->flags & EF_LARGE)
		memcpy(lens + 4 * (size_t)s->nparams, &len, sizeof(len));
	else
		memcpy(lens + 2 * (size_t)s->nparams, &small, sizeof(small));
}

/* Appends a parameter of len bytes; what is longer than len_given is zero. */
static int put(struct step *s, const void *p, u32 len_given, u32 len)
{
	size_t at = sizeof(*s->to) + s->lens_size + s->used;

	if (len > STAGING_BYTES - at)
		return diag_set(s->d, "event %s grows beyond %u bytes by its conversion",
				s->target->id, STAGING_BYTES);
	len_given = (u32)size_min(len_given, len);
	if (len_given)
		memcpy((u8 *)s->to + at, p, len_given);
	memset((u8 *)s->to + at + len_given, 0, len - len_given);
	put_len(s, len);
	s->used += len;
	s->nparams++;
	return 0;
}

static int put_default(struct step *s, u32 type)
{
	static const u8 nobody[4] = { 0xff, 0xff, 0xff, 0xff };
	bool id = type == PT_UID || type == PT_GID;

	return put(s, nobody, id ? sizeof(nobody) : 0, param_type_size(type));
}

/* A value in the size which its type asks for. */
static int put_value(struct step *s, struct event_param p, u32 type)
{
	u32 size = param_type_size(type);
	u32 max = s->target->flags & EF_LARGE ? UINT32_MAX : EVENT_PARAM_LEN_MAX;

	if (!p.len)
		return put(s, NULL, 0, 0);
	return put(s, p.p, p.len, size ? size : (u32)size_min(p.len, max));
}

static int put_enter(struct step *s, u32 i, bool or_none, u32 type)
{
	if (s->enter && i < s->enter->nparams)
		return put_value(s, s->enter->params[i], type);
	return or_none ? put(s, NULL, 0, 0) : put_default(s, type);
}

/*
 * {"id":..,"type":..,"name":..,"image":..} of the parameters in this order.  The strings
 * are not escaped: rules written for such captures compare with them as they are.
 */
static int put_container(struct step *s)
{
	static const char *const keys[] = { "id", "type", "name", "image" };
	struct buf b = { 0 };
	int err;

	for (u32 i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *str = "";
		u32 len = 0;
		u64 type = 0;

		buf_addf(&b, "%s\"%s\":", i ? "," : "{", keys[i]);
		if (i == 1) {
			event_uint(s->from, i, &type);
			buf_add_u64(&b, type);
			continue;
		}
		event_str(s->from, i, &str, &len);
		buf_addc(&b, '"');
		buf_add(&b, str, len);
		buf_addc(&b, '"');
	}
	buf_addc(&b, '}');
	err = put(s, b.p, (u32)b.len, (u32)b.len + 1);
	buf_fini(&b);
	return err;
}

static int put_by_rule(struct step *s, u32 i)
{
	u8 index = s->rule->values[i].index;
	u32 type = s->nparams < s->target->nparams ? s->target->params[s->nparams].type : PT_NONE;

	switch (s->rule->values[i].from) {
	case FROM_OLD:
		if (index >= s->from->nparams)
			return diag_set(s->d, "event %s has no parameter %u",
					s->from->desc->id, index);
		return put_value(s, s->from->params[index], type);
	case FROM_ENTER:
	case FROM_ENTER_OR_NONE:
		return put_enter(s, index, s->rule->values[i].from == FROM_ENTER_OR_NONE, type);
	case FROM_DEFAULT:
		return put_default(s, type);
	case FROM_CONTAINER:
		return put_container(s);
	default:
		return put(s, NULL, 0, 0);
	}
}

static bool uses_enter(const struct rule *r)
{
	for (u32 i = 0; r->values[i].from != FROM_END; i++)
		if (r->values[i].from == FROM_ENTER || r->values[i].from == FROM_ENTER_OR_NONE)
			return true;
	return false;
}

static u32 count_values(const struct rule *r)
{
	u32 n = 0;

	while (r->values[n].from != FROM_END)
		n++;
	return n;
}

static int build(struct step *s)
{
	u32 nvalues = count_values(s->rule);
	u32 kept = s->rule->action == DO_ADD ? s->from->nparams : 0;
	u32 len_size = s->target->flags & EF_LARGE ? sizeof(u32) : sizeof(u16);
	int err = 0;

	s->lens_size = (kept + nvalues) * (size_t)len_size;
	for (u32 i = 0; i < kept && !err; i++)
		err = put(s, s->from->params[i].p, s->from->params[i].len, s->from->params[i].len);
	for (u32 i = 0; i < nvalues && !err; i++)
		err = put_by_rule(s, i);
	if (err)
		return err;
	*s->to = (struct event_hdr){
		.ts_ns = s->from->ts_ns, .tid = (u64)s->from->tid, .type = s->rule->target,
		.nparams = s->nparams,
		.len = (u32)(sizeof(*s->to) + s->lens_size + s->used),
	};
	return 0;
}

static u8 *staging(struct converter *c, u32 n)
{
	if (!c->staging[n])
		c->staging[n] = xmalloc(STAGING_BYTES);
	return c->staging[n];
}

/* Applies one rule.  CONVERTED_PASS: *ev is a new event, which may need more. */
static enum converted apply(struct converter *c, const struct rule *r, u32 step,
			    const struct event_hdr **ev, size_t len, struct diag *d)
{
	struct event from, enter;
	struct step s = {
		.rule = r, .from = &from, .target = event_desc(r->target), .d = d,
	};

	if (event_decode(&from, *ev, len, d))
		return CONVERTED_ERROR;
	if (r->action == DO_STORE || r->action == DO_STORE_AND_PASS) {
		keep_enter(c, &from);
		return r->action == DO_STORE ? CONVERTED_DROP : CONVERTED_PASS;
	}
	if (find_enter(c, &from, &enter))
		s.enter = &enter;
	s.to = (struct event_hdr *)staging(c, step % 2);
	if (build(&s))
		return CONVERTED_ERROR;
	*ev = s.to;
	return CONVERTED_PASS;
}

/* Has the event today's shape?  Current enter events always take their rule. */

/* Without a rule: what an exit event of a current type lacks becomes empty. */
static enum converted without_rule(struct converter *c, u32 step, const struct event_hdr **ev,
				   size_t len, struct diag *d)
{
	const struct event_desc *desc = event_desc((*ev)->type);
	struct rule fill = { .type = (*ev)->type, .action = DO_ADD, .target = (*ev)->type };

	if ((desc->flags & EF_UNUSED) || event_is_enter((*ev)->type))
		return CONVERTED_DROP;
	if ((desc->flags & EF_OLD) || (*ev)->nparams > desc->nparams ||
	    desc->nparams - (*ev)->nparams >= VALUES_MAX) {
		diag_set(d, "cannot convert event %s with %u parameters", desc->id, (*ev)->nparams);
		return CONVERTED_ERROR;
	}
	for (u32 i = (*ev)->nparams; i < desc->nparams; i++)
		fill.values[i - (*ev)->nparams].from = FROM_NONE;
	return apply(c, &fill, step, ev, len, d);
}

/* Converts until the event has today's shape.  *used: the kept enter event had a part in it. */
static COLD enum converted convert_steps(struct converter *c, const struct event_hdr **ev, size_t len,
					 bool *used, struct diag *d)
{
	for (u32 step = 0; step < STEPS_MAX; step++) {
		const struct event_desc *desc = event_desc((*ev)->type);
		const struct rule *r;
		enum converted res;

		if (!desc) {
			diag_set(d, "unknown event type %u", (*ev)->type);
			return CONVERTED_ERROR;
		}
		if (convert_is_current(desc, *ev))
			return CONVERTED_PASS;
		r = find_rule((*ev)->type, (*ev)->nparams);
		if (!r)
			return without_rule(c, step, ev, len, d);
		if (r->action == DO_PASS)
			return CONVERTED_PASS;
		*used |= uses_enter(r);
		res = apply(c, r, step, ev, len, d);
		if (res != CONVERTED_PASS || r->action == DO_STORE_AND_PASS)
			return res;
		len = (*ev)->len;
	}
	diag_set(d, "event type %u is converted without an end", (*ev)->type);
	return CONVERTED_ERROR;
}

enum converted convert_event(struct converter *c, const struct event_hdr **ev, size_t len,
			     struct diag *d)
{
	enum converted res;
	bool used = false;

	if (convert_not_needed(*ev))
		return CONVERTED_PASS;
	res = convert_steps(c, ev, len, &used, d);

	if (used && res == CONVERTED_PASS)
		forget_enter(c, (*ev)->tid);
	return res;
}
