/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules files define, before anything is compiled: lists, macros, rules.
 *
 * Items live in the arena of a file and are never changed after they were put into a
 * collection: a later definition or an append makes a new item.  So a collection can be
 * copied by copying pointers, and a file that fails to load leaves no trace.
 *
 * Order: .index is the place of the first definition, .visibility that of the last
 * change; an item sees those whose index is below its visibility.
 */
#ifndef SAKER_RULES_ITEM_H
#define SAKER_RULES_ITEM_H

#include "base/hash.h"
#include "base/vec.h"
#include "rules/report.h"

/*
 * Texts and arrays that appends extend have room to spare (.cap), which belongs to the
 * newest holder: many appends stay linear.  So the terminating NUL of a text is only there
 * until something was appended; texts may hold NULs, too.
 */
struct text {
	const char *p;
	u32 len, cap;
	bool set;
};

struct names {
	const char **p;
	u32 n, cap;
};

struct list_item {
	const char *name;
	const struct ctx *ctx;
	struct names items;
	u32 index, visibility;
};

struct macro_item {
	const char *name;
	const struct ctx *ctx, *cond_ctx;
	struct text cond;
	u32 index, visibility;
};

/* A key of an exception: a string, or a list of such. */
struct entry {
	bool set, is_list;
	const char *s;
	struct entry *items;
	u32 n;
};

struct exception {
	const char *name;
	const struct ctx *ctx;
	struct entry fields, comps;
	struct entry *values;
	u32 nvalues, cap;
};

struct exceptions {
	struct exception *p;
	u32 n;
};

struct rule_item {
	const char *name;
	const struct ctx *ctx, *cond_ctx, *output_ctx;
	struct text cond;
	struct text output, desc;
	const char *source;
	enum priority priority;
	bool enabled, capture, warn_evttypes, skip_unknown;
	u32 capture_duration;
	bool unknown_source;
	struct names tags;
	struct exceptions exceptions;
	u32 index, visibility;
};

/* What `append: true` or `override` changes of a rule; what is not set stays. */
struct rule_update {
	const struct ctx *ctx, *cond_ctx, *output_ctx;
	const char *name;
	struct text cond, output, desc, source;
	bool has_priority, has_tags, has_exceptions, has_enabled, has_capture, has_duration;
	bool has_warn, has_skip;
	enum priority priority;
	bool enabled, capture, warn_evttypes, skip_unknown;
	u32 capture_duration;
	struct names tags;
	struct exceptions exceptions;
};

struct plugin_want {
	const char *name, *version;
};

/* One requirement: any of the alternatives will do. */
struct plugin_req {
	const struct ctx *ctx;
	struct plugin_want *alt;
	u32 n;
};

struct collection {
	VEC(struct list_item *) lists;
	VEC(struct macro_item *) macros;
	VEC(struct rule_item *) rules;
	struct strmap list_at, macro_at, rule_at;	/* name → item */
	VEC(struct plugin_req *) plugins;
	u32 engine[3];		/* the highest version asked for */
	u32 next;		/* index of the next item */
};

/* What reading one file needs at hand. */
struct loader {
	struct rules_options *opt;	/* of the rules: plugins that are required bring fields */
	struct rules_file *file;
	struct arena *a;		/* of the file */
	struct collection *col;
	struct rules_report *rep;
	u64 spent;			/* elements read so far */
};

/* ---- collect.c: definitions, appends, overrides ---------------------------- */
void collection_copy(struct collection *to, const struct collection *from);
void collection_fini(struct collection *c);
/* An array with room for `more` elements after the first n; *cap is that of p. */
void *grown(struct arena *a, const void *p, u32 n, u32 *cap, u32 more, size_t size);
void collect_list(struct loader *l, struct list_item *v);
int collect_list_append(struct loader *l, struct list_item *v);
void collect_macro(struct loader *l, struct macro_item *v);
int collect_macro_append(struct loader *l, struct macro_item *v);
int collect_rule(struct loader *l, struct rule_item *v);
int collect_rule_enable(struct loader *l, const struct ctx *ctx, const char *name, bool enabled);
int collect_rule_append(struct loader *l, const struct rule_update *u);
int collect_rule_replace(struct loader *l, const struct rule_update *u);

/* ---- decode.c: values of keys ---------------------------------------------- */
int decode_text(struct loader *l, const struct yaml_node *item, const char *key,
		const struct ctx *ctx, struct text *ret);
int decode_bool(struct loader *l, const struct yaml_node *item, const char *key,
		const struct ctx *ctx, bool *ret);
int decode_u32(struct loader *l, const struct yaml_node *item, const char *key,
	       const struct ctx *ctx, u32 *ret);
/* For the rest the key may be absent, null or empty: then *ret stays. */
int decode_opt_text(struct loader *l, const struct yaml_node *item, const char *key,
		    const struct ctx *ctx, struct text *ret);
int decode_opt_bool(struct loader *l, const struct yaml_node *item, const char *key,
		    const struct ctx *ctx, bool *ret);
int decode_opt_u32(struct loader *l, const struct yaml_node *item, const char *key,
		   const struct ctx *ctx, u32 *ret);
int decode_names(struct loader *l, const struct yaml_node *item, const char *key, bool optional,
		 const struct ctx *ctx, struct names *ret);
/* Counts elements read: aliases make a small file stand for a huge one. */
int spend(struct loader *l, const struct ctx *ctx, u64 n);
/* Is the key there, whatever its value? */
bool has_key(const struct yaml_node *item, const char *key);
/* Without blanks at the ends. */
struct text trimmed(const struct text *t);
int yaml_error(struct loader *l, const struct ctx *ctx, const char *fmt, ...) PRINTF(3, 4);
/* Warns of keys that are in none of the lists (NULL terminated). */
void warn_unknown_keys(struct loader *l, const struct yaml_node *item, const struct ctx *ctx,
		       const char *const *known);

/* ---- override.c ------------------------------------------------------------- */
struct override_key {
	const char *name;
	bool append, replace;	/* what the item allows */
};

#define OVERRIDE_KEYS_MAX 16

/* What `override` asks, by index into the item's table of keys. */
struct overrides {
	u32 append, replace;	/* bit sets */
};

int decode_overrides(struct loader *l, const struct yaml_node *item,
		     const struct override_key *keys, u32 n, const struct ctx *ctx,
		     struct overrides *ret);
/* `append: true`, with the warning that it is deprecated, and not together with override. */
int decode_append(struct loader *l, const struct yaml_node *item, const struct ctx *ctx, bool *ret);
int refuse_both(struct loader *l, const struct ctx *ctx, bool append, const struct overrides *o);
/* Both keys, for items of which only one thing can be appended to. */
int decode_append_alone(struct loader *l, const struct yaml_node *item,
			const struct override_key *keys, u32 n, const struct ctx *ctx,
			bool *ret_append);

/* ---- one file for each kind of item ------------------------------------------ */
int read_list(struct loader *l, const struct yaml_node *item, const struct ctx *parent);
int read_macro(struct loader *l, const struct yaml_node *item, const struct ctx *parent);
int read_rule(struct loader *l, const struct yaml_node *item, const struct ctx *parent);
int read_engine_version(struct loader *l, const struct yaml_node *item, const struct ctx *parent);
int read_plugin_versions(struct loader *l, const struct yaml_node *item, const struct ctx *parent);

/* ---- exceptions.c ------------------------------------------------------------- */
int read_exceptions(struct loader *l, const struct yaml_node *item, const struct ctx *parent,
		    bool append, struct exceptions *ret);
int check_exception(struct loader *l, struct exception *ex, bool known_source);
/* Appends values to exceptions of that name, and new exceptions, in a copy. */
int append_exceptions(struct loader *l, const struct rule_item *rule, const struct exceptions *more,
		      struct exceptions *ret);
/* The condition with ` and not (...)` for each exception that has values. */
int exceptions_condition(struct rules_report *rep, const struct rule_item *r, struct buf *out);

/* ---- schema.c ------------------------------------------------------------------ */
void schema_check(const struct yaml_node *doc, struct rules_report *rep);

/* ---- version.c ------------------------------------------------------------------ */
bool version_parse(const char *s, u32 ret[3]);
int check_engine_version(struct loader *l, const struct ctx *ctx, const u32 v[3]);
/* Are the plugins there that were asked for?  If not, the report tells (report_unmet). */
void check_plugins(const struct rules_options *opt, const struct collection *col,
		   struct rules_report *rep);

/* ---- expand.c -------------------------------------------------------------------- */
/* An item as it appears in a condition: in quotes when it holds blanks. */
void add_quoted(struct buf *out, const char *s);


#endif
