/*
 * Whatever comes, the JSON reader stays within the text, and what it takes
 * reads the same once written, replaced into and spliced.
 */
#include "json/json.h"

#include <string.h>

#include "fuzz.h"

const char *const fuzz_seeds[] = {
	"{\"metric\":{\"__name__\":\"cpu\",\"target\":\"web\"},\"values\":[1.5,"
	"null,NaN],\"timestamps\":[1763900000000,1763900300000,2]}",
	"{\"a\":{\"b\":[1,2,{\"c\":\"\\u00e4\\ud83d\\ude00\\n\"}],\"d\":true},"
	"\"e\":-1.25e-7,\"f\":[],\"g\":{},\"a2\":false}",
	"[[[[[[[[[[1]]]]]]]]]]",
	"\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
	" -0.0e+00 ",
	NULL,
};

/* j as text, read again and written again: the same text */
static const char *
same_again(const struct json *j)
{
	struct buf one = { 0 }, two = { 0 };
	const char *why, *wrong = NULL;
	struct json *k;

	json_write(j, &one);
	k = json_parse(one.s, one.len, &why);
	if (k == NULL)
		wrong = "what was written does not read";
	else
		json_write(k, &two);
	if (k != NULL && strcmp(one.s, two.s) != 0)
		wrong = "what was written reads otherwise";
	if (json_check(one.s, one.len, &why) != 0)
		wrong = "what was written fails the check";
	json_free(k);
	buf_free(&one);
	buf_free(&two);
	return wrong;
}

/* A member replaced or added is there afterwards, and the rest is JSON. */
static const char *
changed(const char *s, size_t n, const char *name)
{
	struct buf b = { 0 };
	const char *why, *wrong = NULL;
	struct json *j;
	double x = 0;

	if (json_replace(s, n, name, "4711", &b) != 0)
		wrong = "an object does not take a member";
	j = wrong == NULL ? json_parse(b.s, b.len, &why) : NULL;
	if (wrong == NULL && j == NULL)
		wrong = "what was replaced into does not read";
	if (j != NULL && (json_get_num(j, name, &x) != 0 || x != 4711))
		wrong = "what was replaced is not there";
	json_free(j);
	buf_free(&b);
	return wrong;
}

const char *
fuzz_one(const char *s, size_t n)
{
	const char *why = NULL, *wrong;
	struct json *j = json_parse(s, n, &why);
	size_t at, len;

	if (j == NULL)
		return why != NULL && *why != '\0' ? NULL : "no reason given";
	wrong = same_again(j);
	if (wrong == NULL && json_type(j) == JSON_OBJECT) {
		const struct json *k = json_first(j);

		if (k != NULL && json_span(s, n, json_name(k), &at, &len) != 0)
			wrong = "a member has no place in the text";
		if (wrong == NULL && k != NULL)
			wrong = changed(s, n, json_name(k));
		if (wrong == NULL)
			wrong = changed(s, n, "added");
	}
	json_free(j);
	return wrong;
}
