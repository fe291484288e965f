#include "policy/resources.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

/* The least that anything runs with */
#define LEAST_CORES 0.05
#define LEAST_BYTES 16777216.0

struct advice { /* of one resource; NAN: none */
	double limit, reserved;
	const struct decide_view *by; /* signal of the limit */
	double peak; /* of the whole pool */
	int seen; /* what was seen, not what is expected, made the limit */
	const char *none; /* why there is none */
};

/* Up to a multiple of an eighth of the power of two below */
static double
round_up(double x, double least)
{
	double step;
	int e;

	if (!(x > least))
		return least;
	frexp(x, &e);
	step = ldexp(1, e - 4);
	return ceil(x / step - 1e-9) * step;
}

/* The most that an instance was seen to use, and that it will when those that
 * go have left it their share. Those that boot use nothing yet. */
static double
most_seen(const struct decide_input *in, const struct decide_view *v,
    const struct decision *d, const struct decide_trace *t)
{
	const struct forecast *f = v->forecast;
	int64_t back =
	    (int64_t)llround(1000 * (f->step_s + in->target->policy.boot_time));
	long now = t->ready < d->recommended ? t->ready : d->recommended;
	double most = v->value / (double)(now > 0 ? now : 1);

	for (size_t i = 0; i < f->n_observed; i++) {
		int64_t at = f->observed_t[i];
		long n = t->ready > 0 ? t->ready : 1;

		if (in->history != NULL)
			n = history_least(in->history, n, at - back, at);
		most = fmax(most, f->observed_v[i] / (double)(n > 0 ? n : 1));
	}
	return most;
}

static const char *
unusable(const struct decide_view *v)
{
	const struct forecast *f = v->forecast;

	if (v->missing)
		return "is missing";
	if (v->stale)
		return "is not fresh enough";
	if (f->n_peaks == 0 || f->no_forecast[0] != '\0')
		return "has no forecast";
	return NULL;
}

static void
advise(const struct decide_input *in, const struct decide_view *v,
    const struct decision *d, const struct decide_trace *t, struct advice *a)
{
	const struct forecast *f = v->forecast;
	int memory = v->conf->resource == RESOURCE_MEMORY;
	double least = memory ? LEAST_BYTES : LEAST_CORES;
	double n = (double)d->recommended, peak, median, limit, seen;
	double enough;

	a->none = unusable(v);
	if (a->none != NULL) {
		a->by = v;
		return;
	}
	peak = fmax(f->peak[FORECAST_LEVELS - 1][f->n_peaks - 1], v->value);
	median = fmax(f->peak[0][f->n_peaks - 1], 0);
	limit = peak / n / v->conf->target;
	seen = memory ? most_seen(in, v, d, t) : 0;
	a->reserved =
	    fmax(a->reserved, round_up(fmax(median / n, seen), least));
	enough = round_up(fmax(limit, seen), least);
	if (a->by != NULL && enough <= a->limit)
		return;
	a->limit = enough;
	a->by = v;
	a->peak = peak;
	a->seen = seen > limit;
}

static void
gather(const struct decide_input *in, enum conf_resource kind,
    const struct decision *d, const struct decide_trace *t, struct advice *a)
{
	*a = (struct advice){ .limit = NAN, .reserved = NAN };
	if (d->recommended <= 0) {
		a->none = "no count to share it";
		return;
	}
	for (size_t i = 0; i < t->n_views; i++)
		if (t->view[i].conf->resource == kind) {
			advise(in, &t->view[i], d, t, a);
			if (a->none != NULL)
				break; /* half of the picture is none */
		}
	if (a->none != NULL)
		a->limit = a->reserved = NAN;
}

/* 0 where nothing is wished */
static double
wish(const struct conf_amount *c, double advised)
{
	double x = c->automatic ? advised : c->fixed;

	return x > 0 ? x : 0;
}

static void
amount(struct buf *b, int memory, double x)
{
	if (!memory)
		buf_printf(b, "%.3g cores", x);
	else if (x >= 1 << 30)
		buf_printf(b, "%.3g GiB", ldexp(x, -30));
	else
		buf_printf(b, "%.4g MiB", ldexp(x, -20));
}

/* "CPU up to 0.75 cores, reserved 0.4 cores: 4 share a peak of 1.8 cores
 * ('cpu', 99 % within 60 min) at 60 % of it" */
static void
describe(struct buf *b, const struct advice *a, int memory, double limit,
    double reserved, int automatic, const struct decision *d)
{
	char span[NUMBER_SIZE];

	if (limit <= 0 && reserved <= 0 && !automatic)
		return;
	buf_str(b, b->len > 0 ? "; " : "");
	buf_str(b, memory ? "memory" : "CPU");
	if (limit > 0) {
		buf_str(b, " up to ");
		amount(b, memory, limit);
	}
	if (reserved > 0) {
		buf_str(b, limit > 0 ? ", reserved " : " reserved ");
		amount(b, memory, reserved);
	}
	if (!automatic) {
		buf_str(b, ", as configured");
	} else if (a->none != NULL) {
		buf_str(b,
		    limit > 0 || reserved > 0 ? ", as configured, and " : ": ");
		if (a->by != NULL)
			buf_printf(b, "'%s' %s", a->by->conf->name, a->none);
		else
			buf_str(b, a->none);
	} else if (a->seen) {
		buf_str(b, ": so much an instance used within the hour");
	} else if (a->by != NULL) {
		const struct forecast *f = a->by->forecast;

		buf_printf(b, ": %ld share a peak of ", d->recommended);
		amount(b, memory, a->peak);
		buf_printf(b, " ('%s', 99 %% within %s) at %.3g %% of it",
		    a->by->conf->name,
		    duration_format(span, f->peak_s[f->n_peaks - 1]),
		    100 * a->by->conf->target);
	}
}

void
resources_advise(const struct decide_input *in, struct decision *d,
    const struct decide_trace *t)
{
	const struct conf_resources *c = &in->target->resources;
	struct decision_resources *r = &d->resources;
	struct advice cpu, memory;
	struct buf b = { 0 };
	size_t n;

	gather(in, RESOURCE_CPU, d, t, &cpu);
	gather(in, RESOURCE_MEMORY, d, t, &memory);
	r->cpus = wish(&c->cpus, cpu.limit);
	r->cpus_reserved = wish(&c->cpus_reserved, cpu.reserved);
	r->memory = wish(&c->memory, memory.limit);
	r->memory_reserved = wish(&c->memory_reserved, memory.reserved);
	if (r->cpus > 0 && r->cpus_reserved > r->cpus)
		r->cpus_reserved = r->cpus;
	if (r->memory > 0 && r->memory_reserved > r->memory)
		r->memory_reserved = r->memory;
	describe(&b, &cpu, 0, r->cpus, r->cpus_reserved,
	    c->cpus.automatic || c->cpus_reserved.automatic, d);
	describe(&b, &memory, 1, r->memory, r->memory_reserved,
	    c->memory.automatic || c->memory_reserved.automatic, d);
	n = b.len < sizeof(r->reason) || b.s == NULL
	    ? b.len
	    : utf8_cut(b.s, sizeof(r->reason) - 1);
	if (b.s != NULL)
		memcpy(r->reason, b.s, n);
	r->reason[n] = '\0';
	buf_free(&b);
}
