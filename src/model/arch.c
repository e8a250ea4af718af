/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts are those of Linux 6.1 and 6.12, from these files below arch/ where nothing else is
 * said: include/asm/processor.h, memory.h, task_size_*.h (TASK_SIZE, STACK_TOP,
 * TASK_UNMAPPED_BASE), include/asm/elf.h (STACK_RND_MASK), Kconfig (ARCH_MMAP_RND_BITS_MAX,
 * page sizes, the splits of 32-bit kernels), mm/mmap.c and kernel/sys_*.c
 * (arch_get_unmapped_area(), mmap_base(); powerpc's, arm64's, riscv's and csky's are those of
 * mm/util.c and mm/mmap.c).
 */
#include "model/arch.h"

#include "base/units.h"

#include <elf.h>
#include <stddef.h>

#define KERNEL(major, minor) ((unsigned int)(major) << 8 | (minor))

/* PERSONALITY_LIMIT_3GB; model/image.h includes this file. */
#define ADDR_LIMIT_3GB 0x8000000

/*
 * Top-down since: arm 7dbaa466780a (3.3), mips d0be89f6c257 (3.0), riscv 54c95a11cc1b (5.5), csky
 * 953131e5b5a5 (5.9), parisc 9dabf60dc4ab (3.14); x86, powerpc, s390 with 2.6.  mmap_is_legacy() of
 * x86 ignores the stack limit since 4.17, of parisc ever since it has one.
 *
 * Executable data: mm.h gives VM_DATA_FLAGS_EXEC to whoever defines no VM_DATA_DEFAULT_FLAGS.  On
 * parisc the linkage tables, too, are code and are written by the loader.
 */
static const struct machine machines[] = {
    {
        .machine = EM_X86_64,
        .page_sizes = 4 * KIB,
        .has_map_32bit = true,
        .unlimited_stack_ignored_since = KERNEL(4, 17),
        .second_search = SEARCH_FROM_RANDOM_LEGACY_BASE,
        .huge_pages = HUGE_MIDDLE_TABLE,
        .usual_min_address = 64 * KIB,
    },
    {
        .machine = EM_386,
        .page_sizes = 4 * KIB,
        .unlimited_stack_ignored_since = KERNEL(4, 17),
        .second_search = SEARCH_FROM_RANDOM_LEGACY_BASE,
        .huge_pages = HUGE_NONE,
        .usual_min_address = 64 * KIB,
    },
    {
        .machine = EM_AARCH64,
        .page_sizes = 4 * KIB | 16 * KIB | 64 * KIB,
        .second_search = SEARCH_FROM_LEGACY_BASE,
        .huge_pages = HUGE_MIDDLE_TABLE,
        .usual_min_address = 32 * KIB,
    },
    {
        .machine = EM_ARM,
        .page_sizes = 4 * KIB | 16 * KIB | 64 * KIB, /* 4 KiB on its own kernels */
        .top_down_since = KERNEL(3, 3),
        .second_search = SEARCH_FROM_MMAP_BASE,
        .huge_pages = HUGE_NONE,
        .usual_min_address = 32 * KIB,
    },
    {
        .machine = EM_RISCV,
        .page_sizes = 4 * KIB,
        .top_down_since = KERNEL(5, 5),
        .second_search = SEARCH_FROM_LEGACY_BASE,
        .huge_pages = HUGE_MIDDLE_TABLE,
        .usual_min_address = 64 * KIB,
    },
    {
        .machine = EM_PPC64,
        .page_sizes = 4 * KIB | 64 * KIB,
        .second_search = SEARCH_FROM_LEGACY_BASE,
        .huge_pages = HUGE_UNKNOWN, /* 2 MiB with radix tables, 16 MiB with hashed ones */
        .usual_min_address = 64 * KIB,
    },
    {
        .machine = EM_PPC,
        .page_sizes = 4 * KIB | 16 * KIB | 64 * KIB | 256 * KIB,
        .second_search = SEARCH_FROM_LEGACY_BASE,
        .huge_pages = HUGE_NONE,
        .usual_min_address = 64 * KIB,
    },
    {
        .machine = EM_S390,
        .page_sizes = 4 * KIB,
        .second_search = SEARCH_FROM_LEGACY_BASE,
        .huge_pages = HUGE_1M,
        .usual_min_address = 64 * KIB,
    },
    {
        .machine = EM_MIPS,
        .page_sizes = 4 * KIB | 8 * KIB | 16 * KIB | 32 * KIB | 64 * KIB,
        .top_down_since = KERNEL(3, 0),
        .second_search = SEARCH_FROM_MMAP_BASE,
        .huge_pages = HUGE_UNKNOWN, /* not every processor has any */
        .usual_min_address = 64 * KIB,
    },
    {
        .machine = EM_LOONGARCH,
        .page_sizes = 4 * KIB | 16 * KIB | 64 * KIB,
        .second_search = SEARCH_FROM_MMAP_BASE,
        .huge_pages = HUGE_MIDDLE_TABLE,
        .usual_min_address = 64 * KIB,
    },
    {
        .machine = EM_PARISC,
        .page_sizes = 4 * KIB,
        .stack_grows_up = true,
        .data_is_executable = true,
        .objects_are_writable = true,
        .top_down_since = KERNEL(3, 14),
        .unlimited_stack_ignored_since = KERNEL(3, 14),
        .second_search = SEARCH_FROM_MMAP_BASE,
        .huge_pages = HUGE_NONE,
        .usual_min_address = 64 * KIB,
    },
    {
        .machine = EM_CSKY,
        .page_sizes = 4 * KIB,
        .data_is_executable = true,
        .top_down_since = KERNEL(5, 9),
        .second_search = SEARCH_FROM_LEGACY_BASE,
        .huge_pages = HUGE_NONE,
        .usual_min_address = 64 * KIB,
    },
};

#define BIT(n) ((uint64_t)1 << (n))

/* 0x7ff and 0x3ffff pages of 4 KiB, whatever the page size is. */
#define STACK_8M (8 * MIB - 4 * KIB)
#define STACK_1G (GIB - 4 * KIB)

/* The break of 64-bit x86: 44c76825d6ee (6.9); 32 MiB before. */
#define X86_64_ROW                                                                 \
    {                                                                              \
        .machine = EM_X86_64, .elf_class = 64, .on_64bit_kernel = true,            \
        .task_size = BIT(47) - 4 * KIB, .stack_random_bytes = 16 * GIB - 4 * KIB,  \
        .legacy_base = (BIT(47) - 4 * KIB) / 3, .mmap_random_bytes = BIT(32 + 12), \
        .brk_random_bytes = GIB                                                    \
    }
#define X86_32_ROW(em, k64, flag, end)                                                     \
    {                                                                                      \
        .machine = (em), .elf_class = 32, .on_64bit_kernel = (k64), .personality = (flag), \
        .task_size = (end), .stack_random_bytes = STACK_8M, .legacy_base = (end) / 3,      \
        .mmap_random_bytes = BIT(16 + 12), .brk_random_bytes = 32 * MIB                    \
    }

/* TASK_UNMAPPED_BASE is a quarter; the random bits are VA_BITS - PAGE_SHIFT - 3. */
#define ARM64_ROW(page, bits)                                                                 \
    {                                                                                         \
        .machine = EM_AARCH64, .elf_class = 64, .on_64bit_kernel = true, .page_size = (page), \
        .task_size = BIT(bits), .stack_random_bytes = STACK_1G, .legacy_base = BIT((bits)-2), \
        .mmap_random_bytes = BIT((bits)-3), .brk_random_bytes = GIB                           \
    }

/* PAGE_OFFSET less 16 MiB for modules; TASK_UNMAPPED_BASE is a third, rounded up to 16 MiB. */
#define ARM_ROW(end, base)                                                                        \
    {                                                                                             \
        .machine = EM_ARM, .elf_class = 32, .page_size = 4 * KIB, .task_size = (end),             \
        .stack_random_bytes = STACK_8M, .legacy_base = (base), .mmap_random_bytes = BIT(16 + 12), \
        .brk_random_bytes = 32 * MIB                                                              \
    }

/* Above the stack of a 32-bit program is the page with the vectors. */
#define ARM_COMPAT_ROW                                                                        \
    {                                                                                         \
        .machine = EM_ARM, .elf_class = 32, .on_64bit_kernel = true, .task_size = 0xfffff000, \
        .stack_top = 0xffff0000, .stack_random_bytes = STACK_8M, .legacy_base = 0x40000000,   \
        .mmap_random_bytes = BIT(16 + 12), .mmap_random_by_pages = true,                      \
        .brk_random_bytes = 32 * MIB                                                          \
    }

/*
 * Until 6.6 TASK_UNMAPPED_BASE was a third of TASK_SIZE, whatever the page tables give; since
 * add2cc6b6515 it is a third of 2^39, and the stack is not above 2^47.
 */
#define RISCV64_ROW(from, to, bits, base, more)                                            \
    {                                                                                      \
        .machine = EM_RISCV, .elf_class = 64, .on_64bit_kernel = true, .since = (from),    \
        .before = (to), .task_size = BIT(bits), .stack_random_bytes = STACK_1G,            \
        .legacy_base = (base), .mmap_random_bytes = BIT(24 + 12), .brk_random_bytes = GIB, \
        .beyond = (more)                                                                   \
    }
#define RISCV32_ROW(k64, from, to, end, top, base)                                              \
    {                                                                                           \
        .machine = EM_RISCV, .elf_class = 32, .on_64bit_kernel = (k64), .since = (from),        \
        .before = (to), .task_size = (end), .stack_top = (top), .stack_random_bytes = STACK_8M, \
        .legacy_base = (base), .mmap_random_bytes = BIT(17 + 12), .brk_random_bytes = 32 * MIB  \
    }

/*
 * DEFAULT_MAP_WINDOW_USER64: 128 TiB with pages of 64 KiB since 4.12 (f6eedbba7a26), else 64 TiB,
 * before 3.7 16 TiB.  With hashed page tables and segments of 1 TiB the break is drawn from 1 TiB
 * on (mm/book3s64/hash_utils.c arch_randomize_brk()).
 */
#define PPC64_ROW(page, from, to, bits)                                                          \
    {                                                                                            \
        .machine = EM_PPC64, .elf_class = 64, .on_64bit_kernel = true, .page_size = (page),      \
        .since = (from), .before = (to), .task_size = BIT(bits), .stack_random_bytes = STACK_1G, \
        .legacy_base = BIT((bits)-2), .mmap_random_bytes = BIT(45), .brk_random_bytes = GIB,     \
        .brk_floor = TIB                                                                         \
    }
#define PPC_ROW(k64, end, base)                                                                   \
    {                                                                                             \
        .machine = EM_PPC, .elf_class = 32, .on_64bit_kernel = (k64), .task_size = (end),         \
        .stack_random_bytes = STACK_8M, .legacy_base = (base), .mmap_random_bytes = BIT(17 + 12), \
        .brk_random_bytes = 32 * MIB                                                              \
    }

/* The vdso is above the stack.  BRK_RND_MASK had 18 bits once, for programs of 31 bits 11. */
#define S390_ROW(class, k64, bits, stack, mmap, brk, more)                                    \
    {                                                                                         \
        .machine = EM_S390, .elf_class = (class), .on_64bit_kernel = (k64),                   \
        .task_size = BIT(bits), .vdso_bytes = 64 * KIB, .stack_random_bytes = (stack),        \
        .legacy_base = BIT((bits)-1), .mmap_random_bytes = (mmap), .brk_random_bytes = (brk), \
        .beyond = (more)                                                                      \
    }

/*
 * mips_stack_top(): vdso, data and timer page, and what keeps the caches coherent, lie above.
 * TASK_SIZE of a 32-bit kernel is 32 KiB more in new ones.
 */
#define MIPS_ROW(class, k64, end, random, mmap, brk)                                            \
    {                                                                                           \
        .machine = EM_MIPS, .elf_class = (class), .on_64bit_kernel = (k64), .task_size = (end), \
        .vdso_bytes = 512 * KIB, .vdso_random_bytes = (random), .stack_random_bytes = STACK_8M, \
        .legacy_base = (end) / 3, .mmap_random_bytes = (mmap), .mmap_random_by_pages = true,    \
        .brk_random_bytes = (brk)                                                               \
    }

/* VA_BITS by page size and levels of the page tables, or less by the processor. */
#define LOONGARCH_ROW(page, bits)                                                                \
    {                                                                                            \
        .machine = EM_LOONGARCH, .elf_class = 64, .on_64bit_kernel = true, .page_size = (page),  \
        .task_size = BIT(bits), .vdso_bytes = 512 * KIB, .vdso_random_bytes = 64 * MIB,          \
        .stack_random_bytes = STACK_8M, .legacy_base = BIT(bits) / 3,                            \
        .mmap_random_bytes = BIT(18 + 12), .mmap_random_by_pages = true, .brk_random_bytes = GIB \
    }

/* PAGE_OFFSET less eight pages. */
#define CSKY_ROW(end)                                                                             \
    {                                                                                             \
        .machine = EM_CSKY, .elf_class = 32, .task_size = (end), .stack_random_bytes = STACK_8M,  \
        .legacy_base = (end) / 3, .mmap_random_bytes = BIT(17 + 12), .brk_random_bytes = 32 * MIB \
    }

/* Programs have 32 bits on kernels of either word size. */
#define PARISC_ROW(k64)                                                                           \
    {                                                                                             \
        .machine = EM_PARISC, .elf_class = 32, .on_64bit_kernel = (k64), .task_size = 0xfff00000, \
        .stack_random_bytes = STACK_8M, .legacy_base = 0x40000000,                                \
        .mmap_random_bytes = BIT(13 + 12), .brk_random_bytes = 32 * MIB                           \
    }

#define BEYOND_4T \
    "where nothing fits below 4T, the kernel extends the address space (to 8P, 16E since 4.13)"
#define BEYOND_SV48                                                                           \
    "on a processor with page tables of five levels the kernel also looks above 128T, which " \
    "the mappings do not show"

/* Of rows that fit equally well the first is taken: the more usual, the newer kernel. */
static const struct arch arches[] = {
    X86_64_ROW,
    X86_32_ROW(EM_X86_64, true, 0, 0xffffe000), /* x32 */
    X86_32_ROW(EM_386, false, 0, 0xc0000000),
    X86_32_ROW(EM_386, true, ADDR_LIMIT_3GB, 0xc0000000),
    X86_32_ROW(EM_386, false, 0, 0x40000000), /* other splits of a 32-bit kernel */
    X86_32_ROW(EM_386, false, 0, 0x78000000),
    X86_32_ROW(EM_386, false, 0, 0x80000000),
    X86_32_ROW(EM_386, false, 0, 0xb0000000),
    X86_32_ROW(EM_386, true, 0, 0xffffe000),
    ARM64_ROW(16 * KIB, 36),
    ARM64_ROW(4 * KIB, 39),
    ARM64_ROW(64 * KIB, 42),
    ARM64_ROW(16 * KIB, 47),
    ARM64_ROW(0, 48),
    ARM_ROW(0x3f000000, 0x15000000),
    ARM_ROW(0x7f000000, 0x2b000000),
    ARM_ROW(0xaf000000, 0x3b000000),
    ARM_ROW(0xbf000000, 0x40000000),
    ARM_COMPAT_ROW,
    RISCV64_ROW(KERNEL(6, 6), 0, 38, BIT(39) / 3, NULL),
    RISCV64_ROW(0, KERNEL(6, 6), 38, BIT(38) / 3, NULL),
    RISCV64_ROW(KERNEL(6, 6), 0, 47, BIT(39) / 3, BEYOND_SV48),
    RISCV64_ROW(0, KERNEL(6, 6), 47, BIT(47) / 3, NULL),
    RISCV64_ROW(0, KERNEL(6, 6), 56, BIT(56) / 3, NULL),
    RISCV32_ROW(true, KERNEL(6, 6), 0, 0x7ffff000, 0x80000000, BIT(32) / 3),
    RISCV32_ROW(true, 0, KERNEL(6, 6), 0x7ffff000, 0, 0x7ffff000 / 3),
    RISCV32_ROW(false, 0, 0, 0x7ffff000, 0, 0x7ffff000 / 3), /* a 64-bit one, built as ILP32 */
    RISCV32_ROW(false, 0, 0, 0x9c800000, 0, 0x9c800000 / 3), /* FIXADDR_START, by struct page */
    RISCV32_ROW(false, 0, 0, 0x9d800000, 0, 0x9d800000 / 3),
    RISCV32_ROW(false, 0, 0, 0x9fc00000, 0, 0x9fc00000 / 3), /* ... without vmemmap */
    PPC64_ROW(64 * KIB, KERNEL(4, 12), 0, 47),
    PPC64_ROW(64 * KIB, KERNEL(3, 7), KERNEL(4, 12), 46),
    PPC64_ROW(4 * KIB, KERNEL(3, 7), 0, 46),
    PPC64_ROW(0, 0, KERNEL(3, 7), 44),
    PPC_ROW(false, 0x80000000, 0x30000000), /* TASK_SIZE / 8 * 3 */
    PPC_ROW(false, 0xb0000000, 0x42000000),
    PPC_ROW(false, 0xc0000000, 0x48000000),
    PPC_ROW(true, 0xfffff000, 0x40000000),
    S390_ROW(64, true, 42, STACK_1G, BIT(18 + 12), GIB, BEYOND_4T),
    S390_ROW(32, true, 31, STACK_8M, STACK_8M, 8 * MIB, NULL),
    S390_ROW(32, false, 31, STACK_8M, STACK_8M, 8 * MIB, NULL),
    MIPS_ROW(32, true, 0x7fff8000, MIB, BIT(15 + 12), 32 * MIB), /* o32 and n32 */
    MIPS_ROW(32, false, 0x7fff8000, MIB, BIT(15 + 12), 32 * MIB),
    MIPS_ROW(64, true, BIT(40), 64 * MIB, BIT(18 + 12), GIB),
    MIPS_ROW(64, true, BIT(48), 64 * MIB, BIT(18 + 12), GIB), /* CONFIG_MIPS_VA_BITS_48 */
    LOONGARCH_ROW(16 * KIB, 36),
    LOONGARCH_ROW(4 * KIB, 39),
    LOONGARCH_ROW(64 * KIB, 42),
    LOONGARCH_ROW(16 * KIB, 47),
    LOONGARCH_ROW(64 * KIB, 47),
    LOONGARCH_ROW(4 * KIB, 48),
    LOONGARCH_ROW(64 * KIB, 48),
    CSKY_ROW(0x7fff8000),
    CSKY_ROW(0x9fff8000),
    PARISC_ROW(true),
    PARISC_ROW(false),
};

const struct machine *machine_find(uint16_t machine)
{
    static const struct machine unknown = {.machine = EM_NONE};

    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
        if (machines[i].machine == machine)
            return &machines[i];
    return &unknown;
}

uint64_t machine_huge_page(const struct machine *machine, uint64_t page_size)
{
    switch (machine->huge_pages) {
    case HUGE_MIDDLE_TABLE:
        return page_size * (page_size / 8);
    case HUGE_1M:
        return MIB;
    default:
        return 0;
    }
}

uint64_t arch_stack_top(const struct arch *arch)
{
    return arch->stack_top ? arch->stack_top : arch->task_size;
}

uint64_t arch_mmap_random_bytes(const struct arch *arch, uint64_t page_size)
{
    return arch->mmap_random_by_pages ? arch->mmap_random_bytes / (4 * KIB) * page_size
                                      : arch->mmap_random_bytes;
}

/* What is known beside the addresses does not speak against it. */
static bool is_candidate(const struct arch *arch, const struct arch_clues *clues)
{
    if (arch->machine != clues->machine || arch->elf_class != clues->elf_class ||
        (arch->on_64bit_kernel ? clues->is_32bit_kernel : clues->is_64bit_kernel))
        return false;
    if (arch->page_size && clues->page_size && arch->page_size != clues->page_size)
        return false;
    if (clues->kernel_version && (clues->kernel_version < arch->since ||
                                  (arch->before && clues->kernel_version >= arch->before)))
        return false;
    return !arch->personality || !clues->has_personality ||
           (clues->personality & arch->personality) != 0;
}

static uint64_t arch_end(const struct arch *arch)
{
    return arch->stack_top > arch->task_size ? arch->stack_top : arch->task_size;
}

/*
 * The lowest that the first mapping can be put: top-down with the largest stack limit, or
 * bottom-up.  What was put there is still mapped: the interpreter, the vdso.
 */
static uint64_t lowest_base(const struct arch *arch)
{
    uint64_t top_down = arch->task_size / 6;

    top_down -= top_down < arch->mmap_random_bytes ? top_down : arch->mmap_random_bytes;
    return top_down < arch->legacy_base ? top_down : arch->legacy_base;
}

/* STACK_TOP less what is random, the vdso's place and some pages of fs/exec.c's own. */
static bool stack_fits(const struct arch *arch, uint64_t end)
{
    uint64_t top = arch_stack_top(arch);

    return end <= top && top - end <= arch->stack_random_bytes + arch->vdso_bytes +
                                          arch->vdso_random_bytes + 128 * KIB;
}

/* Only a 64-bit process can have something above TASK_SIZE: it asked for that address. */
enum fit { FIT_NOT, FIT_LARGE_ENOUGH, FIT_STACK_ALONE, FIT_STACK, N_FITS };

static enum fit fit_of(const struct arch *arch, const struct arch_clues *clues)
{
    bool is_inside = clues->highest <= arch_end(arch);

    if (clues->stack_end && stack_fits(arch, clues->stack_end) &&
        (is_inside || arch->elf_class == 64))
        return is_inside ? FIT_STACK : FIT_STACK_ALONE;
    return is_inside && clues->highest >= lowest_base(arch) ? FIT_LARGE_ENOUGH : FIT_NOT;
}

static struct arch_choice choose(const struct arch_clues *clues, enum fit *fits)
{
    struct arch_choice choice = {NULL, true, true};
    enum fit best = FIT_NOT;

    for (size_t i = 0; i < sizeof(arches) / sizeof(arches[0]); i++) {
        const struct arch *arch = &arches[i];
        enum fit fit = is_candidate(arch, clues) ? fit_of(arch, clues) : N_FITS;

        if (fit == N_FITS || (choice.arch && fit < best))
            continue;
        if (!choice.arch || fit > best) {
            choice = (struct arch_choice){arch, true, true};
            best = fit;
            continue;
        }
        choice.is_sure &= arch->task_size == choice.arch->task_size;
        choice.is_kernel_known &= arch->on_64bit_kernel == choice.arch->on_64bit_kernel;
    }
    *fits = best;
    return choice;
}

/* A process that runs under setarch is told the machine of a 32-bit kernel, which may be wrong. */
struct arch_choice arch_choose(const struct arch_clues *clues)
{
    struct arch_clues others = *clues;
    enum fit fits;
    struct arch_choice choice = choose(clues, &fits);

    if (fits != FIT_NOT || !clues->is_32bit_kernel)
        return choice;
    others.is_32bit_kernel = false;
    return choose(&others, &fits);
}
