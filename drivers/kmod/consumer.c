/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Consumers: their rings, interest and counters.
 *
 * Under consumers_lock, which is taken after the lock of CPU hotplug and never while a probe
 * runs.  Probes see a consumer from its first interest until its owner's file is closed; its
 * memory lives as long as any of its files, and mappings count as files.
 */
#include <linux/cpu.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "drivers/kmod/kmod.h"

struct consumer_table __rcu *consumers;
struct kmod_interest interest_any;

static DEFINE_MUTEX(consumers_lock);
static struct consumer **all;		/* max_consumers of them; NULL: free */
static u32 nall;

/* ---- rings ------------------------------------------------------------------------ */

static void rings_free(struct cpu_rings *r)
{
	u32 i;

	if (!r)
		return;
	for (i = 0; i < KMOD_RINGS; i++)
		vfree(r->rings[i].data);
	vfree(r->control);
	kvfree(r);
}

static struct cpu_rings *rings_new(const struct kmod_options *opt)
{
	struct cpu_rings *r = kvzalloc(sizeof(*r), GFP_KERNEL);
	u32 i;

	if (!r)
		return NULL;
	r->control = vmalloc_user(PAGE_SIZE);
	for (i = 0; i < KMOD_RINGS; i++) {
		struct ring *ring = &r->rings[i];

		ring->size = i == KMOD_LANE ? opt->lane_bytes : opt->ring_bytes;
		ring->wake_bytes = ring->size / 8;
		ring->data = vmalloc_user(ring->size);
		if (!ring->data || !r->control) {
			rings_free(r);
			return NULL;
		}
	}
	return r;
}

static int rings_add(struct consumer *k, unsigned int cpu)
{
	struct cpu_rings *r;

	if (k->cpus[cpu])
		return 0;
	r = rings_new(&k->opt);
	if (!r)
		return -ENOMEM;
	smp_store_release(&k->cpus[cpu], r);
	return 0;
}

/* Room for the longest event, and no more than the administrator allows. */
static bool size_is_good(u32 bytes)
{
	return is_power_of_2(bytes) && bytes >= PAGE_SIZE && bytes <= max_ring_bytes;
}

/* ---- who wants what --------------------------------------------------------------- */

static void add_routes(u32 *sum, const u32 *routes)
{
	u32 nr;

	for (nr = 0; nr < NR_SYSCALLS; nr++) {
		sum[nr] |= sum[nr] & 0xffff ? 0 : routes[nr] & 0xffff;
		sum[nr] |= sum[nr] >> 16 ? 0 : routes[nr] & 0xffff0000;
	}
}

static void add_interest(struct kmod_interest *sum, const struct kmod_interest *in)
{
	u32 i;

	sum->want_exec |= in->want_exec;
	sum->want_fork |= in->want_fork;
	sum->want_exit |= in->want_exit;
	sum->want_enter |= in->want_enter;
	add_routes(sum->routes, in->routes);
	add_routes(sum->enter_routes, in->enter_routes);
	for (i = 0; i < ARRAY_SIZE(in->wanted); i++)
		sum->wanted[i] |= in->wanted[i];
}

/* Word by word, because probes read it meanwhile. */
static void copy_words(void *dst, const void *src, size_t bytes)
{
	u32 *d = dst;
	const u32 *s = src;
	size_t i;

	for (i = 0; i < bytes / sizeof(u32); i++)
		WRITE_ONCE(d[i], s[i]);
}

/* Makes what the consumers want known to the probes. */
static int publish(void)
{
	struct consumer_table *t = kzalloc(sizeof(*t) + nall * sizeof(t->c[0]), GFP_KERNEL), *old;
	struct kmod_interest *sum = kzalloc(sizeof(*sum), GFP_KERNEL);
	int err = -ENOMEM;
	u32 i;

	if (!t || !sum)
		goto out;
	for (i = 0; i < nall; i++) {
		if (!all[i] || !all[i]->active)
			continue;
		t->c[t->n++] = all[i];
		add_interest(sum, &all[i]->in);
	}
	old = rcu_dereference_protected(consumers, lockdep_is_held(&consumers_lock));
	rcu_assign_pointer(consumers, t);
	t = old;
	copy_words(&interest_any, sum, sizeof(*sum));
	err = probes_update();
out:
	kfree(sum);
	if (t)
		kfree_rcu(t, rcu);
	return err;
}

/* ---- life ---------------------------------------------------------------------------- */

static void consumer_free(struct kref *refs)
{
	struct consumer *k = container_of(refs, struct consumer, refs);
	unsigned int cpu;

	for (cpu = 0; k->cpus && cpu < nr_cpu_ids; cpu++)
		rings_free(k->cpus[cpu]);
	kfree(k->cpus);
	kvfree(rcu_dereference_protected(k->filter, true));
	kfree(k);
}

static void wake(struct irq_work *w)
{
	wake_up_interruptible_all(&container_of(w, struct consumer, wake)->wait);
}

static struct consumer *consumer_new(const struct kmod_options *opt)
{
	struct consumer *k = kzalloc(sizeof(*k), GFP_KERNEL);

	if (!k)
		return NULL;
	kref_init(&k->refs);
	k->opt = *opt;
	get_random_bytes(k->held_keys, sizeof(k->held_keys));
	init_waitqueue_head(&k->wait);
	init_irq_work(&k->wake, wake);
	k->cpus = kcalloc(nr_cpu_ids, sizeof(k->cpus[0]), GFP_KERNEL);
	if (!k->cpus) {
		kref_put(&k->refs, consumer_free);
		return NULL;
	}
	return k;
}

/* Stops events.  The files that are still open keep what was written. */
static void consumer_stop(struct consumer *k)
{
	u32 i;

	mutex_lock(&consumers_lock);
	for (i = 0; i < nall; i++)
		if (all[i] == k)
			all[i] = NULL;
	if (k->active)
		while (publish() == -ENOMEM)
			schedule_timeout_uninterruptible(1);	/* for a new table: there will be */
	k->active = false;
	mutex_unlock(&consumers_lock);
	synchronize_rcu();
	irq_work_sync(&k->wake);
}

void consumers_add_cpu(unsigned int cpu)
{
	u32 i, n;

	mutex_lock(&consumers_lock);
	for (i = 0; i < nall; i++) {
		struct consumer *k = all[i];

		if (!k || k->cpus[cpu] || rings_add(k, cpu))
			continue;	/* without memory its events are counted, see no_ring */
		for (n = 0; n < nr_cpu_ids; n++)
			if (k->cpus[n])
				WRITE_ONCE(k->cpus[n]->control->cpus_changed,
					   k->cpus[n]->control->cpus_changed + 1);
	}
	mutex_unlock(&consumers_lock);
}

int __init consumers_init(void)
{
	nall = clamp(max_consumers, 1u, 64u);
	all = kcalloc(nall, sizeof(all[0]), GFP_KERNEL);
	return all ? 0 : -ENOMEM;
}

/* Nobody has a file open any more. */
void consumers_fini(void)
{
	kfree(rcu_dereference_protected(consumers, true));
	kfree(all);
}

/* ---- requests -------------------------------------------------------------------------- */

static int check_options(struct kmod_options *opt)
{
	if (opt->abi != KMOD_ABI)
		return -EPROTO;
	if (!opt->ring_bytes)
		opt->ring_bytes = ring_bytes;
	if (!opt->lane_bytes)
		opt->lane_bytes = max_t(u32, opt->ring_bytes / 4, PAGE_SIZE);
	if (!size_is_good(opt->ring_bytes) || !size_is_good(opt->lane_bytes))
		return -EINVAL;
	if (opt->snaplen > EVENT_PARAM_LEN_MAX)
		opt->snaplen = EVENT_PARAM_LEN_MAX;
	if (!opt->workers)
		opt->workers = 1;
	if (opt->workers > WORKERS_MAX || opt->worker >= opt->workers)
		return -EINVAL;
	if (opt->self_pid == KMOD_SELF)
		opt->self_pid = current->tgid;
	return 0;
}

/* Rings for all CPUs that are online, and for that of the device. */
static int add_online(struct consumer *k, unsigned int own)
{
	unsigned int cpu;
	int err = rings_add(k, own);

	for_each_online_cpu(cpu)
		err = err ?: rings_add(k, cpu);
	return err;
}

static int claim(struct handle *h, struct consumer *k)
{
	u32 i;
	int err;

	if (h->consumer)
		return -EBUSY;
	for (i = 0; i < nall && all[i]; i++)
		;
	if (i == nall)
		return -EUSERS;
	err = add_online(k, h->cpu);
	if (err)
		return err;
	all[i] = k;
	h->owner = true;
	smp_store_release(&h->consumer, k);
	return 0;
}

static long create(struct handle *h, const void __user *p)
{
	struct kmod_options opt;
	struct consumer *k;
	int err;

	if (copy_from_user(&opt, p, sizeof(opt)))
		return -EFAULT;
	err = check_options(&opt);
	if (err)
		return err;
	k = consumer_new(&opt);
	if (!k)
		return -ENOMEM;
	cpus_read_lock();
	mutex_lock(&consumers_lock);
	err = claim(h, k);
	mutex_unlock(&consumers_lock);
	cpus_read_unlock();
	if (err)
		kref_put(&k->refs, consumer_free);
	return err;
}

static int join_owner(struct handle *h, const struct file *f)
{
	struct handle *owner;
	int err;

	if (!handle_is_ours(f))
		return -EINVAL;
	owner = f->private_data;
	mutex_lock(&consumers_lock);
	if (!owner->owner)
		err = -EINVAL;
	else if (h->consumer)
		err = -EBUSY;
	else
		err = rings_add(owner->consumer, h->cpu);
	if (!err) {
		kref_get(&owner->consumer->refs);
		smp_store_release(&h->consumer, owner->consumer);
	}
	mutex_unlock(&consumers_lock);
	return err;
}

static long join(struct handle *h, const s32 __user *p)
{
	struct file *f;
	s32 fd;
	long err;

	if (get_user(fd, p))
		return -EFAULT;
	f = fget(fd);
	if (!f)
		return -EBADF;
	err = join_owner(h, f);
	fput(f);
	return err;
}

static bool is_enter_code(u32 code)
{
	return code == SC_unknown || code == SC_open || code == SC_creat || code == SC_openat ||
	       code == SC_openat2 || code == SC_connect || code == SC_socketcall;
}

/* Codes are indexes. */
static bool interest_is_good(const struct kmod_interest *in)
{
	u32 nr;

	for (nr = 0; nr < NR_SYSCALLS; nr++)
		if ((in->routes[nr] & 0xffff) >= SC_MAX || in->routes[nr] >> 16 >= SC_MAX ||
		    !is_enter_code(in->enter_routes[nr] & 0xffff) || !is_enter_code(in->enter_routes[nr] >> 16))
			return false;
	return true;
}

static long set_interest(struct consumer *k, const void __user *p)
{
	struct kmod_interest *in = memdup_user(p, sizeof(*in));
	long err = -EINVAL;

	if (IS_ERR(in))
		return PTR_ERR(in);
	if (interest_is_good(in)) {
		mutex_lock(&consumers_lock);
		copy_words(&k->in, in, sizeof(*in));
		k->active = true;
		err = publish();
		mutex_unlock(&consumers_lock);
	}
	kfree(in);
	return err;
}

/* Takes effect at once: probes see the old tables or the new ones. */
static long set_filter(struct consumer *k, const void __user *p)
{
	struct kfilter *f = filter_new(p), *old;

	if (IS_ERR(f))
		return PTR_ERR(f);
	mutex_lock(&consumers_lock);
	old = rcu_dereference_protected(k->filter, lockdep_is_held(&consumers_lock));
	rcu_assign_pointer(k->filter, f);
	mutex_unlock(&consumers_lock);
	synchronize_rcu();
	kvfree(old);
	return 0;
}

static long get_status(struct consumer *k, void __user *p)
{
	struct kmod_status *st = kzalloc(sizeof(*st), GFP_KERNEL);
	unsigned int cpu;
	long err;
	u32 i;

	if (!st)
		return -ENOMEM;
	st->abi = KMOD_ABI;
	st->max_consumers = nall;
	mutex_lock(&consumers_lock);
	for (i = 0; i < nall; i++)
		st->consumers += all[i] != NULL;
	if (k) {
		st->ring_bytes = k->opt.ring_bytes;
		st->lane_bytes = k->opt.lane_bytes;
		st->drops_no_ring = atomic64_read(&k->no_ring);
		for (cpu = 0; cpu < nr_cpu_ids && cpu < KMOD_CPUS_MAX; cpu++)
			if (k->cpus[cpu])
				st->cpus[cpu / 64] |= 1ull << cpu % 64;
	}
	mutex_unlock(&consumers_lock);
	err = copy_to_user(p, st, sizeof(*st)) ? -EFAULT : 0;
	kfree(st);
	return err;
}

/* Of this thread's own consumer only: the file's owner may change what concerns all CPUs. */
long handle_ioctl(struct handle *h, struct file *f, unsigned int cmd, unsigned long arg)
{
	struct consumer *k = smp_load_acquire(&h->consumer);
	void __user *p = (void __user *)arg;

	switch (cmd) {
	case KMOD_VERSION:
		return put_user(KMOD_ABI, (u32 __user *)p);
	case KMOD_CREATE:
		return create(h, p);
	case KMOD_JOIN:
		return join(h, p);
	case KMOD_STATUS:
		return get_status(k, p);
	}
	if (!k)
		return -ENOTCONN;
	switch (cmd) {
	case KMOD_INTEREST:
		return h->owner ? set_interest(k, p) : -EINVAL;
	case KMOD_FILTER:
		return h->owner ? set_filter(k, p) : -EINVAL;
	case KMOD_EPOCH:
		return copy_from_user(&k->opt.epoch_ns, p, sizeof(u64)) ? -EFAULT : 0;
	case KMOD_COUNTERS:
		return copy_to_user(p, &k->cpus[h->cpu]->counters, sizeof(struct kmod_counters)) ? -EFAULT : 0;
	case KMOD_HELD:
		return copy_to_user(p, k->cpus[h->cpu]->held, sizeof(struct held) * HELD_SLOTS) ? -EFAULT : 0;
	}
	return -ENOTTY;
}

/* ---- files ------------------------------------------------------------------------------- */

/* Not all kernels let modules have remap_vmalloc_range_partial(). */
static int map_pages(struct vm_area_struct *vma, unsigned long at, const void *p, unsigned long bytes)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < bytes && !err; i += PAGE_SIZE)
		err = vm_insert_page(vma, at + i, vmalloc_to_page(p + i));
	return err;
}

static int map_control(struct vm_area_struct *vma, struct cpu_rings *r)
{
	if (vma->vm_end - vma->vm_start != PAGE_SIZE)
		return -EINVAL;
	return map_pages(vma, vma->vm_start, r->control, PAGE_SIZE);
}

/* Each ring twice in a row: no record is split for the reader. */
static int map_data(struct vm_area_struct *vma, struct cpu_rings *r)
{
	unsigned long at = vma->vm_start;
	u32 i;
	int err = 0;

	if (vma->vm_end - at != 2ul * r->rings[KMOD_RING].size + 2ul * r->rings[KMOD_LANE].size)
		return -EINVAL;
	for (i = 0; i < 2 * KMOD_RINGS && !err; i++) {
		struct ring *ring = &r->rings[i / 2];

		err = map_pages(vma, at, ring->data, ring->size);
		at += ring->size;
	}
	return err;
}

int handle_mmap(struct handle *h, struct vm_area_struct *vma)
{
	struct consumer *k = smp_load_acquire(&h->consumer);

	if (!k)
		return -ENOTCONN;
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	switch (vma->vm_pgoff) {
	case 0: return map_control(vma, k->cpus[h->cpu]);
	case KMOD_DATA_OFFSET: return map_data(vma, k->cpus[h->cpu]);
	}
	return -EINVAL;
}

/* Is there enough to wake the reader for? */
unsigned int handle_readable(struct handle *h)
{
	struct consumer *k = smp_load_acquire(&h->consumer);
	unsigned int cpu, i;

	for (cpu = 0; k && cpu < nr_cpu_ids; cpu++) {
		struct cpu_rings *r = READ_ONCE(k->cpus[cpu]);

		for (i = 0; r && i < KMOD_RINGS; i++)
			if (READ_ONCE(r->control->head[i].at) - READ_ONCE(r->control->tail[i].at) >
			    r->rings[i].wake_bytes)
				return 1;
	}
	return 0;
}

void handle_close(struct handle *h)
{
	if (h->owner)
		consumer_stop(h->consumer);
	if (h->consumer)
		kref_put(&h->consumer->refs, consumer_free);
	kfree(h);
}
