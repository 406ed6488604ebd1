/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bpfload [-p] [-o] [-v] OBJECT: loads every program of the classic eBPF driver's object, attaches
 * none, and prints what the verifier had to process.  -p: as plain tracepoint programs; -o:
 * as verifiers before 5.3 do it, which tell states apart by every number in them (a program
 * that has a function is verified so up to 6.x); -v: a line for each.  Status 1 when one is rejected or needs more than the verifier of Linux 4.14 goes
 * through, 77 when this kernel does not say.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/bpf_load.h"
#include "capture/verifier.h"

#define PROCESSED_MAX 131072	/* BPF_COMPLEXITY_LIMIT_INSNS of 4.14 */
#define LOG_BYTES ((size_t)1 << 20)

struct figures {
	u32 programs, rejected;
	unsigned long most;
	const char *most_name;
};

static bool starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* The same with a function that does nothing, called first. */
static struct bpf_code with_function(const struct bpf_code *code)
{
	const struct bpf_insn head[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_1 },
		{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = code->ninsns + 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_6 },
	}, tail[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_code c = { .name = code->name,
			      .ninsns = code->ninsns + ARRAY_SIZE(head) + ARRAY_SIZE(tail) };

	c.insns = xcalloc(c.ninsns, sizeof(*c.insns));
	memcpy(c.insns, head, sizeof(head));
	memcpy(c.insns + ARRAY_SIZE(head), code->insns, code->ninsns * sizeof(*c.insns));
	memcpy(c.insns + ARRAY_SIZE(head) + code->ninsns, tail, sizeof(tail));
	for (size_t i = 0; i < code->uses.n; i++)
		vec_push(&c.uses, ((struct bpf_map_use){ code->uses.p[i].insn + ARRAY_SIZE(head),
							 code->uses.p[i].map }));
	return c;
}

static void try_code(const struct bpf_loader *l, const struct bpf_code *code, bool plain, bool verbose,
		     struct figures *f)
{
	char *log = xcalloc(1, LOG_BYTES);
	int fd = bpf_load_code(l, code, plain, 4, log, LOG_BYTES);
	const char *p = strstr(log, "processed ");
	unsigned long n = p ? strtoul(p + strlen("processed "), NULL, 10) : 0;

	f->programs++;
	if (n > f->most) {
		f->most = n;
		f->most_name = code->name;
	}
	if (verbose)
		printf("%7lu %5u %s\n", n, code->ninsns, code->name);
	if (fd < 0) {
		f->rejected++;
		bpf_load_code(l, code, plain, 1, log, LOG_BYTES);
		printf("rejected %s: %s (%s)\n", code->name, verifier_reason(log), strerror(-fd));
	} else {
		close(fd);
	}
	free(log);
}

static void try_old(const struct bpf_loader *l, const struct bpf_code *code, bool plain, bool verbose,
		    struct figures *f)
{
	struct bpf_code c = with_function(code);

	try_code(l, &c, plain, verbose, f);
	free(c.insns);
	vec_fini(&c.uses);
}

static int run(struct bpf_loader *l, const char *path, bool plain, bool old, bool verbose,
	       struct diag *d)
{
	struct figures f = { 0 };
	struct utsname u;

	uname(&u);
	if (bpf_probe_read_file(&l->probe, path, d) || bpf_probe_check(&l->probe, path, u.release, d) ||
	    bpf_loader_maps(l, libbpf_num_possible_cpus(), d)) {
		fprintf(stderr, "bpfload: %s\n", d->msg);
		return 2;
	}
	for (size_t i = 0; i < l->probe.programs.n; i++) {
		const struct bpf_code *code = &l->probe.programs.p[i];

		if (!starts(code->name, plain ? "raw_" : "plain_"))
			(old ? try_old : try_code)(l, code, plain, verbose, &f);
	}
	printf("%u programs, %u rejected, at most %lu instructions processed (%s)\n", f.programs,
	       f.rejected, f.most, f.most_name ?: "none");
	if (f.rejected || f.most > PROCESSED_MAX)
		return 1;
	return f.most ? 0 : 77;
}

int main(int argc, char **argv)
{
	struct driver_options opt = { .workers = 1 };
	struct diag d = { 0 };
	struct bpf_loader l;
	bool plain = false, old = false, verbose = false;
	int o, status;

	while ((o = getopt(argc, argv, "pov")) != -1) {
		if (o != 'p' && o != 'o' && o != 'v')
			return 2;
		plain |= o == 'p';
		old |= o == 'o';
		verbose |= o == 'v';
	}
	if (optind != argc - 1)
		return 2;
	bpf_loader_init(&l, &opt);
	status = run(&l, argv[optind], plain, old, verbose, &d);
	bpf_loader_fini(&l);
	diag_fini(&d);
	return status;
}
