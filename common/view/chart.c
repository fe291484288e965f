#include "view/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "view/words.h"

enum { WIDTH = 900, HEIGHT = 340, PAGE_WIDTH = 1000, PAGE_HEIGHT = 400 };

enum {
	POINTS_MAX = 1500, /* of a line, before it is thinned */
	SLICES = 500, /* 2 px of a wide page */
	DOT = 3
};

void
chart_text(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char ch = (unsigned char)*s;

		if (ch == '&')
			buf_str(out, "&amp;");
		else if (ch == '<')
			buf_str(out, "&lt;");
		else if (ch == '>')
			buf_str(out, "&gt;");
		else if (ch == '"')
			buf_str(out, "&quot;");
		else if (ch >= ' ' || ch == '\n' || ch == '\t')
			buf_char(out, *s);
		else
			buf_char(out, ' ');
	}
}

struct chart
chart_frame(struct buf *out, struct buf *labels)
{
	struct chart c = { .out = out,
		.labels = labels,
		.width = PAGE_WIDTH,
		.height = PAGE_HEIGHT,
		.picture_width = PAGE_WIDTH,
		.picture_height = PAGE_HEIGHT,
		.lo = INFINITY,
		.hi = -INFINITY,
		.unit = "" };

	if (labels != NULL)
		return c;
	c.x = 64;
	c.y = 64;
	c.width = WIDTH - 92;
	c.height = HEIGHT - 96;
	c.picture_width = WIDTH;
	c.picture_height = HEIGHT;
	return c;
}

void
chart_stretch(struct chart *c, const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isfinite(x[i])) {
			c->lo = fmin(c->lo, x[i]);
			c->hi = fmax(c->hi, x[i]);
		}
}

/* The least of 1, 2, 5 times a power of ten that is at least x */
static double
round_step(double x)
{
	double p = pow(10, floor(log10(x))), m = x / p;

	return p * (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10);
}

/* About so many lines across */
static double
value_step(const struct chart *c)
{
	return round_step((c->hi - c->lo) / 5);
}

void
chart_settle(struct chart *c)
{
	double step;

	c->lo = fmin(c->lo, 0);
	if (!(c->hi > c->lo))
		c->hi = c->lo + 1;
	c->hi += (c->hi - c->lo) * 0.04;
	step = value_step(c);
	c->hi = ceil(c->hi / step - 1e-9) * step;
	c->lo = floor(c->lo / step + 1e-9) * step;
}

static double
px(const struct chart *c, int64_t t)
{
	double share = (double)(t - c->from) / (double)(c->until - c->from);

	return c->x + c->width * fmin(fmax(share, 0), 1);
}

static double
py(const struct chart *c, double v)
{
	double share = (v - c->lo) / (c->hi - c->lo);

	return c->y + c->height * (1 - fmin(fmax(share, 0), 1));
}

/* A place upon the plot, in percent */
static void
place(const struct chart *c, const char *side, double p, int down)
{
	buf_printf(c->labels, "%s:%.2f%%", side,
	    100 * (down ? (p - c->y) / c->height : (p - c->x) / c->width));
}

static void
grid_line(const struct chart *c, double x1, double y1, double x2, double y2)
{
	buf_printf(c->out,
	    "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
	    "y2=\"%.1f\"/>",
	    x1, y1, x2, y2);
}

static void
value_tick(const struct chart *c, double v)
{
	double y = py(c, v);

	grid_line(c, c->x, y, c->x + c->width, y);
	if (c->labels != NULL) {
		buf_str(c->labels, "<span class=\"y\" style=\"");
		place(c, "top", y, 1);
		buf_str(c->labels, "\">");
		words_number(c->labels, v);
		buf_str(c->labels, "</span>");
		return;
	}
	buf_printf(c->out,
	    "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
	    "text-anchor=\"end\">",
	    c->x - 8, y + 4);
	words_number(c->out, v);
	buf_str(c->out, "</text>\n");
}

static void
value_ticks(const struct chart *c)
{
	double step = value_step(c);

	for (double v = ceil(c->lo / step - 1e-9) * step;
	     v <= c->hi + step / 1e6; v += step)
		value_tick(c, fabs(v) < step / 1e6 ? 0 : v);
	if (c->labels != NULL)
		return;
	buf_printf(c->out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">", c->x,
	    c->y - 14);
	chart_text(c->out, c->unit);
	buf_str(c->out, "</text>\n");
}

static void
time_tick(const struct chart *c, int64_t t, int whole_days, int minor)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	double x = px(c, t * 1000);
	time_t s = (time_t)t;
	char text[40];
	struct tm tm = { 0 };

	gmtime_r(&s, &tm);
	if (whole_days || t % 86400 == 0)
		snprintf(text, sizeof(text), "%d\u00a0%s", tm.tm_mday,
		    months[tm.tm_mon]);
	else
		snprintf(
		    text, sizeof(text), "%02d:%02d", tm.tm_hour, tm.tm_min);
	grid_line(c, x, c->y, x, c->y + c->height);
	if (c->labels != NULL) {
		buf_printf(c->labels, "<span class=\"x%s\" style=\"",
		    minor ? " minor" : "");
		place(c, "left", x, 0);
		buf_printf(c->labels, "\">%s</span>", text);
		return;
	}
	buf_printf(c->out,
	    "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
	    "text-anchor=\"middle\">%s</text>\n",
	    x, c->y + c->height + 20, text);
}

/* At most eight; on a narrow page every second of them goes */
static void
time_ticks(const struct chart *c)
{
	static const int64_t steps[] = { 60, 300, 900, 1800, 3600, 7200, 10800,
		21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000,
		31536000 };
	const size_t n = sizeof(steps) / sizeof(steps[0]);
	double span = (double)(c->until - c->from) / 1000;
	int64_t step;
	size_t k = 0;

	while (k < n - 1 && span / (double)steps[k] > 8)
		k++;
	step = steps[k];
	for (int64_t t = (c->from + step * 1000 - 1) / 1000 / step * step;
	     t * 1000 <= c->until; t += step)
		if (t * 1000 >= c->from)
			time_tick(c, t, step >= 86400, t / step % 2 != 0);
}

void
chart_open(struct chart *c, const char *title, const char *description)
{
	if (c->labels != NULL)
		buf_str(c->out, "<div class=\"plot\">");
	buf_printf(c->out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
	    "viewBox=\"0 0 %.0f %.0f\"%s>\n<title>",
	    c->picture_width, c->picture_height,
	    c->labels != NULL ? " preserveAspectRatio=\"none\"" : "");
	chart_text(c->out, title);
	buf_str(c->out, "</title>\n<desc>");
	chart_text(c->out, description);
	buf_str(c->out, "</desc>\n");
	if (c->labels == NULL) {
		buf_printf(c->out,
		    "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\"/>"
		    "<text class=\"title\" x=\"%.1f\" y=\"26\">",
		    c->picture_width, c->picture_height, c->x);
		chart_text(c->out, title);
		buf_str(c->out, "</text>\n");
	}
	value_ticks(c);
	time_ticks(c);
	buf_char(c->out, '\n');
}

void
chart_close(struct chart *c)
{
	buf_str(c->out, "</svg>\n");
	if (c->labels == NULL)
		return;
	if (c->labels->len > 0)
		buf_add(c->out, c->labels->s, c->labels->len);
	buf_str(c->out, "</div>\n");
	buf_clear(c->labels);
}

void
chart_legend_open(struct chart *c)
{
	if (c->labels == NULL)
		return;
	buf_str(c->out, "<ul class=\"legend\">");
	if (c->unit[0] != '\0') {
		buf_str(c->out, "<li class=\"unit\">");
		chart_text(c->out, c->unit);
		buf_str(c->out, "</li>");
	}
}

void
chart_legend_close(struct chart *c)
{
	if (c->labels != NULL)
		buf_str(c->out, "</ul>\n");
}

void
chart_legend(
    struct chart *c, const char *kind, const char *class, const char *text)
{
	double x = c->x + c->width - 165 * (double)++c->legends, y = c->y - 18;

	if (c->labels != NULL) {
		buf_printf(c->out, "<li><i class=\"%s %s\"></i>", kind, class);
		chart_text(c->out, text);
		buf_str(c->out, "</li>");
		return;
	}
	if (strcmp(kind, "band") == 0)
		buf_printf(c->out,
		    "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"22\" "
		    "height=\"10\"/>",
		    class, x, y - 5);
	else
		buf_printf(c->out, "<path class=\"%s\" d=\"M%.1f %.1fh22\"/>",
		    class, x, y);
	buf_printf(c->out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">",
	    x + 28, y + 4);
	chart_text(c->out, text);
	buf_str(c->out, "</text>\n");
}

static void
open_path(const struct chart *c, const char *class)
{
	buf_printf(c->out, "<path class=\"%s\" d=\"", class);
}

static void
close_path(const struct chart *c)
{
	buf_str(c->out, "\"/>\n");
}

/* How many of n points come before the first gap */
static size_t
unbroken(const int64_t *t, size_t n, int64_t gap)
{
	size_t k = n > 0;

	while (k < n && (gap <= 0 || t[k] - t[k - 1] <= gap))
		k++;
	return k;
}

/* --- of very many points as many as can be seen --- */

/* How long a slice is, in ms, of which only the extremes are drawn; 0: all of
 * n points are */
static int64_t
slice_of(const struct chart *c, size_t n)
{
	return n > POINTS_MAX ? (c->until - c->from) / SLICES + 1 : 0;
}

static int
together(const struct chart *c, int64_t a, int64_t b, int64_t slice)
{
	return slice > 0 && (a - c->from) / slice == (b - c->from) / slice;
}

/* Where the slice of t[i] ends, at n at the latest */
static size_t
slice_end(
    const struct chart *c, const int64_t *t, size_t i, size_t n, int64_t slice)
{
	size_t k = i + 1;

	while (k < n && together(c, t[k], t[i], slice))
		k++;
	return k;
}

/* Where the slice of t[end - 1] starts */
static size_t
slice_start(const struct chart *c, const int64_t *t, size_t end, int64_t slice)
{
	size_t i = end - 1;

	while (i > 0 && together(c, t[i - 1], t[end - 1], slice))
		i--;
	return i;
}

/* The places of the lowest and of the highest of v[i..end-1] */
static void
find_extremes(const double *v, size_t i, size_t end, size_t *lo, size_t *hi)
{
	*lo = *hi = i;
	for (; i < end; i++) {
		if (v[i] < v[*lo])
			*lo = i;
		if (v[i] > v[*hi])
			*hi = i;
	}
}

static void
point(const struct chart *c, char command, int64_t t, double v)
{
	buf_printf(c->out, "%c%.1f %.1f", command, px(c, t), py(c, v));
}

static void
stroke(const struct chart *c, const int64_t *t, const double *v, size_t n,
    int64_t slice)
{
	size_t lo, hi, last = 0;

	if (n == 1) { /* alone, but to be seen */
		buf_printf(c->out, "M%.1f %.1fh%d", px(c, t[0]) - DOT / 2.0,
		    py(c, v[0]), DOT);
		return;
	}
	point(c, 'M', t[0], v[0]);
	for (size_t i = 0, end; i < n; i = end) {
		end = slice_end(c, t, i, n, slice);
		find_extremes(v, i, end, &lo, &hi);
		for (int k = 0; k < 2; k++) {
			size_t at = (k == 0) == (lo < hi) ? lo : hi;

			if (at > last)
				point(c, 'L', t[at], v[at]);
			last = at > last ? at : last;
		}
	}
	if (last < n - 1)
		point(c, 'L', t[n - 1], v[n - 1]);
}

void
chart_line(const struct chart *c, const char *class, const int64_t *t,
    const double *v, size_t n, int64_t gap)
{
	int64_t slice = slice_of(c, n);

	if (gap > 0 && gap < slice)
		gap = slice; /* a narrower one is not seen */
	open_path(c, class);
	for (size_t i = 0, k; i < n; i += k) {
		k = unbroken(t + i, n - i, gap);
		stroke(c, t + i, v + i, k, slice);
	}
	close_path(c);
}

static int
differs(const double *v, size_t i)
{
	return v[i] < v[i - 1] || v[i] > v[i - 1];
}

/* From the value before to that at the end, by way of the extremes */
static void
put_steps(const struct chart *c, const double *v, size_t i, size_t end)
{
	size_t lo, hi;

	find_extremes(v, i, end, &lo, &hi);
	if (end - i > 1)
		buf_printf(c->out, "V%.1fV%.1f", py(c, v[lo]), py(c, v[hi]));
	buf_printf(c->out, "V%.1f", py(c, v[end - 1]));
}

void
chart_steps(const struct chart *c, const char *class, const int64_t *t,
    const double *v, size_t n, int64_t end)
{
	size_t changes = 0;
	int64_t slice;

	open_path(c, class);
	if (n > 0)
		point(c, 'M', t[0], v[0]);
	for (size_t i = 1; i < n; i++)
		changes += (size_t)differs(v, i);
	slice = slice_of(c, changes);
	for (size_t i = 1, k; i < n; i = k) {
		k = i + 1;
		if (!differs(v, i))
			continue;
		k = slice_end(c, t, i, n, slice);
		buf_printf(c->out, "H%.1f", px(c, t[i]));
		put_steps(c, v, i, k);
	}
	if (n > 0)
		buf_printf(c->out, "H%.1f", px(c, end));
	close_path(c);
}

/* The edges of a band: the outer value of each slice */
static void
put_upper(const struct chart *c, const int64_t *t, const double *v, size_t n,
    int64_t slice)
{
	size_t lo, hi;

	for (size_t i = 0, end; i < n; i = end) {
		end = slice_end(c, t, i, n, slice);
		find_extremes(v, i, end, &lo, &hi);
		point(c, i == 0 ? 'M' : 'L', t[hi], v[hi]);
	}
}

static void
put_lower(const struct chart *c, const int64_t *t, const double *v, size_t n,
    int64_t slice)
{
	size_t lo, hi;

	for (size_t end = n, i; end > 0; end = i) {
		i = slice_start(c, t, end, slice);
		find_extremes(v, i, end, &lo, &hi);
		point(c, 'L', t[lo], v[lo]);
	}
}

void
chart_band(const struct chart *c, const char *class, const int64_t *t,
    const double *lo, const double *hi, size_t n, int64_t gap)
{
	int64_t slice = slice_of(c, n);

	if (gap > 0 && gap < slice)
		gap = slice;
	open_path(c, class);
	for (size_t i = 0, k; i < n; i += k) {
		k = unbroken(t + i, n - i, gap);
		put_upper(c, t + i, hi + i, k, slice);
		put_lower(c, t + i, lo + i, k, slice);
		buf_char(c->out, 'Z');
	}
	close_path(c);
}

/* Each kind has a shape of its own, for those who see no colours. */
static const char *
shape_of(const char *class)
{
	if (strcmp(class, "up") == 0)
		return "0,-6 6,5 -6,5";
	if (strcmp(class, "down") == 0)
		return "0,6 6,-5 -6,-5";
	if (strcmp(class, "urgent") == 0)
		return "0,-7 7,0 0,7 -7,0";
	return "-4,-4 4,-4 4,4 -4,4";
}

void
chart_mark(const struct chart *c, const char *class, int64_t t, double v,
    const char *text)
{
	if (c->labels != NULL) {
		buf_printf(
		    c->labels, "<span class=\"mark %s\" style=\"", class);
		place(c, "left", px(c, t), 0);
		buf_char(c->labels, ';');
		place(c, "top", py(c, v), 1);
		buf_str(c->labels, "\" title=\"");
		chart_text(c->labels, text);
		buf_str(c->labels, "\"></span>");
		return;
	}
	buf_printf(c->out,
	    "<polygon class=\"%s\" points=\"%s\" transform=\"translate(%.1f "
	    "%.1f)\"><title>",
	    class, shape_of(class), px(c, t), py(c, v));
	chart_text(c->out, text);
	buf_str(c->out, "</title></polygon>\n");
}

void
chart_vertical(const struct chart *c, const char *class, int64_t t)
{
	open_path(c, class);
	buf_printf(c->out, "M%.1f %.1fV%.1f", px(c, t), c->y, c->y + c->height);
	close_path(c);
}

void
chart_level(const struct chart *c, const char *class, double v)
{
	open_path(c, class);
	buf_printf(c->out, "M%.1f %.1fH%.1f", c->x, py(c, v), c->x + c->width);
	close_path(c);
}
