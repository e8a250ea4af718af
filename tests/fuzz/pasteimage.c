/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole process, from pasted text to the reports: see lib/sound.h. */
#include "lib/fuzz.h"
#include "lib/sound.h"

#include <stdlib.h>

void fuzz_input(struct str input)
{
    char *text = xreallocarray(NULL, input.n + 1, 1);
    struct capture *capture;
    struct err err = {""};
    struct image image;

    if (input.n > 0)
        memcpy(text, input.p, input.n);
    capture = capture_open_text(text, input.n);
    if (image_init(&image, capture, 0, &err) == IMAGE_READY) {
        must(image.pasted.n_mappings == image.n_mappings && image.pasted.format);
        report_is_sound(&image, "-", input);
    } else {
        must(*err.text);
    }
    image_deinit(&image);
    capture_close(capture);
}
