/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/xml.h"

#include "render/safe.h"

/* XML 1.0, production 2 (Char); that of surrogates is no UTF-8. */
static bool is_allowed(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code <= 0xfffd) ||
           code >= 0x10000;
}

/* NULL: as it stands.  A CR would be read as a newline. */
static const char *entity_of(uint32_t code, bool is_attribute)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>': /* only because of "]]>" */
        return "&gt;";
    case '"':
        return "&quot;";
    case '\r':
        return "&#13;";
    case '\n': /* in an attribute, this and the next would be read as blanks */
        return is_attribute ? "&#10;" : NULL;
    case '\t':
        return is_attribute ? "&#9;" : NULL;
    default:
        return NULL;
    }
}

static void escape(FILE *out, struct str s, bool is_attribute)
{
    while (s.n > 0) {
        uint32_t code = 0;
        size_t n = utf8_decode(s, &code);
        const char *entity = entity_of(code, is_attribute);

        if (n == 0 || !is_allowed(code))
            fputs("\xef\xbf\xbd", out);
        else if (entity)
            fputs(entity, out);
        else
            fwrite(s.p, 1, n, out);
        n = n > 0 ? n : 1;
        s.p += n;
        s.n -= n;
    }
}

void xml_text(FILE *out, struct str s)
{
    escape(out, s, false);
}

void xml_attribute(FILE *out, const char *name, struct str value)
{
    fprintf(out, " %s=\"", name);
    escape(out, value, true);
    putc('"', out);
}
