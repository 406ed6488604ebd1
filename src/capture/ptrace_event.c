/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the ptrace driver: the rows of schema/events.def, on drivers/ptrace/. */
#include "capture/ptrace_trace.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/mem.h"
#include "drivers/ptrace/port.h"
#include "event/table.h"

#define PORT_WALK "drivers/ptrace/walk.h"
#define EVENT_ROOM (2 * EVENT_LEN_MAX)
#define MMSG_MAX 16

/* Rows use what they need of what the shared helpers are given. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "drivers/capture.h"
#pragma GCC diagnostic pop

static inline_ u64 load_word(const u8 *p)
{
	u64 w;

	memcpy(&w, p, sizeof(w));
	return w;
}

#define kf_load(p) load_word(p)

/* See drivers/filter_call.h.  keep() puts the zeros there. */
static const u8 *kf_path(const struct ctx *c, u32 path_arg, u32 *ret_len)
{
	(void)path_arg;
	*ret_len = c->call->kept_len - 1;
	return c->call->kept_len > 1 && c->call->kept_len <= KF_PATH_MAX ? c->call->kept : NULL;
}

#include "drivers/filter_call.h"

struct capture_row {
	void (*fn)(struct ctx *c);
	u16 nparams;
};

#define EVENT(...)
#define UNUSED(...)
#define EXTRACT(NR_, ID_, ...) [NR_] = { capture_##ID_, nparams_##ID_ },
static const struct capture_row rows[EV_MAX] = {
#include "schema/events.def"
};
#undef EXTRACT
#undef EVENT
#undef UNUSED

/* ---- numbers ------------------------------------------------------------------- */

#if defined(__x86_64__)
#define NR(NUMBER_, NAME_) [NUMBER_] = SC_##NAME_,
static const u16 compat_codes[NR_SYSCALLS] = {
#include "schema/nr/i386.def"
};
#undef NR
#define X32_BIT 0x40000000u
#endif

/* What a number stands for; x32's first 512 are those of the native table. */
u32 ptrace_code(u32 arch, u32 nr, bool *ret_compat)
{
#if defined(__x86_64__)
	*ret_compat = arch == AUDIT_ARCH_I386;
	if (*ret_compat)
		return nr < NR_SYSCALLS ? compat_codes[nr] : SC_unknown;
	nr &= ~X32_BIT;
#else
	*ret_compat = arch != AUDIT_ARCH_AARCH64;
	if (*ret_compat)
		return SC_unknown;
#endif
	return nr < NR_SYSCALLS ? syscall_code_by_nr(nr) : SC_unknown;
}

/* ---- one event ------------------------------------------------------------------- */

static bool is_subreaper(void *owner, s32 tgid)
{
	struct tracee *t = tracee_get(owner, tgid);

	return t && t->subreaper;
}

static void queue_event(struct ptrace *p, u32 code, const u8 *event, u32 len)
{
	buf_add(&p->queue, &len, sizeof(len));
	buf_add(&p->queue, event, len);
	p->by_code[code].sent++;
}

/* With the parameters of a row, mostly that of the same type.  code: what it counts as. */
static void describe_as(struct ptrace *p, const struct tracee *t, u32 code, u32 type, u32 row_type,
			u64 exit_code)
{
	const struct capture_row *row = &rows[row_type];
	struct task_struct task = { .tid = t->tid, .tgid = t->tgid, .exit_code = exit_code };
	struct ctx c = {
		.event = p->scratch,
		.off = LENS_AT + 2 * row->nparams,
		.start = LENS_AT + 2 * row->nparams,
		.snaplen = p->opt.snaplen < EVENT_PARAM_LEN_MAX ? p->opt.snaplen : EVENT_PARAM_LEN_MAX,
		.dynamic = p->opt.dynamic,
		.call = &t->call,
		.task = &task,
		.sock = { .fd = -1 },
		.is_subreaper = is_subreaper,
		.owner = p,
	};
	struct event_hdr h = { .ts_ns = clock_ns(CLOCK_REALTIME), .tid = t->tid, .type = type,
			       .nparams = row->nparams };

	row->fn(&c);
	p->truncated += c.truncated;
	if (c.overflow) {
		p->by_code[code].lost++;
		p->by_code[code].lost_scratch++;
		return;
	}
	h.len = c.off;
	memcpy(p->scratch, &h, sizeof(h));
	queue_event(p, code, p->scratch, c.off);
}

static void describe(struct ptrace *p, const struct tracee *t, u32 type)
{
	describe_as(p, t, t->call.code, type, type, 0);
}

/* ---- calls -------------------------------------------------------------------------- */

/* Those without an event of their own are told by number. */
static u32 event_of(u32 code)
{
	const struct syscall_desc *s = syscall_desc(code);

	return s && rows[s->event].fn ? s->event : EV_GENERIC_X;
}

static void describe_messages(struct ptrace *p, struct tracee *t, u32 type)
{
	for (u32 i = 0; i < MMSG_MAX && (!i || (s64)i < t->call.ret); i++) {
		if (i)
			p->by_code[t->call.code].seen++;
		t->call.mmsg_index = i;
		describe(p, t, type);
	}
	t->call.mmsg_index = 0;
}

/* What the call tells of its sockets serves later events. */
static void note_sockets(struct tracee *t)
{
	struct task_struct task = { .tid = t->tid, .tgid = t->tgid };
	struct ctx c = { .call = &t->call, .task = &task };

	unix_note(&c);
}

static bool passes(const struct ptrace *p, const struct tracee *t)
{
	struct task_struct task = { .tid = t->tid, .tgid = t->tgid };
	struct ctx c = { .call = &t->call, .task = &task };
	struct kf_call k = { 0 };

	return !(p->opt.drop_failed && t->call.ret < 0) && (!p->filter || kf_call_passes(&c, p->filter, &k));
}

void ptrace_event_call(struct ptrace *p, struct tracee *t)
{
	u32 type = event_of(t->call.code);

	note_sockets(t);
	p->by_code[t->call.code].seen++;
	if (!passes(p, t)) {
		p->by_code[t->call.code].filtered++;
		return;
	}
	if (type == EV_SOCKET_SENDMMSG_X || type == EV_SOCKET_RECVMMSG_X)
		describe_messages(p, t, type);
	else
		describe(p, t, type);
}

/* A successful execveat is an execve too. */
void ptrace_event_exec(struct ptrace *p, struct tracee *t)
{
	u32 code = t->call.code;

	p->by_code[SC_execve].seen++;
	t->call.code = SC_execve;
	t->call.ret = 0;
	describe(p, t, EV_SYSCALL_EXECVE_19_X);
	t->call.code = code;
}

/* The child's own event.  The rows of these calls differ in the source of the flags only. */
void ptrace_event_birth(struct ptrace *p, struct tracee *t)
{
	u32 type = t->birth_code == SC_fork ? EV_SYSCALL_FORK_20_X :
		   t->birth_code == SC_vfork ? EV_SYSCALL_VFORK_20_X :
		   t->birth_code == SC_clone3 ? EV_SYSCALL_CLONE3_X : EV_SYSCALL_CLONE_20_X;

	p->by_code[SC_clone].seen++;
	t->call = (struct call){ .code = t->birth_code, .args = { t->birth_flags } };
	describe_as(p, t, SC_clone, type, EV_SYSCALL_CLONE_20_X, 0);
	t->call = (struct call){ 0 };
}

void ptrace_event_exit(struct ptrace *p, struct tracee *t, u32 status)
{
	p->by_code[SC_sched_process_exit].seen++;
	describe_as(p, t, SC_sched_process_exit, EV_PROCEXIT_1_E, EV_PROCEXIT_1_E, status);
}

static void describe_signal(struct ptrace *p, const struct tracee *t, int sig, const siginfo_t *info)
{
	struct tracee as = { .tid = t->tid, .tgid = t->tgid };

	as.call.args[0] = (u32)sig;
	as.call.args[1] = (u32)info->si_code;
	as.call.args[2] = (u32)info->si_pid;
	p->by_code[SC_signal_deliver].seen++;
	describe_as(p, &as, SC_signal_deliver, EV_SIGNALDELIVER_E, EV_SIGNALDELIVER_E, 0);
}

/*
 * Signals that a process ignores stop it all the same when it is traced, and only then: for the others
 * they are not delivered.
 */
static bool is_ignored(const struct tracee *t, int sig)
{
	const char *text = proc_text(t->tgid, t->tid, "status");
	u64 bit = 1ull << (sig - 1), by_default = 1ull << (SIGCHLD - 1) | 1ull << (SIGCONT - 1) |
						  1ull << (SIGURG - 1) | 1ull << (SIGWINCH - 1);

	return status_number(text, "\nSigIgn:", 1, 16) & bit ||
	       (by_default & bit && !(status_number(text, "\nSigCgt:", 1, 16) & bit));
}

void ptrace_event_signal(struct ptrace *p, struct tracee *t, int sig)
{
	siginfo_t info;

	if (sig > 0 && !ptrace(PTRACE_GETSIGINFO, t->tid, NULL, &info) && !is_ignored(t, sig))
		describe_signal(p, t, sig, &info);
}

/* Who did it the kernel does not say either. */
void ptrace_event_killed(struct ptrace *p, struct tracee *t)
{
	describe_signal(p, t, SIGKILL, &(siginfo_t){ 0 });
}

/* ---- what is kept when a call begins -------------------------------------------------- */

bool ptrace_read(s32 tid, void *dst, size_t n, u64 addr)
{
	struct task_struct task = { .tid = tid };
	struct ctx c = { .task = &task };

	return read_user(&c, dst, n, addr);
}

void ptrace_call_fini(struct call *call)
{
	free(call->kept);
	free(call->exec_name);
	memset(call, 0, sizeof(*call));
}

/* A context whose event is the buffer: of a path, an address. */
static struct ctx keeper(struct tracee *t, struct task_struct *task, u8 *room)
{
	*task = (struct task_struct){ .tid = t->tid, .tgid = t->tgid };
	return (struct ctx){ .event = room, .call = &t->call, .task = task, .sock = { .fd = -1 } };
}

static void keep(struct tracee *t, const struct ctx *c)
{
	if (!c->off)
		return;		/* not readable: the end of the call tells so again */
	t->call.kept = xcalloc(1, c->off + KF_HEAD);
	t->call.kept_len = c->off;
	memcpy(t->call.kept, c->event, c->off);
}

/* Is there something of that name, as the thread would find it? */
static bool name_exists(struct tracee *t, s64 dirfd, const char *name)
{
	char base[64];
	struct stat st;
	int dir, err;

	if (*name == '/')
		snprintf(base, sizeof(base), "/proc/%d/root", t->tid);
	else if (dirfd == AT_FDCWD)
		snprintf(base, sizeof(base), "/proc/%d/cwd", t->tid);
	else
		snprintf(base, sizeof(base), "/proc/%d/fd/%lld", t->tid, dirfd);
	dir = open(base, O_PATH | O_CLOEXEC);
	if (dir < 0)
		return true;
	while (*name == '/')
		name++;
	err = fstatat(dir, *name ? name : ".", &st, 0) ? errno : 0;
	close(dir);
	return err != ENOENT;
}

static void keep_path(struct ptrace *p, struct tracee *t, u32 path_arg, s64 dirfd, u64 flags)
{
	struct task_struct task;
	struct ctx c = keeper(t, &task, p->scratch);

	put_user_str(&c, t->call.args[path_arg], STR_MAX);
	keep(t, &c);
	p->truncated += c.truncated;
	if (c.off && flags & K_O_CREAT)
		t->call.creates = flags & K_O_EXCL || !name_exists(t, dirfd, (char *)c.event);
}

static void keep_how(struct ptrace *p, struct tracee *t)
{
	struct call *call = &t->call;

	call->have_words = ptrace_read(t->tid, call->words, sizeof(call->words), call->args[2]);
	keep_path(p, t, 1, (s32)call->args[0], call->have_words ? call->words[0] : 0);
}

static void keep_address(struct ptrace *p, struct tracee *t)
{
	struct task_struct task;
	struct ctx c = keeper(t, &task, p->scratch);

	put_sockaddr(&c, t->call.args[1], (u32)t->call.args[2]);
	keep(t, &c);
	unix_connects(&c, c.event, c.off);
}

/* The name of a program as the kernel makes it of execveat's arguments. */
static void keep_program(struct ptrace *p, struct tracee *t, u32 path_arg, s64 dirfd)
{
	struct task_struct task;
	struct ctx c = keeper(t, &task, p->scratch);
	const char *name = (char *)p->scratch;
	struct buf b = { 0 };

	if (!put_user_str(&c, t->call.args[path_arg], STR_MAX))
		return;
	if (dirfd != AT_FDCWD && *name != '/')
		buf_addf(&b, "/dev/fd/%lld%s", dirfd, *name ? "/" : "");
	buf_adds(&b, name);
	t->call.exec_name = xstrdup(buf_str(&b));
	buf_fini(&b);
}

void ptrace_keep(struct ptrace *p, struct tracee *t)
{
	struct call *call = &t->call;

	switch (call->code) {
	case SC_open:
		keep_path(p, t, 0, AT_FDCWD, call->args[1]);
		break;
	case SC_creat:
		keep_path(p, t, 0, AT_FDCWD, K_O_CREAT);
		break;
	case SC_openat:
		keep_path(p, t, 1, (s32)call->args[0], call->args[2]);
		break;
	case SC_openat2:
		keep_how(p, t);
		break;
	case SC_connect:
		keep_address(p, t);
		break;
	case SC_execve:
		keep_program(p, t, 0, AT_FDCWD);
		break;
	case SC_execveat:
		keep_program(p, t, 1, (s32)call->args[0]);
		break;
	}
}
