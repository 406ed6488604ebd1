/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of data that events carry: falco_libs.snaplen, and more of some sockets. */
#include <string.h>

#include "app/config.h"

#define PORT_MAX 65535

/* Moves *s behind a number; false: there is none, or it is no port. */
static bool take_port(const char **s, u16 *ret)
{
	const char *p = *s;
	u32 v = 0;

	for (; *p >= '0' && *p <= '9' && v <= PORT_MAX; p++)
		v = v * 10 + (u32)(*p - '0');
	if (!v || v > PORT_MAX)
		return false;
	*s = p;
	*ret = (u16)v;
	return true;
}

/* "8080", "8000-8100", "": none */
static bool parse_ports(const char *s, u16 *ret_first, u16 *ret_last)
{
	u16 first = 0, last = 0;

	if (*s) {
		if (!take_port(&s, &first))
			return false;
		last = first;
		if (*s == '-' && (s++, !take_port(&s, &last)))
			return false;
	}
	*ret_first = first;
	*ret_last = last;
	return !*s && first <= last;
}

int config_check_snaplen(struct config *c, struct diag *d)
{
	if (c->snaplen > 65535)
		return config_bad(c, d, "falco_libs.snaplen is at most 65535");
	if (c->dynamic.statsd_port > PORT_MAX)
		return config_bad(c, d, "dynamic_snaplen.statsd_port is at most 65535; 0: none");
	if (!parse_ports(c->dynamic.full_ports, &c->dynamic.full_first, &c->dynamic.full_last))
		return config_bad(c, d, "dynamic_snaplen.full_ports \"%s\": a port from 1 to 65535 is expected, or the "
				  "first and the last of several, such as 8000-8100; empty: none",
				  c->dynamic.full_ports);
	return 0;
}
