/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do the driver's books balance under load?
 *
 *	books DRIVER[:ATTACH] SECONDS [PROBE]
 *
 * Processes open, connect, send, fork, exec and send signals as fast as they can; the reader stops for a third
 * of the time, so that rings overflow.  Then the interest is taken back, the rings are emptied, and
 * for each syscall and CPU must be: seen = filtered + sent + lost; and what was sent was read.
 * Prints "books: ..." and what is wrong.  Status 0: they balance, 1: not, 125: the driver does
 * not open, 3: nothing was dropped or filtered, so the test says nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/driver.h"
#include "event/table.h"

#define LOADS 4
#define CPUS 256

static const char *const calls[] = {
	"openat", "close", "socket", "bind", "connect", "sendto", "sendmmsg", "recvfrom", "prctl", "setpgid",
	"clone", "clone3", "fork", "vfork", "execve", "execveat", "sched_process_exit",
	"signal_deliver", "sched_switch", "page_fault_user", "page_fault_kernel",
};

static u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / 1000000;
}

/* ---- the load --------------------------------------------------------------------------- */

static void opens(void)
{
	for (int i = 0; i < 200; i++) {
		close(open("/etc/hostname", O_RDONLY));
		close(open("/nowhere/at/all", O_RDONLY));	/* fails: may be filtered */
	}
}

static void packets(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct iovec io = { "data", 4 };
	struct mmsghdr m[4] = { { .msg_len = 0 } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	for (int i = 0; i < 4; i++)
		m[i].msg_hdr = (struct msghdr){ .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &io,
						.msg_iovlen = 1 };
	for (int i = 0; i < 50; i++) {
		if (connect(fd, (void *)&to, sizeof(to)) || sendmmsg(fd, m, 4, 0) < 0)
			continue;
		sendto(fd, "data", 4, MSG_DONTWAIT, NULL, 0);
	}
	close(fd);
}

static void child(bool by_fork, bool executes)
{
	pid_t pid = by_fork ? fork() : vfork();

	if (!pid) {
		if (executes)
			execl("/bin/true", "true", NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void children(void)
{
	for (int i = 0; i < 5; i++)
		child(i % 2, i < 3);
}

static void ignore(int sig)
{
	(void)sig;
}

static void signals(void)
{
	signal(SIGUSR1, ignore);
	for (int i = 0; i < 200; i++)
		raise(SIGUSR1);
}

static void (*const loads[LOADS])(void) = { opens, packets, children, signals };

static int load_main(u64 seconds)
{
	u64 end = now_ms() + seconds * 1000;

	for (u32 i = 0; i < LOADS; i++) {
		if (fork())
			continue;
		while (now_ms() < end)
			loads[i]();
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

/* ---- the books ---------------------------------------------------------------------------- */

struct check {
	struct counters_visitor v;
	struct syscall_counters sum;
	u64 cpus[CPUS];
	u32 pairs, wrong;
};

static void check_pair(struct counters_visitor *v, u32 cpu, u32 code, const struct syscall_counters *n)
{
	struct check *c = container_of(v, struct check, v);

	c->pairs++;
	c->sum.seen += n->seen;
	c->sum.filtered += n->filtered;
	c->sum.sent += n->sent;
	c->sum.held += n->held;
	c->sum.lost += n->lost;
	c->cpus[cpu % CPUS] += n->seen;
	if (n->seen == n->filtered + n->sent + n->held + n->lost && n->lost_scratch <= n->lost)
		return;
	c->wrong++;
	printf("CPU %u, %s: seen %llu, filtered %llu, sent %llu, held %llu, lost %llu (of these not for lack of room %llu)\n",
	       cpu, syscall_desc(code) ? syscall_desc(code)->name : "?", n->seen, n->filtered, n->sent, n->held, n->lost,
	       n->lost_scratch);
}

static u64 drain(struct capture *c)
{
	struct raw_event raw;
	u64 n = 0;
	int err;

	while (!(err = capture_next(c, &raw, 300)) || err == -EINTR)
		n += !err;
	return n;
}

static u64 read_under_load(struct capture *c, u64 seconds)
{
	u64 start = now_ms(), third = seconds * 1000 / 3, n = 0;
	struct raw_event raw;

	while (now_ms() < start + third)
		n += !capture_next(c, &raw, 100);
	while (now_ms() < start + 2 * third)
		usleep(10000);		/* as if the reader was stopped */
	while (now_ms() < start + 3 * third + 200)
		n += !capture_next(c, &raw, 100);
	return n;
}

static int judge(struct capture *c, u64 nread)
{
	struct check k = { .v.visit = check_pair };
	struct capture_stats st;
	u32 ncpus = 0;

	capture_counters(c, &k.v);
	capture_stats(c, &st);
	for (u32 i = 0; i < CPUS; i++)
		ncpus += k.cpus[i] > 0;
	printf("books: %u syscalls on %u CPUs: seen %llu = filtered %llu + sent %llu + lost %llu; read %llu; unseen %llu\n",
	       k.pairs, ncpus, k.sum.seen, k.sum.filtered, k.sum.sent, k.sum.lost, nread, st.unseen);
	if (k.sum.sent != nread)
		printf("sent %llu, but read %llu\n", k.sum.sent, nread);
	if (k.sum.seen != st.seen || k.sum.sent != st.events || k.sum.filtered != st.filtered ||
	    k.sum.lost + st.unseen != st.drops_buffer + st.drops_scratch)
		printf("the totals say: seen %llu, filtered %llu, sent %llu, dropped %llu+%llu\n", st.seen, st.filtered,
		       st.events, st.drops_buffer, st.drops_scratch);
	else if (!k.wrong && k.sum.sent == nread)
		return k.sum.lost && k.sum.filtered ? 0 : 3;
	return 1;
}

int main(int argc, char **argv)
{
	struct driver_options opt = { .buf_bytes = 1 << 20, .cpus_per_ring = 1, .snaplen = 80, .drop_failed = true,
				      .self_pid = getpid() };
	struct interest in = { 0 }, none = { 0 };
	char seconds[24], *load[] = { argv[0], "load", seconds, NULL };
	const struct driver *d;
	struct diag diag = { 0 };
	struct capture *c;
	char *attach;
	int status;
	u64 n;

	if (argc == 3 && !strcmp(argv[1], "load"))
		return load_main((u64)atoi(argv[2]));
	if (argc < 3)
		return 2;
	attach = strchr(argv[1], ':');
	if (attach)
		*attach++ = '\0';
	opt.attach = attach;
	opt.probe = argv[3];
	d = driver_by_name(argv[1]);
	if (!d)
		return 2;
	snprintf(seconds, sizeof(seconds), "%d", atoi(argv[2]));
	for (u32 i = 0; i < ARRAY_SIZE(calls); i++)
		interest_add(&in, (u32)syscall_code_by_name(calls[i], strlen(calls[i])));
	if (d == &driver_ptrace)
		opt.argv = load;
	if (d->open(&opt, &in, &c, &diag)) {
		fprintf(stderr, "books: %s\n", diag.msg);
		diag_fini(&diag);
		return 125;
	}
	if (d == &driver_ptrace) {	/* nothing runs that it does not see: no rings, no end but the last */
		n = drain(c);
	} else {
		if (!fork())
			_exit(load_main((u64)atoi(seconds)));
		n = read_under_load(c, (u64)atoi(seconds));
		if (c->ops->set_interest(c, &none, &diag))
			printf("the interest cannot be taken back: %s\n", diag.msg);
		n += drain(c);
	}
	status = judge(c, n);
	capture_close(c);
	diag_fini(&diag);
	while (wait(NULL) > 0)
		;
	return d == &driver_ptrace && status == 3 ? 0 : status;
}
