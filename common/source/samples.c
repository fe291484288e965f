#include "source/samples.h"

#include <math.h>
#include <stdlib.h>

int
samples_add(struct samples *x, int64_t t, double v)
{
	if (x->n == x->cap) {
		size_t cap = x->cap > 0 ? 2 * x->cap : 256;
		struct sample *s = realloc(x->s, cap * sizeof(*s));

		if (s == NULL)
			return -1;
		x->s = s;
		x->cap = cap;
	}
	x->s[x->n] = (struct sample){ t, isfinite(v) ? v : (double)NAN, x->n };
	x->n++;
	return 0;
}

void
samples_free(struct samples *x)
{
	free(x->s);
	*x = (struct samples){ 0 };
}

static int
by_time(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void
samples_sort(struct samples *x)
{
	size_t i, k = 0;

	for (i = 1; i < x->n && x->s[i - 1].t < x->s[i].t; i++)
		;
	if (i >= x->n)
		return; /* in order already: the usual case */
	qsort(x->s, x->n, sizeof(*x->s), by_time);
	for (i = 0; i < x->n; i++)
		if (i + 1 == x->n || x->s[i + 1].t != x->s[i].t)
			x->s[k++] = x->s[i];
	x->n = k;
}

size_t
samples_known(struct samples *x)
{
	size_t k = 0, n = x->n;

	for (size_t i = 0; i < n; i++)
		if (isfinite(x->s[i].v))
			x->s[k++] = x->s[i];
	x->n = k;
	return n - k;
}

/* The samples p[0..n-1] of one time as one value; NAN in, NAN out */
static double
combine(const struct sample *p, size_t n, enum conf_aggregate how)
{
	double sum = 0, max = p[0].v;

	for (size_t i = 0; i < n; i++) {
		if (isnan(p[i].v))
			return NAN;
		sum += p[i].v;
		if (p[i].v > max)
			max = p[i].v;
	}
	switch (how) {
	case AGGREGATE_AVG:
		return sum / (double)n;
	case AGGREGATE_MAX:
		return max;
	case AGGREGATE_NONE: /* of one series, which is its own sum */
	case AGGREGATE_SUM:
		return sum;
	}
	return NAN;
}

int
samples_combine(const struct samples *all, size_t n, enum conf_aggregate how,
    struct samples *out)
{
	struct samples flat = { 0 };
	int r = -1;

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < all[k].n; i++)
			if (samples_add(&flat, all[k].s[i].t, all[k].s[i].v) !=
			    0)
				goto done;
	/* order in which they were added: the sum never depends on chance */
	if (flat.n > 0)
		qsort(flat.s, flat.n, sizeof(*flat.s), by_time);
	for (size_t i = 0, k; i < flat.n; i = k) {
		for (k = i + 1; k < flat.n && flat.s[k].t == flat.s[i].t; k++)
			;
		if (samples_add(
			out, flat.s[i].t, combine(flat.s + i, k - i, how)) != 0)
			goto done;
	}
	r = 0;
done:
	samples_free(&flat);
	return r;
}

size_t
samples_alive(const struct samples *all, size_t n, int64_t span, size_t *now)
{
	int64_t newest = INT64_MIN;
	size_t alive = 0;

	*now = 0;
	for (size_t k = 0; k < n; k++)
		if (all[k].n > 0 && all[k].s[all[k].n - 1].t > newest)
			newest = all[k].s[all[k].n - 1].t;
	for (size_t k = 0; k < n; k++) {
		int64_t last;

		if (all[k].n == 0)
			continue;
		last = all[k].s[all[k].n - 1].t;
		*now += last == newest;
		alive += newest - last <= span;
	}
	return alive;
}
