/* SPDX-License-Identifier: Apache-2.0 */
/* A shape as a JSON schema, draft 06: of that only what every validator knows. */
#include <stdlib.h>
#include <string.h>

#include "base/shape.h"

static json_t *types(const char *first, const char *second, const char *third)
{
	return third ? json_pack("{s:[s, s, s]}", "type", first, second, third) :
		       json_pack("{s:[s, s]}", "type", first, second);
}

static json_t *with_pattern(const char *type, const char *text, bool variables)
{
	json_t *j = types(type, "string", NULL);

	json_object_set_new(j, "pattern", json_sprintf("^(%s)$%s", text, variables ? "|[$][{][^}]*[}]" : ""));
	return j;
}

static json_t *int_json(const struct shape *s, bool variables)
{
	bool any = !s->min && !s->max;
	json_t *j = with_pattern("integer", any || s->min < 0 ? SHAPE_INT_TEXT : SHAPE_UINT_TEXT, variables);

	json_object_set_new(j, "minimum", json_integer(any ? INT64_MIN : s->min));
	json_object_set_new(j, "maximum", json_integer(any ? INT64_MAX : s->max));
	return j;
}

static json_t *number_json(const struct shape *s, bool variables)
{
	json_t *j = with_pattern("number", SHAPE_NUMBER_TEXT, variables);

	json_object_set_new(j, "minimum", json_real(s->low));
	json_object_set_new(j, "maximum", json_real(s->high));
	return j;
}

static json_t *choices_json(const char *choices)
{
	json_t *words = json_array();

	for (const char *p = choices; *p;) {
		size_t n = strcspn(p, ",");

		json_array_append_new(words, json_stringn(p, n));
		p += n + strspn(p + n, ", ");
	}
	return json_pack("{s:o}", "enum", words);
}

/* Typed as the value is; only what the shape takes is there. */
static json_t *default_json(const struct shape_key *k)
{
	switch (k->shape->type) {
	case SHAPE_BOOL:
		return json_boolean(!strcmp(k->def, "true"));
	case SHAPE_INT:
		return json_integer(strtoll(k->def, NULL, 10));
	case SHAPE_NUMBER:
		return json_real(strtod(k->def, NULL));
	default:
		return json_string(k->def);
	}
}

static json_t *key_json(const struct shape_key *k, bool variables)
{
	json_t *j = shape_json(k->shape, variables);

	if (k->help)
		json_object_set_new(j, "description", json_string(k->help));
	if (k->def && k->def[0])
		json_object_set_new(j, "default", default_json(k));
	if (k->no_effect)
		json_object_set_new(j, "x-no-effect-yet", json_true());
	return j;
}

static json_t *map_json(const struct shape *s, bool variables)
{
	json_t *properties = json_object(), *required = json_array();
	json_t *j = json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
			      s->items ? shape_json(s->items, variables) : json_false());

	for (u32 i = 0; i < s->nkeys; i++) {
		json_object_set_new(properties, s->keys[i].name, key_json(&s->keys[i], variables));
		if (s->keys[i].required)
			json_array_append_new(required, json_string(s->keys[i].name));
	}
	if (s->nkeys)
		json_object_set(j, "properties", properties);
	if (json_array_size(required))
		json_object_set(j, "required", required);
	if (s->min_keys)
		json_object_set_new(j, "minProperties", json_integer(s->min_keys));
	if (s->max_keys)
		json_object_set_new(j, "maxProperties", json_integer(s->max_keys));
	json_decref(properties);
	json_decref(required);
	return j;
}

static json_t *one_json(const struct shape *s, bool variables)
{
	switch (s->type) {
	case SHAPE_BOOL:
		return with_pattern("boolean", s->words ? SHAPE_BOOL_WORDS : SHAPE_BOOL_TEXT, variables);
	case SHAPE_INT:
		return int_json(s, variables);
	case SHAPE_NUMBER:
		return number_json(s, variables);
	case SHAPE_TEXT:
		return s->choices ? choices_json(s->choices) : types("string", "number", "boolean");
	case SHAPE_LIST:
		return json_pack("{s:s, s:o}", "type", "array", "items", shape_json(s->items, variables));
	case SHAPE_MAP:
		return map_json(s, variables);
	case SHAPE_ANY:
		break;
	}
	return json_object();
}

/* Besides what it takes: what a schema says of other types has no meaning for null. */
static bool add_null(json_t *j)
{
	json_t *type = json_object_get(j, "type");

	if (!type)
		return false;
	if (json_is_array(type))
		json_array_append_new(type, json_string("null"));
	else
		json_object_set_new(j, "type", json_pack("[O, s]", type, "null"));
	return true;
}

json_t *shape_json(const struct shape *s, bool variables)
{
	json_t *any = json_array(), *j;
	bool words = false;

	for (const struct shape *of = s; of; of = of->or) {
		json_array_append_new(any, one_json(of, variables));
		words |= of->type == SHAPE_TEXT && of->choices;
	}
	if (words && variables)
		json_array_append_new(any, json_pack("{s:s, s:s}", "type", "string", "pattern", "[$][{][^}]*[}]"));
	if (s->nullable && s->type != SHAPE_ANY && !(json_array_size(any) == 1 && add_null(json_array_get(any, 0))))
		json_array_append_new(any, json_pack("{s:s}", "type", "null"));
	if (json_array_size(any) > 1)
		return json_pack("{s:o}", "anyOf", any);
	j = json_incref(json_array_get(any, 0));
	json_decref(any);
	return j;
}
