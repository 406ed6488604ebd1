/* SPDX-License-Identifier: Apache-2.0 */
/* What an alert consists of, and its text and JSON lines. */
#ifndef SAKER_OUTPUT_ALERT_H
#define SAKER_OUTPUT_ALERT_H

#include "output/format.h"

enum priority {
	PRIO_EMERGENCY, PRIO_ALERT, PRIO_CRITICAL, PRIO_ERROR,
	PRIO_WARNING, PRIO_NOTICE, PRIO_INFORMATIONAL, PRIO_DEBUG,
	PRIO_MAX,
};

const char *priority_name(enum priority p);	/* "Informational" */
/* Any case; INFO too.  PRIO_MAX when unknown. */
enum priority priority_by_name(const char *s);

/* An extra field of output_fields: a bare field (raw value) or a formatted string. */
struct alert_extra {
	const char *key;
	struct format *format;	/* owned by whoever owns the alert_desc */
	bool raw;		/* value of the format's only field, typed */
};

/* The constant part of a rule's alerts. */
struct alert_desc {
	const char *rule;
	const char *source;
	enum priority priority;
	const char *const *tags;	/* sorted, each once */
	u32 ntags;
	struct format *format;
	const struct alert_extra *extra;
	u32 nextra;
};

struct alert_options {
	bool json, iso_8601;
	bool include_output, include_message, include_fields, include_tags;
	const char *hostname;
};

struct alert_printer;

struct alert_printer *alert_printer_new(const struct alert_options *opt,
					const struct field_set *fields);
void alert_printer_free(struct alert_printer *p);
/*
 * Appends the line of one alert, without newline.  The printer remembers what it derived
 * from each alert_desc by its address: they must live and stay the same as long as it does.
 */
void alert_print(struct alert_printer *p, const struct alert_desc *a, struct field_ctx *x,
		 struct buf *out);

/* An alert of saker itself (source "internal"): key-value pairs in the order given. */
struct internal_field {
	const char *key;
	const char *value;
	bool number;	/* print as a JSON number */
};

void alert_print_internal(struct alert_printer *p, u64 ts_ns, const char *rule, enum priority prio,
			  const char *msg, const struct internal_field *fields, u32 n,
			  struct buf *out);

#endif
