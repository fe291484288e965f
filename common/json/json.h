/*
 * json.h - JSON text to values and back, strictly; the only user of cJSON
 *
 * Strict: RFC 8259, one value and nothing after it, valid UTF-8, no NUL (bare
 * or \u0000), no repeated member of one object, names compared exactly, at
 * most 100 levels deep. Numbers become doubles, exactly rounded.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <stddef.h>

#include "base/buf.h"

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json; /* a value; the root owns all below it */

/*
 * json_parse(s, n, why): the value that the n bytes of s spell, or NULL with a
 * static text in *why. Bare NaN, Inf and Infinity, with or without a sign, are
 * read as null: VictoriaMetrics exports them. s need not end in NUL.
 */
struct json *json_parse(const char *s, size_t n, const char **why);
void json_free(struct json *);

enum json_type json_type(const struct json *);

/* json_get(object, name): a member's value, or NULL: no such member, or
 * object is NULL or no object */
const struct json *json_get(const struct json *, const char *name);

/* walking an array or object; NULL after the last, or where there is none */
const struct json *json_first(const struct json *);
const struct json *json_next(const struct json *);
size_t json_len(const struct json *); /* members or elements; O(n) */
const char *json_name(const struct json *); /* of a member, else NULL */

/* The value, where it is of that type; else NULL, -1 and *x left alone */
const char *json_str(const struct json *);
int json_num(const struct json *, double *x);
int json_bool(const struct json *, int *x);

/* Short forms on a member of an object */
const char *json_get_str(const struct json *, const char *name);
int json_get_num(const struct json *, const char *name, double *x);

/* json_get_time: a member in RFC 3339, as ms since 1970; 0 or -1 */
int json_get_time(const struct json *, const char *name, long long *ms);

/* json_write(j, out): compact text; numbers as base/number.h writes them */
void json_write(const struct json *, struct buf *out);

/*
 * json_check(s, n, why): the text is strict JSON as above but for the bare
 * words (those are refused). 0 or -1. Repeated names are not looked for.
 */
int json_check(const char *s, size_t n, const char **why);

/*
 * json_span(s, n, name, &at, &len): where in the text of an object, which
 * json_parse or json_check has passed, the value of member name stands.
 * Returns 0, or -1: no such member, or no object.
 */
int json_span(
    const char *s, size_t n, const char *name, size_t *at, size_t *len);

/*
 * json_splice(s, n, members, out): the text of the object s with members
 * (`"a":1,"b":2`, no braces) put in before its last brace; the bytes of s
 * stay as they are.
 */
void json_splice(const char *s, size_t n, const char *members, struct buf *out);

/* json_replace(s, n, name, value, out): the text of the object s with the
 * value of member name replaced by the text value, all else byte for byte;
 * the member is added where it is missing. 0, or -1: s is no object. */
int json_replace(const char *s, size_t n, const char *name, const char *value,
    struct buf *out);

#endif
