#include "model/pool.h"

#include <math.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { WORD = 64, EIGHT = 8 };

/* bit k is set where count[k] is not 0 */
static inline uint64_t
occurring(const uint16_t *count)
{
	uint64_t bits = 0;

#if defined(__SSE2__)
	for (int k = 0; k < WORD; k += 2 * EIGHT) {
		const __m128i *at = (const void *)(count + k);
		__m128i none = _mm_setzero_si128();
		__m128i a = _mm_cmpeq_epi16(_mm_loadu_si128(at), none);
		__m128i b = _mm_cmpeq_epi16(_mm_loadu_si128(at + 1), none);
		int absent = _mm_movemask_epi8(_mm_packs_epi16(a, b));

		bits |= (uint64_t)(~absent & 0xffff) << k;
	}
#else
	for (int k = 0; k < WORD; k++)
		bits |= (uint64_t)(count[k] > 0) << k;
#endif
	return bits;
}

void
pool_one(struct pool *p, const uint16_t *count, const float *value, float shift)
{
	uint32_t sum = 0;
	size_t n = 0;

	for (size_t from = 0; from < TREES_VALUES; from += WORD) {
		uint64_t bits = occurring(count + from);

		for (; bits != 0; bits &= bits - 1) {
			size_t k = from + (size_t)__builtin_ctzll(bits);

			sum += count[k];
			p->value[n] = value[k] + shift;
			p->upto[n++] = sum;
		}
	}
	p->n = n;
}

/* the first entry that is not below v */
static size_t
first_from(const struct pool *p, float v)
{
	size_t low = 0;
	size_t n = p->n;

	while (n > 0) {
		size_t half = n / 2;

		low += p->value[low + half] < v ? n - half : 0;
		n = half;
	}
	return low;
}

/* the entry that holds the lower median */
static size_t
median_of(const struct pool *p)
{
	uint32_t rank = p->n > 0 ? (p->upto[p->n - 1] - 1) / 2 : 0;
	size_t at = 0;

	while (at + 1 < p->n && p->upto[at] <= rank)
		at++;
	return at;
}

void
pool_upper(struct pool *p, const struct pool *a, uint32_t times_a,
    const struct pool *b, uint32_t times_b)
{
	size_t i = 0;
	size_t j = 0;
	size_t n = 0;
	uint32_t below_a = 0;
	uint32_t below_b = 0;

	/* less than half of all lie below the lesser of both medians */
	if (a->n > 0 && b->n > 0) {
		i = median_of(a);
		j = median_of(b);
		if (a->value[i] <= b->value[j])
			j = first_from(b, a->value[i]);
		else
			i = first_from(a, b->value[j]);
		below_a = i > 0 ? times_a * a->upto[i - 1] : 0;
		below_b = j > 0 ? times_b * b->upto[j - 1] : 0;
	}
	while (i < a->n || j < b->n) {
		int first =
		    j == b->n || (i < a->n && a->value[i] <= b->value[j]);

		if (first) {
			p->value[n] = a->value[i];
			below_a = times_a * a->upto[i++];
		} else {
			p->value[n] = b->value[j];
			below_b = times_b * b->upto[j++];
		}
		p->upto[n++] = below_a + below_b;
	}
	p->n = n;
}

double
pool_sum(const uint16_t *count, const float *table, double factor, double most,
    uint32_t *n)
{
	double sum = 0.0;

	for (size_t from = 0; from < TREES_VALUES; from += WORD) {
		uint64_t bits = occurring(count + from);

		for (; bits != 0; bits &= bits - 1) {
			size_t k = from + (size_t)__builtin_ctzll(bits);
			double e = (double)table[k] * factor;

			sum += count[k] * (e < most ? e : most);
			*n += count[k];
		}
	}
	return sum;
}

void
pool_quantiles(
    const struct pool *p, double cap, const double *q, size_t n, double *out)
{
	size_t at = 0;

	for (size_t k = 0; k < n; k++) {
		double h;
		uint32_t j;
		double low;
		double high;

		if (p->n == 0) {
			out[k] = NAN;
			continue;
		}
		h = (double)(p->upto[p->n - 1] - 1) * q[k];
		j = (uint32_t)h;
		h -= (double)j;
		while (p->upto[at] <= j)
			at++;
		low = high = (double)p->value[at];
		if (h > 0.0 && p->upto[at] == j + 1 && at + 1 < p->n)
			high = (double)p->value[at + 1];
		low = low < cap ? low : cap;
		high = high < cap ? high : cap;
		out[k] = low + h * (high - low);
	}
}
