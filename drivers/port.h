/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a driver must provide: the contract between the ports and the code they share.
 *
 * drivers/extract/ (arguments, user memory) and drivers/kwalk/ (kernel structures) are
 * plain C on the primitives below and exist once.  A port is a directory that defines
 * `struct ctx` and these primitives, includes drivers/capture.h, and calls
 * capture_ID(&c) for the event it saw.  Nothing else depends on the port.
 *
 * A port outside the kernel has no KREAD() and friends; it answers the questions of kwalk/
 * in a header of its own (PORT_WALK, see kwalk/walk.h).
 *
 *  about the call
 *	u64 arg(c, n)		argument n (0..5) of the syscall, zero-extended from 32 bits for
 *				a 32-bit caller.  n is a constant.  Of a tracepoint: what
 *				extract/point.h says
 *	s64 ret(c)		its return value
 *	u32 code(c)		enum syscall_code; SC_unknown when the event is no syscall
 *	u32 native_nr(c)	the number in the caller's own table
 *	bool compat(c)		the caller is a 32-bit process: its longs have 4 bytes
 *	u32 snaplen(c)		bytes of I/O data to keep
 *	dynamic_snaplen(c)	the struct dynamic_snaplen that may make it more
 *	new_filename(c)		as an exec that succeeded was given it, in the kernel's memory; or NULL
 *	memo(c)			a struct memo of this event, zeroed when it begins
 *	u32 mmsg_index(c)	sendmmsg and recvmmsg are captured once for each message: which
 *	task(c)			struct task_struct of the thread that the event is about
 *	u32 page_shift(c)
 *	bool put_kept(c)	appends the path or address of this call as it was when the call
 *				began; false when no copy was made
 *	bool kept_word(c, n, u64 *ret)	the same of word n of openat2's structure
 *
 *  memory; n is a constant, reads that fault leave zeros and return false
 *	bool read_user(c, dst, n, u64 addr)
 *	bool read_kernel(c, dst, n, const void *p)
 *	KREAD(p, a, b, ...)	p->a->b...: a read that cannot fault; 0 when it would
 *	KREAD_AT(pp)		*pp
 *	KADDR(p, m)		&p->m
 *	KREAD_BIT(p, m)		the same for a bit field
 *	KCONTAINER(p, type, m)	the type whose member m is at p
 *	KSIZE(type)		its size in this kernel
 *
 *  shapes: what kernels keep in different places (core/shapes.h decides at load time,
 *  compat/ when the driver is built)
 *	u64 inode_ctime(inode), inode_mtime(inode)	in ns
 *	s64 mm_counter(mm, n)	resident pages by kind: MM_FILE, MM_ANON, MM_SWAP, MM_SHMEM
 *	kernfs_parent(node)	NULL: the root
 *	u64 task_loginuid(task)	~0u: kernels without audit
 *	s32 cgroup_subsystem(n)	index of the n-th of cpuset, cpu, cpuacct, io, memory; -1: this
 *				kernel has it not
 *
 *  the parameter being written; all append at the end
 *	void put(c, const void *p, n)			n is a constant of 16 at most
 *	void put_user(c, u64 addr, u64 n, MAX)		n bytes, but less than MAX; none if it faults
 *	u64 put_user_str(c, u64 addr, MAX)		with NUL; the length, 0 if it faults
 *	u64 put_user_str_n(c, u64 addr, u64 n, MAX)	at most n bytes, and a NUL
 *	u64 put_kernel_str_n(c, const void *p, u64 n, MAX)
 *	void put_kernel(c, const void *p, u64 n, MAX)
 *	u64 put_kernel_str(c, const void *p, MAX)
 *	void put_name(c, const void *name, u32 len)	of a dentry, at most 255 bytes
 *	void put_again(c, u64 position, u64 n, MAX)	bytes written before
 *	void unput(c, u64 n)				takes back what was put last
 *	path_push(c, n, p), path_pop(c, n)		a list of PATH_DEPTH + 1 pointers
 *	count_truncated(c)
 *	u64 written(c)					bytes of this parameter so far
 *	u64 previous_len(c)				length of the parameter before
 *	param_end(c)					the next parameter begins
 *	u64 position(c); put_at(c, u64 position, u8)	changes a byte written before
 *	void put_FDINFO(c, s64 fd)			PT_FDINFO; may be done after the other
 *							parameters
 *
 *  loops
 *	for_bounded(i, n, MAX)	for (i = 0; i < n && i < MAX; i++), for small bodies
 *	run_steps(c, fn, n, MAX)	for (i = 0; i < n && i < MAX && !fn(c, loop(c), i); i++)
 *				what goes on in fn, which STEP(fn) announces, is known only by what it
 *				leaves in loop(c) and in the event: a verifier looks at it once.  Of the call it knows
 *				task(c), compat(c), snaplen(c) and dynamic_snaplen(c) only
 *	loop(c)			struct loop, for one loop at a time
 *
 * MAX is a power of two.  `inline_` is how the port wants a helper to be compiled.
 *
 * In an event row an expression yields a number (its type says how it is stored), the
 * user-space address of a string, or `struct done` when it appended the bytes itself.
 * Traps: a macro parameter must not be spelled like a struct member (hence NAME_); no struct
 * of our own may appear inside KREAD() and friends.
 */
#ifndef SAKER_DRIVERS_PORT_H
#define SAKER_DRIVERS_PORT_H

/* For sparse: a conversion of the kernel's types of byte order and the like that is meant. */
#ifndef __force
#define __force
#endif

/* The value of a parameter that was already appended. */
struct done {
	char unused;
};

#define DONE ((struct done){ 0 })

/*
 * The same, but a port may go on with this parameter after the function has returned and before
 * the next one begins: see put_path() and walk_cgroups().
 */
struct later {
	char unused;
};

#define LATER ((struct later){ 0 })

struct path_loop {
	struct dentry *dentry, *mnt_root, *root_dentry;
	struct mount *mnt, *root_mnt;
	unsigned int top;	/* enum path_top */
	unsigned int n;
	unsigned int info_at, info_flags;	/* see put_path() */
};

/* State of the loop that is running. */
struct loop {
	union {
		struct path_loop path;
		struct {
			struct kernfs_node *node;
			struct cgroup *last;
			unsigned long long last_at, last_len;
			unsigned int n;
		} cgroup;
		struct {
			unsigned long long addr, left, sum;
		} io;
		struct {
			long long fd;
			unsigned long long addr, n, peer, keep;
		} snap;
		struct {
			unsigned long long addr, first, start;
		} argv;
		struct {
			struct list_head *node, *end;
			struct task_struct *self, *found;
		} threads;
	};
};

/* What several parameters of an event want. */
struct memo {
	struct file *opened;
	struct inode *opened_inode;
	_Bool opened_known;
};

struct long_pair {
	unsigned long long v[2];
};

/* Limits of what is copied, in bytes. */
enum {
	STR_MAX = 4096,		/* paths, names, arguments, environment */
	DATA_MAX = 65536,	/* snaplen is less */
	CONTROL_MAX = 4096,
	SUN_PATH_MAX = 128,	/* 108, and room */
	IOV_MAX_ = 32,
	POLL_MAX = 16,
	ARGV_MAX = 16,
	PATH_DEPTH = 96,
	PATH_STEPS = 13,	/* PATH_DEPTH components and some mounts, 8 at a time */
	NAME_MAX_ = 256,
	CGROUP_DEPTH = 24,
};

#endif
