/* SPDX-License-Identifier: Apache-2.0 */
/* First line: an override; the rest: a configuration file. */
#include <stdlib.h>
#include <string.h>

#include "app/config.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const u8 *newline = size ? memchr(data, '\n', size) : NULL;
	size_t first = newline ? (size_t)(newline - data) : size;
	size_t rest = newline ? size - first - 1 : 0;
	char *option = xmemdup0(data, first), *text = xmemdup0(newline ? newline + 1 : data, rest);
	const char *options[] = { option };
	struct strlist list = { options, 1 };
	struct diag d = { 0 };
	struct config c;

	/* Other files are no input of this test. */
	if (!strstr(text, "config_files") && !strstr(option, "config_files")) {
		config_init(&c);
		config_load_text(&c, "fuzz.yaml", text, rest, &list, &d);
		config_fini(&c);
	}
	diag_fini(&d);
	free(option);
	free(text);
	return 0;
}
