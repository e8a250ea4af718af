/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/build.h"

#include "parse/keyed.h"

bool sysctl_number(struct image *image, enum capture_row row, uint64_t *value)
{
    const struct blob *blob = capture_get(image->capture, row);

    if (blob->missing) {
        image_note_missing(image, capture_row_name(row), blob->missing);
        return false;
    }
    return str_to_u64(str_trim(blob->bytes), value);
}

/* "6.18.44-fc" -> KERNEL(6, 18); 0 when it does not begin so. */
static unsigned int version_of(struct str release)
{
    unsigned int part[2] = {0, 0};
    size_t i = 0;

    for (int n = 0; n < 2; n++) {
        size_t first = i;

        while (i < release.n && i < first + 3 && release.p[i] >= '0' && release.p[i] <= '9')
            part[n] = part[n] * 10 + (unsigned int)(release.p[i++] - '0');
        if (i == first || part[n] > 255)
            return 0;
        i++;
    }
    return KERNEL(part[0], part[1]);
}

/* stack_guard_gap=N on the kernel's command line, in pages; 256 without it (mm/mmap.c). */
static uint64_t guard_gap_pages(struct str cmdline)
{
    struct str word, prefix = STR("stack_guard_gap=");
    uint64_t pages = 256;

    cmdline = str_trim(cmdline);
    while (str_next_word(&cmdline, &word))
        if (str_starts(word, prefix) &&
            !str_to_u64((struct str){word.p + prefix.n, word.n - prefix.n}, &pages))
            pages = 256;
    return pages <= UINT32_MAX ? pages : 256;
}

static void read_meminfo(struct image *image)
{
    const struct blob *blob = capture_get(image->capture, CAPTURE_MEMINFO);
    struct host *host = &image->host;
    struct str value;

    if (host->has_memory && host->has_swap)
        return; /* the text told it */
    if (blob->missing)
        image_note_missing(image, "meminfo", blob->missing);
    host->has_memory =
        keyed_find(blob->bytes, STR("MemTotal"), &value) && keyed_kb(value, &host->memory_bytes);
    host->has_swap =
        keyed_find(blob->bytes, STR("SwapTotal"), &value) && keyed_kb(value, &host->swap_bytes);
}

/* Of another machine only what a snapshot says. */
static const char *machine_of(struct image *image)
{
    return image_is_live(image) ? capture_machine(image->capture)
                                : about_text(image, STR("machine"));
}

static void read_kernel(struct image *image)
{
    struct host *host = &image->host;
    struct str release = str_trim(capture_get(image->capture, CAPTURE_OSRELEASE)->bytes);

    if (!host->kernel && release.n > 0)
        host->kernel = arena_strndup(&image->arena, release.p, release.n);
    host->kernel_version = version_of(str_of(host->kernel));
    if (!host->machine)
        host->machine = machine_of(image);
}

/* One that the text of a log told is not looked for. */
static void read_sysctl(struct image *image, enum capture_row row, bool *has, uint64_t *value)
{
    *has = *has || sysctl_number(image, row, value);
}

void host_read(struct image *image)
{
    struct host *host = &image->host;

    read_kernel(image);
    read_meminfo(image);
    read_sysctl(image, CAPTURE_MAX_MAP_COUNT, &host->has_max_map_count, &host->max_map_count);
    read_sysctl(image, CAPTURE_MMAP_MIN_ADDR, &host->has_mmap_min_addr, &host->mmap_min_addr);
    read_sysctl(image, CAPTURE_OVERCOMMIT_MEMORY, &host->has_overcommit, &host->overcommit_memory);
    read_sysctl(image, CAPTURE_RANDOMIZE_VA_SPACE, &host->has_randomize, &host->randomize_va_space);
    read_sysctl(image, CAPTURE_LEGACY_VA_LAYOUT, &host->has_legacy, &host->legacy_va_layout);
}

void host_read_guard(struct image *image)
{
    const struct blob *blob = capture_get(image->capture, CAPTURE_CMDLINE);

    if (blob->missing)
        image_note_missing(image, capture_row_name(CAPTURE_CMDLINE), blob->missing);
    image->host.has_cmdline = !blob->missing;
    image->host.stack_guard_gap_bytes = guard_gap_pages(blob->bytes) * image->page_size;
}

/* "0-3,8" -> 5; 1 when it says nothing. */
unsigned int cpulist_count(struct str list)
{
    struct str part, first, last;
    unsigned int n = 0;

    while (str_next_field(&list, ',', &part)) {
        uint64_t a, b;

        if (!str_next_field(&part, '-', &first))
            continue;
        last = part.n > 0 ? part : first;
        if (str_to_u64(first, &a) && str_to_u64(last, &b) && b >= a && b - a < 65536)
            n += (unsigned int)(b - a) + 1;
    }
    return n > 0 ? n : 1;
}

bool image_read_commit(struct image *image, struct commit *commit)
{
    struct str meminfo = capture_again(image->capture, CAPTURE_MEMINFO)->bytes, value;

    *commit = (struct commit){0};
    commit->known = keyed_find(meminfo, STR("CommitLimit"), &value) &&
                    keyed_kb(value, &commit->limit_bytes) &&
                    keyed_find(meminfo, STR("Committed_AS"), &value) &&
                    keyed_kb(value, &commit->committed_bytes) &&
                    sysctl_number(image, CAPTURE_ADMIN_RESERVE, &commit->admin_reserve_bytes) &&
                    sysctl_number(image, CAPTURE_USER_RESERVE, &commit->user_reserve_bytes);
    commit->admin_reserve_bytes *= 1024;
    commit->user_reserve_bytes *= 1024;
    commit->n_cpus = cpulist_count(str_trim(capture_get(image->capture, CAPTURE_CPUS)->bytes));
    return commit->known;
}

/* uid_map of the first user namespace is "0 0 4294967295". */
static bool is_in_first_namespace(struct image *image)
{
    struct str text = str_trim(capture_get(image->capture, CAPTURE_UID_MAP)->bytes), word;
    static const char *const expected[] = {"0", "0", "4294967295"};

    for (int i = 0; i < 3; i++)
        if (!str_next_word(&text, &word) || !str_eq(word, str_of(expected[i])))
            return false;
    return true;
}

bool image_has_capability(struct image *image, unsigned int capability)
{
    return (image->status.cap_effective >> capability & 1) && is_in_first_namespace(image);
}

bool image_ignores_rlimit_data(struct image *image)
{
    struct str text = str_trim(capture_get(image->capture, CAPTURE_IGNORE_RLIMIT_DATA)->bytes);

    return str_eq(text, STR("Y"));
}
