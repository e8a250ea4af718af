/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/buildid.h"

#include "../corebytes.h"
#include "../rows.h"

#include <elf.h>

static struct core_bytes bytes; /* its notes and byte order alone are used */

static bool read_notes(void *context, uint64_t offset, void *buf, size_t n)
{
    const struct core_bytes *from = context;

    if (offset < 0x1000 || offset - 0x1000 > from->n_notes || n > from->n_notes - (offset - 0x1000))
        return false;
    memcpy(buf, from->notes + (offset - 0x1000), n);
    return true;
}

static const struct {
    const char *name;
    bool big_endian;
    unsigned int align;
    const char *owner;
    uint32_t type;
    size_t n;
    bool found;
} rows[] = {
    {"SHA-1", false, 4, "GNU", NT_GNU_BUILD_ID, 20, true},
    {"big-endian", true, 4, "GNU", NT_GNU_BUILD_ID, 20, true},
    {"behind a property, aligned to 8", false, 8, "GNU", NT_GNU_BUILD_ID, 16, true},
    {"the longest", false, 4, "GNU", NT_GNU_BUILD_ID, 32, true},
    {"too long", false, 4, "GNU", NT_GNU_BUILD_ID, 33, false},
    {"empty", false, 4, "GNU", NT_GNU_BUILD_ID, 0, false},
    {"of another owner", false, 4, "Go\0", NT_GNU_BUILD_ID, 20, false},
    {"another note", false, 4, "GNU", NT_GNU_ABI_TAG, 20, false},
};

static void make(int i, struct elfhead *head, struct segment *segment)
{
    unsigned char id[64];

    for (size_t k = 0; k < sizeof(id); k++)
        id[k] = (unsigned char)(k + 1);
    memset(&bytes, 0, sizeof(bytes));
    bytes.elf_class = 64;
    bytes.big_endian = rows[i].big_endian;
    bytes.note_align = rows[i].align;
    core_note(&bytes, "GNU", NT_GNU_PROPERTY_TYPE_0, id, 17);
    core_note(&bytes, rows[i].owner, rows[i].type, id, rows[i].n);
    *segment = (struct segment){.type = PT_NOTE,
                                .offset = 0x1000,
                                .vaddr = 0x500,
                                .file_bytes = bytes.n_notes,
                                .align = rows[i].align};
    *head =
        (struct elfhead){.big_endian = rows[i].big_endian, .segments = segment, .n_segments = 1};
}

START_TEST(test_rows)
{
    struct reader reader = {read_notes, &bytes};
    struct segment segment;
    struct elfhead head;
    struct buildid id, again;

    make(_i, &head, &segment);
    ROW_NUMBER(&rows[_i], buildid_read(&head, &reader, false, 0, &id), rows[_i].found);
    ROW_NUMBER(&rows[_i], buildid_read(&head, &reader, true, 0xb00, &again), rows[_i].found);
    if (!rows[_i].found)
        return;
    ROW_NUMBER(&rows[_i], id.n, rows[_i].n);
    for (size_t k = 0; k < id.n; k++)
        ROW_NUMBER(&rows[_i], id.bytes[k], k + 1);
    ROW_TRUE(&rows[_i], buildid_eq(&id, &again));
    again.bytes[0]++;
    ROW_TRUE(&rows[_i], !buildid_eq(&id, &again));
}
END_TEST

/* Every byte of the notes turned over: no read beyond them, and no id that is not there. */
START_TEST(test_flipped)
{
    struct reader reader = {read_notes, &bytes};
    struct segment segment;
    struct elfhead head;
    struct buildid id;

    make(_i, &head, &segment);
    for (size_t i = 0; i < bytes.n_notes; i++) {
        bytes.notes[i] ^= 0xff;
        if (buildid_read(&head, &reader, false, 0, &id))
            ck_assert(id.n > 0 && id.n <= sizeof(id.bytes));
        bytes.notes[i] ^= 0xff;
    }
}
END_TEST

Suite *buildid_suite(void)
{
    Suite *suite = suite_create("buildid");
    TCase *tcase = tcase_create("notes");

    ROWS_ADD(tcase, test_rows, rows);
    ROWS_ADD(tcase, test_flipped, rows);
    suite_add_tcase(suite, tcase);
    return suite;
}
