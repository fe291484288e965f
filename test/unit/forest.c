/*
 * The forest method: what must hold whatever the load. No value here comes
 * from the code under test but those that are compared with one another.
 */
#include "model/forest.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "math/bins.h"
#include "math/forest.h"
#include "math/random.h"

enum { DAY = 96, N = 12 * DAY, H = 8, STEP = 900 };

static double y[N];
static unsigned char ok[N];
static struct grid grid = { STEP, 1700006400, N, y, ok };

/* a daily curve, noise, and an hour missing every other day */
static void
make_load(void)
{
	struct random r = random_start(7, 7);

	for (size_t i = 0; i < N; i++) {
		double turn = 6.283185307179586 * (double)(i % DAY) / DAY;
		double noise = (double)random_below(&r, 1000) / 100.0;

		ok[i] = i % (2 * DAY) < 4 && i > DAY ? 0 : 1;
		y[i] = ok[i] ? 100.0 + 60.0 * sin(turn) + noise : y[i - 1];
	}
}

static struct forest_options
options(void)
{
	return (struct forest_options){
		.H = H, .trees = 8, .seed = 3, .profile = 1
	};
}

static struct buf
packed(const struct grid *g, size_t n, struct forest_options o)
{
	const char *why;
	struct buf b = { 0 };
	struct forest *f = forest_fit(g, n, &o, NULL, &why);

	check(f != NULL && forest_save(f, &b) == 0);
	forest_free(f);
	return b;
}

static int
same_path(const struct forest_path *a, const struct forest_path *b)
{
	size_t all = (2 + FOREST_QUANTILES) * H * sizeof *a->median;

	return memcmp(a->median, b->median, all) == 0 &&
	    memcmp(a->peak, b->peak, sizeof a->peak) == 0 &&
	    memcmp(a->weight, b->weight, sizeof a->weight) == 0;
}

/* two classes that one feature tells apart, among eleven of noise */
static void
trees_learn(void)
{
	enum { ROWS = 4000, WIDE = 16 };
	static uint8_t x[ROWS * WIDE];
	static float target[ROWS];
	static uint16_t count[ROWS * TREES_VALUES];
	static const uint8_t column[12] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
		11 };
	struct trees_options o = { .trees = 10,
		.depth = 10,
		.minleaf = 20,
		.mtry = 6,
		.keep = 5,
		.share = 0.5,
		.clip = 0.98,
		.seed = 1,
		.column = column,
		.columns = 12 };
	struct random r = random_start(1, 2);
	struct trees *t;
	size_t wrong = 0;

	for (size_t i = 0; i < ROWS; i++) {
		for (size_t k = 0; k < WIDE; k++)
			x[i * WIDE + k] = (uint8_t)random_below(&r, 64);
		target[i] = x[i * WIDE + 4] > 40 ? 5.0F : -1.0F;
	}
	t = trees_fit(x, WIDE, target, ROWS, &o);
	if (!check(t != NULL))
		return;
	trees_count(t, x, WIDE, ROWS, count);
	for (size_t i = 0; i < ROWS; i++) {
		double sum = 0.0;
		unsigned n = 0;

		for (size_t v = 0; v < TREES_VALUES; v++) {
			n += count[i * TREES_VALUES + v];
			sum +=
			    (double)t->value[v] * count[i * TREES_VALUES + v];
		}
		check(n == o.trees * o.keep);
		wrong += fabs(sum / n - (double)target[i]) > 1.0;
	}
	check(wrong < ROWS / 100);
	trees_free(t);
	o.mtry = 13;
	check(trees_fit(x, WIDE, target, ROWS, &o) == NULL);
	o.mtry = 6;
	check(trees_fit(x, WIDE, target, 0, &o) == NULL);
}

static void
bins_count(void)
{
	float x[1000];
	uint8_t code[1000];
	struct bins b;

	for (size_t i = 0; i < 1000; i++)
		x[i] = (float)((i * 7919) % 1000);
	if (!check(bins_fit(&b, x, 1000, 1, 1) == 0))
		return;
	bins_apply(&b, x, 1000, 1, code, 1);
	for (size_t i = 0; i < 1000; i++) {
		size_t below = 0;

		for (size_t k = 0; k < BINS_EDGES; k++)
			below += b.edge[k] < x[i];
		check(code[i] == below);
		check(abs((int)below - (int)(x[i] * 64 / 1000)) <= 1);
	}
	bins_free(&b);
}

/* same input, same bytes, for any number of threads and with a held-out call */
static void
same_bytes(void)
{
	struct forest_options o = options();
	struct buf a = packed(&grid, N, o);
	struct forest_holdout held;
	struct buf c = { 0 };
	const char *why;
	struct buf b;
	struct forest *f;

	o.threads = 3;
	b = packed(&grid, N, o);
	check(a.len == b.len && memcmp(a.s, b.s, a.len) == 0);
	f = forest_fit(&grid, N, &o, &held, &why);
	check(f != NULL && forest_save(f, &c) == 0);
	check(a.len == c.len && memcmp(a.s, c.s, a.len) == 0);
	check(held.count == N / 4 && held.from == N - N / 4 - 1);
	forest_holdout_free(&held);
	forest_free(f);
	buf_free(&b);
	o.seed++;
	b = packed(&grid, N, o);
	check(a.len != b.len || memcmp(a.s, b.s, a.len) != 0);
	buf_free(&a);
	buf_free(&b);
	buf_free(&c);
}

/*
 * Of a long series only the end is fitted to, but origins count from its start;
 * the forecasts there are good ones.
 */
static void
long_series(void)
{
	struct forest_options o = options();
	struct forest_holdout held;
	const char *why;
	struct forest *f;
	double error = 0.0;

	o.window = 2 * DAY;
	f = forest_fit(&grid, N, &o, &held, &why);
	check(f != NULL && held.count == 9 * DAY / 4);
	check(held.from + held.count == N - 1);
	for (size_t i = 0; i + H < held.count; i++)
		error += fabs(held.median[i * H] - y[held.from + i + 1]) /
		    (double)(held.count - H);
	check(error < 4.0);
	forest_holdout_free(&held);
	forest_free(f);
}

/* garbage after the origin changes no bit of model, forecast or profile */
static void
no_leak(void)
{
	static double other[N];
	struct forest_options o = options();
	const size_t n = N - 2 * DAY;
	struct grid spoilt = { STEP, grid.t0, N, other, ok };
	struct buf a = packed(&grid, n, o);
	struct forest_path p[2];
	double profile[2][DAY];
	const char *why;
	struct forest *f;
	struct buf b;

	memcpy(other, y, sizeof y);
	for (size_t i = n; i < N; i++)
		other[i] = i % 3 ? 1e9 : -1e9;
	b = packed(&spoilt, n, o);
	check(a.len == b.len && memcmp(a.s, b.s, a.len) == 0);
	f = forest_load((unsigned char *)a.s, a.len, &why);
	check(f != NULL && forest_path_init(&p[0], H) == 0 &&
	    forest_path_init(&p[1], H) == 0);
	for (size_t at = n - 1; f != NULL && at < N; at += 17) {
		memcpy(other, y, sizeof y);
		for (size_t i = at + 1; i < N; i++)
			other[i] = i % 3 ? 1e9 : -1e9;
		check(forest_predict(f, &grid, at, &p[0]) == 0);
		check(forest_predict(f, &spoilt, at, &p[1]) == 0);
		check(same_path(&p[0], &p[1]));
		check(forest_profile(f, &grid, at, DAY, profile[0]) == 0);
		check(forest_profile(f, &spoilt, at, DAY, profile[1]) == 0);
		check(memcmp(profile[0], profile[1], sizeof profile[0]) == 0);
	}
	forest_path_free(&p[0]);
	forest_path_free(&p[1]);
	forest_free(f);
	buf_free(&a);
	buf_free(&b);
}

/* a clock a week ahead, and several origins at once, change nothing either */
static void
same_forecast(void)
{
	struct forest_options o = options();
	struct grid later = grid;
	size_t origin[5] = { N - 90, N - 60, N - 59, N - 2, N - 1 };
	struct forest_path many[5];
	struct forest_path one;
	const char *why;
	struct forest *f = forest_fit(&grid, N - 100, &o, NULL, &why);
	struct forest *g;

	later.t0 += 7 * 86400;
	g = forest_fit(&later, N - 100, &o, NULL, &why);
	check(f != NULL && g != NULL && forest_path_init(&one, H) == 0);
	for (int i = 0; i < 5; i++)
		check(forest_path_init(&many[i], H) == 0);
	check(forest_predict_all(f, &grid, origin, 5, many) == 0);
	for (int i = 0; i < 5; i++) {
		check(forest_predict(f, &grid, origin[i], &one) == 0);
		check(same_path(&one, &many[i]));
		check(forest_predict(g, &later, origin[i], &one) == 0);
		check(same_path(&one, &many[i]));
		forest_path_free(&many[i]);
	}
	forest_path_free(&one);
	forest_free(f);
	forest_free(g);
}

/* the load in another unit gives the forecast in that unit, nearly */
static void
scaled(void)
{
	static double big[N];
	struct forest_options o = options();
	struct grid other = { STEP, grid.t0, N, big, ok };
	struct forest_path a;
	struct forest_path b;
	const char *why;
	struct forest *f = forest_fit(&grid, N, &o, NULL, &why);
	struct forest *g;

	for (size_t i = 0; i < N; i++)
		big[i] = y[i] * 1000.0;
	g = forest_fit(&other, N, &o, NULL, &why);
	check(f != NULL && g != NULL && forest_path_init(&a, H) == 0 &&
	    forest_path_init(&b, H) == 0);
	check(forest_predict(f, &grid, N - 1, &a) == 0);
	check(forest_predict(g, &other, N - 1, &b) == 0);
	for (size_t h = 0; h < H; h++)
		check(fabs(b.median[h] / 1000.0 - a.median[h]) < 2.0);
	forest_path_free(&a);
	forest_path_free(&b);
	forest_free(f);
	forest_free(g);
}

/* quantiles rise with level and window; a day known by heart is forecast */
static void
sound(void)
{
	struct forest_options o = options();
	struct forest_path p;
	double profile[DAY];
	const char *why;
	struct forest *f = forest_fit(&grid, N - DAY, &o, NULL, &why);
	double error = 0.0;
	double sum = 0.0;

	check(f != NULL && forest_grown(f) && forest_horizon(f) == H);
	check(forest_path_init(&p, H) == 0);
	for (size_t at = N - DAY - 1; at + H < N; at++) {
		check(forest_predict(f, &grid, at, &p) == 0);
		for (size_t h = 0; h < H; h++) {
			error += fabs(p.median[h] - y[at + h + 1]) / H / DAY;
			for (int k = 1; k < FOREST_QUANTILES; k++)
				check(p.quantile[k][h] >= p.quantile[k - 1][h]);
			for (int k = 0; k < FOREST_QUANTILES; k++)
				check(p.peak[FOREST_WINDOWS - 1][k] >=
				    p.quantile[k][h]);
		}
		for (int w = 0; w < FOREST_WINDOWS; w++)
			for (int k = 1; k < FOREST_QUANTILES; k++)
				check(p.peak[w][k] >= p.peak[w][k - 1]);
		sum = 0.0;
		for (int k = 0; k < FOREST_EXPERTS; k++)
			sum += p.weight[k];
		check(fabs(sum - 1.0) < 1e-9);
	}
	/* the noise alone, uniform over 10, costs 2.5 */
	check(error < 4.0);
	error = 0.0;
	check(forest_profile(f, &grid, N - DAY - 1, DAY, profile) == 0);
	for (size_t h = 0; h < DAY; h++)
		error += fabs(profile[h] - y[N - DAY + h]) / DAY;
	check(error < 6.0);
	check(forest_profile(f, &grid, N - 1, DAY + 1, profile) == -1);
	check(forest_predict(f, &grid, N, &p) == -1);
	forest_path_free(&p);
	forest_free(f);
}

/* from one sample to a few hours, and what never changes */
static void
little(void)
{
	static double flat[N];
	static const size_t length[] = { 1, 2, 5, 20, 40, 95, 96, 97, 200, N };
	struct forest_options o = options();
	struct grid still = { STEP, 0, N, flat, ok };
	struct forest_path p;
	struct buf b;
	const char *why;
	struct forest *f;

	check(forest_path_init(&p, H) == 0);
	for (size_t i = 0; i < N; i++)
		flat[i] = 42.0;
	for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
		b = packed(&grid, length[i], o);
		f = forest_load((unsigned char *)b.s, b.len, &why);
		check(f != NULL);
		check(forest_predict(f, &grid, length[i] - 1, &p) == 0);
		for (size_t h = 0; h < H; h++)
			check(isfinite(p.median[h]) && p.quantile[4][h] >= 0.0);
		forest_free(f);
		buf_free(&b);
		f = forest_fit(&still, length[i], &o, NULL, &why);
		check(forest_predict(f, &still, length[i] - 1, &p) == 0);
		for (size_t h = 0; h < H; h++)
			check(p.median[h] == 42.0 && p.quantile[4][h] == 42.0);
		check(p.peak[4][4] == 42.0);
		forest_free(f);
	}
	forest_path_free(&p);
	o.H = 0;
	check(forest_fit(&grid, N, &o, NULL, &why) == NULL);
	o.H = FOREST_H_MAX + 1;
	check(forest_fit(&grid, N, &o, NULL, &why) == NULL);
	o.H = H;
	check(forest_fit(&grid, 0, &o, NULL, &why) == NULL);
}

/* every second sample, then so few that none has a target H steps away */
static void
sparse(void)
{
	static double value[N];
	static unsigned char seen[N];
	static const size_t every[] = { 2, 3, H + 1, 13 };
	struct grid g = { STEP, grid.t0, N, value, seen };
	struct forest_options o = options();

	for (size_t k = 0; k < sizeof every / sizeof *every; k++) {
		const char *why;
		struct forest_holdout held;
		struct forest_path p;
		struct forest *f;

		for (size_t i = 0; i < N; i++) {
			seen[i] = i % every[k] == 0;
			value[i] = y[i - i % every[k]];
		}
		f = forest_fit(&g, N, &o, &held, &why);
		check(f != NULL && forest_path_init(&p, H) == 0);
		check(forest_grown(f) == (every[k] <= H));
		check(forest_grown(f) == (held.count > 0));
		check(forest_predict(f, &g, N - 1, &p) == 0);
		for (size_t h = 0; h < H; h++)
			check(p.median[h] > 30.0 && p.median[h] < 180.0);
		forest_path_free(&p);
		forest_holdout_free(&held);
		forest_free(f);
	}
}

/* use a model in every way there is */
static void
exercise(const struct forest *f)
{
	struct forest_path p;
	double profile[DAY];

	if (forest_path_init(&p, forest_horizon(f)) < 0)
		return;
	forest_predict(f, &grid, N - 1, &p);
	forest_profile(f, &grid, N - 1, DAY, profile);
	forest_path_free(&p);
}

/* bytes flipped, cut off or added never crash what reads them */
static void
hostile(void)
{
	struct forest_options o = {
		.H = H, .trees = 2, .seed = 3, .profile = 1
	};
	struct buf b = packed(&grid, N, o);
	unsigned char *bytes = malloc(b.len + 1);
	struct random r = random_start(11, 11);
	const char *why = NULL;
	size_t loaded = 0;

	if (!check(bytes != NULL && !b.failed))
		return;
	for (int round = 0; round < 400; round++) {
		size_t n = b.len;
		uint32_t flips = 1 + random_below(&r, 8);
		struct forest *f;

		memcpy(bytes, b.s, n);
		if (round % 4 == 0)
			n = random_below(&r, (uint32_t)b.len);
		for (uint32_t k = 0; k < flips && round > 0; k++) {
			/* half of them where the counts are */
			uint32_t most = k % 2 ? 64 : (uint32_t)b.len;

			bytes[random_below(&r, most)] ^=
			    (unsigned char)(1 << random_below(&r, 8));
		}
		why = NULL;
		f = forest_load(bytes, n, &why);
		check(f != NULL || why != NULL);
		check(n == b.len || f == NULL);
		if (f != NULL) {
			exercise(f);
			loaded++;
		}
		forest_free(f);
	}
	bytes[b.len] = 0;
	memcpy(bytes, b.s, b.len);
	check(forest_load(bytes, b.len + 1, &why) == NULL);
	check(loaded > 0);
	free(bytes);
	buf_free(&b);
}

int
main(void)
{
	make_load();
	bins_count();
	trees_learn();
	same_bytes();
	long_series();
	no_leak();
	same_forecast();
	scaled();
	sound();
	little();
	sparse();
	hostile();
	return check_status();
}
