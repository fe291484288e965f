#include "target/template.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 255 };

struct fill {
	char *const *constants;
	size_t m;
	const struct json *record;
	struct buf *out;
};

/* What stands between {{ and }} */
struct place {
	char name[NAME_MAX_BYTES + 1];
	const char *other; /* after the bar; NULL: none */
	size_t n_other;
};

static size_t
blanks(const char *s, size_t n)
{
	size_t k = 0;

	while (k < n && (s[k] == ' ' || s[k] == '\t'))
		k++;
	return k;
}

/* s[0..n-1] without blanks around it */
static void
trim(const char **s, size_t *n)
{
	size_t k = blanks(*s, *n);

	*s += k;
	*n -= k;
	while (*n > 0 && ((*s)[*n - 1] == ' ' || (*s)[*n - 1] == '\t'))
		--*n;
}

static const struct json *
step_into(const struct json *j, const char *name)
{
	char *end;
	size_t k;

	if (json_type(j) != JSON_ARRAY)
		return json_get(j, name);
	k = strtoul(name, &end, 10);
	if (end == name || *end != '\0')
		return NULL;
	for (j = json_first(j); j != NULL && k > 0; k--)
		j = json_next(j);
	return j;
}

static const struct json *
find(const struct json *j, const char *path)
{
	char copy[NAME_MAX_BYTES + 1], *rest = copy, *word;

	memcpy(copy, path, strlen(path) + 1);
	while (j != NULL && (word = strsep(&rest, ".")) != NULL)
		j = step_into(j, word);
	return j;
}

static const char *
constant(const struct fill *f, const char *name)
{
	size_t n = strlen(name);

	for (size_t k = 0; k < f->m; k++)
		if (strncmp(f->constants[k], name, n) == 0 &&
		    f->constants[k][n] == '=')
			return f->constants[k] + n + 1;
	return NULL;
}

/* A line feed in a value would be a line of configuration of its own. */
static int
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return 0;
	return 1;
}

/* 0; 1: there is no such value; -1 with what is wrong with it */
static int
put_value(const struct fill *f, const char *name, const char **wrong)
{
	const char *text = constant(f, name);
	const struct json *j;
	double x;
	int yes;

	if (text != NULL) {
		buf_str(f->out, text);
		return 0;
	}
	j = find(f->record, name);
	if (j == NULL || json_type(j) == JSON_NULL)
		return 1;
	text = json_str(j);
	if (text != NULL && !is_plain(text))
		*wrong = "has control characters in it";
	else if (text != NULL)
		buf_str(f->out, text);
	else if (json_num(j, &x) == 0)
		buf_num(f->out, x);
	else if (json_bool(j, &yes) == 0)
		buf_str(f->out, yes ? "true" : "false");
	else
		*wrong = "is no single value";
	return *wrong != NULL ? -1 : 0;
}

/* s[0..n-1] is what stands between the braces */
static int
take_apart(const char *s, size_t n, struct place *p)
{
	const char *bar = memchr(s, '|', n);
	size_t m = bar != NULL ? (size_t)(bar - s) : n;

	*p = (struct place){ .other = bar != NULL ? bar + 1 : NULL,
		.n_other = bar != NULL ? n - m - 1 : 0 };
	trim(&s, &m);
	if (p->other != NULL)
		trim(&p->other, &p->n_other);
	if (m == 0 || m > NAME_MAX_BYTES || memchr(s, '\0', m) != NULL)
		return -1;
	memcpy(p->name, s, m);
	p->name[m] = '\0';
	return 0;
}

static int
fill_place(const struct fill *f, const char *s, size_t n, struct buf *why)
{
	const char *wrong = NULL;
	struct place p;
	int r;

	if (take_apart(s, n, &p) != 0) {
		buf_str(why, "no name between '{{' and '}}'");
		return -1;
	}
	r = put_value(f, p.name, &wrong);
	if (r == 1 && p.other != NULL) {
		buf_add(f->out, p.other, p.n_other);
		return 0;
	}
	if (r == 1)
		buf_printf(
		    why, "neither the decision nor 'set' has '%s'", p.name);
	else if (r != 0)
		buf_printf(why, "'%s' %s", p.name, wrong);
	return r == 0 ? 0 : -1;
}

/* {{"text"}} at s: how long it is, its text put out; 0: it is none */
static size_t
quoted(const char *s, size_t n, struct buf *out)
{
	size_t from = 2 + blanks(s + 2, n - 2);
	const char *end;
	size_t at;

	if (from >= n || s[from] != '"')
		return 0;
	end = memchr(s + from + 1, '"', n - from - 1);
	if (end == NULL)
		return 0;
	at = (size_t)(end - s) + 1;
	at += blanks(s + at, n - at);
	if (n - at < 2 || memcmp(s + at, "}}", 2) != 0)
		return 0;
	buf_add(out, s + from + 1, (size_t)(end - s) - from - 1);
	return at + 2;
}

/* A place at s, of n bytes up to the end: how long it is; 0 and why */
static size_t
place(const struct fill *f, const char *s, size_t n, struct buf *why)
{
	size_t k = quoted(s, n, f->out), line;
	const char *end;

	if (k > 0)
		return k;
	end = memmem(s + 2, n - 2, "}}", 2);
	line = memchr(s, '\n', n) != NULL
	    ? (size_t)((const char *)memchr(s, '\n', n) - s)
	    : n;
	if (end == NULL || (size_t)(end - s) > line) {
		buf_str(why, "'{{' without '}}' on its line");
		return 0;
	}
	k = (size_t)(end - s);
	return fill_place(f, s + 2, k - 2, why) == 0 ? k + 2 : 0;
}

int
template_fill(const char *text, size_t n, char *const *constants, size_t m,
    const struct json *record, struct buf *out, struct buf *why)
{
	struct fill f = { constants, m, record, out };
	struct buf reason = { 0 };
	size_t line = 1, k = 0;

	while (k < n) {
		size_t step = 1;

		if (text[k] == '{' && n - k >= 2 && text[k + 1] == '{') {
			step = place(&f, text + k, n - k, &reason);
			if (step == 0)
				break;
		} else {
			line += text[k] == '\n';
			buf_char(out, text[k]);
		}
		k += step;
	}
	if (k == n && !out->failed) {
		buf_free(&reason);
		return 0;
	}
	buf_printf(
	    why, "%zu: %s", line, reason.len > 0 ? reason.s : "out of memory");
	buf_free(&reason);
	return -1;
}
