#include "model/online.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/linear.h"
#include "model/online_past.h"

enum {
	P = FEATURES_ONLINE,
	WIDTH = 20, /* of a row of features in memory */
	EXPERTS =
	    6, /* last value, mean of 3, hour, moved profile, ridge, ... */
	EXPERT_RIDGE = 4,
	BURN_IN = 6, /* origins before this one have no features */
	FORM = 1
};

/* What is learnt for one lead */
struct lead {
	size_t h;
	double gram[P * WIDTH]; /* sum of w x x', lower triangle */
	double moment[P]; /* sum of w x y */
	double slope[P];
	double loss[EXPERTS];
	double spread, spread_n; /* mean |residual| of late, and of how many */
	double weight; /* of the next sample: grows instead of forgetting */
	double known; /* losses seen */
	double fitted;
	double *ridge; /* [h]: its forecasts at the newest h origins, a ring */
};

struct online {
	size_t H, leads, week;
	double step;
	size_t day;
	double count; /* samples learnt */
	int64_t end;
	size_t n_tail; /* at most H + 1 */
	struct averages *tail; /* of the newest n_tail samples */
	struct lead lead[ONLINE_LEADS];
};

size_t
online_leads(size_t H, size_t lead[static ONLINE_LEADS])
{
	static const size_t usual[] = { 1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48,
		60, 72, 96, 144, 216, 288, 576, 1440 };
	size_t n = 0;

	for (; n < sizeof(usual) / sizeof(usual[0]) && usual[n] < H; n++)
		lead[n] = usual[n];
	lead[n++] = H;
	return n;
}

size_t
online_horizon(const struct online *o)
{
	return o->H;
}

int64_t
online_end(const struct online *o)
{
	return o->end;
}

void
online_free(struct online *o)
{
	if (o == NULL)
		return;
	for (size_t k = 0; k < o->leads; k++)
		free(o->lead[k].ridge);
	free(o->tail);
	free(o);
}

static struct online *
online_new(size_t H, double step)
{
	struct online *o = calloc(1, sizeof(*o));
	size_t lead[ONLINE_LEADS];

	if (o == NULL)
		return NULL;
	o->H = H;
	o->step = step;
	o->day = (size_t)(86400 / step + 0.5);
	o->leads = online_leads(H, lead);
	o->tail = calloc(H + 1, sizeof(*o->tail));
	for (size_t k = 0; k < o->leads; k++) {
		struct lead *l = &o->lead[k];

		l->h = lead[k];
		l->weight = 1;
		l->ridge = calloc(l->h, sizeof(*l->ridge));
		if (l->ridge == NULL)
			goto fail;
	}
	if (o->tail != NULL)
		return o;
fail:
	online_free(o);
	return NULL;
}

/* One pass of one lead over part of a series */
struct pass {
	const struct online *o;
	struct lead *l;
	const struct past *past;
	ptrdiff_t shift; /* index since learning began less index in the grid */
	double *row, *expert; /* rings of the newest h origins */
	double keep, fade; /* what a day forgets; the pace of the losses */
};

static double
dot(const double *a, const double *b)
{
	double s = 0;

	for (int k = 0; k < P; k++)
		s += a[k] * b[k];
	return s;
}

/* Experts' forecasts from origin t, of which x and s are the features */
static void
consult(const struct past *p, size_t t, double ridge, const struct season *s,
    double e[static EXPERTS])
{
	const struct averages *a = &p->averages[t];

	e[0] = p->g->y[t];
	e[1] = p->level[t];
	e[2] = a->hour;
	e[3] = fmax(a->least, p->level[t] + s->days - s->days_now);
	e[4] = ridge;
	e[5] = s->days;
}

static double
pace(double usual, double n)
{
	return fmax(usual, 1 / (n + 1));
}

/* The target of origin t - h is known at t: into the sums and the losses */
static void
learn(struct pass *r, size_t t)
{
	struct lead *l = r->l;
	size_t o = t - l->h;
	const double *x = r->row + o % l->h * WIDTH;
	const double *e = r->expert + o % l->h * EXPERTS;
	double y = r->past->g->y[t];
	double target = (y - r->past->level[o]) / r->past->scale[o];
	double w = 1;

	if (l->fitted > 0) {
		double off = fabs(target - dot(l->slope, x));

		l->spread_n = l->spread_n * 0.9995 + 1;
		l->spread += (off - l->spread) / fmin(l->spread_n, 2000);
		if (l->spread > 0 && off > 2.5 * l->spread)
			w = 2.5 * l->spread / off;
	}
	l->weight /= r->keep;
	w *= l->weight;
	for (int i = 0; i < P; i++) {
		double q = w * x[i], *g = l->gram + i * WIDTH;

		l->moment[i] += q * target;
		for (int j = 0; j <= i; j++)
			g[j] += q * x[j];
	}
	l->known++;
	for (int k = 0; k < EXPERTS; k++)
		l->loss[k] +=
		    pace(r->fade, l->known) * (fabs(e[k] - y) - l->loss[k]);
}

/* The sums would overflow in some 15 years of samples */
static void
renormalise(struct lead *l)
{
	if (l->weight < 1e60)
		return;
	for (int i = 0; i < P * WIDTH; i++)
		l->gram[i] /= l->weight;
	for (int i = 0; i < P; i++)
		l->moment[i] /= l->weight;
	l->weight = 1;
}

/* Ridge: a little of each feature's own square, of the sum of weights, and of
 * the trace, so that what never moved is not divided by; the constant is
 * hardly held back. */
static void
refit(struct lead *l)
{
	double a[P * P], b[P], trace = 0, ones = l->gram[0];

	for (int i = 0; i < P; i++)
		trace += l->gram[i * WIDTH + i];
	for (int i = 0; i < P; i++) {
		for (int j = 0; j <= i; j++)
			a[i * P + j] = l->gram[i * WIDTH + j];
		a[i * P + i] +=
		    2e-3 * l->gram[i * WIDTH + i] + 1e-5 * ones + 1e-9 * trace;
	}
	a[0] -= 1.8e-3 * ones;
	memcpy(b, l->moment, sizeof(b));
	if (linear_cholesky(a, P) != 0)
		return;
	linear_solve(a, P, b);
	memcpy(l->slope, b, sizeof(b));
	l->fitted = 1;
}

static int
is_refit_time(const struct online *o, double count)
{
	double warm = fmax(2 * (double)o->day, 60);
	double period = o->day > 4 ? (double)o->day : 4;

	return count >= warm && fmod(count - warm, period) == 0;
}

static double
eighth_power(double x)
{
	x *= x;
	x *= x;
	return x * x;
}

static double
blend(const struct lead *l, size_t day, const double e[static EXPERTS])
{
	double least = INFINITY, sum = 0, f = 0;

	if (!(l->known > (double)(day / 2)))
		return e[0];
	for (int k = 0; k < EXPERTS; k++)
		least = fmin(least, l->loss[k]);
	for (int k = 0; k < EXPERTS; k++) {
		double w = 1;

		if (l->loss[k] > 0)
			w = eighth_power(least / l->loss[k]);
		if (k == EXPERT_RIDGE && !(l->fitted > 0))
			w = 0;
		sum += w;
		f += w * e[k];
	}
	return f / sum;
}

/* The features of origin t and what the experts say; x has WIDTH elements */
static void
look(const struct pass *r, size_t t, double *x, double *e, const double *ridge)
{
	const struct past *p = r->past;
	const struct lead *l = r->l;
	double y = p->g->y[t], f = y;
	struct season s = { y, y, y, y, y, y };

	memset(x, 0, WIDTH * sizeof(*x));
	if ((ptrdiff_t)t + r->shift >= BURN_IN)
		past_row(p, t, l->h, x, &s);
	if (ridge != NULL)
		f = *ridge;
	else if (l->fitted > 0)
		f = fmax(p->averages[t].least,
		    p->level[t] + p->scale[t] * dot(l->slope, x));
	consult(p, t, f, &s, e);
}

/* Origins from..to-1 by what was learnt, without learning */
static void
pass_use(struct pass *r, size_t from, size_t to, double *path)
{
	double x[WIDTH], e[EXPERTS];

	for (size_t t = from; t < to; t++, path += r->o->leads) {
		look(r, t, x, e, NULL);
		*path = blend(r->l, r->o->day, e);
	}
}

/* Points from..to-1: learn what each one tells, forecast from it. Rows of
 * path begin at origin row. */
static void
pass_learn(struct pass *r, size_t from, size_t to, size_t row, double *path)
{
	const unsigned char *ok = r->past->g->ok;
	struct lead *l = r->l;

	for (size_t t = from; t < to; t++) {
		double *x = r->row + t % l->h * WIDTH;
		double *e = r->expert + t % l->h * EXPERTS;
		ptrdiff_t age = (ptrdiff_t)t + r->shift;

		if (age >= (ptrdiff_t)l->h + BURN_IN && ok[t] && ok[t - l->h])
			learn(r, t);
		if (is_refit_time(r->o, (double)age)) {
			refit(l);
			renormalise(l);
		}
		look(r, t, x, e, NULL);
		l->ridge[(size_t)age % l->h] = e[EXPERT_RIDGE];
		if (path != NULL && t >= row)
			path[(t - row) * r->o->leads] = blend(l, r->o->day, e);
	}
}

/* The rings as they stood after point end */
static void
pass_recall(struct pass *r, size_t end)
{
	struct lead *l = r->l;
	size_t from = end + 1 > l->h ? end + 1 - l->h : 0;

	for (size_t t = from; t <= end; t++) {
		ptrdiff_t age = (ptrdiff_t)t + r->shift;

		if (age >= 0)
			look(r, t, r->row + t % l->h * WIDTH,
			    r->expert + t % l->h * EXPERTS,
			    &l->ridge[(size_t)age % l->h]);
	}
}

static int
pass_begin(struct pass *r, const struct online *o, struct lead *l,
    const struct past *p)
{
	double day = (double)o->day;

	*r = (struct pass){ .o = o, .l = l, .past = p };
	r->keep = pow(0.5, 1 / (28 * day));
	r->fade = 1 - pow(0.5, 1 / (3 * day));
	r->row = calloc(l->h, (WIDTH + EXPERTS) * sizeof(*r->row));
	if (r->row == NULL)
		return -1;
	r->expert = r->row + l->h * WIDTH;
	return 0;
}

struct online *
online_fit(const struct grid *g, size_t n, size_t H, double *path)
{
	struct online *o = online_new(H, g->step);
	struct past *p = NULL;
	struct pass r;

	if (o == NULL)
		return NULL;
	/* a week is looked back on where there are two of them, nearly */
	if ((double)n * g->step > 16 * 86400)
		o->week = 7 * o->day;
	p = past_new(g, n, H, o->week, NULL, 0, 0);
	if (p == NULL)
		goto fail;
	for (size_t k = 0; k < o->leads; k++) {
		if (pass_begin(&r, o, &o->lead[k], p) != 0)
			goto fail;
		pass_learn(&r, 0, n, 0, path != NULL ? path + k : NULL);
		free(r.row);
	}
	o->count = (double)n;
	o->end = grid_time(g, n - 1) / 1000;
	o->n_tail = n < H + 1 ? n : H + 1;
	memcpy(
	    o->tail, p->averages + n - o->n_tail, o->n_tail * sizeof(*o->tail));
	past_free(p);
	return o;
fail:
	past_free(p);
	online_free(o);
	return NULL;
}

/* All that one lead has to say of origins from..to-1; end is where learning
 * goes on after, or to where it does not */
static int
run_lead(const struct online *o, size_t k, const struct past *p, size_t from,
    size_t to, size_t end, double *path)
{
	struct lead l = o->lead[k];
	size_t h = l.h, used = to < end + 1 ? to : end + 1;
	struct pass r = { 0 };
	int status = -1;

	l.ridge = malloc(h * sizeof(*l.ridge));
	if (l.ridge == NULL || pass_begin(&r, o, &l, p) != 0)
		goto end;
	memcpy(l.ridge, o->lead[k].ridge, h * sizeof(*l.ridge));
	r.shift = (ptrdiff_t)o->count - 1 - (ptrdiff_t)end;
	if (end >= to)
		r.shift = 0;
	if (from < used)
		pass_use(&r, from, used, path + k);
	if (end < to) {
		pass_recall(&r, end);
		pass_learn(&r, end + 1, to, from, path + k);
	}
	status = 0;
end:
	free(r.row);
	free(l.ridge);
	return status;
}

int
online_run(const struct online *o, const struct grid *g, size_t from, size_t to,
    double *path)
{
	ptrdiff_t at = grid_find(g, o->end);
	size_t end = to;
	struct past *p;
	int status = 0;

	/* learning goes on where the grid leads on from what was learnt */
	if (at >= (ptrdiff_t)(2 * o->day) && at < (ptrdiff_t)to &&
	    (ptrdiff_t)from + (ptrdiff_t)o->n_tail > at &&
	    at + 1 >= (ptrdiff_t)o->n_tail && o->n_tail == o->H + 1 &&
	    fabs(g->step - o->step) < 1e-6 * g->step)
		end = (size_t)at;
	p = end < to ? past_new(g, to, o->H, o->week, o->tail, o->n_tail, end)
		     : past_new(g, to, o->H, o->week, NULL, 0, 0);
	if (p == NULL)
		return -1;
	for (size_t k = 0; k < o->leads && status == 0; k++)
		status = run_lead(o, k, p, from, to, end, path);
	past_free(p);
	return status;
}

static void
save_averages(struct buf *out, const struct averages *a)
{
	double v[7] = { a->hour, a->six, a->day, a->week, a->mean, a->least,
		a->count };

	pack_double(out, v, 7);
}

static struct averages
load_averages(struct unpack *u)
{
	double v[7] = { 0 };

	unpack_double(u, v, 7);
	return (struct averages){ v[0], v[1], v[2], v[3], v[4], v[5], v[6] };
}

/* The parts of a lead that are saved as they are, in their order */
static void
lead_parts(struct lead *l, double *part[static 9], size_t n[static 9])
{
	double *const p[9] = { l->gram, l->moment, l->slope, l->loss,
		&l->spread, &l->spread_n, &l->weight, &l->known, &l->fitted };
	const size_t sizes[9] = { (size_t)P * WIDTH, P, P, EXPERTS, 1, 1, 1, 1,
		1 };

	memcpy(part, p, sizeof(p));
	memcpy(n, sizes, sizeof(sizes));
}

void
online_save(const struct online *o, struct buf *out)
{
	double head[2] = { o->step, o->count };

	pack_uint(out, FORM, 1);
	pack_uint(out, o->H, 4);
	pack_uint(out, o->week > 0, 1);
	pack_double(out, head, 2);
	pack_uint(out, (uint64_t)o->end, 8);
	pack_uint(out, o->n_tail, 4);
	for (size_t i = 0; i < o->n_tail; i++)
		save_averages(out, &o->tail[i]);
	for (size_t k = 0; k < o->leads; k++) {
		struct lead l = o->lead[k];
		double *part[9];
		size_t n[9];

		lead_parts(&l, part, n);
		for (int i = 0; i < 9; i++)
			pack_double(out, part[i], n[i]);
		pack_double(out, o->lead[k].ridge, l.h);
	}
}

static int
all_finite(const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return 0;
	return 1;
}

static int
load_lead(struct unpack *u, struct lead *l)
{
	double *part[9];
	size_t n[9];
	int good = 1;

	lead_parts(l, part, n);
	for (int i = 0; i < 9; i++) {
		unpack_double(u, part[i], n[i]);
		good = good && all_finite(part[i], n[i]);
	}
	unpack_double(u, l->ridge, l->h);
	return good && all_finite(l->ridge, l->h) && l->weight > 0 ? 0 : -1;
}

/* The numbers at the head, 0 where they make sense */
static int
load_head(struct unpack *u, size_t *H, int *week, double head[static 2])
{
	if (unpack_uint(u, 1) != FORM)
		return -1;
	*H = (size_t)unpack_uint(u, 4);
	*week = unpack_uint(u, 1) != 0;
	unpack_double(u, head, 2);
	return u->failed || *H < 1 || *H > u->n / 8 || !(head[0] > 0) ||
		!isfinite(head[0]) || !(head[1] >= 1 && head[1] < 1e15)
	    ? -1
	    : 0;
}

int
online_fits(const struct online *o, size_t H, double step)
{
	return o->H == H && o->step >= step && o->step <= step;
}

struct online *
online_load(struct unpack *u)
{
	struct online *o;
	double head[2];
	size_t H;
	int week;

	if (load_head(u, &H, &week, head) != 0)
		return NULL;
	o = online_new(H, head[0]);
	if (o == NULL)
		return NULL;
	o->count = floor(head[1]);
	o->week = week ? 7 * o->day : 0;
	o->end = (int64_t)unpack_uint(u, 8);
	o->n_tail = (size_t)unpack_uint(u, 4);
	if (o->n_tail < 1 || o->n_tail > H + 1)
		goto fail;
	for (size_t i = 0; i < o->n_tail; i++) {
		o->tail[i] = load_averages(u);
		if (!all_finite(&o->tail[i].hour, 1) ||
		    !isfinite(o->tail[i].week + o->tail[i].count))
			goto fail;
	}
	for (size_t k = 0; k < o->leads; k++)
		if (load_lead(u, &o->lead[k]) != 0)
			goto fail;
	if (!u->failed)
		return o;
fail:
	online_free(o);
	return NULL;
}
