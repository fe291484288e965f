/*
 * predict.h - from a series, and a model if there is one, to a forecast record
 */
#ifndef MODEL_PREDICT_H
#define MODEL_PREDICT_H

#include <stdint.h>

#include "model/trained.h"
#include "record/forecast.h"
#include "record/series.h"

/* Least history, in hours: to learn on the spot, and to use a model */
enum { PREDICT_LEARN_H = 48, PREDICT_USE_H = 24 };

struct predict_options {
	int64_t now; /* epoch ms */
	double horizon; /* s; NAN: the model's, else an hour */
	double step; /* s; NAN: the model's, else what suits the series */
	double boot, interval; /* s; NAN: the model's, else a minute each */
	double stabilisation, drop_hold; /* s */
};

/*
 * predict_series(f, t, s, o, why): the forecast for a finished series, of which
 * samples later than now (by more than 30 s) are left alone. t NULL:
 * the method online learns on the spot. t not accepted, or made for another
 * step or window: the same, with a note. What is further ahead than t looks is
 * by the profile of the samples (model/extend.h).
 * Where there can be no forecast f says why (no_forecast) and holds what was
 * observed. 0 and *f to be freed with forecast_free, or -1 with a static text
 * in *why: out of memory.
 */
int predict_series(struct forecast *f, const struct trained *t,
    const struct series *s, const struct predict_options *o, const char **why);

#endif
