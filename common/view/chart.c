#include "view/chart.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

void
chart_text(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '&')
			buf_str(out, "&amp;");
		else if (*s == '<')
			buf_str(out, "&lt;");
		else if (*s == '>')
			buf_str(out, "&gt;");
		else if (*s == '"')
			buf_str(out, "&quot;");
		else
			buf_char(out, *s);
	}
}

void
chart_open(struct buf *out, double w, double h, const char *title,
    const char *description)
{
	buf_printf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
	    "viewBox=\"0 0 %.0f %.0f\">\n<title>",
	    w, h);
	chart_text(out, title);
	buf_str(out, "</title>\n<desc>");
	chart_text(out, description);
	buf_str(out, "</desc>\n");
}

void
chart_close(struct buf *out)
{
	buf_str(out, "</svg>\n");
}

static double
px(const struct chart *c, int64_t t)
{
	return c->x +
	    c->width * (double)(t - c->from) / (double)(c->until - c->from);
}

static double
py(const struct chart *c, double v)
{
	double share = (v - c->lo) / (c->hi - c->lo);

	return c->y + c->height * (1 - fmin(fmax(share, 0), 1));
}

/* The least of 1, 2, 5 times a power of ten that is at least x */
static double
round_step(double x)
{
	double p = pow(10, floor(log10(x))), m = x / p;

	return p * (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10);
}

static void
value_ticks(const struct chart *c, const char *unit)
{
	double step = round_step((c->hi - c->lo) / 5);

	for (double v = ceil(c->lo / step) * step; v <= c->hi * (1 + 1e-9);
	     v += step) {
		double y = py(c, v);

		buf_printf(c->out,
		    "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
		    "y2=\"%.1f\"/><text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
		    "text-anchor=\"end\">%.6g</text>\n",
		    c->x, y, c->x + c->width, y, c->x - 6, y + 4,
		    fabs(v) < step / 1e6 ? 0 : v);
	}
	buf_printf(c->out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">", c->x,
	    c->y - 8);
	chart_text(c->out, unit);
	buf_str(c->out, "</text>\n");
}

static void
time_ticks(const struct chart *c)
{
	static const int64_t steps[] = { 300, 900, 1800, 3600, 7200, 10800,
		21600, 43200, 86400, 172800, 604800, 1209600, 2592000 };
	double span = (double)(c->until - c->from) / 1000;
	size_t k = 0;

	while (k < 12 && span / (double)steps[k] > 8)
		k++;
	for (int64_t t = (c->from / 1000 / steps[k] + 1) * steps[k];
	     t * 1000 <= c->until; t += steps[k]) {
		double x = px(c, t * 1000);
		time_t s = (time_t)t;
		char text[32];
		struct tm tm;

		gmtime_r(&s, &tm);
		strftime(text, sizeof(text),
		    steps[k] < 86400 ? "%H:%M" : "%b %d", &tm);
		if (steps[k] < 86400 && t % 86400 == 0)
			strftime(text, sizeof(text), "%b %d", &tm);
		buf_printf(c->out,
		    "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
		    "y2=\"%.1f\"/><text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
		    "text-anchor=\"middle\">%s</text>\n",
		    x, c->y, x, c->y + c->height, x, c->y + c->height + 16,
		    text);
	}
}

void
chart_axes(const struct chart *c, const char *unit)
{
	value_ticks(c, unit);
	time_ticks(c);
}

static void
open_path(const struct chart *c, const char *class)
{
	buf_printf(c->out, "<path class=\"%s\" d=\"", class);
}

void
chart_line(const struct chart *c, const char *class, const int64_t *t,
    const double *v, size_t n, int64_t gap)
{
	open_path(c, class);
	for (size_t i = 0; i < n; i++) {
		int broken = i == 0 || (gap > 0 && t[i] - t[i - 1] > gap);

		buf_printf(c->out, "%c%.1f %.1f", broken ? 'M' : 'L',
		    px(c, t[i]), py(c, v[i]));
	}
	buf_str(c->out, "\"/>\n");
}

void
chart_steps(const struct chart *c, const char *class, const int64_t *t,
    const double *v, size_t n)
{
	open_path(c, class);
	for (size_t i = 0; i < n; i++) {
		if (i == 0)
			buf_printf(
			    c->out, "M%.1f %.1f", px(c, t[i]), py(c, v[i]));
		else
			buf_printf(
			    c->out, "H%.1fV%.1f", px(c, t[i]), py(c, v[i]));
	}
	if (n > 0)
		buf_printf(c->out, "H%.1f", px(c, c->until));
	buf_str(c->out, "\"/>\n");
}

void
chart_band(const struct chart *c, const char *class, const int64_t *t,
    const double *lo, const double *hi, size_t n)
{
	open_path(c, class);
	for (size_t i = 0; i < n; i++)
		buf_printf(c->out, "%c%.1f %.1f", i == 0 ? 'M' : 'L',
		    px(c, t[i]), py(c, hi[i]));
	for (size_t i = n; i-- > 0;)
		buf_printf(c->out, "L%.1f %.1f", px(c, t[i]), py(c, lo[i]));
	buf_str(c->out, "Z\"/>\n");
}

void
chart_mark(const struct chart *c, const char *class, int64_t t, double v,
    const char *text)
{
	buf_printf(c->out,
	    "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>",
	    class, px(c, t), py(c, v));
	chart_text(c->out, text);
	buf_str(c->out, "</title></circle>\n");
}

void
chart_vertical(const struct chart *c, const char *class, int64_t t)
{
	buf_printf(c->out,
	    "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
	    "y2=\"%.1f\"/>\n",
	    class, px(c, t), c->y, px(c, t), c->y + c->height);
}
