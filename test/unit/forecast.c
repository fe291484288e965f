/* forecast records: what is written reads back, what is wrong is refused */
#include "record/forecast.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char good[] =
    "{\"type\":\"forecast\",\"metric\":{\"__name__\":\"cpu\",\"target\":"
    "\"web\",\"unit\":\"cores\"},\"time\":\"2026-11-23T17:00:12Z\",\"origin\":"
    "\"2026-11-23T17:00:00Z\",\"step_s\":300,\"observed\":{\"timestamps\":["
    "1795453200000],\"values\":[1.5]},\"timestamps\":[1795453500000,"
    "1795453800000],\"values\":[1.5,2.5],\"mean\":[1.25,2.25],\"quantiles\":{"
    "\"0.5\":[1.5,2.5],\"0.8\":[2,3],\"0.9\":[2,3.5],\"0.95\":[3,4],"
    "\"0.99\":[5,6]},\"peak\":{\"window_s\":[300,600],\"quantiles\":{\"0.5\":["
    "1.5,2.5],\"0.8\":[2,3],\"0.9\":[2.5,3.5],\"0.95\":[3,4],\"0.99\":[5,6]}}"
    ",\"windows\":[{\"name\":\"ahead\",\"from_s\":60,\"to_s\":120,\"errors\":["
    "-1,0,2],\"levels\":[0.25,0.5,1],\"n\":3,\"at\":[{\"time\":\"2026-11-23T"
    "16:55:00Z\",\"point\":1.5,\"scale\":0.25},{\"time\":\"2026-11-23T17:00:"
    "00Z\",\"point\":2,\"scale\":0.5}]}],\"drop\":{\"z\":-1.5,\"threshold\":"
    "-3,\"since\":\"2026-11-23T16:50:00Z\"},\"mean_1h\":{\"value\":2,\"lo\":1,"
    "\"hi\":3},\"confidence\":0.9,\"dynamics\":0.25,\"model\":{\"method\":"
    "\"online\",\"trained\":\"2026-11-23T17:00:00Z\",\"error_1h\":0.0625,"
    "\"skill_vs_last\":0.5},\"quality\":{\"age_s\":12,\"coverage\":0.5,"
    "\"longest_gap_s\":0}}";

/* One place of the good record put otherwise, and what must be said of it */
static const struct {
	const char *from, *to, *why;
} bad[] = {
	{ "\"time\":\"2026", "\"when\":\"2026",
	    "'time' is missing or no time" },
	{ "\"step_s\":300", "\"step_s\":0",
	    "a forecast needs 'origin' and 'step_s' above 0" },
	{ "\"unit\":\"cores\"", "\"unit\":1",
	    "'metric' is not an object of strings" },
	{ "1795453500000,", "1795453600000,",
	    "'timestamps' are not origin plus whole steps" },
	{ "\"mean\":[1.25,", "\"mean\":[", "arrays differ in length" },
	{ "\"0.8\":[2,3]", "\"0.8\":[9,3]", "quantiles cross" },
	{ "\"0.9\":[2.5,3.5]", "\"0.9\":[2.5,9]", "quantiles cross" },
	{ "\"to_s\":120", "\"to_s\":60", "a window ends before it begins" },
	{ "[-1,0,2]", "[0,-1,2]", "'errors' or 'levels' do not ascend" },
	{ "[-1,0,2]", "[0,2]", "arrays differ in length" },
	{ "[0.25,0.5,1]", "[0.25,0.5,2]", "'levels' are not within 0 and 1" },
	{ "\"scale\":0.25", "\"scale\":0",
	    "'at' needs a time, a point and a scale above 0" },
	{ "16:55:00Z", "17:55:00Z", "'at' is not in order of time" },
	{ "\"values\":[1.5]", "\"values\":[1.5,2]", "arrays differ in length" },
	{ "\"values\":[1.5]", "\"values\":[null]",
	    "an array holds what is no number" },
};

static int
round_trip(void)
{
	const char *why;
	struct json *j = json_parse(good, strlen(good), &why);
	struct forecast f;
	struct buf b = { 0 };
	int failed = 0;

	if (j == NULL || forecast_read(&f, j, &why) != 0) {
		printf("forecast: a good record is refused: %s\n", why);
		json_free(j);
		return 1;
	}
	forecast_write(&b, &f);
	if (strcmp(b.s, good) != 0) {
		printf("forecast: written otherwise than read:\n%s\n", b.s);
		failed++;
	}
	if (f.H != 2 || f.q[4][1] != 6 || f.n_peaks != 2 || f.peak[3][1] != 4 ||
	    f.windows[0].at[1].point != 2 || f.drop_since == 0 ||
	    strcmp(f.target, "web") != 0 || strcmp(f.method, "online") != 0) {
		printf("forecast: a member is read wrongly\n");
		failed++;
	}
	forecast_free(&f);
	buf_free(&b);
	json_free(j);
	return failed;
}

static int
refuses(const char *from, const char *to, const char *want)
{
	const char *at = strstr(good, from), *why = "";
	struct buf b = { 0 };
	struct forecast f;
	struct json *j;
	int failed = 0;

	buf_add(&b, good, (size_t)(at - good));
	buf_str(&b, to);
	buf_str(&b, at + strlen(from));
	j = json_parse(b.s, b.len, &why);
	if (j == NULL || forecast_read(&f, j, &why) == 0 ||
	    strcmp(why, want) != 0) {
		printf("forecast: with %s for %s: '%s', not '%s'\n", to, from,
		    why, want);
		failed = 1;
	}
	json_free(j);
	buf_free(&b);
	return failed;
}

/* Without a forecast nothing but its reason is needed */
static int
short_record(void)
{
	static const char s[] =
	    "{\"type\":\"forecast\",\"metric\":{},\"time\":\"2026-11-23T17:00:"
	    "12Z\",\"no_forecast\":\"no samples\"}";
	const char *why = "";
	struct json *j = json_parse(s, strlen(s), &why);
	struct forecast f;
	int failed = forecast_read(&f, j, &why) != 0;

	if (!failed) {
		failed = f.H != 0 || f.origin != 0 || !isnan(f.confidence) ||
		    strcmp(f.no_forecast, "no samples") != 0;
		forecast_free(&f);
	}
	if (failed)
		printf("forecast: no_forecast: %s\n", why);
	json_free(j);
	return failed;
}

int
main(void)
{
	int failed = round_trip() + short_record();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		failed += refuses(bad[i].from, bad[i].to, bad[i].why);
	return failed != 0;
}
