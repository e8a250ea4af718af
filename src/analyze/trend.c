/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void scale_add(struct trend_scale *scale, struct trend_point point)
{
    scale->points[scale->next] = point;
    scale->next = (scale->next + 1) % TREND_POINTS;
    if (scale->n < TREND_POINTS)
        scale->n++;
}

/* True when a point of the next scale is full. */
static bool scale_merge(struct trend_scale *scale, struct trend_point *point)
{
    scale->sum.seconds += point->seconds;
    scale->sum.room += point->room;
    if (++scale->n_summed < TREND_MERGED)
        return false;
    *point =
        (struct trend_point){scale->sum.seconds / TREND_MERGED, scale->sum.room / TREND_MERGED};
    scale->sum = (struct trend_point){0};
    scale->n_summed = 0;
    return true;
}

static void note_shrinking(struct trend *trend, double seconds)
{
    if (trend->n_shrank > 0)
        trend->pauses[(trend->n_shrank - 1) % TREND_PAUSES] = seconds - trend->shrank_at;
    trend->shrank_at = seconds;
    trend->n_shrank++;
}

void trend_add(struct trend *trend, struct trend_point point)
{
    if (trend->n > 0) {
        trend->step = point.seconds - trend->last.seconds;
        if (point.room < trend->last.room)
            note_shrinking(trend, point.seconds);
    }
    trend->last = point;
    if (trend->n < 2)
        trend->n++;
    for (unsigned int i = 0; i < TREND_SCALES; i++) {
        scale_add(&trend->scales[i], point);
        if (!scale_merge(&trend->scales[i], &point))
            break;
    }
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double tie_term(double n)
{
    return n * (n - 1) * (2 * n + 5);
}

/* What equal values take off the variance of Kendall's sum. */
static double sum_ties(const struct trend_point *points, unsigned int n)
{
    double rooms[TREND_POINTS] = {0}, sum = 0;
    unsigned int first = 0;

    for (unsigned int i = 0; i < n; i++)
        rooms[i] = points[i].room;
    qsort(rooms, n, sizeof(*rooms), by_value);
    for (unsigned int i = 1; i <= n; i++)
        if (i == n || rooms[i] > rooms[first]) {
            sum += tie_term(i - first);
            first = i;
        }
    return sum;
}

/* P. K. Sen, Estimates of the Regression Coefficient Based on Kendall's Tau (1968), 2.6 */
struct slope slope_estimate(const struct trend_point *points, unsigned int n)
{
    enum { MOST = TREND_POINTS * (TREND_POINTS - 1) / 2 };
    const double quantile = 1.959963984540054; /* of the normal distribution, at 0.975 */
    double slopes[MOST] = {0}, half;
    unsigned int n_slopes = 0;
    long low, high;

    for (unsigned int i = 0; i < n; i++)
        for (unsigned int j = 0; j < i; j++)
            slopes[n_slopes++] =
                (points[i].room - points[j].room) / (points[i].seconds - points[j].seconds);
    qsort(slopes, n_slopes, sizeof(*slopes), by_value);
    half = quantile * sqrt((tie_term(n) - sum_ties(points, n)) / 18);
    low = lrint((n_slopes - half) / 2) - 1;
    high = lrint((n_slopes + half) / 2);
    low = low > 0 ? low : 0;
    high = high < (long)n_slopes ? high : (long)n_slopes - 1;
    return (struct slope){
        .median = (slopes[(n_slopes - 1) / 2] + slopes[n_slopes / 2]) / 2,
        .low = slopes[low],
        .high = slopes[high],
    };
}

static void scale_copy(const struct trend_scale *scale, struct trend_point *points)
{
    for (unsigned int i = 0; i < scale->n; i++)
        points[i] = scale->points[(scale->next + TREND_POINTS - scale->n + i) % TREND_POINTS];
}

/*
 * Nine tenths of all movement are downwards, for noise goes up and down as much; and half of the
 * points are lower than the one before, for of few steps nobody knows when the next one comes.
 */
static bool is_one_way(const struct trend_point *points, unsigned int n)
{
    double lost = points[0].room - points[n - 1].room, moved = 0;
    unsigned int n_lower = 0;

    for (unsigned int i = 1; i < n; i++) {
        moved += fabs(points[i].room - points[i - 1].room);
        n_lower += points[i].room < points[i - 1].room;
    }
    return lost > 0 && lost >= 0.9 * moved && 2 * n_lower >= n - 1;
}

/* Each third of the time has between half of its share of the loss and one and a half: no step. */
static bool is_even(const struct trend_point *points, unsigned int n)
{
    double lost = points[0].room - points[n - 1].room;
    double passed = points[n - 1].seconds - points[0].seconds;

    for (unsigned int third = 0; third < 3; third++) {
        const struct trend_point *begin = &points[(n - 1) * third / 3];
        const struct trend_point *end = &points[(n - 1) * (third + 1) / 3];
        double share = (begin->room - end->room) / lost;
        double due = (end->seconds - begin->seconds) / passed;

        if (share < due / 2 || share > due * 3 / 2)
            return false;
    }
    return true;
}

bool trend_goes_on(const struct trend *trend)
{
    unsigned int n = trend->n_shrank > 0 ? trend->n_shrank - 1 : 0;
    double longest = 0;

    for (unsigned int i = 0; i < n && i < TREND_PAUSES; i++)
        longest = fmax(longest, trend->pauses[i]);
    return n > 0 && trend->last.seconds - trend->shrank_at <= 3 * longest + 2 * trend->step;
}

static bool scale_forecast(const struct trend_scale *scale, double room, struct forecast *forecast)
{
    struct trend_point points[TREND_POINTS];
    struct slope slope;

    if (scale->n < TREND_LEAST)
        return false;
    scale_copy(scale, points);
    if (!is_one_way(points, scale->n) || !is_even(points, scale->n))
        return false;
    slope = slope_estimate(points, scale->n);
    if (slope.high >= 0)
        return false;
    *forecast = (struct forecast){
        .rate = -slope.median,
        .seconds = room / -slope.median,
        .least = room / -slope.low,
        .most = room / -slope.high,
        .window = points[scale->n - 1].seconds - points[0].seconds,
    };
    return true;
}

bool trend_forecast(const struct trend *trend, struct forecast *forecast)
{
    if (!trend_goes_on(trend))
        return false;
    for (unsigned int i = 0; i < TREND_SCALES; i++)
        if (scale_forecast(&trend->scales[i], trend->last.room, forecast))
            return true;
    return false;
}

static enum outlook_news withdraw(struct outlook *outlook, enum outlook_news news)
{
    *outlook = (struct outlook){0};
    return news;
}

/* The end that was told lies far outside of where it is seen now. */
static bool is_different(const struct outlook *outlook, double now, const struct forecast *forecast)
{
    double left = outlook->told_at + outlook->told_seconds - now;
    double slack = forecast->seconds / 4;

    return left < forecast->least - slack || left > forecast->most + slack;
}

static enum outlook_news tell(struct outlook *outlook, double now, const struct forecast *forecast)
{
    bool is_news = !outlook->is_told || forecast->seconds < outlook->told_seconds / 2 ||
                   is_different(outlook, now, forecast);

    outlook->n_unsteady = 0;
    if (!is_news)
        return OUTLOOK_NOTHING;
    *outlook = (struct outlook){true, now, forecast->seconds, 0};
    return OUTLOOK_FORECAST;
}

enum outlook_news outlook_update(struct outlook *outlook, const struct trend *trend,
                                 struct forecast *forecast)
{
    enum { PATIENCE = 5 }; /* looks */

    if (trend_forecast(trend, forecast) && forecast->seconds > 0 &&
        forecast->seconds <= OUTLOOK_SECONDS)
        return tell(outlook, trend->last.seconds, forecast);
    if (!outlook->is_told)
        return OUTLOOK_NOTHING;
    if (trend->last.room <= 0)
        return withdraw(outlook, OUTLOOK_FULL);
    if (!trend_goes_on(trend))
        return withdraw(outlook, OUTLOOK_STOPPED);
    if (++outlook->n_unsteady >= PATIENCE)
        return withdraw(outlook, OUTLOOK_UNSTEADY);
    return OUTLOOK_NOTHING;
}
