/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON, schema 1: addresses are strings "0x...", sizes are integers in bytes, keys never carry
 * data, what is not known is null and source.missing says why.
 */
#ifndef RENDER_JSON_H
#define RENDER_JSON_H

#include "analyze/query.h"
#include "render/report.h"

#include <jansson.h>

/* The document of one report.  The caller owns the reference. */
json_t *json_report(const struct report *report);

/* The same with the key "query": the answers to what `room` was asked. */
json_t *json_room(const struct report *report, const struct answers *answers);

/*
 * The document of a target that could not be inspected: the reason stands in "error".  `kind` as
 * capture_kind_name() has it, or NULL.
 */
json_t *json_failure(const char *kind, const char *path, const char *error);

/* Prints a document and a newline; releases it. */
void json_print(json_t *document, FILE *out);

#endif
