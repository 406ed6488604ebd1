/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "setup/spawn.h"

#define BUILD_SECONDS 600
#define LOG_MAX ((size_t)1 << 20)

struct build {
	struct system *s;
	enum driver_file file;
	const char *tmp, *log, *result; /* folder and files */
};

static const struct {
	const char *folder; /* below drivers/ */
} recipes[NDRIVER_FILES] = { { "kmod" }, { "bpf" } };

static const char *format(struct system *s, const char *a, const char *b, const char *c)
{
	return arena_printf(&s->arena, "%s%s%s", a, b, c);
}

/* The first line of the log that says error or is of our own recipe, else the last one. */
static const char *first_error(struct system *s, const char *log)
{
	char *text = system_read_file(s, log, LOG_MAX), *line, *next, *last = NULL;

	for (line = text; line && *line; line = next) {
		size_t n = strcspn(line, "\n");

		next = line + n + (line[n] == '\n');
		line[n] = '\0';
		if (!strncmp(line, "saker: ", 7) || strstr(line, "rror:") || strstr(line, "No such file") ||
		    strstr(line, "not found"))
			return line;
		if (n)
			last = line;
	}
	return last ? last : "it said nothing";
}

static void remove_tree(const char *dir)
{
	const char *const argv[] = { "rm", "-rf", "--", dir, NULL };

	spawn_and_wait(argv, "/dev/null", BUILD_SECONDS, NULL);
}

static int failed(struct build *b, int status, struct diag *d)
{
	const char *name = driver_file_names[b->file];
	const char *cc = b->file == FILE_MODULE ? system_kernel_compiler(b->s) : NULL;

	if (status == -ETIMEDOUT)
		diag_set(d, "building %s took more than %d s and was ended; its log: %s", name,
			 BUILD_SECONDS, b->log);
	else if (status == -EINTR)
		diag_set(d, "building %s was interrupted", name);
	else if (status < 0)
		diag_set(d, "cannot run make: %s", strerror(-status));
	else if (cc && !system_has_program(cc))
		diag_set(d, "building %s for %s failed: %s (the kernel's own compiler, %s, is not installed); its log: %s",
			 name, b->s->release, first_error(b->s, b->log), cc, b->log);
	else
		diag_set(d, "building %s for %s failed: %s; its log: %s", name, b->s->release,
			 first_error(b->s, b->log), b->log);
	return status < 0 ? status : -ENOEXEC;
}

static int make(struct build *b, struct diag *d)
{
	struct system *s = b->s;
	const char *cc = b->file == FILE_MODULE ? system_compiler(s) : NULL;
	const char *const argv[] = {
		"make",
		"-C",
		format(s, s->sources, "/drivers/", recipes[b->file].folder),
		format(s, "KDIR=", s->headers, ""),
		format(s, "OUT=", b->tmp, ""),
		cc ? format(s, "CC=", cc, "") : NULL,
		NULL,
	};
	int status = spawn_and_wait(argv, b->log, BUILD_SECONDS, s->interrupted);

	if (status)
		return failed(b, status, d);
	if (rename(format(s, b->tmp, "/", driver_file_names[b->file]), b->result)) {
		int err = -errno;

		diag_set(d, "make left no %s in %s; its log: %s", driver_file_names[b->file],
			 b->tmp, b->log);
		return err;
	}
	return 0;
}

/* What make needs and is not there. */
static int check(struct system *s, struct diag *d)
{
	if (!s->sources)
		diag_set(d, "the sources of the drivers are not found; set SAKER_SOURCES to "
			    "saker's source tree");
	else if (!s->headers)
		diag_set(d,
			 "no kernel headers found for %s; install them (Debian: apt-get install "
			 "linux-headers-%s) or name them with --headers",
			 s->release, s->release);
	else if (!s->headers_release)
		diag_set(
			d,
			"%s holds no configured kernel headers (no include/generated/utsrelease.h)",
			s->headers);
	else if (strcmp(s->headers_release, s->release))
		diag_set(d,
			 "%s holds the headers of %s, not of %s; name the right ones with "
			 "--headers or the "
			 "kernel with --kernel-release",
			 s->headers, s->headers_release, s->release);
	else if (!system_has_program("make"))
		diag_set(d, "make is not installed");
	else
		return 0;
	return -ENOENT;
}

int build_driver(struct system *s, enum driver_file file, struct diag *d)
{
	const char *name = driver_file_names[file];
	struct build b = {
		.s = s,
		.file = file,
		.tmp = arena_printf(&s->arena, "%s/.build-%s-%d", s->built_dir, name, getpid()),
		.log = arena_printf(&s->arena, "%s/%s.log", s->built_dir, name),
		.result = format(s, s->built_dir, "/", name),
	};
	int err = check(s, d);

	if (err)
		return err;
	if (system_make_dir(s->built_dir) || system_make_dir(b.tmp)) {
		err = -errno;
		diag_set(d,
			 "cannot make %s: %s; name another folder with engine.driver_dir or "
			 "SAKER_DRIVER_DIR",
			 s->built_dir, strerror(-err));
		return err;
	}
	unlink(b.log);
	err = make(&b, d);
	remove_tree(b.tmp);
	if (err)
		return err;
	if (file == FILE_MODULE)
		s->module = b.result;
	else
		s->probe = b.result;
	return 0;
}
