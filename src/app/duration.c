/* SPDX-License-Identifier: Apache-2.0 */
#include "app/duration.h"

#include <errno.h>
#include <string.h>

#define DAY_MS 86400000ull
#define NUMBER_MAX 1000000000ull

static const struct {
	const char *name;
	u64 ms;
} units[] = {
	{ "y", 365 * DAY_MS }, { "w", 7 * DAY_MS }, { "d", DAY_MS }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 },
	{ "ms", 1 },
};

/* The unit that is the word at s; they are told apart by what follows them. */
static u32 unit_at(const char *s)
{
	size_t n = strcspn(s, "0123456789");
	u32 i = 0;

	while (i < ARRAY_SIZE(units) && (strlen(units[i].name) != n || strncmp(units[i].name, s, n)))
		i++;
	return i;
}

int duration_parse(const char *s, u64 *ret_ms)
{
	u64 sum = 0;
	u32 next = 0;

	if (!*s)
		return -EINVAL;
	while (*s) {
		u64 number = 0;
		u32 i;

		if (*s < '0' || *s > '9')
			return -EINVAL;
		for (; *s >= '0' && *s <= '9'; s++) {
			number = number * 10 + (u64)(*s - '0');
			if (number > NUMBER_MAX)
				return -EINVAL;
		}
		i = unit_at(s);
		if (i == ARRAY_SIZE(units) || i < next || number > UINT64_MAX / units[i].ms / 1000000)
			return -EINVAL;
		sum += number * units[i].ms;
		next = i + 1;
		s += strlen(units[i].name);
	}
	if (sum > UINT64_MAX / 1000000)		/* it is used in nanoseconds */
		return -EINVAL;
	*ret_ms = sum;
	return 0;
}
