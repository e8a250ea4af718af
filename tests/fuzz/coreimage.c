/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole process, from a core to the reports: see lib/sound.h.  Files of this machine that a core
 * names are looked at too, and believed only with its build id.
 */
#include "lib/fuzz.h"
#include "lib/sound.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A core in memory. */
static int file_of(struct str input)
{
    int fd = memfd_create("core", MFD_CLOEXEC);

    if (fd < 0 || write(fd, input.p, input.n) != (ssize_t)input.n)
        abort();
    return fd;
}

/* What is packed is for a program that owns the format, which takes its time. */
static bool is_plain(struct str input)
{
    return corefile_look(input.p, input.n) == COREFILE_ELF;
}

void fuzz_input(struct str input)
{
    struct capture *capture;
    struct corefile file;
    struct image image;
    struct err err = {""};

    if (!is_plain(input) || !corefile_take(&file, file_of(input), &err))
        return;
    capture = capture_open_core(&file);
    if (image_init(&image, capture, 0, &err) == IMAGE_READY)
        report_is_sound(&image, "core", input);
    else
        must(*err.text);
    image_deinit(&image);
    capture_close(capture);
}
