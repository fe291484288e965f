/*
 * Prometheus' HTTP API, /api/v1/query_range: Prometheus itself, and what
 * speaks like it (VictoriaMetrics, Thanos, Mimir, Cortex).
 * Source: prometheus.io/docs/prometheus/latest/querying/api.
 */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "http/http.h"
#include "source/answer.h"
#include "source/source.h"

enum {
	/* a server refuses more than 11,000 steps in one answer */
	MAX_POINTS = 10000,
	MIN_POINTS = 100,
	/* samples of one answer, all series: what it costs here in memory */
	MAX_SAMPLES = 300000,
	/* longer queries go in a body: proxies cut long addresses */
	MAX_GET = 1500
};

struct prometheus {
	struct http *http;
	double timeout;
	int slow; /* a request of before timed out */
};

static void *
open_prometheus(const struct source_settings *set, struct buf *why)
{
	struct prometheus *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	p->timeout = set->conf->timeout > 0 ? set->conf->timeout : 10;
	p->http = source_http(set, why);
	if (p->http != NULL)
		return p;
	free(p);
	return NULL;
}

static void
close_prometheus(void *self)
{
	struct prometheus *p = self;

	http_close(p->http);
	free(p);
}

static void
put_seconds(struct buf *b, const char *name, int64_t ms)
{
	buf_printf(b, "&%s=%lld", name, (long long)(ms / 1000));
	if (ms % 1000 != 0)
		buf_printf(b, ".%03d", (int)(ms % 1000));
}

static const char path[] = "/api/v1/query_range";

/* One piece of the range: 0, or -1 */
static int
send_piece(struct prometheus *p, const char *query, const struct range *piece,
    struct http_response *r)
{
	struct http_request q = { .path = path, .once = p->slow };
	struct buf form = { 0 }, url = { 0 };
	char s[NUMBER_SIZE];
	int status = -1;

	buf_str(&form, "query=");
	http_escape(&form, query);
	put_seconds(&form, "start", piece->from);
	put_seconds(&form, "end", piece->to);
	put_seconds(&form, "step", piece->step);
	/* let it not work on for one who has gone */
	buf_printf(&form, "&timeout=%s", number_format(s, p->timeout));
	if (form.len <= MAX_GET) {
		buf_printf(&url, "%s?%s", path, form.s);
		q.path = url.s;
	} else {
		q.method = "POST";
		q.body = form.s;
		q.n_body = form.len;
		q.content_type = "application/x-www-form-urlencoded";
		q.repeatable = 1;
	}
	if (form.failed || url.failed)
		buf_str(&r->error, "out of memory");
	else
		status = http_send(p->http, &q, r);
	buf_free(&form);
	buf_free(&url);
	return status;
}

/* The server, or our own ceiling, says that it was too much at once */
static int
was_too_much(const struct http_response *r)
{
	static const char *const words[] = { "exceeded maximum resolution",
		"too many samples", "too many points" };

	if (r->too_long || r->status == 413)
		return 1;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (r->status >= 400 && r->error.len > 0 &&
		    strstr(r->error.s, words[i]) != NULL)
			return 1;
	return 0;
}

static enum source_outcome
failed(struct prometheus *p, const struct http_response *r)
{
	if (r->timed_out && r->sent) {
		p->slow = 1;
		return SOURCE_SLOW;
	}
	return r->status == 0 && !r->sent ? SOURCE_AWAY : SOURCE_FAILED;
}

static int
read_piece(const struct prometheus *p, const struct http_response *r,
    struct answer_set *set, struct source_answer *a)
{
	struct buf why = { 0 };
	int status;

	status = answer_read(set, r->body.s, r->body.len, &a->warnings, &why);
	if (status != 0) {
		http_where(p->http, path, &a->error);
		buf_printf(
		    &a->error, ": %s", why.failed ? "out of memory" : why.s);
	}
	buf_free(&why);
	return status;
}

/* Every piece of the range into set. Pieces get smaller where they were too
 * much, or where there are many series. */
static enum source_outcome
fetch(struct prometheus *p, const struct source_ask *ask,
    struct answer_set *set, struct source_answer *a)
{
	enum source_outcome o = SOURCE_GOOD;
	int64_t max = MAX_POINTS, at = 0, n;
	struct http_response r = { 0 };
	struct range piece;

	while ((n = range_piece(&ask->range, at, max, &piece)) > 0) {
		if (send_piece(p, ask->query, &piece, &r) != 0) {
			if (was_too_much(&r) && n > MIN_POINTS) {
				max = n / 2;
				continue;
			}
			o = failed(p, &r);
			buf_add(&a->error, r.error.s, r.error.len);
			break;
		}
		if (read_piece(p, &r, set, a) != 0) {
			o = SOURCE_FAILED;
			break;
		}
		at += n;
		while (max > MIN_POINTS && set->n > MAX_SAMPLES / (size_t)max)
			max /= 2;
		if (ask->progress != NULL)
			ask->progress(ask->ctx, (size_t)at,
			    (size_t)range_points(&ask->range));
	}
	http_response_free(&r);
	return o;
}

/* What lies outside the range, though it was not asked for, goes */
static void
cut(struct samples *s, const struct range *r)
{
	size_t k = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->s[i].t >= r->from && s->s[i].t <= r->to)
			s->s[k++] = s->s[i];
	s->n = k;
}

/* Where half of the series have ended of late, their sum is low for want of an
 * answer, and not of load. */
static void
doubt(const struct answer_set *set, int64_t step, struct buf *why)
{
	size_t now, alive = samples_alive(set->s, set->n, 3 * step, &now);

	if (alive > 1 && 2 * now <= alive)
		buf_printf(why,
		    "%zu of %zu series behind it have fallen silent",
		    alive - now, alive);
}

static enum source_outcome
ask_prometheus(
    void *self, const struct source_ask *ask, struct source_answer *a)
{
	struct answer_set set = { 0 };
	enum source_outcome o = fetch(self, ask, &set, a);

	if (o == SOURCE_GOOD && set.n > 1 && ask->aggregate == AGGREGATE_NONE) {
		/* any one of them would be a guess, and may cost capacity */
		source_several(set.labels, set.n, &a->error);
		o = SOURCE_WRONG;
	}
	if (o == SOURCE_GOOD) {
		for (size_t i = 0; i < set.n; i++) {
			samples_sort(&set.s[i]);
			cut(&set.s[i], &ask->range);
		}
		doubt(&set, ask->range.step, &a->doubt);
		if (samples_combine(
			set.s, set.n, ask->aggregate, &a->samples) != 0) {
			buf_str(&a->error, "out of memory");
			o = SOURCE_FAILED;
		}
	}
	answer_free(&set);
	return o;
}

const struct source_kind source_prometheus = { "prometheus", open_prometheus,
	close_prometheus, ask_prometheus };
