#include "policy/billing.h"

#include <math.h>

#define MONTH_S (730 * 3600.0)

struct billing
billing_of(const struct conf_cost *c)
{
	static const double periods[] = { [BILL_SECOND] = 0,
		[BILL_MINUTE] = 60,
		[BILL_HOUR] = 3600,
		[BILL_MONTH] = MONTH_S };
	struct billing b = { .period = periods[c->billing] };

	if (!isnan(c->minimum))
		b.minimum = c->minimum;
	if (c->hour > 0 && c->cap < c->hour * 730)
		b.cap = c->cap / c->hour * 3600;
	return b;
}

double
billing_hour(const struct conf_cost *c)
{
	return isnan(c->hour) ? c->per_instance / 730 : c->hour;
}

/* Whole periods; a hair more than one is a product of rounding. */
static double
whole(const struct billing *b, double s)
{
	if (b->period <= 0)
		return s;
	return ceil((s - 1e-6) / b->period) * b->period;
}

double
billing_paid(const struct billing *b, double s)
{
	double months, rest;

	/* one that goes as it comes is paid for, too */
	s = fmax(fmax(whole(b, s), b->period), b->minimum);
	if (b->cap <= 0)
		return s;
	months = floor(s / MONTH_S);
	rest = s - months * MONTH_S;
	return months * b->cap + fmin(rest, b->cap);
}

double
billing_edge(const struct billing *b, double age)
{
	double paid = fmax(whole(b, age), b->period);

	/* within the minimum, as far as whole periods fit */
	if (b->period > 0)
		return fmax(paid, floor(b->minimum / b->period) * b->period);
	return fmax(paid, b->minimum);
}

int
billing_waits(const struct billing *b, double interval)
{
	return fmax(b->period, b->minimum) > interval;
}
