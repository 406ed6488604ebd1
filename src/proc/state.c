/* SPDX-License-Identifier: Apache-2.0 */
/* What a capture file or a scan says about the system before the first event. */
#include "proc/internal.h"

#include <stdlib.h>

struct iface {
	bool v6;
	u8 addr[16], mask[16];
};

static void set_str(struct pstr *to, const struct state_str *from)
{
	pstr_set(to, from->p, from->len);
}

static void on_machine(void *ctx, const struct state_machine *m)
{
	struct proc *p = ctx;

	p->boot_ts_ns = m->boot_ts_ns;
}

/* As if what follows were read alone. */
static void on_restart(void *ctx)
{
	struct proc *p = ctx;
	struct map64_entry *e;

	for (size_t pos = 0; (e = map64_next(&p->tasks, &pos)); pos--)	/* another one may have moved there */
		thread_free(p, e->value);
	free(p->ifaces);
	p->ifaces = NULL;
	p->nifaces = 0;
	memset(p->exited, 0, sizeof(p->exited));
	p->nexited = 0;
	memset(p->server_ports, 0, sizeof(p->server_ports));
	p->boot_ts_ns = p->first_ts_ns = p->ts_ns = p->prev_ts_ns = 0;
	p->next_purge_ns = p->purge_round_ns = 0;
	p->purge_pos = 0;
	p->started = p->unlinked = p->pending = false;
}

static void set_numbers(struct thread *t, const struct state_thread *s)
{
	t->pid = s->pid;
	t->ptid = s->ptid;
	t->vtid = s->vtid;
	t->vpid = s->vpid;
	t->sid = s->sid;
	t->pgid = s->pgid;
	t->vpgid = s->vpgid;
	t->clone_flags = s->flags;
	t->flags = (s->flags & CL_CLOSED ? TH_DEAD : 0) | (s->flags & CL_INVERTED ? TH_INVERTED : 0) |
		   (s->exe_writable ? TH_EXE_WRITABLE : 0) |
		   (s->exe_upper_layer ? TH_EXE_UPPER_LAYER : 0) |
		   (s->exe_lower_layer ? TH_EXE_LOWER_LAYER : 0) |
		   (s->exe_from_memfd ? TH_EXE_FROM_MEMFD : 0);
	t->uid = s->uid;
	t->gid = s->gid;
	t->loginuid = s->loginuid;
	t->tty = s->tty;
	t->fdlimit = s->fdlimit;
	t->vmsize_kb = s->vmsize_kb;
	t->vmrss_kb = s->vmrss_kb;
	t->vmswap_kb = s->vmswap_kb;
	t->pfmajor = s->pfmajor;
	t->pfminor = s->pfminor;
	t->cap_inheritable = s->cap_inheritable;
	t->cap_permitted = s->cap_permitted;
	t->cap_effective = s->cap_effective;
	t->exe_ino = s->exe_ino;
	t->exe_ino_ctime_ns = s->exe_ino_ctime_ns;
	t->exe_ino_mtime_ns = s->exe_ino_mtime_ns;
	t->clone_ts_ns = s->clone_ts_ns;
	t->pidns_init_start_ns = s->pidns_init_start_ns;
	if (t->clone_ts_ns && t->exe_ino_ctime_ns)
		t->exe_ino_ctime_proc_start_ns = t->clone_ts_ns - t->exe_ino_ctime_ns;
	if (t->pidns_init_start_ns && t->exe_ino_ctime_ns > t->pidns_init_start_ns)
		t->exe_ino_ctime_pidns_start_ns = t->exe_ino_ctime_ns - t->pidns_init_start_ns;
}

static void set_cwd(struct thread *t, const struct state_str *cwd)
{
	char path[PATH_LEN_MAX + 1];
	u32 n = cwd->len < PATH_LEN_MAX ? cwd->len : PATH_LEN_MAX - 1;

	if (!n) {
		pstr_set(&t->cwd, "", 0);
		return;
	}
	memcpy(path, cwd->p, n);
	if (path[n - 1] != '/')
		path[n++] = '/';
	pstr_set(&t->cwd, path, n);
}

struct task *state_thread_in(struct proc *p, const struct state_thread *s)
{
	struct task *t = thread_find(p, s->tid);

	if (t && t->t.group) {
		thread_unlink(p, t);
		t->t.generation++;
	}
	t = thread_make(p, s->tid);
	if (!t)
		return NULL;
	set_numbers(&t->t, s);
	set_str(&t->t.comm, &s->comm);
	set_str(&t->t.exe, &s->exe);
	set_str(&t->t.exepath, &s->exepath);
	set_str(&t->t.root, &s->root);
	set_str(&t->t.env, &s->env);
	thread_set_cgroups(&t->t, s->cgroups.p, s->cgroups.len);
	set_cwd(&t->t, &s->cwd);
	thread_set_args(&t->t, s->args.p, s->args.len);
	return t;
}

static void on_thread(void *ctx, const struct state_thread *s)
{
	struct proc *p = ctx;

	p->unlinked |= state_thread_in(p, s) != NULL;
}

static void set_ip(struct proc *p, struct fd *fd, const struct state_fd *s)
{
	bool v6 = s->type == FDT_IPV6_SOCK;

	memcpy(fd->saddr, s->saddr, 16);
	memcpy(fd->daddr, s->daddr, 16);
	fd->sport = s->sport;
	fd->dport = s->dport;
	if (v6 && addr6_is_v4(s->saddr) && addr6_is_v4(s->daddr)) {
		fd->type = FDT_IPV4_SOCK;
		memset(fd->saddr, 0, 16);
		memset(fd->daddr, 0, 16);
		memcpy(fd->saddr, s->saddr + 12, 4);
		memcpy(fd->daddr, s->daddr + 12, 4);
	}
	if (s->type == FDT_IPV4_SERVSOCK || s->type == FDT_IPV6_SERVSOCK)
		port_set(p, fd->sport);
	else if (fd->l4proto == L4_TCP)
		fd->flags |= FD_CONNECTED;
	fd_fill_local(p, fd);
	fd_set_scanned_name(fd);
}

static void on_fd(void *ctx, const struct state_fd *s)
{
	struct proc *p = ctx;
	struct task *t = thread_find(p, s->tid);
	struct fd *fd;

	if (t && p->unlinked && t->t.clone_flags & CL_FILES)
		thread_link_all(p);
	fd = t ? fdt_add(p, t, s->fd, NULL) : NULL;
	if (!fd)
		return;
	fd->type = s->type;
	fd->l4proto = s->l4proto;
	fd->ino = s->ino;
	fd->dev = s->dev;
	fd->mount_id = s->mount_id;
	fd->open_flags = s->open_flags;
	fd->unix_src = s->unix_src;
	fd->unix_dst = s->unix_dst;
	fd_set_cloexec(fd, s->open_flags & OPEN_CLOEXEC);
	if (fd_is_ip(fd->type)) {
		set_ip(p, fd, s);
		return;
	}
	set_str(&fd->name, &s->name);
	if (fd->type == FDT_UNIX_SOCK)
		fd_set_role(fd, s->name.len ? ROLE_SERVER : ROLE_CLIENT);
}

static void on_user(void *ctx, const struct state_user *u)
{
	users_add(((struct proc *)ctx)->users, u);
}

static void on_group(void *ctx, const struct state_group *g)
{
	users_add_group(((struct proc *)ctx)->users, g);
}

static void on_iface(void *ctx, const struct state_iface *i)
{
	struct proc *p = ctx;
	struct iface *to;

	if (p->nifaces >= 4096)
		return;
	p->ifaces = xrealloc(p->ifaces, (p->nifaces + 1) * sizeof(*p->ifaces));
	to = &p->ifaces[p->nifaces++];
	to->v6 = i->v6;
	memcpy(to->addr, i->addr, 16);
	memcpy(to->mask, i->mask, 16);
}

void state_init(struct proc *p)
{
	p->sink = (struct state_sink){
		.ctx = p,
		.restart = on_restart,
		.machine = on_machine,
		.thread = on_thread,
		.fd = on_fd,
		.user = on_user,
		.group = on_group,
		.iface = on_iface,
	};
}

void state_fini(struct proc *p)
{
	free(p->ifaces);
}

const struct state_sink *proc_state_sink(struct proc *p)
{
	return &p->sink;
}

/* ---- addresses of this machine ---- */

static bool is_local(const struct proc *p, const u8 *addr, bool v6)
{
	for (u32 i = 0; i < p->nifaces; i++)
		if (p->ifaces[i].v6 == v6 && !memcmp(p->ifaces[i].addr, addr, v6 ? 16 : 4))
			return true;
	return false;
}

bool proc_is_local_ipv4(const struct proc *p, const u8 addr[4])
{
	return is_local(p, addr, false);
}

bool proc_is_local_ipv6(const struct proc *p, const u8 addr[16])
{
	return is_local(p, addr, true);
}

static bool same_net(const struct iface *i, const u8 *addr, u32 n)
{
	for (u32 k = 0; k < n; k++)
		if ((i->addr[k] ^ addr[k]) & i->mask[k])
			return false;
	return true;
}

static bool is_loopback(const u8 *addr, bool v6)
{
	static const u8 lo4[4] = { 127, 0, 0, 1 }, lo6[16] = { [15] = 1 };

	return !memcmp(addr, v6 ? lo6 : lo4, v6 ? 16 : 4);
}

/* The address from which the machine would talk to peer. */
static const u8 *local_for(const struct proc *p, const u8 *peer, bool v6)
{
	const struct iface *net = NULL, *any = NULL;

	for (u32 k = 0; k < p->nifaces; k++) {
		const struct iface *i = &p->ifaces[k];

		if (i->v6 != v6)
			continue;
		if (!memcmp(i->addr, peer, v6 ? 16 : 4))
			return i->addr;
		if (!net && same_net(i, peer, v6 ? 16 : 4))
			net = i;
		if (!any && !is_loopback(i->addr, v6))
			any = i;
	}
	if (net || any)
		return net ? net->addr : any->addr;
	return NULL;
}

void fd_fill_local(const struct proc *p, struct fd *fd)
{
	static const u8 zero[16];
	bool v6 = fd->type == FDT_IPV6_SOCK;
	const u8 *found;
	u8 *to, *peer;
	u32 n = v6 ? 16 : 4;

	if (fd->type != FDT_IPV4_SOCK && !v6)
		return;
	if (!memcmp(fd->saddr, zero, n)) {
		to = fd->saddr;
		peer = fd->daddr;
	} else if (!memcmp(fd->daddr, zero, n)) {
		to = fd->daddr;
		peer = fd->saddr;
	} else {
		return;
	}
	found = local_for(p, peer, v6);
	if (found)
		memcpy(to, found, n);
}
