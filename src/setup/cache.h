/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built drivers, kept by kernel: DRIVER_DIR/RELEASE/{saker.ko,saker-bpf.o}, with a log of
 * the build beside each; and DRIVER_DIR/status.json, which tells how the last start went.
 */
#ifndef SAKER_SETUP_CACHE_H
#define SAKER_SETUP_CACHE_H

#include "base/buf.h"
#include "setup/system.h"

enum driver_file { FILE_MODULE, FILE_PROBE, NDRIVER_FILES };

extern const char *const driver_file_names[NDRIVER_FILES];	/* "saker.ko", "saker-bpf.o" */

struct cache_entry {
	const char *release;	/* borrowed for the call */
	enum driver_file file;
	const char *path;
	u64 bytes;
	s64 built;		/* seconds since 1970 */
};

/* Calls fn for each built driver, in order of releases.  0 or a negative errno. */
int cache_list(const struct system *s, void (*fn)(void *ctx, const struct cache_entry *e), void *ctx);

/*
 * Removes what was built for other kernels than s->release, or for all of them.  Returns the
 * number of files, or a negative errno with d filled.
 */
int cache_clean(const struct system *s, bool all, struct diag *d);

/* Appends " (there is one for 6.1.0-50-cloud-amd64)" when that is so. */
void cache_explain_others(struct system *s, enum driver_file file, struct buf *out);

/* How the last start went.  Strings: in the arena of the system, or given by the caller. */
struct driver_status {
	const char *release;	/* of the kernel */
	const char *wanted;	/* engine.kind */
	const char *used;	/* NULL: none could be opened */
	const char *why;	/* it is not the one that was wanted; NULL: it is */
	const char *remedy;	/* NULL: none known */
	s64 since;		/* seconds since 1970 */
};

/* 0, or a negative errno: it is only for those who ask later. */
int status_write(const struct system *s, const struct driver_status *st);
int status_read(struct system *s, struct driver_status *ret);

#endif
