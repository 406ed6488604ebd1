/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of schema/ as constant data.  The event rows are expanded four times: into
 * one array of parameters for each event, into the number of its standard parameters,
 * into the descriptors, and into what the drivers capture.
 */
#include "event/table.h"

#include <string.h>

#define PARAM(NAME_, TYPE_, FMT_, TABLE_, ...) \
	{ #NAME_, PT_##TYPE_, PF_##FMT_, AUX_##TABLE_ },
#define EXTRA(NAME_, TYPE_, ...) { #NAME_, PT_##TYPE_, PF_NA, AUX_none },
#define EVENT(NR_, ID_, NAME_, CAT_, FLAGS_, ...) \
	static const struct param_desc params_##ID_[] = { __VA_ARGS__ { NULL, 0, 0, 0 } };
#define EXTRACT EVENT
#define UNUSED(NR_, ID_)
#include "schema/events.def"
#undef PARAM
#undef EXTRA
#undef EVENT

#define PARAM(NAME_, ...) + 1
#define EXTRA(NAME_, ...)
#define EVENT(NR_, ID_, NAME_, CAT_, FLAGS_, ...) nparams_##ID_ = 0 __VA_ARGS__,
enum {
#include "schema/events.def"
};
#undef PARAM
#undef EXTRA
#undef EXTRACT
#undef EVENT
#undef UNUSED

#define ROW(NR_, ID_, NAME_, CAT_, FLAGS_, CAPTURED_)				\
	[NR_] = {								\
		.name = NAME_,							\
		.id = #ID_,							\
		.category = CAT_,						\
		.flags = FLAGS_,						\
		.nparams = nparams_##ID_,					\
		.nextra = ARRAY_SIZE(params_##ID_) - 1 - nparams_##ID_,	\
		.params = params_##ID_,						\
		.captured = CAPTURED_,						\
	},
#define EVENT(NR_, ID_, NAME_, CAT_, FLAGS_, ...) ROW(NR_, ID_, NAME_, CAT_, FLAGS_, false)
#define EXTRACT(NR_, ID_, NAME_, CAT_, FLAGS_, ...) ROW(NR_, ID_, NAME_, CAT_, FLAGS_, true)
#define UNUSED(NR_, ID_) [NR_] = { .name = "NA", .id = #ID_, .flags = EF_UNUSED },
const struct event_desc event_descs[EV_MAX] = {
#include "schema/events.def"
};
#undef ROW
#undef EXTRACT
#undef EVENT
#undef UNUSED

#define EVENT(NR_, ID_, ...)	\
	_Static_assert(ARRAY_SIZE(params_##ID_) <= EVENT_PARAMS_MAX, #ID_ ": too many parameters");
#define EXTRACT EVENT
#define UNUSED(NR_, ID_)
#include "schema/events.def"
#undef EVENT
#undef EXTRACT
#undef UNUSED

#define FLAG(NAME_, VALUE_, ...) { #NAME_, VALUE_ },
#define FLAG_TABLE(NAME_, ...) static const struct flag_name flags_##NAME_[] = { __VA_ARGS__ };
#include "schema/flags.def"
#undef FLAG_TABLE
#undef FLAG
#define FLAG_TABLE(NAME_, ...) [AUX_##NAME_] = { #NAME_, flags_##NAME_, ARRAY_SIZE(flags_##NAME_) },
static const struct flag_table flag_tables[] = {
#include "schema/flags.def"
};
#undef FLAG_TABLE

#define SYSCALL(CODE_, NAME_, EVENT_, USE_)					\
	[CODE_] = { #NAME_, EV_##EVENT_, (USE_) | (EV_##EVENT_ == EV_GENERIC_X ? 0 : SU_USED) },
static const struct syscall_desc syscalls[SC_MAX] = {
#include "schema/syscalls.def"
};
#undef SYSCALL

#if defined(__x86_64__)
#define NR_TABLE "schema/nr/x86_64.def"
#elif defined(__aarch64__)
#define NR_TABLE "schema/nr/aarch64.def"
#else
#error "no table of syscall numbers for this architecture in schema/nr"
#endif

#define NR(NR_, NAME_) [NR_] = SC_##NAME_,
static const u16 code_of_nr[] = {
#include NR_TABLE
};
#undef NR

#define NR(NR_, NAME_) [SC_##NAME_] = NR_ + 1,
static const u16 nr_of_code[SC_MAX] = {
#include NR_TABLE
};
#undef NR

const struct flag_table *event_flags(enum param_aux aux)
{
	if (aux >= ARRAY_SIZE(flag_tables) || !flag_tables[aux].name)
		return NULL;
	return &flag_tables[aux];
}

const char *flag_name(const struct flag_table *t, u32 value)
{
	for (u32 i = 0; i < t->n; i++)
		if (t->flags[i].value == value)
			return t->flags[i].name;
	return NULL;
}

const struct syscall_desc *syscall_desc(u32 code)
{
	if (code == SC_unknown || code >= SC_MAX || !syscalls[code].name)
		return NULL;
	return &syscalls[code];
}

int syscall_code_by_name(const char *name, size_t len)
{
	for (u32 i = 0; i < SC_MAX; i++) {
		const char *s = syscalls[i].name;

		if (s && strlen(s) == len && !memcmp(s, name, len))
			return (int)i;
	}
	return -1;
}

u32 syscall_code_by_nr(u32 nr)
{
	return nr < ARRAY_SIZE(code_of_nr) ? code_of_nr[nr] : SC_unknown;
}

int syscall_nr_by_code(u32 code)
{
	return code < SC_MAX ? nr_of_code[code] - 1 : -1;
}
