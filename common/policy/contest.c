#include "policy/contest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/oracle.h"
#include "policy/settings.h"

const char *const strategy_names[] = { "predictive", "predictive-untuned",
	"target-rule", "reactive", "hpa-60", "hpa-70", "hpa-tuned",
	"hpa-schedule", "aws-like", "threshold", "swarm-85-25", "scheduled",
	"static-max", "static-best", "article", "oracle", NULL };

static size_t
steps_a_day(const struct grid *g)
{
	return g->step < 86400 ? (size_t)lround(86400 / g->step) : 1;
}

size_t
contest_begin(const struct grid *g, double train)
{
	double day = (double)steps_a_day(g), n = (double)g->n;

	return (size_t)fmin(fmax(n / 5, 2.2 * day), 0.6 * train * n);
}

int
contest_shape(struct contest *c, const struct replay *r,
    const struct conf_target *t, double train, const char **why)
{
	const struct grid *g = r->g;
	size_t day = steps_a_day(g), begin = contest_begin(g, train);
	size_t a = (size_t)(train * (double)g->n);

	/* whole days to tune on, so that no time of day counts for more */
	if (a > begin)
		a = begin + (a - begin) / day * day;
	*why = "too little history for a replay";
	if (a <= begin || a + 1 >= g->n || begin < 2)
		return -1;
	*c = (struct contest){ .r = r, .t = t, .tune_from = begin };
	c->slo = t->policy.slo;
	c->allow = 1 - c->slo;
	c->sim = (struct simulate_options){ .step = g->step,
		.boot = t->policy.boot_time,
		.capacity = t->signals[0].capacity,
		.limit = 1,
		.min = t->policy.min_instances,
		.max = t->policy.max_instances,
		.start = -1,
		.first = a,
		.last = g->n,
		.every = 1,
		.delay = r->late };
	if (t->decision_interval > g->step)
		c->sim.every = (size_t)lround(t->decision_interval / g->step);
	c->sim.billing = billing_of(&t->cost);
	return 0;
}

static int
simulate_part(const struct contest *c, size_t first, size_t last,
    const struct simulate_policy *p, int aware, struct simulate_result *r)
{
	struct simulate_options o = c->sim;
	const struct grid *g = c->r->g;

	o.first = first;
	o.last = last;
	o.thorough = first == c->sim.first;
	o.billing_aware = aware;
	return simulate(g->y, g->ok, g->n, &o, p, r, NULL);
}

/* Ours by the door of s on steps [first, last) */
static int
run_ours(const struct contest *c, const struct setting *s, size_t first,
    size_t last, struct simulate_result *r, replay_fn *on_decision, void *ctx)
{
	struct conf_target t = *c->t;
	struct simulate_policy p = { replay_wanted, NULL };
	struct replay_run *run;
	int e;

	t.policy.quantile = s->q;
	if (s->reactive) {
		t.policy.forecast = 0;
		t.policy.fallback_target = s->target;
		t.policy.stabilisation = s->stabilisation;
	}
	t.policy.overload_price = (double)NAN;
	if (!isnan(s->price)) {
		if (isnan(t.cost.per_instance))
			t.cost.per_instance = 1;
		t.policy.overload_price = s->price * t.cost.per_instance / 730;
	}
	run = replay_begin(s->by, &t, on_decision, ctx);
	if (run == NULL)
		return -1;
	p.ctx = run;
	/* what goes first is what the rule takes to go first */
	e = simulate_part(c, first, last, &p,
	    billing_waits(&c->sim.billing, t.decision_interval), r);
	replay_end(run);
	return e;
}

int
contest_setting(const struct contest *c, const struct setting *s, size_t first,
    size_t last, struct simulate_result *r)
{
	struct simulate_policy p = { rival_wanted, NULL };
	struct rival rival = s->rival;
	int e;

	if (s->ours)
		return run_ours(c, s, first, last, r, NULL, NULL);
	if (rival_reset(&rival) != 0)
		return -1;
	p.ctx = &rival;
	e = simulate_part(c, first, last, &p, 0, r);
	rival_free(&rival);
	return e;
}

/* What the mean count costs, with the rounding where there is some */
static double
paid(const struct contest *c, const struct simulate_result *r)
{
	return billing_waits(&c->sim.billing, 0) ? r->billed : r->instances;
}

int
contest_choose(const struct contest *c, const struct settings *all,
    size_t first, size_t last, size_t *best, struct simulate_result *of_best)
{
	*best = 0;
	for (size_t i = 0; i < all->n; i++) {
		struct simulate_result r;
		int keeps, kept = i > 0 && of_best->overload <= c->allow;

		if (contest_setting(c, &all->s[i], first, last, &r) != 0)
			return -1;
		keeps = r.overload <= c->allow;
		if (i == 0 ||
		    (keeps ? !kept || paid(c, &r) < paid(c, of_best)
			   : !kept && r.overload < of_best->overload)) {
			*best = i;
			*of_best = r;
		}
	}
	return 0;
}

static int
run_oracle(const struct contest *c, struct contest_result *out)
{
	const struct grid *g = c->r->g;
	size_t n = c->sim.last - c->sim.first;
	size_t lead = (size_t)ceil(c->sim.boot / c->sim.step - 1e-9);
	long *need = calloc(n, sizeof(*need));
	long *path = malloc(n * sizeof(*path));
	long *want = calloc(g->n, sizeof(*want));
	struct rival r = { .kind = RIVAL_STATIC, .floor = want };
	struct simulate_policy p = { rival_wanted, &r };
	int e = -1;

	if (need == NULL || path == NULL || want == NULL)
		goto out;
	for (size_t t = 0; t < n; t++)
		need[t] = (long)fmax(
		    ceil(g->y[c->sim.first + t] / c->sim.capacity - 1e-9),
		    (double)c->sim.min);
	if (oracle_path(need, g->ok + c->sim.first, n, c->sim.min, (double)lead,
		1 - c->slo, path) != 0)
		goto out;
	/* ordered so early that it serves in time: asked after sample i, what
	 * is needed up to lead steps after the next one */
	for (size_t t = 0; t < n; t++) {
		long most = 0;

		for (size_t k = t; k <= t + lead && k < n; k++)
			most = path[k] > most ? path[k] : most;
		if (c->sim.first + t >= 1 + c->sim.delay)
			want[c->sim.first + t - 1 - c->sim.delay] = most;
	}
	e = simulate_part(c, c->sim.first, c->sim.last, &p, 0, &out->sim);
out:
	free(need);
	free(path);
	free(want);
	return e;
}

/* The least constant count that keeps the slo on the test part */
static int
run_static_best(const struct contest *c, struct contest_result *out)
{
	long lo = c->sim.min, hi = c->sim.max;

	while (lo < hi) {
		struct rival r = { .kind = RIVAL_STATIC,
			.count = lo + (hi - lo) / 2 };
		struct simulate_policy p = { rival_wanted, &r };

		if (simulate_part(
			c, c->sim.first, c->sim.last, &p, 0, &out->sim) != 0)
			return -1;
		if (out->sim.overload <= 1 - c->slo)
			hi = r.count;
		else
			lo = r.count + 1;
	}
	snprintf(out->setting, sizeof(out->setting), "%ld instances", lo);
	struct rival r = { .kind = RIVAL_STATIC, .count = lo };
	struct simulate_policy p = { rival_wanted, &r };

	return simulate_part(c, c->sim.first, c->sim.last, &p, 0, &out->sim);
}

int
contest_run(const struct contest *c, enum strategy s,
    struct contest_result *out, replay_fn *on_decision, void *ctx)
{
	struct settings all = { 0 };
	struct simulate_result tuned;
	size_t best = 0;
	int e = -1;

	*out = (struct contest_result){ .strategy = s };
	if (s == STRATEGY_ORACLE)
		return run_oracle(c, out);
	if (s == STRATEGY_STATIC_BEST)
		return run_static_best(c, out);
	if (settings_of(&all, c, s) == 0 &&
	    (all.n == 1 ||
		contest_choose(
		    c, &all, c->tune_from, c->sim.first, &best, &tuned) == 0)) {
		const struct setting *b = &all.s[best];

		snprintf(out->setting, sizeof(out->setting), "%s", b->name);
		e = b->ours ? run_ours(c, b, c->sim.first, c->sim.last,
				  &out->sim, on_decision, ctx)
			    : contest_setting(
				  c, b, c->sim.first, c->sim.last, &out->sim);
	}
	settings_free(&all);
	return e;
}

int
contest_frontier(const struct contest *c, enum strategy s,
    struct contest_point **points, size_t *n)
{
	struct settings all = { 0 };
	int e = -1;

	*points = NULL;
	*n = 0;
	if (s == STRATEGY_ORACLE || s == STRATEGY_STATIC_BEST)
		return 0;
	if (settings_of(&all, c, s) != 0)
		goto out;
	*points = calloc(all.n + 1, sizeof(**points));
	if (*points == NULL)
		goto out;
	for (size_t i = 0; i < all.n; i++) {
		struct contest_point *p = &(*points)[i];
		struct simulate_result r;

		snprintf(p->setting, sizeof(p->setting), "%s", all.s[i].name);
		if (contest_setting(
			c, &all.s[i], c->tune_from, c->sim.first, &r) != 0)
			goto out;
		p->train_cost = r.instances;
		p->train_over = r.overload;
		if (contest_setting(
			c, &all.s[i], c->sim.first, c->sim.last, &r) != 0)
			goto out;
		p->test_cost = r.instances;
		p->test_over = r.overload;
	}
	*n = all.n;
	e = 0;
out:
	settings_free(&all);
	if (e != 0) {
		free(*points);
		*points = NULL;
	}
	return e;
}
