#include "model/xgboost.h"

#ifdef WITH_XGBOOST

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xgboost/c_api.h>

#include "math/random.h"
#include "model/features.h"
#include "model/online.h"

enum {
	FORM = 1,
	ROUNDS = 200,
	DRAWS = 4, /* rows an origin, of leads drawn at random */
	ROWS_LEAST = 100,
	WINDOW = 8064, /* the newest origins, to learn from */
	HELD_LEAST = 500, /* steps held out at most where a week has fewer */
	HELD_ROWS = 32768, /* more origins times leads than these are thinned */
	BYTES_MAX = 1 << 24
};

struct boosted {
	size_t H;
	size_t period;
	double step;
	struct transform transform;
	BoosterHandle booster;
};

static void
release(void *v)
{
	struct boosted *m = v;

	if (m == NULL)
		return;
	if (m->booster != NULL)
		XGBoosterFree(m->booster);
	free(m);
}

struct examples {
	size_t n;
	float *x, *y; /* n rows of FEATURES, n targets */
};

static void
examples_free(struct examples *e)
{
	free(e->x);
	free(e->y);
}

/* rows of the origins first..n-2 with observed targets before n */
static int
collect(struct examples *e, const struct features *f, size_t first, size_t n,
    size_t H, uint64_t seed)
{
	size_t most = n > first ? (n - first) * DRAWS : 0;
	struct random r = random_start(seed, 1);

	*e = (struct examples){ 0 };
	e->x = malloc((most + 1) * FEATURES * sizeof(*e->x));
	e->y = malloc((most + 1) * sizeof(*e->y));
	if (e->x == NULL || e->y == NULL)
		return -1;
	for (size_t t = first; t + 1 < n; t++) {
		if (!f->ok[t])
			continue;
		for (int k = 0; k < DRAWS; k++) {
			size_t h = 1 + random_below(&r, (uint32_t)H);

			if (t + h >= n || !f->ok[t + h])
				continue;
			features_row(f, t, h, e->x + e->n * FEATURES);
			e->y[e->n++] = (float)(f->u[t + h] - f->level[t]);
		}
	}
	return 0;
}

/* one thread: sums in another order would give another model */
static int
configure(BoosterHandle b, uint64_t seed)
{
	static const char *const fixed[][2] = { { "verbosity", "0" },
		{ "nthread", "1" }, { "booster", "gbtree" },
		{ "tree_method", "hist" }, { "objective", "reg:squarederror" },
		{ "base_score", "0" }, { "max_depth", "6" }, { "eta", "0.05" },
		{ "subsample", "0.7" }, { "colsample_bytree", "0.7" },
		{ "min_child_weight", "10" } };
	char text[32];

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (XGBoosterSetParam(b, fixed[i][0], fixed[i][1]) != 0)
			return -1;
	snprintf(text, sizeof(text), "%u", (unsigned)(seed & 0x7fffffff));
	return XGBoosterSetParam(b, "seed", text);
}

static int
boost(struct boosted *m, const struct examples *e, uint64_t seed)
{
	DMatrixHandle d = NULL;
	int r = -1;

	if (XGDMatrixCreateFromMat_omp(e->x, e->n, FEATURES, NAN, &d, 1) != 0)
		return -1;
	if (XGDMatrixSetFloatInfo(d, "label", e->y, e->n) != 0 ||
	    XGBoosterCreate(&d, 1, &m->booster) != 0 ||
	    configure(m->booster, seed) != 0)
		goto end;
	for (int i = 0; i < ROUNDS; i++)
		if (XGBoosterUpdateOneIter(m->booster, i, d) != 0)
			goto end;
	r = 0;
end:
	XGDMatrixFree(d);
	return r;
}

/* learn the samples 0..n-1 */
static struct boosted *
grow(const struct grid *g, size_t n, const struct method_options *o,
    const char **why)
{
	size_t day = (size_t)fmax(1, floor(86400 / g->step));
	size_t first = day + o->H < n / 4 ? day + o->H : n / 4;
	struct boosted *m = calloc(1, sizeof(*m));
	struct examples e = { 0 };
	struct features *f = NULL;
	int r = -1;

	if (n > WINDOW && n - WINDOW > first)
		first = n - WINDOW;
	*why = "out of memory";
	if (m == NULL)
		goto end;
	m->H = o->H;
	m->step = g->step;
	m->transform = transform_fit(g->y + first, n - first);
	f = features_new(g, n, m->transform, 0, first);
	if (f == NULL)
		goto end;
	m->period = f->period = features_period(f, n);
	if (collect(&e, f, first, n, o->H, o->seed) != 0)
		goto end;
	*why = "too little history for the method 'xgboost'";
	if (e.n < ROWS_LEAST)
		goto end;
	*why = "the library XGBoost could not learn it";
	r = boost(m, &e, o->seed);
end:
	examples_free(&e);
	features_free(f);
	if (r == 0)
		return m;
	release(m);
	return NULL;
}

/* the forecast of row i of r into its medians, from what the library said */
static void
put_row(const struct boosted *m, const struct features *f, struct rows *r,
    size_t i, const float *said)
{
	size_t t = r->origin[i];

	for (size_t k = 0; k < r->leads; k++) {
		double most = f->top[t] + 0.22314355131420976; /* ln 1.25 */
		double u = fmin(f->level[t] + (double)said[k], most);

		r->median[i * r->leads + k] =
		    fmax(transform_from(m->transform, u), m->transform.base);
	}
}

/* fill the medians of r at its origins and leads */
static int
say(const struct boosted *m, const struct grid *g, struct rows *r)
{
	static const char how[] =
	    "{\"type\":0,\"training\":false,\"iteration_begin\":0,"
	    "\"iteration_end\":0,\"strict_shape\":false}";
	size_t n = r->count * r->leads;
	struct features *f = NULL;
	float *x = malloc((n + 1) * FEATURES * sizeof(*x));
	DMatrixHandle d = NULL;
	const bst_ulong *shape;
	bst_ulong dim;
	const float *said;
	int status = -1;

	if (r->count > 0)
		f = features_new(g, r->origin[r->count - 1] + 1, m->transform,
		    0, r->origin[0]);
	if (x == NULL || f == NULL)
		goto end;
	f->period = m->period;
	for (size_t i = 0; i < n; i++)
		features_row(f, r->origin[i / r->leads], r->lead[i % r->leads],
		    x + i * FEATURES);
	if (XGDMatrixCreateFromMat_omp(x, n, FEATURES, NAN, &d, 1) != 0 ||
	    XGBoosterPredictFromDMatrix(
		m->booster, d, how, &shape, &dim, &said) != 0 ||
	    dim != 1 || shape[0] != n)
		goto end;
	for (size_t i = 0; i < r->count; i++)
		put_row(m, f, r, i, said + i * r->leads);
	status = 0;
end:
	if (d != NULL)
		XGDMatrixFree(d);
	features_free(f);
	free(x);
	return status;
}

/* what a model of the first three quarters says of the rest, a week at most */
static int
hold_out(struct rows *held, const struct grid *g, size_t n,
    const struct method_options *o, const char **why)
{
	size_t lead[LEADS_MAX], leads = leads_every(o->H, lead);
	size_t most = (size_t)(7 * 86400 / g->step);
	size_t part, every;
	struct boosted *m;
	int r = -1;

	most = most > HELD_LEAST ? most : HELD_LEAST;
	part = n / 4 < most ? n / 4 : most;
	*held = (struct rows){ 0 };
	m = grow(g, n - part, o, why);
	if (m == NULL)
		return -1;
	*why = "out of memory";
	every = part * leads / HELD_ROWS + 1;
	if (rows_init(held, (part + every - 1) / every, lead, leads, 0, 0) != 0)
		goto end;
	for (size_t i = 0; i < held->count; i++)
		held->origin[i] = n - part - 1 + i * every;
	r = held->count > 0 ? say(m, g, held) : 0;
	if (r != 0)
		rows_free(held);
end:
	release(m);
	return r;
}

static void *
fit(const struct grid *g, size_t n, const struct method_options *o,
    struct rows *held, const char **why)
{
	struct boosted *m;

	if (held != NULL && hold_out(held, g, n, o, why) != 0)
		return NULL;
	m = grow(g, n, o, why);
	if (m == NULL && held != NULL)
		rows_free(held);
	return m;
}

static int
predict(const void *v, const struct grid *g, const size_t *origin, size_t count,
    struct rows *rows, struct path *path)
{
	const struct boosted *m = v;
	size_t lead[LEADS_MAX], leads = leads_every(m->H, lead);

	if (rows_init(rows, count, lead, leads, 0, 0) != 0)
		return -1;
	memcpy(rows->origin, origin, count * sizeof(*origin));
	if (say(m, g, rows) != 0) {
		rows_free(rows);
		return -1;
	}
	for (size_t k = 1; k <= path->H; k++)
		path->median[k - 1] = rows_at(rows, rows->median, count - 1, k);
	path->has_mean = path->has_q = 0;
	path->peaks = 0;
	return 0;
}

/* after our own numbers the library's, as UBJSON: the form that it promises to
 * read in later versions and on other machines */
static void
save(const void *v, struct buf *out)
{
	const struct boosted *m = v;
	const double real[] = { m->transform.base, m->transform.offset };
	const char *bytes;
	bst_ulong n;

	pack_uint(out, FORM, 1);
	pack_uint(out, m->H, 4);
	pack_uint(out, m->period, 4);
	pack_double(out, real, 2);
	if (XGBoosterSaveModelToBuffer(
		m->booster, "{\"format\":\"ubj\"}", &n, &bytes) != 0) {
		out->failed = 1;
		return;
	}
	pack_uint(out, n, 4);
	buf_add(out, bytes, n);
}

static int
load_booster(struct boosted *m, const struct unpack *u, size_t n)
{
	bst_ulong features = 0;

	return n < 1 || n > BYTES_MAX || n != u->n ||
		XGBoosterCreate(NULL, 0, &m->booster) != 0 ||
		XGBoosterSetParam(m->booster, "verbosity", "0") != 0 ||
		XGBoosterSetParam(m->booster, "nthread", "1") != 0 ||
		XGBoosterLoadModelFromBuffer(m->booster, u->p, n) != 0 ||
		XGBoosterGetNumFeature(m->booster, &features) != 0 ||
		features != FEATURES
	    ? -1
	    : 0;
}

static void *
load(struct unpack *u, size_t H, double step, const char **why)
{
	struct boosted *m = calloc(1, sizeof(*m));
	int form = (int)unpack_uint(u, 1);
	double real[2];
	size_t n;

	(void)step; /* it knows none */
	*why = "out of memory";
	if (m == NULL)
		return NULL;
	m->H = (size_t)unpack_uint(u, 4);
	m->period = (size_t)unpack_uint(u, 4);
	unpack_double(u, real, 2);
	n = (size_t)unpack_uint(u, 4);
	m->transform = (struct transform){ real[0], real[1] };
	*why = "not a model of the method 'xgboost'";
	if (!u->failed && form == FORM && m->H == H && isfinite(real[0]) &&
	    real[1] > 0 && isfinite(real[1]) && load_booster(m, u, n) == 0)
		return m;
	release(m);
	return NULL;
}

const struct method method_xgboost = { "xgboost", 1, fit, predict, save, load,
	release };

#endif
