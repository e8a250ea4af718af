/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of a JSON document, held against the words of a policy. */
#ifndef CMD_POLICYVALUE_H
#define CMD_POLICYVALUE_H

#include "cmd/policy.h"
#include "render/verdict.h"

#include <jansson.h>

/* Whether a value is the one that the word stands for; which words can, was checked before. */
bool value_is(const json_t *value, enum key_type type, const struct policy_word *word);

/*
 * Whether the value says, by null or by the word unknown, that it is not known, and the word does
 * not ask for that.  NULL is a value that is not there.
 */
bool value_is_unknown(const json_t *value, const struct report_key *key,
                      const struct policy_word *word);

/* Whether it is so what the line says of the value; of numbers, lists and texts as they are. */
bool value_holds(const json_t *value, enum key_type type, const struct policy_line *line,
                 struct arena *arena);

/*
 * What becomes of the line when all that is known of a number, or of an address, is that it is not
 * less than `low` and not more than `high`.
 */
enum outcome value_between(const json_t *low, const json_t *high, const struct policy_line *line);

/* In words, in the arena or forever: "897024 (876K)". */
const char *value_text(const json_t *value, enum key_type type, struct arena *arena);

#endif
