/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/feature.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/caps.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

static enum feature_state yes_if(bool yes)
{
	return yes ? FEATURE_YES : FEATURE_NO;
}

/* ---- capabilities ------------------------------------------------------------------------ */

#define CAP_PROBE(name_, expr_)                                                                    \
	static enum feature_state name_(struct features *f, struct buf *detail)                    \
	{                                                                                          \
		(void)f;                                                                           \
		(void)detail;                                                                      \
		return yes_if(expr_);                                                              \
	}

CAP_PROBE(cap_bpf, caps_has_or_admin(CAP_BPF))
CAP_PROBE(cap_perfmon, caps_has_or_admin(CAP_PERFMON))
CAP_PROBE(cap_sys_admin, caps_has(CAP_SYS_ADMIN))
CAP_PROBE(cap_sys_ptrace, caps_has(CAP_SYS_PTRACE))
CAP_PROBE(cap_sys_resource, caps_has(CAP_SYS_RESOURCE))
CAP_PROBE(cap_sys_module, caps_has(CAP_SYS_MODULE))

/* ---- files and settings of the kernel ------------------------------------------------------- */

/* The number in a file of /proc/sys; -100: there is none. */
static int setting(struct features *f, const char *path)
{
	const char *line = system_read_line(f->sys, path);

	return line ? atoi(line) : -100;
}

static enum feature_state btf(struct features *f, struct buf *detail)
{
	static const char path[] = "/sys/kernel/btf/vmlinux";
	struct stat st;

	(void)f;
	if (access(path, R_OK) || stat(path, &st)) {
		buf_addf(detail, errno == ENOENT ? "there is no %s" : "%s: %s", path,
			 strerror(errno));
		return FEATURE_NO;
	}
	buf_addf(detail, "%s, %lld KiB", path, (long long)st.st_size / 1024);
	return FEATURE_YES;
}

static enum feature_state tracefs(struct features *f, struct buf *detail)
{
	static const char *const dirs[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	int err = ENOENT;

	for (u32 i = 0; i < ARRAY_SIZE(dirs); i++) {
		const char *p = arena_printf(&f->sys->arena,
					     "%s/events/syscalls/sys_exit_openat/id", dirs[i]);

		if (!access(p, R_OK)) {
			buf_adds(detail, dirs[i]);
			return FEATURE_YES;
		}
		if (errno != ENOENT)
			err = errno;
	}
	buf_addf(detail, "no readable events/syscalls in %s: %s", dirs[0], strerror(err));
	return FEATURE_NO;
}

/*
 * "none [integrity] confidentiality": the word in brackets.  "none" for a kernel without
 * lockdown; NULL: it cannot be told.
 */
static const char *lockdown(struct features *f)
{
	const char *line = system_read_line(f->sys, "/sys/kernel/security/lockdown");
	const char *open = line ? strchr(line, '[') : NULL;

	if (open)
		return arena_printf(&f->sys->arena, "%.*s", (int)strcspn(open + 1, "]"), open + 1);
	return system_exists("/sys/kernel/security/lsm") ? "none" : NULL;
}

/* Confidentiality forbids programs to read the kernel's memory. */
static enum feature_state bpf_reads(struct features *f, struct buf *detail)
{
	const char *mode = lockdown(f);

	if (!mode) {
		buf_adds(detail, "/sys/kernel/security is not mounted");
		return FEATURE_UNKNOWN;
	}
	buf_addf(detail, "lockdown is %s", mode);
	return yes_if(strcmp(mode, "confidentiality"));
}

static enum feature_state perf_paranoid(struct features *f, struct buf *detail)
{
	int v = setting(f, "/proc/sys/kernel/perf_event_paranoid");
	bool admin = caps_has(CAP_SYS_ADMIN);

	if (v == -100) {
		buf_adds(detail, "the kernel has no perf events");
		return FEATURE_NO;
	}
	buf_addf(detail, "%d", v);
	/* above 2 (a change of some distributions) CAP_PERFMON does not suffice */
	return yes_if(admin || (v <= 2 && caps_has(CAP_PERFMON)) || v < 0);
}

static enum feature_state unprivileged_bpf(struct features *f, struct buf *detail)
{
	int v = setting(f, "/proc/sys/kernel/unprivileged_bpf_disabled");

	buf_adds(detail, v == 0 ? "open to everybody" : v < 0 ? "no such setting" : "disabled");
	return v < 0 ? FEATURE_UNKNOWN : yes_if(v != 0);
}

static enum feature_state modules(struct features *f, struct buf *detail)
{
	if (access("/proc/modules", F_OK)) {
		buf_adds(detail, "the kernel was built without loadable modules");
		return FEATURE_NO;
	}
	if (setting(f, "/proc/sys/kernel/modules_disabled") == 1) {
		buf_adds(detail, "kernel.modules_disabled is 1: locked until the next boot");
		return FEATURE_NO;
	}
	return FEATURE_YES;
}

/* Yes: an unsigned module can be loaded. */
static enum feature_state signing(struct features *f, struct buf *detail)
{
	const char *enforce = system_read_line(f->sys, "/sys/module/module/parameters/sig_enforce");
	const char *mode = lockdown(f);
	bool locked = mode && strcmp(mode, "none"), enforced = enforce && enforce[0] == 'Y';

	if (locked)
		buf_addf(detail, "lockdown is %s", mode);
	if (enforced)
		buf_addf(detail, "%ssig_enforce is set", locked ? ", " : "");
	if (!locked && !enforced) {
		if (!mode)
			buf_adds(detail,
				 "/sys/kernel/security is not mounted, so lockdown is not known");
		return mode ? FEATURE_YES : FEATURE_UNKNOWN;
	}
	if (!system_module_is_signed(f->sys, f->sys->module))
		return FEATURE_NO;
	buf_adds(detail, "; saker.ko has a signature");
	return FEATURE_UNKNOWN;
}

/* ---- what building takes ----------------------------------------------------------------------
 */

static enum feature_state headers(struct features *f, struct buf *detail)
{
	const struct system *s = f->sys;

	if (!s->headers) {
		buf_addf(detail, "those of %s are not installed", s->release);
		return FEATURE_NO;
	}
	if (access(arena_printf(&f->sys->arena, "%s/Makefile", s->headers), R_OK)) {
		buf_addf(detail, "%s: no Makefile there", s->headers);
		return FEATURE_NO;
	}
	if (!s->headers_release) {
		buf_addf(detail, "%s are not configured (no include/generated/utsrelease.h)",
			 s->headers);
		return FEATURE_NO;
	}
	buf_adds(detail, s->headers);
	if (!strcmp(s->headers_release, s->release))
		return FEATURE_YES;
	buf_addf(detail, " are those of %s, the kernel is %s", s->headers_release, s->release);
	return FEATURE_NO;
}

static enum feature_state sources(struct features *f, struct buf *detail)
{
	buf_adds(detail, f->sys->sources ? f->sys->sources : "not found beside the program");
	return yes_if(f->sys->sources);
}

static enum feature_state has_make(struct features *f, struct buf *detail)
{
	(void)f;
	(void)detail;
	return yes_if(system_has_program("make"));
}

static enum feature_state cc(struct features *f, struct buf *detail)
{
	const char *name = system_compiler(f->sys);

	buf_adds(detail, name ? name : "neither the kernel's compiler nor cc");
	return yes_if(name);
}

static enum feature_state clang(struct features *f, struct buf *detail)
{
	bool c = system_has_program("clang"), l = system_has_program("llc");

	(void)f;
	if (!c || !l)
		buf_addf(detail, "%s is not there", c ? "llc" : "clang");
	return yes_if(c && l);
}

/* ---- drivers that are there
 * ---------------------------------------------------------------------- */

static enum feature_state device(struct features *f, struct buf *detail)
{
	static const char path[] = "/dev/saker0";
	int fd;

	(void)f;
	if (access(path, F_OK)) {
		buf_adds(detail, "no /dev/saker0: the module is not loaded");
		return FEATURE_NO;
	}
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		buf_adds(detail, path);
		return FEATURE_YES;
	}
	if (errno == ENXIO || errno == ENODEV)
		buf_addf(detail, "%s is stale: nothing is behind it", path);
	else
		buf_addf(detail, "%s: %s", path, strerror(errno));
	return FEATURE_NO;
}

static enum feature_state module_file(struct features *f, struct buf *detail)
{
	struct system *s = f->sys;
	const char *release;

	if (access(s->module, R_OK)) {
		buf_addf(detail, "%s: %s", s->module, strerror(errno));
		return FEATURE_NO;
	}
	release = system_module_release(s, s->module);
	buf_adds(detail, s->module);
	if (!release && strcmp(strrchr(s->module, '.'), ".ko"))
		return FEATURE_UNKNOWN; /* compressed */
	if (release && !strcmp(release, s->release))
		return FEATURE_YES;
	if (release)
		buf_addf(detail, " was built for %s, the kernel is %s", release, s->release);
	else
		buf_adds(detail, " is no kernel module");
	return FEATURE_NO;
}

static enum feature_state probe_file(struct features *f, struct buf *detail)
{
	buf_adds(detail, f->sys->probe);
	if (!access(f->sys->probe, R_OK))
		return FEATURE_YES;
	buf_addf(detail, ": %s", strerror(errno));
	return FEATURE_NO;
}

/* ---- ptrace
 * ---------------------------------------------------------------------------------------- */

static enum feature_state yama(struct features *f, struct buf *detail)
{
	int v = setting(f, "/proc/sys/kernel/yama/ptrace_scope");

	if (v == -100) {
		buf_adds(detail, "no restriction");
		return FEATURE_YES;
	}
	buf_addf(detail, "%d", v);
	return yes_if(v < 2 || (v == 2 && caps_has(CAP_SYS_PTRACE)));
}

static enum feature_state seccomp(struct features *f, struct buf *detail)
{
	const char *line = system_read_line(f->sys, "/proc/sys/kernel/seccomp/actions_avail");

	buf_adds(detail, line ? line : "the kernel has no seccomp filters");
	return yes_if(line && strstr(line, "trace"));
}

static enum feature_state target(struct features *f, struct buf *detail)
{
	if (!f->sys->has_target)
		buf_adds(detail, "no program given");
	return yes_if(f->sys->has_target);
}

/* ---- the table
 * --------------------------------------------------------------------------------------- */

#define GRANT(cap_)                                                                                \
	"run as root, or grant " cap_ " (for a file: setcap " cap_                                 \
	"+ep; systemd: AmbientCapabilities; "                                                      \
	"docker: --cap-add; Kubernetes: securityContext.capabilities.add)"
/* setcap replaces what the file had, so all at once. */
#define GRANT_BPF(cap_)                                                                            \
	"run as root, or grant " cap_ " and what else the driver needs: "                          \
	"setcap cap_sys_ptrace,cap_perfmon,cap_bpf+ep PROGRAM; systemd: AmbientCapabilities="      \
	"CAP_SYS_PTRACE CAP_PERFMON CAP_BPF; docker: --cap-add SYS_PTRACE --cap-add PERFMON "      \
	"--cap-add BPF; "                                                                          \
	"Kubernetes: securityContext.capabilities.add"

const struct feature_row feature_rows[NFEATURES] = {
	[FEAT_CAP_BPF] = { "CAP_BPF", "may load eBPF programs", cap_bpf, GRANT_BPF("CAP_BPF"),
			   true },
	[FEAT_CAP_PERFMON] = { "CAP_PERFMON", "may trace the kernel", cap_perfmon,
			       GRANT_BPF("CAP_PERFMON"), true },
	[FEAT_CAP_SYS_ADMIN] = { "CAP_SYS_ADMIN", "may do nearly everything", cap_sys_admin,
				 GRANT("CAP_SYS_ADMIN"), true },
	[FEAT_CAP_SYS_PTRACE] = { "CAP_SYS_PTRACE", "may look into other users' processes",
				  cap_sys_ptrace, GRANT_BPF("CAP_SYS_PTRACE"), true },
	[FEAT_CAP_SYS_RESOURCE] = { "CAP_SYS_RESOURCE", "may raise its limits", cap_sys_resource,
				    GRANT("CAP_SYS_RESOURCE"), true },
	[FEAT_CAP_SYS_MODULE] = { "CAP_SYS_MODULE", "may load kernel modules", cap_sys_module,
				  GRANT("CAP_SYS_MODULE"), true },
	[FEAT_BTF] = { "BTF", "the kernel tells its own types", btf,
		       "use a kernel built with CONFIG_DEBUG_INFO_BTF, or the kmod or ebpf driver",
		       true },
	[FEAT_RINGBUF] = { "ring buffer", "BPF ring buffers (Linux 5.8)", feature_ringbuf,
			   "use the ebpf driver, which has perf buffers", true },
	[FEAT_TRACING] = { "tracing programs", "typed BPF programs on tracepoints (Linux 5.5)",
			   feature_tracing, "use the ebpf or the kmod driver", true },
	[FEAT_FENTRY] = { "fentry", "BPF programs on kernel functions; the cheapest way to attach",
			  feature_fentry,
			  "nothing needs to be done: syscalls are traced by tracepoints", true },
	[FEAT_ITERATORS] = { "iterators", "BPF programs that walk all tasks (Linux 5.8)",
			     feature_iterators, "nothing needs to be done: /proc is read", true },
	[FEAT_RAW_TRACEPOINT] = { "raw tracepoints", "BPF programs on raw tracepoints (Linux 4.17)",
				  feature_raw_tracepoint,
				  "nothing needs to be done: plain tracepoints are used", true },
	[FEAT_PERF_BUFFER] = { "perf buffer", "a buffer from BPF programs to saker",
			       feature_perf_buffer,
			       "sysctl kernel.perf_event_paranoid=2 with CAP_PERFMON, or "
			       "CAP_SYS_ADMIN",
			       true },
	[FEAT_PERF_PARANOID] = { "perf_event_paranoid", "perf events for this user", perf_paranoid,
				 "sysctl kernel.perf_event_paranoid=2 with CAP_PERFMON, or "
				 "CAP_SYS_ADMIN",
				 true },
	[FEAT_TRACEFS] = { "tracefs", "tracepoints by name", tracefs,
			   "mount -t tracefs tracefs /sys/kernel/tracing (and let saker read it)",
			   true },
	[FEAT_BPF_READS] = { "lockdown", "BPF programs may read the kernel", bpf_reads,
			     "boot with lockdown=integrity or none; only the ptrace driver works "
			     "otherwise",
			     true },
	[FEAT_MEMLOCK] = { "memlock", "memory for maps and buffers", feature_memlock,
			   "raise it (ulimit -l unlimited, LimitMEMLOCK=infinity) or grant "
			   "CAP_SYS_RESOURCE",
			   true },
	[FEAT_UNPRIVILEGED_BPF] = { "unprivileged_bpf", "BPF is closed to ordinary users",
				    unprivileged_bpf,
				    "sysctl kernel.unprivileged_bpf_disabled=2; saker does not "
				    "need it open",
				    true },
	[FEAT_MODULES] = { "modules", "the kernel takes modules", modules,
			   "use an eBPF driver, or a kernel with loadable modules", true },
	[FEAT_SIGNING] = { "module signing", "unsigned modules are accepted", signing,
			   "sign saker.ko with a key the kernel trusts, or switch Secure Boot's "
			   "lockdown off; "
			   "the eBPF drivers need neither",
			   true },
	[FEAT_HEADERS] = { "headers", "the kernel's headers", headers,
			   "install them (Debian: apt-get install linux-headers-$(uname -r)) or "
			   "name them with "
			   "--headers",
			   false },
	[FEAT_SOURCES] = { "driver sources", "what drivers are built from", sources,
			   "install saker's share/saker/src, or set SAKER_SOURCES to its source "
			   "tree",
			   false },
	[FEAT_MAKE] = { "make", "builds drivers", has_make, "install make", false },
	[FEAT_CC] = { "compiler", "builds the module", cc, "install gcc", false },
	[FEAT_CLANG] = { "clang", "builds the eBPF probe", clang, "install clang and llvm", false },
	[FEAT_DEVICE] = { "device", "the module is loaded and open to saker", device,
			  "saker driver load (as root)", true },
	[FEAT_MODULE_FILE] = { "module file", "saker.ko for this kernel", module_file,
			       "saker driver build kmod", false },
	[FEAT_PROBE_FILE] = { "probe file", "saker-bpf.o for this kernel", probe_file,
			      "saker driver build ebpf", false },
	[FEAT_YAMA] = { "ptrace_scope", "processes may be traced", yama,
			"sysctl kernel.yama.ptrace_scope=1, or grant CAP_SYS_PTRACE; a 3 lasts until the next boot", true },
	[FEAT_SECCOMP] = { "seccomp", "system calls of no interest run at full speed under ptrace",
			   seccomp,
			   "nothing needs to be done, but every system call of the program stops",
			   true },
	[FEAT_TARGET] = { "program", "somebody to watch with ptrace", target,
			  "saker --userspace -- PROGRAM, or saker --userspace --pid PID", false },
};

void features_init(struct features *f, struct system *sys)
{
	*f = (struct features){ .sys = sys };
}

void features_fini(struct features *f)
{
	for (u32 i = 0; i < NFEATURES; i++)
		buf_fini(&f->detail[i]);
}

enum feature_state feature_state(struct features *f, enum feature x)
{
	if (f->state[x] != FEATURE_UNASKED)
		return f->state[x];
	if (f->sys->foreign && feature_rows[x].local) {
		buf_adds(&f->detail[x], "that kernel is not running");
		f->state[x] = FEATURE_UNKNOWN;
	} else {
		f->state[x] = feature_rows[x].probe(f, &f->detail[x]);
	}
	return f->state[x];
}

bool feature_usable(struct features *f, enum feature x)
{
	return feature_state(f, x) != FEATURE_NO;
}

const char *feature_detail(struct features *f, enum feature x)
{
	feature_state(f, x);
	return buf_str(&f->detail[x]);
}
