/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules files: YAML → lists, macros, rules → the compiled set.
 *
 *	struct rules *r = rules_new(&opt);
 *	rules_load(r, name, text, len, &report);	once per file, in order
 *	rules_compile(r, &set, &diag);			selection, outputs, index
 *	ruleset_match(set, ...);			per event
 */
#ifndef SAKER_RULES_RULES_H
#define SAKER_RULES_RULES_H

#include <jansson.h>

#include "base/buf.h"
#include "base/diag.h"
#include "field/field.h"
#include "filter/filter.h"
#include "output/alert.h"

struct rules;
struct ruleset;
struct rules_report;
struct shape;

struct rules_plugin {
	const char *name, *version;
	const struct field_set *fields;	/* known from when a file requires the plugin; NULL: the same as before */
};

/* One entry of the configuration key `rules`, applied in order. */
struct rules_selection {
	bool enable;
	const char *rule;	/* name with '*' wildcards, or NULL */
	const char *tag;	/* exact, or NULL */
};

/* One entry of `append_output`. */
struct rules_append {
	const char *match_rule, *match_source;	/* NULL: any */
	const char *const *match_tags;
	u32 nmatch_tags;
	const char *extra_output;		/* NULL: none */
	bool suggested_output;
	/* format NULL: the bare field key */
	const struct { const char *key, *format; } *extra_fields;
	u32 nextra_fields;
};

struct rules_options {
	const struct field_set *fields;
	const char *const *sources;	/* known event sources, "syscall" first */
	u32 nsources;
	enum priority min_priority;
	const struct rules_plugin *plugins;
	u32 nplugins;
	bool plugins_known;	/* false: requirements on plugins are not checked */
	const struct rules_selection *selection;
	u32 nselection;
	const struct rules_append *append;
	u32 nappend;
	const char *const *static_keys;	/* of static_fields, appended when suggested */
	u32 nstatic_keys;
	bool remarks;		/* look for what rules_report_remark() tells: every word in a list is compared */
	bool no_suggested_fields;	/* suggested_output adds static fields only: the plugin that
					 * would suggest the others is not loaded */
};

#define RULES_ENGINE_VERSION "0.63.0"

struct rules *rules_new(const struct rules_options *opt);	/* opt and all in it: borrowed */
void rules_free(struct rules *r);

/*
 * Adds one file.  name is what reports call it; text is copied.  Returns 0, or -EINVAL when
 * it has errors: then nothing of it counts.  *ret_report (owned by the caller) tells errors
 * and warnings either way.  -ENOTSUP: there is an error of a kind for which Falco ends at
 * once ("Runtime error: TEXT. Exiting."): rules_report_fatal() is the text.
 */
int rules_load(struct rules *r, const char *name, const char *text, size_t len,
	       struct rules_report **ret_report);

bool rules_report_ok(const struct rules_report *r);
u32 rules_report_nwarnings(const struct rules_report *r);
const char *rules_report_name(const struct rules_report *r);
const char *rules_report_fatal(const struct rules_report *r);	/* NULL: nothing of that kind */
/*
 * A plugin that is asked for and not there (NULL: none), by a file that is right otherwise or is not:
 * there is no sense in its other errors.
 */
const char *rules_report_unmet(const struct rules_report *r);
/*
 * One line without newline, or blocks that end with an empty line each; not verbose: the
 * summary.
 */
void rules_report_text(const struct rules_report *r, bool verbose, struct buf *out);
/* One line: "NAME: Invalid  1 errors: [...]". */
void rules_report_summary(const struct rules_report *r, struct buf *out);
json_t *rules_report_json(const struct rules_report *r);	/* new reference */
/* The i-th of what is neither an error nor a warning; NULL: no more. */
const char *rules_report_remark(const struct rules_report *r, u32 i);
void rules_report_free(struct rules_report *r);
/* A report for a file that could not be read (LOAD_ERR_FILE_READ). */
struct rules_report *rules_report_unreadable(const char *name, const char *why);

/* Description of all rules, or of one (NULL when there is none of that name). */
json_t *rules_describe(struct rules *r, const char *rule);
/* Text of -L and -l. */
int rules_describe_text(struct rules *r, const char *rule, struct buf *out);

struct rule {
	u32 index;		/* order of definition */
	const char *name, *desc, *source;
	enum priority priority;
	bool enabled;
	struct alert_desc alert;
	u32 expr;
	struct event_set events;
	u64 matches;
	u64 evaluations;	/* events for which its condition was looked at: those that the
				 * type, or what it has in common with other rules, ruled out
				 * beforehand do not count */
	u64 samples, sampled_ns;	/* evaluations whose time was taken */
};

/* A rule as it stands for one type of event, with what is left of its condition. */
struct rule_slot {
	struct rule *rule;
	u32 expr;
};

int rules_compile(struct rules *r, struct ruleset **ret, struct diag *d);
/*
 * The same rules for another thread, with counters of their own.  What was compiled is shared and
 * not changed by matching; the first set must outlive this one.
 */
struct ruleset *ruleset_share(const struct ruleset *s);
void ruleset_free(struct ruleset *s);
u32 ruleset_count(const struct ruleset *s);		/* enabled ones */
struct rule *ruleset_rule(struct ruleset *s, u32 i);
/*
 * Rules that can match the events of a syscall's end, in order of definition: *ret_n of them.
 * Borrowed.
 */
const struct rule_slot *ruleset_slots(const struct ruleset *s, u32 code, u32 *ret_n);
const struct filter_pool *ruleset_pool(const struct ruleset *s);
/* Union over the enabled rules. */
void ruleset_events(const struct ruleset *s, struct event_set *ret);
/* Does an enabled rule or its output use a field with this flag? */
bool ruleset_uses(const struct ruleset *s, u32 field_flag);
/*
 * The field with this flag that a rule of the set or its output uses: its name (constant), the
 * first one when there are several; NULL: none.
 */
const char *ruleset_field(const struct ruleset *s, const struct rule *r, u32 field_flag);
/*
 * Rules that match the event, in order of definition; at most one when first.  The array belongs
 * to s and lives until the next call; x is then at the event (field_ctx_event()), unless there is
 * no rule for its type.  A set belongs to one thread.
 */
u32 ruleset_match(struct ruleset *s, struct field_ctx *x, const struct event *ev, bool first,
		  struct rule *const **ret);
/* How often each rule's condition was evaluated: ruleset_count() numbers. */
void ruleset_evaluations(const struct ruleset *s, u64 *ret);

/* What a rules file may be (base/shape.h). */
const struct shape *rules_shape(void);

#endif
