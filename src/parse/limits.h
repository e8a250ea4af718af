/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/limits: "Max stack size   8388608   unlimited   bytes". */
#ifndef PARSE_LIMITS_H
#define PARSE_LIMITS_H

#include "base/str.h"

#define LIMIT_INFINITY UINT64_MAX

struct limit {
    bool known;
    uint64_t soft; /* bytes, or LIMIT_INFINITY */
    uint64_t hard;
};

struct limits_record {
    struct limit stack;
    struct limit data;
    struct limit address_space;
    struct limit locked;
};

/* Limits that the text does not have stay unknown. */
void limits_parse(struct str text, struct limits_record *limits);

#endif
