#include "view/marks.h"

enum {
	MARKS_MAX = 300, /* above it none can be pointed at */
	PLACES = 90 /* side by side in a wide page, 12 px each */
};

static size_t
place_of(const struct chart *c, int64_t t)
{
	double share = (double)(t - c->from) / (double)(c->until - c->from);

	return share > 0 ? (size_t)(share * PLACES) : 0;
}

static void
join(struct mark *to, const struct mark *m)
{
	size_t others = to->others + 1;

	if (m->weight >= to->weight)
		*to = *m;
	to->others = others;
}

size_t
marks_thin(const struct chart *c, struct mark *m, size_t n)
{
	size_t kept = 0, last[MARK_KINDS] = { 0 }; /* index + 1; 0: none here */
	size_t place = 0;

	if (n <= MARKS_MAX)
		return n;
	for (size_t i = 0; i < n; i++) {
		size_t here = place_of(c, m[i].t);

		if (here != place)
			for (int k = 0; k < MARK_KINDS; k++)
				last[k] = 0;
		place = here;
		if (last[m[i].kind] > 0) {
			join(&m[last[m[i].kind] - 1], &m[i]);
		} else {
			m[kept] = m[i];
			last[m[i].kind] = ++kept;
		}
	}
	return kept;
}
