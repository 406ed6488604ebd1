/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of proc/ share: the tables behind proc.h.
 *
 * A task is a thread with its links.  Tasks of a process hang on a group; the fds, cwd and
 * environment of a process are those of its main task.  Children link to the very thread
 * that made them, so that a reused number cannot give a child another parent.  A task is
 * freed by thread_remove() only, which runs when no event refers to it any more.
 */
#ifndef SAKER_PROC_INTERNAL_H
#define SAKER_PROC_INTERNAL_H

#include <string.h>

#include "base/clock.h"
#include "base/account.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/vec.h"
#include "proc/proc.h"
#include "proc/pstr.h"

enum {
	MAX_THREADS = 262144,
	MAX_FDS = 4096,			/* of one process */
	MAX_FDS_ALL = 1 << 21,		/* of all, copies made by fork included */
	PATH_LEN_MAX = 1024,		/* of a name made by joining, with the NUL */
	ENTER_LEN_MAX = 4096,
	ARGS_LEN_MAX = 4096,
	LIVE_FDS = 8,
	PURGE_DEFAULT_S = 300,
	PURGE_FIRST_S = 30,		/* after the first event */
	MAX_CHANCES = 64,		/* those passed over before one is forgotten, used lately or not */
};

#define CLONE_STALE_NS (2 * NS_PER_S)
#define UID_NONE UINT32_MAX
#define CAPS_ALL ((1ull << 41) - 1)

/* Portable values; see schema/flags.def. */
enum {
	CL_FILES = 1 << 0,
	CL_NEWPID = 1 << 6,
	CL_PARENT = 1 << 8,
	CL_THREAD = 1 << 13,
	CL_INVERTED = 1 << 16,
	CL_CLOSED = 1 << 18,
	CL_NEWUSER = 1 << 20,
	CL_VFORK = 1 << 27,
	CL_CHILD_IN_PIDNS = 1 << 29,
	CL_IS_MAIN = 1 << 30,

	OPEN_DIRECTORY = 1 << 10,
	OPEN_CLOEXEC = 1 << 12,
	OPEN_F_CREATED = 1 << 14,
	OPEN_UPPER_LAYER = 1 << 15,
	OPEN_LOWER_LAYER = 1 << 16,

	FAMILY_UNIX = 1,
	FAMILY_INET = 2,
	FAMILY_INET6 = 10,
	FAMILY_NETLINK = 16,
};

/*
 * The fds of a process.  Shared by fork until one side changes it.  Small numbers are
 * found in an array, others (and negative ones, which hostile or failed calls leave) in
 * a map.
 */
struct fd_table {
	u32 refs, count;
	u32 forgotten;		/* fds that were open when they made room for others, not in .count */
	struct fd **dense;	/* owned fds; NULL: free */
	u32 cap;
	struct map64 sparse;
};

/* A struct fd of a table is the .fd of one of these. */
struct fd_entry {
	struct list age;	/* in proc.fd_age */
	struct fd_table *table;
	bool used;		/* since it was last looked at as one to be forgotten */
	struct fd fd;
};

static inline struct fd_entry *fd_entry_of(struct fd *fd)
{
	return container_of(fd, struct fd_entry, fd);
}

struct proc_group {
	s64 pid;
	struct task *first, *last;	/* the main task is first */
	u32 members, alive;
	bool reaper;
};

struct task {
	struct thread t;	/* first: a struct thread * is a struct task * */
	struct task *group_next, *group_prev;
	struct task *child_first, *child_next, *child_prev;
	s64 reaper_tid;
	struct fd_table *fds;	/* owned reference; NULL: none yet */
	u64 event_ts_ns;
	s64 last_fd;
	u16 last_type;		/* of the event before this one; 0: none */
	u16 enter_type;		/* of the enter event kept; 0: none */
	u32 enter_len, enter_cap;
	u8 *enter;		/* owned bytes of that event */
	struct list age;	/* in proc.blank or .known; in none: others need it */
	bool used;		/* had an event since it was last looked at as one to be forgotten */
	u64 retry_ns;		/* of a placeholder: when /proc may be asked again */
	u64 names_key, names_ns;	/* of a main task: whose users it has, and when that was asked; 0: never */
	u32 names_generation;
};

struct exited {
	s64 ptid, tid;
	u64 ts_ns;
};

struct users;
struct iface;

/* A table with a budget. */
struct budget {
	struct account mem;
	u64 max_bytes;		/* 0: none */
	u64 limit;		/* the same, a number that is never reached for none */
	u64 evicted, recreated, refused;
	bool full;		/* over it, and nothing was left to be forgotten */
};

/* What /proc did not know: not asked again before until_ns. */
struct miss {
	s64 tid, num;
	u64 until_ns;
};

struct proc {
	struct proc_options opt;
	char *host_root;		/* owned; "" when there is none */
	struct proc_stats stats;
	struct budget thread_budget, fd_budget;
	u32 max_threads;
	struct pstr_pool thread_names, fd_names;
	struct map64 tasks, groups;
	/*
	 * Who can be forgotten, who was least lately added or looked at first: tasks without
	 * children, and main threads without others.
	 */
	struct list blank;		/* placeholders: nothing is lost with them */
	struct list known;
	struct list fd_age;		/* fds of tables, in the same order */
	struct task *last;		/* found last */
	VEC(struct fd *) free_fds;
	u64 nfds;			/* entries of all tables */
	struct miss misses[64];		/* fds that are not in /proc */
	bool started;			/* an event other than of the initial state came */
	bool unlinked;			/* tasks were added by a scan, parents not linked yet */
	u64 boot_ts_ns, first_ts_ns, ts_ns, prev_ts_ns;
	u8 fd_param[EV_MAX];		/* parameter with the fd an exit event uses; 0: none */

	/* the event between proc_apply() and proc_done() */
	struct task *task;		/* whose event it is */
	bool pending;
	bool set_event_ts;
	s64 close_fd;
	bool close_pending;
	s64 exit_tid;
	bool exit_pending;
	struct fd live[LIVE_FDS];	/* fds made from the event's own fdinfo */
	u32 nlive;

	u64 server_ports[65536 / 64];	/* bound or listening, as far as seen */
	struct exited exited[8192];
	u32 nexited;
	u64 lookup_second, lookups;	/* of the present second */
	u64 next_purge_ns;		/* 0: no event yet */
	u64 purge_round_ns;		/* when the present walk over all tasks began */
	size_t purge_pos;		/* where it goes on; 0: a new one */

	struct pstr *dir;		/* of proc_dirfd_path() */
	struct users *users;
	struct iface *ifaces;
	u32 nifaces;
	struct state_sink sink;
};

static inline struct task *task_of(const struct thread *t)
{
	return (struct task *)(void *)t;
}

/*
 * Live: is this time further ahead than it can be?  Then it is from before the clock was set back, and is
 * not to be waited for.
 */
static inline bool from_before_set_back(const struct proc *p, u64 time_ns, u64 most_ns)
{
	return p->opt.live && time_ns > p->ts_ns + most_ns;
}

/* What was put off for a second. */
static inline bool must_wait(const struct proc *p, u64 until_ns)
{
	return p->ts_ns < until_ns && !from_before_set_back(p, until_ns, 2 * NS_PER_S);
}

static inline bool thread_invalid(const struct thread *t)
{
	return t->tid < 0 || t->pid < 0 || t->ptid < 0;
}

static inline bool thread_is_main(const struct thread *t)
{
	return t->tid == t->pid || t->clone_flags & CL_IS_MAIN;
}

/* ---- thread.c ---- */
static inline struct task *thread_find(const struct proc *p, s64 tid)
{
	return p->last && p->last->t.tid == tid ? p->last : map64_get(&p->tasks, (u64)tid);
}

/* The entry of tid, made when there is none: zeroed identity, not linked.  NULL: table full. */
struct task *thread_make(struct proc *p, s64 tid);
/* An entry of which nothing is known but the number; NULL when the table is full. */
struct task *thread_placeholder(struct proc *p, s64 tid);
/* Joins the group of its pid and the children of its ptid. */
void thread_link(struct proc *p, struct task *t);
/* Leaves group and parent; children, identity and fds stay. */
void thread_unlink(struct proc *p, struct task *t);
/* Links all tasks that a scan or a file has added. */
void thread_link_all(struct proc *p);
void thread_dead(struct task *t);
void thread_remove(struct proc *p, struct task *t);
void thread_free(struct proc *p, struct task *t);
struct task *thread_main(const struct task *t);	/* NULL when there is none */
void thread_set_args(struct thread *t, const void *args, size_t len);
void thread_set_cgroups(struct thread *t, const void *cgroups, size_t len);
/* Forgets everything but links and the number. */
void thread_reset(struct proc *p, struct task *t);
/* Looks at some tasks when it is time to. */
void thread_purge(struct proc *p);
/* The task that was used least lately, of those that nobody needs, is forgotten; false: there is none. */
bool thread_forget(struct proc *p);

/* ---- budget.c ---- */
void budget_init(struct proc *p);
/* Forgets what is too much. */
void budget_make_room(struct proc *p);

static inline u64 budget_thread_bytes(const struct proc *p)
{
	return p->thread_budget.mem.bytes + (p->tasks.cap + p->groups.cap) * sizeof(struct map64_entry);
}

static inline bool too_many_threads(const struct proc *p)
{
	return budget_thread_bytes(p) > p->thread_budget.limit || p->tasks.count > p->max_threads;
}

static inline bool too_many_fds(const struct proc *p)
{
	return p->fd_budget.mem.bytes > p->fd_budget.limit;
}

/* After each event: nothing refers to an entry then. */
static inline void budget_keep(struct proc *p)
{
	if (too_many_threads(p) || too_many_fds(p) || p->thread_budget.full || p->fd_budget.full)
		budget_make_room(p);
}

/* Is there no room for one more?  Between events the answer allows for none, during one for what will be forgotten. */
bool budget_threads_full(const struct proc *p);
bool budget_fds_full(const struct proc *p);
void budget_stats(const struct proc *p, struct proc_stats *ret);

/* ---- fdtable.c: a task here is any of the process ---- */
struct fd *fdt_get(const struct task *t, s64 num);
/* The same; an fd that was forgotten is read again from /proc, when live. */
struct fd *fdt_find(struct proc *p, struct task *t, s64 num);
/* The entry to be changed: not shared with another process. */
struct fd *fdt_get_own(struct proc *p, struct task *t, s64 num);
/*
 * An entry for num, cleared when there was one; NULL when the table is full.  *ev, when
 * given, gets it as its fd.
 */
struct fd *fdt_add(struct proc *p, struct task *t, s64 num, struct event *ev);
void fdt_del(struct proc *p, struct task *t, s64 num);
void fdt_share(struct proc *p, struct task *to, const struct task *from);
void fdt_put(struct proc *p, struct task *t);
struct fd *fdt_next(const struct fd_table *f, size_t *pos);
void fdt_close_on_exec(struct proc *p, struct task *t);
struct fd_table *fdt_of(const struct task *t);	/* NULL: none */
/* The fd that was used least lately is forgotten; false: there is none. */
bool fdt_forget(struct proc *p);
void fdt_drop_free(struct proc *p);	/* memory of closed fds */

/* ---- fd.c ---- */
void fd_init(struct fd *fd, struct pstr_pool *names);
void fd_fini(struct fd *fd);
void fd_clear(struct fd *fd);		/* keeps the memory of its strings */
void fd_copy(struct fd *to, const struct fd *from);
/* Another name than what was passed when it was opened, which stays in name_raw. */
void fd_rename(struct fd *fd, const char *p, size_t n);
void fd_set_cloexec(struct fd *fd, bool on);
void fd_set_role(struct fd *fd, enum fd_role role);
enum fd_role fd_role(const struct fd *fd);
void fd_set_name(struct fd *fd);	/* from its tuple */
void fd_set_scanned_name(struct fd *fd);	/* the same, with ports whatever the protocol */
void fd_swap(struct fd *fd);
bool addr6_is_v4(const u8 a[16]);	/* mapped, or :: */
bool fd_is_ip(u8 type);
bool fd_is_socket(u8 type);

/* A PT_SOCKTUPLE or PT_SOCKADDR, checked. */
struct sock_name {
	u8 family;		/* FAMILY_*; v4-mapped is INET */
	bool mapped;		/* was INET6 on the wire */
	u8 src[16], dst[16];	/* an address has src only */
	u16 sport, dport;
	u64 unix_src, unix_dst;
	const char *path;
	u32 path_len;
};
bool sock_tuple(struct event_param p, struct sock_name *ret);
bool sock_addr(struct event_param p, struct sock_name *ret);
/* False when fd has these addresses already, in this or the other direction. */
bool fd_set_tuple(struct fd *fd, const struct sock_name *n);
/* Fills an address of 0 from the interfaces of the machine. */
void fd_fill_local(const struct proc *p, struct fd *fd);

/* ---- parse_*.c ---- */
typedef void (*parse_fn)(struct proc *p, struct event *ev);
#define PARSER(name_) void name_(struct proc *p, struct event *ev)
PARSER(parse_clone);
PARSER(parse_execve);
PARSER(parse_execveat);
PARSER(parse_procexit);
PARSER(parse_open);
PARSER(parse_openat);
PARSER(parse_openat2);
PARSER(parse_creat);
PARSER(parse_open_by_handle_at);
PARSER(parse_close);
PARSER(parse_close_range);
PARSER(parse_dup);
PARSER(parse_dup3);
PARSER(parse_fcntl);
PARSER(parse_pipe);
PARSER(parse_memfd_create);
PARSER(parse_pidfd_open);
PARSER(parse_pidfd_getfd);
PARSER(parse_anon_fd);
PARSER(parse_chdir);
PARSER(parse_fchdir);
PARSER(parse_chroot);
PARSER(parse_socket);
PARSER(parse_socketpair);
PARSER(parse_bind);
PARSER(parse_listen);
PARSER(parse_connect);
PARSER(parse_accept);
PARSER(parse_io);
PARSER(parse_recv);
PARSER(parse_send);
PARSER(parse_setuid);
PARSER(parse_setgid);
PARSER(parse_setsid);
PARSER(parse_setpgid);
PARSER(parse_rlimit);
PARSER(parse_newuser);
PARSER(parse_capset);
PARSER(parse_prctl);
PARSER(parse_switch);
PARSER(parse_vm);
PARSER(parse_user);
PARSER(parse_group);
void parse_store_enter(struct proc *p, struct event *ev);
/* The enter event kept for this exit, decoded; false when there is none. */
bool parse_enter(struct proc *p, const struct event *ev, struct event *ret);
/*
 * Path of an argument: relative ones are joined to the cwd or to the name of dirfd.  out
 * has PATH_LEN_MAX bytes; returns the length.
 */
u32 parse_path_at(struct proc *p, const struct task *t, s64 dirfd, const char *path, u32 len,
		  char *out);
/* Makes the UDP socket that a send on an unknown fd shows. */
bool parse_infer_udp(struct proc *p, struct event *ev);
/* New fd of the event's process; live sources may keep it for this event only. */
struct fd *parse_add_fd(struct proc *p, struct event *ev, s64 num, u8 type);
/* The event's fd, so that it can be changed without another process seeing it; or NULL. */
struct fd *parse_own_fd(struct proc *p, struct event *ev);
/* Thread for a number an event names: looked up in /proc when live, else a placeholder. */
struct task *parse_lookup(struct proc *p, s64 tid);
/* May /proc be asked once more in this second?  Counted. */
bool parse_may_ask(struct proc *p);

/* ---- live.c ---- */
void live_begin(struct proc *p, struct event *ev);	/* fds of the event's fdinfo */
void live_end(struct proc *p, struct event *ev);	/* what the event made of them */
struct fd *live_fd(const struct proc *p, const struct task *t, s64 num);
struct fd *live_slot(struct proc *p, s64 num);
/* Role of a datagram socket by its ports, source first as in the packet. */
enum fd_role live_guess(const struct proc *p, const struct fd *fd, bool incoming);

/* ---- state.c ---- */
void state_init(struct proc *p);
void state_fini(struct proc *p);
/* The entry of a thread, not linked yet; NULL when the table is full. */
struct task *state_thread_in(struct proc *p, const struct state_thread *s);

/* ---- scan.c ---- */
/*
 * Reads one task of /proc into the table, and those of its ancestors that are missing, linked; NULL: it is
 * gone, or the table is full.
 */
struct task *scan_task(struct proc *p, s64 tid);
bool scan_alive(const struct proc *p, const struct task *t);
/* All of a file of a directory, at most max bytes, NUL terminated; false when unreadable. */
bool scan_read(int dir, const char *name, struct buf *b, size_t max);

/* ---- scan_fd.c ---- */
/* The sockets of the network namespaces met so far. */
struct scan_net {
	struct map64 spaces;	/* inode of a namespace to its struct map64 of sockets */
	struct buf text;
};
void scan_net_fini(struct scan_net *n);
/* The fds of the process at dir (/proc/PID) into the table. */
void scan_fds(struct proc *p, struct scan_net *n, int dir, s64 pid);
/* A single one, no socket; false: there is none. */
bool scan_fd(struct proc *p, s64 tid, s64 num);
/* Ports on which sockets of the process' network namespace listen. */
void scan_ports(struct proc *p, int dir);

/* ---- users.c ---- */
struct users *users_new(const char *host_root, bool lookup, bool live, u64 max_bytes);
void users_free(struct users *u);
void users_stats(const struct users *u, struct table_stats *ret);
void users_add(struct users *u, const struct state_user *s);
void users_del(struct users *u, u32 uid);
void users_add_group(struct users *u, const struct state_group *s);
void users_del_group(struct users *u, u32 gid);
/* Files of mount namespaces that were not read, or not to their end. */
u64 users_files_refused(const struct users *u);

static inline void port_set(struct proc *p, u16 port)
{
	p->server_ports[port / 64] |= 1ull << port % 64;
}

static inline bool port_known(const struct proc *p, u16 port)
{
	return p->server_ports[port / 64] >> port % 64 & 1;
}

#endif
