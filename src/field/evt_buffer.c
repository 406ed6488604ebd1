/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evt.buffer: the parameter `data`.
 *
 * Conditions see its bytes, alerts the printed form, which is printed once more like any
 * other buffer: base64 is encoded twice, and who reads alerts decodes it twice.
 *
 * Falco prints all parameters into one memory, and takes as many bytes of it for evt.buffer
 * as the buffer printed last had.  When `data` is empty or no buffer it so shows NULL, or the
 * number or text that it is, and then what parameters printed before have left there.  Alerts of
 * captures are the same as Falco's, byte for byte: all that they can show is of the same file.
 * Live, what another process has read or written has no place in an alert.
 */
#include "field/getter.h"

void field_left_printed(void *ctx, const char *p, size_t len, bool is_buffer)
{
	struct field_ctx *x = ctx;
	struct buf *left = &x->left.text;

	while (left->len < len + 1)
		buf_addc(left, 0);
	if (len)
		memcpy(left->p, p, len);
	left->p[len] = 0;
	if (is_buffer)
		x->left.shown = (u32)len;
}

static bool print_as_falco(struct field_ctx *x, u32 i, struct value *v)
{
	struct event_print_ops ops = {.ctx = x, .buffers = x->buffers, .printed = field_left_printed};
	char *p;

	if (!v->len)
		x->reprint = true;
	event_print_param(x->ev, i, &ops, tmp_buf(x), NULL);
	p = field_scratch(x, x->left.shown + 1);
	memcpy(p, x->left.text.p, x->left.shown);
	v->p = p;
	v->len = x->left.shown;
	return true;
}

static bool print_buffer(struct field_ctx *x, struct value *v)
{
	struct buf *b = tmp_buf(x);
	struct value text;

	value_print(v, b);
	set_scratch(x, &text, b);
	v->p = text.p;
	v->len = text.len;
	return true;
}

bool field_evt_get_buffer(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	int i = event_param_index(x->ev->desc, "data", 4);
	struct event_param p;

	if (i < 0 || (u32)i >= x->ev->nparams)
		return false;
	p = event_param(x->ev, (u32)i);
	if (x->ev->desc->params[i].type != PT_BYTEBUF)
		p.len = 0;
	*ret = (struct value){
		.type = f->type, .fmt = x->buffers, .len = p.len, .p = (const char *)p.p};
	if (x->printing && !x->ev->live)
		return print_as_falco(x, (u32)i, ret);
	return !x->printing || x->buffers == BUFFER_DOTS || print_buffer(x, ret);
}
