/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * How much of the data of a socket is kept, by its ports and by what the data begin with.  Plain
 * C: the includer provides u8..u64, bool, inline_ and struct dynamic_snaplen.
 */
#ifndef SAKER_DRIVERS_EXTRACT_PROTOCOL_H
#define SAKER_DRIVERS_EXTRACT_PROTOCOL_H

enum {
	SNAPLEN_FULL = 16000,		/* of full_ports */
	SNAPLEN_MORE = 2000,		/* of protocols that are known, and of statsd */
	SNAPLEN_DNS = 512,
};

enum { PORT_DNS = 53, PORT_MYSQL = 3306, PORT_POSTGRES = 5432, PORT_MONGODB = 27017 };

/* The first bytes, of n that there are; what is beyond them does not matter. */
struct data_head {
	u32 words[4];
	u32 n;
};

#define HEAD_BYTE(h, i) ((h)->words[(i) / 4] >> (i) % 4 * 8 & 0xff)
#define HEAD_TEXT(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)

static inline_ bool one_is(u32 local, u32 remote, u32 port)
{
	return local == port || remote == port;
}

/* A sequence number, a command or a handshake. */
static inline_ bool looks_like_mysql(const struct data_head *h)
{
	u32 w = h->words[0];

	return h->n >= 5 && ((w & 0xff) == 3 || (w >> 8 & 0xff) == 3 || (w >> 16 & 0xff) == 3 ||
			     w >> 24 == 3 || HEAD_BYTE(h, 4) == 3 || !(w >> 16));
}

/* A query, a prepared statement, one that is executed, an error; or the protocol's version. */
static inline_ bool looks_like_postgres(const struct data_head *h)
{
	u32 two = h->words[0] & 0xffff;

	return h->n >= 7 && (two == 'Q' || two == 'P' || two == 'E' || (h->words[1] & 0xffffff) == 3 << 8);
}

static inline_ bool looks_like_mongodb(const struct data_head *h)
{
	u32 opcode = h->words[3];

	return h->n >= 16 && (opcode == 1 || (opcode >= 2001 && opcode <= 2007));
}

static inline_ bool looks_like_http(const struct data_head *h)
{
	if (h->n < 5)
		return false;
	switch (h->words[0]) {
	case HEAD_TEXT('G', 'E', 'T', ' '):
	case HEAD_TEXT('P', 'O', 'S', 'T'):
	case HEAD_TEXT('P', 'U', 'T', ' '):
	case HEAD_TEXT('D', 'E', 'L', 'E'):
	case HEAD_TEXT('T', 'R', 'A', 'C'):
	case HEAD_TEXT('C', 'O', 'N', 'N'):
	case HEAD_TEXT('O', 'P', 'T', 'I'):
		return true;
	case HEAD_TEXT('H', 'T', 'T', 'P'):
		return HEAD_BYTE(h, 4) == '/';
	}
	return false;
}

static inline_ bool in_full_ports(const struct dynamic_snaplen *d, u32 port)
{
	return port && port >= d->full_first && port <= d->full_last;
}

/* Bytes to keep; 0: no rule applies.  Ports in host order; 0: the socket has none. */
static inline_ u32 snaplen_of(const struct dynamic_snaplen *d, u32 local, u32 remote,
			      const struct data_head *h)
{
	bool known;

	if (in_full_ports(d, local) || in_full_ports(d, remote))
		return SNAPLEN_FULL;
	if (remote && remote == d->statsd_port)
		return SNAPLEN_MORE;
	if (remote == PORT_DNS)
		return SNAPLEN_DNS;
	if (one_is(local, remote, PORT_MYSQL))
		known = looks_like_mysql(h);
	else if (one_is(local, remote, PORT_POSTGRES))
		known = looks_like_postgres(h);
	else
		known = one_is(local, remote, PORT_MONGODB) || looks_like_mongodb(h) || looks_like_http(h);
	return known ? SNAPLEN_MORE : 0;
}

#endif
