/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that leave signals to the main one. */
#ifndef SAKER_BASE_THREAD_H
#define SAKER_BASE_THREAD_H

#include <pthread.h>

/*
 * As pthread_create(), with all signals blocked but SIGSYS: a seccomp filter sends that one to
 * the thread itself, and would kill when it is blocked.  0 or a negative errno.
 */
int thread_start(pthread_t *ret, void *(*run)(void *arg), void *arg);

#endif
