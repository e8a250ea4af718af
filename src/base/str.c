/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

bool str_next_field(struct str *rest, char separator, struct str *field)
{
    const char *end;

    if (rest->n == 0)
        return false;
    end = memchr(rest->p, separator, rest->n);
    field->p = rest->p;
    field->n = end ? (size_t)(end - rest->p) : rest->n;
    rest->p += field->n + (end ? 1 : 0);
    rest->n -= field->n + (end ? 1 : 0);
    return true;
}

bool str_next_line(struct str *rest, struct str *line)
{
    return str_next_field(rest, '\n', line);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool str_next_word(struct str *rest, struct str *word)
{
    while (rest->n > 0 && is_blank(*rest->p)) {
        rest->p++;
        rest->n--;
    }
    word->p = rest->p;
    while (rest->n > 0 && !is_blank(*rest->p)) {
        rest->p++;
        rest->n--;
    }
    word->n = (size_t)(rest->p - word->p);
    return word->n > 0;
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_space(*s.p)) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool str_to_u64(struct str s, uint64_t *value)
{
    uint64_t v = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
            return false;
    }
    *value = v;
    return true;
}

bool str_to_i64(struct str s, int64_t *value)
{
    bool negative = s.n > 0 && s.p[0] == '-';
    struct str digits = negative ? (struct str){s.p + 1, s.n - 1} : s;
    uint64_t magnitude;

    if (!str_to_u64(digits, &magnitude) || magnitude > INT64_MAX)
        return false;
    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool str_hex_to_u64(struct str s, uint64_t *value)
{
    uint64_t v = 0;

    if (s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X')) {
        s.p += 2;
        s.n -= 2;
    }
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        int digit = hex_digit(s.p[i]);

        if (digit < 0 || v >> 60)
            return false;
        v = v << 4 | (uint64_t)digit;
    }
    *value = v;
    return true;
}

struct str str_basename(struct str path)
{
    const char *slash = path.n > 0 ? memrchr(path.p, '/', path.n) : NULL;

    if (!slash)
        return path;
    return (struct str){slash + 1, path.n - (size_t)(slash + 1 - path.p)};
}
