/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For which machine a process runs.  ELF headers say it.  Without them the names of the loader and
 * of the directories with libraries do, or a page that only one kernel has: then image.machine is
 * inferred, and image.machine_evidence says by what.
 */
#include "model/build.h"

#include "base/units.h"

#include <elf.h>

struct clue {
    const char *part; /* of a path */
    uint16_t machine;
    unsigned int elf_class;
};

/* Debian's multiarch directories begin with the machine's name; musl's loaders end with it. */
static const struct clue directories[] = {
    {"/x86_64-linux-gnux32", EM_X86_64, 32},
    {"/x86_64-linux-", EM_X86_64, 64},
    {"/i386-linux-", EM_386, 32},
    {"/i686-linux-", EM_386, 32},
    {"/aarch64-linux-", EM_AARCH64, 64},
    {"/arm-linux-", EM_ARM, 32},
    {"/riscv64-linux-", EM_RISCV, 64},
    {"/riscv32-linux-", EM_RISCV, 32},
    {"/powerpc64le-linux-", EM_PPC64, 64},
    {"/powerpc64-linux-", EM_PPC64, 64},
    {"/powerpc-linux-", EM_PPC, 32},
    {"/s390x-linux-", EM_S390, 64},
    {"/s390-linux-", EM_S390, 32},
    {"-linux-gnuabin32", EM_MIPS, 32},
    {"/mips64-linux-", EM_MIPS, 64},
    {"/mips64el-linux-", EM_MIPS, 64},
    {"/mips-linux-", EM_MIPS, 32},
    {"/mipsel-linux-", EM_MIPS, 32},
    {"/hppa-linux-", EM_PARISC, 32},
    {"/loongarch64-linux-", EM_LOONGARCH, 64},
    {"/csky-linux-", EM_CSKY, 32},
    {"/sparc64-linux-", EM_SPARCV9, 64},
    {"/alpha-linux-", EM_ALPHA, 64},
    {"/m68k-linux-", EM_68K, 32},
    {"/sh4-linux-", EM_SH, 32},
    {"/ia64-linux-", EM_IA_64, 64},
};

/* The loaders of glibc, whose names are its own for one machine each, and of musl. */
static const struct clue loaders[] = {
    {"/ld-linux-x86-64.so.", EM_X86_64, 64},
    {"/ld-linux-x32.so.", EM_X86_64, 32},
    {"/ld-linux-aarch64", EM_AARCH64, 64},
    {"/ld-linux-armhf.so.", EM_ARM, 32},
    {"/ld-linux.so.3", EM_ARM, 32},
    {"/ld-linux-riscv64-", EM_RISCV, 64},
    {"/ld-linux-riscv32-", EM_RISCV, 32},
    {"/ld64.so.2", EM_PPC64, 64},
    {"/ld-linux-loongarch-lp64", EM_LOONGARCH, 64},
    {"/ld-linux-csky", EM_CSKY, 32},
    {"/ld-linux-ia64.so.", EM_IA_64, 64},
    {"/ld-musl-x86_64.so.", EM_X86_64, 64},
    {"/ld-musl-i386.so.", EM_386, 32},
    {"/ld-musl-aarch64", EM_AARCH64, 64},
    {"/ld-musl-arm", EM_ARM, 32},
    {"/ld-musl-riscv64", EM_RISCV, 64},
    {"/ld-musl-riscv32", EM_RISCV, 32},
    {"/ld-musl-powerpc64", EM_PPC64, 64},
    {"/ld-musl-powerpc", EM_PPC, 32},
    {"/ld-musl-s390x.so.", EM_S390, 64},
    {"/ld-musl-mips64", EM_MIPS, 64},
    {"/ld-musl-mips", EM_MIPS, 32},
    {"/ld-musl-loongarch64", EM_LOONGARCH, 64},
    {"/ld-musl-m68k", EM_68K, 32},
};

/* Where Android and Java keep what was compiled for one machine. */
static const struct clue others[] = {
    {"/framework/arm64/", EM_AARCH64, 64},
    {"/lib/arm64/", EM_AARCH64, 64},
    {"/oat/arm64/", EM_AARCH64, 64},
    {"/framework/arm/", EM_ARM, 32},
    {"/lib/arm/", EM_ARM, 32},
    {"/oat/arm/", EM_ARM, 32},
    {"/framework/x86_64/", EM_X86_64, 64},
    {"/framework/x86/", EM_386, 32},
    {"/lib/amd64/", EM_X86_64, 64},
    {"/lib/aarch64/", EM_AARCH64, 64},
    {"/lib/ppc64le/", EM_PPC64, 64},
    {"/lib/s390x/", EM_S390, 64},
};

static const struct clue *find_clue(const struct clue *clues, size_t n, struct str path)
{
    for (size_t i = 0; i < n; i++)
        if (memmem(path.p, path.n, clues[i].part, strlen(clues[i].part)))
            return &clues[i];
    return NULL;
}

#define FIND_CLUE(clues, path) find_clue(clues, sizeof(clues) / sizeof((clues)[0]), path)

/* A loader's name counts before its directory's: a cross compiler's may lie anywhere. */
static const struct clue *clue_of(struct str path)
{
    const struct clue *clue;

    if (path.n == 0 || path.p[0] != '/')
        return NULL;
    clue = FIND_CLUE(loaders, path);
    if (!clue)
        clue = FIND_CLUE(directories, path);
    return clue ? clue : FIND_CLUE(others, path);
}

static uint64_t highest_end(const struct image *image)
{
    for (uint32_t i = image->n_mappings; i-- > 0;) {
        const struct mapping *mapping = &image->mappings[i];
        struct str name = mapping_name(image, mapping);

        if (!str_eq(name, STR("[vsyscall]")) && !str_eq(name, STR("[vectors]")) &&
            !str_eq(name, STR("[vdso]")))
            return mapping->range.end;
    }
    return 0;
}

static bool has_mapping_named(const struct image *image, struct str name, uint64_t start)
{
    for (uint32_t i = image->n_mappings; i-- > 0;)
        if (image->mappings[i].range.start == start &&
            str_eq(mapping_name(image, &image->mappings[i]), name))
            return true;
    return false;
}

/* What speaks for a machine, and the words for it. */
struct guess {
    uint16_t machine;
    unsigned int elf_class;
    const char *evidence;
    bool is_contradicted;
};

static bool contradicts(const struct image *image, unsigned int elf_class)
{
    return (image->elf_class && image->elf_class != elf_class) ||
           (elf_class == 32 && highest_end(image) > 4 * GIB);
}

static void take(struct guess *guess, const struct image *image, uint16_t machine,
                 unsigned int elf_class, const char *evidence)
{
    if (contradicts(image, elf_class))
        return;
    if (guess->machine && (guess->machine != machine || guess->elf_class != elf_class))
        guess->is_contradicted = true;
    if (guess->machine)
        return;
    *guess = (struct guess){machine, elf_class, evidence, guess->is_contradicted};
}

static const char *name_evidence(struct image *image, struct str path)
{
    return arena_printf(&image->arena, "the name %.*s", (int)path.n, path.p);
}

/* ld64.so.1 loads big-endian ppc64 and s390x; only s390x has nothing above 4 TiB. */
static void take_ld64(struct guess *guess, struct image *image, struct str path)
{
    uint64_t end = highest_end(image);

    if (!str_eq(short_name(path), STR("ld64.so.1")) || FIND_CLUE(directories, path))
        return;
    if (end > 4 * TIB)
        take(guess, image, EM_PPC64, 64, name_evidence(image, path));
    else if (end > 2 * TIB)
        take(guess, image, EM_S390, 64, name_evidence(image, path));
}

enum { MAX_NAMES = 1000 }; /* that are looked at; a browser has 300 files */

/*
 * Only names of files whose code is run: an emulator maps its guest's libraries as data.  Several
 * machines in one process say nothing but by the loader, which the kernel put there.
 */
static void guess_by_names(struct guess *guess, struct image *image, uint8_t perms)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < image->n_mappings && n < MAX_NAMES; i++) {
        const struct mapping *mapping = &image->mappings[i];
        struct str path = mapping_name(image, mapping);
        const struct clue *clue;

        if (!mapping->is_file || (mapping->perms & perms) != perms ||
            (i > 0 && mapping->name == mapping[-1].name))
            continue;
        n++;
        clue = clue_of(path);
        if (clue)
            take(guess, image, clue->machine, clue->elf_class, name_evidence(image, path));
        else
            take_ld64(guess, image, path);
    }
}

static void guess_by_loader(struct guess *guess, struct image *image)
{
    struct str path;
    const struct clue *clue;

    if (image->interp == NONE)
        return;
    path = image->objects[image->instances[image->interp].object].path;
    clue = clue_of(path);
    if (clue)
        take(guess, image, clue->machine, clue->elf_class, name_evidence(image, path));
}

/* arch/x86/entry/vsyscall, of 64-bit processes; arch/arm/mm/mmu.c and arm64's for 32-bit ones. */
static void guess_by_kernel_pages(struct guess *guess, struct image *image)
{
    if (has_mapping_named(image, STR("[vsyscall]"), 0xffffffffff600000))
        take(guess, image, EM_X86_64, 64, "its [vsyscall] page");
    if (has_mapping_named(image, STR("[vectors]"), 0xffff0000))
        take(guess, image, EM_ARM, 32, "its [vectors] page");
}

/* uname -m; a program of 32 bits runs on the kernel of a 64-bit relative. */
static const struct host_machine {
    const char *start;
    unsigned int bits; /* of the kernel; 0: not told */
    uint16_t machine, narrow;
} host_machines[] = {
    {"x86_64", 64, EM_X86_64, EM_386},
    {"ia64", 64, EM_IA_64, EM_NONE},
    {"i", 32, EM_NONE, EM_386},
    {"aarch64", 64, EM_AARCH64, EM_ARM},
    {"armv8", 0, EM_NONE, EM_ARM},
    {"arm", 32, EM_NONE, EM_ARM},
    {"riscv64", 64, EM_RISCV, EM_RISCV},
    {"riscv32", 32, EM_NONE, EM_RISCV},
    {"ppc64", 64, EM_PPC64, EM_PPC},
    {"ppc", 32, EM_NONE, EM_PPC},
    {"s390x", 64, EM_S390, EM_S390},
    {"s390", 32, EM_NONE, EM_S390},
    {"mips64", 64, EM_MIPS, EM_MIPS},
    {"mips", 32, EM_NONE, EM_MIPS},
    {"parisc64", 64, EM_NONE, EM_PARISC},
    {"parisc", 32, EM_NONE, EM_PARISC},
    {"loongarch64", 64, EM_LOONGARCH, EM_NONE},
    {"csky", 32, EM_NONE, EM_CSKY},
    {"sparc64", 64, EM_SPARCV9, EM_SPARC},
    {"alpha", 64, EM_ALPHA, EM_NONE},
};

static const struct host_machine *find_host_machine(const struct image *image)
{
    const char *name = image->host.machine;

    for (size_t i = 0; name && i < sizeof(host_machines) / sizeof(host_machines[0]); i++)
        if (str_starts(str_of(name), str_of(host_machines[i].start)))
            return &host_machines[i];
    return NULL;
}

static void guess_by_host(struct guess *guess, struct image *image)
{
    const struct host_machine *host = find_host_machine(image);
    uint16_t machine = !host ? EM_NONE : image->elf_class == 32 ? host->narrow : host->machine;

    if (machine != EM_NONE && image->elf_class)
        take(guess, image, machine, image->elf_class, "the machine of its host");
}

static bool is_decided(const struct guess *guess)
{
    return guess->machine && !guess->is_contradicted;
}

/* The surest first; where names contradict each other, those after them decide. */
static void infer_machine(struct image *image)
{
    static void (*const steps[])(struct guess *, struct image *) = {
        guess_by_loader, guess_by_kernel_pages, guess_by_host};
    struct guess guess = {0};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !is_decided(&guess); i++)
        steps[i](&guess, image);
    if (!guess.machine)
        guess_by_names(&guess, image, PERM_EXEC);
    if (!guess.machine)
        guess_by_names(&guess, image, 0);
    if (!is_decided(&guess))
        return;
    image->machine = guess.machine;
    image->elf_class = guess.elf_class;
    image->machine_evidence = guess.evidence;
    image_note_missing(image, "ELF machine",
                       arena_printf(&image->arena, "it was told by %s, for no ELF header is there",
                                    guess.evidence));
}

static void find_byte_order(struct image *image)
{
    image->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    for (uint32_t i = image->n_objects; i-- > 0;)
        if (image->objects[i].has_head && image->objects[i].head.machine == image->machine)
            image->big_endian = image->objects[i].head.big_endian;
    if (image->auxv.known)
        image->big_endian = image->auxv.big_endian;
    if (image->core)
        image->big_endian = image->core->head.big_endian;
}

/* A machine with one page size leaves nothing to guess; another may rule a size out. */
static void refine_page_size(struct image *image)
{
    uint64_t sizes = image->rules->page_sizes;

    if (!image->is_page_size_guessed)
        return;
    while (sizes && !(sizes & image->page_size) && image->page_size > 4 * KIB)
        image->page_size /= 2;
    host_read_guard(image);
    image->is_page_size_guessed = image->page_size > 4 * KIB;
    if (image->is_page_size_guessed)
        image_note_missing(image, "page size",
                           "nothing tells it: it is the largest that all addresses fit");
}

/* The kernel names the stack of its thread group so, whichever way it grows. */
static void turn_stacks(struct image *image)
{
    if (!image->rules->stack_grows_up)
        return;
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        struct mapping *mapping = &image->mappings[i];

        mapping->grows_down = false;
        mapping->grows_up = str_eq(mapping_name(image, mapping), STR("[stack]"));
    }
}

void machine_infer(struct image *image)
{
    if (image->machine == 0)
        infer_machine(image);
    image->rules = machine_find(image->machine);
    find_byte_order(image);
    refine_page_size(image);
    turn_stacks(image);
}

/* The end of the highest mapping that mmap or exec could place, and that of the stack. */
static void look_at_ends(const struct image *image, struct arch_clues *clues)
{
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        if (mapping->role == ROLE_VSYSCALL || mapping->role == ROLE_VDSO)
            continue;
        clues->highest = mapping->range.end;
        if (mapping->role == ROLE_STACK && mapping->grows_down)
            clues->stack_end = mapping->range.end;
    }
}

void arch_find(struct image *image)
{
    const struct host_machine *host = find_host_machine(image);
    struct arch_clues clues = {
        .machine = image->machine,
        .elf_class = image->elf_class,
        .is_64bit_kernel = host && host->bits == 64,
        .is_32bit_kernel = host && host->bits == 32 && image->elf_class == 32,
        .kernel_version = image->host.kernel_version,
        .page_size = image->page_size,
    };
    struct arch_choice choice;

    /* No 64-bit address space depends on it. */
    if (image->elf_class != 64)
        clues.has_personality = image_read_personality(image);
    clues.personality = image->personality;
    look_at_ends(image, &clues);
    choice = arch_choose(&clues);
    image->arch = choice.arch;
    image->is_arch_sure = choice.is_sure;
    image->is_kernel_width_known =
        choice.is_kernel_known || clues.is_64bit_kernel || clues.is_32bit_kernel;
    if (choice.arch && !choice.is_sure)
        image_note_missing(image, "end of the address space",
                           "kernels of this machine have several, and the mappings fit more than "
                           "one of them");
}
