/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/trend.h"

#include "../rows.h"

#include <math.h>

/* Expected: scipy.stats.theilslopes(room, seconds, 0.95) of SciPy 1.10.1. */
static const struct {
    const char *name;
    unsigned int n;
    struct trend_point points[TREND_POINTS];
    double median, low, high;
} slopes[] = {
    {"two points", 2, {{0, 9}, {4, 1}}, -2, -2, -2},
    {"no change",
     15,
     {{0, 7},
      {1, 7},
      {2, 7},
      {3, 7},
      {4, 7},
      {5, 7},
      {6, 7},
      {7, 7},
      {8, 7},
      {9, 7},
      {10, 7},
      {11, 7},
      {12, 7},
      {13, 7},
      {14, 7}},
     0,
     0,
     0},
    {"noise",
     20,
     {{0.025, 4983},  {1.079, 4985},  {2.055, 4964},  {2.945, 4967},  {3.96, 4954},
      {5.075, 4937},  {5.901, 4907},  {7.064, 4910},  {8.059, 4903},  {8.994, 4893},
      {9.961, 4867},  {10.956, 4864}, {11.951, 4848}, {12.989, 4837}, {14.001, 4842},
      {15.011, 4813}, {16.099, 4807}, {17.059, 4803}, {18.024, 4778}, {19.098, 4770}},
     -11.628602094024817,
     -12.27894045872268,
     -10.913670071358615},
    {"stairs",
     24,
     {{0, 1000}, {1, 1000}, {2, 1000}, {3, 992},  {4, 992},  {5, 992},  {6, 984},  {7, 984},
      {8, 984},  {9, 976},  {10, 976}, {11, 976}, {12, 968}, {13, 968}, {14, 968}, {15, 960},
      {16, 960}, {17, 960}, {18, 952}, {19, 952}, {20, 952}, {21, 944}, {22, 944}, {23, 944}},
     -2.6666666666666665,
     -2.6666666666666665,
     -2.5},
    {"ties",
     20,
     {{0, 62},  {1, 59},  {2, 59},  {3, 59},  {4, 59},  {5, 61},  {6, 61},
      {7, 59},  {8, 58},  {9, 58},  {10, 58}, {11, 59}, {12, 59}, {13, 58},
      {14, 57}, {15, 57}, {16, 59}, {17, 59}, {18, 57}, {19, 56}},
     -0.16666666666666666,
     -0.2,
     0.0},
    {"an outlier",
     16,
     {{0, 400},
      {2.5, 395},
      {5, 390},
      {7.5, 385},
      {10, 380},
      {12.5, 375},
      {15, 370},
      {17.5, 900},
      {20, 360},
      {22.5, 355},
      {25, 350},
      {27.5, 345},
      {30, 340},
      {32.5, 335},
      {35, 330},
      {37.5, 325}},
     -2,
     -2,
     -2},
};

START_TEST(test_slope)
{
    struct slope slope = slope_estimate(slopes[_i].points, slopes[_i].n);

    ck_assert_msg(
        fabs(slope.median - slopes[_i].median) < 1e-12 &&
            fabs(slope.low - slopes[_i].low) < 1e-12 && fabs(slope.high - slopes[_i].high) < 1e-12,
        "%s: %.15g (%.15g to %.15g)", slopes[_i].name, slope.median, slope.low, slope.high);
}
END_TEST

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static double random_between(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(next_random(state) >> 11) / 9007199254740992.0;
}

/* What is left at a second. */
typedef double room_at(double seconds, uint64_t *state);

static double idle(double seconds, uint64_t *state)
{
    (void)seconds;
    (void)state;
    return 1e6;
}

static double one_step(double seconds, uint64_t *state)
{
    (void)state;
    return seconds < 5000 ? 1e6 : 5e5;
}

static double two_steps(double seconds, uint64_t *state)
{
    (void)state;
    return seconds < 5000 ? 1e6 : seconds < 5010 ? 8e5 : 6e5;
}

static double noise(double seconds, uint64_t *state)
{
    (void)seconds;
    return random_between(state, 5e5, 6e5);
}

/* A garbage collector: it grows, and gives back. */
static double sawtooth(double seconds, uint64_t *state)
{
    (void)state;
    return 1e6 - 1000 * fmod(seconds, 10);
}

/* Thirteen looks of it look like growth, but to who knows what was before. */
static double burst(double seconds, uint64_t *state)
{
    (void)state;
    return 1e6 - 1e4 * fmin(fmax(seconds - 5000, 0), 13);
}

static double growing_up(double seconds, uint64_t *state)
{
    (void)state;
    return 1e3 + seconds;
}

static const struct {
    const char *name;
    room_at *room;
} quiet[] = {
    {"idle", idle},     {"one step", one_step}, {"two steps", two_steps},
    {"noise", noise},   {"sawtooth", sawtooth}, {"getting more", growing_up},
    {"a burst", burst},
};

/* How often something was told in so many looks, one a second. */
static unsigned int count_forecasts(room_at *room, unsigned int n_looks, uint64_t seed)
{
    struct trend trend = {0};
    struct outlook outlook = {0};
    struct forecast forecast;
    unsigned int n = 0;

    for (unsigned int i = 0; i < n_looks; i++) {
        trend_add(&trend, (struct trend_point){i, room(i, &seed)});
        n += outlook_update(&outlook, &trend, &forecast) == OUTLOOK_FORECAST;
    }
    return n;
}

START_TEST(test_no_forecast)
{
    unsigned int n = count_forecasts(quiet[_i].room, 100000, 1);

    ck_assert_msg(n == 0, "%s: %u forecasts", quiet[_i].name, n);
}
END_TEST

static double drunk;

static double walk(double seconds, uint64_t *state)
{
    if (seconds == 0)
        drunk = 1e6;
    return drunk += random_between(state, -1000, 1000);
}

/* A walk does go one way for a while; it must stay rare.  A day of looks each second. */
START_TEST(test_random_walk)
{
    unsigned int n = 0;

    for (uint64_t seed = 0; seed < 10; seed++)
        n += count_forecasts(walk, 86400, seed);
    ck_assert_msg(n <= 60, "%u forecasts in ten days", n);
}
END_TEST

static double steady(double seconds, uint64_t *state)
{
    (void)state;
    return 1e6 - 100 * seconds;
}

/* An allocator that takes 132 KiB every eight minutes. */
static double stairs(double seconds, uint64_t *state)
{
    (void)state;
    return 1e8 - 135168 * floor(seconds / 480);
}

/* Threads that come and go, and one mapping in 100 seconds that stays. */
static double leak_in_noise(double seconds, uint64_t *state)
{
    return 5000 - floor(seconds / 100) + floor(random_between(state, -5, 6));
}

/* At times as a queue has them: one of 4 KiB in 10 seconds on average. */
static double queue_left;

static double random_times(double seconds, uint64_t *state)
{
    if (seconds == 0)
        queue_left = 1e9;
    if (random_between(state, 0, 10) < 1)
        queue_left -= 4096;
    return queue_left;
}

static const struct {
    const char *name;
    room_at *room;
    double rate, tolerance;        /* of the rate, relative */
    unsigned int earliest, latest; /* look at which the first forecast comes */
} growths[] = {
    {"steady", steady, 100, 1e-9, 14, 14},
    {"stairs", stairs, 135168.0 / 480, 0.15, 6 * 480, 4 * 3600},
    {"leak in noise", leak_in_noise, 0.01, 0.25, 600, 6 * 3600},
    {"at random times", random_times, 409.6, 0.5, 60, 3600},
};

START_TEST(test_forecast)
{
    struct trend trend = {0};
    struct outlook outlook = {0};
    struct forecast forecast;
    uint64_t seed = 3;
    double left;

    for (unsigned int i = 0; i <= growths[_i].latest; i++) {
        trend_add(&trend, (struct trend_point){i, left = growths[_i].room(i, &seed)});
        if (outlook_update(&outlook, &trend, &forecast) != OUTLOOK_FORECAST)
            continue;
        ck_assert_msg(i >= growths[_i].earliest, "%s: at look %u", growths[_i].name, i);
        ck_assert_msg(fabs(forecast.rate / growths[_i].rate - 1) <= growths[_i].tolerance,
                      "%s: %g a second", growths[_i].name, forecast.rate);
        ck_assert_double_eq_tol(forecast.seconds, left / forecast.rate, 1e-6);
        ck_assert(forecast.least <= forecast.seconds && forecast.seconds <= forecast.most);
        return;
    }
    ck_abort_msg("%s: no forecast", growths[_i].name);
}
END_TEST

/* Until the end: it is told at halves of the time, and then that it is full. */
START_TEST(test_until_full)
{
    struct trend trend = {0};
    struct outlook outlook = {0};
    struct forecast forecast;
    unsigned int n = 0, full_at = 0;

    for (unsigned int i = 0; i <= 10010; i++) {
        double room = steady(i, NULL);
        enum outlook_news news;

        trend_add(&trend, (struct trend_point){i, room > 0 ? room : 0});
        news = outlook_update(&outlook, &trend, &forecast);
        n += news == OUTLOOK_FORECAST;
        if (news == OUTLOOK_FORECAST)
            ck_assert_double_eq_tol(i + forecast.seconds, 10000, 1e-6);
        if (news == OUTLOOK_FULL)
            full_at = i;
        ck_assert(news != OUTLOOK_STOPPED && news != OUTLOOK_UNSTEADY);
    }
    ck_assert_uint_eq(full_at, 10000);
    ck_assert_uint_ge(n, 12); /* log2(10000) is 13.3 */
    ck_assert_uint_le(n, 15);
}
END_TEST

/* The look after `growing` seconds of growth at which the forecast is withdrawn. */
static unsigned int withdrawn_at(room_at *room, unsigned int growing, enum outlook_news *news)
{
    struct trend trend = {0};
    struct outlook outlook = {0};
    struct forecast forecast;

    for (unsigned int i = 0; i < 2 * growing + 10000; i++) {
        trend_add(&trend, (struct trend_point){i, room(i < growing ? i : growing, NULL)});
        *news = outlook_update(&outlook, &trend, &forecast);
        if (i > growing && *news != OUTLOOK_NOTHING)
            return i - growing;
    }
    return 0;
}

START_TEST(test_withdrawn)
{
    enum outlook_news news;

    ck_assert_uint_eq(withdrawn_at(steady, 100, &news), 6); /* longer than 3 + 2 looks */
    ck_assert_int_eq(news, OUTLOOK_STOPPED);
    ck_assert_uint_eq(withdrawn_at(steady, 5000, &news), 6);
    ck_assert_int_eq(news, OUTLOOK_STOPPED);
    ck_assert_uint_eq(withdrawn_at(stairs, 480 * 40, &news), 3 * 480 + 3);
    ck_assert_int_eq(news, OUTLOOK_STOPPED);
}
END_TEST

/* Three times as fast from one moment on: a new forecast within the finest window. */
START_TEST(test_faster)
{
    struct trend trend = {0};
    struct outlook outlook = {0};
    struct forecast forecast;
    double room = 1e6;

    for (unsigned int i = 0; i < 1000; i++) {
        room -= i < 950 ? 100 : 300;
        trend_add(&trend, (struct trend_point){i, room});
        outlook_update(&outlook, &trend, &forecast);
    }
    ck_assert(outlook.is_told);
    ck_assert(trend_forecast(&trend, &forecast));
    ck_assert_double_eq_tol(forecast.rate, 300, 1e-9);
    ck_assert_double_ge(outlook.told_at, 950);
    ck_assert_double_le(outlook.told_at, 950 + TREND_POINTS);
}
END_TEST

/* Further away than a month it is nobody's concern. */
START_TEST(test_far_away)
{
    struct trend trend = {0};
    struct outlook outlook = {0};
    struct forecast forecast;

    for (unsigned int i = 0; i < 100; i++) {
        trend_add(&trend, (struct trend_point){i, 1e6 + OUTLOOK_SECONDS - 0.5 * i});
        ck_assert_int_eq(outlook_update(&outlook, &trend, &forecast), OUTLOOK_NOTHING);
    }
    ck_assert(trend_forecast(&trend, &forecast));
}
END_TEST

Suite *trend_suite(void)
{
    Suite *suite = suite_create("trend");
    TCase *tcase = tcase_create("trend");

    suite_add_tcase(suite, tcase);
    ROWS_ADD(tcase, test_slope, slopes);
    ROWS_ADD(tcase, test_no_forecast, quiet);
    tcase_add_test(tcase, test_random_walk);
    ROWS_ADD(tcase, test_forecast, growths);
    tcase_add_test(tcase, test_until_full);
    tcase_add_test(tcase, test_withdrawn);
    tcase_add_test(tcase, test_faster);
    tcase_add_test(tcase, test_far_away);
    return suite;
}
