/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/choose.h"

#include <string.h>

#include "setup/build.h"
#include "setup/cache.h"
#include "setup/module.h"

#define F(name_) (1ull << FEAT_##name_)
#define BPF_RIGHTS (F(CAP_BPF) | F(CAP_PERFMON) | F(BPF_READS))
#define MODULE_RIGHTS (F(MODULES) | F(SIGNING) | F(CAP_SYS_MODULE))
#define BUILDING (F(HEADERS) | F(SOURCES) | F(MAKE))

const struct way ways[] = {
	{ "modern_ebpf", "its programs are part of saker", 0,
	  BPF_RIGHTS | F(BTF) | F(RINGBUF) | F(TRACING) | F(MEMLOCK),
	  F(CAP_SYS_PTRACE) | F(FENTRY) },
	{ "kmod", "saker.ko is loaded", 0, F(DEVICE), F(CAP_SYS_PTRACE) },
	{ "ebpf", "saker-bpf.o is there", 0,
	  BPF_RIGHTS | F(PERF_BUFFER) | F(MEMLOCK) | F(PROBE_FILE),
	  F(CAP_SYS_PTRACE) | F(RAW_TRACEPOINT) },
	{ "kmod", "saker.ko is there and gets loaded", WAY_LOAD, MODULE_RIGHTS | F(MODULE_FILE),
	  F(CAP_SYS_PTRACE) },
	{ "ebpf", "saker-bpf.o gets built", WAY_BUILD,
	  BPF_RIGHTS | F(PERF_BUFFER) | F(MEMLOCK) | BUILDING | F(CLANG),
	  F(CAP_SYS_PTRACE) | F(RAW_TRACEPOINT) },
	{ "kmod", "saker.ko gets built and loaded", WAY_BUILD | WAY_LOAD,
	  MODULE_RIGHTS | BUILDING | F(CC), F(CAP_SYS_PTRACE) },
	{ "ptrace", "the given program and its children are traced", 0, F(TARGET) | F(YAMA),
	  F(SECCOMP) },
};

const u32 nways = ARRAY_SIZE(ways);

/* What takes milliseconds to find out: at a start, trying to open the driver tells as well. */
#define COSTLY (F(TRACING) | F(FENTRY) | F(ITERATORS) | F(MEMLOCK))

u64 way_missing(struct features *f, const struct way *w, bool quick)
{
	u64 missing = 0;

	for (u32 x = 0; x < NFEATURES; x++)
		if (w->needs >> x & 1 && !(quick && COSTLY >> x & 1) && !feature_usable(f, x))
			missing |= 1ull << x;
	return missing;
}

static bool listed(const struct way *const *list, u32 n, const struct way *w)
{
	for (u32 i = 0; i < n; i++)
		if (list[i] == w)
			return true;
	return false;
}

static u32 add_kind(const char *kind, const struct way **list, u32 n)
{
	for (u32 i = 0; i < nways; i++)
		if ((!kind || !strcmp(ways[i].kind, kind)) && !listed(list, n, &ways[i]))
			list[n++] = &ways[i];
	return n;
}

u32 ways_in_order(const char *kind, bool fallback, const char *last, const struct way **ret)
{
	bool any = !strcmp(kind, "auto");
	u32 n = any ? 0 : add_kind(kind, ret, 0);

	if (!any && (!n || !fallback))
		return n;
	if (!any && last)
		n = add_kind(last, ret, n);
	return add_kind(NULL, ret, n);
}

int way_prepare(const struct way *w, struct features *f, struct diag *d)
{
	enum driver_file file = strcmp(w->kind, "kmod") ? FILE_PROBE : FILE_MODULE;
	int err = 0;

	if (w->steps & WAY_BUILD)
		err = build_driver(f->sys, file, d);
	if (!err && w->steps & WAY_LOAD)
		err = module_load(f->sys, f->sys->module, d);
	return err;
}

/* ---- in words ------------------------------------------------------------------------ */

void features_explain(struct features *f, u64 mask, struct buf *out)
{
	const char *separator = "";

	for (u32 x = 0; x < NFEATURES; x++) {
		const char *detail;

		if (!(mask >> x & 1))
			continue;
		detail = feature_detail(f, x);
		buf_addf(out, *detail ? "%s%s: %s" : "%s%s is missing%s", separator,
			 feature_rows[x].name, detail);
		separator = ", ";
	}
}

static const char *first_remedy(u64 mask)
{
	for (u32 x = 0; x < NFEATURES; x++)
		if (mask >> x & 1)
			return feature_rows[x].remedy;
	return NULL;
}

static const struct way *last_way(const char *kind)
{
	for (u32 i = nways; i-- > 0;)
		if (!strcmp(ways[i].kind, kind))
			return &ways[i];
	return NULL;
}

/* What the ways before the last one would have used. */
static void explain_file(struct features *f, u64 needs, u64 missing, struct buf *out)
{
	enum driver_file file = needs & F(CC) ? FILE_MODULE : FILE_PROBE;

	if (!(needs & BUILDING) || missing & ~(BUILDING | F(CC) | F(CLANG)))
		return; /* with the file it would not work either */
	if (system_exists(file == FILE_MODULE ? f->sys->module : f->sys->probe)) {
		buf_adds(out, feature_detail(f, file == FILE_MODULE ? FEAT_MODULE_FILE
								    : FEAT_PROBE_FILE));
	} else {
		buf_addf(out, "no %s for Linux %s", driver_file_names[file], f->sys->release);
		cache_explain_others(f->sys, file, out);
	}
	buf_adds(out, ", and it cannot be built: ");
}

const char *kind_explain(struct features *f, const char *kind, bool quick, struct buf *out)
{
	const struct way *w = last_way(kind);
	u64 missing = 0;
	bool usable = false;

	if (!w)
		return NULL;
	for (u32 i = 0; i < nways; i++)
		if (!strcmp(ways[i].kind, kind) && !way_missing(f, &ways[i], quick))
			usable = true;
	if (usable)
		return NULL;
	missing = way_missing(f, w, quick);
	if (w->needs & F(CC) && system_exists("/dev/saker0"))
		missing |= F(DEVICE); /* stale, or closed to this user */
	explain_file(f, w->needs, missing, out);
	features_explain(f, missing, out);
	return first_remedy(missing & F(DEVICE) ? F(DEVICE) : missing);
}
