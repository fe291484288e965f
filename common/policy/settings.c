#include "policy/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/need.h"

void
settings_free(struct settings *all)
{
	for (size_t i = 0; i < all->n_floors; i++)
		free(all->floors[i]);
	free(all->floors);
	free(all->s);
	free(all->mean_1h);
	*all = (struct settings){ 0 };
}

static struct setting *
add(struct settings *all)
{
	struct setting *s = realloc(all->s, (all->n + 1) * sizeof(*s));

	if (s == NULL)
		return NULL;
	all->s = s;
	s += all->n++;
	*s = (struct setting){ 0 };
	return s;
}

static long *
add_floor(struct settings *all, size_t n)
{
	long **f = realloc(all->floors, (all->n_floors + 1) * sizeof(*f));

	if (f == NULL)
		return NULL;
	all->floors = f;
	f[all->n_floors] = calloc(n, sizeof(**f));
	if (f[all->n_floors] == NULL)
		return NULL;
	return f[all->n_floors++];
}

static struct rival
base(const struct contest *c, enum rival_kind kind)
{
	return (struct rival){ .kind = kind,
		.y = c->r->g->y,
		.capacity = c->sim.capacity,
		.limit = 1 };
}

static int
add_hpa(struct settings *all, const struct contest *c, double target,
    double tolerance, double window_s, const long *floor, const char *prefix)
{
	struct setting *s = add(all);

	if (s == NULL)
		return -1;
	s->rival = base(c, RIVAL_HPA);
	s->rival.target = target;
	s->rival.tolerance = tolerance;
	s->rival.window = (size_t)fmax(round(window_s / c->sim.step), 1);
	s->rival.floor = floor;
	snprintf(s->name, sizeof(s->name),
	    "%starget %.4g %%, window %.0f s, tolerance %.2g", prefix,
	    100 * target, (double)s->rival.window * c->sim.step, tolerance);
	return 0;
}

/* Targets 30 to 100 % in steps of 2.5, windows up to an hour, with and without
 * tolerance */
static int
all_hpa(struct settings *all, const struct contest *c)
{
	static const double windows[] = { 0, 300, 600, 900, 1800, 3600 };

	for (int tolerant = 1; tolerant >= 0; tolerant--)
		for (int k = 0; k <= 28; k++)
			for (size_t w = 0; w < 6; w++) {
				/* windows below a step are all the same */
				if (w > 0 &&
				    round(windows[w] / c->sim.step) <= 1)
					continue;
				if (add_hpa(all, c, 0.3 + 0.025 * k,
					0.1 * tolerant, windows[w], NULL,
					"") != 0)
					return -1;
			}
	return 0;
}

static int
all_scheduled(struct settings *all, const struct contest *c, int with_hpa)
{
	static const double shares[] = { 0.5, 0.75, 0.9, 1 };
	static const double targets[] = { 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9,
		0.95, 1 };
	static const double windows[] = { 0, 300, 900 };
	const struct grid *g = c->r->g;

	for (size_t p = 0; p < 4; p++)
		for (int u = 0; u < 2; u++) {
			double use = u ? 0.85 : 1;
			long *floor = add_floor(all, g->n);
			char prefix[48];
			struct setting *s;

			if (floor == NULL ||
			    rival_schedule(g->y, g->n, c->sim.first, g->step,
				g->t0, c->sim.boot, c->sim.capacity, shares[p],
				use, floor) != 0)
				return -1;
			snprintf(prefix, sizeof(prefix),
			    "peaks of %.0f %% at %.0f %%, ", 100 * shares[p],
			    100 * use);
			if (!with_hpa) {
				s = add(all);
				if (s == NULL)
					return -1;
				s->rival = base(c, RIVAL_STATIC);
				s->rival.floor = floor;
				snprintf(s->name, sizeof(s->name), "%.*s",
				    (int)strlen(prefix) - 2, prefix);
				continue;
			}
			for (size_t t = 0; t < 9; t++)
				for (size_t w = 0; w < 3; w++)
					if (add_hpa(all, c, targets[t], 0.1,
						windows[w], floor, prefix) != 0)
						return -1;
		}
	return 0;
}

static int
all_aws(struct settings *all, const struct contest *c)
{
	static const double weights[] = { 1, 0.5, 0 };
	const struct grid *g = c->r->g;

	for (size_t w = 0; w < 3; w++)
		for (int k = 0; k <= 14; k++) {
			double target = 0.3 + 0.05 * k;
			long *floor = add_floor(all, g->n);
			char prefix[32];

			if (floor == NULL ||
			    rival_aws(g->y, g->n, g->step, g->t0, c->sim.boot,
				c->sim.capacity, target, weights[w],
				floor) != 0)
				return -1;
			snprintf(prefix, sizeof(prefix), "yesterday %.0f %%, ",
			    100 * weights[w]);
			if (add_hpa(all, c, target, 0.1, 900, floor, prefix) !=
			    0)
				return -1;
		}
	return 0;
}

/* The name says whose forecasts where there are several */
static struct setting *
add_ours(struct settings *all, const struct contest *c, const struct replay *by,
    double q, double price)
{
	struct setting *s = add(all);
	const char *who = c->also != NULL ? by->method : "";
	const char *gap = c->also != NULL ? ", " : "";

	if (s == NULL)
		return NULL;
	s->ours = 1;
	s->by = by;
	s->q = q;
	s->price = price;
	if (isnan(price))
		snprintf(s->name, sizeof(s->name), "%s%sq %.5g", who, gap, q);
	else
		snprintf(s->name, sizeof(s->name), "%s%sprice %.4g", who, gap,
		    price);
	return s;
}

/* By the SLO's door 1 - q from a quarter of 1 - slo to 16 times that, in
 * quarter octaves: where a few instances carry a steady load, rounding up is
 * safety enough for the lowest of them. By the price's, where the policy has
 * one, an overloaded hour as dear as 1 to 2^14 hours of an instance, in half
 * octaves. Both together were no better: more to choose from fits the past more
 * than the future. */
static int
all_ours(struct settings *all, const struct contest *c, const struct replay *by)
{
	int priced = c->t->policy.overload_price > 0;

	for (int k = -8; k <= 16 && !priced; k++) {
		double q = 1 - (1 - c->slo) * pow(2, k / 4.0);

		if (q >= 0.5 && add_ours(all, c, by, q, (double)NAN) == NULL)
			return -1;
	}
	for (int k = 0; k <= 28 && priced; k++)
		if (add_ours(all, c, by, PRICE_DOOR_Q, pow(2, k / 2.0)) == NULL)
			return -1;
	return 0;
}

/* As the policy is set */
static int
ours_untuned(struct settings *all, const struct contest *c)
{
	const struct conf_policy *p = &c->t->policy;
	double price = p->overload_price;

	if (isnan(price) || !(price > 0))
		price = (double)NAN;
	else
		price /= c->t->cost.per_instance / 730;
	return add_ours(all, c, c->r, p->slo, price) != NULL ? 0 : -1;
}

/* Our own rule without a forecast: targets from 30 % to the signal's own in
 * steps of 2.5, held for up to an hour */
static int
all_target(struct settings *all, const struct contest *c)
{
	static const double hold[] = { 60, 300, 600, 900, 1800, 3600 };
	double most = c->t->signals[0].target;

	for (int k = 0; 0.3 + 0.025 * k < most + 0.0249; k++)
		for (size_t w = 0; w < 6; w++) {
			double target = fmin(0.3 + 0.025 * k, most);
			struct setting *s;

			/* holds up to a step are all the same */
			if (w > 0 && hold[w] <= c->sim.step)
				continue;
			s = add_ours(all, c, c->r, c->slo, (double)NAN);
			if (s == NULL)
				return -1;
			s->reactive = 1;
			s->target = target;
			s->stabilisation = fmax(hold[w], c->sim.step);
			snprintf(s->name, sizeof(s->name),
			    "target %.4g %%, held for %.0f s", 100 * target,
			    s->stabilisation);
		}
	return 0;
}

static int
one_threshold(struct settings *all, const struct contest *c, double up,
    double down, double cooldown)
{
	struct setting *s = add(all);

	if (s == NULL)
		return -1;
	s->rival = base(c, RIVAL_THRESHOLD);
	s->rival.up = up;
	s->rival.down = down;
	s->rival.step = 1;
	s->rival.cooldown = cooldown;
	snprintf(
	    s->name, sizeof(s->name), "%.0f / %.0f %%", 100 * up, 100 * down);
	return 0;
}

static int
one_article(struct settings *all, const struct contest *c)
{
	struct setting *s = add(all);

	all->mean_1h = malloc(c->r->g->n * sizeof(*all->mean_1h));
	if (s == NULL || all->mean_1h == NULL)
		return -1;
	replay_mean_1h(c->r, all->mean_1h);
	s->rival = base(c, RIVAL_ARTICLE);
	s->rival.mean_1h = all->mean_1h;
	return 0;
}

/* What the highest load of the training part needed */
static int
static_max(struct settings *all, const struct contest *c)
{
	const struct grid *g = c->r->g;
	struct setting *s = add(all);
	double top = 0;

	if (s == NULL)
		return -1;
	for (size_t i = 0; i < c->sim.first; i++)
		if (g->ok[i])
			top = fmax(top, g->y[i]);
	s->rival = base(c, RIVAL_STATIC);
	s->rival.count = (long)ceil(top / c->sim.capacity - 1e-9);
	snprintf(s->name, sizeof(s->name), "%ld instances", s->rival.count);
	return 0;
}

int
settings_of(struct settings *all, const struct contest *c, enum strategy s)
{
	const struct conf_target *t = c->t;

	switch (s) {
	case STRATEGY_PREDICTIVE:
		if (all_ours(all, c, c->r) != 0)
			return -1;
		return c->also != NULL ? all_ours(all, c, c->also) : 0;
	case STRATEGY_UNTUNED:
		return ours_untuned(all, c);
	case STRATEGY_TARGET:
		return all_target(all, c);
	case STRATEGY_REACTIVE:
		return add_hpa(all, c,
		    fmin(t->policy.fallback_target, t->signals[0].target), 0,
		    t->policy.stabilisation, NULL, "");
	case STRATEGY_HPA_60:
		return add_hpa(all, c, 0.6, 0.1, 300, NULL, "");
	case STRATEGY_HPA_70:
		return add_hpa(all, c, 0.7, 0.1, 300, NULL, "");
	case STRATEGY_HPA_TUNED:
		return all_hpa(all, c);
	case STRATEGY_HPA_SCHEDULE:
		return all_scheduled(all, c, 1);
	case STRATEGY_AWS:
		return all_aws(all, c);
	case STRATEGY_THRESHOLD:
		return one_threshold(all, c, 0.8, 0.3, 300);
	case STRATEGY_SWARM:
		return one_threshold(all, c, 0.85, 0.25, 0);
	case STRATEGY_SCHEDULED:
		return all_scheduled(all, c, 0);
	case STRATEGY_STATIC_MAX:
		return static_max(all, c);
	case STRATEGY_ARTICLE:
		return one_article(all, c);
	case STRATEGY_STATIC_BEST:
	case STRATEGY_ORACLE:
	case STRATEGIES:
		break;
	}
	return 0;
}
