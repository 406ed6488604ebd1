/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/convert.h"
#include "event/print.h"
#include "scapfile.h"

#define DROPPED "dropped"
#define FAILED "failed"

struct step {
	u16 type;
	u64 tid;
	struct test_param p[8];
	u32 n;
	const char *result;	/* name and arguments, DROPPED or FAILED */
};

#define P(...) { __VA_ARGS__ }, sizeof((struct test_param[]){ __VA_ARGS__ }) / sizeof(struct test_param)
#define NUM(LEN_, N_) { NULL, N_, LEN_ }
#define STR(S_) { S_, 0, sizeof(S_) }
#define NO_PARAMS { { NULL, 0, 0 } }, 0

static const struct step steps[] = {
	/* the shape of today passes */
	{ EV_SYSCALL_CLOSE_X, 1, P(NUM(8, 0), NUM(8, 4)), "close res=0 fd=4" },
	/* enter and exit become one; the enter event serves one exit */
	{ EV_SYSCALL_CLOSE_E, 1, P(NUM(8, 5)), DROPPED },
	{ EV_SYSCALL_CLOSE_X, 2, P(NUM(8, 0)), "close res=0 fd=0" },
	{ EV_SYSCALL_CLOSE_X, 1, P(NUM(8, 0)), "close res=0 fd=5" },
	{ EV_SYSCALL_CLOSE_X, 1, P(NUM(8, 0)), "close res=0 fd=0" },
	/* an enter event of another syscall does not count */
	{ EV_SYSCALL_READ_E, 1, P(NUM(8, 5), NUM(4, 10)), DROPPED },
	{ EV_SYSCALL_CLOSE_X, 1, P(NUM(8, 0)), "close res=0 fd=0" },
	/* ENTER_OR_NONE: empty without an enter event */
	{ EV_SYSCALL_MKDIR_E, 1, P(STR("/d"), NUM(4, 0700)), DROPPED },
	{ EV_SYSCALL_MKDIR_X, 1, P(NUM(8, 0)), "mkdir res=0 path=/d mode=1C0" },
	{ EV_SYSCALL_MKDIR_X, 1, P(NUM(8, 0)), "mkdir res=0 path=<NA> mode=<NA>" },
	/* enter events in use today are kept and passed */
	{ EV_SOCKET_CONNECT_E, 1, P(NUM(8, 3)), "connect fd=3 addr=<NA>" },
	{ EV_SOCKET_CONNECT_E, 1, P(NUM(8, 3), { "\2\x0a\0\0\1\1\0", 0, 7 }), "connect fd=3 addr=10.0.0.1:1" },
	{ EV_SOCKET_CONNECT_X, 1, P(NUM(8, 0), NUM(0, 0)), "connect res=0 tuple=NULL fd=3 addr=10.0.0.1:1" },
	{ EV_SYSCALL_OPEN_E, 1, P(STR("/x"), NUM(4, 1), NUM(4, 0)), "open name=/x flags=1(O_RDONLY) mode=0" },
	/* longer than its type: cut; shorter: filled with zeros */
	{ EV_SYSCALL_MKDIR_E, 1, P(STR("/d"), NUM(8, 0x100000001)), DROPPED },
	{ EV_SYSCALL_MKDIR_X, 1, P(NUM(8, 0)), "mkdir res=0 path=/d mode=1" },
	{ EV_SYSCALL_MKDIR_E, 1, P(STR("/d"), NUM(1, 7)), DROPPED },
	{ EV_SYSCALL_MKDIR_X, 1, P(NUM(8, 0)), "mkdir res=0 path=/d mode=7" },
	/* no rule: missing parameters are empty */
	{ EV_SYSCALL_IOCTL_2_E, 1, P(NUM(8, 4), NUM(8, 13)), DROPPED },
	{ EV_SYSCALL_IOCTL_2_X, 1, P(NUM(8, 0)), "ioctl res=0 fd=4 request=D argument=<NA>" },
	/* several steps, to an event with long lengths */
	{ EV_CONTAINER_E, 1, P(STR("id"), NUM(4, 7), STR("n"), STR("i")),
	  "container json={\"id\":\"id\",\"type\":7,\"name\":\"n\",\"image\":\"i\"}" },
	/* not converted types */
	{ EV_SOCKET_GETSOCKNAME_E, 1, NO_PARAMS, DROPPED },
	{ EV_SCHEDSWITCH_6_X, 1, NO_PARAMS, DROPPED },
	{ EV_PROCEXIT_1_E, 1, P(NUM(8, 0)), "procexit status=0" },
	/* a rule needs a parameter which is not there; more parameters than there are */
	{ EV_SYSCALL_CLOSE_X, 1, P(NUM(8, 0), NUM(8, 4), NUM(8, 4)), FAILED },
	{ EV_SYSCALL_LINK_X, 1, P(NUM(8, 0), NUM(8, 0)), FAILED },
};

static enum converted convert(struct converter *c, const struct step *s, struct buf *out)
{
	bool large = event_desc(s->type)->flags & EF_LARGE;
	struct buf b = { 0 };
	const struct event_hdr *hdr;
	struct diag d = { 0 };
	enum converted res;
	struct event ev;

	put_event_size(&b, s->type, 5, s->tid, large ? 4 : 2, s->p, s->n);
	hdr = (const struct event_hdr *)b.p;
	res = convert_event(c, &hdr, b.len, &d);
	assert_int_equal(res == CONVERTED_ERROR, d.msg != NULL);
	if (res == CONVERTED_PASS) {
		assert_int_equal(hdr->ts_ns, 5);
		assert_int_equal(hdr->tid, s->tid);
		assert_int_equal(event_decode(&ev, hdr, hdr->len, &d), 0);
		buf_addf(out, "%s ", event_name(&ev));
		event_print_args(&ev, NULL, out);
	}
	diag_fini(&d);
	buf_fini(&b);
	return res;
}

static void test_steps(void **state)
{
	(void)state;
	struct converter c;

	converter_init(&c);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct buf out = { 0 };
		enum converted res = convert(&c, &steps[i], &out);

		if (res == CONVERTED_DROP)
			buf_adds(&out, DROPPED);
		else if (res == CONVERTED_ERROR)
			buf_adds(&out, FAILED);
		if (strcmp(buf_str(&out), steps[i].result))
			fail_msg("step %zu: '%s', expected '%s'", i, buf_str(&out), steps[i].result);
		buf_fini(&out);
	}
	converter_fini(&c);
}

/* Every old shape comes to an end, with the number of parameters of its type or less. */
static void test_all_types(void **state)
{
	(void)state;
	struct converter c;
	u32 passed = 0;

	converter_init(&c);
	for (u16 type = 0; type < EV_MAX; type++) {
		for (u32 n = 0; n <= event_desc(type)->nparams; n++) {
			struct test_param p[EVENT_PARAMS_MAX] = { 0 };
			bool large = event_desc(type)->flags & EF_LARGE;
			const struct event_hdr *hdr;
			struct diag d = { 0 };
			struct buf b = { 0 };

			put_event_size(&b, type, 5, 1, large ? 4 : 2, p, n);
			hdr = (const struct event_hdr *)b.p;
			if (convert_event(&c, &hdr, b.len, &d) == CONVERTED_PASS) {
				const struct event_desc *desc = event_desc(hdr->type);

				passed++;
				assert_true(!(desc->flags & EF_OLD) || event_is_enter(hdr->type));
				assert_in_range(hdr->nparams, 0, desc->nparams);
			}
			diag_fini(&d);
			buf_fini(&b);
		}
	}
	assert_in_range(passed, 300, 2000);
	converter_fini(&c);
}

/* Two parameters that fit into the staging area one by one, but not together. */
static void test_too_long(void **state)
{
	(void)state;
	static char text[60000];
	struct test_param p[2] = { P_BYTES(text, sizeof(text)), P_BYTES(text, sizeof(text)) };
	const struct event_hdr *hdr;
	struct diag d = { 0 };
	struct converter c;
	struct buf b = { 0 };

	converter_init(&c);
	put_event_size(&b, EV_SYSCALL_LINK_E, 1, 1, 2, p, 2);
	hdr = (const struct event_hdr *)b.p;
	assert_int_equal(convert_event(&c, &hdr, b.len, &d), CONVERTED_DROP);
	buf_clear(&b);
	put_event(&b, EV_SYSCALL_LINK_X, 1, 1, P_NUM(8, 0));
	hdr = (const struct event_hdr *)b.p;
	assert_int_equal(convert_event(&c, &hdr, b.len, &d), CONVERTED_ERROR);
	assert_non_null(d.msg);
	diag_fini(&d);
	buf_fini(&b);
	converter_fini(&c);
}

static enum converted give(struct converter *c, u16 type, u64 tid, struct test_param p, struct event *ret)
{
	const struct event_hdr *hdr;
	struct diag d = { 0 };
	enum converted res;
	struct buf b = { 0 };

	put_event_size(&b, type, 5, tid, 2, &p, 1);
	hdr = (const struct event_hdr *)b.p;
	res = convert_event(c, &hdr, b.len, &d);
	assert_null(d.msg);
	if (res == CONVERTED_PASS)
		assert_int_equal(event_decode(ret, hdr, hdr->len, &d), 0);
	buf_fini(&b);
	return res;
}

static s64 closed_fd(struct converter *c, u64 tid)
{
	struct event ev;
	s64 fd;

	assert_int_equal(give(c, EV_SYSCALL_CLOSE_X, tid, P_NUM(8, 0), &ev), CONVERTED_PASS);
	memcpy(&fd, ev.params[1].p, sizeof(fd));
	return fd;
}

/* Enter events without their exit: memory stays small, and what goes first is what came first. */
static void test_forgotten(void **state)
{
	(void)state;
	const u64 n = 300000;
	struct converter c;
	struct event ev;

	converter_init(&c);
	for (u64 tid = 1; tid <= n; tid++) {
		assert_int_equal(give(&c, EV_SYSCALL_CLOSE_E, tid, P_NUM(8, tid), &ev), CONVERTED_DROP);
		/* this one is in use all the time */
		if (tid % 1000 == 0) {
			assert_int_equal(give(&c, EV_SYSCALL_CLOSE_E, 1, P_NUM(8, tid), &ev), CONVERTED_DROP);
			assert_in_range(converter_bytes(&c), 1, 4 << 20);
		}
	}
	assert_true(converter_bytes(&c) > 3 << 20);
	assert_int_equal(c.forgotten, n - c.enters.count);
	assert_in_range(c.enters.count, 20000, n / 2);
	assert_int_equal(closed_fd(&c, 2), 0);
	assert_int_equal(closed_fd(&c, n / 2), 0);
	for (u64 tid = n - 10000; tid <= n; tid++)
		assert_int_equal(closed_fd(&c, tid), tid);
	assert_int_equal(closed_fd(&c, 1), n);
	converter_clear(&c);
	assert_int_equal(converter_bytes(&c), 0);
	assert_int_equal(closed_fd(&c, n), 0);
	converter_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_all_types),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
