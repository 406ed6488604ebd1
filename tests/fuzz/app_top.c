/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `saker top` is told, in two halves divided by a NUL: an answer's head, two samples, their rates and
 * pictures; and what the web server is asked: the input as a path.
 */
#include <stdlib.h>
#include <string.h>

#include "app/top_view.h"
#include "app/web.h"
#include "http/client.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void ask(const u8 *data, size_t len)
{
	static struct config cfg = { .web.healthz = "/healthz", .metrics = { .enabled = true, .rules = true } };
	static struct facts facts = { .engine = "kmod", .hostname = "h" };
	struct web w = { .cfg = &cfg, .facts = &facts };
	struct http_answer a = { .status = 404 };
	char *path = strndup((const char *)data, len);

	cfg.web.prometheus = len & 1;
	web_answer(&w, path, &a);
	buf_fini(&a.body);
	a = (struct http_answer){ .status = 404 };
	web_answer_local(&w, path, &a);
	buf_fini(&a.body);
	free(path);
}

static void show(const struct top_sample *before, const struct top_sample *now, u32 width)
{
	struct buf out = { 0 };
	struct top_rates r;

	if (top_restarted(before, now))
		return;
	top_rates(before, now, &r);
	top_view_text(now, &r, width, width / 2, width & 1, &out);
	top_view_json(now, &r, &out);
	top_rates_fini(&r);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	const u8 *nul = memchr(data, 0, len);
	size_t first = nul ? (size_t)(nul - data) : len, rest = nul ? len - first - 1 : 0, head;
	struct top_sample before, now;
	struct diag d = { 0 };
	u32 status;

	ask(data, len);
	http_parse_answer((const char *)data, len, &status, &head);
	if (!top_parse((const char *)data, first, &before, &d)) {
		if (!top_parse((const char *)data + first + !!nul, rest, &now, &d)) {
			show(&before, &now, (u32)(len % 200));
			top_sample_fini(&now);
		}
		top_sample_fini(&before);
	}
	diag_fini(&d);
	return 0;
}
