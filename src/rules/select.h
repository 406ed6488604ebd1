/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules are enabled: what they say themselves, then the configuration, in order. */
#ifndef SAKER_RULES_SELECT_H
#define SAKER_RULES_SELECT_H

#include "rules/item.h"

bool rule_selected(const struct rules_options *opt, const struct rule_item *r);

#endif
