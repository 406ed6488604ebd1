/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define TREE_DEPTH 4 /* how far above the program its source tree is looked for */

static const char *join(struct system *s, const char *a, const char *b, const char *c)
{
	return arena_printf(&s->arena, "%s%s%s", a, b, c);
}

bool system_exists(const char *path)
{
	return !access(path, F_OK);
}

/* The whole of a file up to max bytes, NUL-terminated; in the arena. */
static char *read_head(struct system *s, const char *path, size_t max, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;
	char *p;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || st.st_size < 4096)
		st.st_size = 4096; /* /proc and /sys do not tell sizes */
	if ((size_t)st.st_size < max)
		max = (size_t)st.st_size;
	p = arena_alloc(&s->arena, max + 1);
	while (len < max && (n = read(fd, p + len, max - len)) > 0)
		len += n;
	close(fd);
	p[len] = '\0';
	if (ret_len)
		*ret_len = len;
	return n < 0 ? NULL : p;
}

const char *system_read_line(struct system *s, const char *path)
{
	char *p = read_head(s, path, 4096, NULL);

	if (p)
		p[strcspn(p, "\n")] = '\0';
	return p;
}

char *system_read_file(struct system *s, const char *path, size_t max)
{
	return read_head(s, path, max, NULL);
}

int system_make_dir(const char *path)
{
	char p[PATH_MAX];
	struct stat st;

	if (snprintf(p, sizeof(p), "%s", path) >= (int)sizeof(p)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *slash = strchr(p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(p, 0755); /* the last one tells */
		*slash = '/';
	}
	if (!mkdir(p, 0755))
		return 0;
	if (errno == EEXIST && !stat(p, &st) && !S_ISDIR(st.st_mode))
		errno = ENOTDIR;
	return errno == EEXIST ? 0 : -1;
}

bool system_has_program(const char *name)
{
	const char *p = getenv("PATH");

	if (strchr(name, '/'))
		return !access(name, X_OK);
	for (p = p ? p : "/usr/bin:/bin"; *p; p += strspn(p, ":")) {
		size_t n = strcspn(p, ":");
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%.*s/%s", (int)n, p, name) < (int)sizeof(path) &&
		    !access(path, X_OK))
			return true;
		p += n;
	}
	return false;
}

/* ---- where things are ------------------------------------------------------------------ */

static const char *find_headers(struct system *s)
{
	const char *const places[][2] = {
		{ "/lib/modules/", "/build" },
		{ "/usr/src/linux-headers-", "" },
		{ "/usr/src/kernels/", "" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		const char *dir =
			join(s, join(s, s->root, places[i][0], s->release), places[i][1], "");

		if (system_exists(join(s, dir, "/Makefile", "")))
			return dir;
	}
	return NULL;
}

/* Some distributions have another name in kernel.release than uname -r gives. */
static const char *headers_release(struct system *s)
{
	static const char key[] = "UTS_RELEASE \"";
	char *text, *at;

	if (!s->headers)
		return NULL;
	text = read_head(s, join(s, s->headers, "/include/generated/utsrelease.h", ""), 4096, NULL);
	at = text ? strstr(text, key) : NULL;
	if (!at)
		return system_read_line(s,
					join(s, s->headers, "/include/config/kernel.release", ""));
	at += strlen(key);
	at[strcspn(at, "\"")] = '\0';
	return at;
}

static bool has_sources(struct system *s, const char *dir)
{
	return system_exists(join(s, dir, "/drivers/capture.h", "")) &&
	       system_exists(join(s, dir, "/schema/event.h", ""));
}

/* SAKER_SOURCES, beside the installed program, or the tree in which it was built. */
static const char *find_sources(struct system *s)
{
	const char *env = getenv("SAKER_SOURCES");
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *shared;

	if (env && *env)
		return has_sources(s, env) ? env : NULL;
	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	for (u32 i = 0; i < TREE_DEPTH; i++) {
		char *slash = strrchr(exe, '/');

		if (!slash)
			return NULL;
		*slash = '\0';
		shared = join(s, exe, "/share/saker/src", "");
		if (has_sources(s, shared))
			return shared;
		if (has_sources(s, exe))
			return arena_strdup(&s->arena, exe);
	}
	return NULL;
}

static const char *home(void)
{
	const char *h = getenv("HOME");

	return h && *h ? h : "/root";
}

static const char *find_driver_dir(struct system *s, const char *given)
{
	const char *env = getenv("SAKER_DRIVER_DIR");

	if (given && *given)
		return given;
	if (env && *env)
		return env;
	return geteuid() ? join(s, home(), "/.saker/drivers", "") : "/var/lib/saker/drivers";
}

/* As Falco found its probe: a variable that is set but empty means the file in HOME. */
static const char *find_probe(struct system *s, const char *given)
{
	static const char *const vars[] = { "SAKER_BPF_PROBE", "FALCO_BPF_PROBE" };
	const char *dflt = join(s, home(), "/.saker/saker-bpf.o", "");
	const char *built = join(s, s->built_dir, "/saker-bpf.o", "");

	if (given && *given)
		return given;
	for (u32 i = 0; i < ARRAY_SIZE(vars); i++) {
		const char *v = getenv(vars[i]);

		if (v)
			return *v ? v : dflt;
	}
	return !system_exists(built) && system_exists(dflt) ? dflt : built;
}

/* The one that was built here, or that the system installed. */
static const char *find_module(struct system *s)
{
	static const char *const dirs[] = { "/updates", "/updates/dkms", "/extra" };
	static const char *const endings[] = { "/saker.ko", "/saker.ko.xz", "/saker.ko.zst",
					       "/saker.ko.gz" };
	const char *built = join(s, s->built_dir, "/saker.ko", "");
	const char *modules = join(s, s->root, "/lib/modules/", s->release);

	for (u32 i = 0; i < ARRAY_SIZE(dirs) * ARRAY_SIZE(endings) && !system_exists(built); i++) {
		const char *p = join(s, modules, dirs[i / ARRAY_SIZE(endings)],
				     endings[i % ARRAY_SIZE(endings)]);

		if (system_exists(p))
			return p;
	}
	return built;
}

void system_init(struct system *s, const struct system_options *opt)
{
	struct utsname u = { 0 };
	const char *root = getenv("HOST_ROOT");

	*s = (struct system){ .has_target = opt->has_target, .interrupted = opt->interrupted };
	uname(&u);
	s->foreign = opt->release && strcmp(opt->release, u.release);
	s->release = arena_strdup(&s->arena, opt->release ? opt->release : u.release);
	s->version = s->foreign ? "" : arena_strdup(&s->arena, u.version);
	s->machine = arena_strdup(&s->arena, u.machine);
	s->root = root && strcmp(root, "/") ? root : "";
	s->headers = opt->headers ? opt->headers : find_headers(s);
	s->headers_release = headers_release(s);
	s->sources = find_sources(s);
	s->driver_dir = find_driver_dir(s, opt->driver_dir);
	s->built_dir = join(s, s->driver_dir, "/", s->release);
	s->module = find_module(s);
	s->probe = find_probe(s, opt->probe);
}

void system_fini(struct system *s)
{
	arena_fini(&s->arena);
}

/* ---- modules and compilers --------------------------------------------------------------- */

#define MODULE_MAX ((size_t)16 << 20)

const char *system_module_release(struct system *s, const char *path)
{
	static const char key[] = "vermagic=";
	size_t len;
	char *p = read_head(s, path, MODULE_MAX, &len), *at;

	if (!p || len < 4 || memcmp(p, "\177ELF", 4))
		return NULL;
	at = memmem(p, len, key, strlen(key));
	if (!at)
		return NULL;
	at += strlen(key);
	at[strcspn(at, " ")] = '\0';
	return at;
}

bool system_module_is_signed(struct system *s, const char *path)
{
	static const char mark[] = "~Module signature appended~\n";
	size_t n = strlen(mark), len;
	char *p = read_head(s, path, MODULE_MAX, &len);

	return p && len > n && !memcmp(p + len - n, mark, n);
}

/* CONFIG_CC_VERSION_TEXT="gcc-12 (Debian 12.2.0-14) 12.2.0" */
const char *system_kernel_compiler(struct system *s)
{
	static const char key[] = "\nCONFIG_CC_VERSION_TEXT=";
	const char *path = s->headers ? join(s, s->headers, "/include/config/auto.conf", "") : NULL;
	char *text = path ? read_head(s, path, (size_t)1 << 20, NULL) : NULL;
	char *at = text ? strstr(text, key) : NULL;

	if (!at)
		return NULL;
	at += strlen(key);
	at += *at == '"';	/* from 6.1 on without */
	at[strcspn(at, " \"\n")] = '\0';
	return at;
}

const char *system_compiler(struct system *s)
{
	const char *own = system_kernel_compiler(s);

	if (own && system_has_program(own))
		return own;
	return system_has_program("cc") ? "cc" : NULL;
}
