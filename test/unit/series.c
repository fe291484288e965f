/*
 * Series merged from lines: sorted, without duplicates, the later line wins
 */
#include "record/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static int
add(struct series_set *set, const char *text, const char **why)
{
	struct json *j = json_parse(text, strlen(text), why);
	int r;

	if (j == NULL) {
		fprintf(stderr, "series: test text '%s': %s\n", text, *why);
		exit(1);
	}
	r = series_set_add(set, j, why);
	json_free(j);
	return r;
}

/* The series as "t:v t:v ..." */
static int
is(const struct series *s, const char *want)
{
	struct buf b = { 0 };
	int same;

	buf_str(&b, "");
	for (size_t i = 0; i < s->n; i++) {
		buf_printf(&b, "%s%lld:", i ? " " : "", (long long)s->t[i]);
		buf_num(&b, s->v[i]);
	}
	same = strcmp(b.s, want) == 0;
	if (!same)
		fprintf(stderr, "got '%s', wanted '%s'\n", b.s, want);
	buf_free(&b);
	return same;
}

static void
merging(void)
{
	struct series_set set = { 0 };
	const char *why;

	check(add(&set,
		  "{\"metric\":{\"__name__\":\"cpu\",\"target\":\"web\"},"
		  "\"values\":[3,1],\"timestamps\":[3000,1000]}",
		  &why) == 0);
	check(add(&set,
		  "{\"metric\":{\"target\":\"web\",\"__name__\":\"cpu\"},"
		  "\"values\":[30,2],\"timestamps\":[3000,2000]}",
		  &why) == 0);
	check(add(&set,
		  "{\"metric\":{\"__name__\":\"cpu\"},"
		  "\"values\":[9],\"timestamps\":[1]}",
		  &why) == 0);
	check(add(&set,
		  "{\"metric\":{\"unit\":\"cores\",\"target\":\"a\\\"b\"}"
		  ",\"values\":[],\"timestamps\":[]}",
		  &why) == 0);
	check(series_set_finish(&set) == 0);
	check(set.n == 3);
	check(is(&set.s[0], "1000:1 2000:2 3000:30"));
	check(set.s[0].duplicates == 1 && set.s[0].unknown == 0);
	check(strcmp(set.s[0].metric,
		  "{\"__name__\":\"cpu\",\"target\":\"web\"}") == 0);
	check(strcmp(set.s[0].name, "cpu") == 0 &&
	    strcmp(set.s[0].target, "web") == 0 && *set.s[0].unit == '\0');
	check(is(&set.s[1], "1:9") && strcmp(set.s[1].target, "default") == 0);
	check(is(&set.s[2], "") && strcmp(set.s[2].name, "load") == 0 &&
	    strcmp(set.s[2].target, "a\"b") == 0 &&
	    strcmp(set.s[2].unit, "cores") == 0);
	series_set_free(&set);
	series_set_free(&set);
}

/* Of samples of one time the last wins, also within one line. */
static void
duplicates(void)
{
	struct series_set set = { 0 };
	const char *why;

	check(add(&set,
		  "{\"metric\":{},\"values\":[1,2,3,4],"
		  "\"timestamps\":[10,10,5,10]}",
		  &why) == 0);
	check(add(&set,
		  "{\"metric\":{},\"values\":[5,6],"
		  "\"timestamps\":[5,20]}",
		  &why) == 0);
	check(series_set_finish(&set) == 0);
	check(is(&set.s[0], "5:5 10:4 20:6") && set.s[0].duplicates == 3);
	series_set_free(&set);
}

static void
unknown(void)
{
	struct series_set set = { 0 };
	const char *why;

	check(add(&set,
		  "{\"metric\":{},\"values\":[1,null,NaN,\"NaN\",\"+Inf\","
		  "\"-Inf\",\"Infinity\",-Infinity,\"inf\",2],"
		  "\"timestamps\":[1,2,3,4,5,6,7,8,9,10.4]}",
		  &why) == 0);
	check(set.s[0].unknown == 8);
	check(series_set_finish(&set) == 0 && is(&set.s[0], "1:1 10:2"));
	check(set.s[0].error == NULL);
	check(add(&set,
		  "{\"metric\":{},\"values\":[],\"timestamps\":[],"
		  "\"error\":\"timed out\",\"more\":1}",
		  &why) == 0);
	check(strcmp(set.s[0].error, "timed out") == 0);
	check(add(&set, "{\"metric\":{},\"values\":[],\"timestamps\":[]}",
		  &why) == 0);
	check(set.s[0].error == NULL && set.s[0].n == 2);
	series_set_free(&set);
}

static void
refused(void)
{
	static const char *const table[][2] = {
		{ "{\"values\":[],\"timestamps\":[]}", "'metric'" },
		{ "{\"metric\":[],\"values\":[],\"timestamps\":[]}",
		    "'metric'" },
		{ "{\"metric\":{\"a\":1},\"values\":[],\"timestamps\":[]}",
		    "'metric'" },
		{ "{\"metric\":{\"a\":null},\"values\":[],\"timestamps\":[]}",
		    "'metric'" },
		{ "{\"metric\":{},\"timestamps\":[]}", "'values'" },
		{ "{\"metric\":{},\"values\":[]}", "'timestamps'" },
		{ "{\"metric\":{},\"values\":{},\"timestamps\":[]}",
		    "not an array" },
		{ "{\"metric\":{},\"values\":[1],\"timestamps\":[]}",
		    "differ in length" },
		{ "{\"metric\":{},\"values\":[1],\"timestamps\":[1,2]}",
		    "differ in length" },
		{ "{\"metric\":{},\"values\":[\"1\"],\"timestamps\":[1]}",
		    "no number" },
		{ "{\"metric\":{},\"values\":[true],\"timestamps\":[1]}",
		    "no number" },
		{ "{\"metric\":{},\"values\":[1e400],\"timestamps\":[1]}",
		    "no number" },
		{ "{\"metric\":{},\"values\":[[1]],\"timestamps\":[1]}",
		    "no number" },
		{ "{\"metric\":{},\"values\":[\"nano\"],\"timestamps\":[1]}",
		    "no number" },
		{ "{\"metric\":{},\"values\":[1],\"timestamps\":[null]}",
		    "no time" },
		{ "{\"metric\":{},\"values\":[1],\"timestamps\":[\"1\"]}",
		    "no time" },
		{ "{\"metric\":{},\"values\":[1],\"timestamps\":[1e16]}",
		    "no time" },
		{ "{\"metric\":{},\"values\":[1],\"timestamps\":[NaN]}",
		    "no time" },
	};
	struct series_set set = { 0 };
	const char *why;

	check(add(&set, "{\"metric\":{},\"values\":[7],\"timestamps\":[7]}",
		  &why) == 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		check_row = table[i][0];
		why = "";
		check(add(&set, table[i][0], &why) == -1);
		if (!check(strstr(why, table[i][1]) != NULL))
			fprintf(stderr, "got: %s\n", why);
		check(set.n == 1 && set.s[0].n == 1);
	}
	check_row = "";
	series_set_free(&set);
}

enum { SAMPLES = 300, ROUNDS = 20 };

/* However the samples are spread over lines and shuffled, the series is the
 * same. */
static void
order(void)
{
	unsigned seed = 1;

	for (int round = 0; round < ROUNDS; round++) {
		struct series_set set = { 0 };
		int at[SAMPLES];
		const char *why;

		for (int i = 0; i < SAMPLES; i++)
			at[i] = i;
		for (int i = SAMPLES - 1; i > 0; i--) {
			int k = (int)((seed = seed * 1103515245 + 12345) >> 8) %
			    (i + 1);
			int swap = at[i];

			k = k < 0 ? -k : k;
			at[i] = at[k];
			at[k] = swap;
		}
		for (int i = 0; i < SAMPLES; i += 1 + round) {
			struct buf v = { 0 }, t = { 0 }, line = { 0 };

			for (int k = i; k < i + 1 + round && k < SAMPLES; k++) {
				buf_printf(&v, "%s%d", k > i ? "," : "",
				    at[k] * at[k]);
				buf_printf(
				    &t, "%s%d", k > i ? "," : "", at[k] * 1000);
			}
			buf_printf(&line,
			    "{\"metric\":{},\"values\":[%s],\"timestamps\":["
			    "%s]}",
			    v.s, t.s);
			check(add(&set, line.s, &why) == 0);
			buf_free(&line);
			buf_free(&t);
			buf_free(&v);
		}
		check(series_set_finish(&set) == 0);
		check(set.n == 1 && set.s[0].n == SAMPLES);
		for (int i = 0; i < SAMPLES; i++)
			check(set.s[0].t[i] == i * 1000 &&
			    set.s[0].v[i] == i * i);
		series_set_free(&set);
	}
}

static void
steps(void)
{
	static const struct {
		size_t n;
		int64_t t[5];
		double step;
	} table[] = { { 0, { 0 }, NAN }, { 1, { 5 }, NAN },
		{ 2, { 0, 60000 }, 60 },
		{ 5, { 0, 300000, 600000, 900000, 9900000 }, 300 },
		{ 4, { 0, 1000, 2000, 90000 }, 1 },
		{ 3, { 0, 500, 1000 }, 0.5 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int64_t t[5];
		struct series s = { .n = table[i].n, .t = t };
		double step;

		memcpy(t, table[i].t, sizeof(t));
		step = series_step(&s);
		check(
		    isnan(table[i].step) ? isnan(step) : step == table[i].step);
	}
}

static void
writing(void)
{
	static const int64_t t[] = { 1763900000000, 1763900300000 };
	static const double v[] = { 1.25, NAN };
	struct buf b = { 0 };

	series_write(&b, "{\"a\":\"b\"}", t, v, 2, NULL);
	check(strcmp(b.s,
		  "{\"metric\":{\"a\":\"b\"},\"values\":[1.25,null],"
		  "\"timestamps\":[1763900000000,1763900300000]}") == 0);
	buf_clear(&b);
	series_write(&b, "{}", NULL, NULL, 0, "refused: \"no\"");
	check(strcmp(b.s,
		  "{\"metric\":{},\"values\":[],\"timestamps\":[],"
		  "\"error\":\"refused: \\\"no\\\"\"}") == 0);
	buf_free(&b);
}

int
main(void)
{
	merging();
	duplicates();
	unknown();
	refused();
	order();
	steps();
	writing();
	return check_status();
}
