/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rules_cmd.h"

#include <stdio.h>
#include <string.h>

static const struct rules_flag *const flags[] = {
	&rules_flag_syscalls, &rules_flag_explain,
};

static bool is_name(const char *s, const char *name, size_t len)
{
	return strlen(s) == len && !memcmp(s, name, len);
}

bool rules_cmd_option(struct rules_request *q, const char *name, size_t len)
{
	if (is_name("json", name, len)) {
		q->json = true;
		return true;
	}
	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!is_name(flags[i]->name, name, len))
			continue;
		q->what |= 1u << i;
		return true;
	}
	return false;
}

void rules_cmd_offer(struct similar *s)
{
	similar_offer(s, "json");
	for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
		similar_offer(s, flags[i]->name);
}

int rules_cmd_check(const struct rules_request *q, struct diag *d)
{
	if (q->what)
		return 0;
	return diag_set(d, "saker rules: nothing was asked for, such as --%s; "
			"see saker rules --help", flags[0]->name);
}

void rules_cmd_help(void)
{
	puts("saker rules - what the loaded rules need and become\n"
	     "Usage:\n  saker rules --WHAT... [OPTION...]\n\nWhat:");
	for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
		printf("  --%-20s %s\n", flags[i]->name, flags[i]->help);
	puts("\nOptions, besides those of saker --help:\n"
	     "  -c FILE                Configuration file (default: /etc/saker/saker.yaml, if "
	     "there).\n"
	     "  -r PATH                Rules file, or folder of them, in place of rules_files. "
	     "Repeatable.\n"
	     "  -o KEY=VALUE           Set a configuration key. Repeatable.\n"
	     "  --json                 As one JSON object, with a member for each WHAT.\n"
	     "  -v                     Name all rules, not a few.\n"
	     "  -h, --help             Print this text.\n\n"
	     "Nothing is captured and no right is needed but to read the files.");
}

static void print_json(const struct rules_request *q, const struct rules_call *k)
{
	json_t *all = json_object();

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
		if (q->what & 1u << i)
			json_object_set_new(all, flags[i]->name, flags[i]->tell(k));
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static void print_text(const struct rules_request *q, const struct rules_call *k)
{
	struct buf out = { 0 };

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		json_t *what;

		if (!(q->what & 1u << i))
			continue;
		what = flags[i]->tell(k);
		if (out.len)
			buf_addc(&out, '\n');
		flags[i]->print(what, k->verbose, &out);
		json_decref(what);
	}
	fwrite(out.p, 1, out.len, stdout);
	buf_fini(&out);
}

void rules_cmd(const struct rules_request *q, const struct rules_call *k)
{
	(q->json ? print_json : print_text)(q, k);
}
