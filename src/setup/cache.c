/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/cache.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RELEASE_MAX 128 /* longer names are none of ours */

const char *const driver_file_names[NDRIVER_FILES] = { "saker.ko", "saker-bpf.o" };

/* Files of a release besides the drivers. */
static const char *const other_files[] = { "saker.ko.log", "saker-bpf.o.log" };

static int is_release(const struct dirent *e)
{
	return e->d_name[0] != '.' && strlen(e->d_name) < RELEASE_MAX;
}

/* Names of what lies in the folder of drivers; the caller frees them. */
static int releases(const struct system *s, struct dirent ***ret)
{
	int n = scandir(s->driver_dir, ret, is_release, versionsort);

	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	return n;
}

static bool find(const struct system *s, const char *release, enum driver_file file,
		 struct buf *path, struct stat *st)
{
	buf_clear(path);
	buf_addf(path, "%s/%s/%s", s->driver_dir, release, driver_file_names[file]);
	return !stat(buf_str(path), st) && S_ISREG(st->st_mode);
}

int cache_list(const struct system *s, void (*fn)(void *ctx, const struct cache_entry *e),
	       void *ctx)
{
	struct dirent **names = NULL;
	struct buf path = { 0 };
	int n = releases(s, &names);

	for (int i = 0; i < n; i++) {
		for (u32 file = 0; file < NDRIVER_FILES; file++) {
			struct stat st;

			if (find(s, names[i]->d_name, file, &path, &st))
				fn(ctx, &(struct cache_entry){ .release = names[i]->d_name,
							       .file = file,
							       .path = buf_str(&path),
							       .bytes = (u64)st.st_size,
							       .built = st.st_mtime });
		}
		free(names[i]);
	}
	free(names);
	buf_fini(&path);
	return n < 0 ? n : 0;
}

/* ---- cleaning ------------------------------------------------------------------------------ */

static int remove_file(const char *dir, const char *name, u32 *n)
{
	struct buf path = { 0 };
	int err = 0;

	buf_addf(&path, "%s/%s", dir, name);
	if (!unlink(buf_str(&path)))
		++*n;
	else if (errno != ENOENT && errno != ENOTDIR)
		err = -errno;
	buf_fini(&path);
	return err;
}

/* Only files of ours: the folder may be any that the user named. */
static int clean_release(const char *dir, u32 *n)
{
	u32 drivers = 0, logs = 0;
	int err = 0;

	for (u32 i = 0; i < NDRIVER_FILES && !err; i++)
		err = remove_file(dir, driver_file_names[i], &drivers);
	for (u32 i = 0; i < ARRAY_SIZE(other_files) && !err; i++)
		err = remove_file(dir, other_files[i], &logs);
	if (drivers || logs)
		rmdir(dir);
	*n += drivers;
	return err;
}

int cache_clean(const struct system *s, bool all, struct diag *d)
{
	struct dirent **names = NULL;
	struct buf dir = { 0 };
	u32 removed = 0;
	int n = releases(s, &names), err = n < 0 ? n : 0;

	for (int i = 0; i < n; i++) {
		if (!err && (all || strcmp(names[i]->d_name, s->release))) {
			buf_clear(&dir);
			buf_addf(&dir, "%s/%s", s->driver_dir, names[i]->d_name);
			err = clean_release(buf_str(&dir), &removed);
			if (err)
				diag_set(d, "cannot remove what is in %s: %s", buf_str(&dir),
					 strerror(-err));
		}
		free(names[i]);
	}
	if (n < 0)
		diag_set(d, "cannot read %s: %s", s->driver_dir, strerror(-n));
	free(names);
	buf_fini(&dir);
	return err ? err : (int)removed;
}

struct others {
	const struct system *s;
	enum driver_file file;
	struct buf *out;
	u32 n;
};

static void add_other(void *ctx, const struct cache_entry *e)
{
	struct others *o = ctx;

	if (e->file != o->file || !strcmp(e->release, o->s->release))
		return;
	buf_addf(o->out, "%s%s", o->n++ ? ", " : " (there is one for ", e->release);
}

void cache_explain_others(struct system *s, enum driver_file file, struct buf *out)
{
	struct others o = { .s = s, .file = file, .out = out };

	cache_list(s, add_other, &o);
	if (o.n)
		buf_addc(out, ')');
}

/* ---- how the last start went -------------------------------------------------------------------
 */

static const char *status_path(const struct system *s, struct buf *b)
{
	buf_addf(b, "%s/status.json", s->driver_dir);
	return buf_str(b);
}

static void set_text(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, value ? json_string(value) : json_null());
}

int status_write(const struct system *s, const struct driver_status *st)
{
	json_t *o = json_object();
	struct buf path = { 0 }, tmp = { 0 };
	int err = 0;

	set_text(o, "kernel", st->release);
	set_text(o, "wanted", st->wanted);
	set_text(o, "used", st->used);
	set_text(o, "why", st->why);
	set_text(o, "remedy", st->remedy);
	json_object_set_new(o, "since", json_integer(st->since));
	if (system_make_dir(s->driver_dir))
		err = -errno;
	buf_addf(&tmp, "%s.%d", status_path(s, &path), getpid());
	if (!err && json_dump_file(o, buf_str(&tmp), JSON_INDENT(2)))
		err = errno ? -errno : -EIO;
	if (!err && rename(buf_str(&tmp), buf_str(&path)))
		err = -errno;
	if (err)
		unlink(buf_str(&tmp));
	json_decref(o);
	buf_fini(&path);
	buf_fini(&tmp);
	return err;
}

static const char *get_text(struct system *s, const json_t *o, const char *key)
{
	const char *v = json_string_value(json_object_get(o, key));

	return v ? arena_strdup(&s->arena, v) : NULL;
}

int status_read(struct system *s, struct driver_status *ret)
{
	struct buf path = { 0 };
	json_t *o = json_load_file(status_path(s, &path), 0, NULL);

	buf_fini(&path);
	if (!json_is_object(o)) {
		json_decref(o);
		return -ENOENT;
	}
	*ret = (struct driver_status){
		.release = get_text(s, o, "kernel"),
		.wanted = get_text(s, o, "wanted"),
		.used = get_text(s, o, "used"),
		.why = get_text(s, o, "why"),
		.remedy = get_text(s, o, "remedy"),
		.since = json_integer_value(json_object_get(o, "since")),
	};
	json_decref(o);
	return ret->release && ret->wanted ? 0 : -EINVAL;
}
