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

/* Special, file, then no numbers: there is no file system with quotas here. */
#define EXPECT_QUOTA(res_, special_, path_, cmd_, type_, id_, fmt_) \
	EXPECT(SYSCALL_QUOTACTL_X, I(res, res_), special_, path_, I(dqb_bhardlimit, 0), \
	       I(dqb_bsoftlimit, 0), I(dqb_curspace, 0), I(dqb_ihardlimit, 0), \
	       I(dqb_isoftlimit, 0), I(dqb_btime, 0), I(dqb_itime, 0), I(dqi_bgrace, 0), \
	       I(dqi_igrace, 0), I(dqi_flags, 0), I(quota_fmt_out, 1), I(cmd, cmd_), \
	       I(type, type_), I(id, id_), I(quota_fmt, fmt_))

static void quotas(void)
{
	struct dqblk b = { 0 };

	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_QUOTAON, USRQUOTA), "/dev/none", 4, "/aquota.user"),
		     S(special, "/dev/none"), S(quotafilepath, "/aquota.user"), 1, 1, 0, 8);
	EXPECT_QUOTA(SYS(quotactl, QCMD(Q_GETQUOTA, GRPQUOTA), "/dev/null", 1234, &b),
		     S(special, "/dev/null"), NONE(quotafilepath), 32, 2, 1234, 1);
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
