/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole process, from the files of a snapshot, saved by this program or by hand, to the reports:
 * see lib/sound.h and lib/world.h.
 */
#include "lib/fuzz.h"
#include "lib/sound.h"
#include "lib/world.h"

void fuzz_input(struct str input)
{
    struct capture *process;
    struct err err = {""};
    enum image_state state;
    struct image image;

    process = world_set_saved(input, &err);
    if (!process) {
        must(*err.text);
        return;
    }
    state = image_init(&image, process, 0, &err);
    if (state == IMAGE_READY)
        report_is_sound(&image, "saved", input);
    else
        must(*err.text || state == IMAGE_DENIED);
    image_deinit(&image);
}
