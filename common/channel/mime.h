/*
 * mime.h - what follows the headers of a letter: one text, or a text beside a
 * page with pictures
 *
 * Source: RFC 2045 (headers, base64), RFC 2046 (multipart/alternative), RFC
 * 2387 (multipart/related), RFC 2392 (cid).
 */
#ifndef CHANNEL_MIME_H
#define CHANNEL_MIME_H

#include "channel/sheet.h"

/* mime_is_plain(s, n): ASCII, in lines short enough for SMTP */
int mime_is_plain(const char *s, size_t n);

/* mime_text(out, type, text): the headers of content of that type
 * ("text/plain") in UTF-8, and the content; lines end in CRLF */
void mime_text(struct buf *out, const char *type, const char *text);

/* mime_sheet(out, text, p, seed): the text, or else the page for who can show
 * it. seed: letters and digits that nothing in the letter contains. */
void mime_sheet(
    struct buf *out, const char *text, const struct sheet *p, const char *seed);

#endif
