#include "record/forecast.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"

const double forecast_levels[FORECAST_LEVELS] = { 0.5, 0.8, 0.9, 0.95, 0.99 };

static const char *const level_names[FORECAST_LEVELS] = { "0.5", "0.8", "0.9",
	"0.95", "0.99" };

void
forecast_free(struct forecast *f)
{
	free(f->metric);
	free(f->observed_t);
	free(f->observed_v);
	free(f->median);
	free(f->mean);
	for (int k = 0; k < FORECAST_LEVELS; k++)
		free(f->q[k]);
	for (size_t i = 0; i < f->n_windows; i++) {
		free(f->windows[i].errors);
		free(f->windows[i].levels);
		free(f->windows[i].at);
	}
	*f = (struct forecast){ 0 };
}

/* A member's text into size bytes; one that is missing is empty, one that does
 * not fit is an error: cut short it would name something else. 0 or -1. */
static int
copy(char *to, size_t size, const char *s, const char **why)
{
	*why = "a text is too long";
	if (s != NULL && strlen(s) >= size)
		return -1;
	snprintf(to, size, "%s", s != NULL ? s : "");
	return 0;
}

/* A text for people, cut where it is longer than there is room for */
static void
excerpt(char *to, size_t size, const char *s)
{
	struct buf b = { 0 };

	if (s != NULL)
		buf_excerpt(&b, s, strlen(s), size - sizeof("..."));
	snprintf(to, size, "%s", b.s != NULL ? b.s : "");
	buf_free(&b);
}

static int
ascends(const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]) || (i > 0 && x[i - 1] > x[i]))
			return 0;
	return 1;
}

/* Exactly n numbers of member name, or -1 */
static int
numbers(const struct json *j, const char *name, size_t n, double **x,
    const char **why)
{
	size_t len;

	if (record_numbers(j, name, 0, x, &len, why) != 0)
		return -1;
	if (len == n)
		return 0;
	free(*x);
	*x = NULL;
	*why = "arrays differ in length";
	return -1;
}

static int
number(const struct json *j, const char *name, double *x, const char **why)
{
	*why = "a number is missing";
	return json_get_num(j, name, x);
}

/* A number that need not be there */
static double
maybe(const struct json *j, const char *name)
{
	double x = NAN;

	json_get_num(j, name, &x);
	return x;
}

static int
read_labels(struct forecast *f, const struct json *j, const char **why)
{
	const struct json *m = json_get(j, "metric"), *k;
	const char *name = json_get_str(m, "__name__");
	struct buf text = { 0 };

	*why = "'metric' is not an object of strings";
	if (m == NULL || json_type(m) != JSON_OBJECT)
		return -1;
	for (k = json_first(m); k != NULL; k = json_next(k))
		if (json_str(k) == NULL)
			return -1;
	if (copy(f->name, sizeof(f->name), name != NULL ? name : "load", why) !=
		0 ||
	    copy(f->target, sizeof(f->target), record_target(j), why) != 0 ||
	    copy(f->unit, sizeof(f->unit), json_get_str(m, "unit"), why) != 0)
		return -1;
	*why = "out of memory";
	json_write(m, &text);
	f->metric = text.s;
	return text.failed ? -1 : 0;
}

static int
read_observed(struct forecast *f, const struct json *j, const char **why)
{
	const struct json *o = json_get(j, "observed");
	double *t = NULL;
	size_t n;

	if (o == NULL)
		return 0;
	if (record_numbers(o, "timestamps", 0, &t, &n, why) != 0)
		return -1;
	*why = "'observed' is not in order of time";
	if (!ascends(t, n) || (n > 0 && (t[0] < -9e15 || t[n - 1] > 9e15)))
		goto fail;
	if (numbers(o, "values", n, &f->observed_v, why) != 0)
		goto fail;
	*why = "out of memory";
	f->observed_t = malloc((n + 1) * sizeof(*f->observed_t));
	if (f->observed_t == NULL)
		goto fail;
	for (size_t i = 0; i < n; i++)
		f->observed_t[i] = (int64_t)llround(t[i]);
	f->n_observed = n;
	free(t);
	return 0;
fail:
	free(t);
	return -1;
}

/* The times are origin + k steps, to the millisecond */
static int
check_times(const struct forecast *f, const double *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double want =
		    (double)f->origin + (double)(i + 1) * f->step_s * 1000;

		if (fabs(t[i] - want) > 1)
			return -1;
	}
	return 0;
}

static int
read_path(struct forecast *f, const struct json *j, const char **why)
{
	const struct json *q = json_get(j, "quantiles");
	double *t = NULL;
	size_t n = 0;
	int r;

	if (json_get(j, "timestamps") == NULL)
		return 0;
	if (record_numbers(j, "timestamps", 0, &t, &n, why) != 0)
		return -1;
	r = check_times(f, t, n);
	free(t);
	*why = "'timestamps' are not origin plus whole steps";
	if (r != 0)
		return -1;
	if (numbers(j, "values", n, &f->median, why) != 0 ||
	    numbers(j, "mean", n, &f->mean, why) != 0)
		return -1;
	for (int k = 0; k < FORECAST_LEVELS; k++) {
		if (numbers(q, level_names[k], n, &f->q[k], why) != 0)
			return -1;
		*why = "quantiles cross";
		for (size_t i = 0; k > 0 && i < n; i++)
			if (f->q[k - 1][i] > f->q[k][i])
				return -1;
	}
	f->H = n;
	return 0;
}

static int
read_peaks(struct forecast *f, const struct json *j, const char **why)
{
	const struct json *p = json_get(j, "peak");
	const struct json *q = json_get(p, "quantiles");
	double *x = NULL;
	size_t n;

	if (p == NULL)
		return 0;
	if (record_numbers(p, "window_s", 0, &x, &n, why) != 0)
		return -1;
	if (n <= FORECAST_PEAKS)
		memcpy(f->peak_s, x, n * sizeof(*x));
	free(x);
	*why = "'peak' has too many windows";
	if (n > FORECAST_PEAKS)
		return -1;
	for (int k = 0; k < FORECAST_LEVELS; k++) {
		if (numbers(q, level_names[k], n, &x, why) != 0)
			return -1;
		memcpy(f->peak[k], x, n * sizeof(*x));
		free(x);
		*why = "quantiles cross";
		for (size_t i = 0; k > 0 && i < n; i++)
			if (f->peak[k - 1][i] > f->peak[k][i])
				return -1;
	}
	f->n_peaks = n;
	return 0;
}

static int
read_at(struct forecast_window *w, const struct json *at, const char **why)
{
	const struct json *e;

	*why = "'at' is missing, empty or not an array";
	if (at == NULL || json_type(at) != JSON_ARRAY || json_len(at) == 0)
		return -1;
	*why = "out of memory";
	w->at = malloc(json_len(at) * sizeof(*w->at));
	if (w->at == NULL)
		return -1;
	for (e = json_first(at); e != NULL; e = json_next(e)) {
		struct forecast_at *a = &w->at[w->n_at];
		long long ms;

		*why = "'at' needs a time, a point and a scale above 0";
		if (json_get_time(e, "time", &ms) != 0 ||
		    json_get_num(e, "point", &a->point) != 0 ||
		    json_get_num(e, "scale", &a->scale) != 0 ||
		    !isfinite(a->point) || !isfinite(a->scale) || a->scale <= 0)
			return -1;
		a->time = ms;
		*why = "'at' is not in order of time";
		if (w->n_at > 0 && w->at[w->n_at - 1].time >= a->time)
			return -1;
		w->n_at++;
	}
	return 0;
}

static int
read_window(struct forecast_window *w, const struct json *j, const char **why)
{
	if (copy(w->name, sizeof(w->name), json_get_str(j, "name"), why) != 0 ||
	    number(j, "from_s", &w->from_s, why) != 0 ||
	    number(j, "to_s", &w->to_s, why) != 0 ||
	    number(j, "n", &w->n, why) != 0)
		return -1;
	*why = "a window ends before it begins";
	if (!(w->from_s >= 0 && w->from_s < w->to_s) || w->n < 0)
		return -1;
	if (record_numbers(j, "errors", 0, &w->errors, &w->n_errors, why) !=
		0 ||
	    numbers(j, "levels", w->n_errors, &w->levels, why) != 0)
		return -1;
	*why = "'errors' or 'levels' do not ascend";
	if (!ascends(w->errors, w->n_errors) ||
	    !ascends(w->levels, w->n_errors))
		return -1;
	*why = "'levels' are not within 0 and 1";
	if (w->n_errors > 0 &&
	    (w->levels[0] < 0 || w->levels[w->n_errors - 1] > 1))
		return -1;
	return read_at(w, json_get(j, "at"), why);
}

static int
read_windows(struct forecast *f, const struct json *j, const char **why)
{
	const struct json *k;

	for (k = json_first(json_get(j, "windows")); k; k = json_next(k)) {
		*why = "too many windows";
		if (f->n_windows == FORECAST_WINDOWS)
			return -1;
		/* counted first: what it holds is freed also if it is bad */
		if (read_window(&f->windows[f->n_windows++], k, why) != 0)
			return -1;
	}
	return 0;
}

static int
read_rest(struct forecast *f, const struct json *j, const char **why)
{
	const struct json *drop = json_get(j, "drop");
	const struct json *hour = json_get(j, "mean_1h");
	const struct json *model = json_get(j, "model");
	const struct json *quality = json_get(j, "quality");
	long long ms;

	if (json_get_num(drop, "z", &f->drop_z) == 0 &&
	    json_get_num(drop, "threshold", &f->drop_threshold) == 0)
		f->has_drop = 1;
	if (json_get_time(drop, "since", &ms) == 0)
		f->drop_since = ms;
	f->mean_1h = maybe(hour, "value");
	f->mean_1h_lo = maybe(hour, "lo");
	f->mean_1h_hi = maybe(hour, "hi");
	f->confidence = maybe(j, "confidence");
	f->dynamics = maybe(j, "dynamics");
	if (json_get_time(model, "trained", &ms) == 0)
		f->trained = ms;
	f->error_1h = maybe(model, "error_1h");
	f->skill_vs_last = maybe(model, "skill_vs_last");
	f->age_s = maybe(quality, "age_s");
	f->coverage = maybe(quality, "coverage");
	f->longest_gap_s = maybe(quality, "longest_gap_s");
	excerpt(f->no_forecast, sizeof(f->no_forecast),
	    json_get_str(j, "no_forecast"));
	excerpt(f->error, sizeof(f->error), json_get_str(j, "error"));
	excerpt(f->note, sizeof(f->note), json_get_str(j, "note"));
	return copy(
	    f->method, sizeof(f->method), json_get_str(model, "method"), why);
}

int
forecast_read(struct forecast *f, const struct json *j, const char **why)
{
	long long ms;

	*f = (struct forecast){ 0 };
	*why = "'time' is missing or no time";
	if (json_get_time(j, "time", &ms) != 0)
		return -1;
	f->time = ms;
	if (json_get_time(j, "origin", &ms) == 0)
		f->origin = ms;
	json_get_num(j, "step_s", &f->step_s);
	*why = "a forecast needs 'origin' and 'step_s' above 0";
	if (json_get(j, "timestamps") != NULL &&
	    (json_get(j, "origin") == NULL || !(f->step_s > 0)))
		return -1;
	if (read_labels(f, j, why) == 0 && read_observed(f, j, why) == 0 &&
	    read_path(f, j, why) == 0 && read_peaks(f, j, why) == 0 &&
	    read_windows(f, j, why) == 0 && read_rest(f, j, why) == 0)
		return 0;
	forecast_free(f);
	return -1;
}

static void
write_times(struct buf *b, const char *name, const int64_t *t, size_t n)
{
	record_put_key(b, name);
	buf_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(b, ',');
		buf_num(b, (double)t[i]);
	}
	buf_char(b, ']');
}

/*
 * What was computed is written to ten digits: no forecast knows more, and
 * finding the shortest text that reads back exactly would take half the time
 * that a forecast takes.
 */
static void
put(struct buf *b, double x)
{
	char s[32];

	if (isfinite(x) && fabs(x) > 0)
		snprintf(s, sizeof(s), "%.10g", x);
	else
		snprintf(s, sizeof(s), "%s", isfinite(x) ? "0" : "null");
	buf_str(b, s);
}

static void
put_numbers(struct buf *b, const char *name, const double *x, size_t n)
{
	record_put_key(b, name);
	buf_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(b, ',');
		put(b, x[i]);
	}
	buf_char(b, ']');
}

static void
put_num(struct buf *b, const char *name, double x)
{
	if (!isfinite(x))
		return;
	record_put_key(b, name);
	put(b, x);
}

static void
write_path(struct buf *b, const struct forecast *f)
{
	record_put_key(b, "timestamps");
	buf_char(b, '[');
	for (size_t i = 0; i < f->H; i++) {
		double ms = (double)(i + 1) * f->step_s * 1000;

		if (i > 0)
			buf_char(b, ',');
		buf_num(b, (double)(f->origin + (int64_t)llround(ms)));
	}
	buf_char(b, ']');
	put_numbers(b, "values", f->median, f->H);
	put_numbers(b, "mean", f->mean, f->H);
	record_put_key(b, "quantiles");
	buf_char(b, '{');
	for (int k = 0; k < FORECAST_LEVELS; k++)
		put_numbers(b, level_names[k], f->q[k], f->H);
	buf_char(b, '}');
}

static void
write_peaks(struct buf *b, const struct forecast *f)
{
	if (f->n_peaks == 0)
		return;
	record_put_key(b, "peak");
	buf_char(b, '{');
	put_numbers(b, "window_s", f->peak_s, f->n_peaks);
	record_put_key(b, "quantiles");
	buf_char(b, '{');
	for (int k = 0; k < FORECAST_LEVELS; k++)
		put_numbers(b, level_names[k], f->peak[k], f->n_peaks);
	buf_str(b, "}}");
}

static void
write_window(struct buf *b, const struct forecast_window *w)
{
	buf_char(b, '{');
	record_put_str(b, "name", w->name);
	put_num(b, "from_s", w->from_s);
	put_num(b, "to_s", w->to_s);
	put_numbers(b, "errors", w->errors, w->n_errors);
	put_numbers(b, "levels", w->levels, w->n_errors);
	put_num(b, "n", w->n);
	record_put_key(b, "at");
	buf_char(b, '[');
	for (size_t i = 0; i < w->n_at; i++) {
		buf_str(b, i > 0 ? ",{" : "{");
		record_put_time(b, "time", w->at[i].time);
		put_num(b, "point", w->at[i].point);
		put_num(b, "scale", w->at[i].scale);
		buf_char(b, '}');
	}
	buf_str(b, "]}");
}

static void
write_windows(struct buf *b, const struct forecast *f)
{
	if (f->n_windows > 0) {
		record_put_key(b, "windows");
		buf_char(b, '[');
		for (size_t i = 0; i < f->n_windows; i++) {
			if (i > 0)
				buf_char(b, ',');
			write_window(b, &f->windows[i]);
		}
		buf_char(b, ']');
	}
	if (f->has_drop) {
		record_put_key(b, "drop");
		buf_char(b, '{');
		put_num(b, "z", f->drop_z);
		put_num(b, "threshold", f->drop_threshold);
		if (f->drop_since != 0)
			record_put_time(b, "since", f->drop_since);
		buf_char(b, '}');
	}
}

static void
write_rest(struct buf *b, const struct forecast *f)
{
	if (isfinite(f->mean_1h)) {
		record_put_key(b, "mean_1h");
		buf_char(b, '{');
		put_num(b, "value", f->mean_1h);
		put_num(b, "lo", f->mean_1h_lo);
		put_num(b, "hi", f->mean_1h_hi);
		buf_char(b, '}');
	}
	put_num(b, "confidence", f->confidence);
	put_num(b, "dynamics", f->dynamics);
	if (f->method[0] != '\0') {
		record_put_key(b, "model");
		buf_char(b, '{');
		record_put_str(b, "method", f->method);
		if (f->trained != 0)
			record_put_time(b, "trained", f->trained);
		put_num(b, "error_1h", f->error_1h);
		put_num(b, "skill_vs_last", f->skill_vs_last);
		buf_char(b, '}');
	}
	record_put_key(b, "quality");
	buf_char(b, '{');
	put_num(b, "age_s", f->age_s);
	put_num(b, "coverage", f->coverage);
	put_num(b, "longest_gap_s", f->longest_gap_s);
	buf_char(b, '}');
	if (f->no_forecast[0] != '\0')
		record_put_str(b, "no_forecast", f->no_forecast);
	if (f->error[0] != '\0')
		record_put_str(b, "error", f->error);
	if (f->note[0] != '\0')
		record_put_str(b, "note", f->note);
}

void
forecast_write(struct buf *b, const struct forecast *f)
{
	buf_str(b, "{\"type\":\"forecast\",\"metric\":");
	buf_str(b, f->metric != NULL ? f->metric : "{}");
	record_put_time(b, "time", f->time);
	if (f->origin != 0)
		record_put_time(b, "origin", f->origin);
	if (f->step_s > 0)
		record_put_num(b, "step_s", f->step_s);
	record_put_key(b, "observed");
	buf_char(b, '{');
	write_times(b, "timestamps", f->observed_t, f->n_observed);
	record_put_numbers(b, "values", f->observed_v, f->n_observed);
	buf_char(b, '}');
	if (f->H > 0)
		write_path(b, f);
	write_peaks(b, f);
	write_windows(b, f);
	write_rest(b, f);
	buf_char(b, '}');
}
