/*
 * Lines taken apart, members written, the state record there and back
 */
#include "record/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "record/state.h"

static struct json *
parse(const char *s)
{
	const char *why;
	struct json *j = json_parse(s, strlen(s), &why);

	if (j == NULL) {
		fprintf(stderr, "record: test text '%s': %s\n", s, why);
		exit(1);
	}
	return j;
}

static void
types(void)
{
	static const struct {
		const char *s;
		enum record_type type;
	} table[] = { { "{\"metric\":{},\"values\":[]}", RECORD_SERIES },
		{ "{\"type\":\"state\"}", RECORD_STATE },
		{ "{\"type\":\"model\"}", RECORD_MODEL },
		{ "{\"type\":\"forecast\",\"metric\":{}}", RECORD_FORECAST },
		{ "{\"type\":\"anomaly\"}", RECORD_ANOMALY },
		{ "{\"type\":\"pattern\"}", RECORD_PATTERN },
		{ "{\"type\":\"decision\"}", RECORD_DECISION },
		{ "{\"type\":\"result\"}", RECORD_RESULT },
		{ "{\"type\":\"backtest\"}", RECORD_BACKTEST },
		{ "{\"type\":\"tune\"}", RECORD_TUNE },
		{ "{\"type\":\"weather\",\"metric\":{}}", RECORD_OTHER },
		{ "{\"type\":\"State\"}", RECORD_OTHER },
		{ "{\"type\":\"\"}", RECORD_OTHER }, { "{}", RECORD_OTHER },
		{ "{\"Type\":\"state\"}", RECORD_OTHER } };
	static const char *const bad[][2] = { { "[1]", "not a JSON object" },
		{ "null", "not a JSON object" },
		{ "\"x\"", "not a JSON object" },
		{ "{\"type\":1}", "'type' is not a string" },
		{ "{\"type\":null}", "'type' is not a string" },
		{ "{\"type\":\"state\"", "cut short" }, { "x", "not JSON" } };
	struct record r;
	const char *why;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *name = record_type_name(table[i].type);

		check_row = table[i].s;
		if (!check(record_read(
			       &r, table[i].s, strlen(table[i].s), &why) == 0))
			continue;
		check(r.type == table[i].type && r.line == table[i].s &&
		    r.len == strlen(table[i].s) && r.json != NULL);
		check(name == NULL || strstr(table[i].s, name) != NULL);
		record_free(&r);
		record_free(&r);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_row = bad[i][0];
		check(
		    record_read(&r, bad[i][0], strlen(bad[i][0]), &why) == -1 &&
		    strcmp(why, bad[i][1]) == 0);
	}
	check_row = "";
}

static void
targets(void)
{
	static const char *const table[][2] = { { "{}", "default" },
		{ "{\"target\":\"a\"}", "a" },
		{ "{\"metric\":{\"target\":\"b\"}}", "b" },
		{ "{\"metric\":{\"target\":\"b\"},\"target\":\"a\"}", "b" },
		{ "{\"metric\":{\"x\":\"y\"},\"target\":\"a\"}", "a" },
		{ "{\"target\":5}", "default" } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct json *j = parse(table[i][0]);

		check_row = table[i][0];
		check(strcmp(record_target(j), table[i][1]) == 0);
		json_free(j);
	}
	check_row = "";
}

static void
numbers(void)
{
	struct json *j = parse("{\"a\":[1,2.5,-3e2],\"e\":[],\"n\":[1,null],"
			       "\"s\":[\"1\"],\"b\":[1e400],\"o\":{}}");
	static const char *const bad[] = { "n", "s", "b", "o", "none" };
	const char *why;
	double *x;
	size_t n;

	check(record_numbers(j, "a", 0, &x, &n, &why) == 0 && n == 3 &&
	    x[0] == 1 && x[1] == 2.5 && x[2] == -300);
	free(x);
	check(record_numbers(j, "e", 0, &x, &n, &why) == 0 && n == 0);
	free(x);
	check(record_numbers(j, "n", 1, &x, &n, &why) == 0 && n == 2 &&
	    x[0] == 1 && isnan(x[1]));
	free(x);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_row = bad[i];
		why = NULL;
		check(record_numbers(j, bad[i], 0, &x, &n, &why) == -1);
		check(x == NULL && n == 0 && why != NULL);
	}
	check(record_numbers(j, "s", 1, &x, &n, &why) == -1);
	check(record_numbers(j, "b", 1, &x, &n, &why) == -1);
	check_row = "";
	json_free(j);
}

static void
members(void)
{
	static const double x[] = { 1, NAN, 0.1, INFINITY };
	struct buf b = { 0 };

	buf_char(&b, '{');
	record_put_str(&b, "s", "a\"b");
	record_put_str(&b, "none", NULL);
	record_put_num(&b, "x", 1.5);
	record_put_num(&b, "nan", NAN);
	record_put_num(&b, "inf", -INFINITY);
	record_put_numbers(&b, "v", x, 4);
	record_put_numbers(&b, "e", x, 0);
	record_put_time(&b, "t", 1795453200250);
	record_put_key(&b, "o");
	buf_char(&b, '{');
	record_put_num(&b, "i", -2);
	buf_str(&b, "}}");
	check(strcmp(b.s,
		  "{\"s\":\"a\\\"b\",\"x\":1.5,\"v\":[1,null,0.1,null],"
		  "\"e\":[],\"t\":\"2026-11-23T17:00:00.250Z\","
		  "\"o\":{\"i\":-2}}") == 0);
	buf_free(&b);
}

static void
states(void)
{
	/* text, known, instances, ready, and the same as we write it */
	static const struct {
		const char *s;
		int known;
		long instances, ready;
		const char *error, *out;
	} table[] = {
		{ "{\"type\":\"state\",\"target\":\"web\","
		  "\"time\":\"2026-11-23T17:00:00Z\",\"driver\":\"swarm\","
		  "\"instances\":3,\"ready\":2,\"version\":\"11\"}",
		    1, 3, 2, "", NULL },
		{ "{\"type\":\"state\",\"target\":\"web\","
		  "\"time\":\"2026-11-23T17:00:00Z\",\"driver\":\"file\","
		  "\"instances\":0}",
		    1, 0, -1, "", NULL },
		{ "{\"type\":\"state\",\"target\":\"web\","
		  "\"time\":\"2026-11-23T17:00:00Z\",\"driver\":\"swarm\","
		  "\"error\":\"no manager\"}",
		    0, -1, -1, "no manager", NULL },
		/* with an error the counts do not count */
		{ "{\"time\":\"2026-11-23T17:00:00Z\",\"driver\":\"swarm\","
		  "\"instances\":3,\"error\":\"half an answer\"}",
		    0, -1, -1, "half an answer",
		    "{\"type\":\"state\",\"target\":\"default\","
		    "\"time\":\"2026-11-23T17:00:00Z\",\"driver\":\"swarm\","
		    "\"error\":\"half an answer\"}" },
		{ "{\"time\":\"2026-11-23T17:00:00Z\",\"driver\":\"swarm\","
		  "\"instances\":2.5}",
		    0, -1, -1, "",
		    "{\"type\":\"state\",\"target\":\"default\","
		    "\"time\":\"2026-11-23T17:00:00Z\",\"driver\":\"swarm\","
		    "\"error\":\"count unknown\"}" },
		{ "{\"time\":\"2026-11-23T17:00:00Z\",\"driver\":\"x\","
		  "\"instances\":-1}",
		    0, -1, -1, "",
		    "{\"type\":\"state\",\"target\":\"default\","
		    "\"time\":\"2026-11-23T17:00:00Z\",\"driver\":\"x\","
		    "\"error\":\"count unknown\"}" },
	};
	const char *why;
	struct state s;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *want = table[i].out ? table[i].out : table[i].s;
		struct json *j = parse(table[i].s);
		struct buf b = { 0 };

		check_row = table[i].s;
		check(state_read(&s, j, &why) == 0);
		check(s.known == table[i].known && s.ready == table[i].ready &&
		    s.instances == table[i].instances &&
		    strcmp(s.error, table[i].error) == 0);
		state_write(&b, &s);
		check(strcmp(b.s, want) == 0);
		buf_free(&b);
		json_free(j);
	}
	check_row = "";
}

/* A state whose member name has the value text of n characters c */
static int
read_long(struct state *s, const char *name, const char *c, int n)
{
	struct buf b = { 0 };
	const char *why = "";
	struct json *j;
	int r;

	buf_printf(&b, "{\"time\":\"2026-11-23T17:00:00Z\",\"%s\":\"", name);
	for (int i = 0; i < n; i++)
		buf_str(&b, c);
	buf_str(&b, "\"}");
	j = parse(b.s);
	r = state_read(s, j, &why);
	check(r == 0 || strstr(why, "too long") != NULL);
	json_free(j);
	buf_free(&b);
	return r;
}

/* A name cut short would be another's name; a message may be cut. */
static void
long_states(void)
{
	static const char *const times[] = { "{}", "{\"time\":5}",
		"{\"time\":\"5\"}", "{\"time\":\"2026-11-23\"}" };
	const char *why;
	struct state s;

	check(read_long(&s, "target", "x", 255) == 0);
	check(read_long(&s, "target", "x", 256) == -1);
	check(read_long(&s, "driver", "x", 32) == -1);
	check(read_long(&s, "version", "x", 127) == 0);
	check(read_long(&s, "version", "x", 128) == -1);
	check(read_long(&s, "error", "\xe2\x82\xac", 1000) == 0);
	check(!s.known && strlen(s.error) == 510 &&
	    strcmp(s.error + 507, "\xe2\x82\xac") == 0);
	for (size_t i = 0; i < 4; i++) {
		struct json *j = parse(times[i]);

		check(state_read(&s, j, &why) == -1 &&
		    strstr(why, "'time'") != NULL);
		json_free(j);
	}
}

int
main(void)
{
	types();
	targets();
	numbers();
	members();
	states();
	long_states();
	return check_status();
}
