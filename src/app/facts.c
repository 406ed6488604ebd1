/* SPDX-License-Identifier: Apache-2.0 */
#include "app/facts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/doc.h"
#include "base/clock.h"
#include "base/digest.h"


static struct fact_interface *interface_of(struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->interfaces.n; i++)
		if (!strcmp(f->interfaces.p[i].name, name))
			return &f->interfaces.p[i];
	vec_push(&f->interfaces, (struct fact_interface){ .ipv4 = { 0 } });
	snprintf(f->interfaces.p[f->interfaces.n - 1].name, sizeof(f->interfaces.p[0].name), "%s", name);
	return &f->interfaces.p[f->interfaces.n - 1];
}

static void add_address(struct facts *f, const struct ifaddrs *a)
{
	char text[INET6_ADDRSTRLEN];
	struct fact_interface *i;
	struct buf *b;

	if (!a->ifa_addr || a->ifa_flags & IFF_LOOPBACK ||
	    (a->ifa_addr->sa_family != AF_INET && a->ifa_addr->sa_family != AF_INET6))
		return;
	i = interface_of(f, a->ifa_name);
	b = a->ifa_addr->sa_family == AF_INET ? &i->ipv4 : &i->ipv6;
	if (a->ifa_addr->sa_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)a->ifa_addr)->sin_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)a->ifa_addr)->sin6_addr, text, sizeof(text));
	buf_addf(b, "%s%s", b->len ? "," : "", text);
}

void facts_init(struct facts *f, const char *hostname)
{
	struct ifaddrs *all = NULL;
	struct utsname u;
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	*f = (struct facts){ .hostname = hostname, .start_ns = clock_ns(CLOCK_REALTIME),
			     .start_mono_ns = clock_ns(CLOCK_MONOTONIC), .ncpus = n > 0 ? (u64)n : 0 };
	f->boot_ns = f->start_ns - clock_ns(CLOCK_BOOTTIME);
	if (!uname(&u))
		snprintf(f->kernel, sizeof(f->kernel), "%s", u.release);
	if (getifaddrs(&all))
		return;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		add_address(f, a);
	freeifaddrs(all);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool hash_file(const char *path, struct fact_file *ret)
{
	struct arena a;
	char *text;
	size_t len;
	bool ok;

	arena_init(&a);
	*ret = (struct fact_file){ .name = base_name(path) };
	ok = !doc_read_file(&a, path, &text, &len) && !digest_sha256(text, len, ret->sha256);
	arena_fini(&a);
	return ok;
}

void facts_add_files(struct facts *f, const struct config *c, const struct strlist *rules_files)
{
	struct fact_file file;

	for (size_t i = 0; i < c->files.n; i++)
		if (hash_file(c->files.p[i].path, &file))
			vec_push(&f->config_files, file);
	for (u32 i = 0; i < rules_files->n; i++)
		if (hash_file(rules_files->p[i], &file))
			vec_push(&f->rules_files, file);
}

void facts_fini(struct facts *f)
{
	for (size_t i = 0; i < f->interfaces.n; i++) {
		buf_fini(&f->interfaces.p[i].ipv4);
		buf_fini(&f->interfaces.p[i].ipv6);
	}
	vec_fini(&f->interfaces);
	vec_fini(&f->rules_files);
	vec_fini(&f->config_files);
}

const char *facts_engine(const char *kind)
{
	static const char *const names[][2] = {
		{ "modern_ebpf", "modern_bpf" }, { "ebpf", "bpf" }, { "replay", "savefile" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i][0], kind))
			return names[i][1];
	return kind;
}
