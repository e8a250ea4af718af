/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/subject.h"

#include "base/units.h"
#include "model/objectfile.h"

struct meter meter_full(void)
{
    return (struct meter){.bytes_left = 192 * MIB, .reads_left = 1 << 18};
}

static bool read_nothing(void *context, uint64_t offset, void *buf, size_t n)
{
    (void)context, (void)offset, (void)buf, (void)n;
    return false;
}

static bool read_metered(void *context, uint64_t offset, void *buf, size_t n)
{
    const struct subject *subject = context;
    struct meter *meter = subject->meter;

    if (meter->reads_left == 0 || n > meter->bytes_left) {
        meter->is_spent = true;
        return false;
    }
    meter->reads_left--;
    meter->bytes_left -= n;
    return reader_read(&subject->raw, offset, buf, n);
}

/* Files of a file system that may block have only their first bytes here: too few for symbols. */
static bool open_file(struct subject *subject)
{
    const struct object *object = subject->object;

    if (!object_open(subject->image, object, &subject->file, NULL))
        return false;
    if (subject->file.fd < 0)
        return false;
    subject->is_file = true;
    subject->raw = objfile_reader(&subject->file);
    subject->file_reader = (struct reader){read_metered, subject};
    subject->view = (struct elf_view){&object->head, &subject->file_reader};
    subject->memory = elf_view_reader(&subject->view);
    return true;
}

/* A core may hold the beginning of the tables of symbols, or nothing of them. */
static bool is_dumped(const struct subject *subject)
{
    struct dynamic dynamic;
    unsigned char byte;

    return dynamic_read(&dynamic, &subject->object->head, &subject->memory, subject->bias) &&
           reader_read(&subject->memory, dynamic.symtab, &byte, 1) &&
           reader_read(&subject->memory, dynamic.strtab + dynamic.strings_bytes - 1, &byte, 1);
}

static bool open_memory(struct subject *subject)
{
    const struct instance *instance = &subject->image->instances[subject->instance];

    if (!instance->has_bias || !capture_memory(subject->image->capture, &subject->raw, NULL))
        return false;
    subject->bias = instance->bias;
    subject->file_reader = (struct reader){read_nothing, NULL};
    subject->memory = (struct reader){read_metered, subject};
    return !subject->image->core || is_dumped(subject);
}

bool subject_open(struct subject *subject, struct image *image, uint32_t instance,
                  struct meter *meter)
{
    const struct object *object = &image->objects[image->instances[instance].object];

    *subject = (struct subject){
        .image = image, .instance = instance, .object = object, .file = {.fd = -1}, .meter = meter};
    return object->has_head && (open_file(subject) || open_memory(subject));
}

void subject_close(struct subject *subject)
{
    objfile_close(&subject->file);
}
