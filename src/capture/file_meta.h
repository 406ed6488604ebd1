/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocks of a capture file that describe the system before the first event: machine,
 * processes, file descriptors, interfaces, users.
 */
#ifndef SAKER_CAPTURE_FILE_META_H
#define SAKER_CAPTURE_FILE_META_H

#include "base/diag.h"
#include "event/state.h"

/*
 * Reads the body of one block and hands what it says to sink.  Blocks of unknown types
 * are ignored.  Returns 0 or -EINVAL, with the reason and the offset in the body in d.
 */
int meta_read(u32 type, const u8 *body, size_t len, const struct state_sink *sink, struct diag *d);

#endif
