/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the main stack began at exec (mm->start_stack), which decides what the kernel calls [stack]
 * when the stack was split.  There the kernel puts argc, argv, envp and the auxiliary vector in a
 * row (fs/binfmt_elf.c create_elf_tables()), right below the bytes that AT_RANDOM points to.
 */
#include "model/build.h"
#include "parse/word.h"

#include <elf.h>

enum {
    NEAR_BYTES = 1024,   /* that there can be between the vector and the random bytes */
    MAX_WORDS = 1 << 18, /* of argv and envp: the kernel's bound is a quarter of the stack limit */
    WORDS_AT_ONCE = 512,
};

/* The bytes of the vector with its AT_NULL. */
static size_t vector_bytes(const struct core *core)
{
    unsigned int word = core_word_bytes(core);

    for (size_t at = 0; at + 2 * word <= core->auxv.n; at += 2 * word)
        if (word_load(core->auxv.p + at, word, core->head.big_endian) == AT_NULL)
            return at + 2 * word;
    return core->auxv.n;
}

static bool find_vector(const struct core *core, const struct reader *memory, uint64_t *address)
{
    unsigned char bytes[NEAR_BYTES + 4096];
    size_t n = vector_bytes(core), word = core_word_bytes(core), window = n + NEAR_BYTES;
    uint64_t random;

    if (n == 0 || window > sizeof(bytes) || !core_auxv(core, AT_RANDOM, &random) || random < window)
        return false;
    random &= ~(uint64_t)(word - 1);
    if (!reader_read(memory, random - window, bytes, window))
        return false;
    for (size_t at = 0; at <= NEAR_BYTES; at += word)
        if (memcmp(bytes + at, core->auxv.p, n) == 0) {
            *address = random - window + at;
            return true;
        }
    return false;
}

/* Words from an address downwards. */
struct words {
    const struct core *core;
    const struct reader *memory;
    uint64_t next; /* ends where the next word does */
    size_t n;      /* words in `bytes`, of which the last comes first */
    unsigned char bytes[WORDS_AT_ONCE * 8];
};

static bool words_next(struct words *words, uint64_t *value)
{
    size_t word = core_word_bytes(words->core), n = WORDS_AT_ONCE;

    while (words->n == 0) {
        if (n == 0 || words->next < n * word)
            return false;
        if (reader_read(words->memory, words->next - n * word, words->bytes, n * word))
            words->n = n;
        n /= 2; /* near the end of what is mapped */
    }
    *value = word_load(words->bytes + --words->n * word, word, words->core->head.big_endian);
    words->next -= word;
    return true;
}

/* Downwards: the end of envp, envp, the end of argv, argv, and how many of these there are. */
static bool find_argc(struct words *words)
{
    uint64_t value, n = 0;
    int ends = 0;

    for (int i = 0; i < MAX_WORDS && words_next(words, &value); i++) {
        if (ends == 2 && value == n)
            return true;
        ends += value == 0;
        n = ends == 2 && value != 0 ? n + 1 : 0;
        if (ends > 2)
            return false;
    }
    return false;
}

bool core_find_start_stack(const struct core *core, const struct reader *memory, uint64_t *address)
{
    struct words words = {.core = core, .memory = memory};

    if (!find_vector(core, memory, &words.next) || !find_argc(&words))
        return false;
    *address = words.next;
    return true;
}
