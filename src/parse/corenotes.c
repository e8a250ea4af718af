/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notes of a core: include/uapi/linux/elfcore.h, fs/binfmt_elf.c, fs/compat_binfmt_elf.c. */
#include "base/intern.h"
#include "parse/coreparts.h"
#include "parse/word.h"

#include <elf.h>
#include <inttypes.h>

enum {
    WINDOW_BYTES = 16384,
    MAX_OWNER_BYTES = 8,   /* longer names are those of notes that nobody asks for */
    MAX_AUXV_BYTES = 4096, /* the kernel has some 50 words */
    MAX_PATH_BYTES = 4096, /* PATH_MAX */
    NOTE_HEADER_BYTES = 12,
    SIGINFO_BYTES = 128,
};

/* Reads ahead: notes and names are small and lie in a row. */
struct window {
    const struct reader *reader;
    uint64_t end; /* of what may be read */
    uint64_t at;
    size_t n;
    unsigned char bytes[WINDOW_BYTES];
};

/* The n bytes at an offset, valid until the next call; NULL when they are not there. */
static const unsigned char *window_get(struct window *window, uint64_t offset, size_t n)
{
    uint64_t left = offset < window->end ? window->end - offset : 0;

    if (n > left || n > WINDOW_BYTES)
        return NULL;
    if (offset < window->at || offset + n > window->at + window->n) {
        window->n = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
        window->at = offset;
        if (!reader_read(window->reader, offset, window->bytes, window->n)) {
            window->n = 0;
            return NULL;
        }
    }
    return window->bytes + (offset - window->at);
}

struct note {
    uint32_t type;
    struct str owner; /* without the zero; in `text` */
    uint64_t at;      /* where its contents are */
    uint64_t n_bytes;
    char text[MAX_OWNER_BYTES];
};

static uint64_t word(const struct core_parser *parser, const unsigned char *bytes, size_t at,
                     size_t n_bytes)
{
    return word_load(bytes + at, n_bytes, parser->core->head.big_endian);
}

/*
 * Where the thread's stack pointer lies in struct elf_prstatus, which is recognised by its size:
 * 12 bytes of signal info, the signal, its masks, four ids and four times come first, then the
 * registers in the order of the machine's ptrace(PTRACE_GETREGSET).
 */
static const struct {
    uint16_t machine;
    uint16_t n_bytes;
    uint16_t sp_at;
    uint8_t word_bytes;
} layouts[] = {
    {EM_X86_64, 336, 112 + 19 * 8, 8},    {EM_X86_64, 296, 72 + 19 * 8, 8}, /* x32 */
    {EM_386, 144, 72 + 15 * 4, 4},        {EM_AARCH64, 392, 112 + 31 * 8, 8},
    {EM_ARM, 148, 72 + 13 * 4, 4},        {EM_RISCV, 376, 112 + 2 * 8, 8},
    {EM_RISCV, 204, 72 + 2 * 4, 4},       {EM_PPC64, 504, 112 + 1 * 8, 8},
    {EM_PPC, 268, 72 + 1 * 4, 4},         {EM_S390, 336, 112 + 16 + 15 * 8, 8},
    {EM_S390, 224, 72 + 8 + 15 * 4, 4},   {EM_MIPS, 480, 112 + 29 * 8, 8}, /* n64 */
    {EM_MIPS, 440, 72 + 29 * 8, 8},                                        /* n32 */
    {EM_MIPS, 256, 72 + (6 + 29) * 4, 4},                                  /* o32 */
    {EM_PARISC, 396, 72 + 30 * 4, 4},     {258, 480, 112 + 3 * 8, 8},      /* EM_LOONGARCH */
};

static void take_sp(const struct core_parser *parser, const unsigned char *status, size_t n_bytes,
                    struct core_thread *thread)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (layouts[i].machine == parser->core->head.machine && layouts[i].n_bytes == n_bytes) {
            thread->has_sp = true;
            thread->sp = word(parser, status, layouts[i].sp_at, layouts[i].word_bytes);
        }
}

/* struct elf_prstatus */
static void take_prstatus(struct core_parser *parser, const unsigned char *status, size_t n_bytes)
{
    struct core *core = parser->core;
    size_t pid_at = core->head.elf_class == 64 ? 32 : 24;
    struct core_thread thread = {0};

    if (n_bytes < pid_at + 4)
        return;
    thread.signal = (unsigned int)word(parser, status, 12, 2);
    thread.tid = (uint32_t)word(parser, status, pid_at, 4);
    take_sp(parser, status, n_bytes, &thread);
    core_grow(core->threads, core->n_threads, parser->n_threads_room);
    core->threads[core->n_threads++] = thread;
}

/* The text up to a zero or to the end of the field, without the blanks at its end. */
static const char *take_text(const struct core_parser *parser, const unsigned char *field,
                             size_t n_bytes)
{
    const char *text = (const char *)field;
    size_t n = strnlen(text, n_bytes);

    while (n > 0 && text[n - 1] == ' ')
        n--;
    return arena_strndup(parser->arena, text, n);
}

/*
 * struct elf_prpsinfo: four bytes of state, a word of flags, uid and gid, four ids, 16 bytes of
 * name, 80 of arguments.  uid and gid have two bytes on i386, arm and others, where 65534 also
 * stands for all that do not fit (include/linux/highuid.h).
 */
static void take_prpsinfo(struct core_parser *parser, const unsigned char *info, size_t n_bytes)
{
    enum { WIDE_BYTES = 136, BYTES = 128, NARROW_BYTES = 124, OVERFLOW_ID = 65534 };
    struct core *core = parser->core;
    size_t id_bytes = n_bytes == NARROW_BYTES ? 2 : 4;
    size_t ids_at = n_bytes == WIDE_BYTES ? 16 : 8, pid_at = ids_at + 2 * id_bytes;

    if (core->has_process || n_bytes != (core->head.elf_class == 64 ? WIDE_BYTES
                                         : n_bytes == BYTES         ? BYTES
                                                                    : NARROW_BYTES))
        return;
    core->has_process = true;
    core->state = info[1] >= 'A' && info[1] <= 'Z' ? (char)info[1] : '\0';
    core->uid = (uint32_t)word(parser, info, ids_at, id_bytes);
    core->gid = (uint32_t)word(parser, info, ids_at + id_bytes, id_bytes);
    core->pid = (uint32_t)word(parser, info, pid_at, 4);
    core->has_ids =
        core->pid != 0 && (id_bytes == 4 || (core->uid != OVERFLOW_ID && core->gid != OVERFLOW_ID));
    core->ppid = (uint32_t)word(parser, info, pid_at + 4, 4);
    core->comm = take_text(parser, info + pid_at + 16, 16);
    core->args = take_text(parser, info + pid_at + 32, 80);
}

/* siginfo_t: number, errno and code, the last two the other way round on MIPS; then the union. */
static void take_siginfo(struct core_parser *parser, const unsigned char *info, size_t n_bytes)
{
    enum { SIGSEGV_EVERYWHERE = 11, SI_KERNEL_CODE = 0x80 };
    struct core *core = parser->core;
    bool is_64 = core->head.elf_class == 64;

    if (core->has_siginfo || n_bytes != SIGINFO_BYTES)
        return;
    core->has_siginfo = true;
    core->signal = (unsigned int)word(parser, info, 0, 4);
    core->signal_code = (int32_t)word(parser, info, core->head.machine == EM_MIPS ? 4 : 8, 4);
    core->has_fault = core->signal == SIGSEGV_EVERYWHERE && core->signal_code > 0 &&
                      core->signal_code != SI_KERNEL_CODE;
    if (core->has_fault)
        core->fault_address = word(parser, info, is_64 ? 16 : 12, is_64 ? 8 : 4);
}

static void take_auxv(struct core_parser *parser, const unsigned char *auxv, size_t n_bytes)
{
    struct core *core = parser->core;

    if (core->auxv.n > 0 || n_bytes > MAX_AUXV_BYTES)
        return;
    core->auxv = (struct str){arena_strndup(parser->arena, (const char *)auxv, n_bytes), n_bytes};
}

/*
 * NT_FILE: the number of entries, the unit of their offsets, then start, end and offset of each,
 * all words of the target; then their names, each ended by a zero.
 */
struct file_note {
    struct window entries, names;
    struct intern paths;
    uint64_t n, unit;
    uint64_t name_at, end;
    bool names_end; /* there are less names than entries, or one is too long */
};

static struct str next_name(struct file_note *files)
{
    uint64_t left = files->end - files->name_at;
    size_t room = left < MAX_PATH_BYTES ? (size_t)left : MAX_PATH_BYTES, n = 0;
    const char *name = NULL;

    if (!files->names_end)
        name = (const char *)window_get(&files->names, files->name_at, room);
    if (name)
        n = strnlen(name, room);
    files->names_end = !name || n == room;
    if (files->names_end)
        return STR("");
    files->name_at += n + 1;
    return intern_get(&files->paths, intern_add(&files->paths, (struct str){name, n}));
}

/* False when the entry is not there. */
static bool take_file(struct core_parser *parser, struct file_note *files, uint64_t at,
                      uint64_t number)
{
    size_t size = core_word_bytes(parser->core);
    const unsigned char *entry = window_get(&files->entries, at, 3 * size);
    struct core_file file = {.number = number};

    if (!entry)
        return false;
    file.range.start = word(parser, entry, 0, size);
    file.range.end = word(parser, entry, size, size);
    file.path = next_name(files);
    if (!core_range_valid(parser->core, file.range.start, file.range.end) ||
        __builtin_mul_overflow(word(parser, entry, 2 * size, size), files->unit, &file.offset) ||
        file.offset > UINT64_MAX - range_size(file.range)) {
        core_lie(parser, &parser->file_lies, "number %" PRIu64 ", from 0x%" PRIx64 " to 0x%" PRIx64,
                 number, file.range.start, file.range.end);
        return true;
    }
    core_grow(parser->files, parser->n_files, parser->n_files_room);
    parser->files[parser->n_files++] = file;
    return true;
}

static bool begin_files(struct core_parser *parser, struct file_note *files,
                        const struct note *note)
{
    size_t size = core_word_bytes(parser->core);
    const unsigned char *head = window_get(&files->entries, note->at, 2 * size);

    if (!head)
        return false;
    files->n = word(parser, head, 0, size);
    files->unit = word(parser, head, size, size);
    if (files->n > (note->n_bytes - 2 * size) / (3 * size)) {
        core_note_missing(parser, "NT_FILE",
                          "it counts %" PRIu64 " entries, more than it has room for", files->n);
        return false;
    }
    if (files->unit == 0 || (files->unit & (files->unit - 1)) != 0) {
        core_note_missing(parser, "NT_FILE", "its offsets count units of %" PRIu64 " bytes",
                          files->unit);
        return false;
    }
    files->name_at = note->at + (2 + 3 * files->n) * size;
    return true;
}

static void take_files(struct core_parser *parser, const struct note *note)
{
    size_t size = core_word_bytes(parser->core);
    uint64_t end = note->at + note->n_bytes;
    struct file_note files = {
        .entries = {.reader = parser->reader, .end = end},
        .names = {.reader = parser->reader, .end = end},
        .end = end,
    };

    if (parser->has_files)
        return;
    parser->has_files = true;
    if (note->n_bytes < 2 * size || note->n_bytes > CORE_MAX_FILE_NOTE) {
        core_note_missing(parser, "NT_FILE", "it has %" PRIu64 " bytes", note->n_bytes);
        return;
    }
    if (!begin_files(parser, &files, note))
        return;
    parser->file_page = files.unit;
    intern_init(&files.paths, parser->arena);
    parser->core->files_known = true;
    for (uint64_t i = 0; i < files.n && parser->core->files_known; i++)
        parser->core->files_known = take_file(parser, &files, note->at + (2 + 3 * i) * size, i);
    intern_deinit(&files.paths);
    if (files.names_end)
        core_note_missing(parser, "NT_FILE", "it has less names than entries");
    if (files.names_end || parser->file_lies.n > 0)
        parser->core->files_known = false;
}

/* The note's contents when they have that few bytes, else NULL. */
static const unsigned char *contents(struct window *window, const struct note *note)
{
    return note->n_bytes <= WINDOW_BYTES ? window_get(window, note->at, (size_t)note->n_bytes)
                                         : NULL;
}

static void take_core_note(struct core_parser *parser, struct window *window,
                           const struct note *note)
{
    const unsigned char *bytes;

    if (parser->n_first < CORE_FIRST_NOTES)
        parser->first[parser->n_first++] = note->type;
    if (note->type == NT_FILE) {
        take_files(parser, note);
        return;
    }
    if (note->type != NT_PRSTATUS && note->type != NT_PRPSINFO && note->type != NT_SIGINFO &&
        note->type != NT_AUXV)
        return;
    bytes = contents(window, note);
    if (!bytes)
        return;
    if (note->type == NT_PRSTATUS)
        take_prstatus(parser, bytes, (size_t)note->n_bytes);
    else if (note->type == NT_PRPSINFO)
        take_prpsinfo(parser, bytes, (size_t)note->n_bytes);
    else if (note->type == NT_SIGINFO)
        take_siginfo(parser, bytes, (size_t)note->n_bytes);
    else
        take_auxv(parser, bytes, (size_t)note->n_bytes);
}

/* Some writers count the zero at the end of the owner's name and some do not. */
static bool read_owner(struct window *window, uint64_t at, uint32_t n_bytes, struct note *note)
{
    const unsigned char *name;

    note->owner = STR("");
    if (n_bytes > MAX_OWNER_BYTES)
        return true;
    name = window_get(window, at, n_bytes);
    if (!name)
        return false;
    memcpy(note->text, name, n_bytes);
    note->owner = (struct str){note->text, strnlen(note->text, n_bytes)};
    return true;
}

/*
 * Reads the note at *at and moves *at behind it.  `end` is where the segment ends.  False when the
 * rest of it is no note.
 */
static bool next_note(struct core_parser *parser, struct window *window, uint64_t *at, uint64_t end,
                      uint64_t align, struct note *note)
{
    const unsigned char *head = window_get(window, *at, NOTE_HEADER_BYTES);
    uint32_t owner_bytes;
    uint64_t start = *at;

    if (!head)
        return false;
    owner_bytes = (uint32_t)word(parser, head, 0, 4);
    note->n_bytes = word(parser, head, 4, 4);
    note->type = (uint32_t)word(parser, head, 8, 4);
    note->at = start + align_up((uint64_t)NOTE_HEADER_BYTES + owner_bytes, align);
    *at = start + align_up(note->at - start + note->n_bytes, align);
    if (note->at > end || note->n_bytes > end - note->at) {
        if (!parser->notes_lie)
            parser->notes_lie =
                arena_printf(parser->arena,
                             "the one at 0x%" PRIx64 " of the file says that it is longer than "
                             "what there is; those after it are lost",
                             start);
        return false;
    }
    return note->at <= window->end && note->n_bytes <= window->end - note->at &&
           read_owner(window, start + NOTE_HEADER_BYTES, owner_bytes, note);
}

void core_read_notes(struct core_parser *parser, const struct segment *segment)
{
    uint64_t align = segment->align == 8 ? 8 : 4, at = segment->offset, end;
    struct window window = {.reader = parser->reader};
    struct note note;

    parser->n_note_segments++;
    if (__builtin_add_overflow(at, segment->file_bytes, &end)) {
        parser->notes_lie = "a PT_NOTE wraps around the end of all numbers";
        return;
    }
    window.end = end < parser->core->file_bytes ? end : parser->core->file_bytes;
    parser->notes_cut |= window.end < end;
    while (at < end && end - at >= NOTE_HEADER_BYTES) {
        if (parser->n_notes++ >= CORE_MAX_NOTES) {
            parser->notes_lie = "there are more than 4,194,304 notes; the rest was not read";
            break;
        }
        if (!next_note(parser, &window, &at, end, align, &note))
            break;
        if (str_eq(note.owner, STR("CORE")))
            take_core_note(parser, &window, &note);
        else if (str_eq(note.owner, STR("GDB")))
            parser->has_gdb_note = true;
    }
}
