/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The picture of the system: threads, processes, file descriptors, users.
 *
 * One struct proc per worker; no locks.  It is fed by a scan or a capture file (through
 * its state sink) and by events.  For each event:
 *
 *	proc_apply(p, &ev);	thread and fd looked up, state changed, ev->thread and ev->fd set
 *	... rules look at ev ...
 *	proc_done(p, &ev);	what the event ended (a closed fd, a dead thread) is removed
 *
 * Threads are generations: a child refers to its parent's entry, exec replaces the
 * contents of a process in place.  Strings are owned by the entry they hang on and live
 * until the next proc_apply() at least.
 */
#ifndef SAKER_PROC_PROC_H
#define SAKER_PROC_PROC_H

#include "base/account.h"
#include "base/hash.h"
#include "base/types.h"
#include "event/event.h"
#include "event/state.h"

struct proc;

/* Counted bytes, NUL terminated after .len; p is never NULL. */
struct pstr {
	const char *p;
	u32 len;
};

enum fd_role { ROLE_NONE, ROLE_CLIENT, ROLE_SERVER };

enum {
	FD_ROLE_CLIENT = 1 << 0,
	FD_ROLE_SERVER = 1 << 1,
	FD_CLOSE_ON_EXEC = 1 << 2,
	FD_CONNECTED = 1 << 4,
	FD_UPPER_LAYER = 1 << 5,
	FD_LOWER_LAYER = 1 << 6,
	FD_LISTENING = 1 << 7,
	FD_RAW_IS_NAME = 1 << 9,	/* what was passed is the name as it is: name_raw is empty */
	FD_TRANSIENT = 1 << 8,	/* made from one event's fdinfo, not in a table */
};

/* A value of fd.type beside enum fd_type: made by a failed call, nothing is known. */
#define FDT_NONE 255

struct fd {
	s64 num;
	u8 type;		/* enum fd_type */
	u8 l4proto;		/* enum l4_proto */
	u16 reserved;
	u32 flags;		/* FD_* */
	u32 open_flags;		/* portable */
	u32 dev, mount_id;
	u64 ino;
	/* IPv4 in the first 4 bytes.  Servers (bound, listening): saddr and sport only. */
	u8 saddr[16], daddr[16];
	u16 sport, dport;	/* host order */
	u64 unix_src, unix_dst;
	struct pstr name;	/* as fd.name */
	struct pstr name_raw;	/* the argument as given, unless FD_RAW_IS_NAME; empty when not a path */
	struct pstr kpath;	/* the kernel's path of an opened file; live only */
};

enum {
	TH_ACTIVE = 1 << 0,
	TH_DEAD = 1 << 1,
	TH_INVALID = 1 << 2,		/* placeholder: nothing is known but the tid */
	TH_CHILD_SUBREAPER = 1 << 3,
	TH_INVERTED = 1 << 4,
	TH_EXE_WRITABLE = 1 << 5,
	TH_EXE_UPPER_LAYER = 1 << 6,
	TH_EXE_LOWER_LAYER = 1 << 7,
	TH_EXE_FROM_MEMFD = 1 << 8,
	TH_IN_PIDNS = 1 << 9,
};

struct thread {
	s64 tid, pid, ptid;
	s64 vtid, vpid;
	s64 sid, pgid, vpgid;	/* -1: unknown */
	u32 flags;		/* TH_* */
	u32 clone_flags;	/* portable clone_flags, as given at creation */
	u32 uid, gid, loginuid;	/* UINT32_MAX: unknown or unset */
	u32 tty;
	struct pstr comm, exe, exepath, cwd, root;
	struct pstr args;	/* NUL separated and terminated, without argv[0] */
	struct pstr env;	/* the same; main thread's */
	struct pstr cgroups;	/* "subsystem=path", NUL separated */
	u32 nargs;
	u64 fdlimit;
	u32 vmsize_kb, vmrss_kb, vmswap_kb;
	u64 pfmajor, pfminor;
	u64 cap_inheritable, cap_permitted, cap_effective;
	u64 exe_ino, exe_ino_ctime_ns, exe_ino_mtime_ns;
	u64 exe_ino_ctime_proc_start_ns;	/* clone time - ctime; 0: not known */
	u64 exe_ino_ctime_pidns_start_ns;
	u64 pidns_init_start_ns;
	u64 clone_ts_ns;	/* start of the process; 0: unknown */
	u64 lastexec_ts_ns;
	u64 last_event_ts_ns;	/* of the event before this one */
	u64 prev_event_ts_ns;
	u32 generation;		/* changes with exec: caches of derived strings look at it */
	struct proc_group *group;	/* the process; NULL for TH_INVALID */
	struct thread *parent;	/* not to be used directly: proc_parent() */
};

/* The tables that grow with what is watched, and have a budget. */
enum proc_table {
	TABLE_THREADS,		/* with their names, arguments, environments */
	TABLE_FDS,		/* with their names */
	TABLE_USERS,		/* and groups */
	PROC_TABLES
};

struct proc_options {
	const char *host_root;		/* prefix for /proc and /etc; "" or NULL: none */
	u32 max_threads;		/* 0: 262144 */
	/*
	 * Memory of each table; 0: no limit.  What is too much after an event is forgotten: first what
	 * nothing is known of, then what was used least lately, parents after their children.
	 */
	struct {
		u64 threads, fds, users;
	} max_bytes;
	s64 self_pid;			/* a process that is not forgotten; 0: none */
	/* Live, in seconds: how often all threads are looked at, and how long one must be quiet to be. */
	u64 purge_interval_s, purge_quiet_s;	/* 0: 300 */
	bool live;			/* look up misses in /proc; purge dead ones */
	bool lookup_users;		/* $HOST_ROOT/etc/passwd and group */
	/*
	 * Live: open, close, dup, ... are all captured, so that a table of fds can be kept:
	 * they are scanned at start and fdlist, proc.fdopencount and the like are right.
	 * Without it fds are what each event carries, and only sockets with a role are kept.
	 */
	bool keep_fds;
	u32 max_lookups_per_s;		/* of single tasks in /proc; 0: 1000 */
};

struct proc_stats {
	u64 threads, fds;
	u64 added_threads, removed_threads, added_fds, removed_fds;
	u64 thread_lookups, failed_thread_lookups, fd_lookups, failed_fd_lookups;
	u64 proc_lookups;		/* single tasks looked up in /proc */
	u64 proc_lookups_refused;	/* over the budget */
	u64 scan_skipped;		/* entries of /proc that vanished or may not be read */
	u64 user_files_refused;		/* passwd and group of mount namespaces: not read, or cut */
	u64 stored_events, store_drops, retrieved_events, retrieve_drops;
	u64 drops_full_threadtable, drops_full_fdtable;
	u64 bytes;			/* of all tables */
	struct table_stats table[PROC_TABLES];
};

struct proc *proc_new(const struct proc_options *opt);
void proc_free(struct proc *p);

/* Sink for metadata; valid as long as p. */
const struct state_sink *proc_state_sink(struct proc *p);
/* Reads /proc (threads, their fds, users); returns the number of threads or -errno. */
int proc_scan(struct proc *p);
void proc_get_stats(const struct proc *p, struct proc_stats *ret);

/*
 * Returns false when no rule may see the event (enter events kept for their exit, events
 * that only carry state).
 */
bool proc_apply(struct proc *p, struct event *ev);
void proc_done(struct proc *p, struct event *ev);

/*
 * A capture file is divided among workers by process: each of them sees all events and leaves the
 * rules to the worker whose process it is.  Instead of proc_apply() and proc_done(), for an event
 * of somebody else's process: true when that changes nothing but what the thread's own events
 * show; then *ret_visible is what proc_apply() would have returned.  False: apply it.
 */
bool proc_pass(struct proc *p, struct event *ev, bool *ret_visible);
/* The process of a thread, the thread's own number as long as nothing is known of it. */
s64 proc_pid_of(const struct proc *p, s64 tid);

/* NULL when unknown.  No /proc lookup. */
struct thread *proc_thread(const struct proc *p, s64 tid);
/* Main thread of t's process, t itself when there is none.  Never NULL. */
struct thread *proc_main_thread(const struct proc *p, const struct thread *t);
bool proc_is_main(const struct thread *t);
/* Main thread of the parent process, NULL when unknown. */
struct thread *proc_parent(const struct proc *p, const struct thread *t);
/*
 * n-th ancestor: 0 is the process itself (main thread), NULL when there is none.  There
 * are no loops, so that following proc_parent() ends.
 */
struct thread *proc_ancestor(const struct proc *p, const struct thread *t, u32 n);

struct fd *proc_fd(struct proc *p, const struct thread *t, s64 num);
/* Iterates over the fds of t's process; *pos starts at 0, NULL at the end. */
struct fd *proc_fd_next(const struct proc *p, const struct thread *t, size_t *pos);
/* With those that were forgotten while they were open. */
u64 proc_fd_count(const struct proc *p, const struct thread *t);
u64 proc_nthreads(const struct proc *p, const struct thread *t);	/* alive, of the process */
u64 proc_nchilds(const struct proc *p, const struct thread *t);	/* without the main thread */
/* As fd.l4proto shows it: not applicable until the role is known, but for raw sockets. */
u8 fd_l4proto(const struct fd *fd);

struct user {
	u32 uid, gid;
	struct pstr name, home, shell;
};

struct group {
	u32 gid;
	struct pstr name;
};

const struct user *proc_user(struct proc *p, const struct thread *t, u32 uid);	/* or NULL */
const struct group *proc_group_by_gid(struct proc *p, const struct thread *t, u32 gid);
/* Is it an address of this machine? */
bool proc_is_local_ipv4(const struct proc *p, const u8 addr[4]);
bool proc_is_local_ipv6(const struct proc *p, const u8 addr[16]);
u64 proc_boot_ts_ns(const struct proc *p);	/* 0: unknown */
/* Time of the first event that is no notice of the sensor itself. */
u64 proc_first_ts_ns(const struct proc *p);
/* Time of the event before the present one (0: none). */
u64 proc_prev_ts_ns(const struct proc *p);

/*
 * Path joining and normalising as rules expect it: base is a directory (or NULL/empty),
 * path absolute or relative; "." and ".." and double slashes resolved; longer than 1023
 * bytes gives "/DIR_TOO_LONG/FILENAME_TOO_LONG".  Returns the length, NUL terminated.
 */
u32 path_concat(char *out, u32 cap, const char *base, u32 base_len, const char *path, u32 path_len);

/*
 * Directory that parameter path_i of ev is relative to, per its aux dirfd (-1: cwd):
 * appended with a trailing '/'; "<UNKNOWN>/" when the fd is not known.  For absolute
 * paths nothing is appended.
 */
void proc_dirfd_path(struct proc *p, const struct event *ev, s64 dirfd, const char *path,
		     u32 path_len, struct pstr *ret);

/* Text of an fd's name for its present tuple, "1.2.3.4:80->5.6.7.8:90" and the like. */
struct buf;
void fd_name_text(const struct fd *fd, struct buf *out);
char fd_typechar(u8 type);
const char *fd_type_name(u8 type);	/* "file", "ipv4"; NULL for those without a name */

#endif
