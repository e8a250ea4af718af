/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/format.h"

#include "render/json.h"
#include "render/safe.h"

const struct format *const formats[] = {
#define FORMAT(symbol) &format_##symbol,
#include "render/formats.list"
#undef FORMAT
    NULL,
};

const struct format *format_find(const char *name)
{
    for (size_t i = 0; formats[i]; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

void document_begin(struct document *document, const struct format *format,
                    const struct style *style, unsigned int n_targets, FILE *out)
{
    *document = (struct document){.format = format,
                                  .style = style,
                                  .out = out,
                                  .n_targets = n_targets,
                                  .names = json_object()};
    arena_init(&document->arena);
    if (format->state_size > 0)
        document->state = arena_alloc(&document->arena, format->state_size);
    if (format->begin)
        format->begin(document);
}

void document_report(struct document *document, const struct report *report)
{
    document->format->report(document, report);
    document->n_reports++;
}

void document_failure(struct document *document, const struct failure *failure)
{
    document->format->failure(document, failure);
}

int document_end(struct document *document, int status)
{
    if (document->format->end)
        status = document->format->end(document, status);
    json_decref(document->names);
    arena_deinit(&document->arena);
    return status;
}

const char *document_name(struct document *document, const char *name)
{
    struct arena *arena = &document->arena;
    json_int_t n = json_integer_value(json_object_get(document->names, name)) + 1;

    json_object_set_new(document->names, name, json_integer(n));
    return n > 1 ? arena_printf(arena, "%s %d", name, (int)n)
                 : arena_strndup(arena, name, strlen(name));
}

static void text_report(struct document *document, const struct report *report)
{
    if (document->n_reports > 0 && !document->style->quiet)
        putc('\n', document->out);
    render_text(report, document->style, document->out);
}

/* It is complained of on standard error. */
static void text_failure(struct document *document, const struct failure *failure)
{
    (void)document;
    (void)failure;
}

const struct format format_text = {
    .name = "text",
    .is_full = true,
    .report = text_report,
    .failure = text_failure,
    .scan = render_scan,
    .event = render_event,
};

/* The documents of several targets are an array. */
struct json_state {
    json_t *array;
};

static void json_begin(struct document *document)
{
    struct json_state *state = document->state;

    state->array = document->n_targets > 1 ? json_array() : NULL;
}

static void json_add(struct document *document, json_t *json)
{
    struct json_state *state = document->state;

    if (state->array)
        json_array_append_new(state->array, json);
    else
        json_print(json, document->out);
}

static void json_add_report(struct document *document, const struct report *report)
{
    json_add(document, json_report(report));
}

static void json_add_failure(struct document *document, const struct failure *failure)
{
    struct arena *arena = &document->arena;

    json_add(document, json_failure(failure->kind, safe_text(arena, str_of(failure->path)),
                                    safe_text(arena, str_of(failure->reason))));
}

static int json_end(struct document *document, int status)
{
    struct json_state *state = document->state;

    if (state->array)
        json_print(state->array, document->out);
    return status;
}

static bool json_print_scan(const struct scan *scan, const struct style *style, FILE *out,
                            struct err *err)
{
    (void)style;
    (void)err;
    json_scan(scan, out);
    return true;
}

static bool json_print_scan_lines(const struct scan *scan, const struct style *style, FILE *out,
                                  struct err *err)
{
    (void)style;
    (void)err;
    json_scan_lines(scan, out);
    return true;
}

const struct format format_jsonl = {
    .name = "jsonl",
    .has_denied_rows = true,
    .scan = json_print_scan_lines,
    .event = json_event,
};

const struct format format_json = {
    .name = "json",
    .is_full = true,
    .state_size = sizeof(struct json_state),
    .begin = json_begin,
    .report = json_add_report,
    .failure = json_add_failure,
    .end = json_end,
    .has_denied_rows = true,
    .scan = json_print_scan,
};
