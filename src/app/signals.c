/* SPDX-License-Identifier: Apache-2.0 */
#include "app/signals.h"

#include "base/types.h"

struct signal_flags signal_flags;

static void on_signal(int number)
{
	switch (number) {
	case SIGINT:
	case SIGTERM:
		signal_flags.stop = number;
		break;
	case SIGUSR1:
		signal_flags.reopen = 1;
		break;
	case SIGHUP:
		signal_flags.reload = 1;
		break;
	}
	signal_flags.any = 1;
}

static const int handled[] = { SIGINT, SIGTERM, SIGUSR1, SIGHUP };

/* Without SA_RESTART: a wait for events ends. */
static void set_all(void (*handler)(int), void (*pipe_handler)(int))
{
	struct sigaction sa = { .sa_handler = handler };

	sigemptyset(&sa.sa_mask);
	for (u32 i = 0; i < ARRAY_SIZE(handled); i++)
		sigaction(handled[i], &sa, NULL);
	sa.sa_handler = pipe_handler;
	sigaction(SIGPIPE, &sa, NULL);
}

void signals_install(void)
{
	signal_flags = (struct signal_flags){ 0 };
	set_all(on_signal, SIG_IGN);	/* a reader that went away is an error of the sink */
}

void signals_restore(void)
{
	set_all(SIG_DFL, SIG_DFL);
}

bool signals_stopping(void)
{
	return signal_flags.stop;
}
