/* SPDX-License-Identifier: Apache-2.0 */
/* A template: compiled, then printed twice. */
#include <stdlib.h>

#include "output/format.h"
#include "tests/unit/output_fields.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char *text = xmemdup0(data, size);
	struct event ev = { .ts_ns = 1 };
	struct diag d = { 0 };
	struct buf out = { 0 };
	struct field_ctx x;
	struct format *f;

	if (!format_compile(&test_fields, text, &f, &d)) {
		field_ctx_init(&x, NULL);
		for (int i = 0; i < 2; i++) {
			field_ctx_event(&x, &ev);
			format_print(f, &x, &out);
		}
		field_ctx_fini(&x);
		format_free(f);
	}
	buf_fini(&out);
	diag_fini(&d);
	free(text);
	return 0;
}
