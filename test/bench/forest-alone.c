/*
 * forest-alone TREES MINLEAF MTRY SHARE DEPTH [FOLDER] - one forest, measured
 *
 * Standard input: STEP_S T0_EPOCH H N, then N values, "nan" where missing.
 * The matrix is that of the method forest: its features at the origins of the
 * first three quarters, four leads each, and the change of the load until
 * then, in logarithms; what comes after is held out. With FOLDER the matrix is
 * written there for others, as float32: x, y, held-x, held-y, and no forest is
 * grown. Else a line of JSON goes to standard output: rows, features, processor
 * time of growing (cutting features into bins included) and of asking, and what
 * the answers are worth. One thread.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "math/bins.h"
#include "math/forest.h"
#include "math/random.h"
#include "model/features.h"
#include "model/pool.h"

enum { LEADS = 4, WIDTH = 64, WINDOW = 8064, LEVELS = 5 };

struct part {
	size_t n;
	float *x, *y;
};

static void
fail(const char *what)
{
	fprintf(stderr, "forest-alone: %s\n", what);
	exit(2);
}

static void *
room(size_t n, size_t size)
{
	void *p = aligned_alloc(64, ((n + 1) * size + 63) / 64 * 64);

	if (p == NULL)
		fail("out of memory");
	return p;
}

static double
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* values are carried forwards over gaps; a leading gap takes the first */
static size_t
read_series(struct grid *g)
{
	size_t H, first = 0;

	if (scanf("%lf %ld %zu %zu", &g->step, &g->t0, &H, &g->n) != 4 ||
	    H < 1 || g->n < 64 || g->n > GRID_MAX)
		fail("bad series");
	g->y = room(g->n, sizeof(*g->y));
	g->ok = room(g->n, 1);
	for (size_t i = 0; i < g->n; i++) {
		if (scanf("%lf", &g->y[i]) != 1)
			fail("a value is missing");
		g->ok[i] = isfinite(g->y[i]) ? 1 : 0;
		if (!g->ok[i] && i > 0)
			g->y[i] = g->y[i - 1];
	}
	while (first < g->n && !g->ok[first])
		first++;
	for (size_t i = 0; first < g->n && i < first; i++)
		g->y[i] = g->y[first];
	return H;
}

/* rows of the origins from..to-1 with targets before until */
static struct part
collect(const struct features *f, size_t from, size_t to, size_t until,
    size_t H, uint64_t stream)
{
	size_t most = (to - from) * LEADS;
	struct random r = random_start(1, stream);
	struct part p = { 0, room(most * FEATURES, sizeof(float)),
		room(most, sizeof(float)) };

	for (size_t t = from; t < to; t++) {
		for (int k = 0; f->ok[t] && k < LEADS; k++) {
			size_t h = 1 + random_below(&r, (uint32_t)H);

			if (t + h >= until || !f->ok[t + h])
				continue;
			features_row(f, t, h, p.x + p.n * FEATURES);
			p.y[p.n++] = (float)(f->u[t + h] - f->level[t]);
		}
	}
	if (p.n == 0)
		fail("too short a series");
	return p;
}

static void
write_floats(const char *folder, const char *name, const float *x, size_t n)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(x, sizeof(*x), n, f) != n || fclose(f) != 0)
		fail(strerror(errno));
}

/* what the answers are worth: rows of counts against what came */
static void
judge(const struct trees *t, const uint16_t *count, const struct part *held)
{
	static const double level[LEVELS] = { 0.5, 0.8, 0.9, 0.95, 0.99 };
	double median = 0, mean = 0, squares = 0, pinball = 0;

	for (size_t i = 0; i < held->n; i++) {
		const uint16_t *c = count + i * TREES_VALUES;
		double q[LEVELS], sum = 0, n = 0, y = (double)held->y[i];
		struct pool pool;

		pool_one(&pool, c, t->value, 0.0F);
		pool_quantiles(&pool, INFINITY, level, LEVELS, q);
		for (size_t v = 0; v < TREES_VALUES; v++) {
			sum += c[v] * (double)t->value[v];
			n += c[v];
		}
		median += fabs(y - q[0]);
		mean += fabs(y - sum / n);
		squares += (y - sum / n) * (y - sum / n);
		for (int k = 0; k < LEVELS; k++)
			pinball += (y - q[k]) * (level[k] - (y < q[k]));
	}
	printf("\"mae_median\":%.6g,\"mae_mean\":%.6g,\"rmse\":%.6g,"
	       "\"pinball\":%.6g}\n",
	    median / (double)held->n, mean / (double)held->n,
	    sqrt(squares / (double)held->n),
	    pinball / (LEVELS * (double)held->n));
}

static void
run(const struct trees_options *o, const struct part *p,
    const struct part *held)
{
	uint8_t *code = room(p->n, WIDTH), *asked = room(held->n, WIDTH);
	uint16_t *count = room(held->n, TREES_VALUES * sizeof(*count));
	struct trees *t;
	struct bins b;
	double t0, t1, t2;

	memset(code, 0, p->n * WIDTH);
	memset(asked, 0, held->n * WIDTH);
	memset(count, 0, held->n * TREES_VALUES * sizeof(*count));
	t0 = cpu();
	if (bins_fit(&b, p->x, p->n, FEATURES, FEATURES) != 0)
		fail("out of memory");
	bins_apply(&b, p->x, p->n, FEATURES, code, WIDTH);
	t = trees_fit(code, WIDTH, p->y, p->n, o);
	if (t == NULL)
		fail(strerror(errno));
	t1 = cpu();
	bins_apply(&b, held->x, held->n, FEATURES, asked, WIDTH);
	trees_count(t, asked, WIDTH, held->n, count);
	t2 = cpu();
	printf("{\"rows\":%zu,\"held\":%zu,\"features\":%d,\"fit_s\":%.6g,"
	       "\"predict_s\":%.6g,\"bytes\":%zu,",
	    p->n, held->n, FEATURES, t1 - t0, t2 - t1, trees_packed_size(t));
	judge(t, count, held);
	trees_free(t);
	bins_free(&b);
	free(code);
	free(asked);
	free(count);
}

static struct trees_options
options(int argc, char *argv[])
{
	static uint8_t column[FEATURES];
	struct trees_options o = { .keep = 8,
		.clip = 0.98,
		.seed = 1,
		.column = column,
		.columns = FEATURES };

	if (argc < 6)
		fail("TREES MINLEAF MTRY SHARE DEPTH [FOLDER]");
	o.trees = (unsigned)strtoul(argv[1], NULL, 10);
	o.minleaf = (unsigned)strtoul(argv[2], NULL, 10);
	o.mtry = (unsigned)strtoul(argv[3], NULL, 10);
	o.share = strtod(argv[4], NULL);
	o.depth = (unsigned)strtoul(argv[5], NULL, 10);
	for (uint8_t i = 0; i < FEATURES; i++)
		column[i] = i;
	return o;
}

int
main(int argc, char *argv[])
{
	struct trees_options o = options(argc, argv);
	struct grid g = { 0 };
	size_t H = read_series(&g);
	size_t split = g.n - g.n / 4;
	size_t first = split > WINDOW ? split - WINDOW : 0;
	struct features *f = features_new(
	    &g, g.n, transform_fit(g.y + first, split - first), 0, first);
	struct part p, held;

	if (f == NULL)
		fail("out of memory");
	f->period = features_period(f, split);
	first = first > 0 ? first : f->day + H;
	if (first + H >= split)
		fail("too short a series");
	p = collect(f, first, split, split, H, 1);
	held = collect(f, split, g.n - H, g.n, H, 2);
	if (argc > 6) {
		write_floats(argv[6], "x", p.x, p.n * FEATURES);
		write_floats(argv[6], "y", p.y, p.n);
		write_floats(argv[6], "held-x", held.x, held.n * FEATURES);
		write_floats(argv[6], "held-y", held.y, held.n);
	} else
		run(&o, &p, &held);
	free(p.x);
	free(p.y);
	free(held.x);
	free(held.y);
	features_free(f);
	free(g.y);
	free(g.ok);
	return 0;
}
