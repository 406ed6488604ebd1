/* SPDX-License-Identifier: Apache-2.0 */
/*
 * badfilter: gives the kernel module filters that nobody honest would, while files are opened.  What it cannot use it
 * must refuse; what it takes must not hurt.  Status 0: so it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/types.h"
#include "schema/filter_abi.h"
#include "schema/kmod_abi.h"

static int dev;
static struct kfilter f;
static int wrong;

static void expect(const char *what, int err, u32 bytes, u32 unused, const void *p)
{
	struct kmod_filter k = { .bytes = bytes, .unused = unused, .address = (u64)(uintptr_t)p };
	int got = ioctl(dev, KMOD_FILTER, &k) ? errno : 0;

	if (got == err)
		return;
	fprintf(stderr, "%s: %s, expected %s\n", what, strerror(got), strerror(err));
	wrong = 1;
}

#define REFUSED(WHAT_, MEMBER_, VALUE_) do {		\
	memset(&f, 0, sizeof(f));			\
	(MEMBER_) = (VALUE_);				\
	expect(WHAT_, EINVAL, sizeof(f), 0, &f);	\
} while (0)

static void open_all_ways(void)
{
	static char path[600];

	for (u32 len = 0; len < sizeof(path) - 1; len += 7) {
		memset(path, len % 3 ? '/' : len % 2 ? '.' : 'a', len);
		path[0] = len & 1 ? '/' : path[0];
		path[len] = '\0';
		int fd = open(path, (int)len & (O_RDWR | O_TRUNC | O_DIRECTORY));

		if (fd >= 0)
			close(fd);
	}
	open((char *)8, O_RDONLY);
}

/* Any bits, but indexes within their tables: chains that end in themselves, clauses that do not exist. */
static void any_filter(void)
{
	for (size_t i = 0; i < sizeof(f); i++)
		((u8 *)&f)[i] = (u8)rand();
	for (u32 i = 0; i < NR_CODES; i++) {
		f.codes[i] %= KF_FIRST_SET + KF_SETS;
		f.shapes[i] %= KF_OPENAT2 + 1;
	}
	for (u32 i = 0; i < KF_SETS; i++) {
		f.sets[i].always %= KF_PATHS;
		for (u32 n = 0; n < KF_BUCKETS; n++) {
			f.sets[i].heads[n] %= KF_PATHS;
			f.sets[i].deep[n] %= KF_PATHS;
			f.sets[i].tails[n] %= KF_PATHS;
		}
	}
	for (u32 i = 0; i < KF_PATHS; i++)
		f.paths[i].next %= KF_PATHS;
}

static void make_consumer(void)
{
	struct kmod_options o = { .abi = KMOD_ABI, .ring_bytes = 1 << 16 };
	static struct kmod_interest in;

	in.want_enter = 1;
	for (u32 nr = 0; nr < NR_SYSCALLS; nr++)
		in.routes[nr] = SC_openat;
	in.enter_routes[257] = in.enter_routes[56] = SC_openat;
	in.wanted[SC_openat / 64] = 1ull << SC_openat % 64;
	if (ioctl(dev, KMOD_CREATE, &o) || ioctl(dev, KMOD_INTEREST, &in)) {
		perror("badfilter: a consumer");
		exit(2);
	}
}

int main(void)
{
	dev = open("/dev/saker0", O_RDWR);
	if (dev < 0) {
		perror("/dev/saker0");
		return 2;
	}
	expect("before there is a consumer", ENOTCONN, sizeof(f), 0, &f);
	make_consumer();
	expect("too short", EINVAL, sizeof(f) - 1, 0, &f);
	expect("too long", EINVAL, ~0u, 0, &f);
	expect("unknown option", EINVAL, sizeof(f), 1, &f);
	expect("no memory there", EFAULT, sizeof(f), 0, (void *)8);
	expect("the kernel's memory", EFAULT, sizeof(f), 0, (void *)(uintptr_t)0xffff888000000000ull);
	REFUSED("a set that is none", f.codes[SC_openat], KF_FIRST_SET + KF_SETS);
	REFUSED("a shape that is none", f.shapes[SC_openat], KF_OPENAT2 + 1);
	REFUSED("a path that is none, always", f.sets[KF_SETS - 1].always, KF_PATHS);
	REFUSED("a path that is none, by its beginning", f.sets[0].heads[KF_BUCKETS - 1], KF_PATHS);
	REFUSED("a path that is none, by its first bytes", f.sets[1].deep[7], KF_PATHS);
	REFUSED("a path that is none, by its end", f.sets[0].tails[0], 0xffff);
	REFUSED("a path that is none, next", f.paths[KF_PATHS - 1].next, KF_PATHS);
	for (u32 i = 0; i < 200; i++) {
		any_filter();
		expect("any", 0, sizeof(f), 0, &f);
		open_all_ways();
	}
	expect("none", 0, 0, 0, NULL);
	open_all_ways();
	return wrong;
}
