/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Load, unload, devices. */
#include <linux/cdev.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "drivers/kmod/kmod.h"

unsigned int max_consumers = 8;
unsigned int ring_bytes = 8 << 20;
unsigned int max_ring_bytes = 512 << 20;
static unsigned int mode = 0600;

module_param(max_consumers, uint, 0444);
MODULE_PARM_DESC(max_consumers, "programs that may read events at the same time (1 to 64)");
module_param(ring_bytes, uint, 0444);
MODULE_PARM_DESC(ring_bytes, "size of a CPU's ring when the consumer names none: a power of two");
module_param(max_ring_bytes, uint, 0444);
MODULE_PARM_DESC(max_ring_bytes, "the largest ring that a consumer may ask for");
module_param(mode, uint, 0444);
MODULE_PARM_DESC(mode, "permissions of /dev/saker*, as a number (0600)");

static dev_t first_device;
static struct cdev cdev;
static enum cpuhp_state hotplug;
static unsigned long *has_device;	/* a bit for each CPU */

/* ---- files ---------------------------------------------------------------------- */

static int file_open(struct inode *inode, struct file *f)
{
	struct handle *h = kzalloc(sizeof(*h), GFP_KERNEL);

	if (!h)
		return -ENOMEM;
	h->cpu = iminor(inode) - MINOR(first_device);
	f->private_data = h;
	return nonseekable_open(inode, f);
}

static int file_release(struct inode *inode, struct file *f)
{
	handle_close(f->private_data);
	return 0;
}

static long file_ioctl(struct file *f, unsigned int cmd, unsigned long arg)
{
	return handle_ioctl(f->private_data, f, cmd, arg);
}

static int file_mmap(struct file *f, struct vm_area_struct *vma)
{
	return handle_mmap(f->private_data, vma);
}

static __poll_t file_poll(struct file *f, struct poll_table_struct *table)
{
	struct handle *h = f->private_data;
	struct consumer *k = smp_load_acquire(&h->consumer);

	if (!k)
		return EPOLLERR;
	poll_wait(f, &k->wait, table);
	return handle_readable(h) ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations file_ops = {
	.owner = THIS_MODULE,		/* an open file keeps the module loaded */
	.open = file_open,
	.release = file_release,
	.unlocked_ioctl = file_ioctl,
	.mmap = file_mmap,
	.poll = file_poll,
};

bool handle_is_ours(const struct file *f)
{
	return f->f_op == &file_ops;
}

/* ---- devices --------------------------------------------------------------------- */

#ifdef HAVE_class_devnode_const
static char *devnode(const struct device *dev, umode_t *ret_mode)
#else
static char *devnode(struct device *dev, umode_t *ret_mode)
#endif
{
	if (ret_mode)
		*ret_mode = mode & 0666;
	return NULL;
}

static struct class device_class = { .name = "saker", .devnode = devnode };

/*
 * Called for a CPU that is or comes online, perhaps twice.  Its device stays when it goes: to be
 * read to the end.
 */
static int prepare_cpu(unsigned int cpu)
{
	struct device *dev;

	if (scratch_add_cpu(cpu))
		return -ENOMEM;
	consumers_add_cpu(cpu);
	if (test_and_set_bit(cpu, has_device))
		return 0;
	dev = device_create(&device_class, NULL, first_device + cpu, NULL, "saker%u", cpu);
	if (!IS_ERR(dev))
		return 0;
	clear_bit(cpu, has_device);
	return PTR_ERR(dev);
}

static void remove_devices(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (test_bit(cpu, has_device))
			device_destroy(&device_class, first_device + cpu);
}

/* cpuhp_setup_state() does not call prepare_cpu() for those that are online in all kernels. */
static int __init add_cpus(void)
{
	unsigned int cpu;
	int ret = 0;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		ret = ret ?: prepare_cpu(cpu);
	if (!ret)
		ret = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_BP_PREPARE_DYN, "saker:prepare", prepare_cpu,
							   NULL);
	cpus_read_unlock();
	hotplug = ret;
	return ret < 0 ? ret : 0;
}

static int __init add_devices(void)
{
	int err = alloc_chrdev_region(&first_device, 0, nr_cpu_ids, "saker");

	if (err)
		return err;
	err = class_register(&device_class);
	if (err)
		goto no_class;
	cdev_init(&cdev, &file_ops);
	cdev.owner = THIS_MODULE;
	err = cdev_add(&cdev, first_device, nr_cpu_ids);
	if (err)
		goto no_cdev;
	err = add_cpus();
	if (!err)
		return 0;
	remove_devices();
	cdev_del(&cdev);
no_cdev:
	class_unregister(&device_class);
no_class:
	unregister_chrdev_region(first_device, nr_cpu_ids);
	return err;
}

static int __init saker_init(void)
{
	int err = probes_init();

	if (err)
		return err;
	has_device = kcalloc(BITS_TO_LONGS(nr_cpu_ids), sizeof(long), GFP_KERNEL);
	err = has_device ? consumers_init() : -ENOMEM;
	if (!err) {
		err = add_devices();
		if (!err)
			return 0;
		scratch_free();
		consumers_fini();
	}
	kfree(has_device);
	return err;
}

static void __exit saker_exit(void)
{
	cpuhp_remove_state_nocalls(hotplug);
	remove_devices();
	cdev_del(&cdev);
	class_unregister(&device_class);
	unregister_chrdev_region(first_device, nr_cpu_ids);
	scratch_free();
	consumers_fini();
	kfree(has_device);
}

module_init(saker_init);
module_exit(saker_exit);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("saker: system calls as events");
MODULE_VERSION(SAKER_VERSION);
