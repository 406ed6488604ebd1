/* SPDX-License-Identifier: Apache-2.0 */
/* Names of errors, signals and parameter types: the numbers of x86_64 and aarch64. */
#include "event/table.h"

/* From 512 on: the kernel's own, seen when a syscall is about to be restarted. */
static const char *const errnos[] = {
	[1] = "EPERM", [2] = "ENOENT", [3] = "ESRCH", [4] = "EINTR", [5] = "EIO", [6] = "ENXIO",
	[7] = "E2BIG", [8] = "ENOEXEC", [9] = "EBADF", [10] = "ECHILD", [11] = "EAGAIN",
	[12] = "ENOMEM", [13] = "EACCES", [14] = "EFAULT", [15] = "ENOTBLK", [16] = "EBUSY",
	[17] = "EEXIST", [18] = "EXDEV", [19] = "ENODEV", [20] = "ENOTDIR", [21] = "EISDIR",
	[22] = "EINVAL", [23] = "ENFILE", [24] = "EMFILE", [25] = "ENOTTY", [26] = "ETXTBSY",
	[27] = "EFBIG", [28] = "ENOSPC", [29] = "ESPIPE", [30] = "EROFS", [31] = "EMLINK",
	[32] = "EPIPE", [33] = "EDOM", [34] = "ERANGE", [35] = "EDEADLK", [36] = "ENAMETOOLONG",
	[37] = "ENOLCK", [38] = "ENOSYS", [39] = "ENOTEMPTY", [40] = "ELOOP", [42] = "ENOMSG",
	[43] = "EIDRM", [44] = "ECHRNG", [45] = "EL2NSYNC", [46] = "EL3HLT", [47] = "EL3RST",
	[48] = "ELNRNG", [49] = "EUNATCH", [50] = "ENOCSI", [51] = "EL2HLT", [52] = "EBADE",
	[53] = "EBADR", [54] = "EXFULL", [55] = "ENOANO", [56] = "EBADRQC", [57] = "EBADSLT",
	[59] = "EBFONT", [60] = "ENOSTR", [61] = "ENODATA", [62] = "ETIME", [63] = "ENOSR",
	[64] = "ENONET", [65] = "ENOPKG", [66] = "EREMOTE", [67] = "ENOLINK", [68] = "EADV",
	[69] = "ESRMNT", [70] = "ECOMM", [71] = "EPROTO", [72] = "EMULTIHOP", [73] = "EDOTDOT",
	[74] = "EBADMSG", [75] = "EOVERFLOW", [76] = "ENOTUNIQ", [77] = "EBADFD", [78] = "EREMCHG",
	[79] = "ELIBACC", [80] = "ELIBBAD", [81] = "ELIBSCN", [82] = "ELIBMAX", [83] = "ELIBEXEC",
	[84] = "EILSEQ", [85] = "ERESTART", [86] = "ESTRPIPE", [87] = "EUSERS", [88] = "ENOTSOCK",
	[89] = "EDESTADDRREQ", [90] = "EMSGSIZE", [91] = "EPROTOTYPE", [92] = "ENOPROTOOPT",
	[93] = "EPROTONOSUPPORT", [94] = "ESOCKTNOSUPPORT", [95] = "EOPNOTSUPP",
	[96] = "EPFNOSUPPORT", [97] = "EAFNOSUPPORT", [98] = "EADDRINUSE", [99] = "EADDRNOTAVAIL",
	[100] = "ENETDOWN", [101] = "ENETUNREACH", [102] = "ENETRESET", [103] = "ECONNABORTED",
	[104] = "ECONNRESET", [105] = "ENOBUFS", [106] = "EISCONN", [107] = "ENOTCONN",
	[108] = "ESHUTDOWN", [109] = "ETOOMANYREFS", [110] = "ETIMEDOUT", [111] = "ECONNREFUSED",
	[112] = "EHOSTDOWN", [113] = "EHOSTUNREACH", [114] = "EALREADY", [115] = "EINPROGRESS",
	[116] = "ESTALE", [117] = "EUCLEAN", [118] = "ENOTNAM", [119] = "ENAVAIL",
	[120] = "EISNAM", [121] = "EREMOTEIO", [122] = "EDQUOT", [123] = "ENOMEDIUM",
	[124] = "EMEDIUMTYPE", [125] = "ECANCELED", [126] = "ENOKEY", [127] = "EKEYEXPIRED",
	[128] = "EKEYREVOKED", [129] = "EKEYREJECTED", [130] = "EOWNERDEAD",
	[131] = "ENOTRECOVERABLE", [132] = "ERFKILL", [512] = "ERESTARTSYS",
	[513] = "ERESTARTNOINTR", [514] = "ERESTARTNOHAND", [515] = "ENOIOCTLCMD",
	[516] = "ERESTART_RESTARTBLOCK", [517] = "EPROBE_DEFER", [518] = "EOPENSTALE",
	[519] = "ENOPARAM", [521] = "EBADHANDLE", [522] = "ENOTSYNC", [523] = "EBADCOOKIE",
	[524] = "ENOTSUPP", [525] = "ETOOSMALL", [526] = "ESERVERFAULT", [527] = "EBADTYPE",
	[528] = "EJUKEBOX", [529] = "EIOCBQUEUED", [530] = "ERECALLCONFLICT", [531] = "ENOGRACE",
};

static const char *const signals[] = {
	[1] = "SIGHUP", [2] = "SIGINT", [3] = "SIGQUIT", [4] = "SIGILL", [5] = "SIGTRAP",
	[6] = "SIGABRT", [7] = "SIGBUS", [8] = "SIGFPE", [9] = "SIGKILL", [10] = "SIGUSR1",
	[11] = "SIGSEGV", [12] = "SIGUSR2", [13] = "SIGPIPE", [14] = "SIGALRM", [15] = "SIGTERM",
	[16] = "SIGSTKFLT", [17] = "SIGCHLD", [18] = "SIGCONT", [19] = "SIGSTOP", [20] = "SIGTSTP",
	[21] = "SIGTTIN", [22] = "SIGTTOU", [23] = "SIGURG", [24] = "SIGXCPU", [25] = "SIGXFSZ",
	[26] = "SIGVTALRM", [27] = "SIGPROF", [28] = "SIGWINCH", [29] = "SIGIO", [30] = "SIGPWR",
	[31] = "SIGSYS",
};

#define PT(NAME_, SIZE_) [PT_##NAME_] = { #NAME_, SIZE_ }
static const struct {
	const char *name;
	u32 size;		/* 0: any */
} types[] = {
	PT(NONE, 0), PT(INT8, 1), PT(INT16, 2), PT(INT32, 4), PT(INT64, 8), PT(UINT8, 1),
	PT(UINT16, 2), PT(UINT32, 4), PT(UINT64, 8), PT(CHARBUF, 0), PT(BYTEBUF, 0), PT(ERRNO, 8),
	PT(SOCKADDR, 0), PT(SOCKTUPLE, 0), PT(FD, 8), PT(PID, 8), PT(FDLIST, 0), PT(FSPATH, 0),
	PT(SYSCALLID, 2), PT(SIGTYPE, 1), PT(RELTIME, 8), PT(ABSTIME, 8), PT(PORT, 2),
	PT(L4PROTO, 1), PT(SOCKFAMILY, 1), PT(BOOL, 4), PT(IPV4ADDR, 4), PT(DYN, 0),
	PT(FLAGS8, 1), PT(FLAGS16, 2), PT(FLAGS32, 4), PT(UID, 4), PT(GID, 4), PT(DOUBLE, 8),
	PT(SIGSET, 4), PT(CHARBUFARRAY, 0), PT(CHARBUF_PAIR_ARRAY, 0), PT(IPV4NET, 0),
	PT(IPV6ADDR, 16), PT(IPV6NET, 0), PT(IPADDR, 0), PT(IPNET, 0), PT(MODE, 4),
	PT(FSRELPATH, 0), PT(ENUMFLAGS8, 1), PT(ENUMFLAGS16, 2), PT(ENUMFLAGS32, 4), PT(FD32, 4),
	PT(PID32, 4), PT(FDINFO, 0),
};
#undef PT

const char *errno_name(s64 err)
{
	return err >= 0 && err < (s64)ARRAY_SIZE(errnos) ? errnos[err] : NULL;
}

const char *signal_name(u32 sig)
{
	return sig < ARRAY_SIZE(signals) ? signals[sig] : NULL;
}

const char *param_type_name(u32 type)
{
	return type < ARRAY_SIZE(types) && types[type].name ? types[type].name : "NONE";
}

u32 param_type_size(u32 type)
{
	return type < ARRAY_SIZE(types) ? types[type].size : 0;
}
