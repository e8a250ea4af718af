/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/mountinfo: no mount is to blame where all are local, everything may block where the
 * root is not known; and where the way to a directory may block, the way to what is in it may.
 * "ROOT" is the id of the mount that the root lies on.
 */
#include "lib/fuzz.h"
#include "lib/world.h"

#include "source/mounts.h"

#include <fcntl.h>

/* The n-th word of a line, from 0; empty when there are not so many. */
static struct str word_of(struct str line, int n)
{
    struct str word = STR("");

    while (n-- >= 0)
        if (!str_next_word(&line, &word))
            return STR("");
    return word;
}

static bool has_root(struct str mountinfo)
{
    struct str line;
    size_t at = 0;

    while (plain_line(mountinfo, &at, &line))
        if (str_eq(word_of(line, 4), STR("/")))
            return true;
    return false;
}

/* Whether a word is there that could be a type which is not ext4. */
static bool is_all_ext4(struct str mountinfo)
{
    struct str line, word, before;
    size_t at = 0;

    while (plain_line(mountinfo, &at, &line))
        for (before = STR(""); str_next_word(&line, &word); before = word)
            if (str_eq(before, STR("-")) && !str_eq(word, STR("ext4")))
                return false;
    return true;
}

static bool is_number(struct str word)
{
    for (size_t i = 0; i < word.n; i++)
        if (word.p[i] < '1' || word.p[i] > '9')
            return false;
    return word.n > 0 && word.n < 4;
}

static bool is_within(struct str path, struct str directory)
{
    return path.n >= directory.n && memcmp(path.p, directory.p, directory.n) == 0 &&
           (path.n == directory.n || path.p[directory.n] == '/');
}

/* Longer and longer parts of a path. */
static void way_stays_blocked(struct mounts *mounts, struct str path)
{
    bool blocked = false;

    for (size_t n = 1; n <= path.n; n++) {
        struct mount *culprit = NULL;
        bool may_block;

        if (n < path.n && path.p[n] != '/')
            continue;
        may_block = mounts_may_block(mounts, (struct str){path.p, n}, &culprit);
        must(!blocked || may_block);
        must(!may_block || !culprit || culprit->may_block);
        blocked = may_block;
    }
}

/*
 * Whether the list is of the plainest kind, where no rule is needed to tell what blocks: the first
 * line is the root, of type ext4, and the others lie on it, none twice, none in another one.
 */
static bool is_flat(struct str mountinfo)
{
    struct str first, line, other;
    size_t at = 0, behind;

    if (!plain_line(mountinfo, &at, &first) ||
        !str_starts(first, STR("ROOT 1 254:0 / / rw - ext4 ")))
        return false;
    while (plain_line(mountinfo, &at, &line)) {
        if (!str_eq(word_of(line, 1), STR("ROOT")) || !str_eq(word_of(line, 6), STR("-")) ||
            word_of(line, 7).n == 0 || word_of(line, 4).n < 2 || *word_of(line, 4).p != '/' ||
            memchr(word_of(line, 4).p, '\\', word_of(line, 4).n) ||
            memmem(word_of(line, 4).p, word_of(line, 4).n, "ROOT", 4) ||
            !is_number(word_of(line, 0)))
            return false;
        for (behind = at; plain_line(mountinfo, &behind, &other);)
            if (is_within(word_of(line, 4), word_of(other, 4)) ||
                is_within(word_of(other, 4), word_of(line, 4)) ||
                str_eq(word_of(line, 0), word_of(other, 0)))
                return false;
    }
    return true;
}

/* "ROOT" becomes the number that the kernel tells. */
static void add_mounts(struct text *text, struct str input)
{
    struct statx st = {0};
    const char *root;

    statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &st);
    while ((root = memmem(input.p, input.n, "ROOT ", 5))) {
        size_t n = (size_t)(root - input.p);

        text_add_str(text, (struct str){input.p, n});
        text_add(text, "%llu", (unsigned long long)st.stx_mnt_id);
        input.p += n + 4;
        input.n -= n + 4;
    }
    text_add_str(text, input);
}

void fuzz_input(struct str input)
{
    struct text part = {NULL, 0, 0};
    struct capture *host, *process;
    bool rooted = has_root(input), local = is_all_ext4(input), flat = is_flat(input);
    struct mount *culprit = NULL;
    struct mounts *mounts;
    struct str line;
    size_t at = 0;

    text_add(&part, "== mountinfo\n");
    add_mounts(&part, input);
    world_set(text_str(&part), &host, &process);
    mounts = mounts_of(process);
    while (!memmem(input.p, input.n, "\n== ", 4) && plain_line(input, &at, &line)) {
        struct text path = {NULL, 0, 0};

        text_add_str(&path, word_of(line, 4));
        text_add(&path, "/a");
        if (!rooted)
            must(mounts_may_block(mounts, text_str(&path), &culprit));
        if (local && mounts_may_block(mounts, text_str(&path), &culprit))
            must(!culprit);
        if (flat && word_of(line, 4).n > 1 && str_eq(word_of(line, 7), STR("nfs4")))
            must(mounts_may_block(mounts, text_str(&path), &culprit) && culprit);
        if (flat && word_of(line, 4).n > 1 && str_eq(word_of(line, 7), STR("ext4")))
            must(!mounts_may_block(mounts, text_str(&path), &culprit));
        way_stays_blocked(mounts, text_str(&path));
        text_free(&path);
    }
    text_free(&part);
}
