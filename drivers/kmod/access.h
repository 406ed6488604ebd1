/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Reads of memory that may not be there: of users, who choose any address, and of the kernel,
 * where a pointer read without a lock may be stale.  None of them sleeps or faults; page faults
 * are disabled while an event is made (probe.c).
 */
#ifndef SAKER_DRIVERS_KMOD_ACCESS_H
#define SAKER_DRIVERS_KMOD_ACCESS_H

#include <linux/uaccess.h>

/* What kernel addresses are; set once, before the first event. */
extern unsigned long kernel_low, kernel_span;

static inline bool kernel_range(const void *p, unsigned long n)
{
	unsigned long at = (unsigned long)p - kernel_low;

	return at < kernel_span && n <= kernel_span - at;
}

/*
 * What the kernel's macros read into a register by "asm goto" is lost by GCC before 11.5, 12.4 and
 * 13.3 (bug 113921).  Headers of a kernel that a later one built do not care for that; then functions
 * of the kernel's own do it.
 */
#if defined(CONFIG_CC_HAS_ASM_GOTO_OUTPUT) && !defined(CONFIG_GCC_ASM_GOTO_OUTPUT_WORKAROUND) &&	\
	defined(GCC_VERSION) && (GCC_VERSION < 110500 || (GCC_VERSION >= 120000 && GCC_VERSION < 120400) ||	\
				 (GCC_VERSION >= 130000 && GCC_VERSION < 130300))
#define GOTO_LOSES_OUTPUT 1
#else
#define GOTO_LOSES_OUTPUT 0
#endif

#if defined(HAVE_get_kernel_nofault) && !GOTO_LOSES_OUTPUT
#define load_nofault(dst, src, type, fault) __get_kernel_nofault(dst, src, type, fault)
#else
#define load_nofault(dst, src, type, fault) do {					\
	if (copy_from_kernel_nofault(dst, src, sizeof(type)))				\
		goto fault;								\
} while (0)
#endif

/* n, a constant of 1, 2, 4 or 8, bytes at p; 0 when they cannot be read. */
static __always_inline u64 load_kernel(const volatile void *from, unsigned int n)
{
	const void *p = (const void *)from;
	u64 v = 0;

	if (unlikely(!kernel_range(p, n)))
		return 0;
	switch (n) {
	case 1: load_nofault(&v, p, u8, fault); break;
	case 2: load_nofault(&v, p, u16, fault); break;
	case 4: load_nofault(&v, p, u32, fault); break;
	case 8: load_nofault(&v, p, u64, fault); break;
	default: BUILD_BUG();
	}
	return v;
fault:
	return 0;
}

/* Zeros when it fails. */
static inline bool copy_kernel(void *dst, const void *src, unsigned int n)
{
	u8 *d = dst;
	const u8 *s = src;
	unsigned int left = n;

	if (!kernel_range(src, n))
		goto fault;
	for (; left >= 8; left -= 8, d += 8, s += 8)
		load_nofault(d, s, u64, fault);
	if (left & 4) {
		load_nofault(d, s, u32, fault);
		d += 4;
		s += 4;
	}
	if (left & 2) {
		load_nofault(d, s, u16, fault);
		d += 2;
		s += 2;
	}
	if (left & 1)
		load_nofault(d, s, u8, fault);
	return true;
fault:
	memset(dst, 0, n);
	return false;
}

/* Length with the NUL, which is always there; max when the string is longer; or -EFAULT. */
static inline long copy_kernel_str(char *dst, const char *src, long max)
{
	long n;

	for (n = 0; n < max; n++) {
		if (!kernel_range(src + n, 1))
			return -EFAULT;
		load_nofault(&dst[n], src + n, char, fault);
		if (!dst[n])
			return n + 1;
	}
	if (max)
		dst[max - 1] = '\0';
	return max;
fault:
	return -EFAULT;
}

/*
 * The same of user memory.  raw_copy_from_user(): the check that the destination is no
 * foreign object, which it is not, may take a lock.
 */
static inline bool copy_user(void *dst, u64 addr, unsigned long n)
{
	const void __user *p = (const void __user *)(unsigned long)addr;

	return access_ok(p, n) && !raw_copy_from_user(dst, p, n);
}

#define load_user_word(type) unsafe_get_user(*(type *)dst, (const type __user *)p, fault)

/* Small ones without a call.  Zeros when it fails. */
static __always_inline bool load_user(void *dst, unsigned int n, u64 addr)
{
	const void __user *p = (const void __user *)(unsigned long)addr;

	if (GOTO_LOSES_OUTPUT || !__builtin_constant_p(n) || (n != 1 && n != 2 && n != 4 && n != 8)) {
		if (likely(copy_user(dst, addr, n)))
			return true;
		goto none;
	}
	if (!user_access_begin(p, n))
		goto none;
	switch (n) {
	case 1: load_user_word(u8); break;
	case 2: load_user_word(u16); break;
	case 4: load_user_word(u32); break;
	default: load_user_word(u64);
	}
	user_access_end();
	return true;
fault:
	user_access_end();
none:
	memset(dst, 0, n);
	return false;
}

static inline long copy_user_str(char *dst, u64 addr, long max)
{
	long n = max ? strncpy_from_user(dst, (const char __user *)(unsigned long)addr, max) : 0;

	if (n < 0)
		return n;
	if (n >= max && max) {
		dst[max - 1] = '\0';
		return max;
	}
	dst[n] = '\0';
	return n + 1;
}

#endif
