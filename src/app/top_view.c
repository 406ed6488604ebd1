/* SPDX-License-Identifier: Apache-2.0 */
#include "app/top_view.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define BOLD "\033[1m"
#define RED "\033[31m"
#define NORMAL "\033[0m"
#define JSON_ROWS 50u

/* ---- lines ------------------------------------------------------------------------------------- */

struct page {
	struct buf *out;
	struct buf line;
	u32 width, left;	/* lines */
	bool plain;
};

static void end_line(struct page *p, const char *style)
{
	size_t n = u64_min(p->line.len, p->width);

	if (p->left) {
		p->left--;
		if (style && !p->plain)
			buf_adds(p->out, style);
		buf_add(p->out, buf_str(&p->line), n);
		if (style && !p->plain)
			buf_adds(p->out, NORMAL);
		buf_addc(p->out, '\n');
	}
	buf_clear(&p->line);
}

/* "1,234,567"; below 10 with a decimal. */
static void add_number(struct buf *b, double x)
{
	char digits[32];
	int n;

	if (x > 0 && x < 9.95) {
		buf_addf(b, "%.1f", x);
		return;
	}
	n = snprintf(digits, sizeof(digits), "%.0f", x < 1e15 ? x : 1e15);
	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			buf_addc(b, ',');
		buf_addc(b, digits[i]);
	}
}

static void add_column(struct buf *b, u32 width, double x)
{
	struct buf number = { 0 };

	add_number(&number, x);
	buf_addf(b, "%*s", (int)width, buf_str(&number));
	buf_fini(&number);
}

static void add_share(struct buf *b, u32 width, double part, double all)
{
	if (all > 0)
		buf_addf(b, "%*.1f%%", (int)width - 1, 100 * part / all);
	else
		buf_addf(b, "%*s", (int)width, "-");
}

/* ---- head -------------------------------------------------------------------------------------- */

static void add_duration(struct buf *b, u64 s)
{
	if (s >= 86400)
		buf_addf(b, "%llud ", s / 86400);
	buf_addf(b, "%02llu:%02llu:%02llu", s / 3600 % 24, s / 60 % 60, s % 60);
}

static void add_head(struct page *p, const struct top_sample *s, const struct top_rates *r)
{
	struct buf *b = &p->line;

	buf_addf(b, "saker top - %s, up ", s->driver[0] ? s->driver : "no driver");
	add_duration(b, s->duration_s);
	buf_addf(b, ", %llu CPU%s, %llu worker%s, figures of %.1f s", s->ncpus, s->ncpus == 1 ? "" : "s", s->workers,
		 s->workers == 1 ? "" : "s", r->seconds);
	end_line(p, BOLD);
	buf_adds(b, "events/s  seen ");
	add_number(b, r->seen);
	buf_adds(b, " = filtered in the kernel ");
	add_number(b, r->filtered);
	buf_adds(b, " + delivered ");
	add_number(b, r->delivered);
	if (s->held) {
		buf_adds(b, " + held back ");
		add_number(b, r->held);
	}
	buf_adds(b, " + dropped ");
	add_number(b, r->dropped);
	end_line(p, NULL);
	buf_adds(b, "dropped   since the start ");
	add_number(b, (double)s->dropped);
	if (s->alerts_dropped)
		buf_addf(b, "; alerts dropped because outputs are slow: %llu", s->alerts_dropped);
	end_line(p, r->dropped > 0 ? RED : NULL);
}

static void add_cost(struct page *p, const struct top_sample *s, const struct top_rates *r)
{
	struct buf *b = &p->line;

	buf_addf(b, "sensor    %.1f%% of a CPU, %.1f MB (rings included), %llu threads known, alerts/s ", 100 * r->cpu,
		 (double)s->rss_kb / 1024, s->threads);
	add_number(b, r->alerts);
	end_line(p, NULL);
	if (r->kernel >= 0)
		buf_addf(b, "kernel    %.1f%% of a CPU in the driver's programs", 100 * r->kernel);
	else
		buf_adds(b, "kernel    cost not counted (for BPF drivers: sysctl kernel.bpf_stats_enabled=1)");
	end_line(p, NULL);
}

static void add_health(struct page *p, const struct top_sample *s)
{
	struct buf *b = &p->line;
	bool bad = s->blind || s->fallback || s->rejected;

	buf_adds(b, "health    ");
	if (s->blind)
		buf_addf(b, "BLIND: %s", s->reason);
	else if (s->fallback)
		buf_addf(b, "degraded: %s is used instead of %s", s->driver, s->wanted);
	else if (s->rejected)
		buf_addf(b, "degraded: the kernel did not take %llu of the driver's programs", s->rejected);
	else
		buf_addf(b, "ok%s", s->heartbeat ? "" : " (no heartbeat)");
	end_line(p, bad ? RED : NULL);
}

/* For those who look for the first time. */
static void add_culprits(struct page *p, const struct top_rates *r)
{
	const struct top_rate *call = r->n[TOP_SYSCALLS] ? &r->lists[TOP_SYSCALLS][0] : NULL;
	const struct top_rate *proc = r->n[TOP_PROCESSES] ? &r->lists[TOP_PROCESSES][0] : NULL;
	struct buf *b = &p->line;

	buf_adds(b, "most load ");
	if (!call && !proc)
		buf_adds(b, "none");
	if (call && r->seen > 0)
		buf_addf(b, "%s (%.0f%% of the calls seen)", call->row->name, 100 * call->seen / r->seen);
	if (proc && r->handled > 0)
		buf_addf(b, "%s%s, process %lld (%.0f%% of the events delivered)", call ? "; " : "", proc->row->name,
			 proc->row->pid, 100 * proc->delivered / r->handled);
	end_line(p, BOLD);
}

/* ---- lists --------------------------------------------------------------------------------------- */

static void syscall_row(struct page *p, const struct top_rate *t, const struct top_rates *r)
{
	buf_addf(&p->line, "%-24.24s", t->row->name);
	add_column(&p->line, 12, t->seen);
	add_column(&p->line, 12, t->filtered);
	add_column(&p->line, 12, t->delivered);
	add_column(&p->line, 10, t->dropped);
	add_share(&p->line, 8, t->seen, r->seen);
}

static void process_row(struct page *p, const struct top_rate *t, const struct top_rates *r)
{
	buf_addf(&p->line, "%-24.24s%12lld", t->row->name, t->row->pid);
	add_column(&p->line, 24, t->delivered);
	add_share(&p->line, 18, t->delivered, r->handled);
}

static void rule_row(struct page *p, const struct top_rate *t, const struct top_rates *r)
{
	(void)r;
	buf_addf(&p->line, "%-36.36s", t->row->name);
	add_column(&p->line, 12, t->evaluations);
	if (t->eval_ns > 0)
		buf_addf(&p->line, "%10.0f%9.2f%%", t->eval_ns, 100 * t->cost);
	else
		buf_addf(&p->line, "%10s%10s", "-", "-");
	add_column(&p->line, 10, t->matches);
}

struct panel {
	enum top_list list;
	const char *head;
	u32 share;		/* of the lines that are left */
	void (*row)(struct page *p, const struct top_rate *t, const struct top_rates *r);
};

static const struct panel panels[] = {
	{ TOP_SYSCALLS, "SYSCALL                       seen/s  filtered/s delivered/s dropped/s   share", 4, syscall_row },
	{ TOP_PROCESSES, "PROCESS                          PID             delivered/s   share of delivered", 4,
	  process_row },
	{ TOP_RULES, "RULE                                     evals/s   ns each     cost  matches/s", 3, rule_row },
};

static void add_panel(struct page *p, const struct panel *q, const struct top_rates *r, u32 lines)
{
	if (lines < 3)
		return;
	end_line(p, NULL);
	buf_adds(&p->line, q->head);
	end_line(p, BOLD);
	for (u32 i = 0; i < r->n[q->list] && i < lines - 2; i++) {
		q->row(p, &r->lists[q->list][i], r);
		end_line(p, NULL);
	}
}

/* Most of a process's calls may never have left the kernel. */
static void add_note(struct page *p, const struct top_sample *s, const struct top_rates *r)
{
	if (r->seen <= 0 || r->filtered < r->seen / 2)
		return;
	buf_addf(&p->line, "The kernel filtered %.0f%% of what it saw: processes are ranked by the rest.",
		 100 * r->filtered / r->seen);
	(void)s;
	end_line(p, NULL);
}

void top_view_text(const struct top_sample *s, const struct top_rates *r, u32 width, u32 height, bool plain,
		   struct buf *out)
{
	struct page p = { .out = out, .width = width, .left = height, .plain = plain };
	u32 left, shares = 0;

	add_head(&p, s, r);
	add_cost(&p, s, r);
	add_health(&p, s);
	add_culprits(&p, r);
	add_note(&p, s, r);
	for (u32 i = 0; i < ARRAY_SIZE(panels); i++)
		shares += panels[i].share;
	for (u32 i = 0; i < ARRAY_SIZE(panels); i++) {
		left = p.left;
		add_panel(&p, &panels[i], r, left * panels[i].share / shares);
		shares -= panels[i].share;
	}
	buf_fini(&p.line);
}

/* ---- JSON ---------------------------------------------------------------------------------------- */

static json_t *rate(double x)
{
	return json_real((double)(s64)(x * 10 + 0.5) / 10);
}

static json_t *json_row(enum top_list list, const struct top_rate *t)
{
	const struct top_row *row = t->row;

	switch (list) {
	case TOP_SYSCALLS:
		return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "name", row->name, "seen", rate(t->seen),
				 "filtered", rate(t->filtered), "delivered", rate(t->delivered),
				 "dropped", rate(t->dropped), "bytes", rate(t->bytes));
	case TOP_PROCESSES:
		return json_pack("{s:s, s:I, s:o}", "name", row->name, "pid", (json_int_t)row->pid,
				 "delivered", rate(t->delivered));
	case TOP_RULES:
		return json_pack("{s:s, s:o, s:o, s:o, s:f}", "name", row->name, "evaluations", rate(t->evaluations),
				 "evaluation_ns", rate(t->eval_ns), "matches", rate(t->matches), "cpu", t->cost);
	default:
		return json_pack("{s:s, s:f}", "name", row->name, "cpu", t->cost);
	}
}

static json_t *json_list(enum top_list list, const struct top_rates *r)
{
	json_t *a = json_array();

	for (u32 i = 0; i < r->n[list] && i < JSON_ROWS; i++)
		json_array_append_new(a, json_row(list, &r->lists[list][i]));
	return a;
}

void top_view_json(const struct top_sample *s, const struct top_rates *r, struct buf *out)
{
	json_t *o = json_pack("{s:I, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:f, s:I}", "time_ns", (json_int_t)s->time_ns,
		"seconds", r->seconds, "seen", rate(r->seen), "filtered", rate(r->filtered), "delivered", rate(r->delivered),
		"held", rate(r->held), "dropped", rate(r->dropped), "handled", rate(r->handled), "alerts", rate(r->alerts),
		"dropped_total", (json_int_t)s->dropped, "cpu", r->cpu, "rss_kb", (json_int_t)s->rss_kb);
	char *line;

	if (r->kernel >= 0)
		json_object_set_new(o, "kernel_cpu", json_real(r->kernel));
	json_object_set_new(o, "health", json_pack("{s:s, s:s, s:b, s:b, s:s}", "driver", s->driver, "wanted", s->wanted,
		"fallback", s->fallback, "blind", s->blind, "reason", s->reason));
	json_object_set_new(o, "syscalls", json_list(TOP_SYSCALLS, r));
	json_object_set_new(o, "processes", json_list(TOP_PROCESSES, r));
	json_object_set_new(o, "rules", json_list(TOP_RULES, r));
	json_object_set_new(o, "programs", json_list(TOP_PROGRAMS, r));
	line = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6));
	if (line)
		buf_adds(out, line);
	buf_addc(out, '\n');
	free(line);
	json_decref(o);
}
