/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sched_switch tells the state in which the thread before was: 5.18, commit 9c2136be0878. */
#include <linux/sched.h>
#include <trace/events/sched.h>

void on_switch(void *data, bool preempt, struct task_struct *before, struct task_struct *next, unsigned int state);
void probe(void);
void probe(void)
{
	check_trace_callback_type_sched_switch(on_switch);
}
