/* SPDX-License-Identifier: Apache-2.0 */
/* Class "process": the process and thread that made an event. */
#include "field/proc.h"

#include "field/getter.h"

#define OF(member_) offsetof(struct thread, member_)

/* ---- members of struct thread, by offset ------------------------------------------ */

static u64 load_u64(const struct thread *t, s64 offset)
{
	u64 v;

	memcpy(&v, (const char *)t + offset, sizeof(v));
	return v;
}

static u32 load_u32(const struct thread *t, s64 offset)
{
	u32 v;

	memcpy(&v, (const char *)t + offset, sizeof(v));
	return v;
}

GETTER(get_u64)
{
	return x->thread && set_u64(f, ret, load_u64(x->thread, f->field->id));
}

/* Zero stands for unknown. */
GETTER(get_known_u64)
{
	u64 v = x->thread ? load_u64(x->thread, f->field->id) : 0;

	return v && set_u64(f, ret, v);
}

GETTER(get_u32)
{
	return x->thread && set_u64(f, ret, load_u32(x->thread, f->field->id));
}

GETTER(get_id)
{
	s64 id = x->thread ? (s64)load_u64(x->thread, f->field->id) : -2;

	return id >= -1 && id <= UINT32_MAX && set_s64(f, ret, id);
}

/* Ids within a namespace; -1 stands for unknown. */
GETTER(get_virtual_id)
{
	s64 id = x->thread ? (s64)load_u64(x->thread, f->field->id) : -1;

	return id >= 0 && id <= UINT32_MAX && set_s64(f, ret, id);
}

GETTER(get_flag)
{
	return x->thread && set_u64(f, ret, !!(x->thread->flags & (u64)f->field->id));
}

/* ---- the thread and its kin ----------------------------------------------------------- */

GETTER(get_tid)
{
	return set_s64(f, ret, x->ev->tid);
}

GETTER(get_ismain)
{
	return x->thread && set_u64(f, ret, proc_is_main(x->thread));
}

static const struct thread *parent_of(struct field_ctx *x)
{
	const struct thread *t = x->thread;

	return t && t->pid >= 0 ? proc_parent(x->proc, t) : NULL;
}

GETTER(get_ppid)
{
	const struct thread *t = x->thread;
	s64 ppid = t && t->pid >= 0 ? proc_main_thread(x->proc, t)->ptid : -1;

	return ppid > 0 && ppid <= UINT32_MAX && set_s64(f, ret, ppid);
}

GETTER(get_pvpid)
{
	const struct thread *t = parent_of(x);

	return t && set_s64(f, ret, t->vpid);
}

GETTER(get_cwd)
{
	const struct thread *t = x->thread;

	(void)f;
	return t && set_pstr(ret, &proc_main_thread(x->proc, t)->cwd);
}

GETTER(get_is_leader)
{
	const struct thread *t = x->thread;

	if (!t)
		return false;
	switch (f->field->id) {
	case LEADER_SESSION:
		return set_u64(f, ret, t->sid == t->vpid);
	case LEADER_VPGID:
		return set_u64(f, ret, t->vpgid == t->vpid);
	default:
		return set_u64(f, ret, t->pgid == t->pid);
	}
}

GETTER(get_nthreads)
{
	const struct thread *t = x->thread;

	return t && set_u64(f, ret, proc_nthreads(x->proc, t));
}

GETTER(get_nchilds)
{
	const struct thread *t = x->thread;

	return t && set_u64(f, ret, proc_nchilds(x->proc, t));
}

/* ---- times -------------------------------------------------------------------------------- */

GETTER(get_start)
{
	const struct thread *t = x->thread;

	return t && t->clone_ts_ns && set_u64(f, ret, t->clone_ts_ns);
}

GETTER(get_duration)
{
	const struct thread *t = x->thread;

	return t && t->clone_ts_ns && set_u64(f, ret, x->ev->ts_ns - t->clone_ts_ns);
}

GETTER(get_parent_start)
{
	const struct thread *t = parent_of(x);

	return t && set_u64(f, ret, t->clone_ts_ns);
}

/* For a parent of unknown age rules have always seen the number of open descriptors. */
GETTER(get_parent_duration)
{
	const struct thread *t = parent_of(x);

	if (!t)
		return false;
	if (t->clone_ts_ns)
		return set_u64(f, ret, x->ev->ts_ns - t->clone_ts_ns);
	return set_u64(f, ret, proc_fd_count(x->proc, x->thread));
}

/* Only switch events would tell, and those are not made any more. */
GETTER(get_no_time)
{
	(void)x;
	return set_u64(f, ret, 0);
}

GETTER(get_no_total)
{
	return x->thread && set_u64(f, ret, 0);
}

enum { CPU_USER = 1, CPU_SYSTEM = 2, CPU_TIMES_MAX = 16384 };

/*
 * Only procinfo notices of older captures tell CPU times.  The value is what was added
 * since any of these fields was asked last for the thread, at most 100.
 */
GETTER(get_cpu)
{
	const struct event *ev = x->ev;
	u64 user, system, total, last;

	if (ev->type != EV_PROCINFO_E || !x->thread)
		return false;
	if (!event_u64(ev, 0, &user) || !event_u64(ev, 1, &system))
		return false;
	total = (f->field->id & CPU_USER ? user : 0) + (f->field->id & CPU_SYSTEM ? system : 0);
	last = (uintptr_t)map64_get(&x->cpu_times, (u64)x->thread->tid);
	/* the threads of a capture may be many; what was long ago is no use */
	if (x->cpu_times.count >= CPU_TIMES_MAX)
		map64_fini(&x->cpu_times);
	if (total)
		map64_put(&x->cpu_times, (u64)x->thread->tid, (void *)(uintptr_t)total);
	else
		map64_del(&x->cpu_times, (u64)x->thread->tid);
	return set_double(f, ret, last ? (double)u64_min(total - last, 100) : 0);
}

/* ---- resources ------------------------------------------------------------------------------ */

GETTER(get_fd_count)
{
	const struct thread *t = x->thread;

	return t && set_u64(f, ret, proc_fd_count(x->proc, t));
}

GETTER(get_fd_limit)
{
	const struct thread *t = x->thread;

	return t && set_s64(f, ret, (s64)proc_main_thread(x->proc, t)->fdlimit);
}

GETTER(get_fd_usage)
{
	const struct thread *t = x->thread;
	s64 limit;

	if (!t)
		return false;
	limit = (s64)proc_main_thread(x->proc, t)->fdlimit;
	if (limit <= 0)
		return set_double(f, ret, 0);
	return set_double(f, ret, (double)(proc_fd_count(x->proc, t) * 100) / (double)limit);
}

/* What the kernel counts by process is shown with its main thread only. */
static u64 memory_kb(const struct thread *t, s64 offset)
{
	return proc_is_main(t) ? load_u32(t, offset) : 0;
}

GETTER(get_memory)
{
	const struct thread *t = x->thread;

	return t && set_u64(f, ret, memory_kb(t, f->field->id));
}

GETTER(get_memory_bytes)
{
	const struct thread *t = x->thread;

	return t && set_u64(f, ret, memory_kb(t, f->field->id) * 1024);
}

static const struct fd *std_fd(struct field_ctx *x, const struct field_ref *f)
{
	const struct thread *t = x->thread;

	return t ? proc_fd(x->proc, t, f->field->id) : NULL;
}

GETTER(get_std_type)
{
	const struct fd *fd = std_fd(x, f);
	const char *name = fd ? fd_type_name(fd->type) : NULL;

	return fd && set_cstr(ret, name ? name : "<NA>");
}

GETTER(get_std_name)
{
	const struct fd *fd = std_fd(x, f);

	return fd && set_pstr(ret, &fd->name);
}

/* ---- rows -------------------------------------------------------------------------- */

#define STRING(name_, get_, id_, help_)						\
	{ .name = name_, .type = PT_CHARBUF, .get = get_, .id = id_, .help = help_ }
#define TEXT(name_, text_, help_) STRING(name_, field_proc_get_text, text_, help_)
#define PARENT_TEXT(name_, text_, help_) STRING(name_, field_proc_get_parent_text, text_, help_)
#define ANCESTORS_TEXT(name_, text_, help_)						\
	{ .name = name_, .type = PT_CHARBUF,						\
	  .flags = FF_ARG_ALLOWED | FF_ARG_INDEX | FF_NO_TRANSFORMER | FF_NO_RHS | FF_ANY,	\
	  .get = field_proc_get_ancestor_text, .get_all = field_proc_get_ancestor_texts,	\
	  .id = text_, .help = help_ }
#define LEADER_TEXT(name_, leader_, text_, help_)					\
	STRING(name_, field_proc_get_leader_text, (leader_) | (text_), help_)
#define CAPS(name_, member_, help_) STRING(name_, field_proc_get_caps, OF(member_), help_)
#define NUMBER(name_, type_, get_, id_, help_)						\
	{ .name = name_, .type = type_, .fmt = PF_DEC, .get = get_, .id = id_, .help = help_ }
#define ID(name_, get_, id_, help_)							\
	{ .name = name_, .type = PT_INT64, .fmt = PF_ID, .get = get_, .id = id_, .help = help_ }
#define BOOL(name_, get_, id_, help_)							\
	{ .name = name_, .type = PT_BOOL, .get = get_, .id = id_, .help = help_ }
#define STD(name_, get_, fd_, help_)							\
	{ .name = name_, .type = PT_CHARBUF, .flags = FF_FD_TABLE, .get = get_, .id = fd_,	\
	  .help = help_ }

static const struct field rows[] = {
	TEXT("proc.exe", TEXT_EXE,
	     "First argument of the command line, argv[0]: usually the program's name, but "
	     "anything goes."),
	PARENT_TEXT("proc.pexe", TEXT_EXE, "proc.exe of the parent."),
	ANCESTORS_TEXT("proc.aexe", TEXT_EXE,
		       "proc.exe of an ancestor: [1] is the parent; without index any of them."),
	TEXT("proc.exepath", TEXT_EXEPATH, "Absolute path of the program's file."),
	PARENT_TEXT("proc.pexepath", TEXT_EXEPATH, "proc.exepath of the parent."),
	ANCESTORS_TEXT("proc.aexepath", TEXT_EXEPATH,
		       "proc.exepath of an ancestor: [1] is the parent; without index any of "
		       "them."),
	TEXT("proc.name", TEXT_NAME,
	     "Name of the process as the kernel keeps it, at most 15 characters."),
	PARENT_TEXT("proc.pname", TEXT_NAME, "proc.name of the parent."),
	ANCESTORS_TEXT("proc.aname", TEXT_NAME,
		       "proc.name of an ancestor: [1] is the parent; without index any of them."),
	{ .name = "proc.args", .type = PT_CHARBUF, .flags = FF_ARG_ALLOWED | FF_ARG_INDEX,
	  .get = field_proc_get_args,
	  .help = "Arguments after argv[0], separated by blanks; [0] is the first of them." },
	{ .name = "proc.aargs", .type = PT_CHARBUF, .flags = FF_ARG_ALLOWED | FF_ARG_INDEX,
	  .get = field_proc_get_ancestor_text, .id = TEXT_ARGS,
	  .help = "proc.args of an ancestor: [1] is the parent; without index all of them in a "
		  "row." },
	TEXT("proc.cmdline", TEXT_CMDLINE, "proc.name and proc.args with a blank between."),
	PARENT_TEXT("proc.pcmdline", TEXT_CMDLINE, "proc.cmdline of the parent."),
	ANCESTORS_TEXT("proc.acmdline", TEXT_CMDLINE,
		       "proc.cmdline of an ancestor: [1] is the parent; without index any of "
		       "them."),
	NUMBER("proc.cmdnargs", PT_UINT64, field_proc_get_nargs, 0,
	       "Number of arguments after argv[0]."),
	NUMBER("proc.cmdlenargs", PT_UINT64, field_proc_get_args_len, 0,
	       "Length of these arguments in all, blanks between them not counted."),
	TEXT("proc.exeline", TEXT_EXELINE, "proc.exe and proc.args with a blank between."),
	{ .name = "proc.env", .type = PT_CHARBUF, .flags = FF_ARG_ALLOWED | FF_ARG_KEY,
	  .get = field_proc_get_env,
	  .help = "Environment as NAME=value texts; proc.env[NAME] is one variable's value." },
	{ .name = "proc.aenv", .type = PT_CHARBUF,
	  .flags = FF_ARG_ALLOWED | FF_ARG_INDEX | FF_ARG_KEY | FF_NO_TRANSFORMER | FF_NO_RHS |
		FF_ANY, .get = field_proc_get_aenv, .get_all = field_proc_get_ancestor_texts,
	  .id = TEXT_ENV,
	  .help = "Environment of an ancestor ([1]: the parent), or of any of them; "
		  "proc.aenv[NAME] is the variable of the nearest ancestor that has it." },
	{ .name = "proc.cwd", .type = PT_CHARBUF, .get = get_cwd,
	  .help = "Current working directory." },
	ID("proc.loginshellid", field_proc_get_loginshell, 0,
	   "Process id of the outermost shell among the process and its ancestors."),
	NUMBER("proc.tty", PT_UINT32, get_u32, OF(tty),
	       "Controlling terminal, 0 when there is none."),
	ID("proc.pid", get_id, OF(pid), "Process id."),
	ID("proc.ppid", get_ppid, 0, "Process id of the parent."),
	{ .name = "proc.apid", .type = PT_INT64, .fmt = PF_ID,
	  .flags = FF_ARG_ALLOWED | FF_ARG_INDEX | FF_NO_TRANSFORMER | FF_NO_RHS | FF_ANY,
	  .get = field_proc_get_ancestor_pid, .get_all = field_proc_get_ancestor_pids,
	  .help = "Process id of an ancestor: [1] is the parent; without index any of them." },
	ID("proc.vpid", get_virtual_id, OF(vpid), "Process id in the process' own pid namespace."),
	ID("proc.pvpid", get_pvpid, 0, "Process id of the parent in its own pid namespace."),
	ID("proc.sid", get_id, OF(sid), "Session id."),
	LEADER_TEXT("proc.sname", LEADER_SESSION, TEXT_NAME, "proc.name of the session's leader."),
	LEADER_TEXT("proc.sid.exe", LEADER_SESSION, TEXT_EXE, "proc.exe of the session's leader."),
	LEADER_TEXT("proc.sid.exepath", LEADER_SESSION, TEXT_EXEPATH,
		    "proc.exepath of the session's leader."),
	ID("proc.vpgid", get_id, OF(vpgid), "Process group id in the process' own pid namespace."),
	LEADER_TEXT("proc.vpgid.name", LEADER_VPGID, TEXT_NAME,
		    "proc.name of the leader of the group proc.vpgid."),
	LEADER_TEXT("proc.vpgid.exe", LEADER_VPGID, TEXT_EXE,
		    "proc.exe of the leader of the group proc.vpgid."),
	LEADER_TEXT("proc.vpgid.exepath", LEADER_VPGID, TEXT_EXEPATH,
		    "proc.exepath of the leader of the group proc.vpgid."),
	ID("proc.pgid", get_id, OF(pgid), "Process group id."),
	LEADER_TEXT("proc.pgid.name", LEADER_PGID, TEXT_NAME,
		    "proc.name of the leader of the group proc.pgid."),
	LEADER_TEXT("proc.pgid.exe", LEADER_PGID, TEXT_EXE,
		    "proc.exe of the leader of the group proc.pgid."),
	LEADER_TEXT("proc.pgid.exepath", LEADER_PGID, TEXT_EXEPATH,
		    "proc.exepath of the leader of the group proc.pgid."),
	NUMBER("proc.duration", PT_RELTIME, get_duration, 0,
	       "Nanoseconds since the process started."),
	NUMBER("proc.ppid.duration", PT_RELTIME, get_parent_duration, 0,
	       "Nanoseconds since the parent started."),
	NUMBER("proc.pid.ts", PT_RELTIME, get_start, 0,
	       "Start of the process in nanoseconds since 1970."),
	NUMBER("proc.ppid.ts", PT_RELTIME, get_parent_start, 0,
	       "Start of the parent in nanoseconds since 1970, 0 when it is not known."),
	BOOL("proc.is_exe_writable", get_flag, TH_EXE_WRITABLE,
	     "True when the user who started the program may write to its file."),
	BOOL("proc.is_exe_upper_layer", get_flag, TH_EXE_UPPER_LAYER,
	     "True when the program's file is in the upper layer of an overlayfs: new or changed "
	     "since its image was made."),
	BOOL("proc.is_exe_lower_layer", get_flag, TH_EXE_LOWER_LAYER,
	     "True when the program's file is in a lower layer of an overlayfs."),
	BOOL("proc.is_exe_from_memfd", get_flag, TH_EXE_FROM_MEMFD,
	     "True when the program is a file that memfd_create made in memory."),
	BOOL("proc.is_sid_leader", get_is_leader, LEADER_SESSION,
	     "True when the process leads its session."),
	BOOL("proc.is_vpgid_leader", get_is_leader, LEADER_VPGID,
	     "True when the process leads its group, by the ids of its own pid namespace."),
	BOOL("proc.is_pgid_leader", get_is_leader, LEADER_PGID,
	     "True when the process leads its group."),
	NUMBER("proc.exe_ino", PT_INT64, get_known_u64, OF(exe_ino),
	       "Inode number of the program's file."),
	NUMBER("proc.exe_ino.ctime", PT_ABSTIME, get_known_u64, OF(exe_ino_ctime_ns),
	       "Last change of that inode, in nanoseconds since 1970."),
	NUMBER("proc.exe_ino.mtime", PT_ABSTIME, get_known_u64, OF(exe_ino_mtime_ns),
	       "Last change of the file's contents, in nanoseconds since 1970."),
	NUMBER("proc.exe_ino.ctime_duration_proc_start", PT_ABSTIME, get_known_u64,
	       OF(exe_ino_ctime_proc_start_ns),
	       "Nanoseconds from the inode's last change to the start of the process."),
	NUMBER("proc.exe_ino.ctime_duration_pidns_start", PT_ABSTIME, get_known_u64,
	       OF(exe_ino_ctime_pidns_start_ns),
	       "Nanoseconds from the start of the pid namespace to the inode's last change, when "
	       "that came later."),
	NUMBER("proc.pidns_init_start_ts", PT_UINT64, get_known_u64, OF(pidns_init_start_ns),
	       "Start of the pid namespace in nanoseconds since 1970."),
	CAPS("thread.cap_permitted", cap_permitted, "Names of the permitted capabilities."),
	CAPS("thread.cap_inheritable", cap_inheritable, "Names of the inheritable capabilities."),
	CAPS("thread.cap_effective", cap_effective, "Names of the effective capabilities."),
	{ .name = "proc.fdopencount", .type = PT_UINT64, .fmt = PF_DEC, .flags = FF_FD_TABLE,
	  .get = get_fd_count,
	  .help = "Number of open descriptors." },
	{ .name = "proc.fdlimit", .type = PT_INT64, .fmt = PF_DEC, .flags = FF_FD_LIMIT,
	  .get = get_fd_limit,
	  .help = "Number of descriptors the process may have open." },
	{ .name = "proc.fdusage", .type = PT_DOUBLE, .flags = FF_FD_TABLE | FF_FD_LIMIT,
	  .get = get_fd_usage,
	  .help = "Open descriptors in percent of proc.fdlimit." },
	NUMBER("proc.vmsize", PT_UINT64, get_u32, OF(vmsize_kb), "Virtual memory in kB."),
	NUMBER("proc.vmrss", PT_UINT64, get_u32, OF(vmrss_kb), "Resident memory in kB."),
	NUMBER("proc.vmswap", PT_UINT64, get_u32, OF(vmswap_kb), "Swapped memory in kB."),
	NUMBER("thread.pfmajor", PT_UINT64, get_u64, OF(pfmajor),
	       "Page faults that needed the disk."),
	NUMBER("thread.pfminor", PT_UINT64, get_u64, OF(pfminor), "Page faults that did not."),
	ID("thread.tid", get_tid, 0, "Thread id."),
	BOOL("thread.ismain", get_ismain, 0, "True for the main thread of a process."),
	ID("thread.vtid", get_virtual_id, OF(vtid), "Thread id in the process' own pid namespace."),
	{ .name = "thread.nametid", .type = PT_CHARBUF, .flags = FF_HIDDEN,
	  .get = field_proc_get_nametid,
	  .help = "Name and thread id in a row." },
	NUMBER("thread.exectime", PT_RELTIME, get_no_time, 0,
	       "Always 0: scheduling is not observed."),
	NUMBER("thread.totexectime", PT_RELTIME, get_no_total, 0,
	       "Always 0: scheduling is not observed."),
	{ .name = "thread.cgroups", .type = PT_CHARBUF, .get = field_proc_get_cgroups,
	  .help = "All cgroups of the thread as subsystem=path, separated by blanks." },
	{ .name = "thread.cgroup", .type = PT_CHARBUF,
	  .flags = FF_ARG_REQUIRED | FF_ARG_KEY | FF_ARG_DOT, .get = field_proc_get_cgroup,
	  .help = "Cgroup in one subsystem, as in thread.cgroup.memory." },
	NUMBER("proc.nthreads", PT_UINT64, get_nthreads, 0,
	       "Threads of the process that are alive."),
	NUMBER("proc.nchilds", PT_UINT64, get_nchilds, 0, "The same without the main thread."),
	{ .name = "thread.cpu", .type = PT_DOUBLE, .fmt = FMT_TEXT_ONLY, .get = get_cpu,
	  .id = CPU_USER | CPU_SYSTEM,
	  .help = "CPU time in procinfo notices; no other event tells it." },
	{ .name = "thread.cpu.user", .type = PT_DOUBLE, .fmt = FMT_TEXT_ONLY, .get = get_cpu,
	  .id = CPU_USER, .help = "The same, in user mode." },
	{ .name = "thread.cpu.system", .type = PT_DOUBLE, .fmt = FMT_TEXT_ONLY, .get = get_cpu,
	  .id = CPU_SYSTEM, .help = "The same, in kernel mode." },
	NUMBER("thread.vmsize", PT_UINT64, get_memory, OF(vmsize_kb),
	       "Virtual memory in kB; 0 unless this is the main thread."),
	NUMBER("thread.vmrss", PT_UINT64, get_memory, OF(vmrss_kb),
	       "Resident memory in kB; 0 unless this is the main thread."),
	{ .name = "thread.vmsize.b", .type = PT_UINT64, .fmt = PF_DEC, .flags = FF_HIDDEN,
	  .get = get_memory_bytes, .id = OF(vmsize_kb),
	  .help = "thread.vmsize in bytes." },
	{ .name = "thread.vmrss.b", .type = PT_UINT64, .fmt = PF_DEC, .flags = FF_HIDDEN,
	  .get = get_memory_bytes, .id = OF(vmrss_kb),
	  .help = "thread.vmrss in bytes." },
	STD("proc.stdin.type", get_std_type, 0, "Type of fd 0."),
	STD("proc.stdout.type", get_std_type, 1, "Type of fd 1."),
	STD("proc.stderr.type", get_std_type, 2, "Type of fd 2."),
	STD("proc.stdin.name", get_std_name, 0, "Name of fd 0."),
	STD("proc.stdout.name", get_std_name, 1, "Name of fd 1."),
	STD("proc.stderr.name", get_std_name, 2, "Name of fd 2."),
};

const struct field_class field_class_proc = {
	.name = "process",
	.desc = "",
	.help = "The process, and the thread of it, that made the event.",
	.source = "syscall",
	.rows = rows,
	.n = ARRAY_SIZE(rows),
};
