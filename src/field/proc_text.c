/* SPDX-License-Identifier: Apache-2.0 */
/* Texts made of what a thread is known by: command lines, arguments, environment, cgroups. */
#include "field/proc.h"

#include "field/getter.h"

/* A text built for this thread earlier in the event. */
static bool recall(const struct field_ctx *x, const struct thread *t, u32 kind, struct value *ret)
{
	for (u32 i = 0; i < x->nmemo; i++)
		if (x->memo[i].key == t && x->memo[i].kind == kind)
			return set_str(ret, x->memo[i].p, x->memo[i].len);
	return false;
}

static void remember(struct field_ctx *x, const struct thread *t, u32 kind, const struct value *v)
{
	if (x->nmemo < ARRAY_SIZE(x->memo))
		x->memo[x->nmemo++] = (struct field_memo){ t, kind, v->len, v->p };
}

/* head, then the strings of list, each with a blank before it unless it comes first. */
static void set_joined(struct field_ctx *x, const struct pstr *head, const struct pstr *list,
		       struct value *ret)
{
	size_t n = head ? head->len : 0;
	char *out = field_scratch(x, n + list->len + 2);
	const char *p = list->p, *end = p + list->len;

	if (n)
		memcpy(out, head->p, n);
	for (bool first = !head; p < end; first = false) {
		size_t len = strnlen(p, (size_t)(end - p));

		if (!first)
			out[n++] = ' ';
		memcpy(out + n, p, len);
		n += len;
		p += len + 1;
	}
	out[n] = 0;
	set_str(ret, out, n);
}

static void set_exeline(struct field_ctx *x, const struct thread *t, struct value *ret)
{
	struct value args;
	struct buf *b = tmp_buf(x);

	set_joined(x, NULL, &t->args, &args);
	buf_add(b, t->exe.p, t->exe.len);
	buf_addc(b, ' ');
	buf_add(b, args.p, args.len);
	set_scratch(x, ret, b);
}

void field_proc_text(struct field_ctx *x, const struct thread *t, enum proc_text what,
		     struct value *ret)
{
	switch (what) {
	case TEXT_NAME:
		set_pstr(ret, &t->comm);
		return;
	case TEXT_EXE:
		set_pstr(ret, &t->exe);
		return;
	case TEXT_EXEPATH:
		set_pstr(ret, &t->exepath);
		return;
	default:
		break;
	}
	if (recall(x, t, what, ret))
		return;
	if (what == TEXT_CMDLINE)
		set_joined(x, &t->comm, &t->args, ret);
	else if (what == TEXT_EXELINE)
		set_exeline(x, t, ret);
	else
		set_joined(x, NULL, what == TEXT_ARGS ? &t->args : &t->env, ret);
	remember(x, t, what, ret);
}

/* n-th string of a NUL-separated list. */
static const char *list_at(const struct pstr *list, u64 n, size_t *ret_len)
{
	const char *p = list->p, *end = p + list->len;

	while (p < end) {
		size_t len = strnlen(p, (size_t)(end - p));

		if (!n--) {
			*ret_len = len;
			return p;
		}
		p += len + 1;
	}
	return NULL;
}

/* What follows "name=" in a NUL-separated list. */
static const char *list_value(const struct pstr *list, const char *name, size_t name_len,
			      size_t *ret_len)
{
	const char *p = list->p, *end = p + list->len;

	while (p < end) {
		size_t len = strnlen(p, (size_t)(end - p));

		if (len > name_len && p[name_len] == '=' && !memcmp(p, name, name_len)) {
			*ret_len = len - name_len - 1;
			return p + name_len + 1;
		}
		p += len + 1;
	}
	return NULL;
}

const char *field_proc_arg(const struct thread *t, u64 n, size_t *ret_len)
{
	return list_at(&t->args, n, ret_len);
}

const char *field_proc_env(const struct thread *t, const char *name, size_t name_len,
			   size_t *ret_len)
{
	return list_value(&t->env, name, name_len, ret_len);
}

bool field_proc_get_text(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	if (!x->thread)
		return false;
	field_proc_text(x, x->thread, (enum proc_text)f->field->id, ret);
	return true;
}

bool field_proc_get_args(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const char *p;
	size_t len;

	if (!x->thread)
		return false;
	if (!f->has_index) {
		field_proc_text(x, x->thread, TEXT_ARGS, ret);
		return true;
	}
	p = field_proc_arg(x->thread, (u64)f->index, &len);
	return p ? set_str(ret, p, len) : set_str(ret, "", 0);
}

bool field_proc_get_env(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = x->thread;
	const char *p;
	size_t len;

	if (!t)
		return false;
	t = proc_main_thread(x->proc, t);
	if (!f->arg) {
		field_proc_text(x, t, TEXT_ENV, ret);
		return true;
	}
	p = field_proc_env(t, f->arg, f->arg_len, &len);
	return p ? set_str(ret, p, len) : set_str(ret, "", 0);
}

bool field_proc_get_nargs(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	return x->thread && set_u64(f, ret, x->thread->nargs);
}

bool field_proc_get_args_len(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = x->thread;
	u64 n = 0;

	if (!t)
		return false;
	for (u32 i = 0; i < t->args.len; i++)
		n += t->args.p[i] != 0;
	return set_u64(f, ret, n);
}

bool field_proc_get_nametid(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = x->thread;
	struct buf *b = tmp_buf(x);

	(void)f;
	if (!t)
		return false;
	buf_add(b, t->comm.p, t->comm.len);
	buf_add_s64(b, t->tid);
	return set_scratch(x, ret, b);
}

bool field_proc_get_cgroups(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = x->thread;

	(void)f;
	if (!t || !t->cgroups.len)
		return false;
	set_joined(x, NULL, &t->cgroups, ret);
	return true;
}

bool field_proc_get_cgroup(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = x->thread;
	const char *p;
	size_t len;

	if (!t)
		return false;
	p = list_value(&t->cgroups, f->arg, f->arg_len, &len);
	return p && set_str(ret, p, len);
}

/* By bit. */
static const char *const capability_names[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID",
	"CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
	"CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
	"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
	"CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
	"CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
};

bool field_proc_get_caps(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = x->thread;
	struct buf *b = tmp_buf(x);
	u64 caps;

	if (!t)
		return false;
	memcpy(&caps, (const char *)t + f->field->id, sizeof(caps));
	for (size_t i = 0; i < ARRAY_SIZE(capability_names); i++) {
		if (!(caps >> i & 1))
			continue;
		if (b->len)
			buf_addc(b, ' ');
		buf_adds(b, capability_names[i]);
	}
	return set_scratch(x, ret, b);
}
