/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's verifier says of a program. */
#ifndef SAKER_CAPTURE_VERIFIER_H
#define SAKER_CAPTURE_VERIFIER_H

#include "base/types.h"

/* Its last words, "why" of a rejected program; the log is changed. */
const char *verifier_reason(char *log);

#endif
