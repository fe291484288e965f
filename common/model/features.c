#include "model/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/quantile.h"

enum {
	ARRAYS = 16,
	DAYS = 7, /* days and hours looked back */
	HOURS = 6,
	MEDIAN_MAX = 288
};

#define TURN 6.283185307179586

struct transform
transform_fit(const double *y, size_t n)
{
	struct transform t = { 0.0, 1.0 };
	double *above = malloc((n + 1) * sizeof *above);
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (y[i] < t.base)
			t.base = y[i];
		if (above != NULL && y[i] > 0.0)
			above[count++] = y[i];
	}
	if (count > 0)
		t.offset = 0.1 * math_median(above, count);
	if (!(t.offset > 0.0))
		t.offset = 1.0;
	free(above);
	return t;
}

double
transform_to(struct transform t, double y)
{
	return log(fmax(y - t.base, 0.0) + t.offset);
}

double
transform_from(struct transform t, double u)
{
	return exp(fmin(u, 700.0)) - t.offset + t.base;
}

static void
average(const double *u, size_t n, double steps, double *out)
{
	double alpha = 2.0 / (steps + 1.0);
	double e = n > 0 ? u[0] : 0.0;

	for (size_t i = 0; i < n; i++) {
		e += alpha * (u[i] - e);
		out[i] = e;
	}
}

/* mean of u[i-k..i+k], as far as there are samples */
static void
centred(const double *u, size_t n, size_t k, double *out)
{
	for (size_t i = 0; i < n; i++) {
		size_t from = i < k ? 0 : i - k;
		size_t to = i + k < n ? i + k : n - 1;
		double s = 0.0;

		for (size_t j = from; j <= to; j++)
			s += u[j];
		out[i] = s / (double)(to - from + 1);
	}
}

static void
window(const double *u, size_t from, size_t n, size_t k, double *sd,
    double *low, double *high)
{
	for (size_t i = from; i < n; i++) {
		size_t a = i + 1 < k ? 0 : i + 1 - k;
		double count = (double)(i - a + 1);
		double s = 0.0;
		double q = 0.0;
		double lo = u[i];
		double hi = u[i];

		for (size_t j = a; j <= i; j++) {
			/* from the newest, lest squares cancel */
			double v = u[j] - u[i];

			s += v;
			q += v * v;
			lo = u[j] < lo ? u[j] : lo;
			hi = u[j] > hi ? u[j] : hi;
		}
		s /= count;
		sd[i] = sqrt(fmax(0.0, q / count - s * s));
		low[i] = lo;
		high[i] = hi;
	}
}

/* the place of v in sorted x, before any equal value */
static size_t
place(const double *x, size_t n, double v)
{
	size_t low = 0;

	while (n > 0) {
		size_t half = n / 2;

		if (x[low + half] < v) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return low;
}

/* median of the last k <= MEDIAN_MAX samples, from a sorted window that slides
 */
static void
medians(const double *u, size_t from, size_t n, size_t k, double *out)
{
	double sorted[MEDIAN_MAX + 1];
	size_t count = 0;

	for (size_t i = from + 1 < k ? 0 : from + 1 - k; i < n; i++) {
		size_t at;

		if (count == k) {
			at = place(sorted, count, u[i - k]);
			memmove(sorted + at, sorted + at + 1,
			    (--count - at) * sizeof *sorted);
		}
		at = place(sorted, count, u[i]);
		memmove(sorted + at + 1, sorted + at,
		    (count++ - at) * sizeof *sorted);
		sorted[at] = u[i];
		if (i >= from)
			out[i] = math_quantile(sorted, count, 0.5);
	}
}

static void
fill(struct features *f)
{
	const double *u = f->u;
	size_t n = f->n;
	size_t most = f->day < MEDIAN_MAX ? f->day : MEDIAN_MAX;
	size_t hour = f->hour < MEDIAN_MAX ? f->hour : MEDIAN_MAX;

	for (size_t i = 0; i < n; i++) {
		size_t from = i < 2 ? 0 : i - 2;
		double s = 0.0;

		for (size_t j = from; j <= i; j++)
			s += u[j];
		f->level[i] = s / (double)(i - from + 1);
		f->top[i] =
		    i > 0 && f->top[i - 1] > u[i] ? f->top[i - 1] : u[i];
	}
	average(u, n, (double)f->hour, f->fast);
	average(u, n, 6.0 * (double)f->hour, f->middle);
	average(u, n, (double)f->day, f->slow);
	centred(u, n, 1, f->near3);
	centred(u, n, 3, f->near7);
	window(u, f->from, n, f->hour, f->sd1, f->min1, f->max1);
	window(u, f->from, n, 6 * f->hour, f->sd6, f->min6, f->max6);
	medians(u, f->from, n, hour, f->median1);
	medians(u, f->from, n, most, f->median_day);
}

struct features *
features_new(const struct grid *g, size_t n, struct transform transform,
    long zone, size_t from)
{
	struct features *f = calloc(1, sizeof *f);
	double *room = malloc((n + 1) * ARRAYS * sizeof *room);

	if (f == NULL || room == NULL) {
		free(room);
		free(f);
		return NULL;
	}
	f->transform = transform;
	f->step = g->step;
	f->t0 = g->t0 + zone;
	f->n = n;
	f->day = (size_t)fmax(1.0, floor(86400.0 / g->step));
	f->hour = (size_t)fmax(2.0, floor(3600.0 / g->step));
	f->from = from;
	f->ok = g->ok;
	double **const array[ARRAYS] = { &f->u, &f->level, &f->top, &f->fast,
		&f->middle, &f->slow, &f->near3, &f->near7, &f->sd1, &f->min1,
		&f->max1, &f->median1, &f->sd6, &f->min6, &f->max6,
		&f->median_day };

	for (size_t k = 0; k < ARRAYS; k++)
		*array[k] = room + k * n;
	for (size_t i = 0; i < n; i++)
		f->u[i] = transform_to(transform, g->y[i]);
	if (n > 0)
		fill(f);
	return f;
}

void
features_free(struct features *f)
{
	if (f == NULL)
		return;
	free(f->u);
	free(f);
}

size_t
features_period(const struct features *f, size_t n)
{
	size_t from = n > 8064 ? n - 8064 : 0;
	size_t count = n - from;
	size_t most = f->day / 2 < 720 ? f->day / 2 : 720;
	double *x = malloc((n + 1) * sizeof *x);
	double mean = 0.0;
	double best = 0.2;
	double r[3] = { 0.0, 0.0, 0.0 }; /* of lags k-1, k, k+1 */
	double variance = 0.0;
	size_t period = 0;

	if (x == NULL || count < 16) {
		free(x);
		return 0;
	}
	average(f->u, n, (double)f->day / 4.0, x);
	for (size_t i = from; i < n; i++) {
		x[i] = f->u[i] - x[i];
		mean += x[i] / (double)count;
	}
	for (size_t i = from; i < n; i++) {
		x[i] -= mean;
		variance += x[i] * x[i];
	}
	for (size_t k = 3; variance > 0.0 && k <= most + 1 && k < count; k++) {
		double s = 0.0;

		for (size_t i = from + k; i < n; i++)
			s += x[i] * x[i - k];
		r[0] = r[1];
		r[1] = r[2];
		r[2] = s / variance;
		if (k >= 5 && r[1] > best && r[1] >= r[0] && r[1] >= r[2]) {
			best = r[1];
			period = k - 1;
		}
	}
	free(x);
	return period;
}

/* the sample k days before target t+h, or a place before the first: -1 */
static ptrdiff_t
back(size_t t, size_t h, size_t steps)
{
	return (ptrdiff_t)(t + h) - (ptrdiff_t)steps;
}

/*
 * The same time on earlier days. A sample counts only where its right
 * neighbour, which its centred mean holds, is known at t.
 */
static void
days(const struct features *f, size_t t, size_t h, double b, float *x)
{
	double value[DAYS];
	double now = 0.0;
	double then = 0.0; /* the same days, as much before them as t is */
	double first = NAN;
	double first_then = NAN;
	double week = NAN;
	double middle;
	size_t known = 0;
	size_t before = 0;
	ptrdiff_t i;

	for (size_t k = 1; k <= DAYS && t + h >= k * f->day; k++) {
		size_t at = t + h - k * f->day;

		if (at + 1 > t)
			continue;
		value[known++] = f->near3[at];
		now += f->near3[at];
		if (k == 1)
			first = f->near3[at];
		if (k == DAYS)
			week = f->near3[at];
		if (t < k * f->day)
			continue;
		then += f->near3[t - k * f->day];
		before++;
		if (k == 1)
			first_then = f->near3[t - f->day];
	}
	now = known > 0 ? now / (double)known : f->slow[t];
	then = before > 0 ? then / (double)before : f->slow[t];
	middle = known > 0 ? math_median(value, known) : f->slow[t];
	first = isnan(first) ? now : first;
	first_then = isnan(first_then) ? then : first_then;
	week = isnan(week) ? now : week;
	x[13] = (float)(first - first_then);
	x[14] = (float)(first - b);
	x[15] = (float)(now - then);
	x[16] = (float)(now - b);
	x[18] = (float)(week - b);
	i = back(t, h, f->day);
	x[19] = (float)((i >= 0 && i <= (ptrdiff_t)t ? f->u[i] : first) - b);
	x[20] = (float)(middle - b);
	x[21] =
	    (float)((i >= 0 && i + 3 <= (ptrdiff_t)t ? f->near7[i] : first) -
		b);
	x[22] = (float)(b - first_then);
	x[23] = (float)(b - then);
	if (t >= DAYS * f->day)
		then = f->near3[t - DAYS * f->day];
	x[17] = (float)(week - then);
	x[24] = (float)(b - then);
}

/* the same minute of earlier hours, and of the period before */
static void
hours(const struct features *f, size_t t, size_t h, double b, float *x)
{
	size_t first = (h + f->hour - 1) / f->hour;
	double one = b;
	double two = b;
	double sum = 0.0;
	size_t count = 0;

	for (size_t k = first; k < first + HOURS; k++) {
		ptrdiff_t i = back(t, h, k * f->hour);

		if (i < 0)
			break;
		sum += f->u[i];
		count++;
		if (k == first)
			one = f->u[i];
		if (k == first + 1)
			two = f->u[i];
	}
	x[25] = (float)(one - b);
	x[26] = (float)((count > 0 ? sum / (double)count : b) - b);
	x[27] = (float)(two - b);
	x[28] = 0.0F;
	if (f->period > 0) {
		size_t k = (h + f->period - 1) / f->period;
		ptrdiff_t i = back(t, h, k * f->period);

		if (i >= 0)
			x[28] = (float)(f->u[i] - b);
	}
}

static void
calendar(const struct features *f, size_t t, size_t h, float *x)
{
	double second = (double)f->t0 + (double)(t + h) * f->step;
	double day = floor(second / 86400.0);
	double part = second / 86400.0 - day;

	x[29] = (float)(second / 3600.0 - floor(second / 3600.0));
	x[37] = (float)cos(TURN * part);
	x[38] = (float)sin(TURN * part);
	x[39] = (float)part;
	x[40] = (float)(day - 7.0 * floor(day / 7.0));
}

void
features_origin(const struct features *f, size_t t, float *x)
{
	double b = f->level[t];

	for (size_t k = 0; k < 6; k++)
		x[k] = (float)(f->u[t > k ? t - k : 0] - b);
	x[6] = (float)(f->u[t + 1 > f->hour ? t + 1 - f->hour : 0] - b);
	x[7] = (float)(f->u[t + 1 > 2 * f->hour ? t + 1 - 2 * f->hour : 0] - b);
	x[8] = (float)(f->fast[t] - b);
	x[9] = (float)(f->middle[t] - b);
	x[10] = (float)(f->slow[t] - b);
	x[11] = (float)(f->median1[t] - b);
	x[12] = (float)(f->median_day[t] - b);
	x[30] = (float)f->sd1[t];
	x[31] = (float)f->sd6[t];
	x[32] = (float)(f->min1[t] - b);
	x[33] = (float)(f->max1[t] - b);
	x[34] = (float)(f->min6[t] - b);
	x[35] = (float)(f->max6[t] - b);
	x[36] = (float)b;
}

void
features_lead(const struct features *f, size_t t, size_t h, float *x)
{
	days(f, t, h, f->level[t], x);
	hours(f, t, h, f->level[t], x);
}

void
features_row(const struct features *f, size_t t, size_t h, float *x)
{
	features_origin(f, t, x);
	features_lead(f, t, h, x);
	calendar(f, t, h, x);
	x[41] = (float)h;
}

void
features_peak(
    const struct features *f, size_t t, size_t w, float expected, float *x)
{
	double b = f->level[t];
	double sum = 0.0;
	double first = NAN;
	double week = NAN;
	size_t count = 0;

	features_row(f, t, w / 2 > 0 ? w / 2 : 1, x);
	x[41] = (float)w;
	/* a window that reaches past t, as of steps near a day, is not known */
	for (size_t k = 1; k <= DAYS && t + 1 >= k * f->day; k++) {
		size_t from = t + 1 - k * f->day;
		double high = f->u[from];

		if (from + w - 1 > t)
			continue;
		for (size_t i = from + 1; i < from + w; i++)
			high = f->u[i] > high ? f->u[i] : high;
		sum += high;
		count++;
		if (k == 1)
			first = high;
		if (k == DAYS)
			week = high;
	}
	first = isnan(first) ? f->max1[t] : first;
	sum = count > 0 ? sum / (double)count : first;
	x[42] = (float)(first - b);
	x[43] = (float)(sum - b);
	x[44] = (float)((isnan(week) ? sum : week) - b);
	x[45] = expected;
	x[46] = x[42] + x[22];
	x[47] = x[43] + x[23];
}
