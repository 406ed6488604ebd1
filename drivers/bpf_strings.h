/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Strings of the ports that are BPF programs.  The includer has bpf_read_user_str() and
 * bpf_read_kernel_str(), which return the length with its NUL, and string_put(), which
 * accounts for what they read to here().
 */
#ifndef SAKER_DRIVERS_BPF_STRINGS_H
#define SAKER_DRIVERS_BPF_STRINGS_H

static inline_ u64 put_user_str(struct ctx *c, u64 addr, u64 max)
{
	return string_put(c, bpf_read_user_str(here(c), max, (void *)addr), max);
}

static inline_ u64 put_kernel_str(struct ctx *c, const void *p, u64 max)
{
	return string_put(c, bpf_read_kernel_str(here(c), max, p), max);
}

/* At most n bytes, and a NUL. */
static inline_ u64 put_user_str_n(struct ctx *c, u64 addr, u64 n, u64 max)
{
	n = bounded_len(c, n + 1, max);
	return string_put(c, bpf_read_user_str(here(c), n, (void *)addr), max);
}

static inline_ u64 put_kernel_str_n(struct ctx *c, const void *p, u64 n, u64 max)
{
	n = bounded_len(c, n + 1, max);
	return string_put(c, bpf_read_kernel_str(here(c), n, p), max);
}

#endif
