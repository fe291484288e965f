#include "model/choose.h"

#include <math.h>
#include <stdio.h>

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

/* Pinball losses of each at the origins that both held out: of the decisions'
 * windows' peaks, and of the horizon's */
static int
compare(const struct trained *t, const struct grid *g, size_t n,
    struct candidate *k, struct choice *c)
{
	struct window_steps w[2] = { trained_window(t, 0),
		trained_window(t, 0) };
	struct window_steps whole = { 1, t->H };
	size_t from = k[0].held.origin[0];
	struct validation v;

	w[1].from = 1;
	for (int i = 0; i < 2; i++) {
		if (validate_rows(&c->v[i], g, n, &k[i].held, from, t->H, 1) !=
			0 ||
		    validate_windows(&v, g, n, &k[i].held, from, &whole, 1) !=
			0 ||
		    validate_windows(&c->v[i], g, n, &k[i].held, from, w, 2) !=
			0)
			return -1;
		c->peak[i] = v.window_pinball;
	}
	c->compared = 1;
	return 0;
}

/* Both losses count alike, whatever their size. Equal: the simpler one. */
static int
judge(struct choice *c)
{
	double a = c->v[0].window_pinball, b = c->v[1].window_pinball;

	snprintf(c->why, sizeof(c->why),
	    "held-out pinball loss of the decisions' peaks and of the "
	    "horizon's: %s %.4g and %.4g, %s %.4g and %.4g",
	    c->name[0], a, c->peak[0], c->name[1], b, c->peak[1]);
	return a * c->peak[0] < b * c->peak[1] ? 0 : 1;
}

static int
finish(struct trained *t, struct candidate *k, const struct grid *g, size_t n,
    const struct train_options *o, const char **why)
{
	t->method = k->method;
	t->state = k->state;
	k->state = NULL; /* it is t's now */
	if (trained_tables(t, g, n, &k->held, o, why) == 0)
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
	int best = 1, r = -1;

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
		best = judge(c);
	}
	r = finish(t, &k[best], g, n, o, why);
end:
	drop(&k[0]);
	drop(&k[1]);
	return r;
}
