/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SARIF 2.1.0, the Static Analysis Results Interchange Format of OASIS: one run, in which all
 * targets have their results.
 */
#include "render/jsonparts.h"
#include "render/safe.h"
#include "render/testcases.h"
#include "render/who.h"

#define SARIF_SCHEMA \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

struct sarif_state {
    json_t *results;
    json_t *notifications;
    json_t *seen; /* how many results have that fingerprint */
    bool has_failed;
};

static void begin(struct document *document)
{
    struct sarif_state *state = document->state;

    *state = (struct sarif_state){json_array(), json_array(), json_object(), false};
}

static const char *level_name(enum severity severity)
{
    static const char *const names[] = {"note", "warning", "error"};

    return names[severity];
}

static json_t *message(const char *text)
{
    return json_pack("{s:s}", "text", text);
}

/*
 * RFC 3986: what is no path stands as %XX, any bytes can.  An absolute path is a file URI, another
 * one relative to wherever the tool ran.  A ':' in the first part would end a scheme.
 */
static const char *uri_of(struct str path, struct arena *arena)
{
    char *uri = arena_alloc(arena, sizeof("file://") + 3 * path.n), *to = uri;

    if (path.n > 0 && path.p[0] == '/')
        to = stpcpy(to, "file://");
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                        (c >= 'a' && c <= 'z') || (c != 0 && strchr("-._~/", c));

        if (is_plain)
            *to++ = (char)c;
        else
            to += sprintf(to, "%%%02X", c);
    }
    *to = '\0';
    return uri;
}

static json_t *artifact(struct str path, struct arena *arena)
{
    return json_pack("{s:s}", "uri", uri_of(path, arena));
}

/* Which process, and the file that it executes. */
static json_t *process_location(const struct report *report)
{
    struct image *image = report->image;
    struct arena *arena = &image->arena;
    struct str program = report->facts ? who_program(image) : STR("");
    json_t *location = json_pack("{s:[{s:s, s:s}]}", "logicalLocations", "fullyQualifiedName",
                                 who_text(report), "kind", report->facts ? "process" : "host");

    if (str_ends(program, STR(" (deleted)")))
        program.n -= sizeof(" (deleted)") - 1;
    if (program.n > 0)
        json_object_set_new(location, "physicalLocation",
                            json_pack("{s:o}", "artifactLocation", artifact(program, arena)));
    return location;
}

static json_t *policy_location(const struct report *report, const struct assertion *assertion)
{
    struct arena *arena = &report->image->arena;
    json_t *location;

    if (!assertion->file)
        return process_location(report);
    location = json_pack("{s:{s:o, s:{s:i, s:i, s:{s:s}}}}", "physicalLocation", "artifactLocation",
                         artifact(str_of(assertion->file), arena), "region", "startLine",
                         (int)assertion->line, "startColumn",
                         assertion->column > 0 ? (int)assertion->column : 1, "snippet", "text",
                         assertion->text);
    json_object_set_new(
        location, "logicalLocations",
        json_pack("[{s:s, s:s}]", "fullyQualifiedName", who_text(report), "kind", "process"));
    return location;
}

/* 64-bit FNV-1a, which goes on from `hash`. */
static uint64_t hash_of(uint64_t hash, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        hash = (hash ^ (unsigned char)s.p[i]) * 0x100000001b3;
    return hash;
}

/*
 * The same in each run over the same program: of the rule, the line of the policy if it is one, and
 * the program; and which of such results in this run it is.
 */
static json_t *fingerprints(struct sarif_state *state, const struct report *report,
                            const char *rule, const char *line)
{
    struct arena *arena = &report->image->arena;
    struct str program = report->facts ? who_program(report->image) : STR("host");
    uint64_t hash = 0xcbf29ce484222325;
    const char *text;
    json_int_t n;

    hash = hash_of(hash, (struct str){rule, strlen(rule) + 1});
    hash = hash_of(hash, (struct str){line, strlen(line) + 1});
    hash = hash_of(hash, program);
    text = arena_printf(arena, "%016llx", (unsigned long long)hash);
    n = json_integer_value(json_object_get(state->seen, text)) + 1;
    json_object_set_new(state->seen, text, json_integer(n));
    return json_pack("{s:s}", "layoutcheckResult/v1", arena_printf(arena, "%s:%d", text, (int)n));
}

static int rule_index(const struct rule *rule)
{
    int i = 0;

    while (rules[i] && rules[i] != rule)
        i++;
    return i;
}

/* The rule behind all others: a line of the policy does not hold. */
#define POLICY_RULE "policy"

static json_t *result(const char *rule, int index, const char *level, const char *text)
{
    return json_pack("{s:s, s:i, s:s, s:o}", "ruleId", rule, "ruleIndex", index, "level", level,
                     "message", message(text));
}

static void add_finding(struct sarif_state *state, const struct report *report,
                        const struct finding *finding)
{
    struct image *image = report->image;
    struct arena *arena = &image->arena;
    const char *id = finding->rule->id;
    json_t *known = json_finding(image, finding);
    json_t *json = result(id, rule_index(finding->rule), level_name(finding->severity),
                          arena_printf(arena, "%s.\n\n%s\n\nWhat to do: %s",
                                       json_string_value(json_object_get(known, "title")),
                                       json_string_value(json_object_get(known, "detail")),
                                       json_string_value(json_object_get(known, "remedy"))));

    json_object_set_new(json, "locations", json_pack("[o]", process_location(report)));
    json_object_set_new(json, "partialFingerprints", fingerprints(state, report, id, ""));
    json_object_set_new(json, "properties",
                        json_pack("{s:O, s:O}", "evidence", json_object_get(known, "evidence"),
                                  "causes", json_object_get(known, "causes")));
    json_decref(known);
    json_array_append_new(state->results, json);
}

static void add_assertion(struct sarif_state *state, const struct report *report,
                          const struct assertion *assertion)
{
    struct arena *arena = &report->image->arena;
    json_t *json =
        result(POLICY_RULE, rule_index(NULL), level_name(SEVERITY_ERROR),
               arena_printf(arena, "%s: %s", assertion->text, assertion_message(assertion, arena)));

    json_object_set_new(json, "locations", json_pack("[o]", policy_location(report, assertion)));
    json_object_set_new(json, "partialFingerprints",
                        fingerprints(state, report, POLICY_RULE, assertion->text));
    json_array_append_new(state->results, json);
}

static json_t *notification(const char *level, const char *text)
{
    return json_pack("{s:s, s:o}", "level", level, "message", message(text));
}

/* `rule` NULL: of no rule. */
static void notify(struct sarif_state *state, const struct report *report, const char *text,
                   const struct rule *rule)
{
    enum severity severity = report->strict ? SEVERITY_ERROR : SEVERITY_INFO;
    json_t *json = notification(level_name(severity), text);

    json_object_set_new(json, "locations", json_pack("[o]", process_location(report)));
    if (rule)
        json_object_set_new(json, "associatedRule",
                            json_pack("{s:s, s:i}", "id", rule->id, "index", rule_index(rule)));
    json_array_append_new(state->notifications, json);
}

static void add_gaps_in_knowledge(struct sarif_state *state, const struct report *report)
{
    struct image *image = report->image;
    struct arena *arena = &image->arena;

    for (uint32_t i = 0; i < image->n_missing; i++)
        notify(state, report,
               arena_printf(arena, "not read: %s: %s",
                            safe_text(arena, str_of(image->missing[i].what)),
                            safe_text(arena, str_of(image->missing[i].reason))),
               NULL);
    for (uint32_t i = 0; i < report->n_not_run; i++)
        notify(state, report,
               arena_printf(arena, "not checked: %s",
                            safe_text(arena, str_of(report->not_run[i].reason))),
               report->not_run[i].rule);
    if (!image->consistent)
        notify(state, report,
               arena_printf(arena, "not consistent: %s",
                            safe_text(arena, str_of(image->inconsistency))),
               NULL);
}

static void add_report(struct document *document, const struct report *report)
{
    struct sarif_state *state = document->state;
    const struct verdict *verdict = report->verdict;

    for (uint32_t i = 0; verdict && i < verdict->n_assertions; i++)
        if (verdict->assertions[i].outcome != OUTCOME_PASSED)
            add_assertion(state, report, &verdict->assertions[i]);
    for (uint32_t i = 0; i < report->n_findings; i++)
        add_finding(state, report, &report->findings[i]);
    add_gaps_in_knowledge(state, report);
    state->has_failed |= report->strict && report_is_incomplete(report);
}

static void add_failure(struct document *document, const struct failure *failure)
{
    struct sarif_state *state = document->state;
    struct arena *arena = &document->arena;
    const char *path = safe_text(arena, str_of(failure->path));
    json_t *json = notification(
        level_name(SEVERITY_ERROR),
        arena_printf(arena, "%s: %s", path, safe_text(arena, str_of(failure->reason))));

    json_object_set_new(json, "locations",
                        json_pack("[{s:[{s:s, s:s}]}]", "logicalLocations", "fullyQualifiedName",
                                  path, "kind", "process"));
    json_array_append_new(state->notifications, json);
    state->has_failed = true;
}

static json_t *descriptor(const char *id, const char *brief, const char *full, const char *help)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "id", id, "shortDescription", message(brief),
                     "fullDescription", message(full), "help", message(help));
}

static json_t *descriptors(void)
{
    json_t *list = json_array();

    for (size_t i = 0; rules[i]; i++)
        json_array_append_new(
            list, descriptor(rules[i]->id, rules[i]->when, rules[i]->meaning, rules[i]->remedy));
    json_array_append_new(
        list,
        descriptor(POLICY_RULE, "a line of the policy does not hold",
                   "What the policy expects or forbids is not so, or is not known.",
                   "Compare the value that was found with the line; the other results may say "
                   "why it is so."));
    return list;
}

static int end(struct document *document, int status)
{
    struct sarif_state *state = document->state;

    json_decref(state->seen);
    json_print(json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:s, s:[{s:b, s:i, s:o}], s:o}]}",
                         "$schema", SARIF_SCHEMA, "version", "2.1.0", "runs", "tool", "driver",
                         "name", "layoutcheck", "version", LAYOUTCHECK_VERSION, "rules",
                         descriptors(), "columnKind", "unicodeCodePoints", "invocations",
                         "executionSuccessful", (int)!state->has_failed, "exitCode", status,
                         "toolExecutionNotifications", state->notifications, "results",
                         state->results),
               document->out);
    return status;
}

const struct format format_sarif = {
    .name = "sarif",
    .state_size = sizeof(struct sarif_state),
    .begin = begin,
    .report = add_report,
    .failure = add_failure,
    .end = end,
};
