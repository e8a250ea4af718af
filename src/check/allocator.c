/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a refusal of brk means for the program: it depends on its malloc. */
#include "check/rules.h"

#include "check/thresholds.h"

static const struct allocator *allocator_of(const struct checker *checker)
{
    image_read_allocator(checker->image);
    return &checker->image->allocator;
}

/* Where the start is not known, that nothing is mapped right below the end shows it. */
static bool heap_is_empty(const struct checker *checker)
{
    const struct break_state *state = &checker->image->brk;
    const struct brk_facts *brk = &checker->facts->brk;

    if (!brk->is_start_known)
        return state->first_heap == NONE;
    return brk->start == brk->end || state->value == brk->start;
}

bool brk_is_unused(const struct checker *checker)
{
    const struct image *image = checker->image;

    if (!checker->facts->brk.known || !heap_is_empty(checker))
        return false;
    return image->is_go || allocator_of(checker)->use == BREAK_USE_NONE;
}

enum severity brk_severity(const struct checker *checker)
{
    const struct blocker *known = blocker_known(checker);

    if (brk_is_unused(checker))
        return SEVERITY_INFO;
    if (allocator_of(checker)->use == BREAK_USE_ONLY)
        return SEVERITY_ERROR;
    if (known && known->is_usual && checker->facts->brk.growth.limit == LIMIT_NEXT_MAPPING)
        return SEVERITY_INFO;
    return checker->facts->brk.growth.room < BRK_ROOM_ERROR ? SEVERITY_ERROR : SEVERITY_WARNING;
}

static const char *object_of(const struct checker *checker)
{
    struct image *image = checker->image;
    const struct allocator *allocator = allocator_of(checker);
    struct str name;

    if (allocator->instance == NONE)
        return NULL;
    name = short_name(image->objects[image->instances[allocator->instance].object].path);
    return arena_strndup(checker->arena, name.p, name.n);
}

/* "malloc, here glibc's (libc.so.6)" */
static const char *title_of(const struct checker *checker)
{
    const struct allocator *allocator = allocator_of(checker);

    if (strcmp(allocator->name, "none") == 0)
        return "The program has no malloc, and";
    return arena_printf(checker->arena, "malloc, %s %s (%s),",
                        allocator->by_name ? "probably" : "here",
                        strcmp(allocator->name, "own") == 0     ? "the program's own"
                        : strcmp(allocator->name, "other") == 0 ? "that of a library"
                                                                : allocator->name,
                        object_of(checker));
}

/* Limits can bind mmap as well. */
static const char *fallback_text(const struct checker *checker)
{
    const struct growth *mmap = &checker->facts->mmap.growth;
    char room[UNITS_TEXT];

    if (!mmap->known || mmap->room >= MMAP_ROOM_WARNING)
        return "that costs memory, for what is taken in pieces is given back less well";
    return arena_printf(checker->arena, "but mmap can give %s only", size_text(mmap->room, room));
}

const char *allocator_text(const struct checker *checker)
{
    const struct allocator *allocator = allocator_of(checker);

    if (!allocator->name || allocator->use == BREAK_USE_UNKNOWN)
        return arena_printf(checker->arena,
                            "Whether its malloc falls back to mmap is not known (%s): one that "
                            "does, as glibc's, goes on; one that only uses brk is out of memory.",
                            allocator->evidence);
    if (allocator->use == BREAK_USE_ONLY)
        return arena_printf(checker->arena,
                            "%s takes memory by brk alone: when brk is refused, the program is out "
                            "of memory, however much is free.",
                            title_of(checker));
    if (allocator->use == BREAK_USE_FIRST)
        return arena_printf(checker->arena, "%s goes on with mmap when brk is refused; %s.",
                            title_of(checker), fallback_text(checker));
    return arena_printf(checker->arena, "%s does not use the break%s.", title_of(checker),
                        brk_is_unused(checker) ? ", and nothing has moved it: nothing is lost"
                                               : ", but something else in it has moved it");
}

void evidence_allocator(const struct checker *checker, struct finding *finding)
{
    const struct allocator *allocator = allocator_of(checker);

    finding->is_about_malloc = true;
    evidence_text(finding, "allocator", allocator->name ? allocator->name : "unknown");
    if (allocator->instance != NONE)
        evidence_text(finding, "allocator_object", object_of(checker));
}
