#include "policy/simulate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	double start, ready; /* seconds */
};

struct pool {
	const double *y;
	const unsigned char *ok;
	const struct simulate_options *o;
	struct unit *units;
	long n, cap;
	double last_change; /* time; -1e18: never */
	int direction; /* of the last change */
	double overload_run; /* seconds of overload without a break, so far */
	long prev_need, prev_ready;
	double counted, paid_s, load_s, served_s, unserved_s, upsilon_s, all_s;
	double under, over, under_s, over_s, reversals;
	struct simulate_result *r;
	double response_s; /* load times its response time */
	int spike, spike_lost; /* in one; it saw overload */
};

/* A hair of tolerance, so that 3.0000000001 instances' worth of load, a
 * product of rounding, does not need a fourth. */
static long
need_of(double load, double each)
{
	double n = ceil(load / each - 1e-9);

	return n > 0 ? (long)n : 0;
}

static int
add_unit(struct pool *p, double start, double ready)
{
	if (p->n == p->cap) {
		long cap = p->cap ? p->cap * 2 : 64;
		struct unit *u = realloc(p->units, (size_t)cap * sizeof(*u));

		if (u == NULL)
			return -1;
		p->units = u;
		p->cap = cap;
	}
	p->units[p->n++] = (struct unit){ start, ready };
	return 0;
}

/* Seconds until what is paid for ends; 0: now */
static double
to_edge(const struct pool *p, const struct unit *u, double T)
{
	double age = T - u->start;

	return billing_edge(&p->o->billing, age) - age;
}

static double
billed(const struct pool *p, double seconds)
{
	return billing_paid(&p->o->billing, seconds) / 3600;
}

/* Do removals wait for what is paid? */
static int
aware(const struct pool *p)
{
	return p->o->billing_aware && billing_waits(&p->o->billing, 0);
}

/* The unit to go next: the one whose key is least */
static long
victim(const struct pool *p, double T)
{
	long best = 0;
	double least = INFINITY;

	for (long i = 0; i < p->n; i++) {
		const struct unit *u = &p->units[i];
		int booting = u->ready > T;
		double key;

		if (aware(p))
			key = T > u->start ? to_edge(p, u, T) : 1e8;
		else
			key = booting ? -1e9 - u->ready : -u->start;
		if (key < least) {
			least = key;
			best = i;
		}
	}
	return best;
}

static void
remove_units(struct pool *p, long want, double T)
{
	while (p->n > want) {
		long v = victim(p, T);

		p->r->billed_hours += billed(p, T - p->units[v].start);
		p->units[v] = p->units[--p->n];
	}
}

/* How many may go at T without wasting what is paid already */
static long
at_edge(const struct pool *p, double T)
{
	double until = (double)p->o->every * p->o->step;
	long n = 0;

	for (long i = 0; i < p->n; i++)
		if (T > p->units[i].start &&
		    to_edge(p, &p->units[i], T) <= until + 1e-9)
			n++;
	return n;
}

static int
change(struct pool *p, long want, double T)
{
	int direction = want > p->n ? 1 : -1;

	if (want < p->n && aware(p)) {
		long can = at_edge(p, T);

		want = p->n - want > can ? p->n - can : want;
	}
	if (want == p->n)
		return 0;
	if (p->direction != 0 && direction != p->direction &&
	    T - p->last_change <= 600)
		p->reversals++;
	p->r->changes++;
	p->direction = direction;
	p->last_change = T;
	if (want < p->n)
		remove_units(p, want, T);
	while (p->n < want)
		if (add_unit(p, T, T + p->o->boot) != 0)
			return -1;
	return 0;
}

/* The response time of n instances under the load y, in multiples */
static double
response(const struct simulate_options *o, double y, long n)
{
	double servers = n > 0 ? (double)n : 1;
	double rho = n > 0 ? fmin(y / (servers * o->capacity), 0.99) : 0.99;

	return 1 +
	    pow(rho, sqrt(2 * (servers + 1)) - 1) / (servers * (1 - rho));
}

/* Whether step t is far above the hour before it */
static int
is_spike(const struct pool *p, size_t t)
{
	double hour = round(3600 / p->o->step), sum = 0;
	size_t n = hour > 1 ? (size_t)hour : 1;

	if (t < n || (p->ok != NULL && !p->ok[t]))
		return 0;
	for (size_t i = t - n; i < t; i++)
		sum += p->y[i];
	return p->y[t] > 1.5 * sum / (double)n && p->y[t] > p->o->capacity / 2;
}

/* Step t is over, and saw so much overload */
static void
count_spike(struct pool *p, size_t t, double overload_s)
{
	int spike = is_spike(p, t);

	if (spike && !p->spike) {
		p->r->spikes++;
		p->r->spikes_carried++;
		p->spike_lost = 0;
	}
	if (spike && overload_s > 0 && !p->spike_lost) {
		p->r->spikes_carried--;
		p->spike_lost = 1;
	}
	p->spike = spike;
}

/* dt seconds during which ready instances serve the load y */
static void
live(struct pool *p, double y, long ready, double dt)
{
	const struct simulate_options *o = p->o;
	double carried = (double)ready * o->capacity;
	long need = need_of(y, o->capacity * o->limit);
	double of;

	need = need > o->min ? need : o->min;
	of = need > 1 ? (double)need : 1;
	p->counted += dt;
	p->paid_s += (double)p->n * dt;
	p->load_s += y * dt;
	p->served_s += fmin(y, carried) * dt;
	if (o->thorough)
		p->response_s += y * response(o, y, ready) * dt;
	p->unserved_s += fmax(y - carried, 0) * dt;
	if (y > carried * o->limit * (1 + 1e-12) + 1e-12) {
		p->r->overload_s += dt;
		p->overload_run += dt;
		p->r->worst_overload_s =
		    fmax(p->r->worst_overload_s, p->overload_run);
	} else {
		p->overload_run = 0;
	}
	if (need > ready) {
		p->under += (double)(need - ready) / of * dt;
		p->under_s += dt;
	} else if (ready > need) {
		p->over += (double)(ready - need) / of * dt;
		p->over_s += dt;
	}
}

/* Step t from T on: piecewise between the moments at which units get ready */
static void
pass(struct pool *p, size_t t, double T)
{
	const struct simulate_options *o = p->o;
	double at = T, end = T + o->step, ready_s = 0;
	double overload_s = p->r->overload_s;
	int counts = p->ok == NULL || p->ok[t];
	long need, served;

	while (at < end - 1e-9) {
		double next = end;
		long ready = 0;

		for (long i = 0; i < p->n; i++) {
			if (p->units[i].ready <= at + 1e-9)
				ready++;
			else if (p->units[i].ready < next)
				next = p->units[i].ready;
		}
		ready_s += (double)ready * (next - at);
		if (counts)
			live(p, p->y[t], ready, next - at);
		at = next;
	}
	if (o->thorough)
		count_spike(p, t, p->r->overload_s - overload_s);
	p->r->instance_hours += (double)p->n * o->step / 3600;
	p->all_s += o->step;
	need = need_of(p->y[t], o->capacity * o->limit);
	need = need > o->min ? need : o->min;
	served = (long)floor(ready_s / o->step + 1e-9);
	if (p->prev_need >= 0) {
		int d = (need > p->prev_need) - (need < p->prev_need);
		int s = (served > p->prev_ready) - (served < p->prev_ready);

		if (d != s)
			p->upsilon_s += o->step;
	}
	p->prev_need = need;
	p->prev_ready = served;
}

static long
serving(const struct pool *p, double T)
{
	long n = 0;

	for (long i = 0; i < p->n; i++)
		n += p->units[i].ready <= T + 1e-9;
	return n;
}

static void
conclude(struct pool *p)
{
	struct simulate_result *r = p->r;
	double T = p->counted > 0 ? p->counted : 1;
	double days = p->all_s / 86400;
	double end = (double)p->o->last * p->o->step;

	for (long i = 0; i < p->n; i++)
		r->billed_hours += billed(p, end - p->units[i].start);
	if (p->all_s > 0)
		r->billed = r->billed_hours / (p->all_s / 3600);
	r->instances = p->paid_s / T;
	r->served_hours = p->counted / 3600;
	r->overload = r->overload_s / T;
	r->unserved = p->load_s > 0 ? p->unserved_s / p->load_s : 0;
	r->response = p->load_s > 0 ? p->response_s / p->load_s : 1;
	r->utilisation =
	    p->paid_s > 0 ? p->served_s / (p->paid_s * p->o->capacity) : 0;
	r->changes_per_day = (double)r->changes / days;
	r->reversals_per_day = p->reversals / days;
	r->theta_u = 100 * p->under / T;
	r->theta_o = 100 * p->over / T;
	r->tau_u = 100 * p->under_s / T;
	r->tau_o = 100 * p->over_s / T;
	if (p->all_s > p->o->step)
		r->upsilon = 100 * p->upsilon_s / (p->all_s - p->o->step);
	r->sigma = pow(pow(r->theta_u, 5) + pow(r->theta_o, 5) +
		pow(r->tau_u, 5) + pow(r->tau_o, 5) + pow(r->upsilon, 5),
	    0.2);
}

static int
valid(const struct simulate_options *o, size_t n)
{
	return o->step > 0 && o->boot >= 0 && o->capacity > 0 && o->limit > 0 &&
	    o->min >= 0 && o->max >= o->min && o->every >= 1 && o->first >= 1 &&
	    o->first < o->last && o->last <= n;
}

int
simulate(const double *y, const unsigned char *ok, size_t n,
    const struct simulate_options *o, const struct simulate_policy *policy,
    struct simulate_result *r, long *paid)
{
	struct pool p = { .y = y,
		.ok = ok,
		.o = o,
		.r = r,
		.last_change = -1e18,
		.prev_need = -1 };
	long start;

	*r = (struct simulate_result){ 0 };
	if (!valid(o, n))
		return -1;
	start = o->start;
	if (start < 0)
		start = (long)ceil(y[o->first - 1] / o->capacity / 0.7);
	start = start < o->min ? o->min : start > o->max ? o->max : start;
	for (long i = 0; i < start; i++)
		if (add_unit(&p, (double)o->first * o->step,
			(double)o->first * o->step) != 0)
			goto fail;
	for (size_t t = o->first; t < o->last; t++) {
		double T = (double)t * o->step;

		if (t >= 1 + o->delay && (t - o->first) % o->every == 0) {
			struct simulate_now now = { t - 1 - o->delay, p.n,
				serving(&p, T), T };
			long w = policy->wanted(policy->ctx, &now);

			w = w < o->min ? o->min : w > o->max ? o->max : w;
			if (change(&p, w, T) != 0)
				goto fail;
		}
		pass(&p, t, T);
		if (paid != NULL)
			paid[t - o->first] = p.n;
	}
	conclude(&p);
	free(p.units);
	return 0;
fail:
	free(p.units);
	return -1;
}
