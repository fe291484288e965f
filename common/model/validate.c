#include "model/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/online.h"

static double
loss(double y, double q, double p)
{
	return y >= q ? p * (y - q) : (1 - p) * (q - y);
}

/* Rows of origins from here on are scored: those of the last 14 days, not of
 * the first day */
static size_t
first_row(const struct grid *g, size_t n, const struct rows *r, size_t least)
{
	double day = 86400 / g->step;
	size_t from = 0, i = 0;

	if ((double)n > TRACK_DAYS * day)
		from = n - (size_t)(TRACK_DAYS * day);
	if ((double)from < day)
		from = (double)(n / 4) < day ? n / 4 : (size_t)day;
	from = from > least ? from : least;
	while (i < r->count && r->origin[i] < from)
		i++;
	return i;
}

/* Sums over the origins of one lead, or of all */
struct sums {
	double mine, last, seasonal, actual, n, n_seasonal, mine_seasonal;
	double under[FORECAST_LEVELS], loss[FORECAST_LEVELS], n_q;
};

static double
ratio(double a, double b)
{
	return b > 0 ? a / b : (double)NAN;
}

/* 1 - mine / theirs; two perfect ones are alike */
static double
skill(double mine, double theirs)
{
	if (theirs > 0)
		return 1 - mine / theirs;
	return mine > 0 ? -1 : 0;
}

static void
add(struct sums *to, const struct sums *s)
{
	to->mine += s->mine;
	to->last += s->last;
	to->seasonal += s->seasonal;
	to->actual += s->actual;
	to->n += s->n;
	to->n_seasonal += s->n_seasonal;
	to->mine_seasonal += s->mine_seasonal;
	to->n_q += s->n_q;
	for (int k = 0; k < FORECAST_LEVELS; k++) {
		to->under[k] += s->under[k];
		to->loss[k] += s->loss[k];
	}
}

static void
add_points(struct sums *s, const struct grid *g, size_t n, const struct rows *r,
    size_t from, size_t h)
{
	size_t day = (size_t)(86400 / g->step + 0.5);

	for (size_t i = from; i < r->count; i++) {
		size_t o = r->origin[i], t = o + h, back = day;
		double e;

		if (t >= n || !g->ok[o] || !g->ok[t])
			continue;
		e = fabs(g->y[t] - rows_at(r, r->median, i, h));
		s->mine += e;
		s->last += fabs(g->y[t] - g->y[o]);
		s->actual += fabs(g->y[t]);
		s->n++;
		while (back < h)
			back += day;
		if (t < back || day == 0)
			continue;
		s->mine_seasonal += e;
		s->seasonal += fabs(g->y[t] - g->y[t - back]);
		s->n_seasonal++;
	}
}

static void
add_quantile(struct sums *s, int k, double y, double q)
{
	s->under[k] += y <= q;
	s->loss[k] += loss(y, q, forecast_levels[k]);
}

/* Quantiles that the rows bring */
static void
add_own(struct sums *s, const struct grid *g, size_t n, const struct rows *r,
    size_t from, size_t h)
{
	for (size_t i = from; i < r->count; i++) {
		size_t o = r->origin[i], t = o + h;

		if (t >= n || !g->ok[o] || !g->ok[t])
			continue;
		s->n_q++;
		for (int k = 0; k < FORECAST_LEVELS; k++)
			add_quantile(s, k, g->y[t], rows_at(r, r->q[k], i, h));
	}
}

/* Quantiles out of the errors of the older half, scored on the newer half */
static int
add_made(struct sums *s, const struct grid *g, size_t n, const struct rows *r,
    size_t from, const struct track *like)
{
	size_t half = from + (r->count - from) / 2, m = 0;
	double *z = malloc((3 * r->count + 1) * sizeof(*z));
	double *scale, *pool;
	struct track t = *like;

	if (z == NULL)
		return -1;
	scale = z + r->count;
	pool = scale + r->count;
	if (track_learn(&t, g, n, r, z, scale) != 0) {
		free(z);
		return -1;
	}
	for (size_t i = from; i < half; i++)
		if (!isnan(z[i]) && r->origin[i] + t.to < r->origin[half])
			pool[m++] = z[i];
	track_table(&t, pool, m);
	for (size_t i = half; i < r->count && m > 0; i++) {
		double point = track_point(&t, r, i), q = point;

		if (isnan(z[i]))
			continue;
		s->n_q++;
		for (int k = 0; k < FORECAST_LEVELS; k++) {
			if (k > 0)
				q = fmax(q,
				    point +
					track_reach(
					    &t, scale[i], forecast_levels[k]));
			add_quantile(s, k, point + scale[i] * z[i], q);
		}
	}
	free(z);
	return 0;
}

/* mean |y(t) - y(t - day)|, the yardstick of MASE; of neighbours where there
 * is less than a day */
static double
daily_naive(const struct grid *g, size_t n)
{
	size_t day = (size_t)(86400 / g->step + 0.5), seen = 0;
	double sum = 0;

	if (day == 0 || day >= n)
		day = 1;
	for (size_t i = day; i < n; i++) {
		if (!g->ok[i] || !g->ok[i - day])
			continue;
		sum += fabs(g->y[i] - g->y[i - day]);
		seen++;
	}
	return seen > 0 ? sum / (double)seen : (double)NAN;
}

static void
score_hour(struct validation *v, const struct grid *g, size_t n,
    const struct rows *r, size_t from)
{
	struct track hour = { .kind = TRACK_MEAN, .from = 1 };
	double off = 0, sum = 0, within = 0, count = 0;

	hour.to = (size_t)fmax(1, floor(3600 / g->step + 0.5));
	if (hour.to > r->lead[r->leads - 1])
		hour.to = r->lead[r->leads - 1];
	for (size_t i = from; i < r->count; i++) {
		double y = track_actual(&hour, g, n, r->origin[i]), e;

		if (isnan(y))
			continue;
		e = fabs(y - track_point(&hour, r, i));
		off += e;
		sum += fabs(y);
		within += e < 0.15 * fabs(y) || !(e > 0);
		count++;
	}
	v->origins = (size_t)count;
	v->error_1h = off > 0 ? ratio(off, sum) : count > 0 ? 0 : (double)NAN;
	v->within_15pct = ratio(within, count);
}

static void
set_lead(struct lead_score *l, const struct sums *s, double naive)
{
	l->mae = ratio(s->mine, s->n);
	l->wape = ratio(s->mine, s->actual);
	l->mase = ratio(l->mae, naive);
	l->skill_vs_last = skill(s->mine, s->last);
	l->skill_vs_seasonal = s->n_seasonal > 0
	    ? skill(s->mine_seasonal, s->seasonal)
	    : (double)NAN;
	l->n = (size_t)s->n;
	for (int k = 0; k < FORECAST_LEVELS; k++) {
		l->coverage[k] = ratio(s->under[k], s->n_q);
		l->pinball[k] = ratio(s->loss[k], s->n_q);
	}
}

int
validate_rows(struct validation *v, const struct grid *g, size_t n,
    const struct rows *r, size_t from, size_t H, int quantiles)
{
	size_t lead[ONLINE_LEADS];
	double naive = daily_naive(g, n);
	struct sums all = { 0 };
	struct lead_score whole;

	*v = (struct validation){ .leads = online_leads(H, lead) };
	from = first_row(g, n, r, from);
	for (size_t j = 0; j < v->leads; j++) {
		struct track step = { .from = lead[j], .to = lead[j] };
		struct sums s = { 0 };

		add_points(&s, g, n, r, from, lead[j]);
		if (quantiles && r->q[0] != NULL)
			add_own(&s, g, n, r, from, lead[j]);
		else if (quantiles && add_made(&s, g, n, r, from, &step) != 0)
			return -1;
		v->lead[j].lead_s = (double)lead[j] * g->step;
		set_lead(&v->lead[j], &s, naive);
		add(&all, &s);
	}
	set_lead(&whole, &all, naive);
	v->wape = whole.wape;
	v->mase = whole.mase;
	v->skill_vs_last = whole.skill_vs_last;
	v->skill_vs_seasonal = whole.skill_vs_seasonal;
	memcpy(v->coverage, whole.coverage, sizeof(v->coverage));
	memcpy(v->pinball, whole.pinball, sizeof(v->pinball));
	v->window_pinball = v->window_coverage = (double)NAN;
	score_hour(v, g, n, r, from);
	return 0;
}

int
validate_windows(struct validation *v, const struct grid *g, size_t n,
    const struct rows *r, size_t from, const struct window_steps *w, size_t k)
{
	struct sums s = { 0 };
	size_t first = first_row(g, n, r, from);
	double sum = 0;

	for (size_t j = 0; j < k; j++) {
		struct track t = { .from = w[j].from, .to = w[j].to };

		if (add_made(&s, g, n, r, first, &t) != 0)
			return -1;
	}
	for (int i = 1; i < FORECAST_LEVELS; i++)
		sum += s.loss[i] / (FORECAST_LEVELS - 1);
	v->window_pinball = ratio(sum, s.n_q);
	v->window_coverage = ratio(s.under[3], s.n_q);
	return 0;
}
