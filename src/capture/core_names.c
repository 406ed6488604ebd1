/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/core_names.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/tracepoint.h"
#include "event/table.h"

#define NAME_ROOM 80

struct alias {
	const char *name, *kernel;
};

static const struct alias native_aliases[] = {
	{ "stat", "newstat" },
	{ "lstat", "newlstat" },
	{ "fstat", "newfstat" },
	{ "uname", "newuname" },
	{ "sendfile", "sendfile64" },
	{ "umount2", "umount" },
#if defined(__aarch64__)
	{ "fadvise64", "fadvise64_64" },
	{ "personality", "arm64_personality" },
#endif
	{ NULL, NULL }
};

static const struct alias compat_aliases[] = {
	{ "umount2", "umount" },
	{ "umount", "oldumount" },
	{ "_llseek", "llseek" },
	{ "_newselect", "select" },
	{ "select", "old_select" },
	{ "readdir", "old_readdir" },
	{ "ugetrlimit", "getrlimit" },
	{ "getrlimit", "old_getrlimit" },
	{ "mmap2", "mmap_pgoff" },
	{ "stat", "newstat" },
	{ "lstat", "newlstat" },
	{ "fstat", "newfstat" },
	{ "uname", "newuname" },
	{ "oldstat", "stat" },
	{ "oldlstat", "lstat" },
	{ "oldfstat", "fstat" },
	{ "clock_gettime", "clock_gettime32" },
	{ "clock_settime", "clock_settime32" },
	{ "clock_adjtime", "clock_adjtime32" },
	{ "timer_settime", "timer_settime32" },
	{ "timer_gettime", "timer_gettime32" },
	{ "time", "time32" },
	{ "stime", "stime32" },
	{ "utime", "utime32" },
	{ NULL, NULL }
};

static const char *kernel_name(const struct alias *a, const char *name)
{
	while (a->name && strcmp(a->name, name))
		a++;
	return a->name ? a->kernel : name;
}

static const char *native_name(u32 code)
{
	return syscall_desc(code) ? kernel_name(native_aliases, syscall_desc(code)->name) : NULL;
}

/* ---- functions ---------------------------------------------------------------------- */

#if defined(__aarch64__)
#define NATIVE "__arm64_sys_"
#else
#define NATIVE "__x64_sys_"
#endif

static bool is_call(const char *name)
{
	static const char *const starts[] = { NATIVE, "__do_sys_", "__ia32_" };

	for (u32 i = 0; i < ARRAY_SIZE(starts); i++)
		if (!strncmp(name, starts[i], strlen(starts[i])))
			return true;
	return false;
}

static bool is_other(const char *name)
{
	static const char *const others[] = { "__secure_computing", "__seccomp_filter" };

	for (u32 i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(name, others[i]))
			return true;
	return false;
}

/*
 * Does it take the registers, as the functions that the table of syscalls names?  The BTF of
 * some kernels has them with a pointer to something unknown.
 */
static bool takes_regs(const struct btf *btf, const struct btf_type *proto, bool *ret_known)
{
	const struct btf_type *t;

	if (btf_vlen(proto) != 1)
		return false;
	t = btf__type_by_id(btf, btf_params(proto)[0].type);
	if (!t || !btf_is_ptr(t))
		return false;
	t = btf__type_by_id(btf, t->type);
	if (t && btf_is_const(t))
		t = btf__type_by_id(btf, t->type);
	*ret_known = t && btf_is_struct(t);
	return t && (btf_is_struct(t) || btf_is_fwd(t)) &&
	       !strcmp(btf__name_by_offset(btf, t->name_off), "pt_regs");
}

static bool returns_bool(const struct btf *btf, const struct btf_type *proto)
{
	const struct btf_type *t = btf__type_by_id(btf, proto->type);

	while (t && btf_is_typedef(t))
		t = btf__type_by_id(btf, t->type);
	return t && btf_is_int(t) && btf_int_encoding(t) & BTF_INT_BOOL;
}

static int by_name(const void *a, const void *b)
{
	const struct core_function *f = a, *g = b;
	int c = strcmp(f->name, g->name);

	return c ? c : f->id < g->id ? -1 : f->id > g->id;
}

/* A name can be there twice, with the signature of its weak stand-in: libbpf takes the first. */
static void drop_doubles(struct core_functions *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->list.n; i++) {
		if (n && !strcmp(f->list.p[n - 1].name, f->list.p[i].name))
			free(f->list.p[i].name);
		else
			f->list.p[n++] = f->list.p[i];
	}
	f->list.n = n;
}

int core_functions_init(struct core_functions *f)
{
	struct btf *btf = btf__load_vmlinux_btf();
	u32 n;

	*f = (struct core_functions){ 0 };
	if (!btf)
		return -errno;
	n = btf__type_cnt(btf);
	for (u32 id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name = btf_is_func(t) ? btf__name_by_offset(btf, t->name_off) : NULL;
		const struct btf_type *proto;
		bool known = true;

		if (!name || (!is_call(name) && !is_other(name)))
			continue;
		proto = btf__type_by_id(btf, t->type);
		if (!is_other(name) && !takes_regs(btf, proto, &known))
			continue;
		vec_push(&f->list, (struct core_function){ .name = xstrdup(name), .id = id, .proto = t->type,
							   .nargs = btf_vlen(proto), .blind = !known,
							   .returns_bool = returns_bool(btf, proto) });
	}
	btf__free(btf);
	if (f->list.n)
		qsort(f->list.p, f->list.n, sizeof(*f->list.p), by_name);
	drop_doubles(f);
	return 0;
}

void core_functions_fini(struct core_functions *f)
{
	for (size_t i = 0; i < f->list.n; i++)
		free(f->list.p[i].name);
	vec_fini(&f->list);
}

const struct core_function *core_function(const struct core_functions *f, const char *name)
{
	size_t low = 0, high = f->list.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = strcmp(name, f->list.p[mid].name);

		if (!c)
			return &f->list.p[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static const struct core_function *find(const struct core_functions *f, const char *before,
					const char *name, const char *after)
{
	char s[NAME_ROOM];

	snprintf(s, sizeof(s), "%s%s%s", before, name, after);
	return core_function(f, s);
}

/*
 * Those without arguments are one function for all tables, with several names; the one that
 * is always there comes first, because no two programs sit at one place under two names.
 */
const struct core_function *core_function_native(const struct core_functions *f, u32 code)
{
	const char *name = native_name(code);

	if (!name)
		return NULL;
	return find(f, "__do_sys_", name, "") ?: find(f, NATIVE, name, "");
}

bool core_is_function_of(const char *symbol, u32 code)
{
	const char *name = native_name(code);

	return name && !strncmp(symbol, NATIVE, strlen(NATIVE)) && !strcmp(symbol + strlen(NATIVE), name);
}

static u32 find_compat(const struct core_functions *f, const char *name,
		       const struct core_function **ret)
{
	static const char *const before[] = { "__ia32_compat_sys_", "__ia32_compat_sys_ia32_",
					      "__ia32_sys_ia32_", "__ia32_sys_" };
	static const char *const after[] = { "", "16", "_time32", "_time64" };
	const struct core_function *fn;
	u32 n = 0;

	for (u32 j = 0; j < ARRAY_SIZE(after); j++) {
		fn = find(f, "__do_sys_", name, after[j]);
		if (fn && n < COMPAT_FUNCTIONS / 2) {
			ret[n++] = fn;
			continue;
		}
		for (u32 i = 0; i < ARRAY_SIZE(before); i++) {
			fn = find(f, before[i], name, after[j]);
			if (fn && n < COMPAT_FUNCTIONS / 2)
				ret[n++] = fn;
		}
	}
	return n;
}

u32 core_function_compat(const struct core_functions *f, u32 code,
			 const struct core_function **ret)
{
	const char *own = syscall_desc(code) ? syscall_desc(code)->name : NULL, *name;
	char cut[NAME_ROOM];
	size_t len;
	u32 n;

	if (!own)
		return 0;
	len = strlen(own);
	n = find_compat(f, own, ret);
	name = kernel_name(compat_aliases, own);
	if (name == own && len > 2 && (!strcmp(own + len - 2, "32") || !strcmp(own + len - 2, "64"))) {
		snprintf(cut, sizeof(cut), "%.*s", (int)len - 2, own);
		name = cut;
	}
	return name == own ? n : n + find_compat(f, name, ret + n);
}

/* ---- tracepoints ---------------------------------------------------------------------- */

u32 core_tracepoint_id(u32 code, bool enter)
{
	const char *name = native_name(code);
	char path[128];
	int id;

	if (!name)
		return 0;
	snprintf(path, sizeof(path), "syscalls/sys_%s_%s", enter ? "enter" : "exit", name);
	id = tracepoint_id(path);
	return id < 0 ? 0 : id;
}
