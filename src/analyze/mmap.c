/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where mmap() puts things and how much it can still give: mm/mmap.c vm_unmapped_area(),
 * mm/huge_memory.c thp_get_unmapped_area(), and the checks that brk has too.
 */
#include "analyze/facts.h"

#include "base/units.h"

#include <elf.h>

/* The least that the kernel's own setting CONFIG_LSM_MMAP_MIN_ADDR usually asks for. */
static uint64_t usual_min_address(const struct image *image)
{
    uint64_t usual = image->rules->usual_min_address;

    return align_up(usual ? usual : 64 * KIB, image->page_size);
}

/*
 * The lowest address that a process without CAP_SYS_RAWIO can map: vm.mmap_min_addr, and the
 * kernel's own setting, which is 64 KiB nearly everywhere and not shown.
 */
static uint64_t lowest_mmap_address(const struct image *image)
{
    uint64_t least = usual_min_address(image);

    if (image->host.has_mmap_min_addr && image->host.mmap_min_addr > least)
        least = align_up(image->host.mmap_min_addr, image->page_size);
    return least;
}

/* The hole below mapping number i: stacks at its ends keep a guard gap. */
static struct range hole_below(const struct image *image, uint32_t i, struct range window)
{
    struct range hole = {0, window.end};

    if (i > 0)
        hole.start =
            image->mappings[i - 1].range.end + mapping_guard_above(image, &image->mappings[i - 1]);
    if (i < image->n_mappings) {
        uint64_t guard = mapping_guard_bytes(image, &image->mappings[i]);
        uint64_t start = image->mappings[i].range.start;

        hole.end = start > guard ? start - guard : 0;
    }
    if (hole.start < window.start)
        hole.start = window.start;
    if (hole.end > window.end)
        hole.end = window.end;
    return hole;
}

/* The highest hole of the window that is long enough. */
static bool place_top_down(const struct image *image, struct range window, uint64_t length,
                           uint64_t *address)
{
    for (uint32_t i = image_find(image, window.end) + 1; i-- > 0;) {
        struct range hole = hole_below(image, i, window);

        if (i > 0 && image->mappings[i - 1].range.end < window.start && range_size(hole) < length)
            return false;
        if (range_size(hole) >= length) {
            *address = hole.end - length;
            return true;
        }
    }
    return false;
}

static bool place_bottom_up(const struct image *image, struct range window, uint64_t length,
                            uint64_t *address)
{
    for (uint32_t i = image_find(image, window.start); i <= image->n_mappings; i++) {
        struct range hole = hole_below(image, i, window);

        if (range_size(hole) >= length) {
            *address = hole.start;
            return true;
        }
        if (i < image->n_mappings && image->mappings[i].range.start >= window.end)
            return false;
    }
    return false;
}

static struct range top_down_window(const struct image *image)
{
    return (struct range){lowest_mmap_address(image), image->layout.base};
}

/*
 * x86 has a search of its own on 64-bit kernels (arch/x86/kernel/sys_x86_64.c), else mm/mmap.c's.
 */
static enum second_search second_search_of(const struct image *image)
{
    enum second_search search = image->rules->second_search;

    return search == SEARCH_FROM_RANDOM_LEGACY_BASE && image->arch && !image->arch->on_64bit_kernel
               ? SEARCH_FROM_LEGACY_BASE
               : search;
}

/*
 * Where the search starts that the kernel makes when there is no room below the base.  On x86 both
 * bases are moved by one random number, which follows from the top-down one when the stack limit is
 * still that of exec; without it only the least start is known.
 */
static struct range bottom_up_window(const struct image *image)
{
    struct range window = {image->layout.base, image->layout.task_size};
    uint64_t random_bytes = 0;

    if (image->layout.mode == MMAP_BOTTOM_UP || second_search_of(image) == SEARCH_FROM_MMAP_BASE)
        return window;
    if (second_search_of(image) == SEARCH_FROM_RANDOM_LEGACY_BASE)
        layout_random_bytes(image, &random_bytes);
    window.start = image->layout.legacy_base + random_bytes;
    return window;
}

/* Whether the fallback decides about a length, and where it starts is not known. */
static bool is_guessed(const struct image *image, uint64_t length)
{
    uint64_t ignored;

    return image->layout.mode == MMAP_TOP_DOWN &&
           second_search_of(image) == SEARCH_FROM_RANDOM_LEGACY_BASE &&
           !layout_random_bytes(image, &ignored) &&
           !place_top_down(image, top_down_window(image), length, &ignored);
}

static bool place_plain(const struct image *image, uint64_t length, uint64_t *address)
{
    if (image->layout.mode == MMAP_TOP_DOWN &&
        place_top_down(image, top_down_window(image), length, address))
        return true;
    return place_bottom_up(image, bottom_up_window(image), length, address);
}

/*
 * Since 6.7 (efa7df3e3bb5) anonymous memory of a huge page and more is aligned to huge pages, since
 * 6.13 (d4148aeab412, also in stable 6.12) only whole multiples of them are; never for 32-bit
 * programs.  0: it is not.
 */
static uint64_t huge_alignment(const struct image *image, uint64_t length)
{
    uint64_t huge = machine_huge_page(image->rules, image->page_size);

    if (image->elf_class != 64 || huge == 0 || image->host.kernel_version < KERNEL(6, 7) ||
        length < huge || length > UINT64_MAX - huge)
        return 0;
    return image->host.kernel_version < KERNEL(6, 12) || length % huge == 0 ? huge : 0;
}

static bool place_aligned(const struct image *image, uint64_t length, uint64_t huge,
                          uint64_t *address)
{
    uint64_t offset;

    if (!place_plain(image, length + huge, address))
        return false;
    offset = -*address & (huge - 1);
    if (offset == 0 && image->layout.mode == MMAP_TOP_DOWN)
        offset = huge;
    *address += offset;
    return true;
}

bool mmap_place(struct image *image, uint64_t length, uint64_t *address)
{
    uint64_t huge = huge_alignment(image, length);

    if (!image->layout.has_base || length == 0 || length > image->layout.task_size)
        return false;
    return (huge && place_aligned(image, length, huge, address)) ||
           place_plain(image, length, address);
}

static void widen(struct range *largest, struct range hole)
{
    if (range_size(hole) > range_size(*largest))
        *largest = hole;
}

/* The largest hole that either search can find. */
static struct range largest_hole(const struct image *image)
{
    struct range largest = {0, 0};

    for (uint32_t i = 0; i <= image->n_mappings; i++) {
        if (image->layout.mode == MMAP_TOP_DOWN)
            widen(&largest, hole_below(image, i, top_down_window(image)));
        widen(&largest, hole_below(image, i, bottom_up_window(image)));
    }
    return largest;
}

static void limit_by_hole(struct mmap_facts *mmap, struct image *image)
{
    struct range hole = largest_hole(image);
    struct limit_fact *limit =
        growth_limit(&mmap->growth, image, LIMIT_LARGEST_GAP, range_size(hole));
    char start[UNITS_TEXT], end[UNITS_TEXT];

    limit->value = arena_printf(&image->arena, "%s", size_text(range_size(hole), end));
    limit->detail = arena_printf(&image->arena, "the hole %s-%s", address_text(hole.start, start),
                                 address_text(hole.end, end));
}

/*
 * The kernel has a second lowest address, set when it was built, which no file in /proc shows;
 * before 6.3 the search began at the first page, and what it found was refused without
 * CAP_SYS_RAWIO.  Either matters when the lowest hole could be the largest.
 */
static bool depends_on_min_address(const struct image *image)
{
    struct range all = {image->page_size, image->layout.task_size};
    struct range lowest = hole_below(image, 0, all), largest = largest_hole(image);

    return (largest.start == lowest_mmap_address(image) ||
            range_size(lowest) > range_size(largest)) &&
           (image->host.mmap_min_addr < usual_min_address(image) ||
            image->host.kernel_version < KERNEL(6, 3));
}

/* Why the address, and with it what fits, may be another one. */
static void doubt_alignment(struct growth *growth, const struct image *image)
{
    unsigned int version = image->host.kernel_version;

    if (image->elf_class != 64 || image->rules->huge_pages == HUGE_NONE ||
        (version && version < KERNEL(6, 7)))
        return;
    if (image->rules->huge_pages == HUGE_UNKNOWN)
        growth_doubt(growth, "how large huge pages are, to which large mappings are aligned since "
                             "Linux 6.7, is not known of this machine");
    else if (!version)
        growth_doubt(growth, "its kernel's version is not known; since Linux 6.7 large mappings "
                             "are aligned to huge pages");
    else if (version < KERNEL(6, 13))
        growth_doubt(growth, "which lengths are aligned to huge pages differs among kernels "
                             "6.7 to 6.12");
}

static void doubt_hole(struct growth *growth, struct image *image)
{
    char usual[UNITS_TEXT];

    if (image->arch->beyond)
        growth_doubt(growth, image->arch->beyond);
    if (depends_on_min_address(image))
        growth_doubt(growth, arena_printf(&image->arena,
                                          "the lowest address that can be mapped depends on the "
                                          "kernel's CONFIG_LSM_MMAP_MIN_ADDR, taken for %s, and "
                                          "before Linux 6.3 on CAP_SYS_RAWIO",
                                          size_text(usual_min_address(image), usual)));
}

static void doubt_lock(struct growth *growth, struct image *image)
{
    if (only_doubts_lock(image) || may_lock_anything(image))
        return;
    if (!image->limits.locked.known)
        growth_unknown(growth, LIMIT_RLIMIT_MEMLOCK);
    else
        growth_doubt(growth, "whether mlockall(MCL_FUTURE) was called cannot be seen for sure; if "
                             "it was, RLIMIT_MEMLOCK bounds what mmap gives");
}

void mmap_compute(struct facts *facts, struct image *image)
{
    struct mmap_facts *mmap = &facts->mmap;

    if (!image->layout.has_base || !image->layout.task_size) {
        growth_doubt(&mmap->growth, image->layout.has_base
                                        ? "where the address space ends is not known"
                                        : "where the mmap area begins is not known");
        return;
    }
    limit_by_hole(mmap, image);
    doubt_lock(&mmap->growth, image);
    if (facts->brk.heap_is_locked)
        growth_add_memlock(&mmap->growth, image);
    growth_add_common(&mmap->growth, image, true);
    doubt_alignment(&mmap->growth, image);
    growth_decide(&mmap->growth);
    if (mmap->growth.limit == LIMIT_LARGEST_GAP)
        doubt_hole(&mmap->growth, image);
    if (mmap->growth.known && is_guessed(image, mmap->growth.room))
        growth_doubt(&mmap->growth, "the stack limit changed since exec, so where the kernel looks "
                                    "when there is no room below the mmap base is not known");
    growth_doubt_unknown(&mmap->growth, image);
    mmap->has_address = mmap_place(image, mmap->growth.room, &mmap->address);
}
