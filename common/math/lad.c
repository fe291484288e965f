#include "math/lad.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/linear.h"
#include "math/quantile.h"

enum {
	ROUNDS = 4,
	WIDTH = LAD_FEATURES + 1, /* features, a 1 for the intercept, zeros */
	LANES = 4,
	ROWS = 4, /* added up at once */
	BLOCK = 128, /* rows summed in single precision before going on */
	TAIL = 64 /* an end of a sample is found among so many */
};

/* four sums at once; the compiler makes of it what the processor has */
typedef float lanes
    __attribute__((vector_size(LANES * sizeof(float)), may_alias));

struct problem {
	size_t n;
	size_t features;
	size_t used; /* features + 1, rounded up to whole lanes */
	lanes *z; /* n rows of used floats */
	float *y, *weight, *residual, *spare;
	double mean[LAD_FEATURES], scale[LAD_FEATURES];
};

/*
 * The k smallest of x times sign, rising, in out. Most x are above the k-th
 * found so far, so this is one comparison each.
 */
static void
smallest(const float *x, size_t n, size_t k, float sign, float *out)
{
	size_t have = 0;

	for (size_t i = 0; i < n; i++) {
		float v = x[i] * sign;
		size_t at;

		if (have == k && !(v < out[k - 1]))
			continue;
		at = have < k ? have++ : k - 1;
		for (; at > 0 && out[at - 1] > v; at--)
			out[at] = out[at - 1];
		out[at] = v;
	}
}

/* quantiles p and 1-p of x, p small; x may be reordered */
static void
ends(float *x, size_t n, double p, float *low, float *high)
{
	float tail[TAIL] = { 0 };
	double h = (double)(n - 1) * p;
	size_t j = (size_t)h;

	if (j + 2 > n || j + 2 > TAIL) {
		*low = (float)math_quantile_off(x, n, p);
		*high = (float)math_quantile_off(x, n, 1.0 - p);
		return;
	}
	h -= (double)j;
	smallest(x, n, j + 2, 1.0F, tail);
	*low = (float)((1.0 - h) * (double)tail[j] + h * (double)tail[j + 1]);
	smallest(x, n, j + 2, -1.0F, tail);
	*high = -(float)((1.0 - h) * (double)tail[j] + h * (double)tail[j + 1]);
}

static void
standardise(struct problem *p, struct lad *m, size_t f, float *column)
{
	float *z = (float *)p->z;
	double mean = 0.0;
	double square = 0.0;
	float factor;

	memcpy(p->spare, column, p->n * sizeof *column);
	ends(p->spare, p->n, 0.005, &m->low[f], &m->high[f]);
	for (size_t i = 0; i < p->n; i++) {
		float v = column[i] < m->low[f] ? m->low[f] : column[i];

		column[i] = v > m->high[f] ? m->high[f] : v;
		mean += (double)column[i];
	}
	mean /= (double)p->n;
	for (size_t i = 0; i < p->n; i++) {
		double d = (double)column[i] - mean;

		square += d * d;
	}
	p->mean[f] = mean;
	p->scale[f] = sqrt(square / (double)p->n);
	/* a feature that does not vary says nothing */
	if (!(p->scale[f] > 1e-9 * (1.0 + fabs(mean))))
		p->scale[f] = 0.0;
	factor = p->scale[f] > 0.0 ? (float)(1.0 / p->scale[f]) : 0.0F;
	for (size_t i = 0; i < p->n; i++)
		z[i * p->used + f] = (float)((double)column[i] - mean) * factor;
}

/* the sums of a block of rows: products of features, and with the target */
struct sums {
	lanes product[WIDTH + 1][WIDTH / LANES];
};

/*
 * ROWS rows at once, so that a sum is fetched and put back once for all of
 * them; it is added to in the order of the rows.
 */
static inline void
add_rows(const struct problem *p, size_t first, struct sums *sum)
{
	size_t width = p->used / LANES;
	const lanes *z[ROWS];
	float w[ROWS];

	for (size_t k = 0; k < ROWS; k++) {
		size_t r = first + k < p->n ? first + k : p->n - 1;

		z[k] = p->z + r * width;
		w[k] = first + k < p->n ? p->weight[r] : 0.0F;
	}
	for (size_t i = 0; i < p->used; i++) {
		float a = w[0] * ((const float *)z[0])[i];
		float b = w[1] * ((const float *)z[1])[i];
		float c = w[2] * ((const float *)z[2])[i];
		float d = w[3] * ((const float *)z[3])[i];

		for (size_t j = 0; j <= i / LANES; j++) {
			lanes s = sum->product[i][j] + a * z[0][j];

			s += b * z[1][j];
			s += c * z[2][j];
			sum->product[i][j] = s + d * z[3][j];
		}
	}
	for (size_t k = 0; k < ROWS && first + k < p->n; k++)
		for (size_t j = 0; j < width; j++)
			sum->product[WIDTH][j] +=
			    w[k] * p->y[first + k] * z[k][j];
}

/* a += sum w z z', lower triangle in whole lanes; b += sum w y z */
static void
gather(const struct problem *p, double *a, double *b)
{
	struct sums sum;

	for (size_t from = 0; from < p->n; from += BLOCK) {
		size_t to = from + BLOCK < p->n ? from + BLOCK : p->n;

		memset(&sum, 0, sizeof sum);
		for (size_t r = from; r < to; r += ROWS)
			add_rows(p, r, &sum);
		for (size_t i = 0; i < p->used; i++) {
			const float *s = (const float *)sum.product[i];

			for (size_t j = 0; j <= i; j++)
				a[i * p->used + j] += (double)s[j];
			s = (const float *)sum.product[WIDTH];
			b[i] += (double)s[i];
		}
	}
}

/* one round: the weighted ridge; beta has the intercept at [features] */
static void
solve(const struct problem *p, double *beta)
{
	double a[WIDTH * WIDTH] = { 0 };

	memset(beta, 0, p->used * sizeof *beta);
	gather(p, a, beta);
	for (size_t i = 0; i < p->used; i++) {
		double *d = &a[i * p->used + i];

		if (i < p->features)
			*d += 1e-3 * (double)p->n;
		else if (i > p->features)
			*d = 1.0; /* padding */
	}
	/* positive definite by the ridge, so this cannot fail */
	if (linear_cholesky(a, p->used) == 0)
		linear_solve(a, p->used, beta);
	else
		memset(beta, 0, p->used * sizeof *beta);
}

static void
reweigh(struct problem *p, const double *beta)
{
	size_t width = p->used / LANES;
	lanes coefficient[WIDTH / LANES] = { 0 };
	float *c = (float *)coefficient;
	double sum = 0.0;
	float floor_;

	for (size_t i = 0; i < p->used; i++)
		c[i] = (float)beta[i];
	for (size_t r = 0; r < p->n; r++) {
		lanes s = { 0 };

		for (size_t j = 0; j < width; j++)
			s += coefficient[j] * p->z[r * width + j];
		p->residual[r] = fabsf(p->y[r] - (s[0] + s[1] + s[2] + s[3]));
	}
	memcpy(p->spare, p->residual, p->n * sizeof *p->spare);
	floor_ = 1e-3F * math_selectf(p->spare, p->n, p->n / 2) + 1e-12F;
	for (size_t r = 0; r < p->n; r++) {
		float e = p->residual[r];

		p->weight[r] = 1.0F / (e > floor_ ? e : floor_);
		sum += (double)p->weight[r];
	}
	for (size_t r = 0; r < p->n; r++) {
		double w = (double)p->weight[r] * (double)p->n / sum;

		p->weight[r] = (float)(w < 50.0 ? w : 50.0);
	}
}

static void
problem_free(struct problem *p)
{
	free(p->z);
	free(p->y);
}

static int
problem_new(struct problem *p, size_t rows, size_t features)
{
	size_t used = (features + 1 + LANES - 1) / LANES * LANES;

	*p = (struct problem){ .n = rows, .features = features, .used = used };
	p->z = aligned_alloc(sizeof(lanes), rows * used * sizeof(float));
	p->y = malloc(4 * rows * sizeof *p->y);
	if (p->z == NULL || p->y == NULL) {
		problem_free(p);
		return -1;
	}
	memset(p->z, 0, rows * used * sizeof(float));
	p->weight = p->y + rows;
	p->residual = p->weight + rows;
	p->spare = p->residual + rows;
	return 0;
}

int
lad_fit(struct lad *m, const float *x, size_t stride, const uint32_t *row,
    size_t rows, const float *y, size_t features)
{
	struct problem p;
	double beta[WIDTH];
	double intercept;

	if (rows < 1 || features < 1 || features > LAD_FEATURES) {
		errno = EINVAL;
		return -1;
	}
	if (problem_new(&p, rows, features) < 0)
		return -1;
	memset(m, 0, sizeof *m);
	m->features = features;
	for (size_t f = 0; f < features; f++) {
		for (size_t i = 0; i < rows; i++)
			p.residual[i] = x[row[i] * stride + f];
		standardise(&p, m, f, p.residual);
	}
	for (size_t i = 0; i < rows; i++) {
		((float *)p.z)[i * p.used + features] = 1.0F;
		p.y[i] = p.spare[i] = y[row[i]];
		p.weight[i] = 1.0F;
	}
	ends(p.spare, rows, 0.001, &m->least, &m->most);
	solve(&p, beta);
	for (int k = 0; k < ROUNDS; k++) {
		reweigh(&p, beta);
		solve(&p, beta);
	}
	intercept = beta[features];
	for (size_t f = 0; f < features; f++) {
		double s = p.scale[f] > 0.0 ? beta[f] / p.scale[f] : 0.0;

		m->slope[f] = (float)s;
		intercept -= s * p.mean[f];
	}
	m->intercept = (float)intercept;
	problem_free(&p);
	return 0;
}

float
lad_predict(const struct lad *m, const float *x)
{
	float s = m->intercept;

	for (size_t f = 0; f < m->features; f++) {
		float v = x[f] < m->low[f] ? m->low[f] : x[f];

		s += m->slope[f] * (v > m->high[f] ? m->high[f] : v);
	}
	s = s < m->least ? m->least : s;
	return s > m->most ? m->most : s;
}
