#include "model/online_past.h"

#include <math.h>
#include <stdlib.h>

static size_t
day_of(const struct grid *g)
{
	return (size_t)(86400 / g->step + 0.5);
}

static struct averages
begin(const struct grid *g, size_t n)
{
	size_t day = day_of(g) < n ? day_of(g) : n, k = day / 4 + 1;
	struct averages a = { 0 };

	/* the day's average starts from a quarter of a day, not one sample */
	for (size_t i = 0; i < k && i < n; i++)
		a.day += g->y[i] / (double)k;
	a.hour = a.six = g->y[0];
	a.week = a.day;
	return a;
}

static void
move(struct averages *a, double y, const struct grid *g)
{
	double hour = fmax(3600 / g->step, 1), day = (double)day_of(g);
	double fresh = 1 / (a->count + 2);

	a->hour += fmax(2 / (hour + 1), fresh) * (y - a->hour);
	a->six += fmax(2 / (6 * hour + 1), fresh) * (y - a->six);
	a->day += 2 / (day + 1) * (y - a->day);
	a->week += fmax(2 / (7 * day + 1), fresh) * (y - a->week);
	a->count++;
	a->mean += (y - a->mean) / a->count;
	a->least = fmin(a->least, y);
}

static void
fill_averages(
    struct past *p, const struct averages *tail, size_t n_tail, size_t end)
{
	const double *y = p->g->y;
	struct averages a = begin(p->g, p->n);
	size_t i = 0;

	if (n_tail > 0) {
		p->first = end + 1 - n_tail;
		for (i = p->first; i <= end; i++)
			p->averages[i] = tail[i - p->first];
		a = p->averages[end];
	}
	for (; i < p->n; i++) {
		move(&a, y[i], p->g);
		p->averages[i] = a;
	}
	for (i = p->first; i < p->n; i++) {
		a = p->averages[i];
		p->level[i] =
		    (y[i] + y[i > 0 ? i - 1 : 0] + y[i > 1 ? i - 2 : 0]) / 3;
		p->scale[i] = fmax(fmax(a.day, 0.2 * a.mean), 1e-9);
	}
}

/* The mean of point k and its neighbours, as far as they are known at t */
static double
smooth(const struct past *p, size_t k, size_t t)
{
	double sum = 0;
	int n = 0;

	for (size_t j = k > 0 ? k - 1 : 0; j <= k + 1 && j <= t; j++) {
		sum += p->g->y[j];
		n++;
	}
	return n > 0 ? sum / n : p->g->y[t];
}

static void
fill_seasons(struct past *p, size_t ahead)
{
	const struct grid *g = p->g;
	size_t n = p->n;

	for (size_t i = 0; i < n; i++)
		p->near[i] = smooth(p, i, n - 1);
	for (size_t i = 7 * p->day + 1; i < ahead; i++) {
		p->seven[i] = 0;
		for (size_t k = 1; k <= 7 && i - k * p->day < n; k++)
			p->seven[i] += p->near[i - k * p->day];
	}
	for (size_t i = 0; i < ahead; i++) {
		double w = fmod((double)g->t0 + (double)i * g->step, 86400) /
		    86400 * 2 * M_PI;

		p->turn[2 * i] = sin(w);
		p->turn[2 * i + 1] = cos(w);
	}
}

struct past *
past_new(const struct grid *g, size_t n, size_t H, size_t week,
    const struct averages *tail, size_t n_tail, size_t end)
{
	struct past *p = calloc(1, sizeof(*p));
	size_t ahead = n + H;

	if (p == NULL)
		return NULL;
	*p = (struct past){ .g = g, .n = n, .week = week };
	p->day = day_of(g);
	p->averages = calloc(n, sizeof(*p->averages));
	p->level = malloc((3 * n + 3 * ahead) * sizeof(*p->level));
	if (p->averages == NULL || p->level == NULL) {
		past_free(p);
		return NULL;
	}
	p->scale = p->level + n;
	p->near = p->scale + n;
	p->seven = p->near + n;
	p->turn = p->seven + ahead;
	fill_averages(p, tail, n_tail, end);
	fill_seasons(p, ahead);
	return p;
}

void
past_free(struct past *p)
{
	if (p == NULL)
		return;
	free(p->averages);
	free(p->level);
	free(p);
}

/* near(k) as origin t may know it */
static double
seen(const struct past *p, size_t k, size_t t)
{
	return k + 1 <= t ? p->near[k] : smooth(p, k, t);
}

static void
find_season(const struct past *p, size_t t, size_t h, struct season *s)
{
	size_t day = p->day, n = 0;
	double to = 0, from = 0;

	s->day = s->day_now = p->averages[t].day;
	if (t >= day + 1) {
		s->day = seen(p, t + h - day, t);
		s->day_now = seen(p, t - day, t);
	}
	if (t >= 7 * day + 1 && h < day) {
		to = p->seven[t + h];
		from = p->seven[t];
		n = 7;
	} else {
		for (n = 0; n < 7 && t >= (n + 1) * day + 1; n++) {
			to += seen(p, t + h - (n + 1) * day, t);
			from += seen(p, t - (n + 1) * day, t);
		}
	}
	s->days = n > 0 ? to / (double)n : s->day;
	s->days_now = n > 0 ? from / (double)n : s->day_now;
	s->week = s->days;
	s->week_now = s->days_now;
	if (p->week > 0 && t >= p->week + 1) {
		s->week = seen(p, t + h - p->week, t);
		s->week_now = seen(p, t - p->week, t);
	}
}

void
past_row(const struct past *p, size_t t, size_t h,
    double x[static FEATURES_ONLINE], struct season *s)
{
	const double *y = p->g->y, *turn = p->turn + 2 * (t + h);
	const struct averages *a = &p->averages[t];
	double b = p->level[t], v = 1 / p->scale[t];

	find_season(p, t, h, s);
	x[0] = 1;
	x[1] = (y[t] - b) * v;
	x[2] = (y[t > 0 ? t - 1 : 0] - b) * v;
	x[3] = (y[t > 1 ? t - 2 : 0] - b) * v;
	x[4] = (y[t > 4 ? t - 5 : 0] - b) * v;
	x[5] = (a->hour - b) * v;
	x[6] = (a->six - b) * v;
	x[7] = (a->day - b) * v;
	x[8] = (s->day - s->day_now) * v;
	x[9] = (s->day - b) * v;
	x[10] = (s->days - s->days_now) * v;
	x[11] = (s->days - b) * v;
	x[12] = (s->week - s->week_now) * v;
	x[13] = (s->week - b) * v;
	x[14] = turn[0];
	x[15] = turn[1];
	x[16] = 2 * turn[0] * turn[1]; /* sine and cosine of twice the angle */
	x[17] = turn[1] * turn[1] - turn[0] * turn[0];
	x[18] = (a->week - b) * v;
}
