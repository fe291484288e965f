#include "model/predict_job.h"

#include <math.h>
#include <stdlib.h>

enum {
	REPLAY = 24, /* origins by which a dear method's scales are moved on */
	REPLAY_S = 1800, /* their distance */
	ORIGINS_MAX = 4096
};

size_t
job_steps(double seconds, double step)
{
	double k = floor(seconds / step + 0.5);

	return k < 1 ? 1 : k > ORIGINS_MAX ? ORIGINS_MAX : (size_t)k;
}

/* Rising origins, each once: those of the drop guard and of stabilisation
 * one after the other up to now, before them those that move the scales on
 * from where training ended. */
static size_t
choose_origins(const struct job *j, size_t every, size_t *origin)
{
	const struct grid *g = j->g;
	size_t near = j->stable > j->held + 1 ? j->stable : j->held + 1;
	size_t since = (size_t)((double)g->t0 / g->step), count = 0, first;
	ptrdiff_t end = grid_find(g, j->t->end / 1000), from;

	first = g->n > near ? g->n - near : 0;
	from = end + 1 - (ptrdiff_t)j->t->reach;
	if (from < (ptrdiff_t)first - ORIGINS_MAX)
		from = (ptrdiff_t)first - ORIGINS_MAX;
	if (every > 1 && from < (ptrdiff_t)first - REPLAY * (ptrdiff_t)every)
		from = (ptrdiff_t)first - REPLAY * (ptrdiff_t)every;
	for (size_t i = from > 0 ? (size_t)from : 0; i < first; i++)
		if ((since + i) % every == 0)
			origin[count++] = i;
	for (size_t i = first; i < g->n; i++)
		origin[count++] = i;
	return count;
}

static int
ask(struct job *j, struct view *v, const struct method *m, const void *state)
{
	size_t *origin =
	    malloc((2 * ORIGINS_MAX + j->stable + j->held) * sizeof(*origin));
	size_t count = 0;
	int r = -1;

	v->every = m->dear ? job_steps(REPLAY_S, j->g->step) : 1;
	if (origin != NULL) {
		count = choose_origins(j, v->every, origin);
		v->scale = calloc(count, sizeof(*v->scale));
	}
	if (v->scale != NULL)
		r = m->predict(state, j->g, origin, count, &v->rows, &j->path);
	free(origin);
	return r;
}

/* Both methods are asked, the one whose path is the forecast last */
int
job_ask(struct job *j)
{
	const struct trained *t = j->t;

	if (path_init(&j->path, t->reach) != 0)
		return -1;
	if (t->decider != NULL &&
	    ask(j, &j->other, t->decider, t->decider_state) != 0)
		return -1;
	return ask(j, &j->own, t->method, t->state);
}

struct view *
job_view(struct job *j, enum track_use use)
{
	return j->t->decider != NULL && use <= TRACK_NEXT ? &j->other : &j->own;
}

struct track
job_follow(struct job *j, enum track_use use)
{
	const struct grid *g = j->g;
	struct view *v = job_view(j, use);
	const struct rows *r = &v->rows;
	struct track t = j->t->track[use];
	struct load_mean mean = j->t->mean;
	ptrdiff_t end = grid_find(g, j->t->end / 1000);
	size_t first = end + 1 > 0 ? (size_t)(end + 1) : 0;
	size_t next = 0, known = 0, moved = 0;

	for (; next < r->count && r->origin[next] < first; next++)
		v->scale[next] = track_scale(&t, &mean, g, r->origin[next]);
	while (known < r->count && r->origin[known] + t.to < first)
		known++;
	for (size_t i = first; i < g->n; i++) {
		if (g->ok[i]) {
			mean.count++;
			mean.mean += (g->y[i] - mean.mean) / mean.count;
		}
		for (; known < r->count && r->origin[known] + t.to <= i;
		     known++) {
			size_t o = r->origin[known];
			double y = track_actual(&t, g, g->n, o);
			size_t steps =
			    o - moved < v->every ? o - moved : v->every;

			if (isnan(y))
				continue;
			track_move(&t, g, o, y - track_point(&t, r, known),
			    (double)(steps > 0 ? steps : 1));
			moved = o;
		}
		for (; next < r->count && r->origin[next] == i; next++)
			v->scale[next] = track_scale(&t, &mean, g, i);
	}
	return t;
}

void
job_free(struct job *j)
{
	rows_free(&j->own.rows);
	rows_free(&j->other.rows);
	free(j->own.scale);
	free(j->other.scale);
	path_free(&j->path);
}
