/* SPDX-License-Identifier: Apache-2.0 */
#include "app/driver_probe.h"

#include <stdio.h>
#include <string.h>

#include "setup/cache.h"

static const char *const state_names[] = {
	[FEATURE_UNASKED] = "?",
	[FEATURE_NO] = "no",
	[FEATURE_YES] = "yes",
	[FEATURE_UNKNOWN] = "unknown",
};

struct choice {
	const struct way *way; /* NULL: none */
	struct buf why;        /* why not a better one */
	const char *remedy;
};

/* The same decision as at a start, but for what only opening the driver would tell. */
static void choose(const struct config *c, struct features *f, struct choice *ret)
{
	const struct way *order[WAYS_MAX];
	bool live = strcmp(c->engine_kind, "replay") && strcmp(c->engine_kind, "nodriver");
	u32 n = ways_in_order(live ? c->engine_kind : "auto", c->driver_fallback, NULL, order);
	const char *last = "";

	*ret = (struct choice){ 0 };
	for (u32 i = 0; i < n && !ret->way; i++) {
		bool skipped = order[i]->steps & WAY_BUILD && !c->driver_build;

		if (!skipped && !way_missing(f, order[i], false)) {
			ret->way = order[i];
		} else if (strcmp(last, order[i]->kind)) {
			struct buf why = { 0 };
			const char *remedy = kind_explain(f, order[i]->kind, false, &why);

			if (why.len)
				buf_addf(&ret->why, "%s%s: %s", ret->why.len ? "\n  " : "",
					 order[i]->kind, buf_str(&why));
			if (!ret->remedy)
				ret->remedy = remedy;
			buf_fini(&why);
		}
		last = order[i]->kind;
	}
}

/* ---- text ----------------------------------------------------------------------------------- */

static void print_features(struct features *f)
{
	printf("%-20s %-8s %s\n", "feature", "here", "found");
	for (u32 x = 0; x < NFEATURES; x++) {
		enum feature_state s = feature_state(f, x);
		const char *detail = feature_detail(f, x);

		printf("%-20s %-8s %s\n", feature_rows[x].name, state_names[s],
		       *detail ? detail : feature_rows[x].what);
	}
}

static void print_ways(struct features *f)
{
	printf("\n%-12s %-8s %s\n", "driver", "works", "how");
	for (u32 i = 0; i < nways; i++) {
		u64 missing = way_missing(f, &ways[i], false);
		const char *separator = "; missing: ";

		printf("%-12s %-8s %s", ways[i].kind,
		       missing           ? "no"
		       : f->sys->foreign ? "unknown"
					 : "yes",
		       ways[i].what);
		for (u32 x = 0; x < NFEATURES; x++) {
			if (!(missing >> x & 1))
				continue;
			printf("%s%s", separator, feature_rows[x].name);
			separator = ", ";
		}
		putchar('\n');
	}
}

static void print_text(const struct config *c, struct features *f, struct choice *ch)
{
	const struct system *s = f->sys;

	printf("Linux %s %s%s\n\n", s->release, s->machine,
	       s->foreign ? " (not the running kernel)" : "");
	print_features(f);
	print_ways(f);
	printf("\nengine.kind is %s; ", c->engine_kind);
	if (ch->way)
		printf("saker uses %s: %s\n", ch->way->kind, ch->way->what);
	else
		puts("no driver works");
	if (ch->why.len)
		printf("Not used:\n  %s\n", buf_str(&ch->why));
	if (ch->why.len && ch->remedy)
		printf("To mend it: %s\n", ch->remedy);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *json_features(struct features *f)
{
	json_t *list = json_array();

	for (u32 x = 0; x < NFEATURES; x++) {
		const struct feature_row *row = &feature_rows[x];
		json_t *o = json_object();

		json_object_set_new(o, "name", json_string(row->name));
		json_object_set_new(o, "meaning", json_string(row->what));
		json_object_set_new(o, "state", json_string(state_names[feature_state(f, x)]));
		json_object_set_new(o, "found", json_string(feature_detail(f, x)));
		if (feature_state(f, x) == FEATURE_NO)
			json_object_set_new(o, "remedy", json_string(row->remedy));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *json_names(u64 mask)
{
	json_t *list = json_array();

	for (u32 x = 0; x < NFEATURES; x++)
		if (mask >> x & 1)
			json_array_append_new(list, json_string(feature_rows[x].name));
	return list;
}

static json_t *json_ways(struct features *f)
{
	json_t *list = json_array();

	for (u32 i = 0; i < nways; i++) {
		u64 missing = way_missing(f, &ways[i], false);
		json_t *o = json_object();

		json_object_set_new(o, "driver", json_string(ways[i].kind));
		json_object_set_new(o, "how", json_string(ways[i].what));
		json_object_set_new(o, "works", json_boolean(!missing));
		json_object_set_new(o, "missing", json_names(missing));
		json_array_append_new(list, o);
	}
	return list;
}

static void print_json(const struct config *c, struct features *f, struct choice *ch)
{
	json_t *o = json_object();

	json_object_set_new(o, "kernel", json_string(f->sys->release));
	json_object_set_new(o, "machine", json_string(f->sys->machine));
	json_object_set_new(o, "running", json_boolean(!f->sys->foreign));
	json_object_set_new(o, "features", json_features(f));
	json_object_set_new(o, "drivers", json_ways(f));
	json_object_set_new(o, "wanted", json_string(c->engine_kind));
	json_object_set_new(o, "choice", ch->way ? json_string(ch->way->kind) : json_null());
	json_object_set_new(o, "why_not_better", json_string(buf_str(&ch->why)));
	json_object_set_new(o, "remedy",
			    ch->why.len && ch->remedy ? json_string(ch->remedy) : json_null());
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
}

bool driver_probe(const struct config *c, struct system *sys, bool json)
{
	struct features f;
	struct choice ch;
	bool works;

	features_init(&f, sys);
	choose(c, &f, &ch);
	works = ch.way;
	(json ? print_json : print_text)(c, &f, &ch);
	buf_fini(&ch.why);
	features_fini(&f);
	return works;
}
