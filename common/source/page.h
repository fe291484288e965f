/*
 * page.h - a page of metrics in text, and what a query picks from it
 * Private to scrape.c and its test.
 *
 * Sources: prometheus.io/docs/instrumenting/exposition_formats (text format
 * 0.0.4), OpenMetrics 1.0. Times and exemplars on the page are passed over.
 */
#ifndef SOURCE_PAGE_H
#define SOURCE_PAGE_H

#include <stddef.h>

#include "base/buf.h"

enum { SELECTOR_MAX = 16 };

/* name, name{label="value",other!="value"}, or rate(either) */
struct selector {
	char *name;
	struct {
		char *label, *value;
		int not ;
	} match[SELECTOR_MAX];
	size_t n;
	int rate;
};

/* selector_parse: 0, or -1 with a message in *why and nothing to free */
int selector_parse(struct selector *, const char *query, struct buf *why);
void selector_free(struct selector *);

struct page_series {
	char **labels; /* as the page spells them: {a="1",b="2"}, or {} */
	double *v; /* NAN: unknown */
	size_t n, cap;
	int counter; /* the page says that its type is counter */
	size_t lines; /* lines with a metric of any name */
};

/* page_read(s, page, sel): what sel matches. 0, or -1: no memory. */
int page_read(
    struct page_series *, const char *page, const struct selector *sel);
void page_free(struct page_series *);

#endif
