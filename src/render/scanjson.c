/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/jsonparts.h"
#include "render/safe.h"
#include "render/scan.h"

static json_t *json_text(struct arena *arena, const char *text)
{
    return text ? json_string(safe_text(arena, str_of(text))) : json_null();
}

static json_t *json_row_findings(const struct scan_row *row, struct arena *arena)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < row->n_findings; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "id", row->findings[i].rule->id,
                                              "severity", severity_name(row->findings[i].severity),
                                              "title", json_text(arena, row->findings[i].title)));
    return list;
}

static json_t *json_row_unmet(const struct scan_row *row, struct arena *arena)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < row->n_unmet; i++)
        json_array_append_new(list, json_text(arena, row->unmet[i]));
    return list;
}

static json_t *json_row(const struct scan_row *row, struct arena *arena)
{
    static const char *const modes[] = {"unknown", "top-down", "bottom-up"};
    bool read = row->state == SCAN_READ;

    return json_pack(
        "{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o, s:o, s:s?, s:o, s:o, s:o, "
        "s:b, s:o, s:o, s:b}",
        "pid", (int)row->pid, "state", scan_state_name(row->state), "reason",
        json_text(arena, row->reason), "comm", json_text(arena, row->comm), "exe",
        json_text(arena, row->exe), "uid", json_known(row->has_uid, row->uid), "user",
        json_text(arena, row->user), "cgroup", json_text(arena, row->cgroup), "unit",
        json_text(arena, row->unit), "elf_class", json_known(row->elf_class != 0, row->elf_class),
        "mode", read ? modes[row->mode] : NULL, "room", json_known(row->has_room, row->room),
        "room_in_steps", json_known(row->has_room, row->room_in_steps), "limit", row->limit,
        "mmap_room", json_known(row->has_mmap_room, row->mmap_room), "mappings",
        json_known(read && !row->is_bound, row->n_mappings), "most_mappings",
        json_known(read, row->n_mappings), "complete", read && !row->is_incomplete, "findings",
        json_row_findings(row, arena), "unmet", json_row_unmet(row, arena), "quick", row->is_quick);
}

static json_t *json_sums(const struct scan *scan)
{
    json_t *sums = json_object();

    for (int i = 0; i < N_SCAN_STATES; i++)
        json_object_set_new(sums, scan_state_name((enum scan_state)i),
                            json_integer(scan->n_by_state[i]));
    return sums;
}

static json_t *json_looked_for(const struct scan *scan)
{
    json_t *list = json_array();

    for (uint32_t i = 0; rules[i]; i++)
        if (rules[i]->run && !rules[i]->needs_heap && (rules[i]->is_quick || !scan->is_quick))
            json_array_append_new(list, json_string(rules[i]->id));
    return list;
}

void json_scan(const struct scan *scan, FILE *out)
{
    json_t *list = json_array();
    struct arena arena;

    arena_init(&arena);
    for (uint32_t i = 0; i < scan->n_rows; i++)
        json_array_append_new(list, json_row(&scan->rows[i], &arena));
    json_print(json_pack("{s:i, s:o, s:o, s:o, s:i, s:o}", "schema", 1, "tool", json_tool(),
                         "processes", list, "states", json_sums(scan), "duration_ms",
                         (int)scan->duration_ms, "looked_for", json_looked_for(scan)),
               out);
    arena_deinit(&arena);
}

void json_scan_lines(const struct scan *scan, FILE *out)
{
    for (uint32_t i = 0; i < scan->n_rows; i++) {
        struct arena arena;
        json_t *row;

        arena_init(&arena);
        row = json_row(&scan->rows[i], &arena);
        json_dumpf(row, out, JSON_COMPACT | JSON_ENSURE_ASCII);
        putc('\n', out);
        json_decref(row);
        arena_deinit(&arena);
    }
}
