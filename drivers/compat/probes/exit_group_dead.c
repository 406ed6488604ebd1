/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sched_process_exit tells whether the whole process ends: 6.16, commit 2d0ae7d1a4c0. */
#include <linux/sched.h>
#include <trace/events/sched.h>

void on_exit(void *data, struct task_struct *t, bool group_dead);
void probe(void);
void probe(void)
{
	check_trace_callback_type_sched_process_exit(on_exit);
}
