/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/near.h"

enum { LONGEST = 64 }; /* names that are longer are near to nothing */

static unsigned int least(unsigned int a, unsigned int b)
{
    return a < b ? a : b;
}

/* A slip in a word of three letters, two in one of six, and so on. */
static unsigned int allowed(struct str wrong)
{
    return wrong.n < 3 ? 1 : (unsigned int)(wrong.n / 3);
}

/*
 * How many letters must be added, left out, replaced or exchanged with their neighbour to make b of
 * a: the restricted Damerau-Levenshtein distance, three rows of its table at a time.
 */
static unsigned int distance(struct str a, struct str b)
{
    unsigned int rows[3][LONGEST + 1];

    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = (unsigned int)j;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned int *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];

        now[0] = (unsigned int)i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = a.p[i - 1] == b.p[j - 1];

            now[j] = least(least(before[j] + 1, now[j - 1] + 1), before[j - 1] + !same);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                now[j] = least(now[j], earlier[j - 2] + 1);
        }
    }
    return rows[a.n % 3][b.n];
}

void near_init(struct near *near, struct str wrong)
{
    *near = (struct near){.wrong = wrong, .best = STR(""), .distance = allowed(wrong) + 1};
}

void near_try(struct near *near, struct str name)
{
    unsigned int d;

    if (near->wrong.n > LONGEST || name.n > LONGEST || name.n == 0)
        return;
    d = distance(near->wrong, name);
    /* A word of which not one letter is right is another word. */
    if (d < near->distance && d < name.n) {
        near->best = name;
        near->distance = d;
    }
}
