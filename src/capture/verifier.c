/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/verifier.h"

#include <string.h>

const char *verifier_reason(char *log)
{
	static const char *const noise[] = { "processed ", "verification time", "stack depth" };

	for (;;) {
		size_t n = strlen(log), i = 0;
		char *p;

		while (n && log[n - 1] == '\n')
			log[--n] = '\0';
		p = strrchr(log, '\n');
		while (p && i < ARRAY_SIZE(noise) && strncmp(p + 1, noise[i], strlen(noise[i])))
			i++;
		if (!p || i == ARRAY_SIZE(noise))
			return p ? p + 1 : log;
		*p = '\0';
	}
}
