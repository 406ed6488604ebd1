/* SPDX-License-Identifier: Apache-2.0 */
#include "app/signals.h"

#include <errno.h>

#include "base/types.h"

struct signal_flags signal_flags;

static void on_signal(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	if (signal_flags.forward_to && number != SIGPIPE) {
		if (info->si_code != SI_KERNEL)
			kill(signal_flags.forward_to, number);
		errno = saved;
		return;
	}
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

/* What a program that is started may expect besides. */
static const int forwarded[] = { SIGQUIT, SIGUSR2, SIGCONT, SIGWINCH };

/* Without SA_RESTART: a wait for events ends. */
static void set_all(void (*handler)(int, siginfo_t *, void *), void (*pipe_handler)(int))
{
	struct sigaction sa = { .sa_handler = SIG_DFL };

	sigemptyset(&sa.sa_mask);
	if (handler) {
		sa.sa_sigaction = handler;
		sa.sa_flags = SA_SIGINFO;
	}
	for (u32 i = 0; i < ARRAY_SIZE(handled); i++)
		sigaction(handled[i], &sa, NULL);
	sa.sa_flags = 0;
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
	set_all(NULL, SIG_DFL);
}

void signals_forward_now(int pid)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO };

	sa.sa_sigaction = on_signal;
	sigemptyset(&sa.sa_mask);
	for (u32 i = 0; pid && i < ARRAY_SIZE(forwarded); i++)
		sigaction(forwarded[i], &sa, NULL);
	signal_flags.forward_to = pid;
}
