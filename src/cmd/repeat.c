/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/repeat.h"

#include "cmd/command.h"
#include "cmd/look.h"
#include "cmd/progress.h"
#include "cmd/saving.h"
#include "cmd/tally.h"

#include <stdlib.h>
#include <string.h>

/* All runs of a command. */
struct repetitions {
    const struct options *options;
    struct look looks[2];   /* the worst until now, and the next */
    struct look *worst;     /* NULL: there is no report yet */
    struct badness badness; /* of the worst */
    struct tally tally;
    int first_end; /* how the first program ended that did not end well; 0: all did */
    int status;
    struct progress progress;
    struct snapshot snapshot;
};

static struct look *next_look(struct repetitions *runs)
{
    return &runs->looks[runs->worst == &runs->looks[0] ? 1 : 0];
}

static void note_status(struct repetitions *runs, int status)
{
    if (status > runs->status)
        runs->status = status;
}

/* Whether a program was started at all. */
static bool was_started(const struct look *look)
{
    return look->result != LOOK_BROKEN && look->result != LOOK_UNSTARTED;
}

/* The exit status that a look by itself would have. */
static int note_look(struct repetitions *runs, struct look *look)
{
    if (look->result == LOOK_REPORT) {
        tally_report(&runs->tally, &look->inspection.report);
        return inspection_status(&look->inspection, runs->options);
    }
    if (look->result == LOOK_NEVER_REFUSED)
        return EXIT_CLEAN;
    tally_miss(&runs->tally, look_reason(look));
    return look_status(look);
}

/* The report is kept if it is the worst until now, and the former one is not any more. */
static void keep_worst(struct repetitions *runs, struct look *look, bool ended_ill)
{
    struct badness badness = badness_of(&look->inspection, runs->options, ended_ill);

    if (runs->worst && !badness_exceeds(&badness, &runs->badness)) {
        look_end(look);
        return;
    }
    if (runs->worst)
        look_end(runs->worst);
    runs->worst = look;
    runs->badness = badness;
    tally_worst(&runs->tally, badness.status != EXIT_CLEAN || ended_ill);
}

/* One run that was not disturbed, once its program has ended. */
static void count(struct repetitions *runs, struct look *look)
{
    bool has_ended = was_started(look) && !runs->options->kill;
    int end = has_ended ? look->launch.wait_status : 0, status = note_look(runs, look);

    if (!runs->first_end)
        runs->first_end = end;
    note_status(runs, status);
    tally_run(&runs->tally, end, has_ended, status != EXIT_CLEAN || end != 0);
    if (look->result == LOOK_REPORT)
        keep_worst(runs, look, end != 0);
}

static void show_progress(struct repetitions *runs)
{
    const struct repetition *so_far = &runs->tally.repetition;
    char text[64];

    snprintf(text, sizeof(text), "%u of %u runs, %u failed", so_far->n_runs, so_far->n_asked,
             so_far->n_failed);
    progress_show(&runs->progress, so_far->n_runs, text);
}

/* False when no other is to follow. */
static bool run_one(struct repetitions *runs)
{
    struct look *look = next_look(runs);

    if (look_begin(look) != LOOK_BROKEN)
        look_finish(look);
    if (launch_series_signal() != 0) { /* it may have ended the program before its time */
        look_end(look);
        return false;
    }
    count(runs, look);
    show_progress(runs);
    return was_started(look);
}

static void run_all(struct repetitions *runs)
{
    progress_begin(&runs->progress, runs->options->repeat);
    for (uint32_t i = 0; i < runs->options->repeat; i++)
        if (launch_series_signal() != 0 || !run_one(runs))
            break;
    progress_end(&runs->progress);
}

static void print(struct repetitions *runs, FILE *out)
{
    const struct options *options = runs->options;
    const struct repetition *repetition = &runs->tally.repetition;
    unsigned int n = (runs->worst != NULL) + (repetition->n_missed > 0);
    struct document document;

    document_begin(&document, options->format, &options->style, n, out);
    if (runs->worst) {
        struct report report =
            tally_sum_up(&runs->tally, &runs->worst->inspection.report, &runs->worst->moment);

        document_report(&document, &report);
    }
    if (repetition->n_missed > 0) {
        const char *reason = runs->tally.missed_reason;

        complain("%s", reason);
        document_failure(&document, &(struct failure){NULL, options->arguments[0], reason});
    } else if (!runs->worst && repetition->n_runs > 0) {
        complain("brk() was never refused in %u runs", repetition->n_runs);
    }
    runs->status = document_end(&document, runs->status);
}

/* A signal ends it as it would end anything. */
static int conclude(const struct repetitions *runs)
{
    int number = launch_series_signal();

    if (number != 0)
        return EXIT_PROGRAM | number;
    if (runs->status == EXIT_CLEAN && !runs->options->format->has_own_status)
        return EXIT_PROGRAM | runs->first_end;
    return runs->status;
}

static bool begin_saving(struct repetitions *runs)
{
    struct err err;

    if (!runs->options->save || snapshot_begin(&runs->snapshot, runs->options->save, &err))
        return true;
    complain("%s", err.text);
    return false;
}

static void end_saving(struct repetitions *runs)
{
    struct image *image = runs->worst ? &runs->worst->inspection.image : NULL;

    if (runs->options->save && !saving_end(&runs->snapshot, image, runs->options->is_private))
        note_status(runs, EXIT_TROUBLE);
}

int repeat(const struct options *options, const struct launch_spec *spec, FILE *out)
{
    struct repetitions runs = {.options = options, .status = EXIT_CLEAN};

    launch_series_begin(); /* nobody's impatience is to leave a half of anything behind */
    if (!begin_saving(&runs))
        return trouble_status(options, "the snapshot cannot be made", out);
    tally_init(&runs.tally, options->repeat);
    for (int i = 0; i < 2; i++)
        look_init(&runs.looks[i], options, spec);
    run_all(&runs);
    end_saving(&runs);
    runs.tally.repetition.is_interrupted = launch_series_signal() != 0;
    if (!options->output)
        launch_series_end(); /* a pipe that nobody reads is no reason to stay */
    print(&runs, out);
    for (int i = 0; i < 2; i++)
        look_deinit(&runs.looks[i]);
    tally_deinit(&runs.tally);
    return conclude(&runs);
}
