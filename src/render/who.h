/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report calls the process that it is about. */
#ifndef RENDER_WHO_H
#define RENDER_WHO_H

#include "render/report.h"

/* The path of the executed file as the kernel tells it, else that of the program; "" if unknown. */
struct str who_program(const struct image *image);

/* The name of the process, else of its program; bytes of the target's. */
struct str who_name(const struct image *image);

/* The same, in full where the kernel cut it off. */
struct str who_full_name(const struct image *image);

/* "nginx (PID 4242)", "nginx (maps.txt)", "host": safe, and in the image's arena. */
const char *who_text(const struct report *report);

/* The same without what another run changes: "nginx", "nginx (maps.txt)", "host". */
const char *who_steady(const struct report *report);

#endif
