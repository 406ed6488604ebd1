/* SPDX-License-Identifier: Apache-2.0 */
/* Each alert a POST to a server, which may be slow or gone: it has a thread of its own. */
#include "output/sink.h"

#include <errno.h>

static bool http_enabled(const struct output_options *opt)
{
	return opt->http.enabled;
}

/* Lines of several threads do not mix; what the server says must not play tricks on a terminal. */
static void echo(const char *body, size_t len)
{
	flockfile(stdout);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)body[i];

		putc_unlocked((c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '.' : c, stdout);
	}
	if (body[len - 1] != '\n')
		putc_unlocked('\n', stdout);
	sink_flush_file(stdout);
	funlockfile(stdout);
}

static int http_open(struct sink *s)
{
	struct http_post_options post = s->opt->http.post;
	struct diag d = { 0 };
	int err;

	if (s->opt->http.echo)
		post.answer = echo;
	err = http_post_new(&post, s->opt->http.files, &s->post, &d);
	if (err)
		sink_why(s, d.msg);
	diag_fini(&d);
	return err;
}

/* While the server does not answer, each alert is tried once: the others wait too. */
static bool again(const struct sink *s, u32 tries)
{
	return tries <= s->opt->http.max_timeouts && !s->hangs && !sink_is_stopping(s);
}

static int http_write(struct sink *s, enum priority prio, const char *line, size_t len)
{
	u32 tries = 0;
	int err;

	(void)prio;
	do
		err = http_post_send(s->post, line, len);
	while (err == -ETIMEDOUT && again(s, ++tries));
	s->hangs = err == -ETIMEDOUT;
	if (err)
		sink_why(s, http_post_why(s->post));
	if (http_post_was_refused_gzip(s->post))
		sink_note(s, "the server does not take compressed alerts (compress_uploads): they go as they are");
	return err;
}

static void http_reopen(struct sink *s)
{
	struct diag d = { 0 };

	if (http_post_renew(s->post, &d))
		sink_note(s, d.msg);
	diag_fini(&d);
}

static int http_close(struct sink *s)
{
	http_post_free(s->post);
	s->post = NULL;
	return 0;
}

const struct sink_ops sink_http = {
	.name = "http",
	.apart = true,
	.enabled = http_enabled,
	.open = http_open,
	.write = http_write,
	.reopen = http_reopen,
	.close = http_close,
};
