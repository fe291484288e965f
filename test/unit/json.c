/*
 * JSON, strictly. The texts cover the classes of RFC 8259 at which readers are
 * known to differ; beyond it: no repeated member, no NUL, 100 levels at most,
 * and bare NaN and Inf words, which are read as null.
 */
#include "json/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static const char *const good[] = {
	"null",
	"true",
	" false ",
	"0",
	"-0",
	"-1",
	"1.5",
	"1e5",
	"1E+05",
	"-0.0e-0",
	"1e400",
	"1e-400",
	"123456789012345678901234567890",
	"\"\"",
	"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
	"\"\\u00e4\\u20AC\"",
	"\"\\ud83d\\ude00\"",
	"\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"",
	"\"\x7f\"",
	"\"\xef\xbf\xbf\"",
	"\"\xf4\x8f\xbf\xbf\"",
	"[]",
	"{}",
	" [ ] ",
	"\t{\r\n}\n",
	"[1,2,3]",
	"[[],[[]],{}]",
	"{\"a\":1}",
	"{\"\":0}",
	"{\"a\":{\"a\":1},\"b\":[{\"a\":1}]}",
	"{\"a\":1,\"A\":2}",
	"[NaN,nan,Inf,-Inf,+Inf,Infinity,-Infinity,+NaN]",
	"{\"v\":NaN}",
	"-inf",
};

static const char *const bad[] = {
	"",
	" ",
	"nul",
	"nulls",
	"True",
	"truefalse",
	"undefined",
	"1 2",
	"{}{}",
	"[] x",
	"00",
	"01",
	"-01",
	"-",
	"+1",
	"1.",
	".5",
	"-.5",
	"1.e5",
	"1e",
	"1e+",
	"1e5.5",
	"0x10",
	"0e",
	"1,5",
	"1_000",
	"--1",
	"Info",
	"NaNs",
	"--inf",
	"\"",
	"\"a",
	"'a'",
	"a",
	"\"\\\"",
	"\"\\x41\"",
	"\"\\u12\"",
	"\"\\u12g4\"",
	"\"\\U0041\"",
	"\"\\ \"",
	"\"\\",
	"\"\\u",
	"\"\\ud800\"",
	"\"\\udc00\"",
	"\"\\ud800\\u0041\"",
	"\"\\ud800\\ud800\"",
	"\"\\ud83d",
	"\"\\ud83d\\ude0",
	"\"\\u0000\"",
	"\"a\\u0000b\"",
	"\"\t\"",
	"\"\n\"",
	"\"\x1f\"",
	"\"\x80\"",
	"\"\xc0\x80\"",
	"\"\xc3\"",
	"\"\xc3(\"",
	"\"\xe2\x82\"",
	"\"\xed\xa0\x80\"",
	"\"\xf0\x80\x80\x80\"",
	"\"\xf4\x90\x80\x80\"",
	"\"\xff\"",
	"\xef\xbb\xbf{}",
	"\xa0{}",
	"\v1",
	"\f1",
	"[",
	"]",
	"[1",
	"[1,",
	"[1,]",
	"[,1]",
	"[,]",
	"[1 2]",
	"[1,,2]",
	"[1}",
	"[\"a\":1]",
	"{",
	"}",
	"{,}",
	"{\"a\"",
	"{\"a\":",
	"{\"a\":1",
	"{\"a\":1,",
	"{\"a\":1,}",
	"{\"a\" 1}",
	"{\"a\",1}",
	"{\"a\":}",
	"{\"a\"::1}",
	"{\"a\":1 \"b\":2}",
	"{\"a\":1]",
	"{a:1}",
	"{'a':1}",
	"{1:1}",
	"{null:1}",
	"{\"a\":1,\"a\":2}",
	"{\"a\":1,\"\\u0061\":2}",
	"{\"b\":0,\"x\":{\"a\":1,\"c\":[],\"a\":1}}",
	"[{\"a\":1,\"a\":1}]",
	"// a\n1",
	"/* a */1",
	"1//",
	"#",
	"[1,2]]",
};

static void
accepting(void)
{
	const char *why;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct json *j = json_parse(good[i], strlen(good[i]), &why);

		check_row = good[i];
		if (!check(j != NULL))
			fprintf(stderr, "because: %s\n", why);
		json_free(j);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t n = strlen(bad[i]);
		char *exact = malloc(n > 0 ? n : 1);
		struct json *j;

		if (exact == NULL)
			exit(1);
		memcpy(exact, bad[i], n);
		check_row = bad[i];
		why = NULL;
		/* no NUL after it: reading past the end would be seen */
		j = json_parse(exact, n, &why);
		check(j == NULL && why != NULL && *why != '\0');
		json_free(j);
		free(exact);
	}
	check_row = "";
	json_free(NULL);
}

/* The reasons that a person will read */
static void
reasons(void)
{
	static const struct {
		const char *s;
		size_t n;
		const char *why;
	} table[] = {
		{ "hello", 5, "not JSON" },
		{ "", 0, "cut short" },
		{ "{\"a\":1", 6, "cut short" },
		{ "{\"a\":[1,2", 9, "cut short" },
		{ "{\"a", 3, "a string without an end" },
		{ "{} {}", 5, "more after the value" },
		{ "{}\0", 3, "a NUL in the line" },
		{ "{\"a\":\"\0\"}", 9, "a NUL in a string" },
		{ "{\"a\":1,\"a\":1}", 13, "a member is repeated" },
		{ "[1 2]", 5, "a comma is missing" },
		{ "{\"a\" 1}", 7, "a name without a colon" },
		{ "{a:1}", 5, "a member without a name" },
		{ "[01]", 4, "a number that is not JSON" },
		{ "\"\xff\"", 3, "a string that is not UTF-8" },
		{ "\"\\ud800\"", 8, "half of a surrogate pair in a string" },
		{ "\"\\q\"", 4, "a bad escape in a string" },
		{ "\"\t\"", 3, "a control character in a string" },
	};
	const char *why;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		check_row = table[i].why;
		why = "";
		check(json_parse(table[i].s, table[i].n, &why) == NULL);
		if (!check(strcmp(why, table[i].why) == 0))
			fprintf(stderr, "got: %s\n", why);
	}
	check_row = "";
}

static void
depth(void)
{
	const char *why;

	for (int object = 0; object < 2; object++)
		for (size_t levels = 99; levels <= 1000000; levels++) {
			struct buf b = { 0 };
			struct json *j;

			if (levels == 102)
				levels = 1000000;
			for (size_t i = 0; i < levels; i++)
				buf_str(&b, object ? "{\"a\":" : "[");
			buf_char(&b, '1');
			for (size_t i = 0; i < levels; i++)
				buf_char(&b, object ? '}' : ']');
			j = json_parse(b.s, b.len, &why);
			check((j != NULL) == (levels <= 100));
			json_free(j);
			/* and without an end */
			check(json_parse(b.s, levels, &why) == NULL);
			buf_free(&b);
		}
}

static void
values(void)
{
	static const char text[] =
	    "{\"s\":\"\\u00e4\\ud83d\\ude00\\n\",\"n\":-1.5e2,\"t\":true,"
	    "\"f\":false,\"z\":null,\"a\":[1,NaN,\"x\"],\"o\":{\"k\":\"v\"},"
	    "\"big\":1e400,\"at\":\"2026-11-23T17:00:00Z\",\"no\":\"5\"}";
	const char *why;
	struct json *j = json_parse(text, strlen(text), &why);
	const struct json *a, *e;
	long long ms = 77;
	double x = 77;
	int t = 77;

	check(j != NULL && json_type(j) == JSON_OBJECT && json_len(j) == 10);
	check(strcmp(json_get_str(j, "s"), "\xc3\xa4\xf0\x9f\x98\x80\n") == 0);
	check(json_get_num(j, "n", &x) == 0 && x == -150);
	check(json_bool(json_get(j, "t"), &t) == 0 && t == 1);
	check(json_bool(json_get(j, "f"), &t) == 0 && t == 0);
	check(json_type(json_get(j, "z")) == JSON_NULL);
	check(json_get(j, "S") == NULL && json_get(NULL, "s") == NULL);
	x = 77;
	check(json_get_num(j, "big", &x) == -1 && x == 77);
	check(json_get_num(j, "s", &x) == -1 && x == 77);
	check(json_get_num(j, "none", &x) == -1 && x == 77);
	check(json_bool(json_get(j, "n"), &t) == -1);
	check(json_get_str(j, "n") == NULL && json_str(NULL) == NULL);
	check(json_get_time(j, "at", &ms) == 0 && ms == 1795453200000);
	ms = 77;
	check(json_get_time(j, "no", &ms) == -1 && ms == 77);
	check(json_get_time(j, "n", &ms) == -1 && ms == 77);
	a = json_get(j, "a");
	check(json_type(a) == JSON_ARRAY && json_len(a) == 3);
	check(json_get(a, "s") == NULL && json_name(a) != NULL);
	e = json_next(json_first(a));
	check(json_type(e) == JSON_NULL && json_name(e) == NULL);
	check(json_next(json_next(e)) == NULL);
	check(json_first(json_get(j, "n")) == NULL && json_len(NULL) == 0);
	check(strcmp(json_name(json_first(json_get(j, "o"))), "k") == 0);
	json_free(j);
}

/* Many members: names are compared by sorting there. */
static void
many_members(void)
{
	for (int repeat = 0; repeat < 2; repeat++) {
		struct buf b = { 0 };
		const char *why = "";
		struct json *j;

		for (int i = 0; i < 5000; i++)
			buf_printf(&b, "%c\"m%d\":%d", i == 0 ? '{' : ',',
			    i == 4999 && repeat ? 7 : i, i);
		buf_char(&b, '}');
		j = json_parse(b.s, b.len, &why);
		check((j == NULL) == repeat);
		check(!repeat || strcmp(why, "a member is repeated") == 0);
		json_free(j);
		buf_free(&b);
	}
}

static void
writing(void)
{
	static const char *const table[] = { "null", "true", "false", "0",
		"0.1", "0.30000000000000004", "-12.5", "1e+300", "\"\"",
		"\"a\\\"\\\\\\n\\u0001\xc3\xa4\"", "[]", "{}",
		"[1,[2,{}],null]", "{\"a\":[true],\"b\":{\"\":\"x\"}}" };
	const char *why;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct json *j = json_parse(table[i], strlen(table[i]), &why);
		struct buf b = { 0 };

		check_row = table[i];
		if (check(j != NULL)) {
			json_write(j, &b);
			check(strcmp(b.s, table[i]) == 0);
		}
		json_free(j);
		buf_free(&b);
	}
	check_row = "";
}

static void
checking(void)
{
	const char *why;

	check(json_check("{\"a\":[1,2]} ", 12, &why) == 0);
	check(json_check("[NaN]", 5, &why) == -1);
	check(json_check("-Infinity", 9, &why) == -1);
	check(json_check("{} {}", 5, &why) == -1);
	check(json_check("{\"a\":1", 6, &why) == -1);
}

static void
spans(void)
{
	static const char s[] =
	    " {\"a\" : [1,{\"b\":2}] ,\"\\u0062\":\"x\",\"c\":NaN, \"b2\":{} }";
	static const char *const table[][2] = { { "a", "[1,{\"b\":2}]" },
		{ "b", "\"x\"" }, { "c", "NaN" }, { "b2", "{}" } };
	size_t at, len;

	for (size_t i = 0; i < 4; i++) {
		check_row = table[i][0];
		check(json_span(s, strlen(s), table[i][0], &at, &len) == 0 &&
		    len == strlen(table[i][1]) &&
		    memcmp(s + at, table[i][1], len) == 0);
	}
	check_row = "";
	check(json_span(s, strlen(s), "d", &at, &len) == -1);
	check(json_span(s, strlen(s), "", &at, &len) == -1);
	check(json_span("[1]", 3, "a", &at, &len) == -1);
	check(json_span("{}", 2, "a", &at, &len) == -1);
	check(json_span("", 0, "a", &at, &len) == -1);
	check(json_span("{\"\":1}", 6, "", &at, &len) == 0 && at == 4);
}

static void
splicing(void)
{
	static const struct {
		const char *s, *members, *want;
	} table[] = { { "{}", "\"b\":2", "{\"b\":2}" },
		{ "{ }", "\"b\":2", "{ \"b\":2}" },
		{ "{\"a\":1}", "\"b\":2", "{\"a\":1,\"b\":2}" },
		{ " {\"a\":{}} \r", "\"b\":2", " {\"a\":{},\"b\":2} \r" },
		{ "{\"a\":\"}\"}", "\"b\":2", "{\"a\":\"}\",\"b\":2}" },
		{ "{\"a\":1}", "", "{\"a\":1}" } };
	static const struct {
		const char *s, *name, *want;
	} replaced[] = { { "{\"a\":1}", "a", "{\"a\":9}" },
		{ "{ \"a\" : 1.50 , \"b\":2}", "a", "{ \"a\" : 9 , \"b\":2}" },
		{ "{\"a\":{\"b\":1}}", "b", "{\"a\":{\"b\":1},\"b\":9}" },
		{ "{}", "a", "{\"a\":9}" },
		{ "{\"\\u0061\":1}", "a", "{\"\\u0061\":9}" } };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		check_row = table[i].want;
		buf_clear(&b);
		json_splice(
		    table[i].s, strlen(table[i].s), table[i].members, &b);
		check(strcmp(b.s, table[i].want) == 0);
	}
	for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++) {
		check_row = replaced[i].want;
		buf_clear(&b);
		check(json_replace(replaced[i].s, strlen(replaced[i].s),
			  replaced[i].name, "9", &b) == 0);
		check(strcmp(b.s, replaced[i].want) == 0);
	}
	check_row = "";
	check(json_replace("[1]", 3, "a", "9", &b) == -1);
	buf_free(&b);
}

int
main(void)
{
	accepting();
	reasons();
	depth();
	values();
	many_members();
	writing();
	checking();
	spans();
	splicing();
	return check_status();
}
