/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_VERDICT_H
#define CMD_VERDICT_H

#include "cmd/policy.h"
#include "render/json.h"

/*
 * Holds a report against the demands: by its JSON document, which a policy speaks of.  The document
 * has the lists and sums that the demands need; the verdict lives in the image's arena.
 */
const struct verdict *verdict_reach(const struct demands *demands, const struct report *report,
                                    const json_t *document);

#endif
