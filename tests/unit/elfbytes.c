/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "elfbytes.h"

#include <elf.h>
#include <string.h>

struct writer {
    const struct elf_spec *spec;
    unsigned char *file;
    size_t at;
};

/* An integer of n bytes in the file's byte order. */
static void put(struct writer *w, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t byte = w->spec->big_endian ? n - 1 - i : i;

        w->file[w->at++] = (unsigned char)(value >> (8 * byte));
    }
}

/* An address, an offset or a size: as wide as the class. */
static void put_word(struct writer *w, uint64_t value)
{
    put(w, value, w->spec->elf_class / 8);
}

/* p_flags stands second in a 64-bit program header and seventh in a 32-bit one. */
static void put_phdr(struct writer *w, uint32_t type, const struct elf_load *load)
{
    bool wide = w->spec->elf_class == 64;

    put(w, type, 4);
    if (wide)
        put(w, load->flags, 4);
    put_word(w, load->offset);
    put_word(w, load->vaddr);
    put_word(w, load->vaddr); /* p_paddr */
    put_word(w, load->file_bytes);
    put_word(w, load->memory_bytes);
    if (!wide)
        put(w, load->flags, 4);
    put_word(w, w->spec->align ? w->spec->align : 0x1000); /* p_align */
}

static uint64_t put_phdrs(struct writer *w)
{
    const struct elf_spec *spec = w->spec;
    uint64_t n = 0;

    for (int i = 0; i < MAX_LOADS; i++)
        if (spec->loads[i].memory_bytes) {
            put_phdr(w, PT_LOAD, &spec->loads[i]);
            n++;
        }
    if (spec->interp) {
        size_t size = strlen(spec->interp) + 1;

        put_phdr(w, PT_INTERP, &(struct elf_load){PF_R, AT_INTERP, AT_INTERP, size, size});
        memcpy(w->file + AT_INTERP, spec->interp, size);
        n++;
    }
    if (spec->dynamic) {
        size_t size = 3 * 2 * spec->elf_class / 8;

        put_phdr(w, PT_DYNAMIC, &(struct elf_load){PF_R, AT_DYNAMIC, AT_DYNAMIC, size, size});
        n++;
    }
    if (spec->stack != STACK_NONE) {
        put_phdr(w, PT_GNU_STACK,
                 &(struct elf_load){.flags = PF_R | PF_W | (spec->stack == STACK_EXEC ? PF_X : 0)});
        n++;
    }
    return n;
}

static void put_dynamic(struct writer *w)
{
    w->at = AT_DYNAMIC;
    put_word(w, DT_DEBUG);
    put_word(w, 0);
    put_word(w, w->spec->pie ? DT_FLAGS_1 : DT_FLAGS);
    put_word(w, DF_1_PIE);
    put_word(w, DT_NULL);
    put_word(w, 0);
}

static void put_ehdr(struct writer *w, uint64_t n_phdrs)
{
    const struct elf_spec *spec = w->spec;
    bool wide = spec->elf_class == 64;

    memcpy(w->file, "\177ELF", 4);
    w->file[4] = wide ? 2 : 1;
    w->file[5] = spec->big_endian ? 2 : 1;
    w->file[6] = 1;
    w->at = 16;
    put(w, spec->type, 2);
    put(w, spec->machine, 2);
    put(w, 1, 4);
    put_word(w, spec->entry);
    put_word(w, wide ? 64 : 52); /* e_phoff */
    put_word(w, 0);              /* e_shoff */
    put(w, 0, 4);
    put(w, wide ? 64 : 52, 2);
    put(w, wide ? 56 : 32, 2);
    put(w, n_phdrs, 2);
    put(w, 0, 6);
}

size_t elf_write(const struct elf_spec *spec, unsigned char file[static ELFBYTES])
{
    struct writer w = {spec, file, spec->elf_class == 64 ? 64 : 52};
    uint64_t n_phdrs;
    size_t end;

    memset(file, 0, ELFBYTES);
    n_phdrs = put_phdrs(&w);
    end = w.at;
    if (spec->dynamic)
        put_dynamic(&w);
    put_ehdr(&w, n_phdrs);
    return end;
}

struct elf_spec elf_object(unsigned int elf_class, uint16_t type, uint64_t vaddr)
{
    return (struct elf_spec){
        .elf_class = elf_class,
        .type = type,
        .machine = elf_class == 64 ? EM_X86_64 : EM_386,
        .loads =
            {
                {PF_R, 0, vaddr, 0x1000, 0x1000},
                {PF_R | PF_X, 0x1000, vaddr + 0x1000, 0x1000, 0x1000},
                {PF_R | PF_W, 0x2000, vaddr + 0x2000, 0x1000, 0x2000},
            },
    };
}
