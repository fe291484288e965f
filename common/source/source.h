/*
 * source.h - a place that load comes from, behind one small struct of functions
 *
 *	struct source_settings set = { .conf = &target->source };
 *	struct source *s = source_open(&set, &why);
 *	struct source_answer a = { 0 };
 *
 *	if (source_ask(s, &ask, &a) != SOURCE_GOOD)
 *		warn("'%s': %s", name, a.error.s);
 *	source_answer_free(&a);
 *	source_close(s);
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "http/http.h"
#include "source/range.h"
#include "source/samples.h"

struct source; /* an opened one; keeps its connection */

struct source_settings {
	const struct conf_source *conf; /* type, url, ...; not kept */
	long retries; /* more tries after the first, where that makes sense */
	const char *const *headers; /* NULL-ended, beside conf->header; NULL */
};

struct source_ask {
	/* what to read, in the source's own language */
	const char *query; /* not NULL */
	enum conf_aggregate aggregate; /* NONE: several series are an error */
	struct range range; /* a file is read whole where whole is 1 */
	int whole;
	int stop_on_bad; /* a bad line of a file ends it: SOURCE_WRONG */
	/* points that are there, of total; may be NULL */
	void (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
};

struct source_answer { /* { 0 } is valid */
	struct samples samples; /* sorted, finite, no time twice */
	size_t unknown; /* left out: NaN, infinite, null, empty */
	size_t refused; /* lines of a file that were wrong, each named */
	struct buf warnings; /* the source's own, "; " between them */
	struct buf error; /* unless SOURCE_GOOD: for a person, UTF-8 */
	struct buf doubt; /* SOURCE_GOOD, but not to be relied on when it is
			   * low: why, or "" */
};

enum source_outcome {
	SOURCE_GOOD, /* at least one sample */
	SOURCE_EMPTY, /* an answer without a sample */
	SOURCE_FAILED, /* refused, or an answer that makes no sense */
	SOURCE_SLOW, /* no answer in time */
	SOURCE_AWAY, /* out of reach: asking more of it is idle */
	SOURCE_WRONG /* question or settings must change: several series, no
		      * such file or column */
};

/* source_open(set, why): NULL with a message in *why: an unknown type, a
 * setting that it cannot use, a secret that cannot be read. */
struct source *source_open(const struct source_settings *set, struct buf *why);
void source_close(struct source *);

/* source_ask(s, ask, answer): empties the answer, then fills it. After
 * SOURCE_SLOW the source does not try again what fails. */
enum source_outcome source_ask(
    struct source *s, const struct source_ask *ask, struct source_answer *a);
void source_answer_free(struct source_answer *);

/* A kind of source. self is what open made; the functions are called as the
 * ones above promise, samples need not be sorted, unknown ones are NAN. */
struct source_kind {
	const char *type; /* as in as.conf(5) */
	void *(*open)(const struct source_settings *set, struct buf *why);
	void (*close)(void *self);
	enum source_outcome (*ask)(
	    void *self, const struct source_ask *ask, struct source_answer *a);
};

extern const struct source_kind source_prometheus, source_scrape, source_proc,
    source_csv;

/* source_several(labels, n, out): the message for n series where one belongs
 */
void source_several(char *const *labels, size_t n, struct buf *out);

/* source_http(set, why): a client as the settings say; NULL as http_open */
struct http *source_http(const struct source_settings *set, struct buf *why);

/* source_now(v, n, t, how, out): one sample at t of the values of n series,
 * as samples_combine makes it. 0, or -1: no memory. */
int source_now(const double *v, size_t n, int64_t t, enum conf_aggregate how,
    struct samples *out);

/* Milliseconds between the two readings that make a rate */
enum { SOURCE_APART = 1000 };

#endif
