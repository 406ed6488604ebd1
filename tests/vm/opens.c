/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opens DIR N: opens files in every way that the rules of tests/vm/filter.sh tell apart, then N times one that no
 * rule wants.  DIR must not exist.  Static, for guests.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void touch(const char *path, int flags)
{
	int fd = openat(AT_FDCWD, path, flags, 0600);

	if (fd >= 0)
		close(fd);
}

static void make(const char *path)
{
	touch(path, O_WRONLY | O_CREAT);
}

static void touch2(const char *path, unsigned long long flags)
{
	struct open_how how = { .flags = flags };
	long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	if (fd >= 0)
		close((int)fd);
}

/* The path lies in a page that this process has not touched: it cannot be read when the call begins. */
static void touch_unseen(const char *file)
{
	int fd = open(file, O_RDONLY);
	char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	close(fd);
	if (p == MAP_FAILED)
		exit(1);
	touch(p, O_RDONLY);
	munmap(p, 4096);
}

int main(int argc, char **argv)
{
	char deep[512] = "";
	int fd;

	if (argc != 3 || mkdir(argv[1], 0700) || chdir(argv[1])) {
		fprintf(stderr, "usage: opens DIR N\n");
		return 2;
	}
	mkdir("secret", 0700);
	mkdir("out", 0700);
	mkdir("other", 0700);
	for (int i = 0; i < 5; i++) {
		memset(deep + strlen(deep), 'd', 60);
		mkdir(deep, 0700);
		strcat(deep, "/");
	}
	strcat(deep, "key");
	make("secret/key");
	make("other/key");
	make("plain");
	make(deep);
	fd = open("path", O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || dprintf(fd, "%s/%s", argv[1], deep) < 0 || close(fd))
		return 1;

#define AT(NAME_) strcat(strcat(strcpy(path, argv[1]), "/"), NAME_)
	char path[1024];

	touch(AT("secret/key"), O_RDONLY);
	touch2(AT("secret/key"), O_RDONLY);
	touch2(AT("out/b2.conf"), O_RDWR);	/* is not there */
	touch(AT("out/a"), O_WRONLY | O_CREAT);
	touch(AT("out/b.conf"), O_WRONLY | O_CREAT | O_TRUNC);
	touch(AT("missing"), O_RDONLY);
	touch(AT("out/../secret/key"), O_RDONLY);
	touch(AT("secret"), O_RDONLY | O_DIRECTORY);
	touch_unseen(AT("path"));
	touch(AT(deep), O_RDONLY);
	touch(AT("secret/key") + 0, O_WRONLY);
	if (chdir("secret"))
		return 1;
	touch("key", O_RDONLY);
	touch(AT("other/key"), O_RDONLY);
#ifdef SYS_creat
	fd = (int)syscall(SYS_creat, AT("out/c.conf"), 0600);
	close(fd);
	fd = (int)syscall(SYS_open, AT("secret/key"), O_RDONLY);
	close(fd);
#endif
	AT("plain");
	for (int n = atoi(argv[2]); n > 0; n--)
		touch(path, O_RDONLY);
	return 0;
}
