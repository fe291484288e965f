/*
 * Scales and tables of past errors against NumPy: a script of its own made the
 * numbers from the formulas in calibrate.h. Then what must hold of any table.
 */
#include "model/calibrate.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 8640 };

static const size_t asked[] = { 6000, 7000, 8639 };
static const double levels[] = { 0.985, 0.99, 0.995, 0.999 };
static const struct {
	size_t from, to, pool;
	double scale[3], error[4], least, most, drop;
} table[] = {
	{ 1, 1, 1343,
	    { 8.0779668096204, 14.598834525856885, 9.797890606034846 },
	    { 2.0067204081782855, 2.184221231090342, 39.40606980563841,
		53.76334073760518 },
	    -22.16615315739847, 53.76334073760518, -17.346472051505824 },
	{ 2, 5, 1339,
	    { 8.25062583606538, 20.65344877033697, 30.58001252249104 },
	    { 24.031778973532447, 27.168089181568575, 34.5723722342292,
		46.132880288337184 },
	    -27.926280834755612, 46.132880288337184, -12.89454886431336 },
};

static struct grid
make(void)
{
	struct grid g = { .step = 900, .t0 = 1500000000, .n = N };
	uint32_t x = 12345;

	g.y = malloc(N * sizeof(*g.y));
	g.ok = malloc(N);
	if (g.y == NULL || g.ok == NULL)
		abort();
	memset(g.ok, 1, N);
	for (size_t i = 0; i < N; i++) {
		double u;

		x = x * 1664525u + 1013904223u;
		u = x / 4294967296.0;
		g.y[i] = 100 + 40 * sin(2 * M_PI * (double)i / 96) + 20 * u;
		if (i >= N / 2)
			g.y[i] += 60;
		if (u > 0.995)
			g.y[i] *= 3;
	}
	return g;
}

/* The last value, at every origin */
static struct rows
last_value(const struct grid *g)
{
	struct rows r;
	size_t lead[2] = { 1, 8 };

	if (rows_init(&r, g->n, lead, 2, 0, 0) != 0)
		abort();
	for (size_t i = 0; i < g->n; i++) {
		r.origin[i] = i;
		r.median[2 * i] = r.median[2 * i + 1] = g->y[i];
	}
	return r;
}

static int
near(const char *what, double x, double want, double tolerance)
{
	if (fabs(x - want) <= tolerance * fabs(want))
		return 0;
	printf("calibrate: %s: %.12g, not %.12g\n", what, x, want);
	return 1;
}

static int
known_answers(void)
{
	struct grid g = make();
	struct rows r = last_value(&g);
	double *s = calloc(N, sizeof(*s));
	int failed = 0;

	for (size_t i = 0; s != NULL && i < 2; i++) {
		struct track t = { .from = table[i].from, .to = table[i].to };

		if (track_learn(&t, &g, N, &r, NULL, s) != 0)
			abort();
		/* the averages begin a little otherwise: gone in weeks */
		for (int k = 0; k < 3; k++)
			failed +=
			    near("scale", s[asked[k]], table[i].scale[k], 1e-4);
		for (int k = 0; k < 4; k++)
			failed += near("error", track_quantile(&t, levels[k]),
			    table[i].error[k], 1e-4);
		failed += near("least", t.error[0], table[i].least, 1e-4);
		failed += near("most", t.error[t.n - 1], table[i].most, 1e-4);
		failed += near("drop", t.drop, table[i].drop, 1e-4);
		failed +=
		    near("pool", (double)t.pool, (double)table[i].pool, 1e-12);
		failed += near("length", (double)t.n, TRACK_LEVELS, 1e-12);
	}
	free(s);
	rows_free(&r);
	grid_free(&g);
	return failed;
}

/* Every order statistic above 0.98, the least and the greatest, rising, and
 * the levels say what share is at or below */
static int
shape(size_t n)
{
	double *z = malloc((n + 1) * sizeof(*z));
	struct track t = { .from = 1, .to = 1 };
	size_t above = 0, want = 0;

	if (z == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		z[(i * 7919) % n] = (double)(i + 1);
	track_table(&t, z, n);
	for (size_t k = 1; k <= n; k++)
		want += (double)k / (double)(n + 1) > 0.98;
	for (size_t i = 0; i < t.n; i++)
		above += t.error[i] / (double)(n + 1) > 0.98;
	if (t.n != (n < TRACK_LEVELS ? n : TRACK_LEVELS) || above < want ||
	    t.error[0] > 1 || t.error[t.n - 1] < (double)n ||
	    t.level[t.n - 1] < 1)
		goto fail;
	for (size_t i = 1; i < t.n; i++)
		if (t.error[i] <= t.error[i - 1] ||
		    t.level[i] <= t.level[i - 1] ||
		    (i + 1 < t.n &&
			fabs(t.level[i] * (double)(n + 1) - t.error[i]) > 1e-6))
			goto fail;
	free(z);
	return 0;
fail:
	printf("calibrate: the table of %zu errors has the wrong shape\n", n);
	free(z);
	return 1;
}

/* Wider errors never lower a quantile that is above 0 */
static int
wider(void)
{
	struct track a = { .from = 1, .to = 1 }, b = a;
	double x[500], y[500];
	int failed = 0;

	for (int i = 0; i < 500; i++) {
		x[i] = sin(i * 12.9898) * 3;
		y[i] = x[i] * 1.5;
	}
	track_table(&a, x, 500);
	track_table(&b, y, 500);
	for (double p = 0; p <= 1; p += 0.01) {
		double q = track_quantile(&a, p);

		failed |= q >= 0 && track_quantile(&b, p) < q;
	}
	if (failed)
		printf("calibrate: a wider table has a lower quantile\n");
	return failed;
}

/* What was not observed is no error; what is not over is none yet */
static int
gaps(void)
{
	struct grid g = make();
	struct track t = { .from = 1, .to = 4 };
	int failed;

	memset(g.ok + 100, 0, 10);
	failed = !isnan(track_actual(&t, &g, N, 105)) || /* no origin */
	    !isnan(track_actual(&t, &g, N, 98)) || /* 3 of 4 are gone */
	    isnan(track_actual(&t, &g, N, 96)) || /* 1 of 4 */
	    !isnan(track_actual(&t, &g, N, N - 4)) ||
	    isnan(track_actual(&t, &g, N, N - 5));
	if (failed)
		printf("calibrate: gaps count as errors\n");
	grid_free(&g);
	return failed;
}

static int
windows(void)
{
	static const struct {
		double boot, interval, age, step;
		size_t from, to;
	} w[] = { { 60, 60, 0, 300, 1, 1 }, { 60, 60, 0, 60, 2, 2 },
		{ 300, 300, 0, 300, 2, 2 }, { 300, 60, 0, 300, 2, 2 },
		{ 290, 60, 0, 300, 1, 2 }, { 300, 300, 12, 300, 2, 3 },
		{ 0, 60, 0, 3600, 1, 1 }, { 900, 300, 0, 300, 4, 4 },
		{ 600, 600, 0, 300, 3, 4 } };
	int failed = 0;

	for (size_t i = 0; i < sizeof(w) / sizeof(w[0]); i++) {
		struct window_steps s =
		    window_steps(w[i].boot, w[i].interval, w[i].age, w[i].step);

		if (s.from == w[i].from && s.to == w[i].to)
			continue;
		printf("calibrate: window %zu: %zu to %zu\n", i, s.from, s.to);
		failed++;
	}
	return failed;
}

int
main(void)
{
	static const size_t sizes[] = { 1, 2, 50, 200, 201, 202, 300, 1008,
		2016, 4032, 4096 };
	int failed = known_answers() + wider() + gaps() + windows();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		failed += shape(sizes[i]);
	return failed != 0;
}
