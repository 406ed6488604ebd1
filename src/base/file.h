/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the files that a user names.  Pipes are welcome (a shell's <(command) is one),
 * but one that nobody writes to must not stop the program for ever.
 */
#ifndef SAKER_BASE_FILE_H
#define SAKER_BASE_FILE_H

#define FILE_PIPE_WAIT_MS 10000

/* 0 or -errno; -ENODATA: a pipe into which nothing was written for FILE_PIPE_WAIT_MS. */
int file_open(const char *path, int *ret_fd);
/* What an error of file_open or of reading means, in words. */
const char *file_error(int err);

#endif
