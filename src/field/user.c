/* SPDX-License-Identifier: Apache-2.0 */
/* Classes "user" and "group". */
#include "field/getter.h"

enum { USER_NAME, USER_HOME, USER_SHELL };

static bool is_unset(u32 id)
{
	return id == UINT32_MAX;
}

/* What is known of root without asking anybody. */
static bool set_default(struct value *ret, u32 uid, s64 what)
{
	if (uid || what == USER_SHELL)
		return set_str(ret, "<NA>", 4);
	return what == USER_HOME ? set_str(ret, "/root", 5) : set_str(ret, "root", 4);
}

static bool set_user(struct field_ctx *x, u32 uid, s64 what, struct value *ret)
{
	const struct user *u = is_unset(uid) ? NULL : proc_user(x->proc, x->thread, uid);

	if (!u)
		return set_default(ret, uid, what);
	return set_pstr(ret, what == USER_NAME   ? &u->name
			     : what == USER_HOME ? &u->home
						 : &u->shell);
}

GETTER(get_uid)
{
	return x->thread && set_u64(f, ret, x->thread->uid);
}

GETTER(get_user)
{
	return x->thread && set_user(x, x->thread->uid, f->field->id, ret);
}

GETTER(get_loginuid)
{
	const struct thread *t = x->thread;

	return t && set_s64(f, ret, is_unset(t->loginuid) ? -1 : (s64)t->loginuid);
}

GETTER(get_loginname)
{
	(void)f;
	return x->thread && set_user(x, x->thread->loginuid, USER_NAME, ret);
}

GETTER(get_gid)
{
	return x->thread && set_u64(f, ret, x->thread->gid);
}

GETTER(get_group)
{
	const struct thread *t = x->thread;
	const struct group *g;

	(void)f;
	if (!t)
		return false;
	g = is_unset(t->gid) ? NULL : proc_group_by_gid(x->proc, t, t->gid);
	if (g)
		return set_pstr(ret, &g->name);
	return set_cstr(ret, t->gid ? "<NA>" : "root");
}

static const struct field user_rows[] = {
	{ .name = "user.uid", .type = PT_UINT32, .fmt = PF_DEC, .get = get_uid,
	  .help = "Effective user id of the thread." },
	{ .name = "user.name", .type = PT_CHARBUF, .get = get_user, .id = USER_NAME,
	  .help = "Name of that user, <NA> when it has none." },
	{ .name = "user.homedir", .type = PT_CHARBUF, .get = get_user, .id = USER_HOME,
	  .help = "Home directory of that user." },
	{ .name = "user.shell", .type = PT_CHARBUF, .get = get_user, .id = USER_SHELL,
	  .help = "Login shell of that user." },
	{ .name = "user.loginuid", .type = PT_INT64, .fmt = PF_DEC, .get = get_loginuid,
	  .help = "User who logged in (the audit uid), -1 when nobody did." },
	{ .name = "user.loginname", .type = PT_CHARBUF, .get = get_loginname,
	  .help = "Name of the user who logged in." },
};

const struct field_class field_class_user = {
	.name = "user",
	.desc = "",
	.help = "The user on whose behalf the event happened.",
	.source = "syscall",
	.rows = user_rows,
	.n = ARRAY_SIZE(user_rows),
};

static const struct field group_rows[] = {
	{ .name = "group.gid", .type = PT_UINT32, .fmt = PF_DEC, .get = get_gid,
	  .help = "Effective group id of the thread." },
	{ .name = "group.name", .type = PT_CHARBUF, .get = get_group,
	  .help = "Name of that group, <NA> when it has none." },
};

const struct field_class field_class_group = {
	.name = "group",
	.desc = "",
	.help = "The group on whose behalf the event happened.",
	.source = "syscall",
	.rows = group_rows,
	.n = ARRAY_SIZE(group_rows),
};
