/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joining paths.  The base is taken as it is, the path is cleaned while it is appended:
 * "." and empty parts vanish, ".." takes the last part away.
 */
#include "proc/internal.h"

#include "base/bytes.h"

static const char too_long[] = "/DIR_TOO_LONG/FILENAME_TOO_LONG";

/* End of out without its last part and the slash before it; the first byte stays. */
static char *parent(char *start, char *t)
{
	if (t <= start + 1)
		return t;
	t--;
	while (t > start && t[-1] != '/')
		t--;
	return t;
}

static char *append_clean(char *start, char *t, const char *s, const char *end)
{
	while (s < end) {
		bool part_start = t == start || t[-1] == '/';
		size_t left = (size_t)(end - s);

		if (*s == '/') {
			if (t == start || !part_start)
				*t++ = '/';
			s++;
			continue;
		}
		if (part_start && *s == '.') {
			if (left == 1 || s[1] == '/') {
				s += left == 1 ? 1 : 2;
				continue;
			}
			if (s[1] == '.' && (left == 2 || s[2] == '/')) {
				t = parent(start, t);
				s += left == 2 ? 2 : 3;
				continue;
			}
		}
		while (s < end && *s != '/')
			*t++ = *s++;
	}
	return t;
}

static u32 put_too_long(char *out, u32 cap)
{
	u32 n = cap < sizeof(too_long) ? cap - 1 : sizeof(too_long) - 1;

	memcpy(out, too_long, n);
	out[n] = 0;
	return n;
}

u32 path_concat(char *out, u32 cap, const char *base, u32 base_len, const char *path, u32 path_len)
{
	char *t = out, *start;

	if (!cap)
		return 0;
	if (cap > PATH_LEN_MAX)
		cap = PATH_LEN_MAX;
	if ((u64)base_len + path_len + 1 > cap)
		return put_too_long(out, cap);
	if (path_len && path[0] != '/' && base_len) {
		memcpy(t, base, base_len);
		t += base_len;
	}
	/* ".." may go up into the base */
	start = out;
	/* no empty parts and none that begins with a dot: nothing to clean */
	if (path_len && path[0] != '.' && (t == start || (t[-1] == '/' && path[0] != '/')) &&
	    !bytes_follow(path, path_len, '/', '/', '.')) {
		memcpy(t, path, path_len);
		t += path_len;
	} else {
		t = append_clean(start, t, path, path + path_len);
	}
	if (t > start + 1 && t[-1] == '/')
		t--;
	*t = 0;
	return (u32)(t - out);
}
