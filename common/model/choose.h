/*
 * choose.h - which method suits a series: both are tried on held-out data
 */
#ifndef MODEL_CHOOSE_H
#define MODEL_CHOOSE_H

#include "model/trained.h"

/* What was compared, for people and reports */
struct choice {
	int compared; /* 0: there was nothing to choose from */
	const char *name[2]; /* forest, online */
	struct validation v[2];
	double peak[2]; /* pinball loss of the peak within the horizon */
	char why[256]; /* for people */
};

/*
 * choose_fit(t, g, n, o, c, why): the methods forest and online learn samples
 * 0..n-1 of g; the one whose quantiles of peaks have the smaller pinball loss
 * at the same held-out origins is kept: the geometric mean of the loss for the
 * decisions' windows and of that for the whole horizon. 0 and *t to be freed
 * with trained_free, or -1 with a static text in *why.
 */
int choose_fit(struct trained *t, const struct grid *g, size_t n,
    const struct train_options *o, struct choice *c, const char **why);

#endif
