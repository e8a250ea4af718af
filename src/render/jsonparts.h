/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts that documents of several kinds have in common; for the renderers of JSON only. */
#ifndef RENDER_JSONPARTS_H
#define RENDER_JSONPARTS_H

#include "render/json.h"

/* An integer; what does not fit a signed one becomes the largest. */
json_t *json_bytes(uint64_t bytes);

json_t *json_address(uint64_t address);

/* The number, or null. */
json_t *json_known(bool known, uint64_t number);

/* Bytes of others as a JSON string; NULL becomes null. */
json_t *json_safe(struct image *image, const char *text);

json_t *json_tool(void);
json_t *json_missing(struct image *image);
json_t *json_host(const struct report *report);
json_t *json_finding(struct image *image, const struct finding *finding);
json_t *json_findings(const struct report *report);
json_t *json_not_run(const struct report *report);
json_t *json_repetition(const struct report *report); /* null: it was started only once */
json_t *json_heap(const struct report *report);
void json_add_heapwalk(json_t *heap, const struct glibc_malloc *malloc,
                       const struct heapwalk *walk);
json_t *json_policy(const struct report *report);

#endif
