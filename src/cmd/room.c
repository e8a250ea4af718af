/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/room.h"
#include "base/units.h"
#include "cmd/command.h"
#include "cmd/inspect.h"

#include <elf.h>

/* "ADDR,LEN", or the name of a sanitizer; the numbers hexadecimal with 0x, or sizes. */
static bool parse_range(const char *text, struct range *range, struct err *err)
{
    const char *comma = strchr(text, ',');
    struct str first = {text, comma ? (size_t)(comma - text) : 0};
    uint64_t start, length, end;

    if (!comma || !size_parse(first, &start) || !size_parse(str_of(comma + 1), &length) ||
        length == 0 || __builtin_add_overflow(start, length, &end))
        return err_set(err, "--at takes ADDR,LEN, asan or tsan, not \"%s\"", text);
    *range = (struct range){start, end};
    return true;
}

static bool is_sanitizer(const char *text)
{
    return strcmp(text, "asan") == 0 || strcmp(text, "tsan") == 0;
}

/* What is asked, checked before the target is looked at. */
static bool check_questions(const struct options *options, struct range *range, struct err *err)
{
    *range = (struct range){0, 0};
    return !options->at || is_sanitizer(options->at) || parse_range(options->at, range, err);
}

static void answer(struct inspection *inspection, const struct options *options, struct range range,
                   struct answers *answers)
{
    struct image *image = &inspection->image;

    *answers = (struct answers){0};
    if (options->has_brk_size)
        query_brk(&answers->brk, &inspection->facts, image, options->brk_size);
    if (options->has_mmap_size)
        query_mmap(&answers->mmap, &inspection->facts, image, options->mmap_size);
    if (options->at && !query_sanitizer(answers, image, options->at))
        query_range(answers, image, "", range);
}

static bool all_fit(const struct answers *answers)
{
    for (unsigned int i = 0; i < answers->n_ranges; i++)
        if (!answers->ranges[i].is_free || !answers->ranges[i].usable)
            return false;
    return (!answers->brk.asked || answers->brk.fits) &&
           (!answers->mmap.asked || answers->mmap.fits);
}

static bool anything_asked(const struct answers *answers)
{
    return answers->brk.asked || answers->mmap.asked || answers->n_ranges > 0;
}

/* A question has an answer of its own; without one, findings decide as in a report. */
static int show(struct inspection *inspection, const struct options *options, struct range range,
                FILE *out)
{
    struct report report = inspection_report_in_full(inspection, options);
    struct answers answers;
    int status;

    answer(inspection, options, range, &answers);
    if (options->demands)
        inspection_judge(inspection, options, json_room(&report, &answers));
    status = inspection_status(inspection, options);
    if (options->json)
        json_print(json_room(&inspection->report, &answers), out);
    else
        render_room(&inspection->report, &answers, &options->style, out);
    if (status == EXIT_TROUBLE || !anything_asked(&answers))
        return status;
    if (inspection_policy_failed(inspection, options))
        return EXIT_FINDING;
    return all_fit(&answers) ? EXIT_CLEAN : EXIT_FINDING;
}

/* The fixed ranges of the sanitizers are known for x86, where their runtimes were looked at. */
static bool has_ranges(struct inspection *inspection, const struct options *options)
{
    uint16_t machine = inspection->image.machine;

    if (!options->at || !is_sanitizer(options->at) || machine == EM_NONE || machine == EM_X86_64 ||
        machine == EM_386)
        return true;
    snprintf(inspection->failure, sizeof(inspection->failure),
             "the ranges of %s are known for x86 alone: give ADDR,LEN", options->at);
    return false;
}

static void print_failure(const struct inspection *inspection, const struct options *options,
                          FILE *out)
{
    json_t *document = inspection_failure(inspection, options);

    if (document)
        json_print(document, out);
}

static int run(const struct options *given, FILE *out)
{
    struct options options = *given;
    struct inspection inspection;
    struct range range;
    struct err err;
    int status = EXIT_TROUBLE;

    if (options.n_arguments != 1) {
        complain_usage("room takes one target: a PID, directory or file");
        return EXIT_TROUBLE;
    }
    if (!check_questions(&options, &range, &err)) {
        complain_usage(err.text);
        return EXIT_TROUBLE;
    }
    options.judges_itself = true;
    inspection_init(&inspection);
    if (inspection_begin(&inspection, options.arguments[0], &options)) {
        if (has_ranges(&inspection, &options))
            status = show(&inspection, &options, range, out);
        else
            print_failure(&inspection, &options, out);
        inspection_end(&inspection);
    } else {
        print_failure(&inspection, &options, out);
    }
    inspection_deinit(&inspection);
    return status;
}

const struct command command_room = {
    .name = "room",
    .options = FOR_ROOM,
    .usage = "TARGET",
    .summary = "Show how far brk, mmap and the stack can grow, and what stops each",
    .operands = OPERANDS_TARGET,
    .run = run,
};
