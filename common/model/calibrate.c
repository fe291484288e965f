#include "model/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/quantile.h"

struct window_steps
window_steps(double boot, double interval, double age, double step)
{
	struct window_steps w;

	/* a hair of tolerance: 300 s of 300 s steps are one step */
	w.from = (size_t)floor((boot + age) / step + 1e-9) + 1;
	w.to = (size_t)ceil((boot + interval + age) / step - 1e-9);
	if (w.to < w.from)
		w.to = w.from;
	return w;
}

double
track_point(const struct track *t, const struct rows *r, size_t i)
{
	const double *x = r->median;
	double v = 0;

	if (t->kind == TRACK_MEAN) {
		if (r->mean != NULL)
			x = r->mean;
		for (size_t k = t->from; k <= t->to; k++)
			v += rows_at(r, x, i, k);
		return v / (double)(t->to - t->from + 1);
	}
	v = fmax(rows_at(r, x, i, t->from), rows_at(r, x, i, t->to));
	/* straight between leads: the greatest is at one of them */
	for (size_t j = 0; j < r->leads; j++)
		if (r->lead[j] > t->from && r->lead[j] < t->to)
			v = fmax(v, x[i * r->leads + j]);
	return v;
}

double
track_actual(const struct track *t, const struct grid *g, size_t n, size_t o)
{
	size_t steps = t->to - t->from + 1, seen = 0;
	double most = -INFINITY, sum = 0;

	if (o + t->to >= n || !g->ok[o])
		return (double)NAN;
	for (size_t k = o + t->from; k <= o + t->to; k++) {
		if (!g->ok[k])
			continue;
		seen++;
		sum += g->y[k];
		most = fmax(most, g->y[k]);
	}
	if (4 * seen < 3 * steps)
		return (double)NAN;
	return t->kind == TRACK_MEAN ? sum / (double)seen : most;
}

/* The hour of the day, UTC, half a window after (or before) a point */
static int
hour_at(const struct grid *g, size_t o, double steps)
{
	double s = (double)g->t0 + ((double)o + steps) * g->step;
	double day = s - floor(s / 86400) * 86400;

	return (int)(day / 3600) % 24;
}

double
track_scale(const struct track *t, const struct load_mean *mean,
    const struct grid *g, size_t o)
{
	double floor_ = 1e-3 * fabs(mean->mean) + 1e-12;
	int h = hour_at(g, o, (double)t->to / 2);
	double a = t->hour[h] + floor_;
	double v = 0.5 * t->slow + 0.5 * t->fast + floor_;

	return sqrt(a * v);
}

static double
pace(double steps, double half_life)
{
	return 1 - pow(0.5, steps / half_life);
}

/* How far an error that stands for that many steps moves each average */
static void
set_pace(struct track *t, const struct grid *g, double steps)
{
	double day = 86400 / g->step;

	t->pace[0] = pace(steps, 7 * fmax(1, floor(day / 24 + 0.5)));
	t->pace[1] = pace(steps, 3 * day);
	t->pace[2] = pace(steps, fmax(3 * 3600 / g->step, 3));
	t->paced = steps;
}

void
track_move(
    struct track *t, const struct grid *g, size_t o, double error, double steps)
{
	double off = fabs(error);
	double *a = &t->hour[hour_at(g, o, (double)t->to / 2)];

	if (!t->begun) {
		for (int h = 0; h < 24; h++)
			t->hour[h] = off;
		t->slow = t->fast = off;
		t->begun = 1;
	}
	if (t->paced < steps || t->paced > steps)
		set_pace(t, g, steps);
	*a += t->pace[0] * (off - *a);
	t->slow += t->pace[1] * (off - t->slow);
	t->fast += t->pace[2] * (off - t->fast);
}

size_t
track_levels(size_t n, size_t k[static TRACK_LEVELS])
{
	size_t top, low, m = 0;

	if (n <= TRACK_LEVELS) {
		for (size_t i = 0; i < n; i++)
			k[m++] = i + 1;
		return m;
	}
	/* the first one above 0.98; should the tail alone be too long, its
	 * greatest */
	low = (size_t)floor(0.98 * (double)(n + 1));
	if (n - low > TRACK_LEVELS / 2)
		low = n - TRACK_LEVELS / 2;
	top = TRACK_LEVELS - (n - low);
	for (size_t i = 0; i < top; i++)
		k[m++] = 1 + (low - 1) * i / (top - 1);
	for (size_t i = low + 1; i <= n; i++)
		k[m++] = i;
	return m;
}

void
track_table(struct track *t, double *z, size_t n)
{
	size_t k[TRACK_LEVELS];
	double lo, hi;

	t->pool = n;
	t->n = track_levels(n, k);
	t->drop = t->bias = 0;
	if (n == 0)
		return;
	math_sort(z, n);
	for (size_t i = 0; i < t->n; i++) {
		t->error[i] = z[k[i] - 1];
		t->level[i] = k[i] == n ? 1 : (double)k[i] / (double)(n + 1);
	}
	t->drop = math_quantile(z, n, 0.005);
	lo = math_quantile(z, n, 0.01);
	hi = math_quantile(z, n, 0.99);
	for (size_t i = 0; i < n; i++)
		t->bias += fmin(fmax(z[i], lo), hi) / (double)n;
}

double
track_quantile(const struct track *t, double p)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->level[i] >= p)
			return t->error[i];
	return t->n > 0 ? t->error[t->n - 1] : 0;
}

double
track_reach(const struct track *t, double s, double p)
{
	double e = s * track_quantile(t, p);

	return fmin(fmax(e, -t->most), t->most);
}

double
track_shift(const struct track *t, double s)
{
	double e = s * t->bias;

	return fmin(fmax(e, -t->usual), t->usual);
}

/* Averages start from the first fifty errors, not from one */
static void
begin(struct track *t, const double *error, size_t count)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < count && n < 50; i++) {
		if (isnan(error[i]))
			continue;
		sum += fabs(error[i]);
		n++;
	}
	if (n == 0)
		return;
	for (int h = 0; h < 24; h++)
		t->hour[h] = sum / (double)n;
	t->slow = t->fast = sum / (double)n;
	t->begun = 1;
}

/*
 * The scale at each origin, in order of time: errors move it when their
 * windows end. z holds the errors and then the standardised ones, s the
 * scales.
 */
static void
walk(struct track *t, const struct grid *g, size_t n, const struct rows *r,
    double *z, double *s)
{
	struct load_mean mean = { 0, 0 };
	size_t next = 0, known = 0;
	double every = 1;

	if (r->count > 1)
		every = (double)(r->origin[1] - r->origin[0]);
	begin(t, z, r->count);
	for (size_t i = 0; i < n; i++) {
		if (g->ok[i]) {
			mean.count++;
			mean.mean += (g->y[i] - mean.mean) / mean.count;
		}
		for (; known < r->count && r->origin[known] + t->to <= i;
		     known++)
			if (!isnan(z[known]))
				track_move(
				    t, g, r->origin[known], z[known], every);
		for (; next < r->count && r->origin[next] == i; next++)
			s[next] = track_scale(t, &mean, g, i);
	}
	for (size_t i = 0; i < r->count; i++)
		z[i] /= s[i];
}

/* The errors that a table is made of: of the last 14 days, evenly thinned by
 * the clock so that another day's training picks alike; not of the first day,
 * when little was known. Returns how many. */
static size_t
choose(struct track *t, const struct grid *g, size_t n, const struct rows *r,
    const double *z, const double *s, double *pool)
{
	double day = 86400 / g->step, days = TRACK_DAYS * day;
	size_t thin = (size_t)ceil(days / TRACK_POOL), m = 0;
	size_t from = 0, since = (size_t)((double)g->t0 / g->step);

	if ((double)n > days)
		from = n - (size_t)days;
	if (from < n / 4 && (double)from < day)
		from = (double)(n / 4) < day ? n / 4 : (size_t)day;
	t->most = t->usual = 0;
	for (size_t k = 0; k < r->count && m < TRACK_POOL; k++) {
		size_t i = r->count - 1 - k, o = r->origin[i];
		double off = fabs(z[i] * s[i]);

		if (o < from || isnan(z[i]) || (since + o) % thin != 0)
			continue;
		pool[m++] = z[i];
		t->most = fmax(t->most, off);
		t->usual += (off - t->usual) / (double)m;
	}
	return m;
}

int
track_learn(struct track *t, const struct grid *g, size_t n,
    const struct rows *r, double *z, double *s)
{
	double *own = malloc((2 * r->count + TRACK_POOL + 1) * sizeof(*own));
	double *pool = own;

	if (own == NULL)
		return -1;
	if (z == NULL)
		z = own + TRACK_POOL;
	if (s == NULL)
		s = own + TRACK_POOL + r->count;
	for (size_t i = 0; i < r->count; i++)
		z[i] =
		    track_actual(t, g, n, r->origin[i]) - track_point(t, r, i);
	walk(t, g, n, r, z, s);
	track_table(t, pool, choose(t, g, n, r, z, s, pool));
	free(own);
	return 0;
}
