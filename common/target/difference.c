#include "target/difference.h"

#include <stdlib.h>
#include <string.h>

#define MOST 16e6

struct text {
	const char *s;
	size_t *at; /* where lines begin; one more: the end */
	size_t n;
};

static int
part(const char *s, size_t n, struct text *t)
{
	size_t lines = 0;

	for (size_t k = 0; k < n; k++)
		lines += k == 0 || s[k - 1] == '\n';
	*t = (struct text){ s, calloc(lines + 1, sizeof(*t->at)), 0 };
	if (t->at == NULL)
		return -1;
	for (size_t k = 0; k < n; k++)
		if (k == 0 || s[k - 1] == '\n')
			t->at[t->n++] = k;
	t->at[t->n] = n;
	return 0;
}

static int
same(const struct text *a, size_t i, const struct text *b, size_t j)
{
	size_t n = a->at[i + 1] - a->at[i];

	return n == b->at[j + 1] - b->at[j] &&
	    memcmp(a->s + a->at[i], b->s + b->at[j], n) == 0;
}

/* The length of a longest common subsequence of a[from..n-1] and b[from..m-1];
 * 0 where it would be too much work */
static size_t
common(
    const struct text *a, const struct text *b, size_t from, size_t n, size_t m)
{
	size_t wide = m - from + 1, best = 0, *row;

	if (n == from || m == from ||
	    (double)(n - from) * (double)(m - from) > MOST)
		return 0;
	row = calloc(2 * wide, sizeof(*row));
	if (row == NULL)
		return 0;
	for (size_t i = from; i < n; i++) {
		size_t *now = row + (i & 1) * wide, *up = row + (~i & 1) * wide;

		now[0] = 0;
		for (size_t j = from; j < m; j++) {
			size_t k = j - from + 1;

			if (same(a, i, b, j))
				now[k] = up[k - 1] + 1;
			else
				now[k] =
				    up[k] > now[k - 1] ? up[k] : now[k - 1];
		}
		best = now[wide - 1];
	}
	free(row);
	return best;
}

void
difference(const char *a, size_t n, const char *b, size_t m, long *added,
    long *removed)
{
	struct text x = { 0 }, y = { 0 };
	size_t from = 0, i, j, k;

	*added = *removed = 0;
	if (part(a, n, &x) == 0 && part(b, m, &y) == 0) {
		i = x.n;
		j = y.n;
		while (from < i && from < j && same(&x, from, &y, from))
			from++;
		while (i > from && j > from && same(&x, i - 1, &y, j - 1)) {
			i--;
			j--;
		}
		k = common(&x, &y, from, i, j);
		*removed = (long)(i - from - k);
		*added = (long)(j - from - k);
	}
	free(x.at);
	free(y.at);
}
