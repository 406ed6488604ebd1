/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel filter over captures: what an event tells of its call is decided as a driver would
 * decide it, and no event that a rule matches may be discarded.  The rules are random, made of names that
 * the capture has; the stock rules; and saker's own.  With mistakes in the tables it must fail.
 *
 * FILTER_SEED=N changes the random ones, FILTER_SETS=N how many of them there are.
 */
#include "rules_help.h"

#include <unistd.h>

#include "app/kernel_filter.h"
#include "capture/capture.h"
#include "filter_rules.h"
#include "proc/proc.h"
#include "scapfile.h"

#define TRIALS_MAX 64
#define WORDS_MAX 256
#define OPEN_MISTAKES (1 << WRONG_RESULT | 1 << WRONG_ACCESS | 1 << WRONG_FLAG | 1 << LOST_PATH | 1 << LOST_CLAUSE)

static const char *const stock[] = { "falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml" };
static const char *const recorded[] = { "attacks-1.scap.gz", "mixed.scap.gz", "net.scap.gz", "all.scap.gz" };

/* ---- events as calls --------------------------------------------------------------------------------- */

/* The code of a call by the type of its event; 0: none, or several. */
static u32 code_of(const struct event *ev)
{
	static u16 codes[EV_MAX];
	static bool known;

	for (u32 c = 1; c < SC_MAX && !known; c++) {
		const struct syscall_desc *s = syscall_desc(c);

		if (s && s->use & SU_USED && s->event < EV_MAX && s->event > EV_GENERIC_X)
			codes[s->event] = codes[s->event] ? UINT16_MAX : (u16)c;
	}
	known = true;
	return ev->type < EV_MAX && codes[ev->type] != UINT16_MAX ? codes[ev->type] : 0;
}

static const struct event_param *param(const struct event *ev, const char *name)
{
	int i = event_param_index(ev->desc, name, strlen(name));

	return i >= 0 && (u32)i < ev->nparams && ev->params[i].len ? &ev->params[i] : NULL;
}

static u64 number(const struct event_param *p)
{
	u64 v = 0;

	memcpy(&v, p->p, p->len < sizeof(v) ? p->len : sizeof(v));
	return v;
}

/* As they were passed, but for those that no filter looks at. */
static u32 raw_flags(u32 p)
{
	return (u32)((p & 2 ? (p & 1 ? O_RDWR : O_WRONLY) : O_RDONLY) | (p & 4 ? O_CREAT : 0) | (p & 8 ? O_APPEND : 0) |
		     (p & 32 ? O_EXCL : 0) | (p & 256 ? O_TRUNC : 0) | (p & 1024 ? O_DIRECTORY : 0));
}

/* Parameters that are the argument as it was passed. */
static const struct {
	u16 event;
	const char *param;
	u8 arg;
} as_passed[] = {
	{ EV_SYSCALL_CHMOD_X, "mode", 1 }, { EV_SYSCALL_FCHMOD_X, "mode", 1 }, { EV_SYSCALL_FCHMODAT_X, "mode", 2 },
	{ EV_SYSCALL_KILL_X, "pid", 0 }, { EV_SYSCALL_KILL_X, "sig", 1 }, { EV_SYSCALL_TGKILL_X, "sig", 2 },
	{ EV_SYSCALL_BPF_2_X, "cmd", 0 }, { EV_SYSCALL_KEYCTL_X, "operation", 0 }, { EV_SYSCALL_LSEEK_X, "offset", 1 },
};

static void find_numbers(const struct event *ev, struct kf_values *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (u32 i = 0; i < ARRAY_SIZE(as_passed); i++) {
		const struct event_param *p = ev->type == as_passed[i].event ? param(ev, as_passed[i].param) : NULL;

		if (!p)
			continue;
		ret->v[as_passed[i].arg][0] = ret->v[as_passed[i].arg][1] = number(p);
		ret->known |= 1u << as_passed[i].arg;
	}
}

/* False: it cannot be told which call it was, or how it ended. */
static bool call_of(const struct event *ev, struct call *ret)
{
	const struct event_param *p;

	ret->code = code_of(ev);
	if (!ret->code || !ev->nparams || ev->params[0].len != 8)
		return false;
	ret->ret = (s64)number(&ev->params[0]);
	p = param(ev, "flags");
	ret->flags = ev->type == EV_SYSCALL_CREAT_X ? O_CREAT | O_TRUNC | O_WRONLY : p ? raw_flags((u32)number(p)) : 0;
	find_numbers(ev, &ret->numbers);
	p = param(ev, "name");
	ret->unread = !p || p->len > sizeof(ret->path) || p->p[p->len - 1];
	ret->path[0] = 0;
	if (!ret->unread)
		memcpy(ret->path, p->p, p->len);
	if (!strcmp(ret->path, "<NA>"))
		ret->unread = true;
	return true;
}

/* ---- rule sets -------------------------------------------------------------------------------------- */

struct trial {
	const char *what;
	struct buf text;
	struct rules *rules;
	struct ruleset *set;
	struct kfilter *bad;	/* MISTAKES of them */
	u64 decided, matched, dropped;
	u64 wrong[MISTAKES];
};

struct trials {
	struct trial t[TRIALS_MAX];
	u32 n;
};

static void read_all(const char *path, struct buf *ret)
{
	char part[65536];
	size_t n;
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("%s: cannot be read", path);
	while ((n = fread(part, 1, sizeof(part), f)))
		buf_add(ret, part, n);
	fclose(f);
}

static void derive(struct trial *t)
{
	static struct pushdown down;
	struct config none = { 0 };
	struct pushdown_options opt;
	struct interest_choice ch;

	interest_choose(&none, t->set, NULL, &ch);
	kernel_filter_options(&ch, &opt);
	interest_choice_fini(&ch);
	memset(opt.pass, 0, sizeof(opt.pass));	/* what these teach does not matter: the state has all events here */
	pushdown_build(t->set, &opt, &down);
	t->bad = xcalloc(MISTAKES, sizeof(*t->bad));
	for (u32 m = 0; m < MISTAKES; m++) {
		t->bad[m] = down.filter;
		make_mistake(&t->bad[m], m);
	}
}

/* files: NULL: the text that is in the trial. */
static struct trial *add_trial(struct trials *all, const char *what, const char *const *files, u32 nfiles)
{
	static const struct rules_selection every = { .enable = true, .rule = "*" };
	struct rules_options opt = test_options();
	struct trial *t = &all->t[all->n++];
	struct diag d = { 0 };
	struct buf out = { 0 }, text = { 0 };

	opt.selection = &every;
	opt.nselection = 1;
	t->what = what;
	t->rules = rules_new(&opt);
	if (!nfiles)
		assert_int_equal(load(t->rules, buf_str(&t->text), &out), 0);
	for (u32 i = 0; i < nfiles; i++) {
		buf_clear(&text);
		read_all(files[i], &text);
		if (load(t->rules, buf_str(&text), &out))
			fail_msg("%s: %s", files[i], buf_str(&out));
	}
	assert_int_equal(rules_compile(t->rules, &t->set, &d), 0);
	derive(t);
	buf_fini(&out);
	buf_fini(&text);
	return t;
}

static void free_trials(struct trials *all)
{
	for (u32 i = 0; i < all->n; i++) {
		ruleset_free(all->t[i].set);
		rules_free(all->t[i].rules);
		buf_fini(&all->t[i].text);
		free(all->t[i].bad);
	}
	memset(all, 0, sizeof(*all));
}

/* Of calls that captures have and whose arguments events tell as they were. */
static void add_argument_rules(struct buf *b)
{
	static const char *const checks[] = {
		"evt.type in (chmod, fchmod, fchmodat) and evt.arg.mode contains S_IX",
		"evt.type in (chmod, fchmod, fchmodat) and not evt.arg.mode contains S_IWOTH",
		"evt.type = fchmodat and evt.arg.mode contains S_ISUID", "evt.type = kill and evt.arg.sig in (SIGTERM, SIGKILL)",
		"evt.type = kill and evt.rawarg.pid > 100", "evt.type = tgkill and evt.arg.sig = SIGABRT",
		"evt.type = lseek and evt.rawarg.offset > 1000", "evt.type = lseek and evt.rawarg.offset in (0, 64, 128)",
		"evt.type = bpf and evt.arg.cmd = BPF_PROG_LOAD", "evt.type = keyctl and evt.arg.operation = KEYCTL_READ",
	};

	for (u32 i = 0; i < 3; i++)
		buf_addf(b, "- rule: r%u\n  desc: d\n  priority: INFO\n  output: o\n  condition: %s%s\n", i, PICK(checks),
			 random_below(2) ? " and evt.rawres = 0" : "");
}

/* ---- words of a capture -------------------------------------------------------------------------------- */

struct found {
	char *names[WORDS_MAX];
	const char *files[WORDS_MAX];
	u32 n, seen;
};

static bool is_plain(const char *s)
{
	return *s && strlen(s) < 200 &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+")];
}

/* A path, at times only its directory; one that was there longest makes room. */
static void find_word(struct found *w, const char *path)
{
	char *copy, *slash;
	u32 i;

	if (path[0] != '/' || !is_plain(path))
		return;
	for (i = 0; i < w->n; i++)
		if (!strcmp(w->names[i], path))
			return;
	i = w->n < WORDS_MAX ? w->n++ : random_below(WORDS_MAX);
	copy = strdup(path);
	free(w->names[i]);
	w->names[i] = copy;
	slash = strrchr(copy, '/');
	w->files[i] = slash[1] ? slash + 1 : "x";
	if (slash > copy && !random_below(3)) {
		*slash = 0;
		w->files[i] = strrchr(copy, '/')[1] ? strrchr(copy, '/') + 1 : "x";
	}
}

/* ---- a capture -------------------------------------------------------------------------------------- */

struct replay {
	void (*event)(struct replay *r, struct field_ctx *x, const struct event *ev);
	struct trials *all;
	struct found *words;
	u64 events;
};

static void replay(const char *path, struct replay *r)
{
	const struct proc_options opt = { 0 };
	struct proc *p = proc_new(&opt);
	struct diag d = { 0 };
	struct raw_event raw;
	struct field_ctx x;
	struct capture *c;

	if (capture_open_file(path, proc_state_sink(p), &c, &d))
		fail_msg("%s: %s", path, d.msg);
	field_ctx_init(&x, p);
	while (!capture_next(c, &raw, -1)) {
		struct event ev;

		if (event_decode(&ev, raw.hdr, raw.len, &d))
			continue;
		ev.cpu = raw.cpu;
		ev.num = ++r->events;
		if (proc_apply(p, &ev)) {
			field_ctx_event(&x, &ev);
			r->event(r, &x, &ev);
		}
		proc_done(p, &ev);
	}
	field_ctx_fini(&x);
	capture_close(c);
	proc_free(p);
	diag_fini(&d);
}

static void collect(struct replay *r, struct field_ctx *x, const struct event *ev)
{
	struct call c;

	(void)x;
	if (call_of(ev, &c) && !c.unread)
		find_word(r->words, c.path);
}

static void judge(struct replay *r, struct field_ctx *x, const struct event *ev)
{
	static struct call c;

	if (!call_of(ev, &c))
		return;
	for (u32 i = 0; i < r->all->n; i++) {
		struct trial *t = &r->all->t[i];
		struct rule *const *matched;
		u32 n;

		if (t->bad[NO_MISTAKE].codes[c.code] == KF_PASS)
			continue;
		n = ruleset_match(t->set, x, x->ev, false, &matched);
		t->decided++;
		t->matched += n > 0;
		t->dropped += !passes(&t->bad[NO_MISTAKE], &c);
		for (u32 m = 0; m < MISTAKES; m++)
			t->wrong[m] += n && !passes(&t->bad[m], &c);
		if (n && !passes(&t->bad[NO_MISTAKE], &c))
			fail_msg("%s: event %llu is discarded, but rule '%s' matches: %s %s flags %o result %lld\n%s", t->what,
				 ev->num, matched[0]->name, ev->desc->name, c.path, c.flags, (long long)c.ret,
				 buf_str(&t->text));
	}
}

static void tell(const char *what, const struct trial *t)
{
	print_message("  %-24s %8llu decided, %7llu matched, %8llu discarded; seen with mistakes:", what, t->decided,
		      t->matched, t->dropped);
	for (u32 m = NO_MISTAKE + 1; m < MISTAKES; m++)
		print_message(" %llu", t->wrong[m]);
	print_message("\n");
}

static u32 number_of(const char *variable, u32 otherwise)
{
	const char *s = getenv(variable);

	return s ? (u32)strtoul(s, NULL, 10) : otherwise;
}

/* Runs random rule sets and those of files over a capture; adds up what the random ones did. */
static void over_capture(const char *path, const char *rules_dir, struct trial *sum)
{
	static struct trials all;
	struct found found = { 0 };
	struct replay r = { .event = collect, .words = &found, .all = &all };
	u32 n = number_of("FILTER_SETS", TRIALS_MAX - 2);
	char *files[ARRAY_SIZE(stock)];
	static const char *const own[] = { "etc/saker_rules.yaml" };
	struct rule_words words;

	memset(&all, 0, sizeof(all));	/* after a test that failed */
	replay(path, &r);
	if (!found.n)
		find_word(&found, "/etc/passwd");
	words = (struct rule_words){ (const char *const *)found.names, found.n, found.files, found.n };
	for (u32 i = 0; i < n && i < TRIALS_MAX - 2; i++) {
		if (i % 4)
			add_rules(&all.t[all.n].text, &words);
		else
			add_argument_rules(&all.t[all.n].text);
		add_trial(&all, "random rules", NULL, 0);
	}
	n = all.n;
	add_trial(&all, "saker's rules", own, 1);
	for (u32 i = 0; rules_dir && i < ARRAY_SIZE(stock); i++)
		assert_true(asprintf(&files[i], "%s/%s", rules_dir, stock[i]) > 0);
	if (rules_dir)
		add_trial(&all, "stock rules", (const char *const *)files, ARRAY_SIZE(stock));
	r = (struct replay){ .event = judge, .all = &all };
	replay(path, &r);
	print_message("%s: %llu events\n", path, r.events);
	for (u32 i = n; i < all.n; i++)
		tell(all.t[i].what, &all.t[i]);
	for (u32 i = 0; i < n; i++) {
		sum->decided += all.t[i].decided;
		sum->matched += all.t[i].matched;
		sum->dropped += all.t[i].dropped;
		for (u32 m = 0; m < MISTAKES; m++)
			sum->wrong[m] += all.t[i].wrong[m];
	}
	free_trials(&all);
	for (u32 i = 0; i < found.n; i++)
		free(found.names[i]);
	for (u32 i = 0; rules_dir && i < ARRAY_SIZE(stock); i++)
		free(files[i]);
}

/* mistakes: bits, those that must have been seen. */
static void is_sound_and_of_use(const struct trial *sum, u32 mistakes)
{
	tell("random rules, all", sum);
	assert_true(sum->matched > 0);
	assert_true(sum->dropped > sum->decided / 20);
	for (u32 m = NO_MISTAKE + 1; m < MISTAKES; m++)
		assert_true(sum->wrong[m] > 0 || !(mistakes >> m & 1));
}

/* ---- tests ------------------------------------------------------------------------------------------- */

static void start(void)
{
	seed = number_of("FILTER_SEED", 1);
	print_message("seed %llu\n", seed);
}

static void test_recorded(void **state)
{
	const char *kit = getenv("SAKER_CONFORMANCE") ? getenv("SAKER_CONFORMANCE") : "../shared/conformance";
	char path[512], rules[512];
	struct trial sum = { 0 };

	(void)state;
	snprintf(path, sizeof(path), "%s/recorded", kit);
	snprintf(rules, sizeof(rules), "%s/rules", kit);
	if (access(path, R_OK)) {
		print_message("skipped: there are no recorded captures at %s\n", path);
		skip();
	}
	start();
	for (u32 i = 0; i < ARRAY_SIZE(recorded); i++) {
		snprintf(path, sizeof(path), "%s/recorded/%s", kit, recorded[i]);
		over_capture(path, rules, &sum);
	}
	is_sound_and_of_use(&sum, OPEN_MISTAKES | 1 << WRONG_NUMBER);
}

/* A thread that opens what a list says, in all ways, with results of all kinds. */
static void put_opens(struct buf *file)
{
	static const char *const paths[] = {
		"/etc/shadow", "/etc/passwd", "/usr/lib/x.so", "/home/me/.ssh/id_rsa", "relative/name", "../up", "/a//b",
		"/etc/../etc/shadow", "/tmp/", "/", "/var/log/syslog", "/dev/mem", "/proc/1/environ", "/tmp/t\xc3\xa9st",
	};
	static const u32 flags[] = { 1, 2, 3, 2 | 4, 2 | 4 | 256, 1 | 1024, 3 | 8, 2 | 4 | 32 };
	static const s64 results[] = { 3, 0, 7, -2, -13 };

	for (u32 i = 0; i < ARRAY_SIZE(paths) * ARRAY_SIZE(flags) * ARRAY_SIZE(results); i++) {
		const char *path = paths[i % ARRAY_SIZE(paths)];
		u32 f = flags[i / ARRAY_SIZE(paths) % ARRAY_SIZE(flags)];
		s64 ret = results[i / ARRAY_SIZE(paths) / ARRAY_SIZE(flags)];
		struct buf ev = { 0 };
		u64 ts = 1700000000ull * 1000000000 + i * 1000;

		if (i % 3)
			put_event(&ev, EV_SYSCALL_OPENAT_2_X, ts, 1000, P_NUM(8, ret), P_NUM(8, -100), P_STR(path), P_NUM(4, f),
				  P_NUM(4, 0), P_NUM(4, 0), P_NUM(8, 0));
		else
			put_event(&ev, EV_SYSCALL_OPEN_X, ts, 1000, P_NUM(8, ret), P_STR(path), P_NUM(4, f), P_NUM(4, 0),
				  P_NUM(4, 0), P_NUM(8, 0));
		put_event_block(file, 0, &ev);
		buf_fini(&ev);
	}
}

static void test_made(void **state)
{
	struct trial sum = { 0 };
	struct buf file = { 0 };
	char *name;

	(void)state;
	start();
	put_section(&file);
	put_opens(&file);
	name = save_temp(file.p, file.len);
	over_capture(name, NULL, &sum);
	unlink(name);
	free(name);
	buf_fini(&file);
	is_sound_and_of_use(&sum, OPEN_MISTAKES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
