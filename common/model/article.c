/*
 * article.c - the random forest that many tutorials on predictive scaling
 * show: mean, deviation, extremes and median of the last 168 points, their
 * trend (mean of 6 less mean of 24), hour and weekday; 100 trees of depth 15.
 * There it learns the mean of the points that follow.
 *
 * What had to be mended: a row has the label of its own time; the label is the
 * load so many steps ahead (the lead is one more feature), in steps of the
 * series whatever they are; it learns the load, not the utilisation that its
 * own decisions change; and what it says is checked on data that it has not
 * seen. For comparison: as-train(1) says what it is worth.
 */
#include "model/method.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/bins.h"
#include "math/forest.h"
#include "math/quantile.h"
#include "math/random.h"
#include "model/online.h"

enum {
	WINDOW = 168,
	FEATURES_ARTICLE = 11,
	WIDTH = 16,
	TREES = 100,
	HELD_TREES = 50,
	LEADS_A_ROW = 2, /* drawn for each origin */
	ROWS_MAX = 1 << 17,
	ORIGINS = 8064, /* the newest, to learn from */
	FORM = 2
};

struct article {
	size_t H;
	struct bins bins;
	struct trees *trees;
};

/* What does not depend on the lead: of the WINDOW points up to t, or of those
 * that there are */
static void
look(const struct grid *g, size_t t, float x[static FEATURES_ARTICLE])
{
	size_t n = t + 1 < WINDOW ? t + 1 : WINDOW;
	double w[WINDOW], sum = 0, squares = 0, lo = INFINITY, hi = -INFINITY;
	double six = 0, day = 0, mean;

	memcpy(w, g->y + t + 1 - n, n * sizeof(*w));
	for (size_t i = 0; i < n; i++) {
		sum += w[i];
		lo = fmin(lo, w[i]);
		hi = fmax(hi, w[i]);
		six += i + 6 >= n ? w[i] : 0;
		day += i + 24 >= n ? w[i] : 0;
	}
	mean = sum / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (w[i] - mean) * (w[i] - mean);
	x[0] = (float)mean;
	x[1] = (float)sqrt(squares / (double)n);
	x[2] = (float)hi;
	x[3] = (float)lo;
	x[4] = (float)math_median(w, n);
	x[7] = (float)(six / (double)(n < 6 ? n : 6) -
	    day / (double)(n < 24 ? n : 24));
}

/* The clock at the target and the lead itself */
static void
look_ahead(
    const struct grid *g, size_t t, size_t h, float x[static FEATURES_ARTICLE])
{
	double s = (double)g->t0 + (double)(t + h) * g->step;
	double day = floor(s / 86400), hour = floor((s - day * 86400) / 3600);

	x[5] = (float)hour;
	x[6] = (float)fmod(day + 3, 7); /* 1970 began on a Thursday */
	x[8] = (float)sin(hour / 24 * 2 * M_PI);
	x[9] = (float)cos(hour / 24 * 2 * M_PI);
	x[10] = (float)h;
}

struct examples {
	size_t n;
	float *x, *y;
	uint8_t *code;
};

static void
examples_free(struct examples *e)
{
	free(e->x);
	free(e->y);
	free(e->code);
}

/* Rows of the origins from..n-2 with targets before n */
static int
collect(
    struct examples *e, const struct grid *g, size_t n, size_t H, uint64_t seed)
{
	size_t from = n > ORIGINS + WINDOW ? n - ORIGINS : WINDOW;
	size_t most = n > from ? (n - from) * LEADS_A_ROW : 0;
	struct random r = random_start(seed, 7);

	*e = (struct examples){ 0 };
	if (most > ROWS_MAX)
		return -1;
	e->x = malloc((most * FEATURES_ARTICLE + 1) * sizeof(*e->x));
	e->y = malloc((most + 1) * sizeof(*e->y));
	e->code = calloc(most + 1, WIDTH);
	if (e->x == NULL || e->y == NULL || e->code == NULL)
		return -1;
	for (size_t t = from; t + 1 < n; t++) {
		float x[FEATURES_ARTICLE];

		if (!g->ok[t])
			continue;
		look(g, t, x);
		for (int k = 0; k < LEADS_A_ROW; k++) {
			size_t h = 1 + random_below(&r, (uint32_t)H);

			if (t + h >= n || !g->ok[t + h])
				continue;
			look_ahead(g, t, h, x);
			memcpy(e->x + e->n * FEATURES_ARTICLE, x, sizeof(x));
			e->y[e->n++] = (float)g->y[t + h];
		}
	}
	return 0;
}

static void
release(void *v)
{
	struct article *m = v;

	if (m == NULL)
		return;
	bins_free(&m->bins);
	trees_free(m->trees);
	free(m);
}

static struct article *
grow(const struct grid *g, size_t n, const struct method_options *o,
    unsigned trees, const char **why)
{
	static const uint8_t column[FEATURES_ARTICLE] = { 0, 1, 2, 3, 4, 5, 6,
		7, 8, 9, 10 };
	struct trees_options to = { .trees = trees,
		.depth = 15,
		.minleaf = 5,
		.mtry = FEATURES_ARTICLE,
		.keep = 4,
		.threads = o->threads,
		.share = 0.632,
		.clip = 1,
		.seed = o->seed,
		.column = column,
		.columns = FEATURES_ARTICLE };
	struct article *m = calloc(1, sizeof(*m));
	struct examples e = { 0 };

	*why = "out of memory";
	if (m == NULL || collect(&e, g, n, o->H, o->seed) != 0)
		goto fail;
	*why = "too little history for the method 'article'";
	if (e.n < 100)
		goto fail;
	*why = "out of memory";
	m->H = o->H;
	if (bins_fit(&m->bins, e.x, e.n, FEATURES_ARTICLE, FEATURES_ARTICLE) !=
	    0)
		goto fail;
	bins_apply(&m->bins, e.x, e.n, FEATURES_ARTICLE, e.code, WIDTH);
	m->trees = trees_fit(e.code, WIDTH, e.y, e.n, &to);
	if (m->trees == NULL)
		goto fail;
	examples_free(&e);
	return m;
fail:
	examples_free(&e);
	release(m);
	return NULL;
}

/* The mean of what the leaves kept, as a forest of regression trees has it */
static double
say(const struct article *m, const float *x)
{
	uint16_t count[TREES_VALUES] = { 0 };
	uint8_t code[WIDTH] = { 0 };
	double sum = 0, n = 0;

	bins_apply(&m->bins, x, 1, FEATURES_ARTICLE, code, WIDTH);
	trees_count(m->trees, code, WIDTH, 1, count);
	for (int k = 0; k < TREES_VALUES; k++) {
		sum += (double)count[k] * (double)m->trees->value[k];
		n += count[k];
	}
	return n > 0 ? sum / n : 0;
}

static void
put_row(const struct article *m, const struct grid *g, size_t t, size_t leads,
    const size_t *lead, double *to)
{
	float x[FEATURES_ARTICLE];

	look(g, t, x);
	for (size_t k = 0; k < leads; k++) {
		look_ahead(g, t, lead[k], x);
		to[k] = say(m, x);
	}
}

/* What a forest that knows the first three quarters says of the rest */
static int
hold_out(struct rows *held, const struct grid *g, size_t n,
    const struct method_options *o, const char **why)
{
	size_t lead[ONLINE_LEADS], leads = online_leads(o->H, lead);
	double day = 86400 / g->step;
	size_t part = n / 4 < (size_t)(7 * day) ? n / 4 : (size_t)(7 * day);
	struct article *m = grow(g, n - part, o, HELD_TREES, why);
	int r = -1;

	*held = (struct rows){ 0 };
	if (m == NULL)
		return -1;
	*why = "out of memory";
	if (rows_init(held, part, lead, leads, 0, 0) != 0)
		goto end;
	for (size_t i = 0; i < part; i++) {
		held->origin[i] = n - part + i;
		put_row(
		    m, g, n - part + i, leads, lead, held->median + i * leads);
	}
	r = 0;
end:
	release(m);
	return r;
}

static void *
fit(const struct grid *g, size_t n, const struct method_options *o,
    struct rows *held, const char **why)
{
	struct article *m;

	if (held != NULL && hold_out(held, g, n, o, why) != 0)
		return NULL;
	m = grow(g, n, o, TREES, why);
	if (m == NULL && held != NULL)
		rows_free(held);
	return m;
}

static int
predict(const void *v, const struct grid *g, const size_t *origin, size_t count,
    struct rows *rows, struct path *path)
{
	const struct article *m = v;
	size_t lead[ONLINE_LEADS], leads = online_leads(m->H, lead);

	if (rows_init(rows, count, lead, leads, 0, 0) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		rows->origin[i] = origin[i];
		put_row(m, g, origin[i], leads, lead, rows->median + i * leads);
	}
	for (size_t k = 1; k <= path->H; k++)
		path->median[k - 1] = rows_at(rows, rows->median, count - 1, k);
	path->has_mean = path->has_q = 0;
	path->peaks = 0;
	return 0;
}

static void
save(const void *v, struct buf *out)
{
	const struct article *m = v;
	size_t n = trees_packed_size(m->trees);

	pack_uint(out, FORM, 1);
	pack_uint(out, m->H, 4);
	for (size_t i = 0; i < (size_t)FEATURES_ARTICLE * BINS_EDGES; i++) {
		uint32_t bits;

		memcpy(&bits, &m->bins.edge[i], sizeof(bits));
		pack_uint(out, bits, 4);
	}
	if (buf_reserve(out, n) != 0)
		return;
	trees_pack(m->trees, (unsigned char *)out->s + out->len);
	out->len += n;
	out->s[out->len] = '\0';
}

static int
load_bins(struct article *m, struct unpack *u)
{
	size_t n = (size_t)FEATURES_ARTICLE * BINS_EDGES;

	m->bins.features = FEATURES_ARTICLE;
	m->bins.edge = malloc(n * sizeof(*m->bins.edge));
	if (m->bins.edge == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		uint32_t bits = (uint32_t)unpack_uint(u, 4);

		memcpy(&m->bins.edge[i], &bits, sizeof(bits));
		if (isnan(m->bins.edge[i]))
			return -1;
	}
	return 0;
}

static void *
load(struct unpack *u, size_t H, double step, const char **why)
{
	struct article *m = calloc(1, sizeof(*m));
	int form = (int)unpack_uint(u, 1);
	size_t used;

	(void)step; /* it knows none */
	*why = "out of memory";
	if (m == NULL)
		return NULL;
	m->H = (size_t)unpack_uint(u, 4);
	*why = "not a model of the method 'article'";
	if (form != FORM || m->H != H || load_bins(m, u) != 0 || u->failed)
		goto fail;
	m->trees = trees_unpack(u->p, u->n, FEATURES_ARTICLE, &used, why);
	if (m->trees != NULL)
		return m;
fail:
	release(m);
	return NULL;
}

const struct method method_article = { "article", 1, fit, predict, save, load,
	release };
