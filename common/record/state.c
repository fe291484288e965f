#include "record/state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* A whole number of instances, or -1: none, or not one */
static long
count(const struct json *j, const char *name)
{
	double x;

	if (json_get_num(j, name, &x) != 0 || x < 0 || x > 1e6 || x != floor(x))
		return -1;
	return (long)x;
}

/* 0, or -1 where s does not fit: a name cut short would be another's */
static int
copy(char *to, size_t size, const char *s)
{
	int n = snprintf(to, size, "%s", s != NULL ? s : "");

	return n < 0 || (size_t)n >= size ? -1 : 0;
}

/* A message may be cut, but not within a character. */
static void
copy_message(char *to, size_t size, const char *s)
{
	size_t n = s != NULL ? strlen(s) : 0;

	if (n >= size)
		n = utf8_cut(s, size - 1);
	if (n > 0)
		memcpy(to, s, n);
	to[n] = '\0';
}

size_t
state_started(int64_t start[static STATE_STARTED], const struct json *j)
{
	size_t n = 0;
	double x;

	for (const struct json *i = json_first(j);
	     i != NULL && n < STATE_STARTED; i = json_next(i))
		if (json_num(i, &x) == 0 && x > 0 && x < 9e15)
			start[n++] = (int64_t)x;
	return n;
}

void
state_put_started(struct buf *b, const int64_t *start, size_t n)
{
	if (n == 0)
		return;
	record_put_key(b, "started");
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%lld", i > 0 ? "," : "[", (long long)start[i]);
	buf_char(b, ']');
}

int
state_read(struct state *s, const struct json *j, const char **why)
{
	long long ms;

	*s = (struct state){ .ready = -1 };
	*why = "'time' is missing or no time";
	if (json_get_time(j, "time", &ms) != 0)
		return -1;
	s->time = ms;
	*why = "'target', 'driver' or 'version' is too long";
	if (copy(s->target, sizeof(s->target), record_target(j)) != 0 ||
	    copy(s->driver, sizeof(s->driver), json_get_str(j, "driver")) !=
		0 ||
	    copy(s->version, sizeof(s->version), json_get_str(j, "version")) !=
		0)
		return -1;
	copy_message(s->error, sizeof(s->error), json_get_str(j, "error"));
	s->instances = count(j, "instances");
	s->ready = count(j, "ready");
	s->known = s->instances >= 0 && s->error[0] == '\0';
	s->n_started = state_started(s->started, json_get(j, "started"));
	*why = "'mix' is no list of types and counts";
	if (mix_read(&s->mix, json_get(j, "mix")) != 0)
		return -1;
	if (!s->known)
		s->instances = s->ready = -1;
	return 0;
}

void
state_write(struct buf *b, const struct state *s)
{
	buf_str(b, "{\"type\":\"state\"");
	record_put_str(b, "target", s->target);
	record_put_time(b, "time", s->time);
	record_put_str(b, "driver", s->driver);
	if (s->known) {
		record_put_num(b, "instances", (double)s->instances);
		if (s->ready >= 0)
			record_put_num(b, "ready", (double)s->ready);
		if (s->mix.n > 0) {
			record_put_key(b, "mix");
			mix_write(b, &s->mix);
		}
		state_put_started(b, s->started, s->n_started);
		if (s->version[0] != '\0')
			record_put_str(b, "version", s->version);
	} else {
		record_put_str(b, "error",
		    s->error[0] != '\0' ? s->error : "count unknown");
	}
	buf_char(b, '}');
}
