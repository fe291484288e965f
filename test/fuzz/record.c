/*
 * Whatever comes, the readers of records take it or give a reason, and what
 * they took can be written and read again.
 */
#include "record/record.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "fuzz.h"
#include "record/decision.h"
#include "record/forecast.h"
#include "record/series.h"
#include "record/state.h"

const char *const fuzz_seeds[] = {
	"{\"metric\":{\"__name__\":\"cpu\",\"target\":\"web\"},\"values\":[1.5,"
	"2,3],\"timestamps\":[1763900000000,1763900300000,1763900600000]}",
	"{\"metric\":{\"unit\":\"x\"},\"values\":[\"NaN\",null,-Inf],"
	"\"timestamps\":[3,2,1],\"error\":\"e\"}",
	"{\"type\":\"state\",\"target\":\"web\",\"time\":\"2026-11-23T17:00:00Z"
	"\",\"driver\":\"swarm\",\"instances\":3,\"ready\":3,\"version\":\"11"
	"\"}",
	"{\"type\":\"forecast\",\"metric\":{\"target\":\"web\"},\"time\":\"2026"
	"-11-23T17:00:00Z\",\"origin\":\"2026-11-23T17:00:00Z\",\"step_s\":300,"
	"\"timestamps\":[1,2],\"values\":[1,2],\"mean\":[1,2],\"quantiles\":{"
	"\"0.5\":[1,2],\"0.9\":[2,3]},\"peak\":{\"window_s\":[300,600],"
	"\"quantiles\":{\"0.5\":[1,2],\"0.9\":[2,3]}},\"windows\":[{\"name\":"
	"\"ahead\",\"from_s\":60,\"to_s\":120,\"errors\":[-1,0,1],\"levels\":["
	"0,0.5,1],\"n\":40,\"at\":[{\"time\":\"2026-11-23T17:00:00Z\",\"point"
	"\":1,\"scale\":1}]}]}",
	"{\"type\":\"forecast\",\"metric\":{},\"time\":\"2026-11-23T17:00:00Z"
	"\",\"no_forecast\":\"too little history\"}",
	"{\"type\":\"decision\",\"id\":\"d67a42c92406ee91\",\"plan\":\"fc20"
	"31998608eac3\",\"time\":\"2017-01-16T06:00:30Z\",\"target\":\"web"
	"\",\"mode\":\"monitor\",\"action\":\"scale_up\",\"current_load\":6"
	"8.5,\"predicted_load\":69,\"confidence\":0.9,\"current_instances\""
	":3,\"recommended_instances\":5,\"reason\":\"Add 2\",\"states\":[],"
	"\"risk\":{\"ahead\":0.002,\"keep\":0.002},\"inputs\":[{\"signal\":"
	"\"cpu\",\"value\":20.5049,\"unit\":\"percent\",\"age_s\":30,\"cove"
	"rage\":1,\"needed_now\":4,\"needed_ahead\":5}],\"votes\":{\"now\":"
	"4,\"panic\":null,\"ahead\":5,\"sched\":null,\"floor\":1,\"keep\":5"
	",\"drop\":null,\"lower\":5,\"hold\":5,\"want\":5,\"by\":\"ahead\"}"
	",\"observed\":{\"driver\":\"\",\"instances\":3,\"ready\":3,\"versi"
	"on\":\"\",\"time\":\"2017-01-16T06:00:30Z\"},\"approval\":\"none\""
	"}",
	NULL,
};

static const char *
try_series(const struct json *j)
{
	struct series_set set = { 0 };
	const char *why = NULL, *wrong = NULL;
	struct buf b = { 0 };
	struct series *s;
	struct json *k;

	if (series_set_add(&set, j, &why) != 0) {
		wrong = why != NULL ? NULL : "no reason given";
		series_set_free(&set);
		return wrong;
	}
	if (series_set_finish(&set) != 0 || set.n != 1)
		return "a series is not there";
	s = &set.s[0];
	for (size_t i = 0; i < s->n; i++)
		if (!isfinite(s->v[i]) || (i > 0 && s->t[i] <= s->t[i - 1]))
			wrong = "a series is out of order";
	if (s->n > 1 && !(series_step(s) > 0))
		wrong = "a step that is not above 0";
	series_write(&b, s->metric, s->t, s->v, s->n, s->error);
	k = json_parse(b.s, b.len, &why);
	if (k == NULL || series_set_add(&set, k, &why) != 0 || set.n != 1)
		wrong = "a series written does not read";
	json_free(k);
	buf_free(&b);
	series_set_free(&set);
	return wrong;
}

static const char *
try_state(const struct json *j)
{
	const char *why = NULL, *wrong = NULL;
	struct state s, again;
	struct buf b = { 0 };
	struct json *k;

	if (state_read(&s, j, &why) != 0)
		return why != NULL ? NULL : "no reason given";
	state_write(&b, &s);
	k = json_parse(b.s, b.len, &why);
	if (k == NULL || state_read(&again, k, &why) != 0)
		wrong = "a state written does not read";
	else if (again.known != s.known || again.instances != s.instances ||
	    again.ready != s.ready || again.time != s.time ||
	    strcmp(again.target, s.target) != 0)
		wrong = "a state written reads otherwise";
	json_free(k);
	buf_free(&b);
	return wrong;
}

static const char *
try_forecast(const struct json *j)
{
	struct forecast f = { 0 };
	const char *why = NULL;

	if (forecast_read(&f, j, &why) != 0)
		return why != NULL ? NULL : "no reason given";
	forecast_free(&f);
	return NULL;
}

static const char *
try_decision(const struct json *j)
{
	struct decision d;
	const char *why = NULL;

	if (decision_read(&d, j, &why) != 0)
		return why != NULL ? NULL : "no reason given";
	return NULL;
}

/* Texts of numbers, spans and times: what is taken is finite. */
static const char *
try_words(const char *s, size_t n)
{
	char word[64];
	double x = 0;
	int64_t ms = 0;
	long k = 0;

	n = n < sizeof(word) ? n : sizeof(word) - 1;
	memcpy(word, s, n);
	word[n] = '\0';
	if (number_parse(word, &x) == 0 && !isfinite(x))
		return "a number that is not finite";
	if (duration_parse(word, &x) == 0 && !(x >= 0 && isfinite(x)))
		return "a duration that is none";
	if (number_share(word, &x) == 0 && !(x >= 0 && isfinite(x)))
		return "a share that is none";
	if (number_count(word, -5, 5, &k) == 0 && (k < -5 || k > 5))
		return "a count out of range";
	if (clock_parse(word, &ms) == 0 &&
	    (ms > INT64_C(253402300799999) + 86400000 ||
		ms < INT64_C(-250000000000000)))
		return "a time out of range";
	return NULL;
}

const char *
fuzz_one(const char *s, size_t n)
{
	const char *why = NULL, *wrong = try_words(s, n);
	struct record r;

	if (wrong != NULL)
		return wrong;
	if (record_read(&r, s, n, &why) != 0)
		return why != NULL && *why != '\0' ? NULL : "no reason given";
	if (r.type == RECORD_STATE)
		wrong = try_state(r.json);
	else if (r.type == RECORD_FORECAST)
		wrong = try_forecast(r.json);
	else if (r.type == RECORD_DECISION || r.type == RECORD_RESULT)
		wrong = try_decision(r.json);
	else
		wrong = try_series(r.json);
	record_free(&r);
	return wrong;
}
