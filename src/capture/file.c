/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files: blocks of {u32 type, u32 length of the whole block, body, u32 length}.
 *
 *   section header | machine, interfaces, users, processes, fds ... | events ...
 *
 * A second section header after events begins another capture (files may be concatenated):
 * its metadata is read as the first one's was.
 */
#include "capture/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "capture/convert.h"
#include "capture/file_meta.h"
#include "capture/file_stream.h"
#include "event/table.h"

#define SECTION 0x0a0d0d0au
#define MAGIC 0x1a2b3c4du
#define BLOCK_OVERHEAD 12u		/* type, length, length */
#define SECTION_LEN_MIN (BLOCK_OVERHEAD + 16)
#define SECTION_LEN_MAX 65536u
#define EVENT_BLOCK_MAX (65536u + 8)	/* but for large ones */
#define BLOCK_MAX (1u << 30)

enum event_block {
	EB_NONE,
	EB_EVENT = 1 << 0,
	EB_FLAGS = 1 << 1,		/* u32 flags after the CPU number */
	EB_NPARAMS = 1 << 2,		/* the header has the number of parameters */
	EB_LARGE = 1 << 3,
};

#define FLAG_STATE_ONLY 1u

struct file {
	struct capture base;
	struct stream in;
	struct converter convert;
	struct state_sink sink;
	char *path;		/* owned */
	const char *doing;	/* prefix of messages: which part fails */
	u8 *old;		/* owned: an event whose header had to be completed */
	u64 events, unknown;
	int err;		/* once broken or at the end, for ever so */
};

struct block_hdr {
	u32 type, len;
};

static unsigned event_block(u32 type)
{
	switch (type) {
	case 0x216:
		return EB_EVENT | EB_NPARAMS;
	case 0x217:
		return EB_EVENT | EB_NPARAMS | EB_FLAGS;
	case 0x221:
		return EB_EVENT | EB_NPARAMS | EB_LARGE;
	case 0x222:
		return EB_EVENT | EB_NPARAMS | EB_FLAGS | EB_LARGE;
	case 0x204:
	case 0x8010abcd:
		return EB_EVENT;
	case 0x208:
		return EB_EVENT | EB_FLAGS;
	default:
		return EB_NONE;
	}
}

static u32 load_u32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

PRINTF(4, 5)
static int bad_file(const struct file *f, u64 at, struct diag *d, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	diag_set(d, "scap error: %s%s (byte %llu of %s)", f->doing, buf_str(&b), at, f->path);
	d->offset = at;
	buf_fini(&b);
	return -EINVAL;
}

static int cut_short(const struct file *f, u64 at, struct diag *d, size_t want, size_t have)
{
	const char *broken = f->in.broken;

	return bad_file(f, at, d, "expected %zu bytes, found %zu%s%s. Is the file truncated?", want,
			have, broken ? ": " : "", broken ? broken : "");
}

/* 1: there is a block, at least its header.  0: the end of the file. */
static inline int peek_block(struct file *f, struct block_hdr *ret, struct diag *d)
{
	size_t have = stream_fill(&f->in, sizeof(*ret));

	if (!have && !f->in.broken)
		return 0;
	if (have < sizeof(*ret))
		return cut_short(f, stream_offset(&f->in), d, sizeof(*ret), have);
	memcpy(ret, stream_at(&f->in), sizeof(*ret));
	return 1;
}

/* Brings the whole block into the window. */
static inline int load_block(struct file *f, const struct block_hdr *h, size_t max, struct diag *d)
{
	u64 at = stream_offset(&f->in);
	size_t have;

	if (h->len < BLOCK_OVERHEAD || h->len > max)
		return bad_file(f, at, d, "a block of type 0x%x cannot have %u bytes",
				h->type, h->len);
	have = stream_fill(&f->in, h->len);
	if (have < h->len)
		return cut_short(f, at, d, h->len, have);
	return 0;
}

/*
 * Written by a machine of the other byte order?  The type of a section is the same in both, the length is not:
 * looked at before it is taken for one.
 */
static bool is_swapped(struct file *f, const struct block_hdr *h)
{
	if (__builtin_bswap32(h->len) > h->len || stream_fill(&f->in, sizeof(*h) + 4) < sizeof(*h) + 4)
		return false;
	return load_u32(stream_at(&f->in) + sizeof(*h)) == __builtin_bswap32(MAGIC);
}

/* Options make it longer, but only when the length stands at the end, too: readers have never looked at it. */
static u32 section_len(struct file *f, const struct block_hdr *h)
{
	if (h->len <= SECTION_LEN_MIN || h->len > SECTION_LEN_MAX || stream_fill(&f->in, h->len) < h->len)
		return SECTION_LEN_MIN;
	return load_u32(stream_at(&f->in) + h->len - 4) == h->len ? h->len : SECTION_LEN_MIN;
}

static int read_section(struct file *f, const struct block_hdr *h, struct diag *d)
{
	u64 at = stream_offset(&f->in);
	struct block_hdr whole = { h->type, 0 };
	const u8 *body;
	int err;
	u16 major;

	if (h->type != SECTION)
		return bad_file(f, at, d, "invalid block type 0x%x", h->type);
	if (is_swapped(f, h))
		return bad_file(f, at, d, "the capture is of a machine of the other byte order, and cannot be read here");
	whole.len = section_len(f, h);
	err = load_block(f, &whole, SECTION_LEN_MAX, d);
	if (err)
		return err;
	body = stream_at(&f->in) + sizeof(*h);
	if (load_u32(body) != MAGIC)
		return bad_file(f, at, d, "invalid magic number 0x%x", load_u32(body));
	memcpy(&major, body + 4, sizeof(major));
	if (major > 1)
		return bad_file(f, at, d, "version %u of the file format is not supported",
				major);
	stream_skip(&f->in, whole.len);
	return 0;
}

static int read_metadata_block(struct file *f, const struct block_hdr *h, struct diag *d)
{
	u64 at = stream_offset(&f->in);
	struct diag why = { 0 };
	const u8 *block;
	int err = load_block(f, h, BLOCK_MAX, d);

	if (err)
		return err;
	block = stream_at(&f->in);
	if (load_u32(block + h->len - 4) != h->len)
		return bad_file(f, at, d,
				"block of type 0x%x: length %u in front, %u at its end",
				h->type, h->len, load_u32(block + h->len - 4));
	err = meta_read(h->type, block + sizeof(*h), h->len - BLOCK_OVERHEAD, &f->sink, &why);
	if (err)
		bad_file(f, at + sizeof(*h) + why.offset, d, "block of type 0x%x: %s",
			 h->type, why.msg);
	diag_fini(&why);
	stream_skip(&f->in, h->len);
	return err;
}

/* From a section header up to the first event; another one before that is skipped as what is not known is. */
static int read_metadata(struct file *f, struct diag *d)
{
	struct block_hdr h;
	int res = peek_block(f, &h, d);

	if (res > 0) {
		res = read_section(f, &h, d);
		if (res < 0)
			return res;
		res = peek_block(f, &h, d);
	}
	while (res > 0 && !event_block(h.type)) {
		res = read_metadata_block(f, &h, d);
		if (res < 0)
			return res;
		res = peek_block(f, &h, d);
	}
	if (!res)
		return bad_file(f, stream_offset(&f->in), d, "no events in file");
	return res < 0 ? res : 0;
}

static int restart(struct file *f, struct diag *d)
{
	int err;

	converter_clear(&f->convert);
	if (f->sink.restart)
		f->sink.restart(f->sink.ctx);
	f->doing = "could not restart capture: ";
	err = read_metadata(f, d);
	f->doing = "";
	return err;
}

/* Old headers end before the number of parameters. */
struct old_hdr {
	u64 ts_ns, tid;
	u32 len;
	u16 type;
} __attribute__((packed));

/* Do n lengths and what they announce fill the event exactly? */
static bool lens_fit(const u8 *lens, size_t bytes, u32 n)
{
	size_t sum = 2 * (size_t)n;

	for (u32 i = 0; i < n && sum <= bytes; i++) {
		u16 len;

		if (2 * (size_t)(i + 1) > bytes)
			return false;
		memcpy(&len, lens + 2 * (size_t)i, sizeof(len));
		sum += len;
	}
	return sum == bytes;
}

static int guess_nparams(const u8 *lens, size_t bytes, u32 max)
{
	for (u32 n = max + 1; n-- > 0;)
		if (lens_fit(lens, bytes, n))
			return (int)n;
	return -1;
}

/*
 * Copies an event with an old header to f->old with a full one.  Writers counted three
 * bytes too many in two types.
 */
static const struct event_hdr *complete_header(struct file *f, const u8 *p, size_t len)
{
	const struct old_hdr *o = (const struct old_hdr *)p;
	const struct event_desc *desc;
	struct event_hdr *hdr = (struct event_hdr *)f->old;
	size_t bytes;
	int n;

	if (len < sizeof(*o) || o->len < sizeof(*o) || o->len > len)
		return NULL;
	desc = event_desc(o->type);
	bytes = o->len - sizeof(*o);
	n = guess_nparams(p + sizeof(*o), bytes, desc->nparams);
	if (n < 0 && bytes >= 3 &&
	    (o->type == EV_NOTIFICATION_E || o->type == EV_INFRASTRUCTURE_EVENT_E)) {
		bytes -= 3;
		n = guess_nparams(p + sizeof(*o), bytes, desc->nparams);
	}
	if (n < 0)
		return NULL;
	*hdr = (struct event_hdr){
		.ts_ns = o->ts_ns, .tid = o->tid, .type = o->type, .nparams = (u32)n,
		.len = (u32)(sizeof(*hdr) + bytes),
	};
	memcpy(hdr + 1, p + sizeof(*o), bytes);
	return hdr;
}

/* The event in a loaded block.  1: use it.  0: skip it. */
static int read_event(struct file *f, const struct block_hdr *h, unsigned kind,
		      struct raw_event *ret, struct diag *d)
{
	size_t prefix = kind & EB_FLAGS ? 6 : 2;
	size_t hdr_len = kind & EB_NPARAMS ? sizeof(struct event_hdr) : sizeof(struct old_hdr);
	const u8 *body = stream_at(&f->in) + sizeof(*h);
	size_t len = h->len - BLOCK_OVERHEAD;
	const struct old_hdr *o = (const struct old_hdr *)(body + prefix);

	if (len < prefix + hdr_len)
		return bad_file(f, stream_offset(&f->in), d,
				"event block of %u bytes is too short", h->len);
	if (o->type >= EV_MAX) {
		f->unknown++;	/* of a newer program */
		return 0;
	}
	len -= prefix;
	*ret = (struct raw_event){ .hdr = (const struct event_hdr *)o, .len = len };
	memcpy(&ret->cpu, body, sizeof(ret->cpu));
	if (kind & EB_FLAGS)
		ret->state_only = load_u32(body + 2) & FLAG_STATE_ONLY;
	if (!(kind & EB_NPARAMS)) {
		ret->hdr = complete_header(f, body + prefix, len);
		if (!ret->hdr)
			return bad_file(f, stream_offset(&f->in), d,
					"cannot convert v1 event block to v2: type %u",
					o->type);
		ret->len = ret->hdr->len;
	}
	if (ret->hdr->len < sizeof(*ret->hdr) || ret->hdr->len > ret->len)
		return bad_file(f, stream_offset(&f->in), d,
				"event of length %u, but its block has %zu bytes for it",
				ret->hdr->len, ret->len);
	return 1;
}

static __attribute__((noinline)) int convert_old(struct file *f, u64 at, struct raw_event *ev, struct diag *d)
{
	const struct event_hdr *hdr = ev->hdr;
	struct diag why = { 0 };

	switch (convert_event(&f->convert, &ev->hdr, ev->len, &why)) {
	case CONVERTED_PASS:
		if (ev->hdr != hdr)
			ev->len = ev->hdr->len;
		return 1;
	case CONVERTED_DROP:
		return 0;
	case CONVERTED_ERROR:
		break;
	}
	bad_file(f, at, d, "%s", why.msg);
	diag_fini(&why);
	return -EINVAL;
}

static inline int convert(struct file *f, u64 at, struct raw_event *ev, struct diag *d)
{
	return convert_not_needed(ev->hdr) ? 1 : convert_old(f, at, ev, d);
}

/* 1: *ret is an event.  0: none came of this block.  -ENODATA at the end. */
static int next_block(struct file *f, struct raw_event *ret, struct diag *d)
{
	struct block_hdr h;
	unsigned kind;
	u64 at;
	int res;

	res = peek_block(f, &h, d);
	if (res <= 0)
		return res ? res : -ENODATA;
	kind = event_block(h.type);
	if (!kind)
		return restart(f, d);
	res = load_block(f, &h, kind & EB_LARGE ? BLOCK_MAX : EVENT_BLOCK_MAX, d);
	if (res)
		return res;
	res = read_event(f, &h, kind, ret, d);
	if (res < 0)
		return res;
	at = stream_offset(&f->in);
	stream_skip(&f->in, h.len);
	return res ? convert(f, at, ret, d) : 0;
}

static int file_next(struct capture *c, struct raw_event *ret, int timeout_ms)
{
	struct file *f = (struct file *)c;
	int res = f->err;

	(void)timeout_ms;
	while (!res)
		res = next_block(f, ret, &c->diag);
	if (res < 0) {
		f->err = res;
		return res;
	}
	f->events++;
	return 0;
}

static void file_stats(struct capture *c, struct capture_stats *ret)
{
	const struct file *f = (const struct file *)c;

	ret->seen = ret->events = f->events;
	ret->unknown = f->unknown;
	ret->enters_forgotten = f->convert.forgotten;
}

static void file_close(struct capture *c)
{
	struct file *f = (struct file *)c;

	stream_close(&f->in);
	converter_fini(&f->convert);
	diag_fini(&f->base.diag);
	free(f->path);
	free(f->old);
	free(f);
}

static const struct capture_ops file_ops = {
	.name = "replay",
	.next = file_next,
	.stats = file_stats,
	.close = file_close,
};

int capture_open_file(const char *path, const struct state_sink *sink, struct capture **ret,
		      struct diag *d)
{
	struct file *f = xcalloc(1, sizeof(*f));
	int err;

	f->base.ops = &file_ops;
	f->doing = "";
	f->path = xstrdup(path);
	f->old = xmalloc(EVENT_BLOCK_MAX + sizeof(struct event_hdr));
	if (sink)
		f->sink = *sink;
	converter_init(&f->convert);
	err = stream_open(&f->in, path);
	if (err)
		diag_set(d, "%s", file_error(err));
	else
		err = read_metadata(f, d);
	if (err) {
		file_close(&f->base);
		return err;
	}
	*ret = &f->base;
	return 0;
}
