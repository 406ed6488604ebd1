/* SPDX-License-Identifier: Apache-2.0 */
/* The section memory: a whole and the shares of its tables. */
#include <string.h>

#include "app/config.h"

#define WHOLE_MIN (2ull << 20)
#define SHARE_MIN (64ull << 10)
#define HELD_MAX (8ull << 20)
#define WHOLE_MAX (1ull << 50)

static const char *const names[MEMORY_TABLES] = {
	[MEMORY_THREADS] = "threads", [MEMORY_FDS] = "fds", [MEMORY_USERS] = "users", [MEMORY_ALERTS] = "alerts",
};

/* "12", "12K", "12M", "12G"; false: no such thing. */
static bool parse_size(const char *s, u64 *ret)
{
	static const char units[] = "KMG";
	const char *unit;
	u64 n = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (u64)(*s - '0');
		if (n > WHOLE_MAX)
			return false;
	}
	unit = *s ? strchr(units, *s >= 'a' ? *s - 'a' + 'A' : *s) : NULL;
	if (unit)
		n <<= 10 * (unit - units + 1);
	*ret = n;
	return n <= WHOLE_MAX && !s[unit != NULL];
}

/* "30%" */
static bool parse_percent(const char *s, u64 *ret)
{
	size_t digits = strspn(s, "0123456789");
	u64 n = 0;

	if (!digits || digits > 3 || strcmp(s + digits, "%"))
		return false;
	for (; *s != '%'; s++)
		n = n * 10 + (u64)(*s - '0');
	*ret = n;
	return n >= 1 && n <= 100;
}

/* At most: how many are chosen for "auto" is known later. */
static u64 max_workers(const struct config *c)
{
	return c->workers ? c->workers : WORKERS_AUTO_MAX;
}

u64 config_queue_bytes(const struct config *c)
{
	u64 all = c->memory.table_bytes[MEMORY_ALERTS];

	return max_workers(c) == 1 ? all : all - all / 4;
}

u64 config_held_bytes(const struct config *c, u32 n)
{
	u64 held = c->memory.table_bytes[MEMORY_ALERTS] / 8 / n;

	return held && held < HELD_MAX ? held : HELD_MAX;
}

static int parse_share(struct config *c, u32 i, struct diag *d)
{
	u64 *bytes = &c->memory.table_bytes[i], percent;
	const char *text = c->memory.table[i];

	if (parse_percent(text, &percent))
		*bytes = c->memory.max_bytes / 100 * percent;
	else if (!parse_size(text, bytes))
		return config_bad(c, d, "memory.tables.%s \"%s\": bytes, such as 64M, or a part of memory.max from 1%% to 100%% "
				  "is expected", names[i], text);
	if ((c->memory.max_bytes || *bytes) && *bytes < SHARE_MIN * max_workers(c))
		return config_bad(c, d, "memory.tables.%s \"%s\" is %llu bytes: a table needs 64K at least for each "
				  "worker; raise it or memory.max", names[i], text, *bytes);
	return 0;
}

int config_check_memory(struct config *c, struct diag *d)
{
	u64 sum = 0, max;

	if (!parse_size(c->memory.max, &c->memory.max_bytes))
		return config_bad(c, d, "memory.max \"%s\": bytes are expected, with K, M or G for more of them, such as 512M; "
				  "0 for no limit", c->memory.max);
	max = c->memory.max_bytes;
	if (max && max < WHOLE_MIN)
		return config_bad(c, d, "memory.max \"%s\" is too small: the least is 2M, or 0 for no limit", c->memory.max);
	for (u32 i = 0; i < MEMORY_TABLES; i++) {
		int err = parse_share(c, i, d);

		if (err)
			return err;
		sum += c->memory.table_bytes[i];
	}
	if (max && sum > max)
		return config_bad(c, d, "memory.tables: threads (%s), fds (%s), users (%s) and alerts (%s) together are %llu "
				  "bytes, more than memory.max (%s): lower one of them, or raise memory.max",
				  c->memory.table[MEMORY_THREADS], c->memory.table[MEMORY_FDS],
				  c->memory.table[MEMORY_USERS], c->memory.table[MEMORY_ALERTS], sum, c->memory.max);
	return 0;
}
