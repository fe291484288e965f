#include "policy/rivals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/quantile.h"

int
rival_reset(struct rival *r)
{
	rival_free(r);
	r->last_change = -1e18;
	r->last_n = -1;
	r->made = 0;
	if (r->kind != RIVAL_HPA)
		return 0;
	if (r->window < 1)
		r->window = 1;
	r->proposals = calloc(r->window, sizeof(*r->proposals));
	return r->proposals != NULL ? 0 : -1;
}

void
rival_free(struct rival *r)
{
	free(r->proposals);
	r->proposals = NULL;
}

static long
threshold(const struct rival *r, double load, long n, double T)
{
	double use = load / ((double)n * r->capacity * r->limit);
	long more = r->step, share;

	if (T - r->last_change < r->cooldown - 1e-9)
		return n;
	share = (long)ceil((double)n * r->step_share - 1e-9);
	more = share > more ? share : more;
	if (use > r->up)
		return n + more;
	return use < r->down ? n - r->step : n;
}

static long
hpa(struct rival *r, double load, long n)
{
	double ratio = load / ((double)n * r->capacity * r->limit) / r->target;
	long want = n, most;
	size_t kept;

	if (fabs(ratio - 1) > r->tolerance)
		want = (long)ceil((double)n * ratio - 1e-9);
	r->proposals[r->made++ % r->window] = want;
	if (want >= n)
		return want;
	most = want;
	kept = r->made < r->window ? r->made : r->window;
	for (size_t k = 0; k < kept; k++)
		most = r->proposals[k] > most ? r->proposals[k] : most;
	return most < n ? most : n;
}

static long
article(const struct rival *r, size_t i, long n, double T)
{
	double pool = (double)n * r->capacity * r->limit / 100;
	double now = fmin(r->y[i] / pool, 100);
	double ahead = fmin(r->mean_1h[i] / pool, 100) * 0.85;
	double load = fmax(now, ahead);
	long want = n;

	if (now > 90)
		want = (long)(now / 60) + 1;
	else if (load > 72 || (load < 24 && T - r->last_change >= 300))
		want = (long)(load / 60) + 1;
	return want > 10 ? 10 : want;
}

long
rival_wanted(void *ctx, const struct simulate_now *now)
{
	struct rival *r = ctx;
	size_t i = now->i;
	long n = now->n, want = r->count, real = n;
	double T = now->T;

	/* what came of the last call shows in n: a bound may have stopped it */
	if (r->last_n >= 0 && n != r->last_n)
		r->last_change = r->last_T;
	if (n < 1)
		n = 1; /* what has no instances has no load per instance */
	switch (r->kind) {
	case RIVAL_STATIC:
		break;
	case RIVAL_THRESHOLD:
		want = threshold(r, r->y[i], n, T);
		break;
	case RIVAL_HPA:
		want = hpa(r, r->y[i], n);
		break;
	case RIVAL_ARTICLE:
		want = article(r, i, n, T);
		break;
	}
	if (r->floor != NULL && r->floor[i] > want)
		want = r->floor[i];
	r->last_n = real;
	r->last_T = T;
	return want;
}

/* floor[i] = the largest of need over the steps from the one after i to lead
 * steps later */
static void
order_early(const long *need, size_t n, size_t lead, long *floor)
{
	for (size_t i = 0; i < n; i++) {
		long most = 0;

		for (size_t k = 1; k <= lead + 1; k++) {
			size_t t = i + k < n ? i + k : n - 1;

			most = need[t] > most ? need[t] : most;
		}
		floor[i] = most;
	}
}

static long
carried(double load, double each)
{
	double n = ceil(load / each - 1e-9);

	return n > 0 ? (long)fmin(n, 30000) : 0;
}

/* The hour that step i begins in, since 1970 */
static int64_t
hour_of(int64_t t0, double step, size_t i)
{
	return (int64_t)floor(((double)t0 + (double)i * step) / 3600);
}

/* slots[s] = the share-quantile of the hourly peaks that fall into slot s */
static int
slot_peaks(const double *y, size_t train, double step, int64_t t0, double share,
    size_t n_slots, double *slots)
{
	size_t hours = 0, k = 0;
	double *peak = malloc((train + 1) * sizeof(*peak));
	double *room = malloc((train + 1) * sizeof(*room));
	int64_t *hour = malloc((train + 1) * sizeof(*hour));

	if (peak != NULL && room != NULL && hour != NULL) {
		for (size_t i = 0; i < train; i++) {
			int64_t h = hour_of(t0, step, i);

			if (hours == 0 || hour[hours - 1] != h) {
				hour[hours] = h;
				peak[hours++] = y[i];
			}
			peak[hours - 1] = fmax(peak[hours - 1], y[i]);
		}
		for (size_t s = 0; s < n_slots; s++) {
			k = 0;
			for (size_t j = 0; j < hours; j++)
				if ((size_t)(hour[j] % (int64_t)n_slots) == s)
					room[k++] = peak[j];
			math_sort(room, k);
			slots[s] = k > 0 ? math_quantile(room, k, share) : 0;
		}
		k = 1;
	}
	free(peak);
	free(room);
	free(hour);
	return k > 0 ? 0 : -1;
}

int
rival_schedule(const double *y, size_t n, size_t train, double step, int64_t t0,
    double boot, double capacity, double share, double use, long *floor)
{
	size_t n_slots = (double)train * step >= 15 * 86400 ? 168 : 24;
	double slots[168];
	long *need = malloc((n + 1) * sizeof(*need));
	int r = -1;

	if (need != NULL &&
	    slot_peaks(y, train, step, t0, share, n_slots, slots) == 0) {
		for (size_t i = 0; i < n; i++)
			need[i] = carried(
			    slots[hour_of(t0, step, i) % (int64_t)n_slots],
			    use * capacity);
		order_early(need, n, (size_t)ceil(boot / step), floor);
		r = 0;
	}
	free(need);
	return r;
}

/* The mean of x[from..to-1]; 0 of none */
static double
mean_between(const double *x, size_t from, size_t to)
{
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += x[i];
	return to > from ? sum / (double)(to - from) : 0;
}

/* The mean of hour h as yesterday and last week foretell it; means of hours
 * before h - 23 only, which are known when it is ordered */
static double
foretold(const double *mean, size_t h, double weight)
{
	double day = h >= 24 ? mean[h - 24] : 0, week = day, level = 1;

	if (h >= 168)
		week = mean[h - 168];
	if (h >= 216) {
		double before = mean_between(mean, h - 216, h - 192);

		level = mean_between(mean, h - 48, h - 24) / fmax(before, 1e-9);
		level = fmin(fmax(level, 0.5), 2);
	}
	return weight * day + (1 - weight) * week * level;
}

int
rival_aws(const double *y, size_t n, double step, int64_t t0, double boot,
    double capacity, double target, double weight, long *floor)
{
	size_t hours = (size_t)((double)n * step / 3600) + 2, *in;
	double *mean = calloc(hours, sizeof(*mean));
	long *need = malloc((n + 1) * sizeof(*need));
	int r = -1;

	in = calloc(hours, sizeof(*in));
	if (mean == NULL || need == NULL || in == NULL)
		goto out;
	for (size_t i = 0; i < n; i++) {
		size_t h =
		    (size_t)(hour_of(t0, step, i) - hour_of(t0, step, 0));

		mean[h] += y[i];
		in[h]++;
	}
	for (size_t h = 0; h < hours; h++)
		mean[h] = in[h] > 0 ? mean[h] / (double)in[h]
		    : h > 0	    ? mean[h - 1]
				    : 0;
	for (size_t i = 0; i < n; i++) {
		size_t h =
		    (size_t)(hour_of(t0, step, i) - hour_of(t0, step, 0));

		need[i] = carried(foretold(mean, h, weight), target * capacity);
	}
	order_early(need, n, (size_t)ceil(boot / step), floor);
	r = 0;
out:
	free(mean);
	free(need);
	free(in);
	return r;
}
