/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/counters.h"

#include <bpf/bpf.h>

#define CLASS(class_, name_) [SC_##name_] = (class_) + 1
#define FORKS(name_) CLASS(DROPS_CLONE_FORK, name_)
#define OPENS(name_) CLASS(DROPS_OPEN, name_)
#define FILES(name_) CLASS(DROPS_DIR_FILE, name_)
#define OTHER(name_) CLASS(DROPS_OTHER_INTEREST, name_)

/* 0: the rest. */
static const u8 classes[SC_MAX] = {
	FORKS(clone), FORKS(clone3), FORKS(fork), FORKS(vfork),
	CLASS(DROPS_EXECVE, execve), CLASS(DROPS_EXECVE, execveat),
	CLASS(DROPS_CONNECT, connect),
	OPENS(open), OPENS(creat), OPENS(openat), OPENS(openat2), OPENS(open_by_handle_at),
	FILES(dup), FILES(dup2), FILES(dup3), FILES(chmod), FILES(fchmod), FILES(fchmodat),
	FILES(chown), FILES(lchown), FILES(fchown),
	FILES(fchownat), FILES(link), FILES(linkat), FILES(mkdir), FILES(mkdirat), FILES(mount),
	FILES(umount), FILES(umount2), FILES(rename), FILES(renameat), FILES(renameat2), FILES(rmdir),
	FILES(symlink), FILES(symlinkat), FILES(unlink), FILES(unlinkat),
	OTHER(bpf), OTHER(setpgid), OTHER(ptrace), OTHER(seccomp), OTHER(setns), OTHER(setresgid),
	OTHER(setresgid32), OTHER(setresuid), OTHER(setresuid32), OTHER(setsid), OTHER(unshare),
	OTHER(capset), OTHER(keyctl),
	CLASS(DROPS_CLOSE, close),
	CLASS(DROPS_PROC_EXIT, sched_process_exit),
};

enum drop_class drop_class_of(u32 code)
{
	return code < SC_MAX && classes[code] ? classes[code] - 1 : DROPS_REST;
}

void counters_visit(struct counters_visitor *v, u32 cpu, const struct syscall_counters *by_code)
{
	for (u32 code = 0; code < SC_MAX; code++)
		if (__atomic_load_n(&by_code[code].seen, __ATOMIC_RELAXED))
			v->visit(v, cpu, code, &by_code[code]);
}

void programs_visit(struct programs_visitor *v, const char *name, int prog)
{
	struct bpf_prog_info info = { 0 };
	u32 len = sizeof(info);

	if (prog >= 0 && !bpf_obj_get_info_by_fd(prog, &info, &len))
		v->visit(v, name ? name : info.name, info.run_cnt, info.run_time_ns);
}

struct sum {
	struct counters_visitor v;
	struct capture_stats *stats;
};

static void add(struct counters_visitor *v, u32 cpu, u32 code, const struct syscall_counters *n)
{
	struct capture_stats *s = container_of(v, struct sum, v)->stats;

	(void)cpu;
	s->seen += n->seen;
	s->events += n->sent;
	s->held += n->held;
	s->drops_class[drop_class_of(code)] += n->lost - n->lost_scratch;
}

void capture_stats(struct capture *c, struct capture_stats *ret)
{
	struct sum sum = { .v.visit = add, .stats = ret };

	*ret = (struct capture_stats){ 0 };
	capture_counters(c, &sum.v);
	if (c->ops->stats)
		c->ops->stats(c, ret);
}
