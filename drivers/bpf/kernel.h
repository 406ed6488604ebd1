/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The kernel's own types. */
#ifndef SAKER_DRIVERS_BPF_KERNEL_H
#define SAKER_DRIVERS_BPF_KERNEL_H

#include <linux/kconfig.h>
#include <linux/types.h>
#include <uapi/linux/bpf.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/mm_types.h>
#include <linux/fs.h>
#include <linux/fdtable.h>
#include <linux/fs_struct.h>
#include <linux/cgroup.h>
#include <linux/kernfs.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/binfmts.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include <linux/nsproxy.h>
#include <linux/cred.h>
#include <linux/net.h>
#include <net/sock.h>
#include <net/inet_sock.h>
#include <net/af_unix.h>
#include <generated/utsrelease.h>
#include "drivers/compat/mount.h"

/* Names that the kernel has, too. */
#undef mm_counter
#define mm_counter saker_mm_counter
#undef kernfs_parent
#define kernfs_parent saker_kernfs_parent
#undef task_cgroups
#define task_cgroups saker_task_cgroups
#undef task_pid
#define task_pid saker_task_pid
#undef task_euid
#define task_euid saker_task_euid
#undef task_egid
#define task_egid saker_task_egid
#undef put_user
#define put_user saker_put_user

#endif
