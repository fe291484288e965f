#include "policy/outcome.h"

#include <math.h>

#include "base/clock.h"
#include "record/record.h"

static void
put_elasticity(struct buf *b, const struct simulate_result *r)
{
	record_put_key(b, "elasticity");
	buf_char(b, '{');
	record_put_num(b, "theta_u", r->theta_u);
	record_put_num(b, "theta_o", r->theta_o);
	record_put_num(b, "tau_u", r->tau_u);
	record_put_num(b, "tau_o", r->tau_o);
	record_put_num(b, "upsilon", r->upsilon);
	record_put_num(b, "sigma", r->sigma);
	buf_char(b, '}');
}

double
outcome_cost(const struct contest *c, const struct simulate_result *r)
{
	return r->billed * 730 * billing_hour(&c->t->cost);
}

/* That, and a month of overload at its price */
static double
total_cost(const struct contest *c, const struct simulate_result *r)
{
	return outcome_cost(c, r) +
	    r->overload * 730 * c->t->policy.overload_price;
}

void
outcome_write(struct buf *b, const struct series *s, const struct contest *c,
    const struct contest_result *res)
{
	const struct simulate_result *r = &res->sim;
	const struct grid *g = c->r->g;

	buf_printf(b, "{\"type\":\"backtest\",\"metric\":%s", s->metric);
	record_put_str(b, "strategy", strategy_names[res->strategy]);
	if (res->setting[0] != '\0')
		record_put_str(b, "setting", res->setting);
	record_put_time(b, "from", grid_time(g, c->sim.first));
	record_put_time(b, "to", grid_time(g, c->sim.last - 1));
	record_put_num(b, "boot_s", c->sim.boot);
	record_put_num(b, "capacity", c->sim.capacity);
	record_put_num(b, "slo", c->slo);
	record_put_num(b, "mean_instances", r->instances);
	record_put_num(b, "instance_hours", r->instance_hours);
	if (isfinite(c->t->cost.per_instance)) {
		record_put_num(b, "cost", outcome_cost(c, r));
		record_put_str(b, "currency", c->t->cost.currency);
	}
	record_put_num(b, "utilisation", r->utilisation);
	record_put_num(b, "waste", 1 - r->utilisation);
	record_put_num(b, "overload_share", r->overload);
	record_put_num(b, "overload_minutes", r->overload_s / 60);
	record_put_num(b, "worst_overload_s", r->worst_overload_s);
	record_put_num(b, "unserved_share", r->unserved);
	if (c->t->policy.overload_price > 0 &&
	    isfinite(c->t->cost.per_instance))
		record_put_num(b, "total_cost", total_cost(c, r));
	record_put_num(b, "response_factor", r->response);
	record_put_num(b, "spikes", (double)r->spikes);
	record_put_num(b, "spikes_carried", (double)r->spikes_carried);
	record_put_num(b, "changes_per_day", r->changes_per_day);
	record_put_num(b, "reversals_per_day", r->reversals_per_day);
	put_elasticity(b, r);
	buf_str(b, "}\n");
}

void
outcome_row(
    struct buf *b, const struct contest *c, const struct contest_result *res)
{
	const struct simulate_result *r = &res->sim;

	buf_printf(b,
	    "%-19s %9.2f %6.1f %% %8.2f %% %7.0f %8.3f %% %7.2fx %4ld/%-4ld "
	    "%8.1f",
	    strategy_names[res->strategy], r->instances, 100 * r->utilisation,
	    100 * r->overload, r->worst_overload_s / 60, 100 * r->unserved,
	    r->response, r->spikes_carried, r->spikes, r->changes_per_day);
	if (isfinite(c->t->cost.per_instance))
		buf_printf(b, " %9.2f", outcome_cost(c, r));
	if (c->t->policy.overload_price > 0)
		buf_printf(b, " %9.2f", total_cost(c, r));
	buf_printf(b, "  %s\n", res->setting);
}

void
outcome_head(struct buf *b, const struct series *s, const struct contest *c)
{
	char from[CLOCK_SIZE], to[CLOCK_SIZE];
	const struct grid *g = c->r->g;

	buf_printf(b,
	    "%s of %s, %s to %s, learnt on what came before\n"
	    "one instance carries %.4g; %.4g s until a new one serves; the "
	    "load is to be carried %.4g %% of the time\n"
	    "it changes by %.2g instances, on average, while one boots\n\n",
	    s->name, s->target, clock_format(from, grid_time(g, c->sim.first)),
	    clock_format(to, grid_time(g, c->sim.last - 1)), c->sim.capacity,
	    c->sim.boot, 100 * c->slo, c->r->dynamics / c->sim.capacity);
	buf_printf(b, "%-19s %9s %8s %10s %7s %10s %8s %9s %8s", "strategy",
	    "instances", "used", "overloaded", "longest", "unserved",
	    "response", "spikes", "changes");
	if (isfinite(c->t->cost.per_instance))
		buf_printf(b, " %9s", c->t->cost.currency);
	if (c->t->policy.overload_price > 0)
		buf_printf(b, " %9s", "and for");
	buf_printf(b, "\n%-19s %9s %8s %10s %7s %10s %8s %9s %8s", "", "mean",
	    "", "of time", "min", "of load", "of idle", "carried", "a day");
	if (isfinite(c->t->cost.per_instance))
		buf_printf(b, " %9s", "a month");
	if (c->t->policy.overload_price > 0)
		buf_printf(b, " %9s", "overload");
	buf_char(b, '\n');
}
