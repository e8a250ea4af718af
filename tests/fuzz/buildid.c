/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The build id of an ELF object: the bytes of such a note in one of its segments, the same in the
 * file and where it is loaded, and found where it is the first note.
 */
#include "lib/fuzz.h"

#include "parse/buildid.h"

#include <elf.h>

enum { BIAS = 0x10000, MOST_READS = 64, HEADER = 16, MOST_NOTES = 8, MOST_BYTES = 4096 };

struct bytes {
    struct str input;
    const struct elfhead *loaded; /* or NULL: addresses are offsets */
    uint64_t n_reads;
};

static bool read_file(const struct bytes *bytes, uint64_t offset, void *buf, size_t n)
{
    if (offset > bytes->input.n || n > bytes->input.n - offset)
        return false;
    memcpy(buf, bytes->input.p + offset, n);
    return true;
}

/* What lies at an address, by the first note segment that begins there. */
static bool read_bytes(void *context, uint64_t at, void *buf, size_t n)
{
    struct bytes *bytes = context;

    bytes->n_reads++;
    if (!bytes->loaded)
        return read_file(bytes, at, buf, n);
    for (unsigned int i = 0; i < bytes->loaded->n_segments; i++) {
        const struct segment *segment = &bytes->loaded->segments[i];

        if (segment->type == PT_NOTE && segment->vaddr + BIAS == at)
            return read_file(bytes, segment->offset, buf, n);
    }
    return false;
}

static uint32_t word(const char *p, bool big_endian)
{
    const unsigned char *b = (const unsigned char *)p;

    return big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
                      : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

/* The bytes of the segment that are in the file; empty when some are not. */
static struct str contents(struct str input, const struct segment *segment)
{
    uint64_t n = segment->file_bytes < MOST_BYTES ? segment->file_bytes : MOST_BYTES;

    if (segment->type != PT_NOTE || segment->offset > input.n || n > input.n - segment->offset)
        return STR("");
    return (struct str){input.p + segment->offset, (size_t)n};
}

/* A build id at the beginning of these bytes; 0: there is none. */
static size_t id_bytes(struct str notes, bool big_endian)
{
    uint32_t n = notes.n >= HEADER ? word(notes.p + 4, big_endian) : 0;

    return notes.n >= HEADER && word(notes.p, big_endian) == 4 &&
                   word(notes.p + 8, big_endian) == NT_GNU_BUILD_ID &&
                   memcmp(notes.p + 12, "GNU", 4) == 0 && n <= BUILDID_BYTES &&
                   n <= notes.n - HEADER
               ? n
               : 0;
}

static bool is_there(struct str input, const struct elfhead *head, const struct buildid *id)
{
    for (unsigned int i = 0; i < head->n_segments; i++) {
        struct str notes = contents(input, &head->segments[i]);

        for (; notes.n >= HEADER; notes.p += 4, notes.n -= 4)
            if (id_bytes(notes, head->big_endian) == id->n &&
                memcmp(notes.p + HEADER, id->bytes, id->n) == 0)
                return true;
    }
    return false;
}

static bool begins_a_segment(struct str input, const struct elfhead *head)
{
    unsigned int n_notes = 0;

    for (unsigned int i = 0; i < head->n_segments; i++) {
        n_notes += head->segments[i].type == PT_NOTE;
        if (n_notes <= MOST_NOTES &&
            id_bytes(contents(input, &head->segments[i]), head->big_endian) > 0)
            return true;
    }
    return false;
}

/* Addresses that two segments share would tell of either. */
static bool is_simple(const struct elfhead *head)
{
    for (unsigned int i = 0; i < head->n_segments; i++)
        for (unsigned int k = 0; k < i; k++)
            if (head->segments[i].vaddr == head->segments[k].vaddr)
                return false;
    return true;
}

void fuzz_input(struct str input)
{
    struct bytes file = {.input = input}, memory = {.input = input};
    struct reader reader = {read_bytes, &file}, addresses = {read_bytes, &memory};
    struct buildid id, loaded;
    struct elfhead head;
    struct arena arena;

    arena_init(&arena);
    if (elfhead_parse(&head, &arena, &reader, NULL)) {
        bool found;

        file.n_reads = 0;
        found = buildid_read(&head, &reader, false, 0, &id);
        must(file.n_reads <= MOST_READS && found == (id.n > 0) && id.n <= BUILDID_BYTES);
        must(!found || is_there(input, &head, &id));
        must(found || !begins_a_segment(input, &head));
        memory.loaded = &head;
        must(!is_simple(&head) || (buildid_read(&head, &addresses, true, BIAS, &loaded) == found &&
                                   buildid_eq(&id, &loaded)));
    }
    arena_deinit(&arena);
}
