/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's memory, from the bytes of its files to the report: the parts add up to the whole where
 * they can; text is harmless, JSON can be read back.  The files are those of world.h.
 */
#include "lib/fuzz.h"
#include "lib/report.h"
#include "lib/world.h"

#include "render/host.h"

/* Where all is known, even if it is contradictory, the parts are the whole memory. */
static void account_is_sound(const struct account *account, const struct host_memory *memory)
{
    int64_t sum = 0, groups = 0;

    if (!account->known)
        return;
    must(account->total_bytes == memory->meminfo.bytes[MEMINFO_TOTAL]);
    must(account->summary && *account->summary);
    for (int i = 0; i < N_ACCOUNT; i++)
        sum += account->bytes[i];
    for (int i = 0; i < N_GROUPS; i++)
        groups += account->group_bytes[i];
    must(!account->has[ACCOUNT_UNACCOUNTED] || sum == (int64_t)account->total_bytes);
    must(groups == sum);
}

static void memory_is_sound(const struct host_memory *memory)
{
    for (uint32_t i = 1; i < memory->n_caches; i++)
        must(memory->caches[i - 1].bytes >= memory->caches[i].bytes);
    must(memory->n_holders <= MAX_HOLDERS);
    for (uint32_t i = 1; i < memory->n_holders; i++)
        must(memory->holders[i - 1].anonymous_bytes + memory->holders[i - 1].swap_bytes >=
             memory->holders[i].anonymous_bytes + memory->holders[i].swap_bytes);
}

static void print(const struct host_report *report)
{
    const struct style *style;
    struct page page;

    for (unsigned int i = 0; (style = style_number(i)); i++) {
        page_open(&page);
        render_host(report, style, page.out);
        page_close_text(&page);
    }
    page_open(&page);
    json_print(json_host_report(report), page.out);
    json_decref(page_close_json(&page));
}

void fuzz_input(struct str input)
{
    struct capture *host, *process;
    struct host_memory memory;
    struct host_report report;
    struct checker checker;
    struct account account;
    struct image image;

    world_set(input, &host, &process);
    image_init_host(&image, host);
    hostmem_read(&memory, &image);
    memory_is_sound(&memory);
    check_run_host(&checker, &image.arena, &memory, NULL);
    account_compute(&account, &memory, &image.arena);
    account_is_sound(&account, &memory);
    report.report = (struct report){.image = &image,
                                    .findings = checker.findings,
                                    .n_findings = checker.n_findings,
                                    .not_run = checker.not_run,
                                    .n_not_run = checker.n_not_run,
                                    .path = "/proc"};
    report.memory = &memory;
    report.account = &account;
    findings_are_sound(&report.report);
    print(&report);
    image_deinit(&image);
}
