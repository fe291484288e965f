#include "model/choose.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct candidate {
	const struct method *method;
	void *state;
	struct rows held;
};

static void
drop(struct candidate *c)
{
	if (c->state != NULL)
		c->method->free(c->state);
	rows_free(&c->held);
	c->state = NULL;
}

static int
compare(const struct trained *t, const struct grid *g, size_t n,
    struct candidate *k, struct choice *c)
{
	struct window_steps w[2] = { trained_window(t, 0),
		trained_window(t, 0) };
	size_t from = k[0].held.origin[0];

	w[1].from = 1;
	for (int i = 0; i < 2; i++)
		if (validate_rows(&c->v[i], g, n, &k[i].held, from, t->H, 1) !=
			0 ||
		    validate_windows(&c->v[i], g, n, &k[i].held, from, w, 2) !=
			0)
			return -1;
	c->compared = 1;
	return 0;
}

/* Mean error over the leads: what is left to compare by where a load was zero
 * all the time, so that an error is no share of it */
static double
mean_error(const struct validation *v)
{
	double sum = 0;

	for (size_t i = 0; i < v->leads; i++)
		sum += v->lead[i].mae / (double)v->leads;
	return sum;
}

/* Errors and quantiles' losses alike, whatever their sizes */
static double
path_loss(const struct validation *v)
{
	double pinball = 0;

	for (int i = 0; i < FORECAST_LEVELS; i++)
		pinball += v->pinball[i] / FORECAST_LEVELS;
	return sqrt((isnan(v->wape) ? mean_error(v) : v->wape) * pinball);
}

/* Which one the forecast is by: index into c->v */
static int
judge_path(struct choice *c)
{
	double a = path_loss(&c->v[0]), b = path_loss(&c->v[1]);
	int useless = c->v[0].skill_vs_last <= 0 && c->v[1].skill_vs_last > 0;
	int best = a < 1.25 * b && !useless ? 0 : 1;

	if (isnan(c->v[0].wape))
		snprintf(c->why, sizeof(c->why),
		    "on the same held-out data, a load of zero, its error is "
		    "%.3g, that of '%s' %.3g",
		    mean_error(&c->v[best]), c->name[!best],
		    mean_error(&c->v[!best]));
	else
		snprintf(c->why, sizeof(c->why),
		    "on the same held-out data its error is %.1f %%, that of "
		    "'%s' %.1f %%",
		    100 * c->v[best].wape, c->name[!best],
		    100 * c->v[!best].wape);
	return best;
}

/* Whether the windows of the forest's forecast are by online all the same. So
 * they are where the forest was held out at some origins only: tails need the
 * errors of all. */
static int
judge_windows(struct choice *c, const struct rows *forest)
{
	double a = c->v[0].window_pinball, b = c->v[1].window_pinball;
	size_t n = strlen(c->why);
	int sparse =
	    forest->count > 1 && forest->origin[1] > forest->origin[0] + 1;
	int other = sparse || !(a <= b);

	snprintf(c->why + n, sizeof(c->why) - n,
	    "; decisions' windows are by '%s', with a pinball loss of %.3g "
	    "against %.3g%s",
	    c->name[other], other ? b : a, other ? a : b,
	    sparse ? " and the errors of all origins" : "");
	return other;
}

static int
finish(struct trained *t, struct candidate *k, struct candidate *other,
    const struct grid *g, size_t n, const struct train_options *o,
    const char **why)
{
	t->method = k->method;
	t->state = k->state;
	k->state = NULL; /* it is t's now */
	if (other != NULL) {
		t->decider = other->method;
		t->decider_state = other->state;
		other->state = NULL;
	}
	if (trained_tables(t, g, n, &k->held,
		other != NULL ? &other->held : NULL, o, why) == 0)
		return 0;
	trained_free(t);
	return -1;
}

int
choose_fit(struct trained *t, const struct grid *g, size_t n,
    const struct train_options *o, struct choice *c, const char **why)
{
	struct candidate k[2] = { { .method = &method_forest },
		{ .method = &method_online } };
	struct method_options mo = { .seed = o->seed, .threads = o->threads };
	int best = 1, other = 0, r = -1;

	*t = (struct trained){ 0 };
	*c = (struct choice){ .name = { "forest", "online" } };
	trained_shape(t, g->step, o);
	mo.H = t->reach;
	k[1].state = k[1].method->fit(g, n, &mo, &k[1].held, why);
	if (k[1].state == NULL)
		goto end;
	/* a forest that cannot be grown is a reason for online, no error */
	k[0].state = k[0].method->fit(g, n, &mo, &k[0].held, why);
	if (k[0].state == NULL)
		snprintf(c->why, sizeof(c->why), "%s", *why);
	else if (k[0].held.count == 0)
		snprintf(
		    c->why, sizeof(c->why), "too little history for forests");
	*why = "out of memory";
	if (k[0].state != NULL && k[0].held.count > 0) {
		if (compare(t, g, n, k, c) != 0)
			goto end;
		best = judge_path(c);
		other = best == 0 && judge_windows(c, &k[0].held);
	}
	r = finish(t, &k[best], other ? &k[1] : NULL, g, n, o, why);
end:
	drop(&k[0]);
	drop(&k[1]);
	return r;
}
