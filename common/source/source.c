#include "source/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const struct source_kind *const kinds[] = { &source_prometheus,
	&source_scrape, &source_proc, &source_csv };

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

struct http *
source_http(const struct source_settings *set, struct buf *why)
{
	const struct conf_source *c = set->conf;
	struct http_options o = { .base = c->url,
		.total_s = c->timeout > 0 ? c->timeout : 10,
		.retries = set->retries,
		.ca_file = c->ca_file,
		.username = c->username,
		.password_file = c->password_file,
		.bearer_token_file = c->bearer_token_file };
	const char **headers;
	struct http *h;
	size_t n = 0;

	while (set->headers != NULL && set->headers[n] != NULL)
		n++;
	headers = calloc(n + 2, sizeof(*headers));
	if (headers == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		headers[i] = set->headers[i];
	if (c->header != NULL && *c->header != '\0')
		headers[n] = c->header;
	o.headers = headers;
	h = http_open(&o, why);
	free(headers);
	return h;
}

int
source_now(const double *v, size_t n, int64_t t, enum conf_aggregate how,
    struct samples *out)
{
	struct samples *each = calloc(n + 1, sizeof(*each));
	int r = each != NULL ? 0 : -1;

	for (size_t i = 0; i < n && r == 0; i++)
		r = samples_add(&each[i], t, v[i]);
	if (r == 0)
		r = samples_combine(each, n, how, out);
	for (size_t i = 0; i < n && each != NULL; i++)
		samples_free(&each[i]);
	free(each);
	return r;
}

void
source_several(char *const *labels, size_t n, struct buf *out)
{
	buf_printf(out, "the query gives %zu series, not one: ", n);
	for (size_t i = 0; i < n && i < 5; i++) {
		buf_str(out, i > 0 ? ", " : "");
		buf_str(out, labels[i]);
	}
	if (n > 5)
		buf_printf(out, " and %zu more", n - 5);
	buf_str(
	    out, "; aggregate (sum, avg or max) says how to make one of them");
}

void
source_answer_free(struct source_answer *a)
{
	samples_free(&a->samples);
	buf_free(&a->warnings);
	buf_free(&a->error);
	buf_free(&a->doubt);
	*a = (struct source_answer){ 0 };
}
