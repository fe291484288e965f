#include "model/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steps that a day divides into, as clocks and crontabs have them */
static const double usual[] = { 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120,
	180, 240, 300, 360, 600, 720, 900, 1200, 1800, 3600, 7200, 10800, 14400,
	21600, 28800, 43200, 86400 };

/* What was meant by a step that clocks have measured */
static double
round_step(double step)
{
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (fabs(step - usual[i]) <= 0.02 * usual[i])
			return usual[i];
	return step;
}

double
grid_step(const struct series *s)
{
	double step = series_step(s);

	return isnan(step) ? step : fmax(round_step(step), 60);
}

/* The point of a sample, counted back from the newest one */
static double
back(int64_t age, double step_ms, int means)
{
	double k = (double)age / step_ms;

	return means ? floor(k) : floor(k + 0.5);
}

static int
allocate(struct grid *g, size_t n, double step, int64_t newest)
{
	*g = (struct grid){ .step = step, .n = n };
	g->t0 = (int64_t)floor(
	    ((double)newest - (double)(n - 1) * step * 1000) / 1000);
	g->y = calloc(n, sizeof(*g->y));
	g->ok = calloc(n, sizeof(*g->ok));
	if (g->y != NULL && g->ok != NULL)
		return 0;
	grid_free(g);
	return -1;
}

/* Values into their points, in order of time: sums, or what came last */
static void
place(struct grid *g, const struct series *s, int means)
{
	int64_t newest = s->t[s->n - 1];
	size_t run = 0, last = g->n;

	for (size_t i = 0; i < s->n; i++) {
		double k = back(newest - s->t[i], g->step * 1000, means);
		size_t at;

		if (k >= (double)g->n || !grid_is_load(s->v[i]))
			continue;
		at = g->n - 1 - (size_t)k;
		run = at == last ? run + 1 : 1;
		if (means && run > 1)
			g->y[at] += (s->v[i] - g->y[at]) / (double)run;
		else
			g->y[at] = s->v[i];
		g->ok[at] = 1;
		last = at;
	}
}

static void
carry_on(struct grid *g)
{
	size_t first = 0;

	while (first < g->n && !g->ok[first])
		first++;
	for (size_t i = 0; i < first && first < g->n; i++)
		g->y[i] = g->y[first];
	for (size_t i = first + 1; i < g->n; i++)
		if (!g->ok[i])
			g->y[i] = g->y[i - 1];
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A quarter of the samples lie no farther apart than this, in s: what the
 * source can give, also where half of it is lost. NAN: no memory. */
static double
finest(const struct series *s)
{
	double *d = malloc(s->n * sizeof(*d)), step;

	if (d == NULL)
		return (double)NAN;
	for (size_t i = 1; i < s->n; i++)
		d[i - 1] = (double)(s->t[i] - s->t[i - 1]) / 1000;
	qsort(d, s->n - 1, sizeof(*d), by_size);
	step = d[(s->n - 2) / 4];
	free(d);
	return step;
}

int
grid_make(struct grid *g, const struct series *s, double step, const char **why)
{
	double own, points;
	int means;

	*g = (struct grid){ 0 };
	*why = "no samples";
	if (s->n == 0)
		return -1;
	*why = "the step is not above 0";
	if (!(step > 0) || !isfinite(step))
		return -1;
	own = s->n > 1 ? series_step(s) : step;
	*why = "out of memory";
	if (step < 0.75 * own) {
		double fine = finest(s);

		if (isnan(fine))
			return -1;
		if (step < 0.75 * fine)
			step = round_step(own);
	}
	means = own < 0.75 * step;
	points = back(s->t[s->n - 1] - s->t[0], step * 1000, means) + 1;
	*why = "out of memory";
	if (allocate(g, points < GRID_MAX ? (size_t)points : GRID_MAX, step,
		s->t[s->n - 1]) != 0)
		return -1;
	place(g, s, means);
	carry_on(g);
	return 0;
}

void
grid_free(struct grid *g)
{
	free(g->y);
	free(g->ok);
	*g = (struct grid){ 0 };
}

struct grid
grid_tail(const struct grid *g, size_t n)
{
	size_t cut = g->n > n ? g->n - n : 0;

	return (struct grid){ .step = g->step,
		.t0 = g->t0 + (int64_t)floor((double)cut * g->step + 0.5),
		.n = g->n - cut,
		.y = g->y + cut,
		.ok = g->ok + cut };
}

void
grid_keep(struct grid *g, size_t n)
{
	struct grid tail = grid_tail(g, n);

	memmove(g->y, tail.y, tail.n * sizeof(*g->y));
	memmove(g->ok, tail.ok, tail.n);
	g->t0 = tail.t0;
	g->n = tail.n;
}

int
grid_is_load(double v)
{
	return fabs(v) <= 1e100;
}

size_t
grid_recent(const struct grid *g)
{
	size_t seen = 0, best = 0;

	for (size_t n = 1; n <= g->n; n++) {
		if (!g->ok[g->n - n])
			continue;
		seen++;
		if (4 * seen >= n)
			best = n;
	}
	return best;
}

int64_t
grid_time(const struct grid *g, size_t i)
{
	return g->t0 * 1000 + (int64_t)llround((double)i * g->step * 1000);
}

ptrdiff_t
grid_find(const struct grid *g, int64_t t)
{
	return (ptrdiff_t)floor((double)(t - g->t0) / g->step + 0.5);
}

size_t
grid_observed(const struct grid *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += g->ok[i];
	return n;
}

size_t
grid_longest_gap(const struct grid *g)
{
	size_t longest = 0, run = 0;

	for (size_t i = 0; i < g->n; i++) {
		run = g->ok[i] ? 0 : run + 1;
		longest = run > longest ? run : longest;
	}
	return longest;
}
