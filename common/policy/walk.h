/*
 * walk.h - forecasts as a model that is trained anew every day would have made
 * them
 */
#ifndef POLICY_WALK_H
#define POLICY_WALK_H

#include <stddef.h>

#include "model/method.h"

struct walk_options {
	const struct method *method;
	size_t from; /* the first origin that it forecasts, >= 1 */
	size_t every; /* origins from one training to the next, >= 1 */
	unsigned threads; /* the result does not depend on it */
	void (*progress)(size_t done, size_t of, const char *what); /* or
								     * NULL */
};

/*
 * walk_forward(r, g, o, why): puts forecasts by the method in place of those
 * of r, which holds one row an origin of g, at origins o->from on: each by a
 * model that was fitted to the samples before the newest training. The leads
 * of r become 1 to its horizon, LEADS_MAX at most; it keeps medians only.
 * 0, or -1 with a static text in *why, r as it was.
 */
int walk_forward(struct rows *r, const struct grid *g,
    const struct walk_options *o, const char **why);

#endif
