#include "policy/schedule.h"

#include <errno.h>
#include <stdlib.h>

#include "conf/span.h"

struct schedule {
	struct span *spans; /* schedules, then freezes */
	size_t n, n_schedules;
};

struct schedule *
schedule_make(const struct conf_target *t)
{
	struct schedule *s = calloc(1, sizeof(*s));
	size_t n = t->n_schedules + t->n_freezes;

	if (s == NULL)
		return NULL;
	s->spans = calloc(n + 1, sizeof(*s->spans));
	if (s->spans == NULL) {
		free(s);
		return NULL;
	}
	s->n_schedules = t->n_schedules;
	for (; s->n < n; s->n++) {
		size_t i = s->n;
		const struct conf_span *conf = i < t->n_schedules
		    ? &t->schedules[i]
		    : &t->freezes[i - t->n_schedules];

		if (span_make(&s->spans[i], conf) != 0) {
			int error = errno;

			schedule_free(s);
			errno = error;
			return NULL;
		}
	}
	return s;
}

void
schedule_free(struct schedule *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		span_free(&s->spans[i]);
	free(s->spans);
	free(s);
}

void
schedule_floor(const struct schedule *s, int64_t from, int64_t to,
    struct schedule_floor *f)
{
	*f = (struct schedule_floor){ .min = -1, .max = -1 };
	for (size_t i = 0; s != NULL && i < s->n_schedules; i++) {
		const struct conf_span *c = s->spans[i].conf;

		if (c->min_instances > f->min &&
		    span_meets(&s->spans[i], from, to)) {
			f->min = c->min_instances;
			f->by = c->name;
		}
		if (c->max_instances >= 0 &&
		    (f->max < 0 || c->max_instances < f->max) &&
		    span_meets(&s->spans[i], from, from))
			f->max = c->max_instances;
	}
}

const char *
schedule_frozen(const struct schedule *s, int64_t now)
{
	for (size_t i = s != NULL ? s->n_schedules : 0; s != NULL && i < s->n;
	     i++)
		if (span_meets(&s->spans[i], now, now))
			return s->spans[i].conf->name;
	return NULL;
}
