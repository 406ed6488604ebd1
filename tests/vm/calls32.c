/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls of a 32-bit program: open, openat, socket and connect (by socketcall), execve.
 * For kernels that run such programs:
 *
 *	gcc -m32 -static -O1 tests/vm/calls32.c -o build/calls32
 *	tools/krun -m 3000 -k VMLINUZ -f build/tool/evdump -f build/calls32 -- \
 *		build/tool/evdump -s open,openat,socket,connect -- build/calls32
 *
 * The same events must appear as from a 64-bit build of it, with connect to 127.0.0.1:81.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(81) };
	char *argv[] = { "true", "32", NULL }, *env[] = { "A=b", NULL };
	int fd;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	close(open("/etc/group", O_RDONLY));
	close((int)syscall(SYS_open, "/tmp/new", O_WRONLY | O_CREAT | O_EXCL, 0640));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	connect(fd, (struct sockaddr *)&a, sizeof(a));
	close(fd);
	connect(fd, (struct sockaddr *)&a, sizeof(a));
	return execve("/bin/true", argv, env);
}
