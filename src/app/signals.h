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
};

extern struct signal_flags signal_flags;

void signals_install(void);
/*
 * From now on signals are for another process, and are sent on to it; 0: no more.  Those of a
 * terminal reach it anyway.
 */
void signals_forward(int pid);
void signals_restore(void);
bool signals_stopping(void);

#endif
