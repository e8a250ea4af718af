/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps of other machines, as text or in a directory that somebody copied.  Their addresses follow
 * from the formulas of mm/util.c and the constants of each architecture's headers, which stand here
 * once more, so that the two tables check each other.
 */
#include "../fake.h"
#include "../rows.h"
#include "analyze/facts.h"

#include "base/units.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct fake fake;
static struct image image;
static struct facts facts;

static void setup(void)
{
    fake_init(&fake);
}

static void teardown(void)
{
    image_deinit(&image);
    fake_deinit(&fake);
}

/* A map alone. */
static void take_text(const char *text)
{
    struct err err = {""};

    fake.process = capture_open_text(strdup(text), strlen(text));
    ck_assert_msg(image_init(&image, fake.process, 0, &err) == IMAGE_READY, "%s", err.text);
}

/* A directory with the map, the limits and the host's kernel version. */
static void take_folder(const char *maps, const char *kernel, const char *stack_limit)
{
    char path[256];
    struct err err = {""};

    fake_write(&fake, "copy/maps", "%s", maps);
    if (kernel)
        fake_write(&fake, "copy/host/proc/sys/kernel/osrelease", "%s\n", kernel);
    if (stack_limit)
        fake_write(
            &fake, "copy/limits",
            "Limit                     Soft Limit           Hard Limit           Units     \n"
            "Max stack size            %-20s unlimited            bytes     \n",
            stack_limit);
    snprintf(path, sizeof(path), "%s/copy", fake.root);
    ck_assert_msg(capture_open_snapshot(&fake.process, path, &err), "%s", err.text);
    ck_assert_msg(image_init(&image, fake.process, 0, &err) == IMAGE_READY, "%s", err.text);
}

/* A non-PIE program and the object NAME, each with code and data. */
#define PROG                                               \
    "00010000-00012000 r-xp 00000000 08:01 11 /bin/prog\n" \
    "00022000-00023000 rw-p 00002000 08:01 11 /bin/prog\n"
#define LOW(name)  "40000000-40002000 r-xp 00000000 08:01 12 " name "\n"
#define HIGH(name) "ffff80000000-ffff80002000 r-xp 00000000 08:01 12 " name "\n"
#define TERA(name) "3ff80000000-3ff80002000 r-xp 00000000 08:01 12 " name "\n"

static const struct {
    const char *name;
    const char *maps;
    uint16_t machine; /* EM_NONE: nothing tells it */
    unsigned int elf_class;
    const char *by; /* a part of the evidence */
} names[] = {
    {"glibc's loader of x86-64", HIGH("/lib64/ld-linux-x86-64.so.2"), EM_X86_64, 64,
     "ld-linux-x86-64.so.2"},
    {"... of arm64", HIGH("/lib/ld-linux-aarch64.so.1"), EM_AARCH64, 64, "ld-linux-aarch64.so.1"},
    {"... of arm", LOW("/lib/ld-linux-armhf.so.3"), EM_ARM, 32, "ld-linux-armhf.so.3"},
    {"... of soft-float arm", LOW("/lib/ld-linux.so.3"), EM_ARM, 32, "ld-linux.so.3"},
    {"... of riscv64", HIGH("/lib/ld-linux-riscv64-lp64d.so.1"), EM_RISCV, 64, "riscv64"},
    {"... of ppc64le", HIGH("/lib64/ld64.so.2"), EM_PPC64, 64, "ld64.so.2"},
    {"ld64.so.1 above 4 TiB: ppc64", HIGH("/lib64/ld64.so.1"), EM_PPC64, 64, "ld64.so.1"},
    {"ld64.so.1 below 4 TiB: s390x", TERA("/lib/ld64.so.1"), EM_S390, 64, "ld64.so.1"},
    {"ld.so.1 is of many", LOW("/lib/ld.so.1"), EM_NONE, 0, NULL},
    {"ld-linux.so.2 is of several", LOW("/lib/ld-linux.so.2"), EM_NONE, 0, NULL},
    {"a loader with glibc's version", LOW("/lib/ld-2.31.so"), EM_NONE, 0, NULL},
    {"musl's loader", LOW("/lib/ld-musl-mips.so.1"), EM_MIPS, 32, "ld-musl-mips"},
    {"musl's loader of 64 bits", HIGH("/lib/ld-musl-mips64.so.1"), EM_MIPS, 64, "ld-musl-mips64"},
    {"ld.so.1 in Debian's directory", LOW("/usr/lib/hppa-linux-gnu/ld.so.1"), EM_PARISC, 32,
     "hppa-linux-gnu"},
    {"... of n32", LOW("/lib/mips64el-linux-gnuabin32/ld.so.1"), EM_MIPS, 32, "gnuabin32"},
    {"... of s390x", TERA("/usr/lib/s390x-linux-gnu/libc.so.6"), EM_S390, 64, "s390x-linux-gnu"},
    {"... of loongarch64", HIGH("/usr/lib/loongarch64-linux-gnu/libc.so.6"), EM_LOONGARCH, 64,
     "loongarch64"},
    {"Android", HIGH("/system/framework/arm64/boot.oat"), EM_AARCH64, 64, "arm64"},
    {"the gate page of x86-64",
     HIGH("/opt/x") "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n",
     EM_X86_64, 64, "[vsyscall]"},
    {"the vectors of arm", LOW("/opt/x") "ffff0000-ffff1000 r-xp 00000000 00:00 0 [vectors]\n",
     EM_ARM, 32, "[vectors]"},
    {"a 32-bit machine's name above 4 GiB is another's", HIGH("/lib/ld-linux-armhf.so.3"), EM_NONE,
     0, NULL},
    {"an emulator: the guest's library is data",
     "400000-402000 r--p 00000000 08:01 12 /usr/arm-linux-gnueabihf/lib/libc.so.6\n" HIGH(
         "/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0"),
     EM_X86_64, 64, "x86_64-linux-gnu"},
    {"two machines without a loader",
     HIGH(
         "/usr/lib/aarch64-linux-gnu/libc.so.6") "ffff90000000-ffff90002000 r-xp 00000000 08:01 13 "
                                                 "/usr/lib/x86_64-linux-gnu/libz.so.1\n",
     EM_NONE, 0, NULL},
    {"two machines, the loader decides",
     HIGH("/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1") "ffff90000000-ffff90002000 r-xp "
                                                              "00000000 08:01 13 "
                                                              "/x/x86_64-linux-gnu/libz.so.1\n",
     EM_AARCH64, 64, "ld-linux-aarch64"},
    {"nothing at all", LOW("/opt/x"), EM_NONE, 0, NULL},
};

START_TEST(test_name)
{
    char text[2048];

    snprintf(text, sizeof(text), PROG "%s", names[_i].maps);
    take_text(text);
    ROW_NUMBER(&names[_i], image.machine, names[_i].machine);
    ROW_NUMBER(&names[_i], fake_missing(&image, "ELF machine") != NULL,
               names[_i].machine != EM_NONE);
    if (names[_i].machine == EM_NONE) {
        ck_assert_ptr_null(image.machine_evidence);
        return;
    }
    ROW_NUMBER(&names[_i], image.elf_class, names[_i].elf_class);
    ROW_SAYS(&names[_i], image.machine_evidence, names[_i].by);
}
END_TEST

/* Pages of 64 KiB that nothing tells: all addresses are multiples of them. */
#define WIDE(name)                                                \
    "10000000-10010000 r-xp 00000000 08:01 11 /bin/prog\n"        \
    "7fff90000000-7fff90010000 r-xp 00000000 08:01 12 " name "\n" \
    "7fffd0000000-7fffd0010000 rw-p 00000000 00:00 0 [stack]\n"

static const struct {
    const char *name;
    const char *maps;
    uint64_t page_size;
    bool guessed;
} page_sizes[] = {
    {"ppc64 can have them", WIDE("/lib64/ld64.so.2"), 65536, true},
    {"x86-64 has 4 KiB only", WIDE("/lib64/ld-linux-x86-64.so.2"), 4096, false},
    {"an unknown machine may have them", WIDE("/lib/ld.so"), 65536, true},
    {"4 KiB is no guess", PROG HIGH("/lib64/ld64.so.2"), 4096, false},
    {"smaps tells it",
     "10000000-10010000 r-xp 00000000 08:01 11 /bin/prog\nSize: 64 kB\nKernelPageSize: 64 kB\n"
     "7fff90000000-7fff90010000 r-xp 00000000 08:01 12 /lib64/ld64.so.2\nSize: 64 kB\n"
     "KernelPageSize: 64 kB\n",
     65536, false},
};

START_TEST(test_page_size)
{
    take_text(page_sizes[_i].maps);
    ROW_NUMBER(&page_sizes[_i], image.page_size, page_sizes[_i].page_size);
    ROW_NUMBER(&page_sizes[_i], image.is_page_size_guessed, page_sizes[_i].guessed);
    ROW_NUMBER(&page_sizes[_i], fake_missing(&image, "page size") != NULL, page_sizes[_i].guessed);
    ROW_NUMBER(&page_sizes[_i], image.host.stack_guard_gap_bytes, 256 * page_sizes[_i].page_size);
}
END_TEST

/*
 * The constants, as each header has them: STACK_TOP (asm/processor.h), STACK_RND_MASK in bytes
 * (asm/elf.h), TASK_UNMAPPED_BASE, TASK_SIZE.
 */
static const struct kernel {
    const char *name;
    const char *loader;
    const char *version; /* NULL: not told */
    uint64_t page;
    uint64_t stack_top, stack_random, unmapped_base, task_size;
} kernels[] = {
    {"x86-64", "/lib64/ld-linux-x86-64.so.2", NULL, 4096, 0x7ffffffff000, 0x3fffff000,
     0x2aaaaaaab000, 0x7ffffffff000},
    {"arm64, 39 bits", "/lib/ld-linux-aarch64.so.1", NULL, 4096, 1ULL << 39, 0x3ffff000, 1ULL << 37,
     1ULL << 39},
    {"arm64, 42 bits", "/lib/ld-linux-aarch64.so.1", NULL, 65536, 1ULL << 42, 0x3fff0000,
     1ULL << 40, 1ULL << 42},
    {"arm64, 48 bits", "/lib/ld-linux-aarch64.so.1", NULL, 4096, 1ULL << 48, 0x3ffff000, 1ULL << 46,
     1ULL << 48},
    {"arm64, 48 bits, 64 KiB", "/lib/ld-linux-aarch64.so.1", NULL, 65536, 1ULL << 48, 0x3fff0000,
     1ULL << 46, 1ULL << 48},
    {"arm", "/lib/ld-linux-armhf.so.3", NULL, 4096, 0xc0000000 - (16 << 20), 0x7ff000, 0x40000000,
     0xbf000000},
    {"arm, VMSPLIT_2G", "/lib/ld-linux-armhf.so.3", NULL, 4096, 0x80000000 - (16 << 20), 0x7ff000,
     0x2b000000, 0x7f000000},
    {"arm on arm64", "/lib/ld-linux-armhf.so.3", NULL, 4096, 0xffff0000, 0x7ff000, 0x40000000,
     0xfffff000},
    {"riscv64, sv39, 6.5", "/lib/ld-linux-riscv64-lp64d.so.1", "6.5.0", 4096, 1ULL << 38,
     0x3ffff000, 0x1555556000, 1ULL << 38},
    {"riscv64, sv39, 6.6", "/lib/ld-linux-riscv64-lp64d.so.1", "6.6.0", 4096, 1ULL << 38,
     0x3ffff000, 0x2aaaaab000, 1ULL << 38},
    {"riscv64, sv48, 6.12", "/lib/ld-linux-riscv64-lp64d.so.1", "6.12.0", 4096, 1ULL << 47,
     0x3ffff000, 0x2aaaaab000, 1ULL << 47},
    {"ppc64, 64 KiB", "/lib64/ld64.so.2", NULL, 65536, 1ULL << 47, 0x3fff0000, 1ULL << 45,
     1ULL << 47},
    {"ppc64, 4 KiB", "/lib64/ld64.so.2", "6.1.0", 4096, 1ULL << 46, 0x3ffff000, 1ULL << 44,
     1ULL << 46},
    {"ppc", "/lib/powerpc-linux-gnu/ld.so.1", NULL, 4096, 0xc0000000, 0x7ff000, 0x48000000,
     0xc0000000},
    {"ppc on ppc64", "/lib/powerpc-linux-gnu/ld.so.1", NULL, 4096, 0xfffff000, 0x7ff000, 0x40000000,
     0xfffff000},
    {"s390x", "/lib/s390x-linux-gnu/ld64.so.1", NULL, 4096, (1ULL << 42) - 0x5000, 0x3ff80000,
     1ULL << 41, 1ULL << 42},
    {"s390", "/lib/s390-linux-gnu/ld.so.1", NULL, 4096, (1ULL << 31) - 0x5000, 0x7ff000, 1ULL << 30,
     1ULL << 31},
    {"mips o32", "/lib/mipsel-linux-gnu/ld.so.1", NULL, 4096, 0x7fff8000 - 0x4000 - (1 << 20),
     0x7ff000, 0x2aaa8000, 0x7fff8000},
    {"mips n64", "/lib/mips64el-linux-gnuabi64/ld.so.1", NULL, 4096,
     (1ULL << 40) - 0x4000 - (64 << 20), 0x7ff000, 0x5555556000, 1ULL << 40},
    {"loongarch64", "/lib64/ld-linux-loongarch-lp64d.so.1", NULL, 16384,
     (1ULL << 47) - 0x10000 - (64 << 20), 0x7fc000, 0x2aaaaaaac000, 1ULL << 47},
    {"csky", "/lib/ld-linux-cskyv2.so.1", NULL, 4096, 0x80000000 - 8 * 4096, 0x7ff000, 0x2aaa8000,
     0x7fff8000},
};

static uint64_t pages_up(const struct kernel *kernel, uint64_t bytes)
{
    return (bytes + kernel->page - 1) / kernel->page * kernel->page;
}

/* A program of two pages, its loader at `loader`, a library at `library`, the stack. */
static const char *write_map(const struct kernel *kernel, uint64_t loader, uint64_t library,
                             uint64_t stack_end)
{
    static char text[1024];
    uint64_t page = kernel->page;

    snprintf(text, sizeof(text),
             "%08x-%08" PRIx64 " r-xp 00000000 08:01 11 /bin/prog\n"
             "%08" PRIx64 "-%08" PRIx64 " rw-p 00000000 00:00 0 [heap]\n"
             "%08" PRIx64 "-%08" PRIx64 " r-xp 00000000 08:01 %d %s\n"
             "%08" PRIx64 "-%08" PRIx64 " r-xp 00000000 08:01 %d %s\n"
             "%08" PRIx64 "-%08" PRIx64 " rw-p 00000000 00:00 0 [stack]\n",
             0x10000, 0x10000 + page, 0x10000 + 16 * page, 0x10000 + 20 * page,
             loader < library ? loader : library, (loader < library ? loader : library) + page,
             loader < library ? 12 : 13, loader < library ? kernel->loader : "/lib/libc.so.6",
             loader < library ? library : loader, (loader < library ? library : loader) + page,
             loader < library ? 13 : 12, loader < library ? "/lib/libc.so.6" : kernel->loader,
             stack_end - 33 * page, stack_end);
    return text;
}

/* mm/util.c mmap_base() with RLIMIT_STACK 8 MiB: a gap of 128 MiB, or of the random part. */
static uint64_t top_down_base(const struct kernel *kernel, uint64_t random)
{
    uint64_t gap = (8ULL << 20) + kernel->stack_random + 256 * kernel->page;

    if (gap < 128ULL << 20)
        gap = 128ULL << 20;
    return pages_up(kernel, kernel->stack_top - gap - random);
}

START_TEST(test_top_down)
{
    const struct kernel *kernel = &kernels[_i];
    uint64_t base = top_down_base(kernel, 77 * kernel->page);
    uint64_t stack = (kernel->stack_top - kernel->stack_random / 2) / kernel->page * kernel->page;

    take_folder(write_map(kernel, base - kernel->page, base - 9 * kernel->page, stack),
                kernel->version, "8388608");
    ROW_NUMBER(kernel, image.layout.mode, MMAP_TOP_DOWN);
    ROW_NUMBER(kernel, image.layout.cause, CAUSE_DEFAULT);
    ROW_NUMBER(kernel, image.layout.base, base);
    ROW_NUMBER(kernel, image.layout.task_size, kernel->task_size);
    ROW_NUMBER(kernel, image.layout.legacy_base, kernel->unmapped_base);
    ROW_NUMBER(kernel, image.layout.aslr, ASLR_FULL);
}
END_TEST

START_TEST(test_bottom_up)
{
    const struct kernel *kernel = &kernels[_i];
    uint64_t base = kernel->unmapped_base + 77 * kernel->page;
    uint64_t stack = (kernel->stack_top - kernel->stack_random / 2) / kernel->page * kernel->page;

    take_folder(write_map(kernel, base, base + 9 * kernel->page, stack), kernel->version, NULL);
    ROW_NUMBER(kernel, image.layout.mode, MMAP_BOTTOM_UP);
    ROW_NUMBER(kernel, image.layout.base, base);
    ROW_NUMBER(kernel, image.layout.task_size, kernel->task_size);
}
END_TEST

/* The loader alone: only where it lies tells the mode. */
START_TEST(test_by_position)
{
    const struct kernel *kernel = &kernels[_i];
    uint64_t stack = (kernel->stack_top - kernel->stack_random / 2) / kernel->page * kernel->page;
    uint64_t up = kernel->unmapped_base + 77 * kernel->page;
    char text[1024];

    snprintf(text, sizeof(text),
             "%08" PRIx64 "-%08" PRIx64 " r-xp 00000000 08:01 12 %s\n"
             "%08" PRIx64 "-%08" PRIx64 " rw-p 00000000 00:00 0 [stack]\n",
             up, up + kernel->page, kernel->loader, stack - 33 * kernel->page, stack);
    take_folder(text, kernel->version, "8388608");
    ROW_NUMBER(kernel, image.layout.mode, MMAP_BOTTOM_UP);
}
END_TEST

/* Without randomisation the stack ends at STACK_TOP, and the base is the formula's. */
START_TEST(test_not_random)
{
    const struct kernel *kernel = &kernels[_i];
    uint64_t gap = 128ULL << 20, top = kernel->stack_top;

    /* mips_stack_top() and loongarch's leave no random room for the vdso then. */
    if (strstr(kernel->name, "mips") || strstr(kernel->name, "loongarch"))
        top = kernel->task_size - 0x10000;
    take_folder(write_map(kernel, top - gap - kernel->page, top - gap - 9 * kernel->page, top),
                kernel->version, "8388608");
    ROW_NUMBER(kernel, image.layout.aslr, ASLR_OFF);
    ROW_NUMBER(kernel, image.layout.mode, MMAP_TOP_DOWN);
}
END_TEST

/* mmap_is_legacy(), and kernels that know no other way. */
static const struct {
    const char *name;
    unsigned int kernel; /* of kernels */
    const char *version, *stack_limit;
    enum layout_cause cause;
    const char *says;
} causes[] = {
    {"arm64: an unlimited stack counts", 3, "6.12.0", "unlimited", CAUSE_STACK_LIMIT, "unlimited"},
    {"arm64: ... whatever the version", 3, NULL, "unlimited", CAUSE_STACK_LIMIT, "unlimited"},
    {"arm64: 8 MiB do not", 3, "6.12.0", "8388608", CAUSE_NOT_KNOWN, "personality"},
    {"x86-64: not since 4.17", 0, "4.17.0", "unlimited", CAUSE_NOT_KNOWN, "personality"},
    {"x86-64: until then", 0, "4.16.0", "unlimited", CAUSE_STACK_LIMIT, "unlimited"},
    {"x86-64: of what version is not known", 0, NULL, "unlimited", CAUSE_NOT_KNOWN, "personality"},
    {"csky before 5.9", 20, "5.8.0", "8388608", CAUSE_OLD_KERNEL, "always"},
    {"csky since 5.9", 20, "5.9.0", "8388608", CAUSE_NOT_KNOWN, "personality"},
    {"csky, not known which", 20, NULL, NULL, CAUSE_NOT_KNOWN, "before 5.9"},
    {"riscv before 5.5", 8, "5.4.0", "8388608", CAUSE_OLD_KERNEL, "always"},
};

START_TEST(test_cause)
{
    const struct kernel *kernel = &kernels[causes[_i].kernel];
    uint64_t base = kernel->unmapped_base;

    take_folder(write_map(kernel, base, base + 9 * kernel->page, kernel->stack_top),
                causes[_i].version, causes[_i].stack_limit);
    ROW_NUMBER(&causes[_i], image.layout.mode, MMAP_BOTTOM_UP);
    ROW_NUMBER(&causes[_i], image.layout.cause, causes[_i].cause);
    ROW_SAYS(&causes[_i], image.layout.reason, causes[_i].says);
}
END_TEST

/*
 * mm/mmap.c generic_get_unmapped_area_topdown() and arch/arm/mm/mmap.c: where a request goes that
 * fits nowhere below the base.  A stack limit of nearly everything puts the base under
 * TASK_UNMAPPED_BASE.
 */
static const struct {
    const char *name;
    unsigned int kernel;
    bool from_base;
} seconds[] = {
    {"arm64: from TASK_UNMAPPED_BASE", 3, false},  {"arm: from the base", 5, true},
    {"ppc64: from TASK_UNMAPPED_BASE", 11, false}, {"mips: from the base", 17, true},
    {"csky: from TASK_UNMAPPED_BASE", 20, false},
};

START_TEST(test_second_search)
{
    const struct kernel *kernel = &kernels[seconds[_i].kernel];
    uint64_t page = kernel->page;
    uint64_t base = pages_up(kernel, kernel->stack_top - kernel->stack_top / 6 * 5);
    uint64_t stack = (kernel->stack_top - kernel->stack_random / 2) / page * page;
    uint64_t address;
    char text[1024];

    snprintf(text, sizeof(text),
             "%08" PRIx64 "-%08" PRIx64 " rw-p 00000000 00:00 0\n"
             "%08" PRIx64 "-%08" PRIx64 " r-xp 00000000 08:01 13 /lib/libc.so.6\n"
             "%08" PRIx64 "-%08" PRIx64 " r-xp 00000000 08:01 12 %s\n"
             "%08" PRIx64 "-%08" PRIx64 " rw-p 00000000 00:00 0 [stack]\n",
             page, base - 20 * page, base - 20 * page, base - page, base - page, base,
             kernel->loader, stack - 33 * page, stack);
    take_folder(text, kernel->version, NULL);
    ROW_NUMBER(&seconds[_i], image.layout.mode, MMAP_TOP_DOWN);
    ROW_TRUE(&seconds[_i], image.layout.unlimited_stack_at_exec);
    ROW_TRUE(&seconds[_i], mmap_place(&image, 4 * page, &address));
    ROW_NUMBER(&seconds[_i], address, seconds[_i].from_base ? base : kernel->unmapped_base);
}
END_TEST

/* What only x86 has. */
START_TEST(test_map_32bit)
{
    take_text(PROG HIGH("/lib/ld-linux-aarch64.so.1"));
    facts_compute(&facts, &image);
    ck_assert(!facts.has_low_2g);
}
END_TEST

#define HPPA_AREA  "f7000000-f7002000 r-xp 00000000 08:01 12 /usr/lib/hppa-linux-gnu/ld.so.1\n"
#define HPPA_STACK "f9301000-f9323000 rwxp 00000000 00:00 0 [stack]\n"

/* expand_upwards(): up to the next mapping less the guard gap, or to TASK_SIZE 0xfff00000. */
static const struct {
    const char *name;
    const char *above; /* the stack */
    const char *stack_limit;
    enum limit_kind limit;
    uint64_t end; /* of the stack when it has grown */
} upward[] = {
    {"RLIMIT_STACK", "", "8388608", LIMIT_RLIMIT_STACK, 0xf9301000 + 0x800000},
    {"a mapping keeps its guard gap",
     "f98b4000-f98e4000 r-xp 00000000 08:01 13 /usr/lib/hppa-linux-gnu/libc.so.6\n", "8388608",
     LIMIT_NEXT_MAPPING, 0xf98b4000 - 0x100000},
    {"one without access does not", "f9400000-f9401000 ---p 00000000 00:00 0\n", "8388608",
     LIMIT_NEXT_MAPPING, 0xf9400000},
    {"the end of addresses", "", "unlimited", LIMIT_TASK_SIZE, 0xfff00000},
};

START_TEST(test_stack_up)
{
    char text[1024];
    const struct stack_facts *stack = &facts.stack_growth;

    snprintf(text, sizeof(text), PROG HPPA_AREA HPPA_STACK "%s", upward[_i].above);
    take_folder(text, "6.1.0", upward[_i].stack_limit);
    facts_compute(&facts, &image);
    ROW_TRUE(&upward[_i], stack->known);
    ROW_TRUE(&upward[_i], stack->grows_up);
    ROW_NUMBER(&upward[_i], stack->growth.limit, upward[_i].limit);
    ROW_NUMBER(&upward[_i], stack->reach.start, 0xf9301000);
    ROW_NUMBER(&upward[_i], stack->reach.end, upward[_i].end);
}
END_TEST

/* vm_end_gap(): above such a stack mmap keeps the distance that it keeps below others. */
START_TEST(test_hole_above_stack)
{
    uint64_t address, largest = 0xfff00000 - (0xf9023000 + 0x100000);

    take_folder("00010000-f8fff000 rw-p 00000000 00:00 0\n"
                "f8fff000-f9001000 r-xp 00000000 08:01 12 /usr/lib/hppa-linux-gnu/ld.so.1\n"
                "f9001000-f9023000 rwxp 00000000 00:00 0 [stack]\n",
                "6.1.0", "8388608");
    facts_compute(&facts, &image);
    ck_assert_uint_eq(image.layout.base, 0xf9001000);
    ck_assert_uint_eq(facts.largest_gap.start, 0xf9123000);
    ck_assert(mmap_place(&image, largest, &address));
    ck_assert_uint_eq(address, 0xf9123000);
    ck_assert(!mmap_place(&image, largest + 0x1000, &address));
}
END_TEST

/* Big-endian words: an auxv of the target's own byte order tells word size and page size. */
START_TEST(test_big_endian_auxv)
{
    static const unsigned char auxv[] = {0,    0, 0, 6, 0, 0, 0x10, 0, 0, 0, 0, 7,
                                         0xf7, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0};

    fake_write_bytes(&fake, "copy/auxv", auxv, sizeof(auxv));
    take_folder(PROG HPPA_AREA HPPA_STACK, NULL, NULL);
    ck_assert(image.big_endian);
    ck_assert_uint_eq(image.elf_class, 32);
    ck_assert_uint_eq(image.page_size, 4096);
    ck_assert_uint_ne(image.interp, NONE);
}
END_TEST

/* ... and so do the headers of a live process's objects. */
START_TEST(test_big_endian_headers)
{
    struct elf_spec program = elf_object(32, ET_EXEC, 0x400000);

    program.big_endian = _i;
    fake_object(&fake, "prog", &program);
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_PROG, .word_bytes = 1 /* says nothing */},
               &image);
    ck_assert_int_eq(image.big_endian, _i);
}
END_TEST

Suite *machine_suite(void)
{
    Suite *suite = suite_create("machine");
    TCase *tcase = tcase_create("foreign");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_name, names);
    ROWS_ADD(tcase, test_page_size, page_sizes);
    ROWS_ADD(tcase, test_top_down, kernels);
    ROWS_ADD(tcase, test_bottom_up, kernels);
    ROWS_ADD(tcase, test_by_position, kernels);
    ROWS_ADD(tcase, test_not_random, kernels);
    ROWS_ADD(tcase, test_cause, causes);
    ROWS_ADD(tcase, test_second_search, seconds);
    tcase_add_test(tcase, test_map_32bit);
    ROWS_ADD(tcase, test_stack_up, upward);
    tcase_add_test(tcase, test_hole_above_stack);
    tcase_add_test(tcase, test_big_endian_auxv);
    tcase_add_loop_test(tcase, test_big_endian_headers, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
