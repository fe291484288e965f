/*
 * A /metrics page, read directly: one sample, now. For machines without a
 * Prometheus: history comes from keeping what as-fetch prints. A counter says
 * nothing of now, so that its rate is asked for: the page is read twice.
 */
#include "source/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/http.h"
#include "source/source.h"

struct scrape {
	struct http *http;
	/* every signal of a run sees the same two readings */
	struct http_response page[2];
	int64_t at[2]; /* clock_monotonic when it came; 0: not yet */
};

static void *
open_scrape(const struct source_settings *set, struct buf *why)
{
	struct scrape *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	s->http = source_http(set, why);
	if (s->http != NULL)
		return s;
	free(s);
	return NULL;
}

static void
close_scrape(void *self)
{
	struct scrape *s = self;

	http_response_free(&s->page[0]);
	http_response_free(&s->page[1]);
	http_close(s->http);
	free(s);
}

/* The first or second reading, once. */
static enum source_outcome
load(struct scrape *s, int k, struct buf *error)
{
	static const char *const accept[] = { "Accept: text/plain", NULL };
	struct http_request q = { .headers = accept };
	int64_t left;

	if (s->at[k] != 0)
		return SOURCE_GOOD;
	left = k > 0 ? s->at[0] + SOURCE_APART - clock_monotonic() : 0;
	if (left > 0)
		clock_sleep((double)left / 1000);
	if (http_send(s->http, &q, &s->page[k]) != 0) {
		const struct http_response *r = &s->page[k];

		buf_add(error, r->error.s, r->error.len);
		/* all signals are on this one page: none need be asked for */
		return SOURCE_AWAY;
	}
	s->at[k] = clock_monotonic();
	return SOURCE_GOOD;
}

/* Values of now become rates, per second; NAN where a counter began anew or
 * was not there */
static void
make_rates(
    struct page_series *now, const struct page_series *before, double seconds)
{
	for (size_t i = 0; i < now->n; i++) {
		double was = NAN;

		for (size_t k = 0; k < before->n; k++)
			if (strcmp(before->labels[k], now->labels[i]) == 0)
				was = before->v[k];
		now->v[i] = now->v[i] >= was ? (now->v[i] - was) / seconds
					     : (double)NAN;
	}
}

/* The series that the query picks, from one reading or two */
static enum source_outcome
pick(struct scrape *s, const struct selector *sel, struct page_series *p,
    struct buf *error)
{
	struct page_series before = { 0 };
	enum source_outcome o = load(s, 0, error);

	if (o == SOURCE_GOOD && sel->rate)
		o = load(s, 1, error);
	if (o != SOURCE_GOOD)
		return o;
	if (page_read(p, s->page[sel->rate].body.s, sel) != 0 ||
	    (sel->rate && page_read(&before, s->page[0].body.s, sel) != 0)) {
		buf_str(error, "out of memory");
		return SOURCE_FAILED;
	}
	if (sel->rate)
		make_rates(p, &before, (double)(s->at[1] - s->at[0]) / 1000);
	page_free(&before);
	return SOURCE_GOOD;
}

/* Why the series cannot be answered with; SOURCE_GOOD: they can */
static enum source_outcome
check(const struct scrape *s, const struct selector *sel,
    const struct page_series *p, const struct source_ask *ask,
    struct buf *error)
{
	if (p->n == 0) {
		http_where(s->http, "", error);
		if (p->lines == 0)
			buf_str(error, " holds no metrics");
		else
			buf_printf(error, " has no '%.200s'", ask->query);
		return SOURCE_EMPTY;
	}
	if (p->counter && !sel->rate) {
		buf_printf(error,
		    "'%s' is a counter, which only grows: ask for rate(%.200s)",
		    sel->name, ask->query);
		return SOURCE_WRONG;
	}
	if (p->n > 1 && ask->aggregate == AGGREGATE_NONE) {
		source_several(p->labels, p->n, error);
		return SOURCE_WRONG;
	}
	return SOURCE_GOOD;
}

static enum source_outcome
ask_scrape(void *self, const struct source_ask *ask, struct source_answer *a)
{
	struct page_series p = { 0 };
	struct scrape *s = self;
	struct selector sel;
	enum source_outcome o;
	int64_t t;

	if (selector_parse(&sel, ask->query, &a->error) != 0)
		return SOURCE_WRONG;
	o = pick(s, &sel, &p, &a->error);
	if (o == SOURCE_GOOD)
		o = check(s, &sel, &p, ask, &a->error);
	t = clock_now() + (sel.rate ? s->at[1] - s->at[0] : 0);
	if (o == SOURCE_GOOD &&
	    source_now(p.v, p.n, t, ask->aggregate, &a->samples) != 0) {
		buf_str(&a->error, "out of memory");
		o = SOURCE_FAILED;
	}
	page_free(&p);
	selector_free(&sel);
	return o;
}

const struct source_kind source_scrape = { "scrape", open_scrape, close_scrape,
	ask_scrape };
