/*
 * A file of "time,value" lines, as dashboards and spreadsheets export them
 *
 * Between the fields stands a comma, a semicolon or a tab: the first of tab,
 * semicolon, comma that the first line has. With semicolons a value may have a
 * decimal comma. Fields may stand in quotes (RFC 4180). A first line whose time
 * does not begin with a digit is a header. The query names the column of the
 * value, by header or by number from 1 (the time); without one there must be
 * just two. Empty fields and NaN, Inf, null, NA are unknown values.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "io/line.h"
#include "io/report.h"
#include "source/source.h"

struct csv {
	char *path;
};

struct table { /* what the first line told */
	const char *path;
	char separator; /* 0: no line was seen */
	long column; /* of the value, from 1 */
	size_t bad; /* lines */
};

/* A file of the wrong kind has a bad line after the other */
enum { BAD_NAMED = 10 };

static void *
open_csv(const struct source_settings *set, struct buf *why)
{
	const char *path = set->conf->url;
	struct csv *c = calloc(1, sizeof(*c));

	if (path != NULL && strncmp(path, "file://", 7) == 0)
		path += 7;
	if (path == NULL || *path == '\0')
		buf_str(why, "no file was given");
	else if (c == NULL || (c->path = strdup(path)) == NULL)
		buf_str(why, "out of memory");
	else
		return c;
	free(c);
	return NULL;
}

static void
close_csv(void *self)
{
	struct csv *c = self;

	free(c->path);
	free(c);
}

/* The next field, without its quotes and the blanks around it; *p moves behind
 * it, to NULL after the last. The text is overwritten. */
static char *
next_field(char **p, char separator)
{
	char *s = *p, *from, *to;
	int quoted;

	s += strspn(s, separator == '\t' ? " " : " \t");
	quoted = *s == '"';
	from = to = s += quoted;
	for (; *s != '\0'; s++) {
		if (quoted && s[0] == '"' && s[1] == '"')
			s++;
		else if (quoted && *s == '"')
			break;
		else if (!quoted && *s == separator)
			break;
		*to++ = *s;
	}
	s += quoted && *s == '"';
	s += strcspn(s, (char[]){ separator, '\0' });
	*p = *s != '\0' ? s + 1 : NULL;
	while (!quoted && to > from && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	*to = '\0';
	return from;
}

/* The first of tab, semicolon and comma that stands outside of quotes */
static char
find_separator(const char *s)
{
	static const char candidates[] = "\t;,";

	for (const char *c = candidates; *c != '\0'; c++) {
		int quoted = 0;

		for (const char *p = s; *p != '\0'; p++) {
			quoted ^= *p == '"';
			if (!quoted && *p == *c)
				return *c;
		}
	}
	return ',';
}

/* The first line that is not blank: which column the query means. 1: it is a
 * header; 0: it is data; -1: no such column, with a message. */
static int
first_line(
    struct table *t, const char *query, const char *line, struct buf *error)
{
	char *copy = strdup(line), *p = copy, *f;
	struct buf names = { 0 };
	int header = 0;
	long n = 0;

	if (copy == NULL) {
		buf_str(error, "out of memory");
		return -1;
	}
	t->separator = find_separator(line);
	if (*query == '\0')
		query = NULL;
	else if (number_count(query, 2, 10000, &t->column) != 0)
		t->column = 0;
	while (p != NULL) {
		f = next_field(&p, t->separator);
		if (n++ == 0)
			header = !(*f >= '0' && *f <= '9');
		if (t->column == 0 && n > 1 && header && query != NULL &&
		    strcmp(f, query) == 0)
			t->column = n;
		buf_printf(&names, "%s%s", n > 1 ? ", " : "", f);
	}
	if (t->column == 0 && query == NULL && n <= 2)
		t->column = 2;
	if (t->column == 0 && query == NULL)
		buf_printf(error,
		    "'%s' has %ld columns (%.300s): a query says which "
		    "holds the value, by name or number",
		    t->path, n, names.failed ? "" : names.s);
	else if (t->column == 0)
		buf_printf(error, "'%s' has no column '%s', but %.300s",
		    t->path, query, names.failed ? "" : names.s);
	buf_free(&names);
	free(copy);
	return t->column > 0 ? header : -1;
}

/* 0; 1: nothing is known of the value; -1: it is none */
static int
read_value(char *s, char separator, double *v)
{
	static const char *const unknown[] = { "", "nan", "inf", "+inf", "-inf",
		"infinity", "+infinity", "-infinity", "null", "na", "n/a" };
	char *comma = strchr(s, ',');

	if (separator == ';' && comma != NULL && strchr(s, '.') == NULL)
		*comma = '.';
	if (number_parse(s, v) == 0)
		return 0;
	*v = NAN;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (strcasecmp(s, unknown[i]) == 0)
			return 1;
	return -1;
}

__attribute__((format(printf, 3, 4))) static void
tell(struct table *t, size_t number, const char *fmt, ...)
{
	char what[256];
	va_list args;

	if (t->bad++ >= BAD_NAMED)
		return;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	warn_at(t->path, number, "%s", what);
}

/* A line of data: 0; -1: it is bad, and was named; -2: no memory */
static int
take_line(struct table *t, char *line, size_t number,
    const struct source_ask *ask, struct source_answer *a)
{
	char *p = line, *time = next_field(&p, t->separator), *f = NULL;
	int64_t ms;
	double v;

	for (long i = 2; i <= t->column && p != NULL; i++)
		f = i < t->column ? (next_field(&p, t->separator), NULL)
				  : next_field(&p, t->separator);
	if (clock_parse(time, &ms) != 0) {
		tell(t, number, "'%.100s' is no time", time);
		return -1;
	}
	if (f == NULL) {
		tell(t, number, "nothing in column %ld", t->column);
		return -1;
	}
	if (t->column == 2 && p != NULL && ask->query[0] == '\0') {
		tell(t, number, "more than a time and a value");
		return -1;
	}
	if (read_value(f, t->separator, &v) < 0) {
		tell(t, number, "'%.100s' is no number", f);
		return -1;
	}
	if (!ask->whole && (ms < ask->range.from || ms > ask->range.to))
		return 0;
	return samples_add(&a->samples, ms, v) == 0 ? 0 : -2;
}

static int
is_blank(const char *s)
{
	return s[strspn(s, " \t")] == '\0';
}

enum { WENT_ON, BAD_LINE, GIVEN_UP };

/* One line of the file. GIVEN_UP: a->error says why */
static int
any_line(struct table *t, char *line, size_t n, size_t number,
    const struct source_ask *ask, struct source_answer *a)
{
	int k;

	if (number == 1 && n >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
		line += 3; /* a byte order mark */
		n -= 3;
	}
	if (memchr(line, '\0', n) != NULL) {
		tell(t, number, "not a line of text");
		return BAD_LINE;
	}
	if (is_blank(line))
		return WENT_ON;
	if (t->separator == 0) {
		k = first_line(t, ask->query, line, &a->error);
		if (k != 0)
			return k > 0 ? WENT_ON : GIVEN_UP;
	}
	k = take_line(t, line, number, ask, a);
	if (k == -2)
		buf_str(&a->error, "out of memory");
	return k == 0 ? WENT_ON : k == -1 ? BAD_LINE : GIVEN_UP;
}

static enum source_outcome
read_lines(struct table *t, int fd, const struct source_ask *ask,
    struct source_answer *a)
{
	struct lines l = { .fd = fd };
	enum line_result r;
	int k = WENT_ON;
	char *line;
	size_t n;

	while (k != GIVEN_UP && (r = lines_next(&l, &line, &n)) != LINE_END) {
		if (r == LINE_ERROR) {
			buf_printf(&a->error, "cannot read '%s': %s", t->path,
			    strerror(errno));
			break;
		}
		if (r == LINE_LONG)
			tell(t, l.number, "not a line of text");
		k = r == LINE_LONG ? BAD_LINE
				   : any_line(t, line, n, l.number, ask, a);
		a->refused += k == BAD_LINE;
		if (k == BAD_LINE && ask->stop_on_bad) {
			buf_printf(&a->error, "'%s' has a bad line", t->path);
			break;
		}
	}
	lines_free(&l);
	if (t->bad > BAD_NAMED)
		warn_at(
		    t->path, 0, "so are %zu lines more", t->bad - BAD_NAMED);
	return a->error.len > 0 ? SOURCE_WRONG : SOURCE_GOOD;
}

static enum source_outcome
ask_csv(void *self, const struct source_ask *ask, struct source_answer *a)
{
	const struct csv *c = self;
	struct table t = { .path = c->path };
	int fd = open(c->path, O_RDONLY | O_CLOEXEC);
	enum source_outcome o;

	if (fd < 0) {
		buf_printf(&a->error, "cannot open '%s': %s", c->path,
		    strerror(errno));
		return SOURCE_WRONG;
	}
	o = read_lines(&t, fd, ask, a);
	close(fd);
	return o;
}

const struct source_kind source_csv = { "csv", open_csv, close_csv, ask_csv };
