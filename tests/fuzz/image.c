/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole process, from the bytes of its files to the reports: the image, the facts and the
 * findings agree with each other and with the mappings; text is harmless, JSON can be read back.
 */
#include "lib/fuzz.h"
#include "lib/sound.h"
#include "lib/world.h"

void fuzz_input(struct str input)
{
    struct capture *host, *process;
    struct err err = {""};
    enum image_state state;
    struct image image;

    world_set(input, &host, &process);
    state = image_init(&image, process, WORLD_PID, &err);
    if (state == IMAGE_READY)
        report_is_sound(&image, "/proc/4321", input);
    else
        must(*err.text || state == IMAGE_DENIED);
    image_deinit(&image);
}
