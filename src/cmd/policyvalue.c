/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/policyvalue.h"

#include "base/units.h"
#include "cmd/unknown.h"

#include <fnmatch.h>
#include <inttypes.h>

static bool is_negative(const json_t *value)
{
    return json_integer_value(value) < 0;
}

/* An integer, or an address in a string. */
static bool number_of(const json_t *value, struct policy_number *number)
{
    if (json_is_string(value))
        return policy_number_parse(str_of(json_string_value(value)), number);
    number->negative = is_negative(value);
    number->size = (uint64_t)json_integer_value(value);
    if (number->negative)
        number->size = -number->size;
    return json_is_integer(value);
}

static int compare(struct policy_number a, struct policy_number b)
{
    int order = (a.size > b.size) - (a.size < b.size);

    if (a.size == 0 && b.size == 0)
        return 0;
    if (a.negative != b.negative)
        return a.negative ? -1 : 1;
    return a.negative ? -order : order;
}

static bool text_is(const json_t *value, struct str text)
{
    return json_is_string(value) && str_eq(str_of(json_string_value(value)), text);
}

bool value_is(const json_t *value, enum key_type type, const struct policy_word *word)
{
    struct policy_number a, b;

    if (policy_word_is_null(word))
        return json_is_null(value);
    switch (type) {
    case KEY_TEXT:
    case KEY_ID:
        return text_is(value, word->text);
    case KEY_BOOLEAN:
        return json_is_boolean(value) && json_is_true(value) == str_eq(word->text, STR("true"));
    default:
        return number_of(value, &a) && policy_number_parse(word->text, &b) && compare(a, b) == 0;
    }
}

bool value_is_unknown(const json_t *value, const struct report_key *key,
                      const struct policy_word *word)
{
    static const struct str unknown = {"unknown", sizeof("unknown") - 1};

    if (policy_word_is_null(word))
        return false;
    if (!value || json_is_null(value))
        return true;
    return key->words && report_key_has_word(key, unknown) && text_is(value, unknown) &&
           !str_eq(word->text, unknown);
}

static bool has_text(const json_t *value, const struct policy_word *word)
{
    const char *text = json_string_value(value);

    return text && memmem(text, strlen(text), word->text.p, word->text.n);
}

static bool has_element(const json_t *list, const struct policy_word *word)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (value_is(json_array_get(list, i), KEY_TEXT, word))
            return true;
    return false;
}

static bool matches(const json_t *value, struct str pattern, struct arena *arena)
{
    const char *text = json_string_value(value);

    return text && fnmatch(arena_strndup(arena, pattern.p, pattern.n), text, 0) == 0;
}

static bool is_ordered(const json_t *value, const struct policy_line *line)
{
    struct policy_number a, b;
    int order;

    if (!number_of(value, &a) || !policy_number_parse(line->value.text, &b))
        return false;
    order = compare(a, b);
    switch (line->op) {
    case POLICY_LESS:
        return order < 0;
    case POLICY_AT_MOST:
        return order <= 0;
    case POLICY_MORE:
        return order > 0;
    default:
        return order >= 0;
    }
}

bool value_holds(const json_t *value, enum key_type type, const struct policy_line *line,
                 struct arena *arena)
{
    switch (line->op) {
    case POLICY_EQUAL:
        return value_is(value, type, &line->value);
    case POLICY_UNEQUAL:
        return !value_is(value, type, &line->value);
    case POLICY_CONTAINS:
        return json_is_array(value) ? has_element(value, &line->value)
                                    : has_text(value, &line->value);
    case POLICY_MATCHES:
        return matches(value, line->value.text, arena);
    default:
        return is_ordered(value, line);
    }
}

/* Whether it is the number that the line says, or is not: any of `low` to `high` is possible. */
static enum outcome equals_between(struct policy_number low, struct policy_number high,
                                   struct policy_number wanted, bool is_wanted)
{
    if (compare(wanted, low) < 0 || compare(wanted, high) > 0)
        return is_wanted ? OUTCOME_FAILED : OUTCOME_PASSED;
    if (compare(low, high) == 0)
        return is_wanted ? OUTCOME_PASSED : OUTCOME_FAILED;
    return OUTCOME_UNKNOWN;
}

enum outcome value_between(const json_t *low, const json_t *high, const struct policy_line *line)
{
    struct policy_number a, b, wanted;
    bool is_wanted = line->op == POLICY_EQUAL;

    if (!number_of(low, &a) || !number_of(high, &b) ||
        !policy_number_parse(line->value.text, &wanted))
        return OUTCOME_FAILED;
    if (is_wanted || line->op == POLICY_UNEQUAL)
        return equals_between(a, b, wanted, is_wanted);
    if (is_ordered(low, line) != is_ordered(high, line))
        return OUTCOME_UNKNOWN;
    return is_ordered(low, line) ? OUTCOME_PASSED : OUTCOME_FAILED;
}

static const char *number_text(const json_t *value, bool is_bytes, struct arena *arena)
{
    json_int_t number = json_integer_value(value);
    char size[UNITS_TEXT];

    if (!is_bytes || number < 1024)
        return arena_printf(arena, "%" JSON_INTEGER_FORMAT, number);
    return arena_printf(arena, "%" JSON_INTEGER_FORMAT " (%s)", number,
                        size_text((uint64_t)number, size));
}

static const char *list_text(const json_t *list, struct arena *arena)
{
    enum { NAMED = 12 };
    size_t n = json_array_size(list);
    const char *text = n == 0 ? "nothing" : "";

    if (n > 0 && json_is_object(json_array_get(list, 0)))
        return arena_printf(arena, "a list of %zu", n);
    for (size_t i = 0; i < n && i < NAMED; i++)
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "",
                            json_is_null(json_array_get(list, i))
                                ? "null"
                                : json_string_value(json_array_get(list, i)));
    return n > NAMED ? arena_printf(arena, "%s and %zu more", text, n - NAMED) : text;
}

/* Texts of a document are safe as they are. */
const char *value_text(const json_t *value, enum key_type type, struct arena *arena)
{
    const char *text;

    switch (json_typeof(value)) {
    case JSON_STRING:
        text = json_string_value(value);
        return *text ? arena_strndup(arena, text, strlen(text)) : "\"\"";
    case JSON_INTEGER:
        return number_text(value, type == KEY_BYTES, arena);
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    case JSON_ARRAY:
        return list_text(value, arena);
    default:
        text = unknown_text(value, "title") ? unknown_text(value, "title")
                                            : unknown_text(value, "name");
        return text ? arena_strndup(arena, text, strlen(text)) : "an object";
    }
}
