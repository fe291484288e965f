#include "model/pattern.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/quantile.h"

/* The median of x[0..n-1], which is reordered; NAN of none */
static double
median(double *x, size_t n)
{
	if (n == 0)
		return NAN;
	math_sort(x, n);
	return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* The median of the observed ones of y[from..to-1]; NAN of none */
static double
median_of(const double *y, const unsigned char *ok, size_t from, size_t to,
    double *room)
{
	size_t k = 0;

	for (size_t i = from; i < to; i++)
		if (ok[i])
			room[k++] = y[i];
	return median(room, k);
}

/* Hourly (or native) medians of the log load */
struct hours {
	double *z; /* NAN where nothing was observed */
	size_t n, day; /* how many, and how many a day */
	size_t per; /* samples each */
	size_t first; /* the sample that z[0] begins with */
};

static double
autocorrelation(const double *z, size_t n, size_t lag)
{
	double mean = 0, var = 0, cov = 0;
	size_t k = 0, pairs = 0;

	for (size_t i = 0; i < n; i++)
		if (isfinite(z[i])) {
			mean += z[i];
			k++;
		}
	if (k == 0 || lag >= n)
		return NAN;
	mean /= (double)k;
	for (size_t i = 0; i < n; i++)
		if (isfinite(z[i]))
			var += (z[i] - mean) * (z[i] - mean);
	var /= (double)k;
	for (size_t i = lag; i < n; i++)
		if (isfinite(z[i]) && isfinite(z[i - lag])) {
			cov += (z[i] - mean) * (z[i - lag] - mean);
			pairs++;
		}
	return var > 0 && pairs > 20 ? cov / (double)pairs / var : (double)NAN;
}

static int
make_hours(struct hours *h, const double *y, const unsigned char *ok, size_t n,
    double step)
{
	size_t m = step < 86400 ? (size_t)lround(86400 / step) : 1, k;
	double *room, *sorted, c, least = 0, lo, hi;

	h->per = step < 3600 ? (size_t)lround(3600 / step) : 1;
	h->first = n > 28 * m ? n - 28 * m : 0;
	h->n = (n - h->first) / h->per;
	h->first = n - h->n * h->per;
	h->day = m / h->per > 0 ? m / h->per : 1;
	h->z = malloc((h->n + 1) * sizeof(*h->z));
	room = malloc((n + 1) * sizeof(*room));
	sorted = malloc((h->n + 1) * sizeof(*sorted));
	if (h->z == NULL || room == NULL || sorted == NULL) {
		free(h->z);
		free(room);
		free(sorted);
		return -1;
	}
	k = 0;
	for (size_t i = h->first; i < n; i++) {
		least = ok[i] && y[i] < least ? y[i] : least;
		if (ok[i] && y[i] > 0)
			room[k++] = y[i];
	}
	c = k > 0 ? 0.1 * median(room, k) : 1;
	k = 0;
	for (size_t j = 0; j < h->n; j++) {
		size_t from = h->first + j * h->per;

		h->z[j] = log(
		    median_of(y, ok, from, from + h->per, room) - least + c);
		if (isfinite(h->z[j]))
			sorted[k++] = h->z[j];
	}
	if (k > 1) {
		math_sort(sorted, k);
		lo = math_quantile(sorted, k, 0.02);
		hi = math_quantile(sorted, k, 0.98);
		for (size_t j = 0; j < h->n; j++)
			if (isfinite(h->z[j]))
				h->z[j] = fmin(fmax(h->z[j], lo), hi);
	}
	free(room);
	free(sorted);
	return 0;
}

/* z less its centred mean over a day */
static double *
without_level(const struct hours *h)
{
	double *d = malloc((h->n + 1) * sizeof(*d));

	for (size_t i = 0; d != NULL && i < h->n; i++) {
		size_t a = i > h->day / 2 ? i - h->day / 2 : 0;
		size_t b =
		    i + h->day / 2 + 1 < h->n ? i + h->day / 2 + 1 : h->n;
		double sum = 0;
		size_t k = 0;

		for (size_t j = a; j < b; j++)
			if (isfinite(h->z[j])) {
				sum += h->z[j];
				k++;
			}
		d[i] = k > 0 ? h->z[i] - sum / (double)k : (double)NAN;
	}
	return d;
}

/* The slot of 0..period-1 whose mean of d is largest */
static size_t
peak_slot(const double *d, size_t n, size_t period)
{
	size_t best = 0;
	double top = -INFINITY;

	for (size_t s = 0; s < period; s++) {
		double sum = 0;
		size_t k = 0;

		for (size_t i = s; i < n; i += period)
			if (isfinite(d[i])) {
				sum += d[i];
				k++;
			}
		if (k > 0 && sum / (double)k > top) {
			top = sum / (double)k;
			best = s;
		}
	}
	return best;
}

static void
find_seasons(const struct hours *h, const double *d, double step, int64_t t0,
    struct pattern *p)
{
	double sum = 0, r, at7, few = 0, per_s = step * (double)h->per;
	size_t k = 0, days = h->n / h->day;
	int64_t start = t0 + (int64_t)llround((double)h->first * step);

	for (size_t i = 1; i <= 3 && i + 1 < days; i++) {
		r = autocorrelation(d, h->n, h->day * i);
		if (isfinite(r)) {
			sum += r;
			k++;
		}
	}
	if (k == 0)
		return;
	p->daily_strength = sum / (double)k;
	r = h->day > 1 ? autocorrelation(d, h->n, h->day / 2) : (double)NAN;
	p->daily = p->daily_strength > 0.15 && p->daily_strength > r + 0.1;
	if (p->daily) {
		double s = (double)peak_slot(d, h->n, h->day) * per_s +
		    per_s / 2 + (double)start;

		p->peak_minute = (int)(fmod(s, 86400) / 60);
	}
	if (days < 14)
		return;
	at7 = autocorrelation(h->z, h->n, h->day * 7);
	for (size_t i = 2; i <= 5; i++)
		few += autocorrelation(h->z, h->n, h->day * i) / 4;
	p->weekly_strength = at7 - few;
	p->weekly = at7 > 0.2 && at7 - few > 0.1;
	if (p->weekly) {
		double s = (double)peak_slot(h->z, h->n, 7 * h->day) * per_s +
		    (double)start;

		/* 1970-01-01 was a Thursday */
		p->peak_weekday = (int)((int64_t)floor(s / 86400) + 3) % 7;
	}
}

/* Daily medians, their slope, and the days at which they jumped */
static int
find_trend(const double *y, const unsigned char *ok, size_t n, double step,
    struct pattern *p)
{
	size_t m = step < 86400 ? (size_t)lround(86400 / step) : 1;
	size_t days = n / m, first = n - days * m, k = 0;
	double *daily = malloc((days + 1) * sizeof(*daily));
	double *room = malloc((days * days / 2 + n + 1) * sizeof(*room));
	double usual;

	if (daily == NULL || room == NULL) {
		free(daily);
		free(room);
		return -1;
	}
	for (size_t i = 0; i < days; i++)
		daily[i] =
		    median_of(y, ok, first + i * m, first + (i + 1) * m, room);
	for (size_t i = 0; i < days; i++)
		for (size_t j = i + 1; j < days; j++)
			if (isfinite(daily[i] + daily[j]))
				room[k++] =
				    (daily[j] - daily[i]) / (double)(j - i);
	p->trend_per_day = days >= 3 ? median(room, k) : (double)NAN;
	k = 0;
	for (size_t i = 1; i < days; i++)
		if (isfinite(daily[i] - daily[i - 1]))
			room[k++] = fabs(daily[i] - daily[i - 1]);
	usual = median(room, k);
	/* a shift: the two days after differ from the two before by six times
	 * what neighbouring days do, and stay on their side of the middle */
	for (size_t i = 2; i + 1 < days && p->n_shifts < PATTERN_SHIFTS; i++) {
		double a = fmax(daily[i - 1], daily[i - 2]);
		double b = fmin(daily[i - 1], daily[i - 2]);
		double up = fmin(daily[i], daily[i + 1]) - a;
		double down = fmax(daily[i], daily[i + 1]) - b;
		double delta = up > 0 ? up : down < 0 ? down : 0;

		if (k < 4 || !(fabs(delta) > 6 * usual) || delta == 0)
			continue;
		p->shifts[p->n_shifts].at = first + i * m;
		p->shifts[p->n_shifts++].delta = daily[i] - daily[i - 1];
		i++;
	}
	free(daily);
	free(room);
	return 0;
}

static int
find_noise(
    const double *y, const unsigned char *ok, size_t n, struct pattern *p)
{
	double *d = malloc((n + 1) * sizeof(*d)), mad, mid;
	size_t k = 0;

	if (d == NULL)
		return -1;
	for (size_t i = 1; i < n; i++)
		if (ok[i] && ok[i - 1])
			d[k++] = fabs(y[i] - y[i - 1]);
	mad = 1.4826 * median(d, k) / sqrt(2);
	mid = fabs(median_of(y, ok, 0, n, d));
	p->noise = mid > 0 ? mad / mid : (double)NAN;
	free(d);
	return 0;
}

int
pattern_find(const double *y, const unsigned char *ok, size_t n, double step,
    int64_t t0, struct pattern *p)
{
	struct hours h = { 0 };
	double *d;
	int r = -1;

	*p = (struct pattern){ .peak_minute = -1,
		.peak_weekday = -1,
		.trend_per_day = NAN,
		.noise = NAN };
	if (n < 2)
		return 0;
	if (make_hours(&h, y, ok, n, step) != 0)
		return -1;
	d = without_level(&h);
	if (d != NULL) {
		if ((double)h.n / (double)h.day >= 2.5)
			find_seasons(&h, d, step, t0, p);
		r = find_trend(y, ok, n, step, p);
		if (r == 0)
			r = find_noise(y, ok, n, p);
	}
	free(d);
	free(h.z);
	return r;
}
