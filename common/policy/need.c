#include "policy/need.h"

#include <math.h>
#include <string.h>

long
need_count(double load, double unit)
{
	double n = ceil(load / unit - 1e-9);

	if (n <= 0)
		return 0;
	return n < NEED_MOST ? (long)n : NEED_MOST; /* NAN too */
}

int
need_usable(const struct forecast_window *w)
{
	return w != NULL && w->n_at > 0 && w->n_errors > 0 &&
	    w->n >= (double)NEED_POOL;
}

const struct forecast_window *
need_window(const struct forecast *f, const char *name)
{
	for (size_t i = 0; i < f->n_windows; i++)
		if (strcmp(f->windows[i].name, name) == 0)
			return &f->windows[i];
	return NULL;
}

size_t
need_rank(const struct forecast_window *w, size_t at, double unit, long n)
{
	const struct forecast_at *a = &w->at[at];
	double z = ((double)n * unit - a->point) / a->scale;
	size_t lo = 0, hi = w->n_errors;

	/* rounding must not make a need out of one just met */
	z += 1e-9 * (fabs(z) + 1);
	while (lo < hi) { /* the number of errors not above z */
		size_t mid = lo + (hi - lo) / 2;

		if (w->errors[mid] <= z)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

double
need_risk(const struct forecast_window *w, size_t at, double unit, long n)
{
	size_t rank = need_rank(w, at, unit, n);

	return rank == 0 ? 1 : 1 - w->levels[rank - 1];
}

size_t
need_entry(const struct forecast_window *w, double q)
{
	size_t lo = 0, hi = w->n_errors;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (w->levels[mid] >= q - 1e-12)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < w->n_errors ? lo : w->n_errors - 1;
}

double
need_peak(const struct forecast_window *w, size_t at, double q)
{
	double e = fmax(w->errors[need_entry(w, q)], 0);

	return w->at[at].point + w->at[at].scale * e;
}

long
need_propose(const struct forecast_window *w, size_t at, double unit,
    const struct need_door *door)
{
	const struct forecast_at *a = &w->at[at];
	size_t i = need_entry(w, door->q);
	double e = w->errors[i], best_cost;
	long best;

	if (!(door->price > 0) && e < 0)
		e = 0;
	best = need_count(a->point + a->scale * e, unit);
	if (!(door->price > 0))
		return best;
	/* P falls only where another error fits in: no other n can be best */
	best_cost = (double)best + door->price * need_risk(w, at, unit, best);
	for (i++; i < w->n_errors; i++) {
		long n = need_count(a->point + a->scale * w->errors[i], unit);
		double cost;

		if ((double)n >= best_cost)
			break;
		if (n <= best)
			continue;
		cost = (double)n + door->price * need_risk(w, at, unit, n);
		if (cost < best_cost) {
			best_cost = cost;
			best = n;
		}
	}
	return best;
}
