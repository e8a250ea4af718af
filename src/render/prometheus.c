/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scan in Prometheus' text exposition format, version 0.0.4, for node_exporter's textfile
 * collector.  That takes no time stamps and refuses a file in which a series stands twice.  No
 * series has a PID: each process would leave one behind in every data base for good.
 */
#include "render/format.h"
#include "render/safe.h"
#include "render/scangroup.h"

static void print_head(FILE *out, const char *name, const char *help)
{
    fprintf(out, "# HELP layoutcheck_%s %s\n# TYPE layoutcheck_%s gauge\n", name, help, name);
}

static void print_label(FILE *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            putc('\\', out);
        putc(*value, out);
    }
}

static void print_number(FILE *out, const char *name, const char *help, uint64_t value)
{
    print_head(out, name, help);
    fprintf(out, "layoutcheck_%s %llu\n", name, (unsigned long long)value);
}

static uint64_t count_incomplete(const struct scan *scan)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < scan->n_rows; i++)
        n += scan->rows[i].state == SCAN_READ && scan->rows[i].is_incomplete;
    return n;
}

static void print_scan(const struct scan *scan, const struct scan_groups *groups, FILE *out)
{
    print_head(out, "build_info", "The version of layoutcheck.");
    fprintf(out, "layoutcheck_build_info{version=\"%s\"} 1\n", LAYOUTCHECK_VERSION);
    print_head(out, "scan_info", "What the processes of a group have in common.");
    fprintf(out, "layoutcheck_scan_info{by=\"%s\"} 1\n", scan_by_name(scan->by));
    print_number(out, "scan_timestamp_seconds", "When the scan ended, in seconds since 1970.",
                 scan->ended_at);
    print_head(out, "scan_duration_seconds", "How long the scan took.");
    fprintf(out, "layoutcheck_scan_duration_seconds %llu.%03llu\n",
            (unsigned long long)scan->duration_ms / 1000,
            (unsigned long long)scan->duration_ms % 1000);
    print_head(out, "scan_processes", "Processes of the host, by what became of reading them.");
    for (int i = 0; i < N_SCAN_STATES; i++)
        fprintf(out, "layoutcheck_scan_processes{state=\"%s\"} %u\n",
                scan_state_name((enum scan_state)i), scan->n_by_state[i]);
    print_number(out, "scan_incomplete_processes",
                 "Processes of which some input could not be read, or not be checked.",
                 count_incomplete(scan));
    print_number(out, "scan_groups", "Groups that there are; the least bad are told as \"other\".",
                 groups->n_names);
}

/* What node_exporter does not tell unless asked to. */
static void print_host(const struct host *host, FILE *out)
{
    if (host->has_max_map_count)
        print_number(out, "host_max_mappings", "vm.max_map_count: mappings a process may have.",
                     host->max_map_count);
    if (host->has_mmap_min_addr)
        print_number(out, "host_mmap_min_addr_bytes",
                     "vm.mmap_min_addr: the lowest address that can be mapped.",
                     host->mmap_min_addr);
    if (host->has_overcommit)
        print_number(out, "host_overcommit_memory",
                     "vm.overcommit_memory: 0 heuristic, 1 always, 2 strict.",
                     host->overcommit_memory);
    if (host->has_randomize)
        print_number(out, "host_randomize_va_space",
                     "kernel.randomize_va_space: 0 no ASLR, 1 without the heap, 2 all.",
                     host->randomize_va_space);
    if (host->has_legacy)
        print_number(out, "host_legacy_va_layout",
                     "vm.legacy_va_layout: not 0 where mmap begins at the bottom.",
                     host->legacy_va_layout);
}

/* What there is once for each group; `value` returns false where it is not known. */
struct family {
    const char *name, *help;
    bool (*value)(const struct scan_group *group, uint64_t *value);
};

static bool value_processes(const struct scan_group *group, uint64_t *value)
{
    *value = group->n_processes;
    return true;
}

static bool value_failing(const struct scan_group *group, uint64_t *value)
{
    *value = group->n_failing;
    return true;
}

static bool value_brk_room(const struct scan_group *group, uint64_t *value)
{
    *value = group->room;
    return group->has_room;
}

static bool value_mmap_room(const struct scan_group *group, uint64_t *value)
{
    *value = group->mmap_room;
    return group->has_mmap_room;
}

static bool value_mappings(const struct scan_group *group, uint64_t *value)
{
    *value = group->n_mappings;
    return true;
}

static const struct family families[] = {
    {"processes", "Processes of the group that were read.", value_processes},
    {"failing_processes", "Processes that --fail-on or a policy says fail.", value_failing},
    {"brk_room_bytes", "The least that one call of brk() gets in a process of the group.",
     value_brk_room},
    {"mmap_room_bytes", "The least that one call of mmap() gets in a process of the group.",
     value_mmap_room},
    {"mappings", "The most mappings of a process of the group.", value_mappings},
};

/* The series' name and its first label. */
static void print_series(FILE *out, const char *name, const struct scan_group *group)
{
    fprintf(out, "layoutcheck_%s{group=\"", name);
    print_label(out, group->name);
    putc('"', out);
}

static void print_family(const struct family *family, const struct scan_groups *groups, FILE *out)
{
    print_head(out, family->name, family->help);
    for (uint32_t i = 0; i < groups->n; i++) {
        uint64_t value;

        if (!family->value(&groups->list[i], &value))
            continue;
        print_series(out, family->name, &groups->list[i]);
        fprintf(out, "} %llu\n", (unsigned long long)value);
    }
}

static void print_shares(const struct host *host, const struct scan_groups *groups, FILE *out)
{
    if (!host->has_max_map_count || host->max_map_count == 0)
        return;
    print_head(out, "mappings_ratio", "The most mappings as a share of vm.max_map_count.");
    for (uint32_t i = 0; i < groups->n; i++) {
        print_series(out, "mappings_ratio", &groups->list[i]);
        fprintf(out, "} %.6f\n", groups->list[i].n_mappings / (double)host->max_map_count);
    }
}

static void print_findings(const struct scan_groups *groups, FILE *out)
{
    print_head(out, "findings", "Processes of the group that have the finding.");
    for (uint32_t i = 0; i < groups->n; i++)
        for (uint32_t k = 0; rules[k]; k++)
            for (int severity = SEVERITY_ERROR; severity >= SEVERITY_INFO; severity--) {
                uint32_t n = groups->list[i].n_with[k][severity];

                if (n == 0)
                    continue;
                print_series(out, "findings", &groups->list[i]);
                fprintf(out, ",id=\"%s\",severity=\"%s\"} %u\n", rules[k]->id,
                        severity_name((enum severity)severity), n);
            }
}

static bool print(const struct scan *scan, const struct style *style, FILE *out, struct err *err)
{
    struct scan_groups groups;
    struct arena arena;

    (void)style;
    (void)err;
    arena_init(&arena);
    scan_groups_init(&groups, scan, &arena);
    print_scan(scan, &groups, out);
    print_host(&scan->host->host, out);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        print_family(&families[i], &groups, out);
    print_shares(&scan->host->host, &groups, out);
    print_findings(&groups, out);
    arena_deinit(&arena);
    return true;
}

const struct format format_prometheus = {
    .name = "prometheus",
    .is_for_all_users = true,
    .has_all_rows = true,
    .scan = print,
};
