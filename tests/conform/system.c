/* SPDX-License-Identifier: Apache-2.0 */
/* bpf, keys, modules, semaphores, memory of other processes, quotas. */
#include "expect.h"
#include <linux/bpf.h>
#include <sys/ipc.h>
#include <sys/quota.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/uio.h>

static char bytes[120];

static void maps(void)
{
	union bpf_attr create = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8,
				  .max_entries = 1 };
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	union bpf_attr update;
	uint64_t value = 1;
	uint32_t key = 0;
	long fd;

	/* before 5.11 maps count as locked memory, those of the sensor too */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	fd = SYS(bpf, BPF_MAP_CREATE, &create, sizeof(create));
	EXPECT(SYSCALL_BPF_2_X, I(fd, fd), I(cmd, 0));
	memset(&update, 0, sizeof(update));
	update.map_fd = (uint32_t)fd;
	update.key = (uintptr_t)&key;
	update.value = (uintptr_t)&value;
	EXPECT(SYSCALL_BPF_2_X, I(fd, SYS(bpf, BPF_MAP_UPDATE_ELEM, &update, sizeof(update))),
	       I(cmd, 2));
	EXPECT(SYSCALL_BPF_2_X, I(fd, SYS(bpf, BPF_PROG_LOAD, BAD_PTR, sizeof(update))),
	       I(cmd, 5));
}

static void modules(void)
{
	long file = MUST(open("module", O_RDWR | O_CREAT, 0600));
	int res = (int)SYS(init_module, bytes, 100L, "p=1");

	EXPECT(SYSCALL_INIT_MODULE_X, I(res, res), B(img, bytes, SNAPLEN), I(length, 100),
	       S(uargs, "p=1"));
	res = (int)SYS(init_module, bytes, 7L, BAD_PTR);
	EXPECT(SYSCALL_INIT_MODULE_X, I(res, res), B(img, bytes, 7), I(length, 7), NONE(uargs));
	res = (int)SYS(finit_module, file, "q=2", 1 | 2);
	EXPECT(SYSCALL_FINIT_MODULE_X, I(res, res), I(fd, file), S(uargs, "q=2"), I(flags, 1 | 2));
	res = (int)SYS(finit_module, BAD_FD, "", 4);
	EXPECT(SYSCALL_FINIT_MODULE_X, I(res, res), I(fd, BAD_FD), S(uargs, ""), I(flags, 4));
	res = (int)SYS(delete_module, "saker_none", O_NONBLOCK | O_TRUNC);
	EXPECT(SYSCALL_DELETE_MODULE_X, I(res, res), S(name, "saker_none"), I(flags, 2 | 1));
	res = (int)SYS(delete_module, BAD_PTR, 0);
	EXPECT(SYSCALL_DELETE_MODULE_X, I(res, res), NONE(name), I(flags, 0));
}

#define EXPECT_SEMOP(res_, nsops_, n0, o0, f0, n1, o1, f1, id_) \
	EXPECT(SYSCALL_SEMOP_X, I(res, res_), I(nsops, nsops_), I(sem_num_0, n0), \
	       I(sem_op_0, o0), I(sem_flg_0, f0), I(sem_num_1, n1), I(sem_op_1, o1), \
	       I(sem_flg_1, f1), I(semid, id_))

static void semaphores(void)
{
	struct sembuf one = { 1, 9, SEM_UNDO };
	struct sembuf two[3] = { { 1, -2, IPC_NOWAIT }, { 2, 5, SEM_UNDO | IPC_NOWAIT },
				 { 0, 1, 0 } };
	long id = SYS(semget, IPC_PRIVATE, 3, IPC_CREAT | IPC_EXCL | 0600);

	EXPECT(SYSCALL_SEMGET_X, I(res, id), I(key, 0), I(nsems, 3), I(semflg, 8192 | 16384));
	EXPECT(SYSCALL_SEMGET_X, I(res, SYS(semget, 0x5a4e5211, -1, 0)), I(key, 0x5a4e5211),
	       I(nsems, -1), I(semflg, 0));
	EXPECT_SEMOP(SYS(semop, id, &one, 1), 1, 1, 9, 2, 0, 0, 0, id);
	EXPECT_SEMOP(SYS(semop, id, two, 2), 2, 1, -2, 1, 2, 5, 3, id);
	EXPECT_SEMOP(SYS(semop, id, two, 3), 3, 1, -2, 1, 2, 5, 3, id);
	EXPECT_SEMOP(SYS(semop, -1, &one, 1), 1, 0, 0, 0, 0, 0, 0, -1);
	EXPECT(SYSCALL_SEMCTL_X, I(res, SYS(semctl, id, 2, SETVAL, 41)), I(semid, id),
	       I(semnum, 2), I(cmd, 4096), I(val, 41));
	EXPECT(SYSCALL_SEMCTL_X, I(res, SYS(semctl, id, 2, GETVAL, 17)), I(semid, id),
	       I(semnum, 2), I(cmd, 512), I(val, 0));
	EXPECT(SYSCALL_SEMCTL_X, I(res, SYS(semctl, id, 0, IPC_RMID, 0)), I(semid, id),
	       I(semnum, 0), I(cmd, 4), I(val, 0));
	EXPECT(SYSCALL_SEMCTL_X, I(res, SYS(semctl, id, -5, SETVAL, -6)), I(semid, id),
	       I(semnum, -5), I(cmd, 4096), I(val, -6));
}

static void other_memory(void)
{
	char in[2][100], from[2][100];
	struct iovec local[2] = { { in[0], 30 }, { in[1], 60 } };
	struct iovec remote[1] = { { from, 90 } };
	long n, self = getpid();

	for (size_t i = 0; i < sizeof(from); i++)
		((char *)from)[i] = (char)(i + 1);
	n = SYS(process_vm_readv, self, local, 2L, remote, 1L, 0L);
	EXPECT(SYSCALL_PROCESS_VM_READV_X, I(res, n), I(pid, self), B(data, from, SNAPLEN));
	n = SYS(process_vm_readv, 0x3fffffff, local, 2L, remote, 1L, 0L);
	EXPECT(SYSCALL_PROCESS_VM_READV_X, I(res, n), I(pid, 0x3fffffff), NONE(data));
	local[1].iov_len = 5;
	memset(in[1], 'x', 5);
	remote[0].iov_len = 35;
	n = SYS(process_vm_writev, self, local, 2L, remote, 1L, 0L);
	EXPECT(SYSCALL_PROCESS_VM_WRITEV_X, I(res, n), I(pid, self), B(data, from, 35));
	n = SYS(process_vm_writev, -2, local, 2L, remote, 1L, 0L);
	EXPECT(SYSCALL_PROCESS_VM_WRITEV_X, I(res, n), I(pid, -2),
	       ANY(data, "shown or not: nothing was written"));
}

/* What two structures say is last: limits, space, limits, two times; two times, flags. */
#define EXPECT_QUOTA(...) EXPECT_QUOTA_(__VA_ARGS__)	/* after lists are expanded */
#define EXPECT_QUOTA_(res_, special_, path_, cmd_, type_, id_, fmt_, bh_, bs_, cur_, ih_, is_, bt_, it_, bg_, ig_, fl_) \
	EXPECT(SYSCALL_QUOTACTL_X, I(res, res_), special_, path_, I(dqb_bhardlimit, bh_), \
	       I(dqb_bsoftlimit, bs_), I(dqb_curspace, cur_), I(dqb_ihardlimit, ih_), \
	       I(dqb_isoftlimit, is_), I(dqb_btime, bt_), I(dqb_itime, it_), I(dqi_bgrace, bg_), \
	       I(dqi_igrace, ig_), I(dqi_flags, fl_), I(quota_fmt_out, 1), I(cmd, cmd_), \
	       I(type, type_), I(id, id_), I(quota_fmt, fmt_))
#define NO_QUOTA 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define NO_LIMITS 0, 0, 0, 0, 0, 0, 0
#define X_CMD(n) (('X' << 8) + (n))

/* There is no file system with quotas here: what is set is refused, what is got is not there. */
static void quotas(void)
{
	struct dqblk b = {
		.dqb_bhardlimit = 1ull << 40 | 1, .dqb_bsoftlimit = 1ull << 41 | 2, .dqb_curspace = 3ull << 33,
		.dqb_ihardlimit = 1ull << 42 | 4, .dqb_isoftlimit = 1ull << 43 | 5, .dqb_curinodes = 99,
		.dqb_btime = 1ull << 34 | 6, .dqb_itime = 1ull << 35 | 7,
		.dqb_valid = QIF_BLIMITS | QIF_SPACE | QIF_ILIMITS | QIF_BTIME | QIF_ITIME,
	};
	struct dqinfo info = { .dqi_bgrace = 1ull << 36 | 8, .dqi_igrace = 1ull << 37 | 9, .dqi_flags = 1, .dqi_valid = 7 };
	char word[4] = { 4 };

	/* the one that succeeds: all file systems */
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_SYNC, USRQUOTA), 0L, 77, 0L), NONE(special), NONE(quotafilepath), 128, 1, 0, 1,
		     NO_QUOTA);
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_QUOTAON, USRQUOTA), "/dev/none", 4, "/aquota.user"),
		     S(special, "/dev/none"), S(quotafilepath, "/aquota.user"), 1, 1, 0, 8, NO_QUOTA);
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_QUOTAON, GRPQUOTA), "/dev/none", 1, (char *)8),
		     S(special, "/dev/none"), NONE(quotafilepath), 1, 2, 0, 2, NO_QUOTA);
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_QUOTAOFF, USRQUOTA), "/dev/none", 5, "/x"),
		     S(special, "/dev/none"), NONE(quotafilepath), 2, 1, 0, 1, NO_QUOTA);
	/* nothing was got */
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_GETQUOTA, GRPQUOTA), "/dev/null", 1234, &b),
		     S(special, "/dev/null"), NONE(quotafilepath), 32, 2, 1234, 1, NO_QUOTA);
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_GETINFO, USRQUOTA), "/dev/null", 1, &info),
		     S(special, "/dev/null"), NONE(quotafilepath), 8, 1, 0, 1, NO_QUOTA);
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_GETFMT, USRQUOTA), "/dev/null", 2, word),
		     S(special, "/dev/null"), NONE(quotafilepath), 4, 1, 0, 1, NO_QUOTA);
	/* but this was to be set */
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_SETQUOTA, USRQUOTA), "/dev/null", 4321, &b),
		     S(special, "/dev/null"), NONE(quotafilepath), 64, 1, 4321, 1, b.dqb_bhardlimit, b.dqb_bsoftlimit,
		     b.dqb_curspace, b.dqb_ihardlimit, b.dqb_isoftlimit, b.dqb_btime, b.dqb_itime, 0, 0, 0);
	b.dqb_valid = QIF_SPACE | QIF_ILIMITS | QIF_ITIME | QIF_INODES;
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_SETQUOTA, GRPQUOTA), "/dev/null", -2, &b),
		     S(special, "/dev/null"), NONE(quotafilepath), 64, 2, 0xfffffffeu, 1, 0, 0, b.dqb_curspace,
		     b.dqb_ihardlimit, b.dqb_isoftlimit, 0, b.dqb_itime, 0, 0, 0);
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_SETQUOTA, GRPQUOTA), "/dev/null", 5, 8L),
		     S(special, "/dev/null"), NONE(quotafilepath), 64, 2, 5, 1, NO_QUOTA);
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_SETINFO, USRQUOTA), "/dev/null", 1, &info),
		     S(special, "/dev/null"), NONE(quotafilepath), 16, 1, 0, 1, NO_LIMITS, info.dqi_bgrace, info.dqi_igrace, 2);
	info.dqi_flags = 0;
	info.dqi_valid = 4 | 2;
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_SETINFO, USRQUOTA), "/dev/null", 1, &info),
		     S(special, "/dev/null"), NONE(quotafilepath), 16, 1, 0, 1, NO_LIMITS, 0, info.dqi_igrace, 1);
	/* those of XFS, and what nobody has */
	EXPECT_QUOTA(SYS(quotactl, QCMD(X_CMD(4), USRQUOTA), "/dev/null", 77, &b),
		     S(special, "/dev/null"), NONE(quotafilepath), 2048, 1, 77, 1, NO_QUOTA);
	EXPECT_QUOTA(SYS(quotactl, QCMD(X_CMD(5), 9), "/dev/null", 77, &b),
		     S(special, "/dev/null"), NONE(quotafilepath), 4096, 0, 0, 1, NO_QUOTA);
	EXPECT_QUOTA(SYS(quotactl, QCMD(0x1234, USRQUOTA), 0L, 77, &b), NONE(special), NONE(quotafilepath), 0, 1, 0, 1,
		     NO_QUOTA);
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(255 - i);
	in_child(maps);
	modules();
	semaphores();
	other_memory();
	quotas();
	return expect_done(argv);
}
