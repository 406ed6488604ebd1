/* SPDX-License-Identifier: Apache-2.0 */
/* Getters for the ends of a connection, in fd_net.c, for the rows in fd.c. */
#ifndef SAKER_FIELD_FD_H
#define SAKER_FIELD_FD_H

#include "field/field.h"

enum { END_CLIENT, END_SERVER, END_LOCAL, END_REMOTE };
enum { END_ADDRESS, END_PORT };	/* what field_fd_get_ends() lists */

bool field_fd_get_no_value(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_fd_get_address(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_fd_get_named_end(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_fd_get_port(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_fd_get_proto(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_fd_get_ends(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_fd_get_l4proto(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_fd_get_family(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_fd_get_is_server(struct field_ctx *x, const struct field_ref *f, struct value *ret);

#endif
