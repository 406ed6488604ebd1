/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/module.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef MODULE_INIT_COMPRESSED_FILE
#define MODULE_INIT_COMPRESSED_FILE 4 /* Linux UAPI, linux/module.h, from 5.17 */
#endif
#define DEVICE_WAIT_MS 2000 /* udev may be at work */

bool module_is_loaded(void)
{
	return system_exists("/sys/module/saker");
}

static void explain_load(struct system *s, const char *path, int err, struct diag *d)
{
	const char *release;

	switch (-err) {
	case EPERM:
		diag_set(d,
			 "the kernel does not let saker load %s: it needs CAP_SYS_MODULE (run as "
			 "root), "
			 "kernel.modules_disabled 0, and without lockdown or with a signature",
			 path);
		break;
	case ENOEXEC:
		release = system_module_release(s, path);
		diag_set(d,
			 "%s does not fit this kernel: it was built for %s, this is %s; build it "
			 "anew: "
			 "saker driver build kmod",
			 path, release ? release : "something else", s->release);
		break;
	case EKEYREJECTED:
	case ENOKEY:
	case EBADMSG:
		diag_set(d,
			 "the kernel wants %s to be signed with a key it trusts; sign it (dkms "
			 "does, with the "
			 "machine owner's key) or use an eBPF driver",
			 path);
		break;
	case EOPNOTSUPP:
		diag_set(d,
			 "%s is compressed in a way that this kernel does not unpack; load it with "
			 "modprobe saker",
			 path);
		break;
	case ENOENT:
		diag_set(d, "there is no %s; build it: saker driver build kmod", path);
		break;
	default:
		diag_set(d, "cannot load %s: %s; the kernel's log (dmesg) may say more", path,
			 strerror(-err));
	}
}

static bool is_compressed(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && strcmp(dot, ".ko");
}

/* Loading made the devices; where udev makes them, that takes a moment. */
static int wait_for_device(struct diag *d)
{
	struct timespec nap = { .tv_nsec = 10000000 };

	for (u32 ms = 0; ms < DEVICE_WAIT_MS; ms += 10) {
		if (!access("/dev/saker0", F_OK))
			return 0;
		nanosleep(&nap, NULL);
	}
	diag_set(d,
		 "saker.ko is loaded, but there is no /dev/saker0: in a container, give it the "
		 "host's /dev; "
		 "else see %s/class for its number and make it with mknod",
		 system_exists("/sys/class/saker") ? "/sys/class/saker" : "/sys");
	return -ENODEV;
}

int module_load(struct system *s, const char *path, struct diag *d)
{
	int fd, err = 0;

	if (module_is_loaded())
		return wait_for_device(d);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, "",
			      is_compressed(path) ? MODULE_INIT_COMPRESSED_FILE : 0))
		err = -errno;
	if (fd >= 0)
		close(fd);
	if (err && err != -EEXIST) {
		explain_load(s, path, err, d);
		return err;
	}
	return wait_for_device(d);
}

int module_unload(struct diag *d)
{
	int err;

	if (!module_is_loaded())
		return 0;
	if (!syscall(SYS_delete_module, "saker", O_NONBLOCK))
		return 0;
	err = -errno;
	if (err == -EWOULDBLOCK || err == -EBUSY)
		diag_set(d, "the module is in use: end saker (and what else has /dev/saker* open) "
			    "first");
	else if (err == -EPERM)
		diag_set(d, "unloading the module needs CAP_SYS_MODULE: run as root");
	else
		diag_set(d, "cannot unload the module: %s", strerror(-err));
	return err;
}
