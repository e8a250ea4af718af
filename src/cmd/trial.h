/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_TRIAL_H
#define CMD_TRIAL_H

#include "cmd/policy.h"
#include "render/json.h"

/* One demand while it is judged. */
struct trial {
    const struct demand *demand;
    const struct report *report;
    const json_t *document;
    struct arena *arena;
    const json_t *value;  /* what the path leads to; NULL: nothing is there */
    const json_t *around; /* the object that has it, or that has what is null above it */
    const char *path;     /* as far as there is something: "brk", when that is null */
    bool is_reached;      /* the last step of the path was taken */
    size_t n_picked;      /* elements, by the last [key=value] */
    size_t n_unsure;      /* further ones whose key is not known, and the first of them */
    const json_t *unsure;
    const char *unsure_path; /* "regions[].rss" */
    struct assertion *assertion;
};

/* Goes along the path of an expectation; stops where something is null or is not there. */
void trial_follow(struct trial *trial);

#endif
