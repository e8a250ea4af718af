/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/targetmem.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * The fastest block: larger ones leave the processor's cache.  It takes 0.13 s to read 937 MiB so
 * by pread(2), with process_vm_readv(2) 0.09 s; but that goes by PID, and a PID can be another
 * process's by then.
 */
enum { BLOCK = 256 << 10 };

/* What is read here and there, beside the block that moves on. */
enum { N_PAGES = 8 };

struct window {
    uint64_t start;
    size_t n; /* 0: empty */
    unsigned char *bytes;
};

/* Documentation/admin-guide/mm/pagemap.rst: 8 bytes a page. */
enum { PAGEMAP_ENTRIES = 4096 };
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)

/*
 * What pagemap said is kept, as asking for 16 MiB takes 0.1 ms and some readers jump to and fro.
 * Where a stretch is kept follows from its address: half a MiB is enough for 16 GiB in one piece.
 */
enum { N_STRETCHES = 1024, PAGES_PER_WORD = 64 };

struct stretch {
    uint64_t first; /* page */
    bool is_known;
    uint64_t present[PAGEMAP_ENTRIES / PAGES_PER_WORD];
};

struct targetmem {
    struct reader raw;
    const struct range *ranges;
    uint32_t n_ranges;
    uint64_t page_size;
    const char *missing;
    bool is_live;
    int pagemap; /* or -1 */
    struct stretch *stretches;
    struct window block;
    size_t next_block; /* its length, which grows as long as reads go on behind it */
    struct window pages[N_PAGES];
    unsigned int next_page;
    uint64_t last_page_end;
    uint64_t entries[PAGEMAP_ENTRIES];
};

static bool open_pagemap(struct targetmem *mem, struct capture *process)
{
    mem->pagemap = openat(capture_directory(process), "pagemap",
                          O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (mem->pagemap < 0)
        mem->missing = capture_why_missing(process, errno);
    return mem->pagemap >= 0;
}

bool targetmem_open(struct targetmem **mem, struct capture *process, const struct range *ranges,
                    uint32_t n_ranges, uint64_t page_size, struct err *err)
{
    struct targetmem *new;
    struct reader raw;

    if (!capture_memory(process, &raw, err))
        return false;
    *mem = new = xreallocarray(NULL, 1, sizeof(*new));
    *new = (struct targetmem){
        .raw = raw,
        .ranges = ranges,
        .n_ranges = n_ranges,
        .page_size = page_size,
        .is_live = capture_kind(process) == CAPTURE_LIVE,
        .pagemap = -1,
    };
    new->block.bytes = xreallocarray(NULL, 1, BLOCK + page_size);
    for (int i = 0; i < N_PAGES; i++)
        new->pages[i].bytes = xreallocarray(NULL, 1, page_size);
    if (new->is_live && open_pagemap(new, process))
        new->stretches = xreallocarray(NULL, N_STRETCHES, sizeof(*new->stretches));
    targetmem_forget(new);
    return true;
}

void targetmem_close(struct targetmem *mem)
{
    if (!mem)
        return;
    if (mem->pagemap >= 0)
        close(mem->pagemap);
    for (int i = 0; i < N_PAGES; i++)
        free(mem->pages[i].bytes);
    free(mem->block.bytes);
    free(mem->stretches);
    free(mem);
}

void targetmem_forget(struct targetmem *mem)
{
    mem->block.n = 0;
    for (int i = 0; mem->stretches && i < N_STRETCHES; i++)
        mem->stretches[i].is_known = false;
    mem->last_page_end = 0;
    for (int i = 0; i < N_PAGES; i++)
        mem->pages[i].n = 0;
}

const char *targetmem_missing(const struct targetmem *mem)
{
    return mem->missing;
}

static size_t read_entries(struct targetmem *mem, uint64_t first)
{
    off64_t at = (off64_t)(first * sizeof(*mem->entries));
    ssize_t got;

    do
        got = pread64(mem->pagemap, mem->entries, sizeof(mem->entries), at);
    while (got < 0 && errno == EINTR);
    return got > 0 ? (size_t)got / sizeof(*mem->entries) : 0;
}

/* What cannot be asked about is not there. */
static void load_stretch(struct targetmem *mem, struct stretch *stretch, uint64_t first)
{
    size_t n = read_entries(mem, first);

    *stretch = (struct stretch){.first = first, .is_known = true};
    for (size_t i = 0; i < n; i++)
        if (mem->entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED))
            stretch->present[i / PAGES_PER_WORD] |= UINT64_C(1) << i % PAGES_PER_WORD;
}

bool targetmem_is_present(struct targetmem *mem, uint64_t address)
{
    uint64_t page = address / mem->page_size, i = page % PAGEMAP_ENTRIES;
    struct stretch *stretch;

    if (mem->pagemap < 0)
        return true;
    stretch = &mem->stretches[page / PAGEMAP_ENTRIES % N_STRETCHES];
    if (!stretch->is_known || stretch->first != page - i)
        load_stretch(mem, stretch, page - i);
    return stretch->present[i / PAGES_PER_WORD] >> i % PAGES_PER_WORD & 1;
}

/* The range of an address, or NULL. */
static const struct range *find_range(const struct targetmem *mem, uint64_t address)
{
    uint32_t low = 0, high = mem->n_ranges;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (mem->ranges[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < mem->n_ranges && range_has(mem->ranges[low], address) ? &mem->ranges[low] : NULL;
}

/* Pages of one kind: how many bytes from `at` on, `n` at most. */
static size_t run_length(struct targetmem *mem, uint64_t at, size_t n, bool *is_present)
{
    size_t length = 0;

    *is_present = targetmem_is_present(mem, at);
    do
        length += (size_t)(mem->page_size - (at + length) % mem->page_size);
    while (length < n && targetmem_is_present(mem, at + length) == *is_present);
    return length < n ? length : n;
}

/* Fills what it can from the start on; the number of bytes. */
static size_t read_runs(struct targetmem *mem, uint64_t at, unsigned char *buf, size_t n)
{
    size_t done = 0;

    while (done < n) {
        bool is_present;
        size_t length = run_length(mem, at + done, n - done, &is_present);

        if (!is_present)
            memset(buf + done, 0, length);
        else if (!reader_read(&mem->raw, at + done, buf + done, length))
            break;
        done += length;
    }
    return done;
}

/* The window becomes the `n` bytes from there on, or as many of them as there are. */
static bool fill(struct targetmem *mem, struct window *window, uint64_t address, size_t n)
{
    const struct range *range = find_range(mem, address);
    uint64_t start = align_down(address, mem->page_size);

    window->n = 0;
    if (!range)
        return false;
    if (start < range->start)
        start = range->start;
    if (n > range->end - start)
        n = (size_t)(range->end - start);
    window->start = start;
    window->n = read_runs(mem, start, window->bytes, n);
    if (window->n > address - start)
        return true;
    /* A page further on may be what cannot be read. */
    n = n < mem->page_size ? n : (size_t)mem->page_size;
    window->n = read_runs(mem, start, window->bytes, n);
    return window->n > address - start;
}

static bool has(const struct window *window, uint64_t address)
{
    return address >= window->start && address - window->start < window->n;
}

/* Whether reads go on behind what was read last, so that more is worth reading at once. */
static bool goes_on(const struct targetmem *mem, uint64_t address)
{
    uint64_t block_end = mem->block.start + mem->block.n;

    if (mem->is_live && mem->pagemap < 0)
        return false;
    return (mem->block.n > 0 && address - block_end < BLOCK) ||
           (mem->last_page_end != 0 && address - mem->last_page_end < mem->page_size);
}

static struct window *load(struct targetmem *mem, uint64_t address)
{
    struct window *page;

    if (goes_on(mem, address)) {
        bool is_first = mem->block.n == 0 || address - mem->block.start - mem->block.n >= BLOCK;

        mem->next_block = is_first ? BLOCK / 16 : 2 * mem->next_block;
        if (mem->next_block > BLOCK)
            mem->next_block = BLOCK;
        return fill(mem, &mem->block, address, mem->next_block) ? &mem->block : NULL;
    }
    page = &mem->pages[mem->next_page++ % N_PAGES];
    if (!fill(mem, page, address, (size_t)mem->page_size))
        return NULL;
    mem->last_page_end = page->start + page->n;
    return page;
}

static struct window *find_window(struct targetmem *mem, uint64_t address)
{
    if (has(&mem->block, address))
        return &mem->block;
    for (int i = 0; i < N_PAGES; i++)
        if (has(&mem->pages[i], address))
            return &mem->pages[i];
    return load(mem, address);
}

/* Who asks for much at once keeps it himself: how much of it was read. */
static size_t read_through(struct targetmem *mem, uint64_t address, unsigned char *buf, size_t n)
{
    const struct range *range = find_range(mem, address);

    if (n < BLOCK / 16 || !range || (mem->is_live && mem->pagemap < 0))
        return 0;
    return read_runs(mem, address, buf, n < range->end - address ? n : range->end - address);
}

bool targetmem_read(struct targetmem *mem, uint64_t address, void *buf, size_t n)
{
    unsigned char *to = buf;
    size_t through = read_through(mem, address, to, n);

    to += through;
    address += through;
    n -= through;
    while (n > 0) {
        const struct window *window = find_window(mem, address);
        size_t offset, length;

        if (!window)
            return false;
        offset = (size_t)(address - window->start);
        length = window->n - offset < n ? window->n - offset : n;
        memcpy(to, window->bytes + offset, length);
        to += length;
        address += length;
        n -= length;
    }
    return true;
}

static bool read_by_reader(void *context, uint64_t offset, void *buf, size_t n)
{
    return targetmem_read(context, offset, buf, n);
}

struct reader targetmem_reader(struct targetmem *mem)
{
    return (struct reader){.read = read_by_reader, .context = mem};
}
