/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, by libgnutls, which is loaded when it is asked for: few runs need it. */
#ifndef SAKER_BASE_DIGEST_H
#define SAKER_BASE_DIGEST_H

#include "base/types.h"

/* 64 hex digits.  0, -ENOPKG: the library is not there, or another negative errno. */
int digest_sha256(const void *p, size_t n, char ret[65]);

#endif
