/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long something lasts that is used up: whether a room that is looked at again and again
 * shrinks steadily, how fast, and how sure that is.
 *
 * A leak can show in every look or once in an hour, when the allocator takes its next piece.  So
 * the same looks are kept at several scales, each as few points: the first has the last looks
 * themselves, a point of each next one is the mean of four of the one before.  The finest scale at
 * which the room shrinks steadily tells the rate.  The memory for days is that of a minute.
 */
#ifndef ANALYZE_TREND_H
#define ANALYZE_TREND_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TREND_POINTS = 24, /* of one scale, at most */
    TREND_LEAST = 15,  /* to say something by */
    TREND_SCALES = 9,  /* the last one's window: 18 days of looks each second */
    TREND_MERGED = 4,
    TREND_PAUSES = 16
};

struct trend_point {
    double seconds; /* since any moment */
    double room;
};

struct trend_scale {
    struct trend_point points[TREND_POINTS]; /* a ring */
    unsigned int n, next;
    struct trend_point sum; /* of those that the next scale's point is made of */
    unsigned int n_summed;
};

/* Zeros are the empty one. */
struct trend {
    struct trend_scale scales[TREND_SCALES];
    unsigned int n; /* looks; stops at 2 */
    struct trend_point last;
    double step;                 /* seconds between the last two looks */
    double shrank_at;            /* when that was seen last */
    double pauses[TREND_PAUSES]; /* a ring: seconds from one time that it shrank to the next */
    unsigned int n_shrank;
};

/* The next look, later than those before. */
void trend_add(struct trend *trend, struct trend_point point);

/* By how much it changes in a second: the median of all pairs of points. */
struct slope {
    double median;
    double low, high; /* with 95 % confidence it lies between these */
};

/* The estimate of Theil and Sen, of 2 to TREND_POINTS points in the order of time. */
struct slope slope_estimate(const struct trend_point *points, unsigned int n);

struct forecast {
    double rate;        /* lost in a second */
    double seconds;     /* from the last look on, at that rate */
    double least, most; /* with 95 % confidence, if it goes on like that */
    double window;      /* seconds that this was learned from */
};

/* False when it does not shrink, not steadily, not any more, or not for long enough. */
bool trend_forecast(const struct trend *trend, struct forecast *forecast);

/* Whether it shrank so lately that it can be taken to go on. */
bool trend_goes_on(const struct trend *trend);

/* What was told of a trend, so that only news is told.  Zeros: nothing. */
struct outlook {
    bool is_told;
    double told_at, told_seconds; /* the last forecast that was */
    unsigned int n_unsteady;      /* looks since there was one */
};

enum outlook_news {
    OUTLOOK_NOTHING,
    OUTLOOK_FORECAST,
    OUTLOOK_STOPPED,  /* withdrawn: it shrinks no more */
    OUTLOOK_UNSTEADY, /* withdrawn: not steadily any more, or so slowly that nobody cares */
    OUTLOOK_FULL      /* nothing is left */
};

/* Beyond this nothing is told. */
#define OUTLOOK_SECONDS (30.0 * 24 * 60 * 60)

/* After each look.  A forecast is news when it is the first, a quite different one, or half of the
 * time is over. */
enum outlook_news outlook_update(struct outlook *outlook, const struct trend *trend,
                                 struct forecast *forecast);

#endif
