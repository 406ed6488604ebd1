/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the system before the first event: written by whoever knows it (a
 * capture file, a scan of /proc), taken by proc/.  All pointers are borrowed for the call.
 */
#ifndef SAKER_EVENT_STATE_H
#define SAKER_EVENT_STATE_H

#include "base/types.h"
#include "schema/event.h"

struct state_str {
	const char *p;
	u32 len;
};

struct state_machine {
	u32 num_cpus;
	u64 memory_bytes, max_pid;
	u64 boot_ts_ns;
	struct state_str hostname;
};

struct state_thread {
	s64 tid, pid, ptid, sid, vpgid, pgid;
	s64 vtid, vpid;
	struct state_str comm, exe, exepath, cwd, root;
	struct state_str args, env, cgroups;	/* NUL separated */
	u64 fdlimit;
	u32 flags;		/* clone_flags of schema/flags.def */
	u32 uid, gid, loginuid, tty;
	u32 vmsize_kb, vmrss_kb, vmswap_kb;
	u64 pfmajor, pfminor;
	u64 pidns_init_start_ns;
	u64 clone_ts_ns;	/* 0: unknown */
	u64 cap_inheritable, cap_permitted, cap_effective;
	u64 exe_ino, exe_ino_ctime_ns, exe_ino_mtime_ns;
	bool exe_writable, exe_upper_layer, exe_lower_layer, exe_from_memfd;
};

struct state_fd {
	s64 tid;		/* of the thread it was listed with */
	s64 fd;
	u64 ino;
	u8 type;		/* enum fd_type */
	u8 l4proto;		/* enum l4_proto */
	u8 saddr[16], daddr[16];/* IPv4: the first 4 bytes; servers: saddr is the address */
	u16 sport, dport;	/* host order */
	u64 unix_src, unix_dst;
	u32 open_flags;		/* portable */
	u32 dev, mount_id;
	struct state_str name;	/* path, or path of a unix socket */
};

struct state_user {
	u32 uid, gid;
	struct state_str name, home, shell;
};

struct state_group {
	u32 gid;
	struct state_str name;
};

struct state_iface {
	bool v6;
	u8 addr[16], mask[16], bcast[16];
	struct state_str name;
};

struct state_sink {
	void *ctx;
	void (*machine)(void *ctx, const struct state_machine *m);
	void (*thread)(void *ctx, const struct state_thread *t);
	void (*fd)(void *ctx, const struct state_fd *f);
	void (*user)(void *ctx, const struct state_user *u);
	void (*group)(void *ctx, const struct state_group *g);
	void (*iface)(void *ctx, const struct state_iface *i);
	void (*restart)(void *ctx);	/* another capture begins: what was told so far is void, but for users */
};

#endif
