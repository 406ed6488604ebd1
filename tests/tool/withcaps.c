/* SPDX-License-Identifier: Apache-2.0 */
/*
 * withcaps [-u UID] [-l BYTES] [-b] CAP,CAP,... PROGRAM ARGUMENTS
 *
 * Runs the program as an ordinary user (default: 65534) with exactly these capabilities ("none":
 * without any): permitted, effective, inheritable, ambient, and no others in the bounding set.
 * -l: RLIMIT_MEMLOCK, soft and hard, or "unlimited"; -b: the bounding set stays as it is.
 * Must be started by root.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "capture/caps.h"

static void die(const char *what)
{
	fprintf(stderr, "withcaps: %s: %s\n", what, strerror(errno));
	exit(125);
}

static u64 parse_set(char *names)
{
	u64 set = 0;

	if (!strcmp(names, "none"))
		return 0;
	for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
		u32 cap = 0;

		while (cap < 64 && strcmp(caps_name(cap), name))
			cap++;
		if (cap == 64) {
			fprintf(stderr, "withcaps: there is no capability '%s'\n", name);
			exit(125);
		}
		set |= CAP_BIT(cap);
	}
	return set;
}

static void limit_bounding(u64 set)
{
	for (u32 cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(set & CAP_BIT(cap)) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			die("the bounding set");
}

static void become(uid_t uid, u64 set)
{
	struct caps c = { set, set, set };

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgroups(0, NULL) ||
	    setresgid((gid_t)uid, (gid_t)uid, (gid_t)uid) || setresuid(uid, uid, uid))
		die("becoming the user");
	errno = -caps_set(&c);
	if (errno)
		die("the capabilities");
	for (u32 cap = 0; cap < 64; cap++)
		if (set & CAP_BIT(cap) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
			die("the ambient set");
}

int main(int argc, char **argv)
{
	struct rlimit memlock;
	uid_t uid = 65534;
	bool keep = false;
	u64 set;
	int c;

	while ((c = getopt(argc, argv, "+u:l:b")) != -1) {
		switch (c) {
		case 'u':
			uid = (uid_t)strtoul(optarg, NULL, 10);
			break;
		case 'l':
			memlock.rlim_cur = memlock.rlim_max = !strcmp(optarg, "unlimited") ?
				RLIM_INFINITY : strtoull(optarg, NULL, 10);
			if (setrlimit(RLIMIT_MEMLOCK, &memlock))
				die("RLIMIT_MEMLOCK");
			break;
		case 'b':
			keep = true;
			break;
		default:
			return 125;
		}
	}
	if (argc - optind < 2) {
		fprintf(stderr, "usage: withcaps [-u UID] [-l BYTES] [-b] CAP,CAP,... PROGRAM ARGUMENTS\n");
		return 125;
	}
	set = parse_set(argv[optind]);
	if (!keep)
		limit_bounding(set);
	become(uid, set);
	execvp(argv[optind + 1], argv + optind + 1);
	die(argv[optind + 1]);
	return 125;
}
