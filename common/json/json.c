#include "json/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "json/scan.h"

/* struct json is cJSON's struct under a name of our own. */
static const cJSON *
in(const struct json *j)
{
	return (const cJSON *)(const void *)j;
}

static const struct json *
out_of(const cJSON *c)
{
	return (const struct json *)(const void *)c;
}

/* The text with every bare NaN and Inf word turned into null */
static void
without_bare(const char *s, size_t n, struct buf *b)
{
	const char *why;
	size_t i = 0;

	while (i < n) {
		size_t k;

		if (s[i] == '"') {
			k = scan_string(s, n, i, &why) - i;
			buf_add(b, s + i, k);
		} else if ((k = scan_bare(s, n, i)) > 0) {
			buf_str(b, "null");
		} else {
			k = 1;
			buf_char(b, s[i]);
		}
		i += k;
	}
}

static int
by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* No object of the tree names a member twice: 0. Few members are compared
 * pair by pair, many are sorted. */
static int
check_names(const cJSON *c, const char **why)
{
	size_t n = 0, i = 0;
	const char **names;
	const cJSON *k, *l;
	int r = 0;

	if (!cJSON_IsObject(c) && !cJSON_IsArray(c))
		return 0;
	for (k = c->child; k != NULL && r == 0; k = k->next, n++)
		if (k->child != NULL)
			r = check_names(k, why);
	if (r != 0 || !cJSON_IsObject(c) || n < 2)
		return r;
	*why = "a member is repeated";
	if (n <= 16) {
		for (k = c->child; k != NULL; k = k->next)
			for (l = k->next; l != NULL; l = l->next)
				if (strcmp(k->string, l->string) == 0)
					return -1;
		return 0;
	}
	names = malloc(n * sizeof(*names));
	if (names == NULL) {
		*why = "out of memory";
		return -1;
	}
	for (k = c->child; k != NULL; k = k->next)
		names[i++] = k->string;
	qsort(names, n, sizeof(*names), by_name);
	for (i = 1; i < n && r == 0; i++)
		r = strcmp(names[i - 1], names[i]) == 0 ? -1 : 0;
	free(names);
	return r;
}

struct json *
json_parse(const char *s, size_t n, const char **why)
{
	struct buf b = { 0 };
	size_t bare = 0, at;
	cJSON *c = NULL;

	*why = "not JSON";
	at = scan_value(s, n, 0, 0, &bare, why);
	if (at == 0)
		return NULL;
	if (scan_blanks(s, n, at) != n) {
		*why = memchr(s + at, 0, n - at) ? "a NUL in the line"
						 : "more after the value";
		return NULL;
	}
	if (bare > 0) {
		without_bare(s, n, &b);
		s = b.s;
		n = b.len;
	}
	*why = "out of memory";
	if (!b.failed)
		c = cJSON_ParseWithLength(s, n);
	buf_free(&b);
	if (c != NULL && check_names(c, why) != 0) {
		cJSON_Delete(c);
		return NULL;
	}
	return (struct json *)(void *)c;
}

void
json_free(struct json *j)
{
	cJSON_Delete((cJSON *)(void *)j);
}

enum json_type
json_type(const struct json *j)
{
	const cJSON *c = in(j);

	if (cJSON_IsObject(c))
		return JSON_OBJECT;
	if (cJSON_IsArray(c))
		return JSON_ARRAY;
	if (cJSON_IsString(c))
		return JSON_STRING;
	if (cJSON_IsNumber(c))
		return JSON_NUMBER;
	return cJSON_IsBool(c) ? JSON_BOOL : JSON_NULL;
}

const struct json *
json_get(const struct json *j, const char *name)
{
	if (j == NULL)
		return NULL;
	return out_of(cJSON_GetObjectItemCaseSensitive(in(j), name));
}

const struct json *
json_first(const struct json *j)
{
	return j != NULL ? out_of(in(j)->child) : NULL;
}

const struct json *
json_next(const struct json *j)
{
	return out_of(in(j)->next);
}

size_t
json_len(const struct json *j)
{
	size_t n = 0;

	for (j = json_first(j); j != NULL; j = json_next(j))
		n++;
	return n;
}

const char *
json_name(const struct json *j)
{
	return in(j)->string;
}

const char *
json_str(const struct json *j)
{
	return j != NULL && cJSON_IsString(in(j)) ? in(j)->valuestring : NULL;
}

int
json_num(const struct json *j, double *x)
{
	if (j == NULL || !cJSON_IsNumber(in(j)) ||
	    !isfinite(in(j)->valuedouble))
		return -1;
	*x = in(j)->valuedouble;
	return 0;
}

int
json_bool(const struct json *j, int *x)
{
	if (j == NULL || !cJSON_IsBool(in(j)))
		return -1;
	*x = cJSON_IsTrue(in(j)) ? 1 : 0;
	return 0;
}

const char *
json_get_str(const struct json *j, const char *name)
{
	return json_str(json_get(j, name));
}

int
json_get_num(const struct json *j, const char *name, double *x)
{
	return json_num(json_get(j, name), x);
}

int
json_get_time(const struct json *j, const char *name, long long *ms)
{
	const char *s = json_get_str(j, name);
	int64_t t;

	if (s == NULL || clock_rfc3339(s, &t) != 0)
		return -1;
	*ms = t;
	return 0;
}

void
json_write(const struct json *j, struct buf *b)
{
	const struct json *k;
	enum json_type t = json_type(j);
	double x = NAN;
	int truth = 0;

	switch (t) {
	case JSON_NULL:
		buf_str(b, "null");
		break;
	case JSON_BOOL:
		json_bool(j, &truth);
		buf_str(b, truth ? "true" : "false");
		break;
	case JSON_NUMBER:
		json_num(j, &x);
		buf_num(b, x);
		break;
	case JSON_STRING:
		buf_json_str(b, json_str(j));
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		buf_char(b, t == JSON_ARRAY ? '[' : '{');
		for (k = json_first(j); k != NULL; k = json_next(k)) {
			if (k != json_first(j))
				buf_char(b, ',');
			if (t == JSON_OBJECT) {
				buf_json_str(b, json_name(k));
				buf_char(b, ':');
			}
			json_write(k, b);
		}
		buf_char(b, t == JSON_ARRAY ? ']' : '}');
		break;
	}
}
