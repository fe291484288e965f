/*
 * strip.h - the text of a file without its comments
 *
 * libconfuse 3.3 counts the lines of comments twice and takes a section that
 * is never closed for a whole one. Messages are to name the right line.
 */
#ifndef CONF_STRIP_H
#define CONF_STRIP_H

#include <stddef.h>

/*
 * strip_comments(s, n, line): blanks out "# ..." up to the end of the line, and
 * at the beginning of a word also "// ..." and what stands between slash-star
 * and star-slash; line ends stay. What is in quotes stays. NULL, or what is
 * wrong, and *line where it began: a quote, a comment or a brace that is never
 * closed, a brace that closes nothing, a NUL.
 */
const char *strip_comments(char *s, size_t n, int *line);

#endif
