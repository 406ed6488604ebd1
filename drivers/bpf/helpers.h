/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The functions of the kernel that programs call, and what describes a program to the loader. */
#ifndef SAKER_DRIVERS_BPF_HELPERS_H
#define SAKER_DRIVERS_BPF_HELPERS_H

#define SEC(NAME_) __attribute__((section(NAME_), used))
#define PROGRAM(NAME_) SEC("prog/" NAME_)
#define inline_ inline __attribute__((always_inline))

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) =
	(void *)BPF_FUNC_map_lookup_elem;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) =
	(void *)BPF_FUNC_map_update_elem;
static long (*const bpf_map_delete_elem)(void *map, const void *key) =
	(void *)BPF_FUNC_map_delete_elem;
static u64 (*const bpf_ktime_get_ns)(void) = (void *)BPF_FUNC_ktime_get_ns;
static u32 (*const bpf_get_smp_processor_id)(void) = (void *)BPF_FUNC_get_smp_processor_id;
static u64 (*const bpf_get_current_pid_tgid)(void) = (void *)BPF_FUNC_get_current_pid_tgid;
static u64 (*const bpf_get_current_task)(void) = (void *)BPF_FUNC_get_current_task;
static long (*const bpf_tail_call)(void *ctx, void *programs, u32 index) =
	(void *)BPF_FUNC_tail_call;
static long (*const bpf_perf_event_output)(void *ctx, void *map, u64 flags, void *data, u64 size) =
	(void *)BPF_FUNC_perf_event_output;

/* Before 5.5 one function reads all memory. */
#ifdef HAVE_bpf_probe_read_user
#define READ_USER BPF_FUNC_probe_read_user
#define READ_USER_STR BPF_FUNC_probe_read_user_str
#else
#define READ_USER BPF_FUNC_probe_read
#define READ_USER_STR BPF_FUNC_probe_read_str
#endif
#ifdef HAVE_bpf_probe_read_kernel
#define READ_KERNEL BPF_FUNC_probe_read_kernel
#define READ_KERNEL_STR BPF_FUNC_probe_read_kernel_str
#else
#define READ_KERNEL BPF_FUNC_probe_read
#define READ_KERNEL_STR BPF_FUNC_probe_read_str
#endif
static long (*const bpf_read_user)(void *dst, u32 n, const void *src) = (void *)READ_USER;
static long (*const bpf_read_user_str)(void *dst, u32 n, const void *src) = (void *)READ_USER_STR;
static long (*const bpf_read_kernel)(void *dst, u32 n, const void *src) = (void *)READ_KERNEL;
static long (*const bpf_read_kernel_str)(void *dst, u32 n, const void *src) =
	(void *)READ_KERNEL_STR;

/* Maps are made by the loader, from the same rows; here they are names to relocate. */
struct bpf_map_name {
	u32 unused;
};
#define MAP_NAMES(NAME_, ...) struct bpf_map_name map_##NAME_ SEC("maps");
BPF_MAPS(MAP_NAMES)
#undef MAP_NAMES

#endif
