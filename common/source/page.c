#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "source/page.h"

static size_t
name_length(const char *s)
{
	size_t n = 0;

	while (isalpha((unsigned char)s[n]) || s[n] == '_' || s[n] == ':' ||
	    (n > 0 && isdigit((unsigned char)s[n])))
		n++;
	return n;
}

static const char *
blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* A string in quotes at *s, without its escapes; *s moves behind it. NULL: it
 * is none, or no memory. */
static char *
take_string(const char **s)
{
	const char *p = *s;
	struct buf b = { 0 };

	if (*p++ != '"')
		return NULL;
	buf_str(&b, "");
	for (; *p != '"'; p++) {
		if (*p == '\0' || *p == '\n') {
			buf_free(&b);
			return NULL;
		}
		if (*p == '\\' && p[1] != '\0' && p[1] != '\n')
			buf_char(&b, *++p == 'n' ? '\n' : *p);
		else
			buf_char(&b, *p);
	}
	*s = p + 1;
	if (b.failed)
		buf_free(&b);
	return b.s;
}

void
selector_free(struct selector *x)
{
	for (size_t i = 0; i < x->n; i++) {
		free(x->match[i].label);
		free(x->match[i].value);
	}
	free(x->name);
	*x = (struct selector){ 0 };
}

/* What stands between { and }; *s moves behind the }. 0 or -1. */
static int
take_matchers(struct selector *x, const char **s)
{
	const char *p = blanks(*s + 1);

	while (*p != '}') {
		size_t k = name_length(p);

		if (k == 0 || x->n == SELECTOR_MAX)
			return -1;
		x->match[x->n].label = strndup(p, k);
		p = blanks(p + k);
		x->match[x->n].not = *p == '!';
		p += *p == '!';
		x->n++;
		if (*p != '=' || p[1] == '~')
			return -1;
		p = blanks(p + 1);
		x->match[x->n - 1].value = take_string(&p);
		p = blanks(p);
		if (x->match[x->n - 1].label == NULL ||
		    x->match[x->n - 1].value == NULL ||
		    (*p != ',' && *p != '}'))
			return -1;
		if (*p == ',')
			p = blanks(p + 1);
	}
	*s = p + 1;
	return 0;
}

int
selector_parse(struct selector *x, const char *query, struct buf *why)
{
	const char *s = blanks(query);
	size_t k;

	*x = (struct selector){ 0 };
	if (strncmp(s, "rate(", 5) == 0) {
		x->rate = 1;
		s = blanks(s + 5);
	}
	k = name_length(s);
	x->name = strndup(s, k);
	s = blanks(s + k);
	if (k == 0 || x->name == NULL ||
	    (*s == '{' && take_matchers(x, &s) != 0))
		goto fail;
	s = blanks(s);
	if (x->rate && *s++ != ')')
		goto fail;
	if (*blanks(s) == '\0')
		return 0;
fail:
	buf_printf(why,
	    "'%.200s' is none of name, name{label=\"value\"} (= and != only) "
	    "and rate(...) of these",
	    query);
	selector_free(x);
	return -1;
}

/* The labels that begin at the { in s, against the matchers: the text behind
 * the }, or NULL: not well formed. *fits is 1 if all hold. */
static const char *
match_labels(const char *s, const struct selector *x, int *fits)
{
	unsigned met = 0;

	*fits = 1;
	for (s = blanks(s + 1); *s != '}';) {
		size_t k = name_length(s);
		const char *label = s;
		char *value;

		s = blanks(s + k);
		if (k == 0 || *s != '=')
			return NULL;
		s = blanks(s + 1);
		value = take_string(&s);
		if (value == NULL)
			return NULL;
		for (size_t i = 0; i < x->n; i++) {
			const char *l = x->match[i].label;

			if (strlen(l) != k || strncmp(l, label, k) != 0)
				continue;
			met |= 1u << i;
			if ((strcmp(x->match[i].value, value) == 0) ==
			    x->match[i].not )
				*fits = 0;
		}
		free(value);
		s = blanks(s);
		if (*s == ',')
			s = blanks(s + 1);
		else if (*s != '}')
			return NULL;
	}
	/* a label that is not there is the empty one, as in PromQL */
	for (size_t i = 0; i < x->n; i++)
		if ((met & 1u << i) == 0 &&
		    (*x->match[i].value == '\0') == x->match[i].not )
			*fits = 0;
	return s + 1;
}

static int
add_series(struct page_series *p, const char *labels, size_t n, double v)
{
	if (p->n == p->cap) {
		size_t cap = p->cap > 0 ? 2 * p->cap : 8;
		void *m = realloc(p->labels, cap * sizeof(*p->labels));

		if (m == NULL)
			return -1;
		p->labels = m;
		m = realloc(p->v, cap * sizeof(*p->v));
		if (m == NULL)
			return -1;
		p->v = m;
		p->cap = cap;
	}
	p->labels[p->n] = n > 0 ? strndup(labels, n) : strdup("{}");
	if (p->labels[p->n] == NULL)
		return -1;
	p->v[p->n++] = isfinite(v) ? v : (double)NAN;
	return 0;
}

/* "# TYPE NAME counter"; OpenMetrics names the family, without _total */
static void
read_comment(struct page_series *p, const char *s, const struct selector *x)
{
	size_t k, n = strlen(x->name);

	s = blanks(s + 1);
	if (strncmp(s, "TYPE ", 5) != 0)
		return;
	s = blanks(s + 5);
	k = name_length(s);
	if (strncmp(s, x->name, k) != 0 ||
	    (k != n && (k + 6 != n || strcmp(x->name + k, "_total") != 0)))
		return;
	s = blanks(s + k);
	p->counter = strncmp(s, "counter", 7) == 0;
}

/* One line, up to its LF or NUL; lines that are not well formed are passed
 * over. 0, or -1: no memory. */
static int
read_line(struct page_series *p, const char *s, const struct selector *x)
{
	size_t k = name_length(s = blanks(s)), n;
	int named, fits = x->n == 0;
	const char *labels = "", *after;
	char *end;
	double v;

	if (*s == '#')
		read_comment(p, s, x);
	if (k == 0)
		return 0;
	named = strncmp(s, x->name, k) == 0 && x->name[k] == '\0';
	s = blanks(s + k);
	n = 0;
	if (*s == '{') {
		after = match_labels(s, x, &fits);
		if (after == NULL)
			return 0;
		labels = s;
		n = (size_t)(after - s);
		s = after;
	} else if (x->n > 0) {
		match_labels("{}", x, &fits);
	}
	v = strtod(s, &end);
	if (end == s || (*end != '\0' && strchr(" \t\r\n", *end) == NULL) ||
	    memchr(s, '\n', (size_t)(end - s)) != NULL)
		return 0;
	p->lines++;
	return named && fits ? add_series(p, labels, n, v) : 0;
}

int
page_read(struct page_series *p, const char *page, const struct selector *x)
{
	*p = (struct page_series){ 0 };
	while (page != NULL && *page != '\0') {
		if (read_line(p, page, x) != 0) {
			page_free(p);
			return -1;
		}
		page = strchr(page, '\n');
		page += page != NULL;
	}
	return 0;
}

void
page_free(struct page_series *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->labels[i]);
	free(p->labels);
	free(p->v);
	*p = (struct page_series){ 0 };
}
