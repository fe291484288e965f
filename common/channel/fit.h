/*
 * fit.h - a message made to fit what a vendor takes
 *
 * What is cut ends in " ..." within the limit. Bytes that are no UTF-8 become
 * U+FFFD.
 */
#ifndef CHANNEL_FIT_H
#define CHANNEL_FIT_H

#include "base/buf.h"

/* fit_units(out, s, max): at most max UTF-16 code units, the strictest of what
 * vendors call a character; max is 4 or more */
void fit_units(struct buf *out, const char *s, size_t max);

/* fit_bytes(out, s, max): at most max bytes; max is 4 or more */
void fit_bytes(struct buf *out, const char *s, size_t max);

/* fit_escape(out, s): & < > as &amp; &lt; &gt; */
void fit_escape(struct buf *out, const char *s);

/* fit_markdown(out, s): with a backslash before what Markdown could take for
 * markup, some of it only at the start of a line */
void fit_markdown(struct buf *out, const char *s);

/* fit_first(out, s): the first line of s */
void fit_first(struct buf *out, const char *s);

#endif
