/* SPDX-License-Identifier: Apache-2.0 */
/* Class "fdlist": the descriptors a poll waits for. */
#include "field/getter.h"

#define ENTRY_SIZE 10	/* s64 fd, u16 flags */

enum { LIST_NUMS, LIST_NAMES, LIST_CIPS, LIST_SIPS, LIST_CPORTS, LIST_SPORTS };

static void add_address(const struct fd *fd, const u8 *addr, struct buf *out)
{
	if (fd->type == FDT_IPV4_SOCK || fd->type == FDT_IPV4_SERVSOCK)
		print_ipv4(addr, out);
	else
		print_ipv6(addr, out);
}

static bool is_server_socket(const struct fd *fd)
{
	return fd->type == FDT_IPV4_SERVSOCK || fd->type == FDT_IPV6_SERVSOCK;
}

/* False: this fd has nothing of the kind and no place in the list. */
static bool add_end(const struct fd *fd, s64 what, struct buf *out)
{
	bool server = is_server_socket(fd);

	if (!field_is_ip_fd(fd) || (server && (what == LIST_CIPS || what == LIST_CPORTS)))
		return false;
	switch (what) {
	case LIST_CIPS:
		add_address(fd, fd->saddr, out);
		break;
	case LIST_SIPS:
		add_address(fd, server ? fd->saddr : fd->daddr, out);
		break;
	case LIST_CPORTS:
		buf_add_u64(out, fd->sport);
		break;
	default:
		buf_add_u64(out, server ? fd->sport : fd->dport);
	}
	return true;
}

static bool add_entry(const struct fd *fd, s64 num, s64 what, struct buf *out)
{
	if (what == LIST_NUMS) {
		buf_add_s64(out, num);
	} else if (what == LIST_NAMES) {
		if (fd && fd->name.len)
			buf_add(out, fd->name.p, fd->name.len);
		else
			buf_adds(out, "<NA>");
	} else {
		return fd && add_end(fd, what, out);
	}
	return true;
}

GETTER(get_list)
{
	const struct event *ev = x->ev;
	struct event_param p = event_param(ev, 1);
	struct buf *b = tmp_buf(x);
	bool any = false;

	if ((ev->type != EV_SYSCALL_POLL_X && ev->type != EV_SYSCALL_PPOLL_X) || !x->thread)
		return false;
	for (u32 pos = 2; pos + ENTRY_SIZE <= p.len; pos += ENTRY_SIZE) {
		size_t before = b->len;
		s64 num;

		memcpy(&num, p.p + pos, sizeof(num));
		if (any)
			buf_addc(b, ',');
		if (add_entry(proc_fd(x->proc, x->thread, num), num, f->field->id, b))
			any = true;
		else
			b->len = before;
	}
	return any && set_scratch(x, ret, b);
}

static const struct field rows[] = {
	{ .name = "fdlist.nums", .type = PT_CHARBUF, .get = get_list, .id = LIST_NUMS,
	  .help = "Numbers of the descriptors in the list of poll, separated by commas." },
	{ .name = "fdlist.names", .type = PT_CHARBUF, .flags = FF_FD_TABLE, .get = get_list,
	  .id = LIST_NAMES,
	  .help = "Their names." },
	{ .name = "fdlist.cips", .type = PT_CHARBUF, .flags = FF_FD_TABLE, .get = get_list,
	  .id = LIST_CIPS,
	  .help = "Client addresses of the sockets among them." },
	{ .name = "fdlist.sips", .type = PT_CHARBUF, .flags = FF_FD_TABLE, .get = get_list,
	  .id = LIST_SIPS,
	  .help = "Server addresses of the sockets among them." },
	{ .name = "fdlist.cports", .type = PT_CHARBUF, .flags = FF_FD_TABLE, .get = get_list,
	  .id = LIST_CPORTS,
	  .help = "Client ports of the sockets among them." },
	{ .name = "fdlist.sports", .type = PT_CHARBUF, .flags = FF_FD_TABLE, .get = get_list,
	  .id = LIST_SPORTS,
	  .help = "Server ports of the sockets among them." },
};

const struct field_class field_class_fdlist = {
	.name = "fdlist",
	.desc = "",
	.help = "Fields of poll and ppoll events.",
	.source = "syscall",
	.rows = rows,
	.n = ARRAY_SIZE(rows),
};
