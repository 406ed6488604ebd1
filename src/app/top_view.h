/* SPDX-License-Identifier: Apache-2.0 */
/* `saker top`: one picture, as text for a terminal and as a line of JSON. */
#ifndef SAKER_APP_TOP_VIEW_H
#define SAKER_APP_TOP_VIEW_H

#include "app/top_model.h"
#include "base/buf.h"

/*
 * At most `height` lines of at most `width` columns, each ended by a newline.  plain: without
 * bold and colours.
 */
void top_view_text(const struct top_sample *s, const struct top_rates *r, u32 width, u32 height, bool plain,
		   struct buf *out);
void top_view_json(const struct top_sample *s, const struct top_rates *r, struct buf *out);

#endif
