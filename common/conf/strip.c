#include "conf/strip.h"

#include <string.h>

enum { DEPTH = 8 };

struct strip {
	char *s;
	size_t n, i;
	int line;
	int depth, opened[DEPTH]; /* lines of braces that are open */
};

/* Blanks out [from, i); keeps line ends, and counts them. */
static void
blank(struct strip *t, size_t from)
{
	for (; from < t->i; from++)
		if (t->s[from] == '\n')
			t->line++;
		else
			t->s[from] = ' ';
}

static int
starts(const struct strip *t, const char *with)
{
	size_t n = strlen(with);

	return t->n - t->i >= n && memcmp(t->s + t->i, with, n) == 0;
}

static void
skip_to(struct strip *t, const char *what)
{
	while (t->i < t->n && !starts(t, what))
		t->i++;
}

static int
skip_quoted(struct strip *t)
{
	char quote = t->s[t->i++];

	for (; t->i < t->n && t->s[t->i] != quote; t->i++) {
		if (t->s[t->i] == '\\' && t->i + 1 < t->n)
			t->i++;
		if (t->s[t->i] == '\n')
			t->line++;
	}
	if (t->i == t->n)
		return -1;
	t->i++;
	return 0;
}

static const char *
brace(struct strip *t)
{
	if (t->s[t->i++] == '{') {
		if (t->depth == DEPTH)
			return "too many braces in one another";
		t->opened[t->depth++] = t->line;
	} else if (t->depth-- == 0) {
		return "'}' closes nothing";
	}
	return NULL;
}

static const char *
next(struct strip *t)
{
	size_t from = t->i;
	int word = from == 0 || strchr(" \t\r\n{}()=,", t->s[from - 1]) != NULL;

	if (t->s[from] == '#' || (word && starts(t, "//"))) {
		skip_to(t, "\n");
		blank(t, from);
	} else if (word && starts(t, "/*")) {
		t->i += 2;
		skip_to(t, "*/");
		if (t->i == t->n)
			return "a comment that is never closed";
		t->i += 2;
		blank(t, from);
	} else if (t->s[from] == '"' || t->s[from] == '\'') {
		int line = t->line;

		if (skip_quoted(t) != 0) {
			t->line = line;
			return "a quote that is never closed";
		}
	} else if (t->s[from] == '{' || t->s[from] == '}') {
		return brace(t);
	} else {
		t->line += t->s[t->i++] == '\n';
	}
	return NULL;
}

const char *
strip_comments(char *s, size_t n, int *line)
{
	struct strip t = { .s = s, .n = n, .line = 1 };
	const char *wrong = NULL;

	*line = 1;
	if (memchr(s, '\0', n) != NULL)
		return "not a text: it holds a NUL";
	while (t.i < t.n && wrong == NULL)
		wrong = next(&t);
	*line = t.line;
	if (wrong == NULL && t.depth > 0) {
		*line = t.opened[t.depth - 1];
		wrong = "'{' is never closed";
	}
	return wrong;
}
