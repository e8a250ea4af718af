/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys that JSON reports can have, known before there is a report: so that a policy's mistake
 * is told from a value that is not there.  reportkeys.list has them from the schema.
 */
#ifndef PARSE_REPORTKEYS_H
#define PARSE_REPORTKEYS_H

#include "base/str.h"

enum key_type {
    KEY_BYTES, /* a number of bytes */
    KEY_COUNT, /* any other number */
    KEY_ADDRESS,
    KEY_TEXT,
    KEY_ID, /* of a finding */
    KEY_BOOLEAN,
    KEY_LIST,
    KEY_OBJECT,
};

/* Which documents have the key: that of any process, that of room beside this, that of host. */
enum { IN_REPORT = 1, IN_ROOM = 2, IN_HOST = 4 };

struct report_key {
    const char *path; /* "regions[].size"; "*" stands for a key that is one of `words` */
    enum key_type type;
    bool nullable;
    unsigned int documents;
    const char *words; /* all that the text, or "*", can be; NULL: anything */
};

/* Every key of `path` may be given for "*".  NULL when there is no such key. */
const struct report_key *report_key_find(struct str path);

/*
 * One after the other the keys right below `parent` ("" is the document), from *i = 0 on; NULL when
 * there are no more.  *name is the last part of the path.
 */
const struct report_key *report_key_below(struct str parent, size_t *i, struct str *name);

/* The same of all keys that are not within lists, wherever they stand. */
const struct report_key *report_key_next(size_t *i, struct str *name);

/* Whether it is one of the words. */
bool report_key_has_word(const struct report_key *key, struct str word);

#endif
