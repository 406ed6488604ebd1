/* SPDX-License-Identifier: Apache-2.0 */
/* evt.time and its relatives. */
#include "field/getter.h"

#include <stdio.h>

#include "base/clock.h"

/* Most events fall into the second of the one before. */
static const struct tm *broken_down(struct field_ctx *x, bool utc)
{
	s64 sec = (s64)(x->ev->ts_ns / NS_PER_S);
	time_t t = (time_t)sec;

	if (x->clock.valid && x->clock.sec == sec && x->clock.utc == utc)
		return &x->clock.tm;
	if (!(utc ? gmtime_r(&t, &x->clock.tm) : localtime_r(&t, &x->clock.tm)))
		return NULL;
	x->clock.sec = sec;
	x->clock.utc = utc;
	x->clock.valid = true;
	return &x->clock.tm;
}

bool field_evt_get_time(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	static const struct {
		const char *date_end;	/* NULL: no date */
		bool ns, utc;
		const char *zone;
	} forms[] = {
		[TIME_NS] = { NULL, true, false, "" },
		[TIME_S] = { NULL, false, false, "" },
		[TIME_ISO8601] = { "T", true, true, "+0000" },
		[DATETIME_NS] = { " ", true, false, "" },
		[DATETIME_S] = { " ", false, false, "" },
	};
	s64 form = f->field->id;
	const struct tm *tm = broken_down(x, x->utc || forms[form].utc);
	struct buf *b = tmp_buf(x);

	if (!tm)
		return false;
	if (forms[form].date_end)
		buf_addf(b, "%04d-%02d-%02d%s", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday,
			 forms[form].date_end);
	buf_addf(b, "%02d:%02d:%02d", tm->tm_hour, tm->tm_min, tm->tm_sec);
	if (forms[form].ns)
		buf_addf(b, ".%09llu", x->ev->ts_ns % NS_PER_S);
	buf_adds(b, forms[form].zone);
	return set_scratch(x, ret, b);
}

bool field_evt_get_rawtime(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	u64 ts = x->ev->ts_ns;

	if (f->field->id >= RAW_REL)
		ts -= proc_first_ts_ns(x->proc);
	switch (f->field->id) {
	case RAW_ABS_S:
	case RAW_REL_S:
		return set_u64(f, ret, ts / NS_PER_S);
	case RAW_ABS_NS:
	case RAW_REL_NS:
		return set_u64(f, ret, ts % NS_PER_S);
	default:
		return set_u64(f, ret, ts);
	}
}
