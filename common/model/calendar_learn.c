#include "model/calendar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/quantile.h"

enum { SEEN_MAX = 256 }; /* times of one name that are looked at: the newest */

/* History as it is looked at */
struct study {
	struct calendar *c;
	const struct events *ev;
	struct grid *g;
	size_t n;
	double *u; /* [n], in logarithms */
	double *level; /* [n] */
	unsigned char *plain; /* [n]: observed, no event */
	double noise; /* mean square of half hours without events */
	int has_week;
};

/* One time of a name, by half hours: NAN where nothing was observed */
struct sight {
	int64_t from, until;
	double *left, *own; /* u - L - W, u - L */
};

static double
middle(const struct grid *g, size_t i)
{
	return (double)g->t0 + ((double)i - 0.5) * g->step;
}

static size_t
week_bin(const struct calendar *c, double t)
{
	double s = t - floor(t / 604800) * 604800;
	size_t k = (size_t)(s / c->bin_s);

	return k < CALENDAR_WEEK ? k : CALENDAR_WEEK - 1;
}

/* The mean of u - W over plain samples of three and a half days either way;
 * farther where there are none */
static int
set_level(struct study *s)
{
	double *sum = calloc(s->n + 1, 2 * sizeof(*sum)), *count;
	size_t half = (size_t)(302400 / s->g->step), n = s->n;

	if (sum == NULL)
		return -1;
	count = sum + n + 1;
	for (size_t i = 0; i < n; i++) {
		double w = s->c->week[week_bin(s->c, middle(s->g, i))];

		sum[i + 1] = sum[i] + (s->plain[i] ? s->u[i] - w : 0);
		count[i + 1] = count[i] + s->plain[i];
	}
	for (size_t i = 0; i < n; i++) {
		size_t reach = half > 0 ? half : 1, a, b;

		for (;; reach *= 2) {
			a = i > reach ? i - reach : 0;
			b = i + reach + 1 < n ? i + reach + 1 : n;
			if (count[b] - count[a] >= 0.25 * (double)half ||
			    (a == 0 && b == n))
				break;
		}
		s->level[i] = (sum[b] - sum[a]) / fmax(1, count[b] - count[a]);
	}
	free(sum);
	return 0;
}

/* Bins that nothing was seen in are as their neighbours */
static void
fill_in(double *x, const double *count, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		size_t d = 0;

		if (count[k] > 0)
			continue;
		while (d < n && !(count[(k + d) % n] > 0) &&
		    !(count[(k + n - d) % n] > 0))
			d++;
		if (d == n)
			return;
		x[k] = count[(k + d) % n] > 0 ? x[(k + d) % n]
					      : x[(k + n - d) % n];
	}
}

/* The profile of the week; of the day alone, each day the same, where history
 * is short of two weeks */
static void
set_week(struct study *s)
{
	struct calendar *c = s->c;
	size_t bins = (size_t)(604800 / c->bin_s + 0.5);
	size_t day = (size_t)(86400 / c->bin_s + 0.5);
	double sum[CALENDAR_WEEK] = { 0 }, count[CALENDAR_WEEK] = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		size_t k = week_bin(c, middle(s->g, i));

		if (!s->plain[i])
			continue;
		sum[s->has_week ? k : k % day] += s->u[i] - s->level[i];
		count[s->has_week ? k : k % day]++;
	}
	for (size_t k = 0; k < bins; k++)
		sum[k] /= fmax(1, count[k]);
	fill_in(sum, count, s->has_week ? bins : day);
	for (size_t k = 0; k < bins; k++)
		c->week[k] = sum[s->has_week ? k : k % day];
}

/*
 * How far half hours without events stray from a profile that they are not
 * part of. It is the mean of m weeks (or days), which they are part of:
 * variances of 1 - 1/m there, 1 + 1/m elsewhere.
 */
static void
set_noise(struct study *s, double days)
{
	double m = fmax(1.5, s->has_week ? days / 7 : days);
	double sum = 0, bins = 0, run = 0, in_run = 0;
	double last = -1;

	for (size_t i = 0; i < s->n; i++) {
		double t = middle(s->g, i), k = floor(t / s->c->bin_s);

		if ((k > last || k < last) && in_run > 0) {
			sum += run / in_run * (run / in_run);
			bins++;
			run = in_run = 0;
		}
		last = k;
		if (!s->plain[i])
			continue;
		run += s->u[i] - s->level[i] - s->c->week[week_bin(s->c, t)];
		in_run++;
	}
	s->noise = sum / fmax(1, bins) * (m + 1) / (m - 1);
}

/* The event at t: of several the one that began last, then the shorter */
static const struct event *
event_at(const struct study *s, double t)
{
	const struct events *ev = s->ev;
	const struct event *best = NULL;
	size_t low = 0, high = ev->n;

	while (low < high) { /* how many have begun */
		size_t half = low + (high - low) / 2;

		if ((double)ev->e[half].from <= t)
			low = half + 1;
		else
			high = half;
	}
	while (low-- > 0) {
		const struct event *e = &ev->e[low];

		if ((double)(e->from + s->c->longest) <= t ||
		    (best != NULL && e->from < best->from))
			break;
		if ((double)e->until > t &&
		    (best == NULL || e->until < best->until))
			best = e;
	}
	return best;
}

static int
look(struct study *s)
{
	size_t plain = 0;
	double days;

	for (size_t i = 0; i < s->n; i++) {
		s->u[i] = transform_to(s->c->transform, s->g->y[i]);
		s->plain[i] =
		    s->g->ok[i] && event_at(s, middle(s->g, i)) == NULL;
		plain += s->plain[i];
	}
	days = (double)plain * s->g->step / 86400;
	s->has_week = days > 10;
	for (int round = 0; round < 2; round++) {
		if (set_level(s) != 0)
			return -1;
		set_week(s);
	}
	set_noise(s, days);
	return 0;
}

/* One time of an event by half hours; 0: less than half of what history
 * overlaps was observed */
static int
see(const struct study *s, const struct event *e, size_t bins, struct sight *x)
{
	double *count = calloc(bins, sizeof(*count));
	double seen = 0, all = 0;
	ptrdiff_t i = grid_find(s->g, e->from) - 1;

	if (count == NULL)
		return -1;
	*x = (struct sight){ .from = e->from, .until = e->until };
	x->left = calloc(2 * bins, sizeof(*x->left));
	if (x->left == NULL) {
		free(count);
		return -1;
	}
	x->own = x->left + bins;
	for (i = i < 0 ? 0 : i; i < (ptrdiff_t)s->n; i++) {
		double t = middle(s->g, (size_t)i), d;
		double into = (t - (double)e->from) / s->c->bin_s;
		size_t k;

		if (into < 0)
			continue;
		if (t >= (double)e->until || into >= (double)bins)
			break;
		k = (size_t)into;
		all++;
		if (!s->g->ok[i] || event_at(s, t) != e)
			continue;
		d = s->u[i] - s->level[i];
		x->own[k] += d;
		x->left[k] += d - s->c->week[week_bin(s->c, t)];
		count[k]++;
		seen++;
	}
	for (size_t k = 0; k < bins; k++) {
		x->own[k] = count[k] > 0 ? x->own[k] / count[k] : (double)NAN;
		x->left[k] = count[k] > 0 ? x->left[k] / count[k] : (double)NAN;
	}
	free(count);
	return all > 0 && 2 * seen >= all;
}

/* The median of a bin over times other than `without`; NAN: nobody saw it */
static double
typical(const struct sight *x, size_t n, size_t k, int own, size_t without)
{
	double v[SEEN_MAX];
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		double d = own ? x[i].own[k] : x[i].left[k];

		if (i != without && !isnan(d))
			v[m++] = d;
	}
	return m > 0 ? math_median(v, m) : (double)NAN;
}

/* Mean squares of what each time did, and of how far off the others' median
 * was from it */
static void
cross_check(const struct sight *x, size_t n, size_t bins, int own, double *size,
    double *off)
{
	double seen = 0, both = 0;

	*size = *off = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < bins; k++) {
			double other = typical(x, n, k, own, i);
			double d = own ? x[i].own[k] : x[i].left[k];

			if (isnan(d))
				continue;
			*size += x[i].left[k] * x[i].left[k];
			seen++;
			if (isnan(other))
				continue;
			*off += (d - other) * (d - other);
			both++;
		}
	*size /= fmax(1, seen);
	*off /= fmax(1, both);
}

/* What the first n times of a name say of the next one */
static void
estimate(
    const struct study *s, const struct sight *x, size_t n, struct effect *e)
{
	double left_off, own_off, size, unused, power = 0, sum = 0;
	double noise = s->noise / (double)n;
	size_t known = 0;

	cross_check(x, n, e->bins, 0, &size, &left_off);
	cross_check(x, n, e->bins, 1, &unused, &own_off);
	e->own_kind = n > 1 && s->has_week && own_off < 0.9 * left_off;
	for (size_t k = 0; k < e->bins; k++) {
		e->bin[k] = typical(x, n, k, e->own_kind, n);
		if (isnan(e->bin[k]))
			e->bin[k] = k > 0 ? e->bin[k - 1] : 0;
	}
	/* how large it is, against the weekday, whatever its kind */
	for (size_t k = 0; k < e->bins; k++) {
		double d = typical(x, n, k, 0, n);

		if (isnan(d))
			continue;
		power += d * d;
		sum += d;
		known++;
	}
	power /= fmax(1, (double)known);
	e->size = sum / fmax(1, (double)known);
	if (e->own_kind)
		left_off = own_off;
	e->share = e->own_kind ? 1 : fmax(0, 1 - noise / fmax(power, 1e-300));
	if (size < 2 * s->noise || (n > 1 && left_off > size))
		e->share = 0;
	e->spread = 0.25 * sqrt(power);
	if (n > 1)
		e->spread = sqrt(fmax(0, left_off - s->noise));
	e->spread = fmin(e->spread, 1);
}

/* The samples of one time without its effect */
static void
clear(const struct study *s, const struct event *e, const struct effect *by,
    int first)
{
	const struct calendar *c = s->c;
	struct grid *g = s->g;
	ptrdiff_t i = grid_find(g, e->from) - 1;

	if (!(by->share > 0))
		return;
	for (i = i < 0 ? 0 : i; i < (ptrdiff_t)s->n; i++) {
		double t = middle(g, (size_t)i), into = t - (double)e->from, d;

		if (into < 0)
			continue;
		if (t >= (double)e->until ||
		    into >= (double)by->bins * c->bin_s)
			break;
		if (event_at(s, t) != e)
			continue;
		d = by->bin[(size_t)(into / c->bin_s)];
		if (by->own_kind)
			d -= c->week[week_bin(c, t)];
		g->y[i] = calendar_put(c, g->y[i], -by->share * d);
		if (first)
			g->ok[i] = 0;
	}
}

/* All times of one name: its effect, and history without it */
static int
learn_name(
    struct study *s, const struct event **time, size_t times, struct effect *e)
{
	struct sight *x = calloc(times + 1, sizeof(*x));
	const struct event **at = calloc(times + 1, sizeof(*at));
	int r = x != NULL && at != NULL ? 0 : -1;
	size_t n = 0;

	e->bins = 1;
	for (size_t i = 0; i < times; i++) {
		double span = (double)(time[i]->until - time[i]->from);
		size_t bins = (size_t)ceil(span / s->c->bin_s);

		bins = bins < CALENDAR_BINS ? bins : CALENDAR_BINS;
		e->bins = bins > e->bins ? bins : e->bins;
	}
	e->bin = calloc(e->bins, sizeof(*e->bin));
	if (e->bin == NULL)
		r = -1;
	for (size_t i = 0; r == 0 && i < times; i++) {
		int seen = see(s, time[i], e->bins, &x[n]);

		if (seen < 0) {
			r = -1;
		} else if (seen == 0) {
			free(x[n].left);
			x[n].left = NULL;
		} else {
			at[n++] = time[i];
		}
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		estimate(s, x, i > 0 ? i : 1, e);
		clear(s, at[i], e, i == 0);
	}
	e->seen = n;
	if (r == 0 && n > 0)
		estimate(s, x, n, e);
	for (size_t i = 0; x != NULL && i < times; i++)
		free(x[i].left);
	free(x);
	free(at);
	return r;
}

static int
by_name(const void *a, const void *b)
{
	const struct event *const *x = a, *const *y = b;
	int r = strcmp((*x)->name, (*y)->name);

	if (r != 0)
		return r;
	return ((*x)->from > (*y)->from) - ((*x)->from < (*y)->from);
}

static int
add_unseen(struct calendar *c, const char *name)
{
	char **a = realloc(c->unseen_name, (c->unseen + 1) * sizeof(*a));

	if (a == NULL)
		return -1;
	c->unseen_name = a;
	a[c->unseen] = strdup(name);
	return a[c->unseen++] != NULL ? 0 : -1;
}

/* One name: time[0..n-1], in order. Those that overlap history are learnt from,
 * the newest of them where they are too many. */
static int
take_name(struct study *s, const struct event **time, size_t n)
{
	struct calendar *c = s->c;
	struct effect *e = &c->effect[c->effects];
	double begin = middle(s->g, 0), end = middle(s->g, s->n - 1);
	size_t from = 0, past = 0;

	while (from < n && (double)time[from]->until <= begin)
		from++;
	while (from + past < n && (double)time[from + past]->from <= end)
		past++;
	if (past > SEEN_MAX) {
		from += past - SEEN_MAX;
		past = SEEN_MAX;
	}
	*e = (struct effect){ .to_come = n - from - past };
	strncpy(e->name, time[0]->name, sizeof(e->name) - 1);
	if (past > 0 && learn_name(s, time + from, past, e) != 0) {
		free(e->bin);
		return -1;
	}
	if (e->seen == 0) {
		free(e->bin);
		return e->to_come > 0 ? add_unseen(c, time[0]->name) : 0;
	}
	for (size_t i = from; i < n && e->share > 0; i++)
		c->span[c->spans++] = (struct effect_span){ time[i]->from,
			time[i]->until, c->effects };
	c->effects++;
	return 0;
}

static int
by_from(const void *a, const void *b)
{
	const struct effect_span *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->until > y->until) - (x->until < y->until);
}

static int
take_names(struct study *s)
{
	const struct events *ev = s->ev;
	const struct event **list = calloc(ev->n + 1, sizeof(*list));
	struct calendar *c = s->c;
	size_t from = 0, to;
	int r = 0;

	if (list == NULL)
		return -1;
	for (size_t i = 0; i < ev->n; i++)
		list[i] = &ev->e[i];
	qsort(list, ev->n, sizeof(const struct event *), by_name);
	for (; from < ev->n && r == 0; from = to) {
		for (to = from; to < ev->n &&
		     strcmp(list[to]->name, list[from]->name) == 0;)
			to++;
		if (c->effects < CALENDAR_NAMES)
			r = take_name(s, list + from, to - from);
	}
	free(list);
	if (c->spans > 0)
		qsort(c->span, c->spans, sizeof(*c->span), by_from);
	return r;
}

/* Half an hour; more where steps are longer, a part of a day all the same */
static double
bin_of(double step)
{
	static const double usual[] = { 1800, 3600, 7200, 10800, 14400, 21600,
		43200 };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (step <= usual[i] * 1.001)
			return usual[i];
	return 86400;
}

int
calendar_learn(
    struct calendar *c, struct grid *g, size_t n, const struct events *ev)
{
	struct study s = { .c = c, .ev = ev, .g = g, .n = n };
	int r = -1;

	*c = (struct calendar){ .transform = transform_fit(g->y, n),
		.bin_s = bin_of(g->step) };
	if (ev->n == 0 || n == 0 || g->step > 86400)
		return 0;
	for (size_t i = 0; i < ev->n; i++)
		if (ev->e[i].until - ev->e[i].from > c->longest)
			c->longest = ev->e[i].until - ev->e[i].from;
	s.u = calloc(n, 2 * sizeof(*s.u));
	s.plain = calloc(n, 1);
	c->effect = calloc(CALENDAR_NAMES, sizeof(*c->effect));
	c->span = calloc(ev->n, sizeof(*c->span));
	if (s.u != NULL && s.plain != NULL && c->effect != NULL &&
	    c->span != NULL) {
		s.level = s.u + n;
		if (look(&s) == 0)
			r = take_names(&s);
	}
	free(s.plain);
	free(s.u);
	if (r != 0)
		calendar_free(c);
	return r;
}
