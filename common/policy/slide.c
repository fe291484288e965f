#include "policy/slide.h"

#include <stdlib.h>
#include <string.h>

#include "model/calibrate.h"

int
slide_init(struct slide *s, size_t span, size_t most)
{
	*s = (struct slide){ .thin = (span + most - 1) / most };
	s->thin = s->thin > 0 ? s->thin : 1;
	s->cap = span / s->thin > 30 ? span / s->thin : 30;
	s->sorted = malloc(2 * (s->cap + 1) * sizeof(*s->sorted));
	s->value = s->sorted + s->cap + 1;
	return s->sorted != NULL ? 0 : -1;
}

void
slide_free(struct slide *s)
{
	free(s->sorted);
	*s = (struct slide){ 0 };
}

/* How many of the pool are below x */
static size_t
below(const struct slide *s, double x)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->sorted[mid] < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void
slide_add(struct slide *s, size_t at, double x)
{
	size_t k;

	if (at % s->thin != 0)
		return;
	if (s->n == s->cap) {
		k = below(s, s->value[s->head]);
		s->n--;
		memmove(s->sorted + k, s->sorted + k + 1,
		    (s->n - k) * sizeof(*s->sorted));
	}
	s->value[s->head] = x;
	s->head = (s->head + 1) % s->cap;
	k = below(s, x);
	memmove(
	    s->sorted + k + 1, s->sorted + k, (s->n - k) * sizeof(*s->sorted));
	s->sorted[k] = x;
	s->n++;
}

size_t
slide_count(const struct slide *s)
{
	return s->n;
}

double
slide_quantile(const struct slide *s, double p)
{
	return s->sorted[(size_t)(p * (double)s->n)];
}

size_t
slide_table(const struct slide *s, double *errors, double *levels)
{
	size_t k[TRACK_LEVELS], n;

	if (s->n == 0)
		return 0;
	n = track_levels(s->n, k);
	for (size_t i = 0; i < n; i++) {
		errors[i] = s->sorted[k[i] - 1];
		levels[i] =
		    k[i] == s->n ? 1 : (double)k[i] / (double)(s->n + 1);
	}
	return n;
}
