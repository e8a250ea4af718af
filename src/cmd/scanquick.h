/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scan --quick: most processes need not be looked at as a whole. */
#ifndef CMD_SCANQUICK_H
#define CMD_SCANQUICK_H

#include "base/textbuf.h"
#include "cmd/options.h"
#include "model/quick.h"

/* The options for processes that are: what is not looked for in all is not told of some. */
struct options scanquick_options(const struct options *options);

/*
 * Appends the row of a kernel thread, or of a process of which nothing is wrong; none at all where
 * no row of such a process is shown.  False when that cannot be told, and nothing was appended.
 * `host` is that of image_init_host().
 */
bool scanquick_look(const struct image *host, struct quick_memo *memo, pid_t pid,
                    const struct options *options, struct textbuf *result);

#endif
