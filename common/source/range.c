#include "source/range.h"

int
range_make(struct range *r, int64_t end, int64_t length, int64_t step)
{
	int64_t from;

	if (step < 1 || length < 0 || length > end)
		return -1;
	from = end - length;
	*r = (struct range){ from - from % step, end - end % step, step };
	return range_points(r) <= RANGE_MAX_POINTS ? 0 : -1;
}

int64_t
range_points(const struct range *r)
{
	return (r->to - r->from) / r->step + 1;
}

int64_t
range_piece(const struct range *r, int64_t at, int64_t max, struct range *piece)
{
	int64_t n = range_points(r) - at;

	if (at < 0 || n <= 0 || max < 1)
		return 0;
	if (n > max)
		n = max;
	*piece = (struct range){ r->from + at * r->step,
		r->from + (at + n - 1) * r->step, r->step };
	return n;
}
