/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/elfhead.h"

#include "base/range.h"

#include <elf.h>
#include <libelf.h>
#include <stdio.h>

/*
 * A hostile file may ask for as much as fits these, once an object.  Ordinary objects have some
 * 14 program headers and two segments of notes; a program linked against hundreds of libraries
 * has as many entries in its dynamic section.
 */
enum {
    MAX_INTERP_BYTES = 4096, /* PATH_MAX, as in the kernel */
    MAX_DYNAMIC_BYTES = 32768,
    MAX_NOTE_SEGMENTS = 4,
    PIECE_BYTES = 4096,
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

static unsigned char encoding_of(const struct elfhead *head)
{
    return head->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
}

static bool parse_ehdr(struct elfhead *head, const struct reader *reader, struct err *err)
{
    union {
        Elf32_Ehdr e32;
        Elf64_Ehdr e64;
    } raw, ehdr;
    size_t n_bytes = head->elf_class == 64 ? sizeof(raw.e64) : sizeof(raw.e32);

    if (!reader_read(reader, 0, &raw, n_bytes) ||
        !translate(head->elf_class, encoding_of(head), ELF_T_EHDR, &raw, &ehdr, n_bytes))
        return err_set(err, "its ELF header is cut off");
    if (head->elf_class == 64) {
        head->type = ehdr.e64.e_type;
        head->machine = ehdr.e64.e_machine;
        head->entry = ehdr.e64.e_entry;
        head->shoff = ehdr.e64.e_shoff;
        head->n_sections = ehdr.e64.e_shnum;
        head->phoff = ehdr.e64.e_phoff;
        head->n_phdrs = ehdr.e64.e_phnum;
        head->phdr_bytes = ehdr.e64.e_phentsize;
    } else {
        head->type = ehdr.e32.e_type;
        head->machine = ehdr.e32.e_machine;
        head->entry = ehdr.e32.e_entry;
        head->shoff = ehdr.e32.e_shoff;
        head->n_sections = ehdr.e32.e_shnum;
        head->phoff = ehdr.e32.e_phoff;
        head->n_phdrs = ehdr.e32.e_phnum;
        head->phdr_bytes = ehdr.e32.e_phentsize;
    }
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

static unsigned int phdr_bytes(const struct elfhead *head)
{
    return head->elf_class == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

bool elfhead_read_segments(const struct elfhead *head, const struct reader *reader, uint64_t first,
                           unsigned int n, struct segment *segments)
{
    Elf64_Phdr raw[ELFHEAD_SEGMENTS], phdrs[ELFHEAD_SEGMENTS]; /* the larger of both forms */
    unsigned int size = phdr_bytes(head);
    uint64_t at;

    if (head->phdr_bytes != size || n > ELFHEAD_SEGMENTS ||
        __builtin_mul_overflow(first, size, &at) || __builtin_add_overflow(at, head->phoff, &at) ||
        !reader_read(reader, at, raw, (size_t)n * size) ||
        !translate(head->elf_class, encoding_of(head), ELF_T_PHDR, raw, phdrs, (size_t)n * size))
        return false;
    for (unsigned int i = 0; i < n; i++)
        take_phdr(&segments[i], head->elf_class, (unsigned char *)phdrs + (size_t)i * size);
    return true;
}

static bool parse_phdrs(struct elfhead *head, struct arena *arena, const struct reader *reader,
                        struct err *err)
{
    unsigned int n = head->n_phdrs;

    if (n == 0)
        return true;
    if (head->phdr_bytes != phdr_bytes(head) || n > ELFHEAD_SEGMENTS)
        return err_set(err, "its ELF header tells of %u program headers of %u bytes", n,
                       head->phdr_bytes);
    head->segments = arena_alloc(arena, n * sizeof(*head->segments));
    if (!elfhead_read_segments(head, reader, 0, n, head->segments))
        return err_set(err, "its program headers are cut off");
    head->n_segments = n;
    return true;
}

static const char *read_interp(struct arena *arena, const struct reader *reader,
                               const struct segment *segment)
{
    size_t n = segment->file_bytes;
    char path[MAX_INTERP_BYTES];

    if (n == 0 || n > sizeof(path) || !reader_read(reader, segment->offset, path, n))
        return "";
    return arena_strndup(arena, path, strnlen(path, n));
}

/* What a piece of the dynamic section says: whether it ends the search, and how. */
static bool find_flags(const struct elfhead *head, const void *entries, size_t n_bytes,
                       uint64_t *flags)
{
    const Elf64_Dyn *wide = entries;
    const Elf32_Dyn *narrow = entries;
    bool is_64 = head->elf_class == 64;

    for (size_t i = 0; i < n_bytes / (is_64 ? sizeof(*wide) : sizeof(*narrow)); i++) {
        int64_t tag = is_64 ? wide[i].d_tag : narrow[i].d_tag;

        if (tag == DT_FLAGS_1)
            *flags = is_64 ? wide[i].d_un.d_val : narrow[i].d_un.d_val;
        if (tag == DT_FLAGS_1 || tag == DT_NULL)
            return true;
    }
    return false;
}

/* DF_1_PIE is the only word that tells a PIE program from a shared library. */
static bool dynamic_says_pie(const struct elfhead *head, const struct reader *reader,
                             unsigned char encoding, const struct segment *segment)
{
    Elf64_Dyn raw[PIECE_BYTES / sizeof(Elf64_Dyn)], entries[PIECE_BYTES / sizeof(Elf64_Dyn)];
    size_t size = head->elf_class == 64 ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
    uint64_t end = segment->file_bytes / size * size, flags = 0;
    size_t n;

    if (end > MAX_DYNAMIC_BYTES)
        return false;
    for (uint64_t at = 0; at < end; at += n) {
        n = end - at < sizeof(raw) ? end - at : sizeof(raw);
        if (!reader_read(reader, segment->offset + at, raw, n) ||
            !translate(head->elf_class, encoding, ELF_T_DYN, raw, entries, n) ||
            find_flags(head, entries, n, &flags))
            break;
    }
    return flags & DF_1_PIE;
}

/*
 * A note is three words (length of the owner's name, of the contents, type), the name and the
 * contents, each padded to a word.  Go's linker leaves its build id as one, near the front.
 */
static bool notes_have_go(const struct elfhead *head, const struct reader *reader,
                          unsigned char encoding, const struct segment *segment)
{
    enum { HEADER_BYTES = 12, OWNER_BYTES = 4 };
    unsigned char notes[PIECE_BYTES];
    uint64_t end = segment->file_bytes < sizeof(notes) ? segment->file_bytes : sizeof(notes);
    uint64_t at = 0;

    if (!reader_read(reader, segment->offset, notes, end))
        return false;
    while (at + HEADER_BYTES + OWNER_BYTES <= end) {
        Elf32_Word words[3];

        if (!translate(head->elf_class, encoding, ELF_T_WORD, notes + at, words, sizeof(words)))
            return false;
        if (words[0] == OWNER_BYTES && memcmp(notes + at + HEADER_BYTES, "Go\0", 4) == 0)
            return true;
        at += HEADER_BYTES + align_up(words[0], 4) + align_up(words[1], 4);
    }
    return false;
}

/* A library has neither an entry nor an interpreter, or is libc, which prints its version. */
static bool may_be_program(const struct elfhead *head)
{
    return head->type == ET_EXEC || head->entry != 0 || head->interp;
}

/* What only programs have is not looked for in libraries: it costs a read or two. */
static void take_program_segments(struct elfhead *head, const struct reader *reader,
                                  unsigned char encoding)
{
    unsigned int n_dynamic = 0, n_notes = 0;

    for (unsigned int i = 0; i < head->n_segments; i++) {
        const struct segment *segment = &head->segments[i];

        if (segment->type == PT_DYNAMIC && head->type == ET_DYN && n_dynamic++ == 0)
            head->is_pie = dynamic_says_pie(head, reader, encoding, segment);
        if (segment->type == PT_NOTE && !head->is_go && n_notes++ < MAX_NOTE_SEGMENTS)
            head->is_go = notes_have_go(head, reader, encoding, segment);
    }
}

/* The first PT_INTERP counts, as for the kernel. */
static void take_special_segments(struct elfhead *head, struct arena *arena,
                                  const struct reader *reader)
{
    for (unsigned int i = 0; i < head->n_segments; i++) {
        const struct segment *segment = &head->segments[i];

        switch (segment->type) {
        case PT_INTERP:
            if (!head->interp)
                head->interp = read_interp(arena, reader, segment);
            break;
        case PT_DYNAMIC:
            head->has_dynamic = true;
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

bool elfhead_begin(struct elfhead *head, const struct reader *reader, struct err *err)
{
    unsigned char ident[EI_NIDENT];

    *head = (struct elfhead){0};
    if (elf_version(EV_CURRENT) == EV_NONE)
        return err_set(err, "libelf is too old");
    if (!reader_read(reader, 0, ident, sizeof(ident)))
        return err_set(err, "its ELF header is cut off");
    head->other_format = memcmp(ident, ELFMAG, SELFMAG) != 0;
    if (head->other_format)
        return err_set(err, "it is not an ELF file");
    if ((ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64) ||
        (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB))
        return err_set(err, "its ELF header names no known class or byte order");
    head->elf_class = ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
    head->big_endian = ident[EI_DATA] == ELFDATA2MSB;
    return parse_ehdr(head, reader, err);
}

bool elfhead_parse(struct elfhead *head, struct arena *arena, const struct reader *reader,
                   struct err *err)
{
    if (!elfhead_begin(head, reader, err) || !parse_phdrs(head, arena, reader, err))
        return false;
    take_special_segments(head, arena, reader);
    if (may_be_program(head))
        take_program_segments(head, reader, encoding_of(head));
    return true;
}

static const struct {
    uint16_t machine;
    const char *name;
} machine_names[] = {
    {EM_386, "i386"},
    {EM_X86_64, "x86-64"},
    {EM_AARCH64, "aarch64"},
    {EM_ARM, "arm"},
    {EM_RISCV, "riscv"},
    {EM_PPC, "ppc"},
    {EM_PPC64, "ppc64"},
    {EM_S390, "s390"},
    {EM_MIPS, "mips"},
    {EM_PARISC, "parisc"},
    {EM_LOONGARCH, "loongarch"},
    {EM_CSKY, "csky"},
    {EM_SPARC, "sparc"},
    {EM_SPARC32PLUS, "sparc"},
    {EM_SPARCV9, "sparc64"},
    {EM_ALPHA, "alpha"},
    {EM_68K, "m68k"},
    {EM_SH, "sh"},
    {EM_IA_64, "ia64"},
    {EM_ARC_COMPACT, "arc"},
    {EM_ARCV2, "arc"},
    {EM_XTENSA, "xtensa"},
    {EM_OPENRISC, "openrisc"},
    {EM_MICROBLAZE, "microblaze"},
    {EM_ALTERA_NIOS2, "nios2"},
    {EM_QDSP6, "hexagon"},
};

const char *elf_machine_name(uint16_t machine, char buf[static 24])
{
    for (size_t i = 0; i < sizeof(machine_names) / sizeof(machine_names[0]); i++)
        if (machine_names[i].machine == machine)
            return machine_names[i].name;
    snprintf(buf, 24, "machine %u", machine);
    return buf;
}
