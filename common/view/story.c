#include "view/story.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/words.h"

enum { MONTH_HOURS = 730 }; /* what a price a month is for */

const struct view_run *
story_last(const struct view_target *t)
{
	return t->n_runs > 0 ? &t->runs[t->n_runs - 1] : NULL;
}

const struct conf_target *
story_settings(const struct view *v, const struct view_target *t)
{
	return v->conf != NULL ? conf_find(v->conf, t->name) : NULL;
}

const char *
story_signal(const struct json *j)
{
	const char *s = json_get_str(json_get(j, "metric"), "__name__");

	return s != NULL ? s : "load";
}

/* Whether w was said while r was asked. The same plan after its end is asked
 * anew; of one asking all decisions expire at the same time. */
static int
is_answer(const struct view_target *t, const struct view_run *r,
    const struct view_word *w)
{
	int64_t asked = r->time;

	if (r->plan[0] == '\0' || strcmp(w->plan, r->plan) != 0)
		return 0;
	if (r->expires == 0)
		return 1;
	for (size_t i = 0; i < t->n_runs; i++)
		if (t->runs[i].expires == r->expires &&
		    t->runs[i].time < asked &&
		    strcmp(t->runs[i].plan, r->plan) == 0)
			asked = t->runs[i].time;
	return w->time >= asked && w->time <= r->expires;
}

const struct view_word *
story_word(const struct view_target *t, const struct view_run *r)
{
	const struct view_word *found = NULL;

	for (size_t i = 0; i < t->n_words; i++)
		if (is_answer(t, r, &t->words[i]))
			found = &t->words[i];
	return found;
}

const struct view_run *
story_pending(const struct view *v, const struct view_target *t)
{
	const struct view_run *r = story_last(t);

	if (r == NULL || strcmp(r->approval, "required") != 0 ||
	    (r->expires > 0 && r->expires < v->now) ||
	    strcmp(r->status, "applied") == 0 || story_word(t, r) != NULL)
		return NULL;
	return r;
}

/* --- spans --- */

static int
alike(const struct view_run *a, const struct view_run *b)
{
	return a->from == b->from && a->to == b->to &&
	    a->expires == b->expires && /* one asking */
	    strcmp(a->action, b->action) == 0 &&
	    strcmp(a->mode, b->mode) == 0 &&
	    strcmp(a->status, b->status) == 0 &&
	    strcmp(a->approval, b->approval) == 0 &&
	    strcmp(a->error, b->error) == 0;
}

int
story_spans(const struct view_target *t, struct story_span **s, size_t *n)
{
	*n = 0;
	*s = calloc(t->n_runs + 1, sizeof(**s));
	if (*s == NULL)
		return -1;
	for (size_t i = 0; i < t->n_runs; i++) {
		const struct view_run *r = &t->runs[i];

		if (i > 0 && alike(&r[-1], r)) {
			(*s)[*n - 1].last = i;
			continue;
		}
		(*s)[(*n)++] = (struct story_span){ .first = i,
			.last = i,
			.news = r->from != r->to ||
			    strcmp(r->action, "hold") == 0 };
	}
	return 0;
}

/* --- money --- */

static double
price_of(const struct view *v, const struct view_target *t)
{
	const struct conf_target *c = story_settings(v, t);
	const struct view_run *r;

	/* machines of several types are not counted in instances */
	if (c != NULL && c->n_types > 0)
		return (double)NAN;
	if (c != NULL && isfinite(c->cost.per_instance))
		return c->cost.per_instance;
	/* a decision that changes the count names the price by its cost */
	for (size_t i = t->n_runs; i-- > 0;) {
		r = &t->runs[i];
		if (isfinite(r->cost) && r->from >= 0 && r->to >= 0 &&
		    r->from != r->to)
			return r->cost / (double)(r->to - r->from);
	}
	return (double)NAN;
}

size_t
story_cost(const struct view *v, const struct view_target *t, int64_t *at,
    double *cost)
{
	const struct view_run *last = story_last(t);
	double price = price_of(v, t), sum = 0;
	int64_t from, until;
	size_t n = 0;

	if (last == NULL)
		return 0;
	words_month_ends(last->time, &from, &until);
	for (size_t i = 0; i < t->n_runs; i++) {
		const struct view_run *r = &t->runs[i];

		if (r->time < from)
			continue;
		if (n > 0 && r[-1].from >= 0 && isfinite(price))
			sum += (double)(r->time - r[-1].time) / 3.6e6 /
			    MONTH_HOURS * (double)r[-1].from * price;
		/* as-decide remembers the time before this journal, too */
		if (isfinite(r->spent) && r->spent_since >= from)
			sum = r->spent;
		else if (!isfinite(price))
			continue;
		at[n] = r->time;
		cost[n++] = sum;
	}
	return n;
}

int
story_money(
    const struct view *v, const struct view_target *t, struct story_money *m)
{
	const struct conf_target *c = story_settings(v, t);
	const struct view_run *last = story_last(t);
	int64_t *at = malloc((t->n_runs + 1) * sizeof(*at)), from;
	double *cost = malloc((t->n_runs + 1) * sizeof(*cost));
	size_t n = 0;

	*m = (struct story_money){ .spent = (double)NAN,
		.month = (double)NAN,
		.budget = c != NULL ? c->cost.max_monthly : (double)NAN,
		.per_instance = price_of(v, t),
		.currency = c != NULL && c->cost.currency != NULL
		    ? c->cost.currency
		    : last != NULL ? last->currency
				   : "" };
	if (at != NULL && cost != NULL && last != NULL)
		n = story_cost(v, t, at, cost);
	if (n > 0) {
		words_month_ends(last->time, &from, &m->until);
		m->spent = cost[n - 1];
		m->since = isfinite(last->spent) ? last->spent_since : at[0];
		if (last->from >= 0)
			m->month = m->spent +
			    (double)(m->until - last->time) / 3.6e6 /
				MONTH_HOURS * (double)last->from *
				m->per_instance;
	}
	free(at);
	free(cost);
	return n > 0 ? 0 : -1;
}
