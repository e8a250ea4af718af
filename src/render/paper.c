/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/paper.h"

#include "render/safe.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <locale.h>

const char *paper_severity_on(const struct style *style, enum severity severity)
{
    static const char *const colors[] = {"\033[36m", "\033[33m", "\033[1;31m"};

    return style->color ? colors[severity] : "";
}

const char *paper_bold_on(const struct style *style)
{
    return style->color ? "\033[1m" : "";
}

const char *paper_off(const struct style *style)
{
    return style->color ? "\033[0m" : "";
}

const char *paper_size(const struct style *style, uint64_t bytes, char buf[static UNITS_TEXT])
{
    if (!style->in_bytes)
        return size_text(bytes, buf);
    snprintf(buf, UNITS_TEXT, "%" PRIu64, bytes);
    return buf;
}

/* "60 %" is one word. */
static void keep_percent(struct str *rest, struct str *word)
{
    struct str sign;

    if (rest->n < 2 || rest->p[0] != ' ' || rest->p[1] != '%')
        return;
    str_next_word(rest, &sign);
    word->n = (size_t)(sign.p + sign.n - word->p);
}

void paper_wrap_from(FILE *out, const struct style *style, size_t column, unsigned int indent,
                     const char *text)
{
    struct str rest = str_of(text), word;
    bool at_start = true;

    while (str_next_word(&rest, &word)) {
        size_t width;

        keep_percent(&rest, &word);
        width = safe_width(word);

        if (column + (at_start ? 0 : 1) + width > style->width && column > indent) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            at_start = true;
        }
        fprintf(out, "%s%.*s", at_start ? "" : " ", (int)word.n, word.p);
        column += width + (at_start ? 0 : 1);
        at_start = false;
    }
    putc('\n', out);
}

void paper_wrap(FILE *out, const struct style *style, unsigned int indent, const char *head,
                const char *text)
{
    fprintf(out, "%-*s", (int)indent, head);
    paper_wrap_from(out, style, indent, indent, text);
}

/*
 * Text is UTF-8 here whatever the user's locale.  libsmartcols 2.38 must know: of text that is not
 * valid in the locale it takes the width for SIZE_MAX and pads without end unless it may escape.
 */
void paper_table_as_is(struct libscols_table *table)
{
    if (setlocale(LC_CTYPE, "C.UTF-8"))
        scols_table_enable_noencoding(table, 1);
}

const char *paper_break(struct arena *arena, const char *text, size_t width)
{
    struct str rest = str_of(text), word;
    const char *lines = "";
    size_t column = 0;

    while (str_next_word(&rest, &word)) {
        size_t n = safe_width(word);
        const char *before = column == 0 ? "" : column + 1 + n > width ? "\n" : " ";

        lines = arena_printf(arena, "%s%s%.*s", lines, before, (int)word.n, word.p);
        column = *before == '\n' || column == 0 ? n : column + 1 + n;
    }
    return lines;
}
