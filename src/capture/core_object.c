/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/core_object.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/core_btf.h"
#include "schema/core_abi.h"
#include "core.skel.h"
#include "plain.skel.h"
#include "small.skel.h"

static const struct {
	const char *name;
	const void *(*bytes)(size_t *ret_len);
} variants[CORE_VARIANTS] = {
	{ "core", core_bpf__elf_bytes },
	{ "plain", plain_bpf__elf_bytes },
	{ "small", small_bpf__elf_bytes },
};

const char *core_variant_name(u32 variant)
{
	return variants[variant].name;
}

const void *core_variant_bytes(u32 variant, size_t *ret_len)
{
	return variants[variant].bytes(ret_len);
}

struct bpf_object *core_object_open(u32 variant, int btf)
{
	struct bpf_object_open_opts opts = { .sz = sizeof(opts), .object_name = "saker" };
	char path[64];
	size_t len;
	const void *bytes = variants[variant].bytes(&len);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", btf);
	if (btf >= 0)
		opts.btf_custom_path = path;
	return bpf_object__open_mem(bytes, len, &opts);
}

struct bpf_object *core_object_first(u32 variant, int *ret_btf)
{
	struct bpf_object *o = core_object_open(variant, -1);
	struct btf *kernel = btf__load_vmlinux_btf();
	int fd = memfd_create("saker-btf", MFD_CLOEXEC);

	if (o && kernel && fd >= 0 && !core_btf_write(bpf_object__btf(o), kernel, fd)) {
		bpf_object__close(o);
		o = core_object_open(variant, fd);
	} else if (fd >= 0) {
		close(fd);
		fd = -1;
	}
	btf__free(kernel);
	*ret_btf = fd;
	return o;
}

/* ---- beforehand ------------------------------------------------------------------------ */

static struct {
	bool started;
	pthread_t thread;
	struct bpf_object *objects[2];
	int btf;
} early;

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level, (void)fmt, (void)ap;
	return 0;
}

static void *make(void *unused)
{
	(void)unused;
	early.objects[0] = core_object_first(0, &early.btf);
	early.objects[1] = core_object_open(0, early.btf);
	return NULL;
}

void core_early_start(void)
{
	libbpf_set_print(silent);
	early.started = !pthread_create(&early.thread, NULL, make, NULL);
}

bool core_early_take(struct bpf_object *ret[2], int *ret_btf)
{
	if (!early.started)
		return false;
	early.started = false;
	pthread_join(early.thread, NULL);
	ret[0] = early.objects[0];
	ret[1] = early.objects[1];
	*ret_btf = early.btf;
	return true;
}

void core_early_drop(void)
{
	struct bpf_object *objects[2];
	int btf;

	if (!core_early_take(objects, &btf))
		return;
	bpf_object__close(objects[0]);
	bpf_object__close(objects[1]);
	if (btf >= 0)
		close(btf);
}
