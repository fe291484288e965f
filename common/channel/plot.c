#include "channel/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "io/canvas.h"

enum { WHITE, GRID, TEXT, BAND, EXPECTED, LOAD, AREA, INSTANCES, COLOURS };

static const unsigned colours[COLOURS] = {
	[WHITE] = 0xffffff,
	[GRID] = 0xdfe3e8,
	[TEXT] = 0x4a5560,
	[BAND] = PLOT_BAND,
	[EXPECTED] = 0xc9882f,
	[LOAD] = PLOT_LOAD,
	[AREA] = 0xd3e8da,
	[INSTANCES] = PLOT_INSTANCES,
};

/* In pixels of the picture */
enum {
	W = 2 * PLOT_W,
	H = 2 * PLOT_H,
	LEFT = 104,
	RIGHT = W - 16,
	TOP = 16,
	MIDDLE = 312, /* the foot of the load */
	LOW_TOP = 346,
	FOOT = 446, /* of the instances */
	SCALE = 3,
	LINE = 4,
	GRID_MAX = 6, /* lines */
	GLYPH = 6 * SCALE,
	SHOWN = 32 /* bytes of a number */
};

#define LOAD_MAX 1e300 /* what is beyond is no load */

struct plot {
	struct canvas c;
	const struct day *x;
	int64_t from, to; /* ms: left and right */
	double most; /* load at the top */
	double step; /* of the grid */
	double count; /* instances at the top */
	int64_t gap; /* ms: what is further apart is not joined */
};

static int
at_x(const struct plot *p, int64_t t)
{
	double share = (double)(t - p->from) / (double)(p->to - p->from);

	return LEFT + (int)lround(share * (RIGHT - LEFT));
}

static int
at_load(const struct plot *p, double v)
{
	double share = fmax(0, fmin(1, v / p->most));

	return MIDDLE - (int)lround(share * (MIDDLE - TOP));
}

static int
at_count(const struct plot *p, double n)
{
	double share = fmax(0, fmin(1, n / p->count));

	return FOOT - (int)lround(share * (FOOT - LOW_TOP));
}

static int
by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Four times the usual distance of two decisions, and a minute */
static int64_t
find_gap(const struct day *x)
{
	int64_t *d = x->n > 1 ? malloc(x->n * sizeof(*d)) : NULL, gap = 60000;

	if (d != NULL) {
		for (size_t i = 1; i < x->n; i++)
			d[i - 1] = x->p[i].time - x->p[i - 1].time;
		qsort(d, x->n - 1, sizeof(*d), by_size);
		gap += 4 * d[(x->n - 1) / 2];
	}
	free(d);
	return gap;
}

/* 1, 2 or 5 and noughts: five of it at most are most */
static double
grid_step(double most)
{
	double ten = pow(10, floor(log10(most / 5)));

	for (int i = 0; i < 3; i++) {
		static const double of[] = { 1, 2, 5 };

		if (ten * of[i] * 5 >= most)
			return ten * of[i];
	}
	return ten * 10;
}

/* 1: there are two loads at different times to draw */
static int
measure(struct plot *p)
{
	const struct day *x = p->x;
	int64_t first = INT64_MAX, last = INT64_MIN;
	double most = 0, count = 1;

	p->from = INT64_MAX;
	p->to = INT64_MIN;
	for (size_t i = 0; i < x->n; i++) {
		const struct day_point *q = &x->p[i];

		if (q->seen < p->from)
			p->from = q->seen;
		if (q->time > p->to)
			p->to = q->time;
		if (isfinite(q->expected) && q->to > p->to)
			p->to = q->to;
		if (isfinite(q->instances))
			count = fmax(count, q->instances);
		if (isfinite(q->at_most))
			most = fmax(most, q->at_most);
		if (!isfinite(q->load))
			continue;
		most = fmax(most, q->load);
		first = q->seen < first ? q->seen : first;
		last = q->seen > last ? q->seen : last;
	}
	if (last <= first || p->to <= p->from || most > LOAD_MAX)
		return 0;
	p->step = grid_step(fmax(most, 1e-9));
	p->most = p->step * ceil(fmax(most, 1e-9) / p->step * 1.02);
	p->count = count * 1.15;
	p->gap = find_gap(x);
	return 1;
}

/* "12.5k"; what is too large for that has an exponent */
static void
show(char s[SHOWN], double v)
{
	static const char *const units[] = { "", "k", "M", "G", "T" };
	char n[SHOWN];
	size_t u = 0;

	for (; fabs(v) >= 10000 && u < 4; u++)
		v /= 1000;
	if (fabs(v) >= 10000) {
		snprintf(s, SHOWN, "%.0e", v * 1e12);
		return;
	}
	snprintf(n, SHOWN, "%.*f", fabs(v) >= 100 || v == floor(v) ? 0 : 2, v);
	if (fabs(v) < 1 && fpclassify(v) != FP_ZERO)
		snprintf(n, SHOWN, "%.2g", v);
	else if (strchr(n, '.') != NULL)
		while (n[strlen(n) - 1] == '0')
			n[strlen(n) - 1] = '\0';
	snprintf(s, SHOWN, "%.8s%s", n, units[u]);
}

static void
label(struct plot *p, int y, double v)
{
	char s[SHOWN];

	show(s, v);
	canvas_text(&p->c, LEFT - 8 - (int)strlen(s) * GLYPH, y - 7 * SCALE / 2,
	    SCALE, TEXT, s);
}

static void
draw_grid(struct plot *p)
{
	for (int i = 0; i <= GRID_MAX && i * p->step <= p->most * 1.001; i++) {
		int y = at_load(p, i * p->step);

		canvas_box(&p->c, LEFT, y - 1, RIGHT - LEFT, 2, GRID);
		label(p, y, i * p->step);
	}
	canvas_box(&p->c, LEFT, FOOT - 1, RIGHT - LEFT, 2, GRID);
	label(p, FOOT, 0);
}

/* Whole minutes or hours, seven of them at most */
static void
draw_times(struct plot *p)
{
	static const int minutes[] = { 1, 2, 5, 10, 15, 30, 60, 120, 180, 240,
		360 };
	size_t k = 0;
	int64_t step, span = p->to - p->from;

	while (k + 1 < sizeof(minutes) / sizeof(minutes[0]) &&
	    (int64_t)minutes[k] * 60000 * 7 < span)
		k++;
	step = (int64_t)minutes[k] * 60000;
	for (int64_t t = (p->from / step + 1) * step; t <= p->to; t += step) {
		char all[CLOCK_SIZE], s[6];
		int x = at_x(p, t);

		snprintf(s, sizeof(s), "%.5s", clock_format(all, t) + 11);
		canvas_box(&p->c, x - 1, TOP, 2, MIDDLE - TOP, GRID);
		canvas_box(&p->c, x - 1, LOW_TOP, 2, FOOT - LOW_TOP, GRID);
		if (x + 5 * GLYPH / 2 < W && x - 5 * GLYPH / 2 > 0)
			canvas_text(&p->c, x - (5 * GLYPH - SCALE) / 2,
			    FOOT + 14, SCALE, TEXT, s);
	}
}

/* From one forecast to the next, column by column */
static void
draw_band(struct plot *p, int64_t t0, int64_t t1, const struct day_point *a,
    const struct day_point *b)
{
	int x0 = at_x(p, t0), x1 = at_x(p, t1);

	for (int x = x0; x <= x1; x++) {
		double share =
		    x1 > x0 ? (double)(x - x0) / (double)(x1 - x0) : 0;
		int low = at_load(
		    p, a->expected + share * (b->expected - a->expected));
		int high =
		    at_load(p, a->at_most + share * (b->at_most - a->at_most));

		canvas_box(&p->c, x, high, 1, low - high + 1, BAND);
		canvas_box(&p->c, x, low - 1, 1, 3, EXPECTED);
	}
}

/* A forecast stands in the middle of its span; the newest for all of it */
static void
draw_forecasts(struct plot *p)
{
	const struct day_point *before = NULL;
	int64_t then = 0;

	for (size_t i = 0; i < p->x->n; i++) {
		const struct day_point *q = &p->x->p[i];
		int64_t t = q->from + (q->to - q->from) / 2;

		if (!isfinite(q->expected) || !isfinite(q->at_most))
			continue;
		if (before != NULL && t > then && t - then <= p->gap)
			draw_band(p, then, t, before, q);
		if (i + 1 == p->x->n)
			draw_band(p, t, q->to, q, q);
		before = q;
		then = t;
	}
}

static void
draw_load(struct plot *p)
{
	const struct day_point *before = NULL;

	for (size_t i = 0; i < p->x->n; i++) {
		const struct day_point *q = &p->x->p[i];

		if (!isfinite(q->load))
			continue;
		if (before != NULL && q->seen - before->seen <= p->gap)
			canvas_line(&p->c, at_x(p, before->seen),
			    at_load(p, before->load), at_x(p, q->seen),
			    at_load(p, q->load), LINE, LOAD);
		else
			canvas_line(&p->c, at_x(p, q->seen),
			    at_load(p, q->load), at_x(p, q->seen),
			    at_load(p, q->load), 2 * LINE, LOAD);
		before = q;
	}
}

/* Steps: a count holds until the next decision */
static void
draw_instances(struct plot *p)
{
	double most = 0;

	for (size_t i = 0; i < p->x->n; i++) {
		const struct day_point *q = &p->x->p[i];
		int last = i + 1 == p->x->n, x0, x1, y, y1;

		if (!isfinite(q->instances))
			continue;
		x0 = at_x(p, q->time);
		x1 = last ? x0 + LINE : at_x(p, q[1].time);
		if (!last && q[1].time - q->time > p->gap)
			x1 = x0 + LINE;
		y = at_count(p, q->instances);
		canvas_box(&p->c, x0, y, x1 - x0, FOOT - 1 - y, AREA);
		canvas_box(
		    &p->c, x0, y - LINE / 2, x1 - x0 + 1, LINE, INSTANCES);
		if (!last && isfinite(q[1].instances) &&
		    q[1].time - q->time <= p->gap) {
			y1 = at_count(p, q[1].instances);
			canvas_line(&p->c, x1, y, x1, y1, LINE, INSTANCES);
		}
		most = fmax(most, q->instances);
	}
	if (most > 0)
		label(p, at_count(p, most), most);
}

int
plot_png(const struct day *x, struct buf *out)
{
	struct plot p = { .x = x };
	int status;

	if (!measure(&p))
		return 1;
	if (canvas_new(&p.c, W, H) != 0)
		return -1;
	draw_grid(&p);
	draw_times(&p);
	draw_forecasts(&p);
	draw_load(&p);
	draw_instances(&p);
	status = canvas_png(&p.c, colours, COLOURS, out);
	canvas_free(&p.c);
	return status;
}

struct range {
	double lo, hi, last;
};

static void
widen(struct range *r, double v)
{
	if (!isfinite(v))
		return;
	r->lo = isfinite(r->lo) ? fmin(r->lo, v) : v;
	r->hi = isfinite(r->hi) ? fmax(r->hi, v) : v;
	r->last = v;
}

static void
put_clock(struct buf *out, int64_t t)
{
	char s[CLOCK_SIZE];

	buf_printf(out, "%.10s %.5s", clock_format(s, t), s + 11);
}

static void
put_load(struct buf *out, const struct day *x, const struct range *load)
{
	buf_str(out, "Load '");
	buf_excerpt(out, x->signal, strlen(x->signal), 128);
	buf_printf(out, "': %.4g to %.4g", load->lo, load->hi);
	if (x->unit[0] != '\0') {
		buf_char(out, ' ');
		buf_excerpt(out, x->unit, strlen(x->unit), 64);
	}
	buf_printf(out, ", %.4g at the end", load->last);
}

void
plot_words(const struct day *x, struct buf *out)
{
	struct range load = { NAN, NAN, NAN }, count = { NAN, NAN, NAN };
	const struct day_point *end = x->n > 0 ? &x->p[x->n - 1] : NULL;

	for (size_t i = 0; i < x->n; i++) {
		widen(&load, x->p[i].load);
		widen(&count, x->p[i].instances);
	}
	if (end == NULL || !isfinite(load.last))
		return;
	put_load(out, x, &load);
	if (isfinite(end->expected) && isfinite(end->at_most))
		buf_printf(out,
		    "; then %.4g is expected, and more than %.4g in 5 cases "
		    "of 100",
		    end->expected, end->at_most);
	if (isfinite(count.last)) {
		buf_printf(out, ". Instances: %.0f", count.lo);
		if (count.hi > count.lo)
			buf_printf(out, " to %.0f", count.hi);
	}
	buf_str(out, ". From ");
	put_clock(out, x->p[0].time);
	buf_str(out, " to ");
	put_clock(out, end->time);
	buf_str(out, " UTC.");
}
