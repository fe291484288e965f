#include "model/forest_core.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/random.h"
#include "model/pool.h"

enum {
	LEADS = 4, /* rows an origin, of leads drawn at random */
	BLOCK = 32 /* rows looked up at once */
};

/* A goes without 14 and 16 and 18 to 24 but 17, C without all of 13 to 24 */
static const uint8_t columns_a[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 15, 17, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
	40, 41 };
static const uint8_t columns_b[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
	31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41 };
static const uint8_t columns_c[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41 };

static const struct {
	const uint8_t *column;
	size_t columns;
} sets[SETS] = { { columns_a, sizeof columns_a },
	{ columns_b, sizeof columns_b }, { columns_c, sizeof columns_c } };

/* the rows that a core is fitted to */
struct rows {
	size_t n;
	float *x; /* n rows of FEATURES */
	float *y; /* u[t+h] - level[t], then what the linear part leaves */
	uint16_t *lead;
	uint8_t *code; /* n rows of WIDTH */
};

static void
rows_free(struct rows *r)
{
	free(r->x);
	free(r->y);
	free(r->lead);
	free(r->code);
}

static int
rows_make(struct rows *r, const struct features *f, size_t first, size_t n,
    size_t H, uint64_t seed)
{
	size_t most = n > first ? (n - first) * LEADS : 0;
	struct random random = random_start(seed, 1);

	*r = (struct rows){ 0 };
	r->x = malloc((most + 1) * FEATURES * sizeof *r->x);
	r->y = malloc((most + 1) * sizeof *r->y);
	r->lead = malloc((most + 1) * sizeof *r->lead);
	r->code = aligned_alloc(WIDTH, (most + 1) * WIDTH);
	if (r->x == NULL || r->y == NULL || r->lead == NULL ||
	    r->code == NULL) {
		rows_free(r);
		return -1;
	}
	for (size_t t = first; t + 1 < n; t++) {
		if (!f->ok[t])
			continue;
		for (int k = 0; k < LEADS; k++) {
			size_t h = 1 + random_below(&random, (uint32_t)H);

			if (t + h >= n || !f->ok[t + h])
				continue;
			features_row(f, t, h, r->x + r->n * FEATURES);
			r->y[r->n] = (float)(f->u[t + h] - f->level[t]);
			r->lead[r->n++] = (uint16_t)h;
		}
	}
	return 0;
}

static size_t
group_of(const struct core *c, size_t h)
{
	return (h - 1) * c->groups / c->H;
}

/* a linear model for each group of leads; one with no row predicts 0 */
static int
fit_linear(struct core *c, const struct rows *r)
{
	uint32_t *row = malloc((r->n + 1) * sizeof *row);
	int bad = 0;

	c->groups = r->n / c->H > 1500 ? c->H : c->H < 4 ? c->H : 4;
	c->lad = calloc(c->groups, sizeof *c->lad);
	if (row == NULL || c->lad == NULL) {
		free(row);
		return -1;
	}
	for (size_t g = 0; !bad && g < c->groups; g++) {
		size_t n = 0;

		for (size_t i = 0; i < r->n; i++)
			if (group_of(c, r->lead[i]) == g)
				row[n++] = (uint32_t)i;
		if (n > 0)
			bad = lad_fit(&c->lad[g], r->x, FEATURES, row, n, r->y,
			    FEATURES_LINEAR);
	}
	free(row);
	return bad;
}

float
core_linear(const struct core *c, size_t h, const float *x)
{
	return lad_predict(&c->lad[group_of(c, h)], x);
}

static struct trees_options
core_options(const struct forest_options *o, int set, unsigned trees)
{
	size_t columns = sets[set].columns;

	return (struct trees_options){
		.trees = trees,
		.depth = 14,
		.minleaf = 12,
		.mtry = (unsigned)(0.25 * (double)columns),
		.keep = 8,
		.threads = o->threads,
		.share = 0.4,
		.clip = 0.98,
		.seed = o->seed + (uint64_t)set,
		.column = sets[set].column,
		.columns = columns,
	};
}

static int
fit_sets(struct core *c, struct rows *r, const struct forest_options *o,
    unsigned trees)
{
	static const int order[SETS] = { 0, 2, 1 };

	for (int k = 0; k < SETS; k++) {
		int set = order[k];
		struct trees_options to = core_options(o, set, trees);

		/* B is last: its targets replace those of A and C */
		for (size_t i = 0; set == 1 && i < r->n; i++)
			r->y[i] -= lad_predict(&c->lad[group_of(c, r->lead[i])],
			    r->x + i * FEATURES);
		c->set[set] = trees_fit(r->code, WIDTH, r->y, r->n, &to);
		if (c->set[set] == NULL)
			return -1;
	}
	return 0;
}

int
core_fit(struct core *c, const struct features *f, size_t first, size_t n,
    const struct forest_options *o, unsigned trees)
{
	struct rows r;
	int bad;

	*c = (struct core){ .H = o->H };
	if (rows_make(&r, f, first, n, o->H, o->seed) < 0)
		return -1;
	if (r.n == 0)
		errno = ENODATA;
	bad = r.n == 0 || fit_linear(c, &r) < 0 ||
	    bins_fit(&c->bins, r.x, r.n, FEATURES, FEATURES) < 0;
	if (!bad) {
		bins_apply(&c->bins, r.x, r.n, FEATURES, r.code, WIDTH);
		bad = fit_sets(c, &r, o, trees) < 0;
	}
	rows_free(&r);
	return bad ? -1 : 0;
}

void
core_free(struct core *c)
{
	for (int k = 0; k < SETS; k++)
		trees_free(c->set[k]);
	bins_free(&c->bins);
	free(c->lad);
	*c = (struct core){ 0 };
}

static struct outlook *
outlook_new(size_t count, size_t H, int full)
{
	size_t each = count * H;
	size_t total = each * EXPERTS;
	struct outlook *o = calloc(1, sizeof *o);
	double *room;

	if (full)
		total += each * (1 + POOLED * FOREST_QUANTILES);
	room = malloc((total + 1) * sizeof *room);
	if (o == NULL || room == NULL) {
		free(room);
		free(o);
		return NULL;
	}
	o->count = count;
	o->H = H;
	for (int k = 0; k < EXPERTS; k++, room += each)
		o->median[k] = room;
	if (!full)
		return o;
	o->mean = room;
	room += each;
	for (int k = 0; k < POOLED; k++, room += each * FOREST_QUANTILES)
		o->quantile[k] = room;
	return o;
}

void
outlook_free(struct outlook *o)
{
	if (o == NULL)
		return;
	free(o->median[0]);
	free(o);
}

/* some rows on their way through the three forests */
struct batch {
	size_t rows;
	size_t trees; /* of each forest that are asked */
	size_t at[BLOCK]; /* the row's place in the outlook */
	double level[BLOCK], cap[BLOCK];
	float linear[BLOCK];
	float x[BLOCK * FEATURES];
	_Alignas(WIDTH) uint8_t code[BLOCK * WIDTH];
	uint16_t count[SETS][BLOCK * TREES_VALUES];
	float exp_a[TREES_VALUES], exp_b[TREES_VALUES];
	double hour, last; /* flat experts of the present origin */
};

static double
unit_of(const struct features *f, double u)
{
	return fmax(transform_from(f->transform, u), f->transform.base);
}

/* exp of each value that a forest can hand out */
static void
exp_table(const struct trees *t, float *out)
{
	for (size_t v = 0; v < TREES_VALUES; v++)
		out[v] = expf(fminf(t->value[v], 60.0F));
}

/* the mean of the inverse of the pool's samples: exp(a + s) = exp(a) exp(s) */
static double
mean_of(const struct features *f, const struct batch *b, size_t i,
    const uint16_t *ac, const uint16_t *bb)
{
	double level = exp(fmin(b->level[i], 60.0));
	double most = exp(fmin(b->level[i] + b->cap[i], 60.0)) / level;
	uint32_t n = 0;
	double sum;

	sum = pool_sum(ac, b->exp_a, 1.0, most, &n);
	sum += pool_sum(bb, b->exp_b, exp((double)b->linear[i]), most, &n);
	sum = level * sum / (n > 0 ? (double)n : 1.0);
	return fmax(sum - f->transform.offset, 0.0) + f->transform.base;
}

/* one expert's quantiles, in the unit of the load */
static void
read_pool(const struct features *f, const struct batch *b, size_t i,
    const struct pool *p, int expert, struct outlook *o)
{
	double q[FOREST_QUANTILES];
	size_t n = o->mean == NULL ? 1 : FOREST_QUANTILES;

	pool_quantiles(p, b->cap[i], forest_quantile, n, q);
	for (size_t k = 0; k < n; k++)
		q[k] = unit_of(f, b->level[i] + q[k]);
	o->median[expert][b->at[i]] = q[0];
	if (n > 1)
		memcpy(o->quantile[expert] + b->at[i] * FOREST_QUANTILES, q,
		    sizeof q);
}

/*
 * Quantiles of one row. The pool holds all samples of A and B and half of
 * those of C: twice the former and once the latter.
 */
static void
read_row(const struct core *c, const struct features *f, const struct batch *b,
    size_t i, struct outlook *o)
{
	const uint16_t *count[SETS];
	uint16_t ac[TREES_VALUES];
	uint16_t bb[TREES_VALUES];
	struct pool one;
	struct pool two;
	struct pool both;

	for (int k = 0; k < SETS; k++)
		count[k] = b->count[k] + i * TREES_VALUES;
	for (size_t v = 0; v < TREES_VALUES; v++) {
		ac[v] = (uint16_t)(2 * count[0][v] + count[2][v]);
		bb[v] = (uint16_t)(2 * count[1][v]);
	}
	pool_one(&one, count[0], c->set[0]->value, 0.0F);
	read_pool(f, b, i, &one, EXPERT_A, o);
	pool_one(&one, count[2], c->set[2]->value, 0.0F);
	read_pool(f, b, i, &one, EXPERT_C, o);
	pool_one(&two, count[1], c->set[1]->value, b->linear[i]);
	read_pool(f, b, i, &two, EXPERT_B, o);
	pool_one(&one, ac, c->set[0]->value, 0.0F);
	pool_upper(&both, &one, 1, &two, 2);
	read_pool(f, b, i, &both, EXPERT_POOL, o);
	if (o->mean != NULL)
		o->mean[b->at[i]] = mean_of(f, b, i, ac, bb);
}

static void
flush(const struct core *c, const struct features *f, struct batch *b,
    struct outlook *o)
{
	bins_apply(&c->bins, b->x, b->rows, FEATURES, b->code, WIDTH);
	memset(b->count, 0, sizeof b->count);
	for (int k = 0; k < SETS; k++)
		trees_count_some(
		    c->set[k], b->trees, b->code, WIDTH, b->rows, b->count[k]);
	for (size_t i = 0; i < b->rows; i++)
		read_row(c, f, b, i, o);
	b->rows = 0;
}

/* the experts that need no forest, and the row for the forests */
static void
push(const struct core *c, const struct features *f, size_t t, size_t h,
    size_t at, struct batch *b, struct outlook *o)
{
	size_t i = b->rows++;
	float *x = b->x + i * FEATURES;

	features_row(f, t, h, x);
	b->at[i] = at;
	b->level[i] = f->level[t];
	/* never above 1.25 times the greatest value there was */
	b->cap[i] = f->top[t] + 0.22314355131420976 - f->level[t];
	b->linear[i] = lad_predict(&c->lad[group_of(c, h)], x);
	o->median[EXPERT_HOUR][at] = b->hour;
	o->median[EXPERT_LAST][at] = b->last;
	o->median[EXPERT_DAY][at] = o->median[EXPERT_LAST][at];
	if (t + h >= f->day && t + h - f->day <= t)
		o->median[EXPERT_DAY][at] = unit_of(f, f->u[t + h - f->day]);
}

struct outlook *
core_outlook(const struct core *c, const struct features *f,
    const size_t *origin, size_t count, int full)
{
	struct outlook *o = outlook_new(count, c->H, full);
	struct batch *b =
	    aligned_alloc(WIDTH, (sizeof *b + WIDTH - 1) / WIDTH * WIDTH);

	if (o == NULL || b == NULL) {
		outlook_free(o);
		free(b);
		return NULL;
	}
	b->rows = 0;
	b->trees = full ? SIZE_MAX : (c->set[0]->trees + 1) / 2;
	exp_table(c->set[0], b->exp_a);
	exp_table(c->set[1], b->exp_b);
	for (size_t i = 0; i < count; i++) {
		b->hour = unit_of(f, f->median1[origin[i]]);
		b->last = unit_of(f, f->u[origin[i]]);
		for (size_t h = 1; h <= c->H; h++) {
			push(c, f, origin[i], h, i * c->H + h - 1, b, o);
			if (b->rows == BLOCK)
				flush(c, f, b, o);
		}
	}
	flush(c, f, b, o);
	free(b);
	return o;
}
