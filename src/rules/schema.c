/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of a rules file, beside what the loader demands: names of keys and types of
 * their values.  Complaints are warnings only.
 */
#include <string.h>

#include "base/shape.h"
#include "rules/item.h"

/* As in Falco: what looks like a text but is a number, or the reverse, will do; null will not. */
static const struct shape text = { .type = SHAPE_TEXT };
static const struct shape texts = { .type = SHAPE_LIST, .items = &text };
static const struct shape flag = { .type = SHAPE_BOOL };
static const struct shape integer = { .type = SHAPE_INT };
static const struct shape any = { .type = SHAPE_ANY };
static const struct shape priority = {
	.type = SHAPE_TEXT, .choices = "EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO, INFORMATIONAL, DEBUG" };

static const struct shape_key exception_keys[] = {
	{ .name = "name", .shape = &text, .required = true, .help = "Name, by which others add to it." },
	{ .name = "fields", .shape = &any, .help = "A field, or a list of them." },
	{ .name = "comps", .shape = &any, .help = "The operator, or one for each field." },
	{ .name = "values", .shape = &any, .help = "Values of the field, or lists with one for each." },
};
static const struct shape exception = { .type = SHAPE_MAP, SHAPE_KEYS(exception_keys) };
static const struct shape exceptions = { .type = SHAPE_LIST, .items = &exception };

static const struct shape operation = { .type = SHAPE_TEXT, .choices = "append, replace" };
static const struct shape_key override_keys[] = {
	{ .name = "capture", .shape = &operation },
	{ .name = "capture_duration", .shape = &operation },
	{ .name = "condition", .shape = &operation },
	{ .name = "desc", .shape = &operation },
	{ .name = "enabled", .shape = &operation },
	{ .name = "exceptions", .shape = &operation },
	{ .name = "items", .shape = &operation },
	{ .name = "output", .shape = &operation },
	{ .name = "priority", .shape = &operation },
	{ .name = "skip-if-unknown-filter", .shape = &operation },
	{ .name = "tags", .shape = &operation },
	{ .name = "warn_evttypes", .shape = &operation },
};
static const struct shape override = { .type = SHAPE_MAP, SHAPE_KEYS(override_keys), .min_keys = 1 };

static const struct shape_key alternative_keys[] = {
	{ .name = "name", .shape = &text, .required = true },
	{ .name = "version", .shape = &text, .required = true },
};
static const struct shape alternative = { .type = SHAPE_MAP, SHAPE_KEYS(alternative_keys) };
static const struct shape alternatives = { .type = SHAPE_LIST, .items = &alternative };
static const struct shape_key plugin_keys[] = {
	{ .name = "name", .shape = &text, .required = true, .help = "Name of the plugin." },
	{ .name = "version", .shape = &text, .required = true, .help = "The least that will do: x.y.z" },
	{ .name = "alternatives", .shape = &alternatives, .help = "Plugins that will do in its place." },
};
static const struct shape plugin = { .type = SHAPE_MAP, SHAPE_KEYS(plugin_keys) };
static const struct shape plugins = { .type = SHAPE_LIST, .items = &plugin };

/* Which of them go together is for the loader. */
static const struct shape_key item_keys[] = {
	{ .name = "required_engine_version", .shape = &text, .help = "Engine that the file needs: N or x.y.z" },
	{ .name = "required_plugin_versions", .shape = &plugins, .help = "Plugins that the file needs." },
	{ .name = "macro", .shape = &text, .help = "Name of a condition that others may use." },
	{ .name = "condition", .shape = &text, .help = "What must hold of an event." },
	{ .name = "list", .shape = &text, .help = "Name of a list of values." },
	{ .name = "items", .shape = &texts, .help = "The values of a list." },
	{ .name = "rule", .shape = &text, .help = "Name of a rule." },
	{ .name = "desc", .shape = &text, .help = "What the rule is for." },
	{ .name = "output", .shape = &text, .help = "Text of the alert, with %fields." },
	{ .name = "priority", .shape = &priority, .help = "How grave it is." },
	{ .name = "source", .shape = &text, .help = "Source of the events.", .def = "syscall" },
	{ .name = "enabled", .shape = &flag, .help = "Is the rule used?", .def = "true" },
	{ .name = "capture", .shape = &flag, .help = "Write a capture file when it matches.", .def = "false" },
	{ .name = "capture_duration", .shape = &integer, .help = "For how long, in milliseconds." },
	{ .name = "warn_evttypes", .shape = &flag, .help = "Warn when very many types of events are looked at.",
	  .def = "true" },
	{ .name = "skip-if-unknown-filter", .shape = &flag, .help = "Leave the rule out when a field is not known.",
	  .def = "false" },
	{ .name = "tags", .shape = &texts, .help = "Words by which rules are chosen." },
	{ .name = "exceptions", .shape = &exceptions, .help = "Cases in which the rule does not fire." },
	{ .name = "override", .shape = &override, .help = "What is changed in an item that is there already." },
	{ .name = "append", .shape = &flag, .help = "Old: add to an item that is there already.", .def = "false" },
};
static const struct shape item = { .type = SHAPE_MAP, SHAPE_KEYS(item_keys) };
static const struct shape items = { .type = SHAPE_LIST, .items = &item };

const struct shape *rules_shape(void)
{
	return &items;
}

/* Falco's words. */
static void on_fault(void *ctx, const struct shape_fault *f)
{
	struct rules_report *rep = ctx;

	switch (f->kind) {
	case SHAPE_WRONG:
		report_schema(rep, "failed for <root>%s: %s", f->where, f->shape->choices ?
			      "Failed to match against any enum values." :
			      "Value type not permitted by 'type' constraint.");
		break;
	case SHAPE_UNKNOWN_KEY:
		report_schema(rep, "failed for <root>%s: Object contains a property that could not be validated using "
			      "'properties' or 'additionalProperties' constraints: '%.1000s'.", f->where, f->name);
		break;
	case SHAPE_MISSING_KEY:
		report_schema(rep, "failed for <root>%s: Missing required property '%s'.", f->where, f->name);
		break;
	case SHAPE_FEW_KEYS:
		report_schema(rep, "failed for <root>%s: Object should have no fewer than %u properties.", f->where,
			      f->index);
		break;
	case SHAPE_MANY_KEYS:
		report_schema(rep, "failed for <root>%s: Object should have no more than %u properties.", f->where,
			      f->index);
		break;
	case SHAPE_IN_KEY:
		report_schema(rep, "failed for <root>%s: Failed to validate against schema associated with property "
			      "name '%s'.", f->where, f->name);
		break;
	case SHAPE_IN_ITEM:
		report_schema(rep, "failed for <root>%s: Failed to validate item #%u in array.", f->where, f->index);
		break;
	}
}

void schema_check(const struct yaml_node *doc, struct rules_report *rep)
{
	const struct shape_checker how = { .fault = on_fault, .ctx = rep };

	shape_check(&items, doc, &how);
}
