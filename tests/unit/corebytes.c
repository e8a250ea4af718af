/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "corebytes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static bool is_wide(const struct core_bytes *core)
{
    return core->elf_class == 64;
}

void core_put(const struct core_bytes *core, unsigned char *to, uint64_t value, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++)
        to[core->big_endian ? n_bytes - 1 - i : i] = (unsigned char)(value >> (8 * i));
}

void core_load(struct core_bytes *core, uint32_t flags, uint64_t vaddr, uint64_t file_bytes,
               uint64_t memory_bytes)
{
    core->phdrs[core->n_phdrs].type = PT_LOAD;
    core->phdrs[core->n_phdrs].flags = flags;
    core->phdrs[core->n_phdrs].vaddr = vaddr;
    core->phdrs[core->n_phdrs].file_bytes = file_bytes;
    core->phdrs[core->n_phdrs].memory_bytes = memory_bytes;
    core->phdrs[core->n_phdrs].align = CORE_PAGE;
    core->n_phdrs++;
}

static size_t padded(const struct core_bytes *core, size_t n)
{
    size_t align = core->note_align ? core->note_align : 4;

    return (n + align - 1) / align * align;
}

void core_note(struct core_bytes *core, const char *owner, uint32_t type, const void *bytes,
               size_t n)
{
    unsigned char *note = core->notes + core->n_notes;
    size_t contents = padded(core, 12 + strlen(owner) + 1);

    if (core->n_notes + contents + n + 8 > sizeof(core->notes))
        abort();
    core_put(core, note, strlen(owner) + 1, 4);
    core_put(core, note + 4, n, 4);
    core_put(core, note + 8, type, 4);
    memcpy(note + 12, owner, strlen(owner) + 1);
    memcpy(note + contents, bytes, n);
    core->n_notes += padded(core, contents + n);
}

void core_note_status(struct core_bytes *core, size_t n_bytes, size_t sp_at, size_t sp_bytes,
                      const struct core_status *status)
{
    unsigned char note[1024];

    memset(note, 0x5a, sizeof(note));
    core_put(core, note + 12, status->signal, 2);
    core_put(core, note + (is_wide(core) ? 32 : 24), status->tid, 4);
    core_put(core, note + sp_at, status->sp, sp_bytes);
    core_note(core, "CORE", NT_PRSTATUS, note, n_bytes);
}

/* By size: 136 bytes on 64-bit machines, 124 where ids have 16 bits, else 128. */
void core_note_process(struct core_bytes *core, size_t n_bytes, uint32_t uid, uint32_t gid)
{
    unsigned char note[136] = {0, 'R', 0, 5};
    size_t id = n_bytes == 124 ? 2 : 4, at = n_bytes == 136 ? 16 : 8;

    core_put(core, note + at, uid, id);
    core_put(core, note + at + id, gid, id);
    at += 2 * id;
    core_put(core, note + at, CORE_PID, 4);
    core_put(core, note + at + 4, CORE_PPID, 4);
    core_put(core, note + at + 8, 1, 4);
    core_put(core, note + at + 12, 2, 4);
    memcpy(note + at + 16, CORE_COMM, strlen(CORE_COMM));
    memset(note + at + 32, ' ', 79);
    memcpy(note + at + 32, CORE_ARGS, strlen(CORE_ARGS));
    core_note(core, "CORE", NT_PRPSINFO, note, n_bytes);
}

void core_note_auxv(struct core_bytes *core, const uint64_t (*pairs)[2], size_t n)
{
    unsigned char note[512] = {0};
    size_t word = core->elf_class / 8;

    for (size_t i = 0; i < 2 * n; i++)
        core_put(core, note + i * word, pairs[i / 2][i % 2], word);
    core_note(core, "CORE", NT_AUXV, note, 2 * n * word);
}

void core_note_files(struct core_bytes *core, uint64_t n_counted, uint64_t unit,
                     const uint64_t (*entries)[3], size_t n_entries, const char *names,
                     size_t n_names)
{
    static unsigned char note[32768];
    size_t word = core->elf_class / 8;

    core_put(core, note, n_counted, word);
    core_put(core, note + word, unit, word);
    for (size_t i = 0; i < 3 * n_entries; i++)
        core_put(core, note + (2 + i) * word, entries[i / 3][i % 3], word);
    memcpy(note + (2 + 3 * n_entries) * word, names, n_names);
    core_note(core, "CORE", NT_FILE, note, (2 + 3 * n_entries) * word + n_names);
}

static void put_phdr(const struct core_bytes *core, unsigned char *to, uint32_t type,
                     uint32_t flags, const uint64_t words[static 6])
{
    size_t word = core->elf_class / 8, at = is_wide(core) ? 8 : 4;

    core_put(core, to, type, 4);
    core_put(core, to + (is_wide(core) ? 4 : 24), flags, 4);
    for (size_t i = 0; i < 6; i++) {
        core_put(core, to + at, words[i], word);
        at += word;
        if (!is_wide(core) && i == 4)
            at += 4; /* p_flags stand before p_align */
    }
}

static void put_ehdr(struct core_bytes *core)
{
    unsigned char *to = core->bytes;
    bool wide = is_wide(core);
    size_t at = wide ? 48 : 36; /* e_flags */

    memcpy(to, "\177ELF", 4);
    to[4] = wide ? 2 : 1;
    to[5] = core->big_endian ? 2 : 1;
    to[6] = 1;
    core_put(core, to + 16, 4, 2); /* ET_CORE */
    core_put(core, to + 18, core->machine, 2);
    core_put(core, to + 20, 1, 4);
    core_put(core, to + (wide ? 32 : 28), wide ? 64 : 52, core->elf_class / 8);
    core_put(core, to + at + 4, wide ? 64 : 52, 2);
    core_put(core, to + at + 6, wide ? 56 : 32, 2);
    core_put(core, to + at + 8, core->n_phdrs + 1, 2);
}

static void put_content(struct core_bytes *core, uint64_t vaddr, uint64_t n_bytes)
{
    for (uint64_t i = 0; i < n_bytes; i++) {
        if (core->n == sizeof(core->bytes))
            abort();
        core->bytes[core->n++] = core_page_byte(vaddr + i);
    }
}

void core_end(struct core_bytes *core)
{
    bool wide = is_wide(core);
    size_t size = wide ? 56 : 32;
    unsigned char *phdr = core->bytes + (wide ? 64 : 52);

    core->notes_at = (wide ? 64 : 52) + (core->n_phdrs + 1) * size;
    memcpy(core->bytes + core->notes_at, core->notes, core->n_notes);
    core->n = (core->notes_at + core->n_notes + CORE_PAGE - 1) / CORE_PAGE * CORE_PAGE;
    put_phdr(core, phdr, PT_NOTE, 0,
             (uint64_t[]){core->notes_at, 0, 0, core->n_notes, 0,
                          core->note_align ? core->note_align : 4});
    for (unsigned int i = 0; i < core->n_phdrs; i++) {
        core->phdrs[i].offset = core->n;
        put_phdr(core, phdr += size, core->phdrs[i].type, core->phdrs[i].flags,
                 (uint64_t[]){core->phdrs[i].offset, core->phdrs[i].vaddr, 0,
                              core->phdrs[i].file_bytes, core->phdrs[i].memory_bytes,
                              core->phdrs[i].align});
        if (core->phdrs[i].file_bytes <= core->phdrs[i].memory_bytes)
            put_content(core, core->phdrs[i].vaddr, core->phdrs[i].file_bytes);
    }
    put_ehdr(core);
}
