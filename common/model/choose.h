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
	struct validation v[2]; /* at the origins that both held out */
	char why[320]; /* for people */
};

/*
 * choose_fit(t, g, n, o, c, why): the methods forest and online learn samples
 * 0..n-1 of g and are compared at the same held-out origins.
 * The forecast is by the one with the smaller errors: the geometric mean of
 * the median path's absolute error and of the quantiles' pinball loss. Online
 * has to be better by a quarter: the forests that are held out have half the
 * trees and have learnt three quarters of the data; on 43 public series, where
 * a tenth let online win, forests did better in what came after.
 * The windows that decisions need, and their past errors, are of the one whose
 * quantiles of these windows' peaks have the smaller pinball loss; of online,
 * too, where so many steps are forecast that the forest was held out at some of
 * the origins only.
 * 0 and *t to be freed with trained_free, or -1 with a static text in *why.
 */
int choose_fit(struct trained *t, const struct grid *g, size_t n,
    const struct train_options *o, struct choice *c, const char **why);

#endif
