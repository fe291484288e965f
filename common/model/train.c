#include "model/train.h"

#include <math.h>
#include <string.h>

#include "model/predict.h"

enum { LEAST_POINTS = 32 };

/* A stamp at the start of an interval becomes one at its end */
static void
move_stamps(struct series *s)
{
	double step = series_step(s);

	for (size_t i = 0; i < s->n && !isnan(step); i++)
		s->t[i] += (int64_t)llround(step * 1000);
}

static size_t
leave_out(struct series *s, const struct mask *mask, size_t masks)
{
	size_t n = 0, masked = 0;

	for (size_t i = 0; i < s->n; i++) {
		size_t k = 0;

		if (!grid_is_load(s->v[i]))
			continue;
		while (k < masks &&
		    !(s->t[i] > mask[k].from && s->t[i] <= mask[k].until))
			k++;
		if (k < masks) {
			masked++;
			continue;
		}
		s->t[n] = s->t[i];
		s->v[n++] = s->v[i];
	}
	s->n = n;
	return masked;
}

static int
enough(const struct grid *g, struct buf *why)
{
	double span = (double)g->n * g->step;
	double least = fmax(PREDICT_LEARN_H * 3600, LEAST_POINTS * g->step);

	if (span >= least - g->step / 2)
		return 1;
	buf_printf(why, "too little history: %.3g h of %.4g h", span / 3600,
	    least / 3600);
	return 0;
}

static int
train_grid(struct trained *t, struct grid *g, const struct train_task *task,
    struct train_report *r, struct buf *why)
{
	const struct method *m = NULL;
	struct calendar calendar = { 0 };
	const char *text = "";
	int status;

	r->step = g->step;
	r->points = g->n;
	r->span_s = (double)g->n * g->step;
	r->coverage = (double)grid_observed(g) / (double)g->n;
	r->longest_gap_s = (double)grid_longest_gap(g) * g->step;
	if (!enough(g, why))
		return -1;
	if (strcmp(task->method, "auto") != 0) {
		m = method_find(task->method);
		if (m == NULL) {
			buf_printf(why, "no method '%s'", task->method);
			return -1;
		}
	}
	if (pattern_find(g->y, g->ok, g->n, g->step, g->t0, &r->pattern) != 0) {
		buf_str(why, "out of memory");
		return -1;
	}
	/* before the rest goes: sales of last year are more than none */
	if (task->events != NULL &&
	    calendar_learn(&calendar, g, g->n, task->events) != 0) {
		buf_str(why, "out of memory");
		return -1;
	}
	grid_keep(g, TRAIN_POINTS);
	if (m != NULL)
		status = trained_fit(t, m, g, g->n, &task->options, &text);
	else
		status =
		    choose_fit(t, g, g->n, &task->options, &r->choice, &text);
	if (status == 0) {
		t->calendar = calendar;
		return 0;
	}
	calendar_free(&calendar);
	buf_str(why, text);
	return -1;
}

int
train_series(struct trained *t, struct series *s, const struct train_task *task,
    struct train_report *r, struct buf *why)
{
	const char *text,
	    *none =
		s->n > 0 ? "all samples are masked, or no loads" : "no samples";
	struct grid g;
	double step;
	int status;

	*t = (struct trained){ 0 };
	*r = (struct train_report){ 0 };
	if (task->stamp_start)
		move_stamps(s);
	r->masked = leave_out(s, task->mask, task->masks);
	step = isnan(task->step) ? grid_step(s) : task->step;
	if (s->n < 2 || isnan(step)) {
		buf_str(why,
		    s->error != NULL ? s->error
			: s->n == 0  ? none
				     : "a single sample");
		return -1;
	}
	if (grid_make(&g, s, step, &text) != 0) {
		buf_str(why, text);
		return -1;
	}
	grid_keep(&g, grid_recent(&g));
	status = train_grid(t, &g, task, r, why);
	grid_free(&g);
	return status;
}
