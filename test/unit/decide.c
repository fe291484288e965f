/*
 * Decisions: a table worked out by hand, and properties that hold for thousands
 * of random targets, loads and forecasts.
 */
#include "policy/decide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "math/random.h"

enum { SIGNALS = 3, ERRORS = 101, ORIGINS = 3, OBSERVED = 13, STEP = 300 };

static const int64_t now = INT64_C(1763917200000);

struct load { /* one signal and all that its forecast points to */
	struct conf_signal conf;
	struct forecast f;
	int64_t t[OBSERVED];
	double v[OBSERVED];
	double errors[ERRORS], levels[ERRORS];
	struct forecast_at at[2][ORIGINS];
};

struct scene {
	struct conf_target t;
	struct load load[SIGNALS];
	struct decide_signal signals[SIGNALS];
	struct state state;
	struct history history;
	struct decide_input in;
};

static char *
lent(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = { s };

	return u.out;
}

/* A forecast of point with errors of a normal kind in units of scale, after an
 * hour of `value` */
static void
make_load(
    struct load *l, const char *name, double value, double point, double scale)
{
	static const char *const windows[] = { "ahead", "keep" };
	struct forecast *f = &l->f;

	*l = (struct load){ .conf = { .name = lent(name),
				.capacity = 2,
				.target = 0.6,
				.emergency = 0.9,
				.limit = NAN } };
	*f = (struct forecast){ .origin = now,
		.step_s = STEP,
		.n_observed = OBSERVED,
		.observed_t = l->t,
		.observed_v = l->v,
		.confidence = 0.9,
		.coverage = 1,
		.n_windows = 2 };
	for (int i = 0; i < OBSERVED; i++) {
		l->t[i] = now - (OBSERVED - 1 - i) * STEP * 1000;
		l->v[i] = value;
	}
	for (int i = 0; i < ERRORS; i++) {
		/* a logistic's quantiles: not normal, but as long-tailed */
		double p = (i + 0.5) / ERRORS;

		l->errors[i] = log(p / (1 - p)) / 1.8;
		l->levels[i] =
		    i + 1 == ERRORS ? 1 : (double)(i + 1) / (ERRORS + 1);
	}
	for (int w = 0; w < 2; w++) {
		f->windows[w] = (struct forecast_window){ .from_s = w ? 0 : 60,
			.to_s = 120,
			.errors = l->errors,
			.levels = l->levels,
			.n_errors = ERRORS,
			.n = 4000,
			.at = l->at[w],
			.n_at = ORIGINS };
		snprintf(f->windows[w].name, sizeof(f->windows[w].name), "%s",
		    windows[w]);
		for (int i = 0; i < ORIGINS; i++)
			l->at[w][i] = (struct forecast_at){ now -
				    (ORIGINS - 1 - i) * STEP * 1000,
				point, scale };
	}
}

static void
make_scene(struct scene *s, long n, double value, double point, double scale)
{
	struct buf why = { 0 };

	memset(s, 0, sizeof(*s));
	if (!check(conf_default(&s->t, "web", &why) == 0))
		exit(1);
	make_load(&s->load[0], "cpu", value, point, scale);
	s->signals[0] =
	    (struct decide_signal){ &s->load[0].conf, &s->load[0].f };
	s->state = (struct state){
		.time = now, .known = 1, .instances = n, .ready = n
	};
	history_clear(&s->history);
	s->history.born = now - INT64_C(86400000);
	s->in = (struct decide_input){ .target = &s->t,
		.now = now,
		.signals = s->signals,
		.n_signals = 1,
		.state = &s->state,
		.history = &s->history };
}

static void
add_signal(
    struct scene *s, const char *name, double value, double point, double scale)
{
	size_t i = s->in.n_signals++;

	make_load(&s->load[i], name, value, point, scale);
	s->signals[i] =
	    (struct decide_signal){ &s->load[i].conf, &s->load[i].f };
}

static int
has(const struct decision *d, const char *state)
{
	for (size_t i = 0; i < d->n_states; i++)
		if (strcmp(d->states[i], state) == 0)
			return 1;
	return 0;
}

static long
median(long a, long b, long c)
{
	long lo = a < b ? a : b, hi = a < b ? b : a;

	return c < lo ? lo : c > hi ? hi : c;
}

/* An instance may carry 1.2. The 99 % entry of the errors is the largest but
 * one, (99.5 + .5) / 101 -> about 2.34 scales. */
static void
by_hand(void)
{
	static const struct {
		long n;
		double value, point, scale;
		long now, ahead, want;
		enum decision_action action;
		const char *by;
	} rows[] = {
		/* nothing uncertain: the point alone */
		{ 3, 3.0, 3.0, 1e-6, 3, 3, 3, ACTION_MAINTAIN, "now" },
		{ 3, 3.0, 4.7, 1e-6, 3, 4, 4, ACTION_SCALE_UP, "ahead" },
		{ 3, 4.7, 3.0, 1e-6, 4, 3, 4, ACTION_SCALE_UP, "now" },
		/* 4.7 / (2 x 2) is above 90 % */
		{ 2, 4.7, 3.0, 1e-6, 4, 3, 4, ACTION_EMERGENCY, "now" },
		{ 5, 3.0, 3.0, 1e-6, 3, 3, 3, ACTION_SCALE_DOWN, "now" },
		/* 3 + 2.34 x 0.5 = 4.17 */
		{ 3, 3.0, 3.0, 0.5, 3, 4, 4, ACTION_SCALE_UP, "ahead" },
		{ 4, 3.0, 3.0, 0.5, 3, 4, 4, ACTION_MAINTAIN, "ahead" },
		/* a forecast of nothing changes nothing under a live load */
		{ 3, 3.5, 0.0, 1e-12, 3, 0, 3, ACTION_MAINTAIN, "now" },
		/* no load at all: the least that must run */
		{ 3, 0.0, 0.0, 1e-12, 0, 0, 1, ACTION_SCALE_DOWN, "floor" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char row[32];
		struct scene s;
		struct decision d;

		snprintf(row, sizeof(row), "row %zu", i);
		check_row = row;
		make_scene(
		    &s, rows[i].n, rows[i].value, rows[i].point, rows[i].scale);
		decide(&s.in, &d, NULL);
		check(d.votes[VOTE_NOW] == rows[i].now);
		check(d.votes[VOTE_AHEAD] == rows[i].ahead);
		check(d.want == rows[i].want);
		check(d.recommended == rows[i].want);
		check(d.action == rows[i].action);
		check(d.by != NULL && strcmp(d.by, rows[i].by) == 0);
		conf_target_free(&s.t);
	}
	check_row = "";
}

/* A proposal of ten minutes ago holds now; one of a quarter of an hour ago
 * does not. */
static void
stabilisation(void)
{
	struct scene s;
	struct decision d;

	make_scene(&s, 5, 3.0, 3.0, 1e-6);
	s.load[0].at[1][ORIGINS - 2].point = 5.9;
	decide(&s.in, &d, NULL);
	check(d.votes[VOTE_KEEP] == 5 && d.want == 5);
	check(d.action == ACTION_MAINTAIN && strcmp(d.by, "keep") == 0);
	s.load[0].at[1][ORIGINS - 2].point = 3.0;
	s.load[0].at[1][ORIGINS - 3].point = 5.9;
	decide(&s.in, &d, NULL);
	check(d.want == 3);
	/* what was seen counts like what was proposed */
	s.load[0].v[OBSERVED - 2] = 4.7;
	decide(&s.in, &d, NULL);
	check(d.want == 4);
	/* it may hold, but not raise */
	s.load[0].v[OBSERVED - 2] = 11;
	decide(&s.in, &d, NULL);
	check(d.want == 5 && d.votes[VOTE_KEEP] == 10);
	conf_target_free(&s.t);
}

/* --- random scenes --- */

static double
uniform(struct random *r)
{
	return (double)random_next(r) / 4294967296.0;
}

static int
chance(struct random *r, double p)
{
	return uniform(r) < p;
}

static void
draw_load(struct scene *s, size_t i, struct random *r)
{
	static const char *const names[] = { "cpu", "requests", "memory" };
	double value = chance(r, 0.1) ? 0 : 20 * uniform(r);
	struct load *l = &s->load[i];

	if (i >= s->in.n_signals)
		add_signal(
		    s, names[i], value, 20 * uniform(r), 0.01 + 2 * uniform(r));
	else
		make_load(
		    l, names[0], value, 20 * uniform(r), 0.01 + 2 * uniform(r));
	l->conf.capacity = 0.5 + 4 * uniform(r);
	l->conf.target = 0.3 + 0.5 * uniform(r);
	l->conf.saturates = chance(r, 0.3);
	for (int k = 0; k < OBSERVED - 1; k++)
		l->v[k] = value * (0.5 + uniform(r));
	for (int w = 0; w < 2; w++)
		for (int k = 0; k < ORIGINS - 1; k++)
			l->at[w][k].point *= 0.5 + uniform(r);
	if (chance(r, 0.05))
		l->f.drop_since = now - (int64_t)(uniform(r) * 3600e3);
	if (chance(r, 0.1))
		snprintf(l->f.no_forecast, sizeof(l->f.no_forecast), "none");
	if (chance(r, 0.03))
		l->f.windows[0].from_s = 900;
}

/* Limits of every kind, each now and then */
static void
draw_policy(struct scene *s, struct random *r)
{
	struct conf_policy *p = &s->t.policy;

	p->min_instances = (long)random_below(r, 4);
	p->max_instances = p->min_instances + 1 + (long)random_below(r, 20);
	p->slo = chance(r, 0.5) ? 0.99 : 0.6 + 0.399 * uniform(r);
	if (chance(r, 0.2)) {
		p->max_step_up = 1 + random_below(r, 3);
		p->step_up_share = 0;
	}
	if (chance(r, 0.2)) {
		p->max_step_down = 0.1 + 0.5 * uniform(r);
		p->step_down_share = 1;
	}
	if (chance(r, 0.2)) {
		p->max_changes_per_hour = (long)random_below(r, 4);
		for (uint32_t k = random_below(r, 5); k > 0; k--)
			history_changed(
			    &s->history, now - (int64_t)(k * 700e3), 2, 3);
	}
	if (chance(r, 0.2)) {
		p->tolerance_up = 0.3 * uniform(r);
		p->tolerance_down = 0.3 * uniform(r);
	}
	if (chance(r, 0.2))
		p->over_max = OVER_MAX_ASK;
	if (chance(r, 0.1))
		s->t.paused = (enum conf_pause)random_below(r, 4);
	if (chance(r, 0.1))
		s->history.born = now - 60000;
	if (chance(r, 0.2))
		p->overload_price = NAN;
	if (chance(r, 0.2)) {
		s->t.cost.per_instance = 50;
		s->t.cost.max_monthly =
		    50 * ((double)p->min_instances + 1 + random_below(r, 15));
		s->t.cost.over_budget = (enum conf_budget)random_below(r, 3);
	}
	if (chance(r, 0.1))
		s->t.approval.scale_up_above = (long)random_below(r, 10);
}

static void
draw(struct scene *s, struct random *r)
{
	size_t n = 1 + random_below(r, SIGNALS);

	make_scene(s, (long)random_below(r, 25), 1, 1, 1);
	for (size_t i = 0; i < n; i++)
		draw_load(s, i, r);
	draw_policy(s, r);
	if (s->state.instances > 0 && chance(r, 0.2))
		s->state.ready =
		    (long)random_below(r, (uint32_t)s->state.instances + 1);
}

static void
widen(struct scene *s, struct random *r)
{
	struct load *l = &s->load[random_below(r, (uint32_t)s->in.n_signals)];
	double k = 1 + 4 * uniform(r);

	switch (random_below(r, 3)) {
	case 0:
		for (int w = 0; w < 2; w++)
			for (int i = 0; i < ORIGINS; i++)
				l->at[w][i].scale *= k;
		break;
	case 1: /* both tails further out */
		for (int i = 0; i < ERRORS; i++)
			l->errors[i] *= k;
		break;
	default: /* only the highest */
		for (int i = ERRORS - 5; i < ERRORS; i++)
			l->errors[i] += k;
		break;
	}
}

/* Wider errors never lower what is wanted, nor what is recommended. */
static void
wider(const struct scene *from, const struct decision *before, struct random *r)
{
	struct scene s = *from;
	struct decision d;

	/* the copies point into the first scene */
	for (size_t i = 0; i < s.in.n_signals; i++) {
		s.load[i].f.observed_t = s.load[i].t;
		s.load[i].f.observed_v = s.load[i].v;
		for (int w = 0; w < 2; w++) {
			s.load[i].f.windows[w].errors = s.load[i].errors;
			s.load[i].f.windows[w].levels = s.load[i].levels;
			s.load[i].f.windows[w].at = s.load[i].at[w];
		}
		s.signals[i].conf = &s.load[i].conf;
		s.signals[i].forecast = &s.load[i].f;
	}
	s.in.signals = s.signals;
	s.in.state = &s.state;
	s.in.history = &s.history;
	s.in.target = &s.t;
	widen(&s, r);
	decide(&s.in, &d, NULL);
	check(d.want >= before->want);
	check(d.recommended >= before->recommended ||
	    !isnan(s.t.cost.max_monthly));
}

/* In another unit the same: a factor of two changes no digit. */
static void
other_unit(struct scene *s, const struct decision *before, struct random *r)
{
	double k = ldexp(1, (int)random_below(r, 41) - 20);
	struct load *l = &s->load[random_below(r, (uint32_t)s->in.n_signals)];
	struct decision d;

	l->conf.capacity *= k;
	for (int i = 0; i < OBSERVED; i++)
		l->v[i] *= k;
	for (int w = 0; w < 2; w++)
		for (int i = 0; i < ORIGINS; i++) {
			l->at[w][i].point *= k;
			l->at[w][i].scale *= k;
		}
	decide(&s->in, &d, NULL);
	check(memcmp(d.votes, before->votes, sizeof(d.votes)) == 0);
	check(d.recommended == before->recommended);
	check(d.action == before->action);
	check(d.current_load == before->current_load ||
	    (isnan(d.current_load) && isnan(before->current_load)));
}

/* More load, seen or expected, never wants less; neither does one signal more.
 * The scene is another afterwards. */
static void
heavier(struct scene *s, const struct decision *before, struct random *r)
{
	struct load *l = &s->load[random_below(r, (uint32_t)s->in.n_signals)];
	double more = 10 * uniform(r);
	struct decision d;

	switch (random_below(r, 3)) {
	case 0:
		for (int i = 0; i < OBSERVED; i++)
			l->v[i] += more;
		break;
	case 1:
		for (int w = 0; w < 2; w++)
			for (int i = 0; i < ORIGINS; i++)
				l->at[w][i].point += more;
		break;
	default:
		if (s->in.n_signals < SIGNALS)
			draw_load(s, s->in.n_signals, r);
		break;
	}
	decide(&s->in, &d, NULL);
	check(d.lower >= before->lower && d.want >= before->want);
}

/* Whatever makes a signal unusable never lowers the count. */
static void
worse(struct scene *s, struct random *r)
{
	size_t i = random_below(r, (uint32_t)s->in.n_signals);
	struct load *l = &s->load[i];
	struct decision d;
	int how = (int)random_below(r, 8);
	char row[32];

	snprintf(row, sizeof(row), "way %d of being missing", how);
	check_row = row;
	switch (how) {
	case 0:
		s->signals[i].forecast = NULL;
		break;
	case 1:
		l->f.n_observed = 0;
		break;
	case 2:
		l->v[OBSERVED - 1] = NAN;
		break;
	case 3:
		l->v[OBSERVED - 1] = INFINITY;
		break;
	case 4: /* stale */
		for (int k = 0; k < OBSERVED; k++)
			l->t[k] -= 1000000;
		break;
	case 5: /* from a clock that is ahead */
		for (int k = 0; k < OBSERVED; k++)
			l->t[k] += 4000000;
		break;
	case 6:
		snprintf(l->f.error, sizeof(l->f.error), "refused");
		break;
	default: /* back after a gap */
		for (int k = 0; k < OBSERVED - 1; k++)
			l->t[k] -= 1200000;
		break;
	}
	decide(&s->in, &d, NULL);
	check(d.recommended >= s->state.instances);
	check(isfinite(d.inputs[i].value) || isnan(d.inputs[i].value));
	check_row = "";
}

static void
unknown_count(struct scene *s, struct random *r)
{
	struct decision d;

	switch (random_below(r, 3)) {
	case 0:
		s->in.state = NULL;
		break;
	case 1:
		s->state.known = 0;
		break;
	default:
		s->state.instances = -1;
		break;
	}
	decide(&s->in, &d, NULL);
	check(d.action == ACTION_HOLD && d.recommended == -1);
	check(d.approval == APPROVAL_NONE && has(&d, "count-unknown"));
}

static void
one_scene(struct random *r)
{
	struct scene s;
	struct decision d, again;
	struct decide_trace t;
	struct buf a = { 0 }, b = { 0 };
	long n, floor, most, lowest;

	draw(&s, r);
	n = s.state.instances;
	decide(&s.in, &d, &t);
	decision_write(&a, &d);
	decide(&s.in, &again, NULL);
	decision_write(&b, &again);
	check(a.len == b.len && memcmp(a.s, b.s, a.len) == 0);
	buf_free(&a);
	buf_free(&b);
	check(d.lower <= d.hold && d.want == median(d.lower, n, d.hold));
	/* between n and want, and within the bounds once it moves */
	floor = d.votes[VOTE_FLOOR];
	most = s.t.policy.max_instances;
	if (s.t.policy.over_max != OVER_MAX_CLAMP && n >= most)
		most += (long)ceil(0.2 * (double)most - 1e-9);
	lowest = n < d.want ? n : d.want;
	check(d.recommended >= (most < lowest ? most : lowest));
	check(d.recommended <= (n > d.want ? n : d.want));
	check(d.recommended == n || d.recommended <= most || n > most);
	check(d.recommended >= n || d.recommended >= floor ||
	    d.recommended == most);
	check(d.reason[0] != '\0' && d.plan[15] != '\0');
	check((d.action == ACTION_HOLD || d.action == ACTION_MAINTAIN) ==
	    (d.recommended == n));
	check(d.action != ACTION_HOLD || t.forced != NULL);
	if (isnan(s.t.cost.max_monthly))
		wider(&s, &d, r);
	other_unit(&s, &d, r);
	/* asked again with what it asked for, it asks for the same */
	if (d.want > 0) {
		s.state.instances = d.want;
		if (s.state.ready > d.want)
			s.state.ready = d.want;
		decide(&s.in, &again, NULL);
		check(again.want == d.want || d.votes[VOTE_PANIC] >= 0);
		s.state.instances = n;
	}
	if (chance(r, 0.5))
		worse(&s, r);
	else
		unknown_count(&s, r);
	conf_target_free(&s.t);
}

/* The order in which signals stand changes nothing but the order of inputs,
 * and a heavier load takes none away. */
static void
any_order(struct random *r)
{
	struct decide_signal x;
	struct decision d, e;
	struct scene s;

	draw(&s, r);
	decide(&s.in, &d, NULL);
	x = s.signals[0];
	s.signals[0] = s.signals[s.in.n_signals - 1];
	s.signals[s.in.n_signals - 1] = x;
	decide(&s.in, &e, NULL);
	check(d.recommended == e.recommended && d.action == e.action);
	check(memcmp(d.votes, e.votes, sizeof(d.votes)) == 0);
	heavier(&s, &e, r);
	conf_target_free(&s.t);
}

int
main(void)
{
	struct random r = random_start(11, 1);

	by_hand();
	stabilisation();
	for (int i = 0; i < 20000; i++)
		one_scene(&r);
	for (int i = 0; i < 10000; i++)
		any_order(&r);
	return check_status();
}
