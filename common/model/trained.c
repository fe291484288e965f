#include "model/trained.h"

#include <math.h>
#include <stdlib.h>

#include "model/online.h"

static size_t
steps_in(double seconds, double step)
{
	double k = ceil(seconds / step - 1e-9);

	return k < 1 ? 1 : (size_t)k;
}

static size_t
larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

struct window_steps
trained_window(const struct trained *t, size_t late)
{
	struct window_steps w = window_steps(t->boot, t->interval, 0, t->step);

	w.to += late;
	return w;
}

static void
set_track(struct track *t, enum track_kind kind, size_t from, size_t to)
{
	*t = (struct track){ .kind = kind, .from = from, .to = to };
}

void
trained_shape(struct trained *t, double step, const struct train_options *o)
{
	static const size_t usual[] = { 1, 2, 3, 6 };
	struct window_steps w;
	size_t hour;

	t->step = step;
	t->boot = o->boot;
	t->interval = o->interval;
	t->seed = o->seed;
	t->H = steps_in(o->horizon, step);
	hour = (size_t)fmax(1, floor(3600 / step + 0.5));
	for (size_t k = 0; k <= TRACK_LATE; k++) {
		w = trained_window(t, k);
		set_track(
		    &t->track[TRACK_AHEAD + 2 * k], TRACK_PEAK, w.from, w.to);
		set_track(&t->track[TRACK_KEEP + 2 * k], TRACK_PEAK, 1, w.to);
	}
	t->reach = larger(larger(t->H, hour), w.to);
	set_track(&t->track[TRACK_NEXT], TRACK_PEAK, 1, 1);
	set_track(&t->track[TRACK_HOUR], TRACK_MEAN, 1, hour);
	t->peaks = 0;
	for (int k = 0; k < 4 && usual[k] < t->H; k++)
		t->peak_w[t->peaks++] = usual[k];
	t->peak_w[t->peaks++] = t->H;
	for (size_t k = 0; k < t->peaks; k++)
		set_track(
		    &t->track[TRACK_PEAKS + k], TRACK_PEAK, 1, t->peak_w[k]);
	t->steps = online_leads(t->H, t->step_lead);
	for (size_t k = 0; k < t->steps; k++)
		set_track(&t->track[TRACK_STEPS + k], TRACK_PEAK,
		    t->step_lead[k], t->step_lead[k]);
}

size_t
trained_same(const struct trained *t, size_t i)
{
	const struct track *a = &t->track[i];
	size_t j = t->decider != NULL && i > TRACK_NEXT ? TRACK_NEXT + 1 : 0;

	while (t->track[j].kind != a->kind || t->track[j].from != a->from ||
	    t->track[j].to != a->to)
		j++;
	return j;
}

/* Many windows are one and the same: each is learnt once */
static int
learn_tracks(struct trained *t, const struct grid *g, size_t n,
    const struct rows *held, const struct rows *decider, int brief, size_t late)
{
	for (size_t i = 0; i < TRACK_STEPS + t->steps; i++) {
		struct track *a = &t->track[i];
		const struct rows *r = i <= TRACK_NEXT ? decider : held;
		size_t j = trained_same(t, i);

		if (a->to == 0) /* one of fewer peaks than there is room for */
			continue;
		if (brief && i < TRACK_NEXT && i / 2 != late)
			continue;
		if (j < i && t->track[j].begun)
			*a = t->track[j];
		else if (track_learn(a, g, n, r, NULL, NULL) != 0)
			return -1;
	}
	return 0;
}

static void
set_mean(struct trained *t, const struct grid *g, size_t n)
{
	t->mean = (struct load_mean){ 0, 0 };
	for (size_t i = 0; i < n; i++) {
		if (!g->ok[i])
			continue;
		t->mean.count++;
		t->mean.mean += (g->y[i] - t->mean.mean) / t->mean.count;
	}
	t->samples = (size_t)t->mean.count;
	t->span_s = (double)n * g->step;
	t->end = grid_time(g, n - 1);
}

int
trained_tables(struct trained *t, const struct grid *g, size_t n,
    const struct rows *held, const struct rows *decider,
    const struct train_options *o, const char **why)
{
	const struct rows *by = decider != NULL ? decider : held;
	struct window_steps w[2];

	*why = "out of memory";
	set_mean(t, g, n);
	if (learn_tracks(t, g, n, held, by, o->brief, o->late) != 0 ||
	    validate_rows(&t->validation, g, n, held, 0, t->H, !o->brief) != 0)
		return -1;
	w[0] = w[1] = trained_window(t, 0);
	w[1].from = 1;
	if (!o->brief &&
	    validate_windows(&t->validation, g, n, by, 0, w, 2) != 0)
		return -1;
	t->accepted =
	    t->method == &method_last || t->validation.skill_vs_last > 0;
	return 0;
}

int
trained_fit(struct trained *t, const struct method *m, const struct grid *g,
    size_t n, const struct train_options *o, const char **why)
{
	struct method_options mo = { .seed = o->seed, .threads = o->threads };
	struct rows held = { 0 };
	int r = -1;

	*t = (struct trained){ .method = m };
	trained_shape(t, g->step, o);
	mo.H = t->reach;
	t->state = m->fit(g, n, &mo, &held, why);
	if (t->state == NULL)
		return -1;
	*why = "no origins could be held out";
	if (held.count > 0)
		r = trained_tables(t, g, n, &held, NULL, o, why);
	rows_free(&held);
	if (r != 0)
		trained_free(t);
	return r;
}

void
trained_free(struct trained *t)
{
	if (t->state != NULL)
		t->method->free(t->state);
	if (t->decider_state != NULL)
		t->decider->free(t->decider_state);
	calendar_free(&t->calendar);
	*t = (struct trained){ 0 };
}
