/*
 * The online forecaster against the research code it was written from (a C
 * program of its own, compiled apart, which printed the table), and what must
 * hold of any forecaster: nothing from the future, the same when it is stored
 * in between, and in any unit.
 */
#include "model/online.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { H = 12, LEADS = 7 };

static const struct {
	double step;
	size_t n, origin;
	double want[LEADS]; /* of the leads 1 2 3 4 6 8 12 */
} table[] = {
	{ 300, 6000, 119,
	    { 121.189499, 121.189499, 121.189499, 121.189499, 121.189499,
		121.189499, 121.189499 } },
	{ 300, 6000, 1199,
	    { 146.514023, 147.326736, 147.898575, 149.132767, 149.285614,
		150.177536, 150.503113 } },
	{ 300, 6000, 2939,
	    { 145.030991, 144.983414, 145.526459, 145.710831, 146.084579,
		146.82843, 147.738266 } },
	{ 300, 6000, 3059,
	    { 133.18956, 131.689285, 129.688019, 127.693993, 124.29657,
		119.743744, 111.934792 } },
	{ 300, 6000, 4499,
	    { 154.903748, 154.707016, 154.286057, 153.550995, 151.669205,
		149.535156, 147.070084 } },
	{ 300, 6000, 5999,
	    { 134.621536, 134.878326, 135.243835, 135.570663, 136.905136,
		137.971222, 142.825485 } },
	{ 3600, 600, 11,
	    { 125.228783, 125.228783, 125.228783, 125.228783, 125.228783,
		125.228783, 125.228783 } },
	{ 3600, 600, 119,
	    { 120.820534, 129.854492, 129.554062, 134.835403, 147.497375,
		146.961853, 121.410698 } },
	{ 3600, 600, 293,
	    { 147.478302, 147.316254, 142.848328, 137.572083, 122.40654,
		100.519516, 71.4875031 } },
	{ 3600, 600, 305,
	    { 91.9875259, 81.9960251, 83.8650742, 89.7682724, 103.915909,
		123.516098, 150.897308 } },
	{ 3600, 600, 449,
	    { 134.830002, 135.729675, 129.720413, 135.893585, 153.870789,
		173.074875, 200.09581 } },
	{ 3600, 600, 599,
	    { 167.125351, 180.859344, 191.193466, 198.29837, 208.535339,
		207.960648, 179.677765 } },
};

/* A day's wave with noise, a step in the middle, and rare spikes */
static struct grid
make(double step, size_t n)
{
	struct grid g = { .step = step, .t0 = 1500000000, .n = n };
	uint32_t x = 12345;

	g.y = malloc(n * sizeof(*g.y));
	g.ok = malloc(n);
	if (g.y == NULL || g.ok == NULL)
		abort();
	memset(g.ok, 1, n);
	for (size_t i = 0; i < n; i++) {
		double u;

		x = x * 1664525u + 1013904223u;
		u = x / 4294967296.0;
		g.y[i] = 100 + 40 * sin(2 * M_PI * (double)i / (86400 / step)) +
		    20 * u;
		if (i >= n / 2)
			g.y[i] += 60;
		if (u > 0.995)
			g.y[i] *= 3;
	}
	return g;
}

static double *
learn(const struct grid *g, size_t n, struct online **o)
{
	double *path = malloc(n * LEADS * sizeof(*path));
	struct online *m = path ? online_fit(g, n, H, path) : NULL;

	if (m == NULL)
		abort();
	if (o != NULL)
		*o = m;
	else
		online_free(m);
	return path;
}

static int
known_answers(void)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct grid g = make(table[i].step, table[i].n);
		double *path = learn(&g, g.n, NULL);

		for (size_t k = 0; k < LEADS; k++) {
			double x = path[table[i].origin * LEADS + k];

			/* the research code kept single precision */
			if (fabs(x / table[i].want[k] - 1) < 1e-6)
				continue;
			printf("online: step %g, origin %zu, lead %zu: %.9g, "
			       "not %.9g\n",
			    table[i].step, table[i].origin, k, x,
			    table[i].want[k]);
			failed++;
		}
		free(path);
		grid_free(&g);
	}
	return failed;
}

static int
same(const char *what, const double *a, const double *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(&a[i], &b[i], sizeof(*a)) != 0) {
			printf("online: %s: value %zu is %.17g, not %.17g\n",
			    what, i, a[i], b[i]);
			return 1;
		}
	return 0;
}

/* Another future must not change a bit of what was said before it */
static int
no_future(void)
{
	struct grid a = make(900, 3000), b = make(900, 3000);
	double *x, *y;
	int failed;

	for (size_t i = 2000; i < b.n; i++)
		b.y[i] = 1e6;
	x = learn(&a, a.n, NULL);
	y = learn(&b, b.n, NULL);
	failed = same("the future leaks", x, y, (size_t)2000 * LEADS);
	free(x);
	free(y);
	grid_free(&a);
	grid_free(&b);
	return failed;
}

/* Stored, read back and carried on: as if it had never stopped. Also where the
 * grid begins later, as a shorter history does. */
static int
carried_on(size_t cut)
{
	struct grid g = make(900, 3000), tail = g;
	double *all = learn(&g, g.n, NULL), *path;
	struct online *o, *p;
	struct buf b = { 0 };
	struct unpack u;
	int failed;

	free(learn(&g, 2700, &o));
	online_save(o, &b);
	u = (struct unpack){ (unsigned char *)b.s, b.len, 0 };
	p = online_load(&u);
	if (p == NULL || online_end(p) != online_end(o) || u.n != 0) {
		printf("online: what was stored does not load\n");
		return 1;
	}
	path = malloc(301 * LEADS * sizeof(*path));
	tail.y += cut;
	tail.ok += cut;
	tail.n -= cut;
	tail.t0 += (int64_t)cut * 900;
	failed = path == NULL ||
	    online_run(p, &tail, 2699 - cut, 3000 - cut, path) != 0 ||
	    same("carried on", path, all + 2699 * LEADS, 301 * LEADS);
	free(path);
	free(all);
	buf_free(&b);
	online_free(o);
	online_free(p);
	grid_free(&g);
	return failed;
}

/* Bytes that are no model are refused at whatever length they are cut */
static int
refused(void)
{
	struct grid g = make(3600, 600);
	struct online *o = NULL, *p;
	struct buf b = { 0 };
	int failed = 0;

	free(learn(&g, g.n, &o));
	online_save(o, &b);
	for (size_t n = 0; n < b.len; n += n < 200 ? 1 : 97) {
		struct unpack u = { (unsigned char *)b.s, n, 0 };

		p = online_load(&u);
		if (p != NULL) {
			printf("online: %zu of %zu bytes load\n", n, b.len);
			failed = 1;
		}
		online_free(p);
	}
	b.s[0] = 99;
	p = online_load(&(struct unpack){ (unsigned char *)b.s, b.len, 0 });
	failed |= p != NULL;
	online_free(p);
	online_free(o);
	buf_free(&b);
	grid_free(&g);
	return failed;
}

/* In another unit the same forecast; shifted by whole weeks too */
static int
units(void)
{
	struct grid a = make(900, 3000), b = make(900, 3000);
	double *x, *y;
	int failed = 0;

	for (size_t i = 0; i < b.n; i++)
		b.y[i] *= 1024; /* exact in binary */
	b.t0 += 52 * 7 * 86400;
	x = learn(&a, a.n, NULL);
	y = learn(&b, b.n, NULL);
	for (size_t i = 0; i < a.n * LEADS && !failed; i++)
		if (fabs(y[i] / 1024 - x[i]) > 1e-9 * fabs(x[i])) {
			printf("online: value %zu in another unit: %.17g, "
			       "not %.17g\n",
			    i, y[i] / 1024, x[i]);
			failed = 1;
		}
	free(x);
	free(y);
	grid_free(&a);
	grid_free(&b);
	return failed;
}

/* A constant load is forecast as it is; so is nothing at all */
static int
constant(double value)
{
	struct grid g = make(3600, 400);
	double *x;
	int failed = 0;

	for (size_t i = 0; i < g.n; i++)
		g.y[i] = value;
	x = learn(&g, g.n, NULL);
	for (size_t i = 0; i < g.n * LEADS; i++)
		if (!(fabs(x[i] - value) <= 1e-9 * value)) {
			printf("online: constant %g: %.17g\n", value, x[i]);
			failed = 1;
			break;
		}
	free(x);
	grid_free(&g);
	return failed;
}

int
main(void)
{
	size_t lead[ONLINE_LEADS];
	int failed = known_answers() + no_future() + carried_on(0) +
	    carried_on(1000) + refused() + units() + constant(7.25) +
	    constant(0);

	if (online_leads(12, lead) != LEADS || lead[6] != 12 ||
	    online_leads(1, lead) != 1 || lead[0] != 1 ||
	    online_leads(1000000, lead) > ONLINE_LEADS) {
		printf("online: wrong leads\n");
		failed++;
	}
	return failed != 0;
}
