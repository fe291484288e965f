#include "policy/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"
#include "math/quantile.h"
#include "policy/settings.h"
#include "record/journal.h"

enum { DAY_S = 86400, BOOT_DAYS = 90, BOOT_LEAST = 5, BOOT_MOST = 4096 };

double
tune_budget(double slo, double period_s, double left_s, double spent_s)
{
	double may = 1 - slo;
	double share = (0.8 * may * period_s - spent_s) / fmax(left_s, 1);

	return fmin(fmax(share, may / 4), 2 * may);
}

/* --- from the journal --- */

struct spending {
	int64_t from, until, last; /* ms; last: of the newest decision, or 0 */
	int over; /* whether that one saw more than full load */
	double spent;
};

/* An observation holds until the next one, ten minutes at most */
static void
spend_until(struct spending *s, int64_t time)
{
	int64_t begin = s->last > s->from ? s->last : s->from;
	int64_t end = time < s->until ? time : s->until;

	if (s->over && s->last > 0 && end > begin)
		s->spent += fmin((double)(end - begin) / 1000, 600);
}

static int
on_decision(void *ctx, const struct record *r, int64_t logged)
{
	struct spending *s = ctx;
	long long time;
	double load;

	(void)logged;
	if (r->type != RECORD_DECISION ||
	    json_get_time(r->json, "time", &time) != 0 || time < s->last)
		return 0;
	spend_until(s, time);
	s->last = time;
	s->over = json_get_num(r->json, "current_load", &load) == 0 &&
	    load > 100 * (1 + 1e-12);
	return 0;
}

int
tune_spent(const char *dir, const char *target, int64_t now, double *spent_s,
    double *left_s, struct buf *why)
{
	const int64_t period = (int64_t)TUNE_PERIOD_DAYS * DAY_S * 1000;
	int64_t born = journal_born(dir, target);
	struct spending s = { .until = now };

	if (born < 0 || born > now)
		return 0;
	s.from = born + (now - born) / period * period;
	if (journal_each(dir, target, s.from, on_decision, &s, why) < 0)
		return -1;
	spend_until(&s, now);
	*spent_s = s.spent;
	*left_s = (double)(s.from + period - now) / 1000;
	return 1;
}

struct boots {
	double s[BOOT_MOST]; /* the newest */
	size_t n;
};

static int
on_result(void *ctx, const struct record *r, int64_t logged)
{
	const struct json *result = json_get(r->json, "result");
	const char *status = json_get_str(result, "status");
	struct boots *b = ctx;
	double s, from, to;

	(void)logged;
	if (r->type != RECORD_RESULT || status == NULL)
		return 0;
	if (json_get_num(result, "ready_s", &s) == 0 && s >= 0) {
		b->s[b->n++ % BOOT_MOST] = s;
	} else if (strcmp(status, "timeout") == 0 &&
	    json_get_num(result, "from", &from) == 0 &&
	    json_get_num(result, "to", &to) == 0 && to > from &&
	    json_get_num(result, "took_ms", &s) == 0 && s >= 0) {
		/* it took that long at least */
		b->s[b->n++ % BOOT_MOST] = s / 1000;
	}
	return 0;
}

int
tune_boot(const char *dir, const char *target, int64_t now,
    struct tune_boot *boot, struct buf *why)
{
	struct boots *b = calloc(1, sizeof(*b));
	int e = -1;

	*boot = (struct tune_boot){ NAN, NAN, 0 };
	if (b == NULL)
		buf_str(why, "out of memory");
	else
		e = journal_each(dir, target,
		    now - (int64_t)BOOT_DAYS * DAY_S * 1000, on_result, b, why);
	if (e >= 0) {
		boot->n = b->n < BOOT_MOST ? b->n : BOOT_MOST;
		math_sort(b->s, boot->n);
		if (boot->n >= BOOT_LEAST) {
			boot->p95 = math_quantile(b->s, boot->n, 0.95);
			boot->p99 = math_quantile(b->s, boot->n, 0.99);
		}
	}
	free(b);
	return e < 0 ? -1 : 0;
}

double
tune_patience(const struct tune_boot *boot, double set, double most)
{
	return fmax(set, isnan(boot->p99) ? set : fmin(1.5 * boot->p99, most));
}

/* --- by replay --- */

static size_t
observed(const struct grid *g, size_t from)
{
	size_t n = 0;

	for (size_t i = from; i < g->n; i++)
		n += g->ok[i];
	return n;
}

/* The strategies in the part that was held out */
static int
prove(struct tuned *u, const struct replay *r, const struct conf_target *t,
    const struct tune_options *o, struct buf *why)
{
	static const enum strategy who[TUNE_ROWS] = { STRATEGY_UNTUNED,
		STRATEGY_PREDICTIVE, STRATEGY_TARGET, STRATEGY_THRESHOLD,
		STRATEGY_STATIC_BEST, STRATEGY_ORACLE };
	const char *text;
	struct contest c;

	if (contest_shape(&c, r, t, 1 - o->holdout, &text) != 0) {
		buf_str(why, text);
		return -1;
	}
	c.allow = 0.7 * (1 - c.slo);
	c.also = o->also;
	for (u->rows = 0; u->rows < TUNE_ROWS; u->rows++)
		if (contest_run(
			&c, who[u->rows], &u->row[u->rows], NULL, NULL) != 0) {
			buf_str(why, "out of memory, or too many instances");
			return -1;
		}
	return 0;
}

static int
keeps(const struct contest_result *r, double slo)
{
	return r->sim.overload <= 1.1 * (1 - slo);
}

/* The rule for the time to come, from all of the history */
static int
pick(struct tuned *u, const struct contest *c, const struct tune_options *o)
{
	const struct contest_result *untuned = &u->row[0], *tuned = &u->row[1];
	struct settings ours = { 0 }, plain = { 0 };
	struct simulate_result r;
	size_t best, n = c->r->g->n;
	int e = -1;

	if (settings_of(&ours, c, STRATEGY_PREDICTIVE) != 0 ||
	    settings_of(&plain, c, STRATEGY_TARGET) != 0 ||
	    contest_choose(c, &ours, c->tune_from, n, &best, &u->whole) != 0)
		goto end;
	u->rule = TUNE_QUANTILE;
	u->quantile = ours.s[best].q;
	u->method = ours.s[best].by->method;
	snprintf(u->why, sizeof(u->why),
	    "of %zu settings the cheapest that overloaded at most %.3g %% of "
	    "the time",
	    ours.n, 100 * c->allow);
	if (u->whole.overload > c->allow)
		snprintf(u->why, sizeof(u->why),
		    "no setting overloaded at most %.3g %% of the time; this "
		    "one did least",
		    100 * c->allow);
	if (!keeps(tuned, c->slo) &&
	    tuned->sim.overload > untuned->sim.overload) {
		u->rule = TUNE_DEFAULT;
		u->quantile = c->slo;
		u->method = c->r->method;
		snprintf(u->why, sizeof(u->why),
		    "what was tuned on the earlier part overloaded %.3g %% of "
		    "the later one: the quantile stays the slo",
		    100 * tuned->sim.overload);
		if (settings_of(&plain, c, STRATEGY_UNTUNED) != 0 ||
		    contest_setting(c, &plain.s[plain.n - 1], c->tune_from, n,
			&u->whole) != 0)
			goto end;
		plain.n--;
	}
	if (o->gate) {
		if (contest_choose(c, &plain, c->tune_from, n, &best, &r) != 0)
			goto end;
		if (r.overload <= c->allow &&
		    r.instances < 0.99 * u->whole.instances) {
			u->rule = TUNE_TARGET;
			u->target = plain.s[best].target;
			u->stabilisation = plain.s[best].stabilisation;
			snprintf(u->why, sizeof(u->why),
			    "without a forecast it is %.2g %% cheaper here at "
			    "no more overload",
			    100 * (1 - r.instances / u->whole.instances));
			u->whole = r;
		}
	}
	e = 0;
end:
	settings_free(&ours);
	settings_free(&plain);
	return e;
}

int
tune(struct tuned *u, const struct replay *r, const struct conf_target *t,
    const struct tune_options *o, struct buf *why)
{
	double may = 1 - t->policy.slo;
	const char *text;
	struct contest c;
	size_t n;

	*u = (struct tuned){ .quantile = t->policy.slo,
		.method = r->method,
		.allow = o->allow,
		.saving = (double)NAN,
		.dynamics = r->dynamics / t->signals[0].capacity };
	n = observed(r->g, contest_begin(r->g, 1 - o->holdout));
	if ((double)n < 10 / may) {
		buf_printf(why,
		    "too little history: %zu steps to judge by, a slo of %.6g "
		    "%% takes %.0f",
		    n, 100 * t->policy.slo, ceil(10 / may - 1e-6));
		return -1;
	}
	if (prove(u, r, t, o, why) != 0)
		return -1;
	if (keeps(&u->row[1], t->policy.slo) &&
	    keeps(&u->row[2], t->policy.slo))
		u->saving =
		    1 - u->row[1].sim.instances / u->row[2].sim.instances;
	if (contest_shape(&c, r, t, 1 - o->holdout, &text) != 0) {
		buf_str(why, text);
		return -1;
	}
	c.allow = o->allow;
	c.also = o->also;
	c.sim.first = r->g->n; /* all of it may be made use of */
	if (t->policy.overload_price > 0) {
		u->whole = u->row[0].sim;
		snprintf(u->why, sizeof(u->why),
		    "an overloaded hour has its price: there is nothing to "
		    "tune");
		return 0;
	}
	if (pick(u, &c, o) != 0) {
		buf_str(why, "out of memory");
		return -1;
	}
	return 0;
}
