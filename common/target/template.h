/*
 * template.h - a text with places that values are put into
 * Private to the room.
 */
#ifndef TARGET_TEMPLATE_H
#define TARGET_TEMPLATE_H

#include <stddef.h>

#include "base/buf.h"
#include "json/json.h"

/*
 * template_fill(text, n, constants, m, record, out, why): the n bytes of text
 * go to out, and in them
 *
 *	{{name}}	becomes the value that one of the constants
 *			("name=value") has, else the member of the record; a dot
 *			goes into a member, a number into an array:
 *inputs.0.value
 *	{{name|text}}	the same, and text where there is no such value
 *	{{"text"}}	becomes text as it stands, {{ and }} included
 *
 * with blanks allowed inside the braces. Numbers are written as number_format
 * does. 0, or -1 with "LINE: what is wrong" in *why: a name without a value, a
 * value that is an object, an array or has control characters in it, braces
 * that do not end, no memory.
 */
int template_fill(const char *text, size_t n, char *const *constants, size_t m,
    const struct json *record, struct buf *out, struct buf *why);

#endif
