/* SPDX-License-Identifier: Apache-2.0 */
#include "app/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/engine.h"
#include "app/info.h"
#include "app/interest.h"
#include "app/log.h"
#include "base/clock.h"
#include "event/event.h"
#include "setup/cache.h"
#include "setup/choose.h"

#define HEARTBEAT_MS 3000

struct doctor {
	struct run *run;
	struct system sys;
	struct features feat;
	u32 problems;
};

/* ---- what is printed --------------------------------------------------------------------- */

static void good(const char *fmt, ...) PRINTF(1, 2);
static void say(const char *mark, const char *fmt, va_list ap) PRINTF(2, 0);
static void problem(struct doctor *doc, const char *remedy, const char *fmt, ...) PRINTF(3, 4);
static void note(const char *remedy, const char *fmt, ...) PRINTF(2, 3);

static void say(const char *mark, const char *fmt, va_list ap)
{
	printf("%-8s ", mark);
	vprintf(fmt, ap);
	putchar('\n');
}

static void good(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("ok", fmt, ap);
	va_end(ap);
}

static void print_remedy(const char *remedy)
{
	if (remedy)
		printf("%-8s to mend it: %s\n", "", remedy);
}

static void problem(struct doctor *doc, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	doc->problems++;
	va_start(ap, fmt);
	say("PROBLEM", fmt, ap);
	va_end(ap);
	print_remedy(remedy);
}

static void note(const char *remedy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("note", fmt, ap);
	va_end(ap);
	print_remedy(remedy);
}

/* ---- what is looked at -------------------------------------------------------------------- */

/* The driver that is in use, against the one that should be. */
static void judge_driver(struct doctor *doc)
{
	const struct run_driver *drv = &doc->run->driver;
	const char *why = drv->why.len ? drv->why.p : "";

	if (!drv->used)
		problem(doc, drv->remedy, "no driver works: %s", why);
	else if (drv->fallback)
		problem(doc, drv->remedy, "%s is used instead of %s, which does not work: %s",
			drv->used, drv->wanted, why);
	else
		good("driver: %s", drv->used);
	if (drv->used && !drv->fallback && *why)
		note(drv->remedy, "better drivers do not work here: %s", why);
}

/* The way by which the driver in use came to work: the first of its kind that is complete. */
static const struct way *way_of(struct doctor *doc, const char *kind)
{
	for (u32 i = 0; i < nways; i++)
		if (!strcmp(ways[i].kind, kind) && !way_missing(&doc->feat, &ways[i], true))
			return &ways[i];
	return NULL;
}

static void judge_wants(struct doctor *doc)
{
	const struct way *w = way_of(doc, doc->run->driver.used);

	for (u32 x = 0; w && x < NFEATURES; x++)
		if (w->wants >> x & 1 && !feature_usable(&doc->feat, x))
			note(feature_rows[x].remedy, "%s: %s (%s)", feature_rows[x].name,
			     *feature_detail(&doc->feat, x) ? feature_detail(&doc->feat, x)
							    : "missing",
			     feature_rows[x].what);
}

/* Names of the rules that ask for a call which is not captured; ret: how many. */
static u32 rules_curtailed(const struct run *r, struct buf *out)
{
	u32 n = 0;

	for (u32 i = 0; i < ruleset_count(r->set); i++) {
		const struct rule *rule = ruleset_rule(r->set, i);
		bool curtailed = false;

		for (u32 code = 1; code < SC_MAX && !curtailed; code++)
			curtailed = event_set_has_sc(&rule->events, code) &&
				    interest_event_name(code) && !interest_has(&r->interest, code);
		if (curtailed)
			buf_addf(out, "%s%s", n++ ? ", " : "", rule->name);
	}
	return n;
}

/* What the configuration has decided is a note. */
static u32 judge_configured(struct doctor *doc)
{
	struct buf names = { 0 };
	u32 n = rules_curtailed(doc->run, &names);

	if (n)
		note("saker rules --syscalls tells which and why",
		     "%u rules ask for system calls that are left out: %s", n, buf_str(&names));
	buf_fini(&names);
	return n;
}

/* Rules that name an event which the driver does not send do not get it, whatever is configured. */
static u32 judge_undelivered(struct doctor *doc)
{
	const struct driver *d = driver_by_name(doc->run->driver.used);
	struct buf who = { 0 };
	u32 all = 0;

	buf_addf(&who, "%s does not deliver", d ? d->name : "");
	for (u32 code = 1; code < SC_MAX; code++) {
		struct buf names = { 0 };
		u32 n = driver_delivers(d, code) ? 0 :
			interest_rules_naming(doc->run->set, code, &names);

		if (n)
			note(driver_delivers(NULL, code) ? "another driver does" : "it is found in capture files only",
			     "%s %s, which %u rule%s: %s", d ? buf_str(&who) : "no driver delivers",
			     syscall_desc(code)->name, n, n == 1 ? " names" : "s name", buf_str(&names));
		all += n;
		buf_fini(&names);
	}
	buf_fini(&who);
	return all;
}

static void judge_coverage(struct doctor *doc)
{
	struct run *r = doc->run;
	struct buf blind = { 0 }, poorer = { 0 };
	u32 nblind = engine_rules_of(r, r->driver.blind, &blind);
	u32 npoorer = engine_rules_of(r, r->driver.poorer, &poorer);
	u32 ncurtailed;

	if (r->driver.nrejected)
		problem(doc,
			"another driver may do (saker driver probe); report it with this line and "
			"the kernel's version",
			"the kernel does not take: %s", buf_str(&r->driver.rejected));
	if (nblind)
		problem(doc, NULL, "%u rules do not see all of their events: %s", nblind,
			buf_str(&blind));
	if (npoorer)
		problem(doc, NULL, "%u rules see events with less in them: %s", npoorer,
			buf_str(&poorer));
	ncurtailed = judge_undelivered(doc) + judge_configured(doc);
	if (!ncurtailed && !nblind && !npoorer)
		good("all %u rules see their events", ruleset_count(r->set));
	buf_fini(&blind);
	buf_fini(&poorer);
}

/* True when an event of that thread came. */
static bool wait_for_event(struct run *r, s64 tid)
{
	u64 end = clock_ms(CLOCK_MONOTONIC) + HEARTBEAT_MS;

	while (clock_ms(CLOCK_MONOTONIC) < end) {
		struct raw_event raw;
		int err = capture_next(r->capture, &raw, 100);

		if (!err && raw.hdr->tid == (u64)tid)
			return true;
		if (err && err != -EAGAIN && err != -EINTR)
			break;
	}
	return false;
}

/* A child is born and dies: its end is an event that is always wanted. */
static void heartbeat(struct doctor *doc)
{
	u64 start = clock_ms(CLOCK_MONOTONIC);
	pid_t pid = fork();
	bool came;

	if (!pid)
		_exit(0);
	came = pid > 0 && wait_for_event(doc->run, pid);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (came)
		good("events come: the end of a process was seen after %llu ms", clock_ms(CLOCK_MONOTONIC) - start);
	else
		problem(doc, "run `saker driver probe`; look into the kernel's log (dmesg)",
			"no event came within %d s of a process's end", HEARTBEAT_MS / 1000);
}

static void judge_last_start(struct doctor *doc)
{
	struct driver_status st;

	if (status_read(&doc->sys, &st) || (st.used && !st.why))
		return;
	if (!st.used)
		note(st.remedy, "the last start, on Linux %s, found no driver: %s", st.release,
		     st.why ? st.why : "");
	else if (strcmp(st.wanted, "auto") && strcmp(st.wanted, st.used))
		note(st.remedy, "the last start, on Linux %s, fell back from %s to %s: %s",
		     st.release, st.wanted, st.used, st.why ? st.why : "");
}

static void judge_source(struct doctor *doc, int err, const struct diag *d)
{
	struct run *r = doc->run;

	if (!r->driver.wanted) { /* replay, nodriver */
		if (err)
			problem(doc, NULL, "the source does not open: %s",
				d->msg ? d->msg : strerror(-err));
		else
			note("set engine.kind to auto",
			     "engine.kind is %s: nothing of this system is watched",
			     r->cfg->engine_kind);
		return;
	}
	judge_driver(doc);
	if (!r->driver.used)
		return;
	judge_coverage(doc);
	heartbeat(doc);
	judge_wants(doc);
}

void doctor_help(void)
{
	printf("saker doctor - tries a start, says what is wrong and how to mend it\n"
	       "Usage: saker doctor [OPTION...]\n\n"
	       "Options are those of the start that it tries (see saker --help), such as:\n\n"
	       "  -c FILE                     Configuration file (default: /etc/saker/saker.yaml).\n"
	       "  -r PATH                     Rules file, or folder of them, in place of rules_files. Repeatable.\n"
	       "  -o, --option KEY=VALUE      Set a configuration key. Repeatable.\n"
	       "  -h, --help                  Print this text.\n\n"
	       "A sensor that runs already is not disturbed. Status: 0 when nothing is wrong, 1 when something\n"
	       "is, %d when no driver works here.\n", EXIT_NO_DRIVER);
}

int doctor_run(struct run *r)
{
	struct doctor doc = { .run = r };
	struct diag d = { 0 };
	int err, status;

	log_setup(&(struct log_options){ .level = PRIO_EMERGENCY }); /* all of it is printed here */
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("saker %s, %s\n", SAKER_VERSION, info_system());
	good("configuration: %s; %u rules", r->cfg->path ? r->cfg->path : "defaults",
	     ruleset_count(r->set));
	system_init(&doc.sys, &(struct system_options){ .driver_dir = r->cfg->driver_dir,
							.probe = r->cfg->probe });
	features_init(&doc.feat, &doc.sys);
	judge_last_start(&doc);
	fflush(stdout);
	err = engine_open(r, &d);
	judge_source(&doc, err, &d);
	if (doc.problems)
		printf("%u problem%s\n", doc.problems, doc.problems == 1 ? "" : "s");
	else
		puts("nothing is wrong");
	status = err == -ENODEV ? EXIT_NO_DRIVER : doc.problems ? 1 : 0;
	features_fini(&doc.feat);
	system_fini(&doc.sys);
	diag_fini(&d);
	return status;
}
