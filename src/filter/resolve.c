/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of the host names in conditions (fd.sip.name = example.com).  A thread asks for
 * them once evaluation begins and again every few minutes, because an event cannot wait for
 * a name server; until there is an answer a name has no addresses.
 *
 * The table is shared with that thread, which may sit in a system call for long: whoever
 * lets go of it last frees it.
 */
#include <netdb.h>
#include <pthread.h>
#include <time.h>

#include "base/cap.h"
#include "base/thread.h"
#include "filter/pool.h"

#define REFRESH_S 300
#define ADDRS_MAX 64

struct resolved {
	struct resolver *owner;
	struct resolved *next;
	char *name;		/* owned */
	u32 n;			/* of addrs; under the lock */
	struct {
		u8 len, addr[16];
	} addrs[ADDRS_MAX];
};

struct resolver {
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool started, lowered, stopped;
	u32 users;
	struct resolved *names;
};

const struct resolved *resolver_add(struct filter_pool *p, const char *name)
{
	struct resolved *r = xcalloc(1, sizeof(*r));

	if (!p->resolver) {
		p->resolver = xcalloc(1, sizeof(*p->resolver));
		pthread_mutex_init(&p->resolver->lock, NULL);
		pthread_cond_init(&p->resolver->stop, NULL);
		p->resolver->users = 1;
	}
	r->name = xstrdup(name);
	r->owner = p->resolver;
	r->next = p->resolver->names;
	p->resolver->names = r;
	return r;
}

bool resolved_has(const struct resolved *r, const char *addr, u32 len)
{
	bool found = false;

	pthread_mutex_lock(&r->owner->lock);
	for (u32 i = 0; i < r->n && !found; i++)
		found = r->addrs[i].len == len && !memcmp(r->addrs[i].addr, addr, len);
	pthread_mutex_unlock(&r->owner->lock);
	return found;
}

static void resolver_put(struct resolver *r)
{
	bool last;

	pthread_mutex_lock(&r->lock);
	last = !--r->users;
	pthread_mutex_unlock(&r->lock);
	if (!last)
		return;
	while (r->names) {
		struct resolved *n = r->names;

		r->names = n->next;
		free(n->name);
		free(n);
	}
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->stop);
	free(r);
}

static void add_address(struct resolved *r, const struct addrinfo *ai)
{
	const struct sockaddr_in *v4 = (const void *)ai->ai_addr;
	const struct sockaddr_in6 *v6 = (const void *)ai->ai_addr;

	if (r->n == ADDRS_MAX || (ai->ai_family != AF_INET && ai->ai_family != AF_INET6))
		return;
	r->addrs[r->n].len = ai->ai_family == AF_INET ? 4 : 16;
	if (ai->ai_family == AF_INET)
		memcpy(r->addrs[r->n].addr, &v4->sin_addr, 4);
	else
		memcpy(r->addrs[r->n].addr, &v6->sin6_addr, 16);
	r->n++;
}

/* A failure keeps what was known. */
static void look_up(struct resolver *r, struct resolved *n)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;

	if (getaddrinfo(n->name, NULL, &hints, &list))
		return;
	pthread_mutex_lock(&r->lock);
	n->n = 0;
	for (struct addrinfo *ai = list; ai; ai = ai->ai_next)
		add_address(n, ai);
	pthread_mutex_unlock(&r->lock);
	freeaddrinfo(list);
}

static bool stopped(struct resolver *r)
{
	bool is;

	pthread_mutex_lock(&r->lock);
	is = r->stopped;
	pthread_mutex_unlock(&r->lock);
	return is;
}

static void *resolver_thread(void *arg)
{
	struct resolver *r = arg;
	struct timespec until;

	/* it reads what name servers send */
	caps_give_up(0, 0);
	pthread_mutex_lock(&r->lock);
	r->lowered = true;
	pthread_cond_signal(&r->stop);
	pthread_mutex_unlock(&r->lock);
	while (!stopped(r)) {
		for (struct resolved *n = r->names; n && !stopped(r); n = n->next)
			look_up(r, n);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += REFRESH_S;
		pthread_mutex_lock(&r->lock);
		while (!r->stopped && !pthread_cond_timedwait(&r->stop, &r->lock, &until))
			;
		pthread_mutex_unlock(&r->lock);
	}
	resolver_put(r);
	return NULL;
}

void resolver_start(struct resolver *r)
{
	pthread_t thread;
	bool start;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	start = !r->started;
	r->started = true;
	r->users += start;
	pthread_mutex_unlock(&r->lock);
	if (!start)
		return;
	if (thread_start(&thread, resolver_thread, r)) {
		resolver_put(r);
		return;
	}
	pthread_detach(thread);
	pthread_mutex_lock(&r->lock);
	while (!r->lowered)
		pthread_cond_wait(&r->stop, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->stopped = true;
	pthread_cond_signal(&r->stop);
	pthread_mutex_unlock(&r->lock);
	resolver_put(r);
}
