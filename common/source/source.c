#include "source/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const struct source_kind *const kinds[] = { &source_prometheus,
	&source_csv };

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct source {
	const struct source_kind *kind;
	void *self;
};

struct source *
source_open(const struct source_settings *set, struct buf *why)
{
	const char *type = set->conf->type;
	struct source *s = malloc(sizeof(*s));

	if (s == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	if (type == NULL || *type == '\0')
		type = kinds[0]->type;
	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(kinds[i]->type, type) != 0)
			continue;
		s->kind = kinds[i];
		s->self = s->kind->open(set, why);
		if (s->self != NULL)
			return s;
		free(s);
		return NULL;
	}
	free(s);
	buf_printf(why, "no source of type '%s'; there are", type);
	for (size_t i = 0; i < KINDS; i++)
		buf_printf(why, "%s %s", i > 0 ? "," : "", kinds[i]->type);
	return NULL;
}

void
source_close(struct source *s)
{
	if (s == NULL)
		return;
	s->kind->close(s->self);
	free(s);
}

static void
put_empty(const struct source_ask *ask, struct source_answer *a)
{
	char from[CLOCK_SIZE], to[CLOCK_SIZE];

	buf_str(&a->error, "no samples");
	if (!ask->whole)
		buf_printf(&a->error, " from %s to %s",
		    clock_format(from, ask->range.from),
		    clock_format(to, ask->range.to));
	if (a->unknown > 0)
		buf_printf(&a->error,
		    ", but %zu that are not a number or infinite", a->unknown);
}

enum source_outcome
source_ask(
    struct source *s, const struct source_ask *ask, struct source_answer *a)
{
	enum source_outcome o;

	source_answer_free(a);
	o = s->kind->ask(s->self, ask, a);
	if (o != SOURCE_GOOD) {
		samples_free(&a->samples);
		return o;
	}
	samples_sort(&a->samples);
	a->unknown += samples_known(&a->samples);
	if (a->samples.n > 0)
		return SOURCE_GOOD;
	put_empty(ask, a);
	return SOURCE_EMPTY;
}

void
source_answer_free(struct source_answer *a)
{
	samples_free(&a->samples);
	buf_free(&a->warnings);
	buf_free(&a->error);
	*a = (struct source_answer){ 0 };
}
