/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few figures of a process that are worth following while it runs, and what tells that it is
 * still the same program.  Numbers alone: it outlives the image.
 */
#ifndef ANALYZE_VITALS_H
#define ANALYZE_VITALS_H

#include "analyze/facts.h"

enum vital {
    VITAL_HEAP,
    VITAL_BRK_ROOM, /* by many small calls, as malloc makes them */
    VITAL_MAPPINGS,
    VITAL_MMAP_ROOM, /* not of a 64-bit process that nothing but its address space limits */
    VITAL_STACK_ROOM,
    VITAL_ARENA_HEAPS, /* of glibc's arenas but the main one; not where a guess would be wrong */
    N_VITALS
};

/* What is set from outside. */
enum setting {
    SETTING_STACK,
    SETTING_DATA,
    SETTING_ADDRESS_SPACE,
    SETTING_LOCKED,
    SETTING_MAX_MAP_COUNT,
    SETTING_OVERCOMMIT,
    N_SETTINGS
};

struct figure {
    bool known;
    uint64_t value; /* of a limit LIMIT_INFINITY, too */
};

struct vitals {
    struct figure figures[N_VITALS];
    struct figure settings[N_SETTINGS];
    enum limit_kind brk_limit; /* that binds in the end, where the room is known */
    bool is_consistent;        /* all was read of one moment */
    bool is_mixed;             /* of two programs: it was executing the second */
    struct stat_record stat;   /* without its text */
    uint64_t seen_ns;          /* CLOCK_MONOTONIC; the caller's to fill in */
};

void vitals_take(struct vitals *vitals, const struct image *image, const struct facts *facts);

/* Another process has the PID. */
bool vitals_is_other_process(const struct vitals *before, const struct vitals *now);

/*
 * The program was replaced; also by itself, as far as its addresses tell.  Those of the arguments
 * do not count: a service manager moves its own to rename itself.
 */
bool vitals_is_other_program(const struct vitals *before, const struct vitals *now);

/* Part of the JSON contract: "heap", "brk_room". */
const char *vital_key(enum vital vital);
const char *setting_key(enum setting setting);

/* As people say it: "brk room", "RLIMIT_DATA". */
const char *vital_name(enum vital vital);
const char *setting_name(enum setting setting);

/* In bytes, not a count. */
bool vital_is_size(enum vital vital);
bool setting_is_size(enum setting setting);

/* What can be used up, and of what a forecast is made. */
enum supply { SUPPLY_BRK, SUPPLY_MAPPINGS, SUPPLY_MMAP, N_SUPPLIES };

const char *supply_key(enum supply supply);

/* How much is left of it. */
struct figure supply_left(const struct vitals *vitals, enum supply supply);

/*
 * Whether what is left at both times is bounded by the same, so that a difference is the process's
 * own doing and not another limit.
 */
bool supply_is_comparable(enum supply supply, const struct vitals *before,
                          const struct vitals *now);

/* The limit that growing by many small calls comes to in the end; NULL when nothing is known. */
const struct limit_fact *growth_last(const struct growth *growth);

/* Change by change. */
struct change {
    bool is_setting;
    enum vital vital;
    enum setting setting;
    uint64_t from, to;
};

enum { MAX_CHANGES = (int)N_VITALS + (int)N_SETTINGS };

/* What is known at both times and differs; returns how many there are. */
unsigned int vitals_compare(const struct vitals *before, const struct vitals *now,
                            struct change changes[static MAX_CHANGES]);

/* From the first look to the last. */
struct extremes {
    unsigned int n; /* looks that knew it */
    uint64_t first, last, least, most;
};

void extremes_add(struct extremes *extremes, struct figure figure);

#endif
