/*
 * predict_job.h - one forecast in the making
 * Private to predict*.c.
 */
#ifndef MODEL_PREDICT_JOB_H
#define MODEL_PREDICT_JOB_H

#include "model/predict.h"

/* What a method says at the newest origins, and at some before them */
struct view {
	size_t every; /* distance of the origins that move the scales */
	struct rows rows;
	double *scale; /* of one track, by row */
};

/* One forecast in the making */
struct job {
	struct forecast *f;
	const struct predict_options *o;
	const struct trained *t;
	const struct grid *g; /* without the effects of events */
	const struct calendar *calendar; /* NULL: there are none */
	size_t H; /* steps to forecast */
	size_t late; /* steps that the newest sample is late by */
	size_t stable; /* origins that a removal must agree on */
	size_t held; /* steps that a drop is held for */
	struct path path;
	struct view own, other; /* of the method, and of another decider */
};

/* job_steps(seconds, step): the whole number of steps that comes nearest, one
 * at least, 4096 at most */
size_t job_steps(double seconds, double step);

/* job_ask(j): fills both views and the path. j has t, g, stable and held set.
 * 0, or -1: out of memory; job_free in any case. */
int job_ask(struct job *j);
void job_free(struct job *j);

/* job_view(j, use): whose forecasts a track is of */
struct view *job_view(struct job *j, enum track_use use);

/*
 * job_follow(j, use): a copy of a track, moved on from the end of training by
 * the errors that have become known since; its scale at each row's origin goes
 * to the scale of its view.
 */
struct track job_follow(struct job *j, enum track_use use);

/* job_put_events(j): the effects of events onto path, peaks and the hour of the
 * forecast, which were made without */
void job_put_events(struct job *j);

/* job_put_point(j, t, r, row, point, scale): the same for the point of a track
 * at a row of r, and its scale */
void job_put_point(const struct job *j, const struct track *t,
    const struct rows *r, size_t row, double *point, double *scale);

#endif
