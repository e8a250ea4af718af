/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text in an XML 1.0 document, whatever its bytes are: what XML forbids even as a reference (most
 * control characters, U+FFFE, U+FFFF) and what is no UTF-8 becomes U+FFFD.
 */
#ifndef RENDER_XML_H
#define RENDER_XML_H

#include "base/str.h"

#include <stdio.h>

/* Between two tags. */
void xml_text(FILE *out, struct str s);

/* ` name="value"`, in which line ends and tabs survive as well. */
void xml_attribute(FILE *out, const char *name, struct str value);

#endif
