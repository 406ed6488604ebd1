/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the sensor for its totals again and again, and shows what happened in between.  The terminal is
 * left as it was found, however the program ends or is stopped.
 */
#include "app/top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "app/cmdline.h"
#include "app/figures_json.h"
#include "app/top_view.h"
#include "base/clock.h"
#include "http/client.h"

#define ASK_MS 5000
#define PLAIN_WIDTH 200u
#define PLAIN_HEIGHT 60u

struct top {
	struct config cfg;
	struct strlist options;
	const char *config, *socket;
	u64 interval_ms, count;		/* count 0: until it is ended */
	bool json, help;
	bool screen;			/* a terminal */
	struct diag diag;
	struct top_sample before, now;
};

static volatile sig_atomic_t ended, resized, stopped;

static void on_signal(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else if (number == SIGTSTP)
		stopped = 1;
	else
		ended = number;
}

/* ---- options ------------------------------------------------------------------------------------- */

static const char help[] =
	"saker top - shows what the running sensor does: rates, who causes them, drops, cost\n"
	"Usage: saker top [OPTION...]\n\n"
	"  -d SECONDS                  Time between two pictures (1).\n"
	"  -n COUNT                    End after so many.\n"
	"      --json                  A JSON object in a line, not pictures: rates per second.\n"
	"      --socket PATH           Where the sensor listens, in place of top.socket.\n"
	"  -c FILE                     Configuration of the sensor (default: " CONFIG_PATH ").\n"
	"  -o, --option KEY=VALUE      As given to the sensor. Repeatable.\n"
	"  -h, --help                  Print this text.\n\n"
	"In a terminal, q ends it.\n";

static int bad_option(struct top *t, const char *option, const char *value)
{
	if (value)
		return diag_set(&t->diag, "saker top: %s '%s' is no number above 0", option, value);
	return diag_set(&t->diag, "saker top: option '%s' does not exist or misses its value; see saker top --help", option);
}

static int set_interval(struct top *t, const char *value)
{
	char *end;
	double s = strtod(value, &end);

	if (end == value || *end || !(s >= 0.1 && s <= 86400))
		return diag_set(&t->diag, "saker top: -d '%s': seconds, from 0.1 to 86400", value);
	t->interval_ms = (u64)(s * 1000);
	return 0;
}

static int set_count(struct top *t, const char *value)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (end == value || *end || n <= 0)
		return bad_option(t, "-n", value);
	t->count = (u64)n;
	return 0;
}

static int parse(struct top *t, int argc, char **argv)
{
	int err = 0;

	for (int i = 1; i < argc && !err; i++) {
		const char *o = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!strcmp(o, "--json")) {
			t->json = true;
			continue;
		}
		if (!strcmp(o, "-h") || !strcmp(o, "--help")) {
			t->help = true;
			continue;
		}
		i++;
		if (!value)
			err = bad_option(t, o, NULL);
		else if (!strcmp(o, "-d"))
			err = set_interval(t, value);
		else if (!strcmp(o, "-n"))
			err = set_count(t, value);
		else if (!strcmp(o, "--socket"))
			t->socket = value;
		else if (!strcmp(o, "-c"))
			t->config = value;
		else if (!strcmp(o, "-o") || !strcmp(o, "--option"))
			cmdline_add(&t->cfg.arena, &t->options, value);
		else
			err = bad_option(t, o, NULL);
	}
	return err;
}

/* Only the path of the socket is of interest. */
static int find_socket(struct top *t)
{
	const char *path = t->config;
	int err;

	if (t->socket)
		return 0;
	if (!path && !access(CONFIG_PATH, R_OK))
		path = CONFIG_PATH;
	err = path ? config_load(&t->cfg, path, &t->options, &t->diag) : config_defaults(&t->cfg, &t->options, &t->diag);
	t->socket = t->cfg.top_socket;
	if (!err)
		config_print_faults(&t->cfg);
	return err;
}

/* ---- asking -------------------------------------------------------------------------------------- */

static int refuse(struct top *t, int err)
{
	struct diag *d = &t->diag;

	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
		diag_set(d, "no sensor listens at %s. Start one, as root: saker -c " CONFIG_PATH " (or: systemctl start "
			 "saker); if one runs with another top.socket, name it: saker top --socket PATH", t->socket);
		break;
	case -EACCES:
	case -EPERM:
		diag_set(d, "%s is for the user of the sensor only: try sudo saker top", t->socket);
		break;
	case -ETIMEDOUT:
		diag_set(d, "the sensor at %s does not answer: it is stopped, or hangs", t->socket);
		break;
	default:
		diag_set(d, "%s: %s", t->socket, strerror(-err));
	}
	return err;
}

static int ask(struct top *t, struct top_sample *ret)
{
	struct buf body = { 0 };
	u32 status = 0;
	int err;

	do {
		buf_clear(&body);
		err = http_get_unix(t->socket, FIGURES_PATH, ASK_MS, &status, &body);
	} while (err == -EINTR && !ended);	/* the terminal was resized, say */
	if (err) {
		err = ended ? -EINTR : refuse(t, err);
	} else if (status != 200) {
		diag_set(&t->diag, "the sensor at %s does not tell (status %u): %s", t->socket, status, buf_str(&body));
		err = -EPROTO;
	} else {
		err = top_parse(buf_str(&body), body.len, ret, &t->diag);
	}
	buf_fini(&body);
	return err;
}

/* ---- the terminal --------------------------------------------------------------------------------- */

static struct termios usual;

static void put(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

/* The other screen, no cursor, no echo. */
static void enter_screen(void)
{
	struct termios quiet;

	tcgetattr(STDIN_FILENO, &usual);
	quiet = usual;
	quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	put("\033[?1049h\033[?25l\033[?7l");
}

static void leave_screen(void)
{
	put("\033[?7h\033[?25h\033[?1049l");
	tcsetattr(STDIN_FILENO, TCSANOW, &usual);
}

static void catch_signals(void)
{
	static const int all[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP };
	struct sigaction sa = { .sa_handler = on_signal };

	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		sigaction(all[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);	/* a reader that went: the write fails */
}

static void stop_here(void)
{
	stopped = 0;
	leave_screen();
	raise(SIGSTOP);
	enter_screen();
}

static void draw(const struct top *t, const struct top_rates *r)
{
	struct winsize w = { .ws_row = 24, .ws_col = 80 };
	struct buf b = { 0 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	buf_adds(&b, "\033[H\033[2J");
	top_view_text(&t->now, r, w.ws_col ? w.ws_col : 80, w.ws_row > 1 ? w.ws_row - 1u : 23, false, &b);
	fwrite(b.p, 1, b.len, stdout);
	fflush(stdout);
	buf_fini(&b);
}

/* False: nobody reads any more. */
static bool show(const struct top *t)
{
	struct top_rates r;
	struct buf b = { 0 };
	bool ok = true;

	top_rates(&t->before, &t->now, &r);
	if (t->screen) {
		draw(t, &r);
	} else {
		if (t->json)
			top_view_json(&t->now, &r, &b);
		else
			top_view_text(&t->now, &r, PLAIN_WIDTH, PLAIN_HEIGHT, true, &b);
		ok = fwrite(b.p, 1, b.len, stdout) == b.len && (t->json || putchar('\n') >= 0) && !fflush(stdout);
	}
	buf_fini(&b);
	top_rates_fini(&r);
	return ok;
}

/* ---- the loop -------------------------------------------------------------------------------------- */

static void read_key(void)
{
	char key;

	if (read(STDIN_FILENO, &key, 1) == 1 && (key == 'q' || key == 'Q' || key == 3))
		ended = SIGINT;
}

/* Until the next picture is due; draws the last one anew when the terminal has another size. */
static void rest(struct top *t, bool have_picture)
{
	u64 end = clock_ms(CLOCK_MONOTONIC) + t->interval_ms, now;

	while (!ended && (now = clock_ms(CLOCK_MONOTONIC)) < end) {
		struct pollfd p = { .fd = t->screen ? STDIN_FILENO : -1, .events = POLLIN };
		int n = poll(&p, 1, (int)(end - now));

		if (n > 0 && p.revents & POLLIN)
			read_key();
		else if (n > 0)
			return;		/* the terminal is gone */
		if (stopped && t->screen) {
			stop_here();
			resized = 1;
		} else if (stopped) {
			stopped = 0;
			raise(SIGSTOP);
		}
		if (resized && t->screen && have_picture)
			show(t);
		resized = 0;
	}
}

static int watch(struct top *t)
{
	bool have_picture = false;
	u64 shown = 0;
	int err = ask(t, &t->before);

	if (!err && t->screen)
		enter_screen();
	t->screen = t->screen && !err;
	while (!err && !ended && (!t->count || shown < t->count)) {
		rest(t, have_picture);
		if (ended)
			break;
		if (have_picture) {
			top_sample_fini(&t->before);
			t->before = t->now;
			t->now = (struct top_sample){ 0 };
		}
		err = ask(t, &t->now);
		have_picture = !err && !top_restarted(&t->before, &t->now);
		if (have_picture) {
			shown++;
			if (!show(t))
				break;
		} else if (!err) {	/* another sensor by now: begin again */
			top_sample_fini(&t->before);
			t->before = t->now;
			t->now = (struct top_sample){ 0 };
		}
	}
	if (t->screen)
		leave_screen();
	return ended ? 0 : err;
}

int top_main(int argc, char **argv)
{
	struct top t = { .interval_ms = 1000 };
	int err;

	config_init(&t.cfg);
	err = parse(&t, argc, argv);
	if (!err && t.help) {
		put(help);
	} else {
		err = err ? err : find_socket(&t);
		t.screen = !t.json && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
		catch_signals();
		err = err ? err : watch(&t);
	}
	if (err)
		fprintf(stderr, "Error: %s\n", t.diag.msg ? t.diag.msg : strerror(-err));
	top_sample_fini(&t.before);
	top_sample_fini(&t.now);
	diag_fini(&t.diag);
	config_fini(&t.cfg);
	return err != 0;
}
