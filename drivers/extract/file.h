/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Descriptors, paths and modes as syscalls take them. */
#ifndef SAKER_DRIVERS_EXTRACT_FILE_H
#define SAKER_DRIVERS_EXTRACT_FILE_H

#define K_O_CREAT	00000100
#define K_O_EXCL	00000200
#define K_O_TRUNC	00001000
#define K_O_APPEND	00002000
#define K_O_NONBLOCK	00004000
#define K_O_DSYNC	00010000
#define K_O_CLOEXEC	02000000
#define K_O_SYNC	04010000
#define K_O_TMPFILE	020000000
#if defined(__TARGET_ARCH_arm64) || defined(__aarch64__)
#define K_O_DIRECTORY	00040000
#define K_O_DIRECT	00200000
#define K_O_LARGEFILE	00400000
#else
#define K_O_DIRECT	00040000
#define K_O_LARGEFILE	00100000
#define K_O_DIRECTORY	00200000
#endif

/* Portable bits of file_flags that no open flag stands for. */
#define P_O_TMPFILE	(1 << 13)
#define P_F_CREATED	(1 << 14)
#define P_UPPER_LAYER	(1 << 15)
#define P_LOWER_LAYER	(1 << 16)

/* ints: an fd or pid argument is 32 bits wide whatever the register holds above */
#define fd_arg(c, n) ((s64)(s32)arg(c, n))
#define int_arg(c, n) ((s64)(s32)arg(c, n))
#define u32_arg(c, n) ((u64)(u32)arg(c, n))

/* For EXTRA parameters: AT_FDCWD needs no fdinfo. */
static inline_ s64 dir_fd(s64 fd)
{
	return fd == SAKER_AT_FDCWD ? -1 : fd;
}

/*
 * O_TMPFILE contains O_DIRECTORY and O_SYNC contains O_DSYNC; as everybody knows these events,
 * either half sets the flag.
 */
static inline_ u32 open_flags(u64 f)
{
	u32 p = (f & 3) == 1 ? 2 : (f & 3) == 2 ? 3 : 1;

	p |= f & K_O_CREAT ? 4 : 0;
	p |= f & K_O_APPEND ? 8 : 0;
	p |= f & K_O_DSYNC ? 16 : 0;
	p |= f & K_O_EXCL ? 32 : 0;
	p |= f & K_O_NONBLOCK ? 64 : 0;
	p |= f & K_O_SYNC ? 128 : 0;
	p |= f & K_O_TRUNC ? 256 : 0;
	p |= f & K_O_DIRECT ? 512 : 0;
	p |= f & K_O_DIRECTORY ? 1024 : 0;
	p |= f & K_O_LARGEFILE ? 2048 : 0;
	p |= f & K_O_CLOEXEC ? 4096 : 0;
	p |= f & (K_O_TMPFILE | K_O_DIRECTORY) ? P_O_TMPFILE : 0;
	return p;
}

/* Only what concerns a descriptor: of pipe2, eventfd2, dup3, socket, ... */
static inline_ u32 fd_flags(u64 f)
{
	return (f & K_O_NONBLOCK ? 64 : 0) | (f & K_O_DIRECT ? 512 : 0) | (f & K_O_CLOEXEC ? 4096 : 0);
}

static inline_ u32 open_mode(u64 flags, u64 mode)
{
	return flags & (K_O_CREAT | K_O_TMPFILE) ? mode & 07777 : 0;
}

static inline_ u64 mount_flags(u64 f)
{
	return (f & 0xffff0000) == 0xc0ed0000 ? f & 0xffff : f;
}

/* A long of the caller's, at index n of the array at addr. */
#ifndef PORT_USER_LONG
static inline_ u64 user_long(struct ctx *c, u64 addr, u32 n)
{
	u64 v = 0;
	u32 w = 0;

	if (!compat(c)) {
		read_user(c, &v, sizeof(v), addr + 8 * n);
		return v;
	}
	read_user(c, &w, sizeof(w), addr + 4 * n);
	return w;
}

/* Two of them, at index 2 * n. */
static inline_ struct long_pair user_pair(struct ctx *c, u64 addr, u32 n)
{
	struct long_pair v = { { 0 } };
	u32 w[2] = { 0 };

	if (!compat(c)) {
		read_user(c, v.v, sizeof(v.v), addr + 16 * n);
		return v;
	}
	read_user(c, w, sizeof(w), addr + 8 * n);
	v.v[0] = w[0];
	v.v[1] = w[1];
	return v;
}
#endif

static inline_ u32 user_u32(struct ctx *c, u64 addr)
{
	u32 v = 0;

	read_user(c, &v, sizeof(v), addr);
	return v;
}

static inline_ u64 user_u64(struct ctx *c, u64 addr)
{
	u64 v = 0;

	read_user(c, &v, sizeof(v), addr);
	return v;
}

/* Nanoseconds of a timespec; none: 0. */
static inline_ u64 user_timespec(struct ctx *c, u64 addr)
{
	return addr ? user_long(c, addr, 0) * 1000000000 + user_long(c, addr, 1) : 0;
}

/* A 64-bit offset: one argument, or two of a 32-bit caller. */
static inline_ u64 offset_low(struct ctx *c, u64 low, u64 high)
{
	return compat(c) ? low | high << 32 : low;
}

#define offset_arg(c, n) offset_low(c, arg(c, n), arg(c, (n) + 1))

/* A string which the kernel wrote. */
static inline_ struct done returned_str(struct ctx *c, u64 addr)
{
	if (ret(c) >= 0)
		put_user_str(c, addr, STR_MAX);
	return DONE;
}

/* A descriptor which the kernel wrote at index n. */
static inline_ s64 returned_fd(struct ctx *c, u64 addr, u32 n)
{
	return ret(c) < 0 ? -1 : (s32)user_u32(c, addr + 4 * n);
}

/* fcntl: the copy that F_DUPFD and F_DUPFD_CLOEXEC make. */
static inline_ s64 fcntl_new_fd(struct ctx *c)
{
	u32 cmd = arg(c, 1);

	return cmd == 0 || cmd == 1030 ? ret(c) : -1;
}

/* The path as it was on entry when it was kept, or else as it is now. */
static inline_ struct done opened_path(struct ctx *c, u64 addr)
{
	if (!put_kept(c))
		put_user_str(c, addr, STR_MAX);
	return DONE;
}

/* Member n of openat2's struct open_how: flags, mode, resolve. */
static inline_ u64 open_how(struct ctx *c, u64 addr, u32 n)
{
	u64 v;

	return kept_word(c, n, &v) ? v : user_u64(c, addr + 8 * n);
}

#endif
