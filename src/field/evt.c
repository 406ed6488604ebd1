/* SPDX-License-Identifier: Apache-2.0 */
/* Classes "evt": fields of all events, and fields of syscall events. */
#include "field/getter.h"



GETTER(get_num)
{
	return set_u64(f, ret, x->ev->num);
}

GETTER(get_nothing)
{
	(void)x, (void)f, (void)ret;
	return false;
}

GETTER(get_zero)
{
	(void)x;
	return set_u64(f, ret, 0);
}

GETTER(get_one)
{
	(void)x;
	return set_u64(f, ret, 1);
}

/* There are no sources but the system calls yet. */
GETTER(get_source)
{
	(void)x, (void)f;
	return set_cstr(ret, "syscall");
}

static bool is_async(const struct event *ev)
{
	return ev->desc->category & EC_METAEVENT;
}

GETTER(get_is_async)
{
	return set_u64(f, ret, is_async(x->ev));
}

GETTER(get_asynctype)
{
	(void)f;
	return is_async(x->ev) && set_cstr(ret, event_name(x->ev));
}

GETTER(get_hostname)
{
	(void)f;
	return set_cstr(ret, x->hostname ? x->hostname : "");
}

GETTER(get_latency_human)
{
	(void)x, (void)f;
	return set_cstr(ret, "0ns");
}

GETTER(get_dir)
{
	(void)f;
	return set_str(ret, event_is_enter(x->ev->type) ? ">" : "<", 1);
}

GETTER(get_type)
{
	(void)f;
	return set_cstr(ret, event_name(x->ev));
}

GETTER(get_syscall)
{
	const struct event *ev = x->ev;

	(void)f;
	return ev->desc->category & EC_SYSCALL && set_cstr(ret, event_name(ev));
}

GETTER(get_cpu)
{
	return set_s64(f, ret, (s16)x->ev->cpu);
}

/* Results that are process ids keep their number when they are errors. */
static bool is_errno(const struct event *ev)
{
	return ev->desc->params[0].type == PT_ERRNO || ev->desc->params[0].type == PT_FD;
}

GETTER(get_res)
{
	struct value number;
	const char *name;
	s64 res;

	(void)f;
	if (!event_res(x->ev, &res))
		return false;
	if (res >= 0)
		return set_str(ret, "SUCCESS", 7);
	name = res > -100000 && is_errno(x->ev) ? errno_name(-res) : NULL;
	if (name)
		return set_cstr(ret, name);
	number = (struct value){ .type = PT_INT64, .fmt = x->ev->desc->params[0].fmt, .i = res };
	value_print(&number, tmp_buf(x));
	return set_scratch(x, ret, &x->tmp);
}

GETTER(get_rawres)
{
	s64 res;

	return event_res(x->ev, &res) && set_s64(f, ret, res);
}

GETTER(get_failed)
{
	s64 res;

	return event_res(x->ev, &res) && set_u64(f, ret, res < 0);
}

GETTER(get_exit_count)
{
	return !event_is_enter(x->ev->type) && set_u64(f, ret, 1);
}

GETTER(get_threadinfo_count)
{
	return set_u64(f, ret, x->ev->type == EV_PROCINFO_E);
}

GETTER(get_procinfo_count)
{
	const struct thread *t = x->thread;

	return set_u64(f, ret, x->ev->type == EV_PROCINFO_E && t && t->tid == t->pid);
}

/* Distance to the given time in milliseconds, rounded up. */
GETTER(get_around)
{
	u64 ts = x->ev->ts_ns, at = (u64)f->index;
	u64 distance = ts > at ? ts - at : at - ts;

	return set_u64(f, ret, distance / 1000000 + !!(distance % 1000000));
}

#define NUMBER PF_DEC

static const struct field generic_rows[] = {
	{ .name = "evt.num", .type = PT_UINT64, .fmt = PF_ID, .get = get_num,
	  .help = "Running number of the event." },
	{ .name = "evt.time", .type = PT_CHARBUF, .flags = FF_TIME, .get = field_evt_get_time,
	  .id = TIME_NS,
	  .help = "Time of day of the event, to the nanosecond." },
	{ .name = "evt.time.s", .type = PT_CHARBUF, .flags = FF_TIME, .get = field_evt_get_time,
	  .id = TIME_S,
	  .help = "Time of day of the event, to the second." },
	{ .name = "evt.time.iso8601", .type = PT_CHARBUF, .flags = FF_TIME,
	  .get = field_evt_get_time, .id = TIME_ISO8601,
	  .help = "Date and time in UTC as ISO 8601 writes them, with nanoseconds." },
	{ .name = "evt.datetime", .type = PT_CHARBUF, .flags = FF_TIME, .get = field_evt_get_time,
	  .id = DATETIME_NS,
	  .help = "Date and time of the event, to the nanosecond." },
	{ .name = "evt.datetime.s", .type = PT_CHARBUF, .flags = FF_TIME, .get = field_evt_get_time,
	  .id = DATETIME_S,
	  .help = "Date and time of the event, to the second." },
	{ .name = "evt.rawtime", .type = PT_ABSTIME, .fmt = NUMBER, .get = field_evt_get_rawtime,
	  .id = RAW_ABS,
	  .help = "Nanoseconds since 1970." },
	{ .name = "evt.rawtime.s", .type = PT_ABSTIME, .fmt = NUMBER, .get = field_evt_get_rawtime,
	  .id = RAW_ABS_S,
	  .help = "Whole seconds since 1970." },
	{ .name = "evt.rawtime.ns", .type = PT_ABSTIME, .fmt = PF_10_PADDED_DEC,
	  .get = field_evt_get_rawtime, .id = RAW_ABS_NS,
	  .help = "What evt.rawtime has beyond whole seconds, in nanoseconds." },
	{ .name = "evt.reltime", .type = PT_RELTIME, .fmt = NUMBER, .get = field_evt_get_rawtime,
	  .id = RAW_REL,
	  .help = "Nanoseconds since the first event." },
	{ .name = "evt.reltime.s", .type = PT_RELTIME, .fmt = NUMBER, .get = field_evt_get_rawtime,
	  .id = RAW_REL_S,
	  .help = "Whole seconds since the first event." },
	{ .name = "evt.reltime.ns", .type = PT_RELTIME, .fmt = PF_10_PADDED_DEC,
	  .get = field_evt_get_rawtime, .id = RAW_REL_NS,
	  .help = "What evt.reltime has beyond whole seconds, in nanoseconds." },
	{ .name = "evt.pluginname", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Plugin that made the event; no value for events of the system." },
	{ .name = "evt.plugininfo", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Text by which a plugin describes its event; no value for events of the "
		  "system." },
	{ .name = "evt.source", .type = PT_CHARBUF, .get = get_source,
	  .help = "Source the event came from, such as syscall." },
	{ .name = "evt.is_async", .type = PT_BOOL, .get = get_is_async,
	  .help = "True for events that no syscall and no tracepoint caused: notices of the "
		  "sensor." },
	{ .name = "evt.asynctype", .type = PT_CHARBUF, .get = get_asynctype,
	  .help = "Name of such a notice; no value for other events." },
	{ .name = "evt.hostname", .type = PT_CHARBUF, .get = get_hostname,
	  .help = "Name of the host; the environment variable SAKER_HOSTNAME, or FALCO_HOSTNAME, overrides it." },
};

const struct field_class field_class_generic = {
	.name = "evt",
	.desc = "All event types",
	.help = "Fields that every event of every source has.",
	.rows = generic_rows,
	.n = ARRAY_SIZE(generic_rows),
};

static const struct field evt_rows[] = {
	{ .name = "evt.latency", .type = PT_RELTIME, .fmt = NUMBER, .flags = FF_DEPRECATED,
	  .get = get_zero,
	  .help = "Always 0: the start of a syscall is no event of its own." },
	{ .name = "evt.latency.s", .type = PT_RELTIME, .fmt = NUMBER, .flags = FF_DEPRECATED,
	  .get = get_zero,
	  .help = "Always 0, see evt.latency." },
	{ .name = "evt.latency.ns", .type = PT_RELTIME, .fmt = PF_10_PADDED_DEC,
	  .flags = FF_DEPRECATED, .get = get_zero,
	  .help = "Always 0, see evt.latency." },
	{ .name = "evt.latency.quantized", .type = PT_UINT64, .fmt = NUMBER,
	  .flags = FF_HIDDEN | FF_DEPRECATED, .get = get_nothing,
	  .help = "No value, see evt.latency." },
	{ .name = "evt.latency.human", .type = PT_CHARBUF, .flags = FF_DEPRECATED,
	  .get = get_latency_human,
	  .help = "Always 0ns, see evt.latency." },
	{ .name = "evt.deltatime", .type = PT_RELTIME, .fmt = NUMBER, .get = get_zero,
	  .help = "Always 0, as rules have known it; compare evt.rawtime instead." },
	{ .name = "evt.deltatime.s", .type = PT_RELTIME, .fmt = NUMBER, .get = get_zero,
	  .help = "Always 0, see evt.deltatime." },
	{ .name = "evt.deltatime.ns", .type = PT_RELTIME, .fmt = PF_10_PADDED_DEC, .get = get_zero,
	  .help = "Always 0, see evt.deltatime." },
	{ .name = "evt.outputtime", .type = PT_CHARBUF, .flags = FF_PRINT_ONLY | FF_TIME,
	  .get = field_evt_get_time, .id = TIME_NS,
	  .help = "Time as alerts begin with: the same as evt.time." },
	{ .name = "evt.dir", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_dir,
	  .help = "'<' for the end of a syscall, '>' for events that have no end." },
	{ .name = "evt.type", .type = PT_CHARBUF, .flags = FF_NAMED_EVENT, .get = get_type,
	  .help = "Name of the event, such as openat or execve." },
	{ .name = "evt.type.is", .type = PT_UINT32, .fmt = NUMBER,
	  .flags = FF_ARG_REQUIRED | FF_ARG_KEY | FF_ARG_DOT, .get = get_nothing,
	  .help = "Accepted, as in evt.type.is.open, but without value: compare evt.type." },
	{ .name = "syscall.type", .type = PT_CHARBUF, .flags = FF_NAMED_EVENT, .get = get_syscall,
	  .help = "Name of the syscall; no value for events that are none." },
	{ .name = "evt.category", .type = PT_CHARBUF, .get = field_evt_get_category,
	  .help = "What the event is about: file, net, process, memory, ...; for I/O the fd "
		  "decides." },
	{ .name = "evt.cpu", .type = PT_INT16, .fmt = NUMBER, .get = get_cpu,
	  .help = "CPU on which it happened." },
	{ .name = "evt.args", .type = PT_CHARBUF, .get = field_evt_get_args,
	  .help = "All parameters in one text, as name=value pairs." },
	{ .name = "evt.arg", .type = PT_CHARBUF,
	  .flags = FF_ARG_REQUIRED | FF_ARG_INDEX | FF_ARG_KEY | FF_ARG_DOT,
	  .get = field_evt_get_arg, .bind = field_evt_bind_arg,
	  .help = "One parameter as text, by name (evt.arg.flags) or position (evt.arg[0]); "
		  "numbers with a name print it." },
	{ .name = "evt.rawarg", .type = PT_DYN,
	  .flags = FF_ARG_REQUIRED | FF_ARG_KEY | FF_ARG_DOT | FF_NO_TRANSFORMER | FF_NO_RHS,
	  .get = field_evt_get_rawarg, .bind = field_evt_bind_rawarg,
	  .help = "One parameter by name with the type it has in the event, as in "
		  "evt.rawarg.uid." },
	{ .name = "evt.info", .type = PT_CHARBUF, .get = field_evt_get_args,
	  .help = "The same as evt.args." },
	{ .name = "evt.buffer", .type = PT_BYTEBUF, .get = field_evt_get_buffer,
	  .help = "Beginning of the data read or written." },
	{ .name = "evt.buflen", .type = PT_UINT64, .fmt = NUMBER, .get = field_evt_get_buflen,
	  .help = "Bytes read or written." },
	{ .name = "evt.res", .type = PT_CHARBUF, .get = get_res,
	  .help = "SUCCESS, or the name of the error, such as ENOENT." },
	{ .name = "evt.rawres", .type = PT_INT64, .fmt = NUMBER, .get = get_rawres,
	  .help = "Return value; a negative one is an error number." },
	{ .name = "evt.failed", .type = PT_BOOL, .get = get_failed,
	  .help = "True when the syscall returned an error." },
	{ .name = "evt.is_io", .type = PT_BOOL, .get = field_evt_get_io, .id = IO_ANY,
	  .help = "True for events that read or write through an fd." },
	{ .name = "evt.is_io_read", .type = PT_BOOL, .get = field_evt_get_io, .id = IO_READ,
	  .help = "True for events that read from an fd." },
	{ .name = "evt.is_io_write", .type = PT_BOOL, .get = field_evt_get_io, .id = IO_WRITE,
	  .help = "True for events that write to an fd." },
	{ .name = "evt.io_dir", .type = PT_CHARBUF, .get = field_evt_get_io, .id = IO_DIR,
	  .help = "read or write; no value for events that do neither." },
	{ .name = "evt.is_wait", .type = PT_BOOL, .get = field_evt_get_io, .id = IO_WAIT,
	  .help = "True for events in which a thread waits: poll, select, nanosleep, ..." },
	{ .name = "evt.wait_latency", .type = PT_RELTIME, .fmt = NUMBER, .flags = FF_DEPRECATED,
	  .get = get_zero,
	  .help = "Always 0, see evt.latency." },
	{ .name = "evt.is_syslog", .type = PT_BOOL, .get = field_evt_get_io, .id = IO_SYSLOG,
	  .help = "True for writes to /dev/log." },
	{ .name = "evt.count", .type = PT_UINT32, .fmt = NUMBER, .get = get_one,
	  .help = "Always 1." },
	{ .name = "evt.count.error", .type = PT_UINT32, .fmt = NUMBER, .get = field_evt_get_errors,
	  .id = ERROR_ANY,
	  .help = "1 when the syscall returned an error, else 0." },
	{ .name = "evt.count.error.file", .type = PT_UINT32, .fmt = NUMBER,
	  .get = field_evt_get_errors, .id = ERROR_FILE,
	  .help = "The same for events on files." },
	{ .name = "evt.count.error.net", .type = PT_UINT32, .fmt = NUMBER,
	  .get = field_evt_get_errors, .id = ERROR_NET,
	  .help = "The same for events on sockets." },
	{ .name = "evt.count.error.memory", .type = PT_UINT32, .fmt = NUMBER,
	  .get = field_evt_get_errors, .id = ERROR_MEMORY,
	  .help = "The same for events on memory." },
	{ .name = "evt.count.error.other", .type = PT_UINT32, .fmt = NUMBER,
	  .get = field_evt_get_errors, .id = ERROR_OTHER,
	  .help = "The same for all other events." },
	{ .name = "evt.count.exit", .type = PT_UINT32, .fmt = NUMBER, .get = get_exit_count,
	  .help = "1 for the end of a syscall." },
	{ .name = "evt.count.procinfo", .type = PT_UINT32, .fmt = NUMBER, .flags = FF_HIDDEN,
	  .get = get_procinfo_count,
	  .help = "1 for a procinfo notice about a main thread." },
	{ .name = "evt.count.threadinfo", .type = PT_UINT32, .fmt = NUMBER, .flags = FF_HIDDEN,
	  .get = get_threadinfo_count,
	  .help = "1 for a procinfo notice." },
	{ .name = "evt.around", .type = PT_UINT64, .fmt = NUMBER,
	  .flags = FF_FILTER_ONLY | FF_ARG_REQUIRED | FF_ARG_INDEX | FF_NO_TRANSFORMER | FF_NO_RHS |
		FF_WITHIN, .get = get_around,
	  .help = "evt.around[T]=D holds for events at most D milliseconds from T, a time as "
		  "evt.rawtime prints it." },
	{ .name = "evt.abspath", .type = PT_CHARBUF,
	  .flags = FF_ARG_ALLOWED | FF_ARG_KEY | FF_ARG_DOT, .get = field_evt_get_abspath,
	  .bind = field_evt_bind_abspath,
	  .help = "Absolute path a syscall with a directory fd works on; .src and .dst choose "
		  "where there are two." },
	{ .name = "evt.buflen.in", .type = PT_UINT64, .fmt = NUMBER, .flags = FF_HIDDEN,
	  .get = field_evt_get_buflen, .id = BUFLEN_IN,
	  .help = "Bytes read." },
	{ .name = "evt.buflen.out", .type = PT_UINT64, .fmt = NUMBER, .flags = FF_HIDDEN,
	  .get = field_evt_get_buflen, .id = BUFLEN_OUT,
	  .help = "Bytes written." },
	{ .name = "evt.buflen.file", .type = PT_UINT64, .fmt = NUMBER, .flags = FF_HIDDEN,
	  .get = field_evt_get_buflen, .id = BUFLEN_FILE,
	  .help = "Bytes read from or written to a file." },
	{ .name = "evt.buflen.file.in", .type = PT_UINT64, .fmt = NUMBER, .flags = FF_HIDDEN,
	  .get = field_evt_get_buflen, .id = BUFLEN_FILE | BUFLEN_IN,
	  .help = "Bytes read from a file." },
	{ .name = "evt.buflen.file.out", .type = PT_UINT64, .fmt = NUMBER, .flags = FF_HIDDEN,
	  .get = field_evt_get_buflen, .id = BUFLEN_FILE | BUFLEN_OUT,
	  .help = "Bytes written to a file." },
	{ .name = "evt.buflen.net", .type = PT_UINT64, .fmt = NUMBER, .flags = FF_HIDDEN,
	  .get = field_evt_get_buflen, .id = BUFLEN_NET,
	  .help = "Bytes received or sent." },
	{ .name = "evt.buflen.net.in", .type = PT_UINT64, .fmt = NUMBER, .flags = FF_HIDDEN,
	  .get = field_evt_get_buflen, .id = BUFLEN_NET | BUFLEN_IN,
	  .help = "Bytes received." },
	{ .name = "evt.buflen.net.out", .type = PT_UINT64, .fmt = NUMBER, .flags = FF_HIDDEN,
	  .get = field_evt_get_buflen, .id = BUFLEN_NET | BUFLEN_OUT,
	  .help = "Bytes sent." },
	{ .name = "evt.is_open_read", .type = PT_BOOL, .get = field_evt_get_open, .id = OPEN_READ,
	  .help = "True when a file was opened for reading (open, openat, openat2, "
		  "open_by_handle_at)." },
	{ .name = "evt.is_open_write", .type = PT_BOOL, .get = field_evt_get_open, .id = OPEN_WRITE,
	  .help = "True when a file was opened for writing." },
	{ .name = "evt.infra.docker.name", .type = PT_CHARBUF, .flags = FF_HIDDEN,
	  .get = get_nothing,
	  .help = "No value: such events are no longer made." },
	{ .name = "evt.infra.docker.container.id", .type = PT_CHARBUF, .flags = FF_HIDDEN,
	  .get = get_nothing,
	  .help = "No value: such events are no longer made." },
	{ .name = "evt.infra.docker.container.name", .type = PT_CHARBUF, .flags = FF_HIDDEN,
	  .get = get_nothing,
	  .help = "No value: such events are no longer made." },
	{ .name = "evt.infra.docker.container.image", .type = PT_CHARBUF, .flags = FF_HIDDEN,
	  .get = get_nothing,
	  .help = "No value: such events are no longer made." },
	{ .name = "evt.is_open_exec", .type = PT_BOOL, .get = field_evt_get_open, .id = OPEN_EXEC,
	  .help = "True when a file was created with an execute permission (also by creat)." },
	{ .name = "evt.is_open_create", .type = PT_BOOL, .get = field_evt_get_open,
	  .id = OPEN_CREATE,
	  .help = "True when opening a file created it." },
};

const struct field_class field_class_evt = {
	.name = "evt",
	.desc = "Syscall events only",
	.help = "Fields of system calls. Each parameter of an event is at hand as evt.arg.NAME, "
		"for example evt.arg.filename.",
	.source = "syscall",
	.rows = evt_rows,
	.n = ARRAY_SIZE(evt_rows),
};
