/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/vitals.h"

static const struct {
    const char *key, *name;
    bool is_size;
} vital_table[N_VITALS] = {
    [VITAL_HEAP] = {"heap", "heap", true},
    [VITAL_BRK_ROOM] = {"brk_room", "brk room", true},
    [VITAL_MAPPINGS] = {"mappings", "mappings", false},
    [VITAL_MMAP_ROOM] = {"mmap_room", "mmap room", true},
    [VITAL_STACK_ROOM] = {"stack_room", "stack room", true},
    [VITAL_ARENA_HEAPS] = {"arena_heaps", "arena heaps", false},
};

static const struct {
    const char *key, *name;
    bool is_size;
} setting_table[N_SETTINGS] = {
    [SETTING_STACK] = {"rlimit_stack", "RLIMIT_STACK", true},
    [SETTING_DATA] = {"rlimit_data", "RLIMIT_DATA", true},
    [SETTING_ADDRESS_SPACE] = {"rlimit_as", "RLIMIT_AS", true},
    [SETTING_LOCKED] = {"rlimit_memlock", "RLIMIT_MEMLOCK", true},
    [SETTING_MAX_MAP_COUNT] = {"max_map_count", "vm.max_map_count", false},
    [SETTING_OVERCOMMIT] = {"overcommit_memory", "vm.overcommit_memory", false},
};

const char *vital_key(enum vital vital)
{
    return vital_table[vital].key;
}

const char *vital_name(enum vital vital)
{
    return vital_table[vital].name;
}

bool vital_is_size(enum vital vital)
{
    return vital_table[vital].is_size;
}

const char *setting_key(enum setting setting)
{
    return setting_table[setting].key;
}

const char *setting_name(enum setting setting)
{
    return setting_table[setting].name;
}

bool setting_is_size(enum setting setting)
{
    return setting_table[setting].is_size;
}

const char *supply_key(enum supply supply)
{
    static const char *const keys[] = {
        [SUPPLY_BRK] = "brk", [SUPPLY_MAPPINGS] = "mappings", [SUPPLY_MMAP] = "mmap"};

    return keys[supply];
}

const struct limit_fact *growth_last(const struct growth *growth)
{
    const struct limit_fact *last = NULL;

    for (unsigned int i = 0; i < growth->n_limits; i++)
        if (growth->limits[i].room_in_steps == growth->room_in_steps)
            last = &growth->limits[i];
    return last;
}

static struct figure known(uint64_t value)
{
    return (struct figure){true, value};
}

static struct figure known_if(bool is_known, uint64_t value)
{
    return (struct figure){is_known, is_known ? value : 0};
}

static void take_brk(struct vitals *vitals, const struct facts *facts)
{
    const struct growth *growth = &facts->brk.growth;
    const struct limit_fact *limit = growth_last(growth);

    if (!facts->brk.known)
        return;
    vitals->figures[VITAL_HEAP] = known(facts->brk.size);
    if (!growth->known || !limit)
        return;
    vitals->figures[VITAL_BRK_ROOM] = known(growth->room_in_steps);
    vitals->brk_limit = limit->kind;
}

/*
 * The size of one mmap() that still succeeds.  What only a 64-bit address space limits, or how much
 * one call may ask for, does not run out.
 */
static void take_mmap(struct vitals *vitals, const struct image *image, const struct growth *growth)
{
    const struct limit_fact *limit = growth_binding(growth);
    bool matters = limit && (image->elf_class == 32 || limit->kind != LIMIT_LARGEST_GAP) &&
                   limit->room_in_steps != UINT64_MAX;

    vitals->figures[VITAL_MMAP_ROOM] = known_if(growth->known && matters, growth->room);
}

/* Java's own heap, too, begins where glibc's would. */
static bool has_jvm(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_objects; i++)
        if (str_eq(short_name(image->objects[i].path), STR("libjvm.so")))
            return true;
    return false;
}

static struct figure count_arena_heaps(const struct image *image)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < image->n_mappings; i++)
        n += image->mappings[i].role == ROLE_MALLOC_ARENA;
    return known_if(image->elf_class == 64 && !image->is_go && !has_jvm(image), n);
}

static void take_settings(struct vitals *vitals, const struct image *image)
{
    const struct limits_record *limits = &image->limits;
    const struct host *host = &image->host;
    struct figure *settings = vitals->settings;

    settings[SETTING_STACK] = known_if(limits->stack.known, limits->stack.soft);
    settings[SETTING_DATA] = known_if(limits->data.known, limits->data.soft);
    settings[SETTING_ADDRESS_SPACE] =
        known_if(limits->address_space.known, limits->address_space.soft);
    settings[SETTING_LOCKED] = known_if(limits->locked.known, limits->locked.soft);
    settings[SETTING_MAX_MAP_COUNT] = known_if(host->has_max_map_count, host->max_map_count);
    settings[SETTING_OVERCOMMIT] = known_if(host->has_overcommit, host->overcommit_memory);
}

void vitals_take(struct vitals *vitals, const struct image *image, const struct facts *facts)
{
    const struct growth *stack = &facts->stack_growth.growth;

    *vitals = (struct vitals){
        .is_consistent = image->consistent,
        .is_mixed = image->execed,
        .stat = image->stat,
    };
    vitals->stat.comm = (struct str){0};
    take_brk(vitals, facts);
    vitals->figures[VITAL_MAPPINGS] = known(image->n_counted);
    take_mmap(vitals, image, &facts->mmap.growth);
    vitals->figures[VITAL_STACK_ROOM] =
        known_if(facts->stack_growth.known && stack->known, stack->room);
    vitals->figures[VITAL_ARENA_HEAPS] = count_arena_heaps(image);
    take_settings(vitals, image);
}

bool vitals_is_other_process(const struct vitals *before, const struct vitals *now)
{
    return before->stat.start_ticks != now->stat.start_ticks;
}

bool vitals_is_other_program(const struct vitals *before, const struct vitals *now)
{
    const struct stat_record *a = &before->stat, *b = &now->stat;

    return a->has_addresses && b->has_addresses &&
           (a->start_code != b->start_code || a->end_code != b->end_code ||
            a->start_data != b->start_data || a->end_data != b->end_data ||
            a->start_stack != b->start_stack);
}

struct figure supply_left(const struct vitals *vitals, enum supply supply)
{
    const struct figure *used = &vitals->figures[VITAL_MAPPINGS];
    const struct figure *most = &vitals->settings[SETTING_MAX_MAP_COUNT];

    if (supply == SUPPLY_BRK)
        return vitals->figures[VITAL_BRK_ROOM];
    if (supply == SUPPLY_MMAP)
        return vitals->figures[VITAL_MMAP_ROOM];
    return known_if(used->known && most->known,
                    most->value > used->value ? most->value - used->value : 0);
}

bool supply_is_comparable(enum supply supply, const struct vitals *before, const struct vitals *now)
{
    if (supply == SUPPLY_BRK && before->brk_limit != now->brk_limit)
        return false;
    for (int i = 0; i < N_SETTINGS; i++)
        if (before->settings[i].known != now->settings[i].known ||
            before->settings[i].value != now->settings[i].value)
            return false;
    return true;
}

static bool differs(struct figure before, struct figure now)
{
    return before.known && now.known && before.value != now.value;
}

unsigned int vitals_compare(const struct vitals *before, const struct vitals *now,
                            struct change changes[static MAX_CHANGES])
{
    unsigned int n = 0;

    for (int i = 0; i < N_VITALS; i++)
        if (differs(before->figures[i], now->figures[i]))
            changes[n++] = (struct change){.vital = (enum vital)i,
                                           .from = before->figures[i].value,
                                           .to = now->figures[i].value};
    for (int i = 0; i < N_SETTINGS; i++)
        if (differs(before->settings[i], now->settings[i]))
            changes[n++] = (struct change){.is_setting = true,
                                           .setting = (enum setting)i,
                                           .from = before->settings[i].value,
                                           .to = now->settings[i].value};
    return n;
}

void extremes_add(struct extremes *extremes, struct figure figure)
{
    if (!figure.known)
        return;
    if (extremes->n++ == 0)
        *extremes = (struct extremes){1, figure.value, figure.value, figure.value, figure.value};
    extremes->last = figure.value;
    if (figure.value < extremes->least)
        extremes->least = figure.value;
    if (figure.value > extremes->most)
        extremes->most = figure.value;
}
