/*
 * chart.h - lines, bands, steps and marks over time as SVG
 *
 * A chart is a picture of its own, with its text in it; or it is part of a page
 * (labels is not NULL): then it takes the width it is given, and text and marks
 * stand upon it as HTML, so that they have one size on every screen. Classes
 * are those of style.h.
 */
#ifndef VIEW_CHART_H
#define VIEW_CHART_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct chart {
	struct buf *out;
	struct buf *labels; /* what stands upon a page's picture; NULL: none */
	double x, y, width, height; /* of the plot within the picture */
	double picture_width, picture_height;
	int64_t from, until; /* ms, from < until */
	double lo, hi; /* lo < hi */
	const char *unit;
	size_t legends; /* private */
};

/* chart_frame(out, labels): the size and place of all charts, no range yet */
struct chart chart_frame(struct buf *out, struct buf *labels);

/* chart_stretch: lo and hi take in n values; what is not finite is left out.
 * chart_settle: the range begins at 0 unless values go below it, and ends at a
 * round value above all. */
void chart_stretch(struct chart *c, const double *x, size_t n);
void chart_settle(struct chart *c);

/* chart_open: begins the picture, with a title and a description for those who
 * cannot see it, draws grid, ticks and labels at round values and times (UTC);
 * chart_close ends it */
void chart_open(struct chart *c, const char *title, const char *description);
void chart_close(struct chart *c);

/* chart_legend: what a class of line, band or mark means; kind is "line",
 * "band" or "mark". On a page: between chart_legend_open and _close, before
 * chart_open; in a picture after it. */
void chart_legend(
    struct chart *c, const char *kind, const char *class, const char *text);
void chart_legend_open(struct chart *c);
void chart_legend_close(struct chart *c);

/* n points (t[i], v[i]); where the time between two is above gap ms (0: never)
 * the line is broken */
void chart_line(const struct chart *c, const char *class, const int64_t *t,
    const double *v, size_t n, int64_t gap);

/* as chart_line, holding each value until the next time, the last until `end`
 */
void chart_steps(const struct chart *c, const char *class, const int64_t *t,
    const double *v, size_t n, int64_t end);

/* the area between two lines, broken like chart_line */
void chart_band(const struct chart *c, const char *class, const int64_t *t,
    const double *lo, const double *hi, size_t n, int64_t gap);

/* chart_mark: up, down, urgent, held or miss, with a text that shows when
 * pointed at */
void chart_mark(const struct chart *c, const char *class, int64_t t, double v,
    const char *text);

/* chart_vertical, chart_level: a line at a time, at a value */
void chart_vertical(const struct chart *c, const char *class, int64_t t);
void chart_level(const struct chart *c, const char *class, double v);

/* chart_text(out, s): s with the characters that XML keeps for itself escaped,
 * and without those that it forbids */
void chart_text(struct buf *out, const char *s);

#endif
