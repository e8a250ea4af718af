/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/memorylist.h"

#include <inttypes.h>
#include <string.h>

static bool is_zero(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void print_piece(struct textbuf *text, uint64_t start, const unsigned char *bytes, size_t n)
{
    textbuf_printf(text, "%" PRIx64 ":", start);
    for (size_t i = 0; i < n; i++)
        textbuf_printf(text, "%s%02x", i % 8 == 0 ? " " : "", bytes[i]);
    textbuf_add(text, STR("\n"));
}

void memorylist_print(struct textbuf *text, uint64_t start, const unsigned char *bytes, size_t n)
{
    for (size_t at = 0; at < n; at += MEMORYLIST_PIECE) {
        size_t step = n - at < MEMORYLIST_PIECE ? n - at : MEMORYLIST_PIECE;

        if (!is_zero(bytes + at, step))
            print_piece(text, start + at, bytes + at, step);
    }
}

static bool take_bytes(struct memorylist_piece *piece, struct str digits)
{
    uint64_t value;

    if (digits.n == 0 || digits.n % 2 != 0 || digits.n / 2 > MEMORYLIST_PIECE - (size_t)piece->n)
        return false;
    for (size_t i = 0; i < digits.n; i += 2) {
        if (!str_hex_to_u64((struct str){digits.p + i, 2}, &value))
            return false;
        piece->bytes[piece->n++] = (unsigned char)value;
    }
    return true;
}

static bool take_line(struct memorylist_piece *piece, struct str line)
{
    struct str address, word;

    *piece = (struct memorylist_piece){0};
    if (!str_next_field(&line, ':', &address) || !str_hex_to_u64(address, &piece->start))
        return false;
    while (str_next_word(&line, &word))
        if (!take_bytes(piece, word))
            return false;
    return piece->n > 0 && piece->start <= UINT64_MAX - piece->n;
}

static bool is_in_order(const struct memorylist *list, const struct memorylist_piece *piece)
{
    const struct memorylist_piece *last = list->n > 0 ? &list->pieces[list->n - 1] : NULL;

    return !last || last->start + last->n <= piece->start;
}

static size_t count_lines(struct str text)
{
    struct str line;
    size_t n = 0;

    while (str_next_line(&text, &line))
        n++;
    return n;
}

bool memorylist_parse(struct memorylist *list, struct arena *arena, struct str text,
                      struct err *err)
{
    struct memorylist_piece piece;
    struct str line;

    *list = (struct memorylist){
        .pieces = arena_alloc(arena, (count_lines(text) + 1) * sizeof(*list->pieces))};
    while (str_next_line(&text, &line)) {
        if (!take_line(&piece, line) || !is_in_order(list, &piece))
            return err_set(err, "line %zu of memory makes no sense", list->n + 1);
        list->pieces[list->n++] = piece;
    }
    return true;
}

/* The first piece that ends above `address`, or n. */
static size_t find(const struct memorylist *list, uint64_t address)
{
    size_t low = 0, high = list->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (list->pieces[middle].start + list->pieces[middle].n <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool read_list(void *context, uint64_t offset, void *buf, size_t n)
{
    const struct memorylist *list = context;
    unsigned char *to = buf;

    memset(buf, 0, n);
    for (size_t i = find(list, offset); i < list->n; i++) {
        const struct memorylist_piece *piece = &list->pieces[i];

        if (piece->start >= offset && piece->start - offset >= n)
            break;
        for (size_t k = 0; k < piece->n; k++)
            if (piece->start + k >= offset && piece->start + k - offset < n)
                to[piece->start + k - offset] = piece->bytes[k];
    }
    return true;
}

struct reader memorylist_reader(struct memorylist *list)
{
    return (struct reader){.read = read_list, .context = list};
}
