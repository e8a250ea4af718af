/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/elfhead.h"

#include "base/range.h"

#include <elf.h>
#include <libelf.h>
#include <stdio.h>

enum {
    MAX_SEGMENTS = 1024,
    MAX_INTERP_BYTES = 4096,
    MAX_DYNAMIC_BYTES = 32768,
};

/* Translates n_bytes of file form into host form; the two have the same size for these types. */
static bool translate(unsigned int elf_class, unsigned char encoding, Elf_Type type,
                      const void *from, void *to, size_t n_bytes)
{
    Elf_Data src = {.d_buf = (void *)(uintptr_t)from,
                    .d_type = type,
                    .d_size = n_bytes,
                    .d_version = EV_CURRENT};
    Elf_Data dst = {.d_buf = to, .d_type = type, .d_size = n_bytes, .d_version = EV_CURRENT};

    return elf_class == 64 ? elf64_xlatetom(&dst, &src, encoding) != NULL
                           : elf32_xlatetom(&dst, &src, encoding) != NULL;
}

struct phdr_table {
    uint64_t offset;
    unsigned int n;
    size_t entry_bytes;
};

static bool parse_ehdr(struct elfhead *head, const struct reader *reader, unsigned char encoding,
                       struct phdr_table *table, struct err *err)
{
    union {
        Elf32_Ehdr e32;
        Elf64_Ehdr e64;
    } raw, ehdr;
    size_t n_bytes = head->elf_class == 64 ? sizeof(raw.e64) : sizeof(raw.e32);

    if (!reader_read(reader, 0, &raw, n_bytes) ||
        !translate(head->elf_class, encoding, ELF_T_EHDR, &raw, &ehdr, n_bytes))
        return err_set(err, "its ELF header is cut off");
    if (head->elf_class == 64) {
        head->type = ehdr.e64.e_type;
        head->machine = ehdr.e64.e_machine;
        head->entry = ehdr.e64.e_entry;
        head->shoff = ehdr.e64.e_shoff;
        head->n_sections = ehdr.e64.e_shnum;
        *table = (struct phdr_table){ehdr.e64.e_phoff, ehdr.e64.e_phnum, ehdr.e64.e_phentsize};
    } else {
        head->type = ehdr.e32.e_type;
        head->machine = ehdr.e32.e_machine;
        head->entry = ehdr.e32.e_entry;
        head->shoff = ehdr.e32.e_shoff;
        head->n_sections = ehdr.e32.e_shnum;
        *table = (struct phdr_table){ehdr.e32.e_phoff, ehdr.e32.e_phnum, ehdr.e32.e_phentsize};
    }
    head->phoff = table->offset;
    return true;
}

static void take_phdr(struct segment *segment, unsigned int elf_class, const void *phdr)
{
    if (elf_class == 64) {
        const Elf64_Phdr *p = phdr;

        *segment = (struct segment){p->p_type,   p->p_flags, p->p_offset, p->p_vaddr,
                                    p->p_filesz, p->p_memsz, p->p_align};
    } else {
        const Elf32_Phdr *p = phdr;

        *segment = (struct segment){p->p_type,   p->p_flags, p->p_offset, p->p_vaddr,
                                    p->p_filesz, p->p_memsz, p->p_align};
    }
}

static bool parse_phdrs(struct elfhead *head, struct arena *arena, const struct reader *reader,
                        unsigned char encoding, const struct phdr_table *table, struct err *err)
{
    size_t size = head->elf_class == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    unsigned char *raw, *phdrs;

    if (table->n == 0)
        return true;
    if (table->entry_bytes != size || table->n > MAX_SEGMENTS)
        return err_set(err, "its ELF header tells of %u program headers of %zu bytes", table->n,
                       table->entry_bytes);
    raw = arena_alloc(arena, table->n * size);
    phdrs = arena_alloc(arena, table->n * size);
    if (!reader_read(reader, table->offset, raw, table->n * size) ||
        !translate(head->elf_class, encoding, ELF_T_PHDR, raw, phdrs, table->n * size))
        return err_set(err, "its program headers are cut off");
    head->segments = arena_alloc(arena, table->n * sizeof(*head->segments));
    head->n_segments = table->n;
    for (unsigned int i = 0; i < table->n; i++)
        take_phdr(&head->segments[i], head->elf_class, phdrs + i * size);
    return true;
}

static const char *read_interp(struct arena *arena, const struct reader *reader,
                               const struct segment *segment)
{
    size_t n = segment->file_bytes;
    char *path;

    if (n == 0 || n > MAX_INTERP_BYTES)
        return "";
    path = arena_alloc(arena, n + 1);
    if (!reader_read(reader, segment->offset, path, n))
        return "";
    return path;
}

/* DF_1_PIE is the only word that tells a PIE program from a shared library. */
static bool dynamic_says_pie(const struct elfhead *head, struct arena *arena,
                             const struct reader *reader, unsigned char encoding,
                             const struct segment *segment)
{
    size_t size = head->elf_class == 64 ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
    size_t n_bytes = segment->file_bytes / size * size;
    unsigned char *raw, *entries;

    if (n_bytes == 0 || n_bytes > MAX_DYNAMIC_BYTES)
        return false;
    raw = arena_alloc(arena, n_bytes);
    entries = arena_alloc(arena, n_bytes);
    if (!reader_read(reader, segment->offset, raw, n_bytes) ||
        !translate(head->elf_class, encoding, ELF_T_DYN, raw, entries, n_bytes))
        return false;
    for (size_t i = 0; i < n_bytes / size; i++) {
        const Elf64_Dyn *wide = (const Elf64_Dyn *)(const void *)entries + i;
        const Elf32_Dyn *narrow = (const Elf32_Dyn *)(const void *)entries + i;
        int64_t tag = head->elf_class == 64 ? wide->d_tag : narrow->d_tag;
        uint64_t value = head->elf_class == 64 ? wide->d_un.d_val : narrow->d_un.d_val;

        if (tag == DT_NULL)
            return false;
        if (tag == DT_FLAGS_1)
            return value & DF_1_PIE;
    }
    return false;
}

/*
 * A note is three words (length of the owner's name, of the contents, type), the name and the
 * contents, each padded to a word.  Go's linker leaves its build id as one.
 */
static bool notes_have_go(const struct elfhead *head, const struct reader *reader,
                          unsigned char encoding, const struct segment *segment)
{
    enum { MAX_NOTES_BYTES = 65536, HEADER_BYTES = 12 };
    uint64_t end = segment->file_bytes < MAX_NOTES_BYTES ? segment->file_bytes : MAX_NOTES_BYTES;
    uint64_t at = 0;

    while (at + HEADER_BYTES + 4 <= end) {
        unsigned char raw[HEADER_BYTES + 4];
        Elf32_Word words[3];

        if (!reader_read(reader, segment->offset + at, raw, sizeof(raw)) ||
            !translate(head->elf_class, encoding, ELF_T_WORD, raw, words, sizeof(words)))
            return false;
        if (words[0] == 4 && memcmp(raw + HEADER_BYTES, "Go\0", 4) == 0)
            return true;
        at += HEADER_BYTES + align_up(words[0], 4) + align_up(words[1], 4);
    }
    return false;
}

static void take_special_segments(struct elfhead *head, struct arena *arena,
                                  const struct reader *reader, unsigned char encoding)
{
    for (unsigned int i = 0; i < head->n_segments; i++) {
        const struct segment *segment = &head->segments[i];

        switch (segment->type) {
        case PT_INTERP:
            head->interp = read_interp(arena, reader, segment);
            break;
        case PT_DYNAMIC:
            head->has_dynamic = true;
            head->is_pie = dynamic_says_pie(head, arena, reader, encoding, segment);
            break;
        case PT_NOTE:
            head->is_go |= notes_have_go(head, reader, encoding, segment);
            break;
        case PT_GNU_STACK:
            head->has_gnu_stack = true;
            head->wants_exec_stack = segment->flags & PF_X;
            break;
        default:
            break;
        }
    }
}

bool elfhead_parse(struct elfhead *head, struct arena *arena, const struct reader *reader,
                   struct err *err)
{
    unsigned char ident[EI_NIDENT];
    struct phdr_table table;

    *head = (struct elfhead){0};
    if (elf_version(EV_CURRENT) == EV_NONE)
        return err_set(err, "libelf is too old");
    if (!reader_read(reader, 0, ident, sizeof(ident)) || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return err_set(err, "it is not an ELF file");
    if ((ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64) ||
        (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB))
        return err_set(err, "its ELF header names no known class or byte order");
    head->elf_class = ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
    head->big_endian = ident[EI_DATA] == ELFDATA2MSB;
    if (!parse_ehdr(head, reader, ident[EI_DATA], &table, err) ||
        !parse_phdrs(head, arena, reader, ident[EI_DATA], &table, err))
        return false;
    take_special_segments(head, arena, reader, ident[EI_DATA]);
    return true;
}

const char *elf_machine_name(uint16_t machine, char buf[static 24])
{
    switch (machine) {
    case EM_386:
        return "i386";
    case EM_X86_64:
        return "x86-64";
    case EM_AARCH64:
        return "aarch64";
    case EM_ARM:
        return "arm";
    case EM_RISCV:
        return "riscv";
    case EM_PPC:
        return "ppc";
    case EM_PPC64:
        return "ppc64";
    case EM_S390:
        return "s390";
    case EM_MIPS:
        return "mips";
    case EM_PARISC:
        return "parisc";
    default:
        snprintf(buf, 24, "machine %u", machine);
        return buf;
    }
}
