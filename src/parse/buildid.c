/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/buildid.h"

#include "base/range.h"
#include "parse/word.h"

#include <elf.h>

enum {
    MAX_NOTE_BYTES = 4096, /* of a segment; the build id is among its first notes */
    MAX_NOTE_SEGMENTS = 8,
    NOTE_HEADER_BYTES = 12,
};

static bool find_note(const unsigned char *notes, size_t end, uint64_t align, bool big_endian,
                      struct buildid *id)
{
    static const char owner[] = ELF_NOTE_GNU;
    uint64_t at = 0;

    while (at + NOTE_HEADER_BYTES <= end) {
        uint64_t owner_bytes = word_load(notes + at, 4, big_endian);
        uint64_t n = word_load(notes + at + 4, 4, big_endian);
        uint64_t type = word_load(notes + at + 8, 4, big_endian);
        uint64_t contents = at + align_up(NOTE_HEADER_BYTES + owner_bytes, align);

        if (contents > end || n > end - contents)
            return false;
        if (type == NT_GNU_BUILD_ID && owner_bytes == sizeof(owner) &&
            memcmp(notes + at + NOTE_HEADER_BYTES, owner, sizeof(owner)) == 0) {
            id->n = n <= BUILDID_BYTES ? (size_t)n : 0;
            memcpy(id->bytes, notes + contents, id->n);
            return id->n > 0;
        }
        at += align_up(contents - at + n, align);
    }
    return false;
}

bool buildid_read(const struct elfhead *head, const struct reader *reader, bool loaded,
                  uint64_t bias, struct buildid *id)
{
    unsigned char notes[MAX_NOTE_BYTES];
    unsigned int n_segments = 0;

    *id = (struct buildid){0};
    for (unsigned int i = 0; i < head->n_segments; i++) {
        const struct segment *segment = &head->segments[i];
        size_t n =
            segment->file_bytes < sizeof(notes) ? (size_t)segment->file_bytes : sizeof(notes);

        if (segment->type != PT_NOTE || n_segments++ >= MAX_NOTE_SEGMENTS ||
            !reader_read(reader, loaded ? segment->vaddr + bias : segment->offset, notes, n))
            continue;
        if (find_note(notes, n, segment->align == 8 ? 8 : 4, head->big_endian, id))
            return true;
    }
    return false;
}
