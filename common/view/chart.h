/*
 * chart.h - lines, bands and steps over time as SVG
 */
#ifndef VIEW_CHART_H
#define VIEW_CHART_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A frame: pixels of the plot and what they stand for */
struct chart {
	struct buf *out;
	double x, y, width, height; /* of the plot within the picture */
	int64_t from, until; /* ms, from < until */
	double lo, hi; /* lo < hi */
};

/* chart_open: <svg> with a title and a description for those who cannot see
 * it, viewBox w x h; chart_close ends it */
void chart_open(struct buf *out, double w, double h, const char *title,
    const char *description);
void chart_close(struct buf *out);

/* chart_axes(c, unit): grid, ticks and labels at round values and times (UTC)
 */
void chart_axes(const struct chart *c, const char *unit);

/* n points (t[i], v[i]); where the time between two is above gap ms (0: never)
 * the line is broken. class is a CSS class of the page. */
void chart_line(const struct chart *c, const char *class, const int64_t *t,
    const double *v, size_t n, int64_t gap);

/* as chart_line, holding each value until the next time */
void chart_steps(const struct chart *c, const char *class, const int64_t *t,
    const double *v, size_t n);

void chart_band(const struct chart *c, const char *class, const int64_t *t,
    const double *lo, const double *hi, size_t n);

/* chart_mark: a dot with a text that shows when pointed at */
void chart_mark(const struct chart *c, const char *class, int64_t t, double v,
    const char *text);

void chart_vertical(const struct chart *c, const char *class, int64_t t);

/* chart_text(out, s): s with the characters that XML keeps for itself escaped
 */
void chart_text(struct buf *out, const char *s);

#endif
