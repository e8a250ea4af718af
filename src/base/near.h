/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": the name among those that exist that a wrong one was most likely meant to be. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "base/str.h"

struct near {
    struct str wrong;
    struct str best; /* no bytes: nothing is near enough */
    unsigned int distance;
};

void near_init(struct near *near, struct str wrong);

/* One that exists; of equally near ones the first stays. */
void near_try(struct near *near, struct str name);

#endif
