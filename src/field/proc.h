/* SPDX-License-Identifier: Apache-2.0 */
/* Getters about other processes and texts built from threads, for the rows in proc.c. */
#ifndef SAKER_FIELD_PROC_H
#define SAKER_FIELD_PROC_H

#include "field/field.h"

/* What can be asked of any thread, by whatever way it was reached. */
enum proc_text {
	TEXT_NAME, TEXT_EXE, TEXT_EXEPATH, TEXT_CMDLINE, TEXT_EXELINE, TEXT_ARGS, TEXT_ENV,
	TEXT_MASK = 15,
};

/* Whose session or group leader is meant: added to a text. */
enum proc_leader {
	LEADER_SESSION = 1 << 4,
	LEADER_VPGID = 2 << 4,
	LEADER_PGID = 3 << 4,
	LEADER_MASK = 15 << 4
};

/* Always has a value. */
void field_proc_text(struct field_ctx *x, const struct thread *t, enum proc_text what,
		     struct value *ret);
/* Length of the value of an environment variable; NULL when it is not set. */
const char *field_proc_env(const struct thread *t, const char *name, size_t name_len,
			   size_t *ret_len);
/* n-th argument after argv[0]. */
const char *field_proc_arg(const struct thread *t, u64 n, size_t *ret_len);

bool field_proc_get_text(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_args(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_env(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_nargs(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_args_len(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_cgroups(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_cgroup(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_caps(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_nametid(struct field_ctx *x, const struct field_ref *f, struct value *ret);

bool field_proc_get_parent_text(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_ancestor_text(struct field_ctx *x, const struct field_ref *f,
				  struct value *ret);
bool field_proc_get_ancestor_texts(struct field_ctx *x, const struct field_ref *f,
				   struct value *ret);
bool field_proc_get_ancestor_pid(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_ancestor_pids(struct field_ctx *x, const struct field_ref *f,
				  struct value *ret);
bool field_proc_get_aenv(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_leader_text(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_proc_get_loginshell(struct field_ctx *x, const struct field_ref *f, struct value *ret);

#endif
