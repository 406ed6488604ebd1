/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of its own that starts one command on request, any number of times.
 *
 * It is made before the sensor gives up its privileges and limits its system calls, so that
 * neither concerns what is started, and gives up the driver's capabilities itself.  What it
 * runs is fixed from the start: nobody can make it run anything else.  It ends when the
 * spawner is freed or its owner dies.
 */
#ifndef SAKER_OUTPUT_SPAWNER_H
#define SAKER_OUTPUT_SPAWNER_H

#include <stdio.h>

struct spawner;

/*
 * A shell will run `command`, which is copied.  prepare() is called in the new process
 * first; may be NULL.  0 or a negative errno.
 */
int spawner_new(const char *command, void (*prepare)(void), struct spawner **ret);
/* Waits for the process; NULL is fine. */
void spawner_free(struct spawner *s);
/* Starts the command; *ret is its standard input, the caller's to close. */
int spawner_run(struct spawner *s, FILE **ret);
/*
 * Waits until the command started last has ended: its status, SPAWNER_SIGNAL + N when signal N ended
 * it, or a negative errno.  0 when there is none.
 */
#define SPAWNER_SIGNAL 256
int spawner_wait(struct spawner *s);

#endif
