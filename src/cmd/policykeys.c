/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holds the lines of a policy against the keys, words and findings that there are. */
#include "base/near.h"
#include "base/units.h"
#include "cmd/policy.h"
#include "parse/policyscan.h"

bool policy_number_parse(struct str text, struct policy_number *number)
{
    number->negative = text.n > 1 && text.p[0] == '-';
    if (number->negative)
        text = (struct str){text.p + 1, text.n - 1};
    return size_parse(text, &number->size);
}

bool policy_word_is_null(const struct policy_word *word)
{
    return !word->quoted && str_eq(word->text, STR("null"));
}

const struct rule *policy_find_rule(struct str id, struct err *err)
{
    const struct rule *rule = rule_find(id);
    struct near near;

    if (rule)
        return rule;
    near_init(&near, id);
    for (size_t i = 0; rules[i]; i++)
        near_try(&near, str_of(rules[i]->id));
    if (near.best.n > 0)
        err_format(err, "there is no finding \"%.*s\"; did you mean %.*s?", scan_shown(id), id.p,
                   (int)near.best.n, near.best.p);
    else
        err_format(err, "there is no finding \"%.*s\": \"layoutcheck explain\" lists them",
                   scan_shown(id), id.p);
    return NULL;
}

bool policy_check_rule(const struct rule *rule, unsigned int documents, struct err *err)
{
    bool of_host = documents == IN_HOST;

    if (of_host && !rule->run_host)
        return err_set(err, "%s is looked for in processes alone", rule->id);
    return of_host || rule->run || err_set(err, "%s is looked for by host alone", rule->id);
}

/* Several names in a sentence. */
struct names {
    struct arena *arena;
    struct str names[64];
    unsigned int n;
};

static void names_add(struct names *names, struct str name)
{
    if (names->n < sizeof(names->names) / sizeof(names->names[0]))
        names->names[names->n++] = name;
}

/* "a, b or c" */
static const char *names_text(const struct names *names, const char *last)
{
    const char *text = "";

    for (unsigned int i = 0; i < names->n; i++)
        text = arena_printf(names->arena, "%s%s%.*s", text,
                            i == 0              ? ""
                            : i + 1 == names->n ? last
                                                : ", ",
                            (int)names->names[i].n, names->names[i].p);
    return text;
}

static const char *type_text(enum key_type type)
{
    static const char *const texts[] = {
        [KEY_BYTES] = "a size",     [KEY_COUNT] = "a number",         [KEY_ADDRESS] = "an address",
        [KEY_TEXT] = "a text",      [KEY_ID] = "the id of a finding", [KEY_LIST] = "a list",
        [KEY_OBJECT] = "an object", [KEY_BOOLEAN] = "true or false",
    };

    return texts[type];
}

/* A path on its way. */
struct resolver {
    struct arena *arena;
    struct demand *demand;
    unsigned int documents;
    const struct report_key *key; /* what `path` leads to */
    const char *path;             /* "regions[]" */
    struct policy_fault *fault;
};

/* The keys below the path that these documents have. */
static void collect_below(const struct resolver *r, struct names *names, struct near *near)
{
    struct str name, words, word;
    const struct report_key *key;
    size_t i = 0;

    while ((key = report_key_below(str_of(r->path), &i, &name))) {
        words = str_eq(name, STR("*")) ? str_of(key->words) : name;
        while (key->documents & r->documents && str_next_word(&words, &word)) {
            names_add(names, word);
            near_try(near, word);
        }
    }
}

/* "brk.room", "mmap.room" for a mere "room", or "rooom". */
static void collect_elsewhere(const struct resolver *r, struct str wrong, struct names *names)
{
    const struct report_key *key;
    struct near near;
    struct str name;

    near_init(&near, wrong);
    for (size_t i = 0; (key = report_key_next(&i, &name));)
        if (key->documents & r->documents)
            near_try(&near, name);
    for (size_t i = 0; (key = report_key_next(&i, &name)) && names->n < 4;)
        if (key->documents & r->documents && near.best.n > 0 && str_eq(name, near.best))
            names_add(names, str_of(key->path));
}

static const char *join(const struct resolver *r, struct str name)
{
    return arena_printf(r->arena, "%s%s%.*s", r->path, *r->path ? "." : "", scan_shown(name),
                        name.p);
}

static bool fail_key(const struct resolver *r, const struct policy_word *word)
{
    struct names below = {.arena = r->arena}, elsewhere = {.arena = r->arena};
    const char *path = join(r, word->text), *parent = *r->path ? r->path : "it", *text;
    struct near near;

    near_init(&near, word->text);
    collect_below(r, &below, &near);
    collect_elsewhere(r, word->text, &elsewhere);
    if (near.best.n > 0)
        return policy_fault_set(r->fault, word->column, "no key %s in a report; did you mean %s?",
                                path, join(r, near.best));
    if (elsewhere.n > 0) {
        text = names_text(&elsewhere, " or ");
        return policy_fault_set(r->fault, word->column, "no key %s in a report; did you mean %s?",
                                path, text);
    }
    text = names_text(&below, " and ");
    return policy_fault_set(r->fault, word->column, "no key %s in a report; %s has %s", path,
                            parent, text);
}

/* A word that is not one of those that can stand there. */
static bool fail_word(const struct resolver *r, const struct report_key *key, const char *path,
                      const struct policy_word *word)
{
    struct names names = {.arena = r->arena};
    struct str words = str_of(key->words), next;
    const char *text;
    struct near near;

    near_init(&near, word->text);
    while (str_next_word(&words, &next)) {
        names_add(&names, next);
        near_try(&near, next);
    }
    if (near.best.n > 0)
        return policy_fault_set(r->fault, word->column, "%s is never \"%.*s\"; did you mean %.*s?",
                                path, scan_shown(word->text), word->text.p, (int)near.best.n,
                                near.best.p);
    text = names_text(&names, " or ");
    return policy_fault_set(r->fault, word->column, "%s is never \"%.*s\": it is %s", path,
                            scan_shown(word->text), word->text.p, text);
}

/* Whether a value of this key can be equal to the word. */
static bool check_equal(const struct resolver *r, const struct report_key *key, const char *path,
                        const struct policy_word *word)
{
    struct policy_number number;
    const struct rule *rule;

    if (policy_word_is_null(word))
        return true;
    switch (key->type) {
    case KEY_BYTES:
    case KEY_COUNT:
    case KEY_ADDRESS:
        return policy_number_parse(word->text, &number) ||
               policy_fault_set(r->fault, word->column,
                                "%s is %s, and \"%.*s\" is none: write 4096, 64K, 1G, 0x1000", path,
                                type_text(key->type), scan_shown(word->text), word->text.p);
    case KEY_BOOLEAN:
        return str_eq(word->text, STR("true")) || str_eq(word->text, STR("false")) ||
               policy_fault_set(r->fault, word->column, "%s is true or false, never \"%.*s\"", path,
                                scan_shown(word->text), word->text.p);
    case KEY_TEXT:
        return !key->words || report_key_has_word(key, word->text) || fail_word(r, key, path, word);
    case KEY_ID:
        r->fault->column = word->column;
        rule = policy_find_rule(word->text, &r->fault->err);
        return rule && policy_check_rule(rule, r->documents, &r->fault->err);
    default:
        return policy_fault_set(r->fault, word->column,
                                "%s is %s, which is equal to nothing but null", path,
                                type_text(key->type));
    }
}

/* brk of host, host_memory of a process, query of another command than room. */
static bool check_document(const struct resolver *r, const struct report_key *key)
{
    const char *whose = key->documents == IN_HOST   ? "host"
                        : key->documents == IN_ROOM ? "room"
                                                    : "a process";

    return key->documents & r->documents ||
           policy_fault_set(r->fault, r->demand->line->path.column,
                            "%s is in the report of %s alone", key->path, whose);
}

static bool is_list(const struct resolver *r)
{
    return r->key->type == KEY_LIST;
}

static bool is_last(const struct resolver *r, unsigned int i)
{
    return i + 1 == r->demand->line->n_steps;
}

/* ".length" behind a list, or behind [key=value]: how many it picks. */
static bool is_length(const struct resolver *r, unsigned int i)
{
    const struct policy_step *steps = r->demand->line->steps;

    return i > 0 && is_last(r, i) && str_eq(steps[i].name.text, STR("length")) &&
           (is_list(r) || steps[i - 1].kind == POLICY_STEP_MATCH);
}

static bool take_key(struct resolver *r, unsigned int i)
{
    const struct policy_word *name = &r->demand->line->steps[i].name;
    const struct report_key *key;
    const char *path;

    if (is_length(r, i)) {
        r->demand->is_length = true;
        return true;
    }
    if (is_list(r))
        return policy_fault_set(
            r->fault, name->column,
            "%s is a list: pick an element by [0] or [key=value], or count them by "
            ".length",
            r->path);
    if (r->key->type != KEY_OBJECT)
        return policy_fault_set(r->fault, name->column, "%s is %s and has no keys", r->path,
                                type_text(r->key->type));
    path = join(r, name->text);
    key = report_key_find(str_of(path));
    if (!key || str_eq(name->text, STR("*")) ||
        (str_ends(str_of(key->path), STR(".*")) && !report_key_has_word(key, name->text)))
        return fail_key(r, name);
    r->key = key;
    r->path = path;
    return check_document(r, key);
}

static bool take_pick(struct resolver *r, unsigned int i)
{
    const struct policy_step *step = &r->demand->line->steps[i];
    const struct report_key *key;

    if (!is_list(r))
        return policy_fault_set(r->fault, step->name.column,
                                "%s is %s: nothing can be picked from it", r->path,
                                type_text(r->key->type));
    r->path = arena_printf(r->arena, "%s[]", r->path);
    r->key = report_key_find(str_of(r->path));
    if (step->kind == POLICY_STEP_INDEX)
        return true;
    if (r->key->type != KEY_OBJECT)
        return policy_fault_set(r->fault, step->name.column,
                                "the elements of this list have no keys: use contains");
    key = report_key_find(str_of(join(r, step->name.text)));
    if (!key)
        return fail_key(r, &step->name);
    r->demand->picks[i] = key;
    return check_document(r, key) && check_equal(r, key, key->path, &step->value);
}

static bool take_path(struct resolver *r)
{
    const struct policy_line *line = r->demand->line;

    for (unsigned int i = 0; i < line->n_steps; i++) {
        if (line->steps[i].kind == POLICY_STEP_KEY ? !take_key(r, i) : !take_pick(r, i))
            return false;
    }
    r->demand->key = r->key;
    r->demand->path = r->path;
    return true;
}

static bool check_order(const struct resolver *r, const struct report_key *key)
{
    const struct policy_line *line = r->demand->line;

    if (key->type == KEY_BYTES || key->type == KEY_COUNT || key->type == KEY_ADDRESS)
        return check_equal(r, key, r->path, &line->value);
    return policy_fault_set(
        r->fault, line->op_column,
        "%s is %s, which has no order: %s goes with sizes, numbers and addresses", r->path,
        type_text(key->type), policy_operator_text(line->op));
}

/* contains: of a list an element, of a text a part. */
static bool check_contains(const struct resolver *r, enum key_type type)
{
    const struct policy_line *line = r->demand->line;
    const struct report_key *element;

    if (type == KEY_TEXT || type == KEY_ID)
        return true;
    if (type != KEY_LIST)
        return policy_fault_set(r->fault, line->op_column,
                                "%s is %s: contains goes with texts and lists of texts", r->path,
                                type_text(type));
    element = report_key_find(str_of(arena_printf(r->arena, "%s[]", r->path)));
    if (element->type == KEY_OBJECT)
        return policy_fault_set(
            r->fault, line->op_column,
            "the elements of %s are objects: pick one by [key=value], or count them "
            "by .length",
            r->path);
    return check_equal(r, element, element->path, &line->value);
}

static bool check_value(const struct resolver *r)
{
    static const struct report_key length = {.path = "length", .type = KEY_COUNT};
    const struct policy_line *line = r->demand->line;
    const struct report_key *key = r->demand->is_length ? &length : r->key;

    if (policy_word_is_null(&line->value))
        return line->op == POLICY_EQUAL || line->op == POLICY_UNEQUAL ||
               policy_fault_set(r->fault, line->value.column,
                                "only == null and != null speak of what is not known");
    switch (line->op) {
    case POLICY_EQUAL:
    case POLICY_UNEQUAL:
        return check_equal(r, key, r->path, &line->value);
    case POLICY_CONTAINS:
        return check_contains(r, key->type);
    case POLICY_MATCHES:
        return key->type == KEY_TEXT || key->type == KEY_ID ||
               policy_fault_set(r->fault, line->op_column, "%s is %s: matches goes with texts",
                                r->path, type_text(key->type));
    default:
        return check_order(r, key);
    }
}

bool demand_resolve(struct arena *arena, struct demand *demand, unsigned int documents,
                    struct policy_fault *fault)
{
    static const struct report_key document = {.path = "", .type = KEY_OBJECT};
    struct resolver r = {.arena = arena,
                         .demand = demand,
                         .documents = documents,
                         .key = &document,
                         .path = "",
                         .fault = fault};

    return take_path(&r) && check_value(&r);
}
