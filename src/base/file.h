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
/*
 * Opens for writing, made if need be; how: O_APPEND, O_TRUNC; O_NONBLOCK: writing to a pipe will not wait
 * either.  The descriptor or -errno; -ENXIO: a pipe that nobody reads.
 */
int file_create(const char *path, int how, unsigned mode);
/* What an error of file_open, file_create or of reading means, in words. */
const char *file_error(int err);

#endif
