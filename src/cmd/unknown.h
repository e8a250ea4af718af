/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a value of a report is null: the sentence of the report that says it best. */
#ifndef CMD_UNKNOWN_H
#define CMD_UNKNOWN_H

#include "render/json.h"

struct unknown {
    const struct report *report;
    const json_t *document;
    const json_t *around; /* the object that has the value */
    const char *path;     /* of the value: "brk.next", "regions[].rss" */
    struct arena *arena;
};

/* Why there is none, where null says that and not that it is not known; else NULL. */
const char *unknown_nothing(const struct unknown *unknown);

/* Why it is not known. */
const char *unknown_reason(const struct unknown *unknown);

/* A text of the object that is not empty, or NULL. */
const char *unknown_text(const json_t *object, const char *key);

/* "room" of "brk.room" */
struct str unknown_last_key(const char *path);

#endif
