/* SPDX-License-Identifier: Apache-2.0 */
/* `saker doctor`: tries what a start does, and says in words what is wrong and how to mend it. */
#ifndef SAKER_APP_DOCTOR_H
#define SAKER_APP_DOCTOR_H

#include "app/loop.h"

/*
 * Opens the source of r as a start would, and sees whether an event of its own making comes
 * back.  Prints to standard output.  Returns the status of the program: 0 when nothing is
 * wrong, 1 when something is, EXIT_NO_DRIVER when no driver works.
 */
int doctor_run(struct run *r);
void doctor_help(void);

#endif
