/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as flags which the loop looks at between two events. */
#ifndef SAKER_APP_SIGNALS_H
#define SAKER_APP_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signal_flags {
	volatile sig_atomic_t any;	/* set with each of the others */
	volatile sig_atomic_t stop;	/* SIGINT or SIGTERM: its number */
	volatile sig_atomic_t reopen;	/* SIGUSR1 */
	volatile sig_atomic_t reload;	/* SIGHUP */
	volatile sig_atomic_t forward_to;	/* the process that gets them instead; 0: none */
};

extern struct signal_flags signal_flags;

void signals_install(void);
void signals_forward_now(int pid);
/*
 * From now on signals are for another process, and are sent on to it; 0: no more.  Those of a
 * terminal reach it anyway.
 */
static inline void signals_forward(int pid)
{
	if (pid != signal_flags.forward_to)
		signals_forward_now(pid);
}

void signals_restore(void);

static inline bool signals_stopping(void)
{
	return signal_flags.stop;
}

#endif
