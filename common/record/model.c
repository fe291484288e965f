#include "record/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/digest.h"
#include "io/file.h"
#include "record/series.h"

enum { FILE_LIMIT = 1 << 30 };

static const char sum_head[] = ",\"checksum\":\"sha256:";
static const char parts_head[] = ",\"components\":[";

void
model_free(struct model *m)
{
	free(m->metric);
	for (size_t i = 0; i < m->parts; i++)
		buf_free(&m->part[i]);
	*m = (struct model){ 0 };
}

void
model_write(struct buf *b, const struct model *m)
{
	size_t from = b->len;
	char hex[DIGEST_HEX];

	buf_printf(b, "{\"type\":\"model\",\"version\":%d,\"metric\":%s",
	    MODEL_VERSION, m->metric);
	record_put_num(b, "step_s", m->step_s);
	record_put_num(b, "horizon_s", m->horizon_s);
	record_put_time(b, "trained", m->trained);
	record_put_num(b, "span_s", m->span_s);
	record_put_num(b, "samples", m->samples);
	record_put_num(b, "seed", m->seed);
	record_put_str(b, "method", m->method);
	if (m->windows_by[0] != '\0')
		record_put_str(b, "windows_by", m->windows_by);
	record_put_num(b, "boot_s", m->boot_s);
	record_put_num(b, "interval_s", m->interval_s);
	buf_str(b, parts_head);
	for (size_t i = 0; i < m->parts; i++) {
		buf_str(b, i > 0 ? ",\"" : "\"");
		base64_add(b, m->part[i].s, m->part[i].len);
		buf_char(b, '"');
	}
	buf_char(b, ']');
	if (m->calibration != NULL)
		buf_printf(b, ",\"calibration\":%s", m->calibration);
	if (m->events != NULL)
		buf_printf(b, ",\"events\":%s", m->events);
	if (m->validation != NULL)
		buf_printf(b, ",\"validation\":%s", m->validation);
	buf_printf(b, ",\"accepted\":%s}", m->accepted ? "true" : "false");
	if (b->failed)
		return;
	digest_sha256(b->s + from, b->len - from, hex);
	b->len--; /* the brace */
	buf_printf(b, "%s%s\"}", sum_head, hex);
}

/* The checksum at the line's end holds for what stands before it: the length
 * of that, or 0 */
static size_t
check_sum(char *line, size_t len)
{
	size_t head = sizeof(sum_head) - 1, tail = head + DIGEST_HEX - 1 + 2;
	char hex[DIGEST_HEX], *s;

	if (len < tail + 2 || memcmp(line + len - 2, "\"}", 2) != 0)
		return 0;
	s = line + len - tail;
	if (memcmp(s, sum_head, head) != 0)
		return 0;
	*s = '}';
	digest_sha256(line, len - tail + 1, hex);
	*s = ',';
	return memcmp(s + head, hex, DIGEST_HEX - 1) == 0 ? len - tail : 0;
}

/*
 * The components, by far the most of a line, are base64 in quotes: they are
 * read where they stand. at and end: where the array begins and ends.
 */
static int
read_parts(
    struct model *m, const char *line, size_t len, size_t *at, size_t *end)
{
	const char *s = memmem(line, len, parts_head, sizeof(parts_head) - 1);
	const char *stop = line + len, *q;

	if (s == NULL)
		return -1;
	s += sizeof(parts_head) - 1;
	*at = (size_t)(s - line);
	while (s < stop && *s == '"') {
		q = memchr(s + 1, '"', (size_t)(stop - s - 1));
		if (q == NULL || m->parts == MODEL_PARTS)
			return -1;
		/* counted first: it is freed also where it is bad */
		if (base64_read(
			s + 1, (size_t)(q - s - 1), &m->part[m->parts++]) != 0)
			return -1;
		s = q + 1;
		if (s < stop && *s == ',')
			s++;
		else
			break;
	}
	*end = (size_t)(s - line);
	return s < stop && *s == ']' ? 0 : -1;
}

static int
copy(char *to, size_t size, const char *s)
{
	if (s != NULL && strlen(s) >= size)
		return -1;
	snprintf(to, size, "%s", s != NULL ? s : "");
	return 0;
}

static int
read_labels(struct model *m, const struct json *j, const char **why)
{
	const struct json *l = json_get(j, "metric"), *k;
	const char *name = json_get_str(l, "__name__");
	struct buf text = { 0 };

	*why = "'metric' is not an object of short strings";
	if (l == NULL || json_type(l) != JSON_OBJECT)
		return -1;
	for (k = json_first(l); k != NULL; k = json_next(k))
		if (json_str(k) == NULL)
			return -1;
	if (copy(m->name, sizeof(m->name), name != NULL ? name : "load") != 0 ||
	    copy(m->target, sizeof(m->target), record_target(j)) != 0 ||
	    copy(m->unit, sizeof(m->unit), json_get_str(l, "unit")) != 0)
		return -1;
	json_write(l, &text);
	m->metric = text.s;
	return text.failed ? -1 : 0;
}

static double
within(const struct json *j, const char *name, double lo, double hi)
{
	double x = NAN;

	if (json_get_num(j, name, &x) != 0 || !(x >= lo && x <= hi))
		return (double)NAN;
	return x;
}

static double
maybe(const struct json *j, const char *name)
{
	return within(j, name, -1e300, 1e300);
}

static int
read_rest(struct model *m, const struct json *j, const char **why)
{
	const struct json *v = json_get(j, "validation");
	long long ms;

	if (read_labels(m, j, why) != 0)
		return -1;
	*why = "'method' is missing or too long";
	if (json_get_str(j, "method") == NULL ||
	    copy(m->method, sizeof(m->method), json_get_str(j, "method")) !=
		0 ||
	    copy(m->windows_by, sizeof(m->windows_by),
		json_get_str(j, "windows_by")) != 0)
		return -1;
	*why = "a number is missing or out of range";
	m->step_s = within(j, "step_s", 1e-3, 86400);
	m->horizon_s = within(j, "horizon_s", 1e-3, 1e9);
	m->boot_s = within(j, "boot_s", 0, 1e7);
	m->interval_s = within(j, "interval_s", 1e-3, 1e7);
	m->span_s = within(j, "span_s", 0, 1e12);
	m->samples = within(j, "samples", 0, 1e12);
	m->seed = within(j, "seed", 0, 9007199254740992.0);
	if (!isfinite(m->step_s + m->horizon_s + m->boot_s + m->interval_s +
		m->span_s + m->samples + m->seed))
		return -1;
	*why = "'trained' is missing or no time";
	if (json_get_time(j, "trained", &ms) != 0)
		return -1;
	m->trained = ms;
	*why = "'accepted' is missing or not true or false";
	if (json_bool(json_get(j, "accepted"), &m->accepted) != 0)
		return -1;
	m->error_1h = maybe(v, "error_1h");
	m->within_15pct = maybe(v, "within_15pct");
	m->skill_vs_last = maybe(v, "skill_vs_last");
	return 0;
}

int
model_read(struct model *m, char *line, size_t len, const char **why)
{
	struct buf head = { 0 };
	struct json *j = NULL;
	size_t at, end, n;
	double version;
	int r = -1;

	*m = (struct model){ 0 };
	n = check_sum(line, len);
	*why = "the checksum does not hold: the model was changed or cut short";
	if (n == 0)
		return -1;
	*why = "'components' are missing or damaged";
	if (read_parts(m, line, n, &at, &end) != 0)
		goto end;
	buf_add(&head, line, at);
	buf_add(&head, line + end, n - end);
	buf_char(&head, '}');
	*why = "out of memory";
	if (head.failed)
		goto end;
	j = json_parse(head.s, head.len, why);
	if (j == NULL)
		goto end;
	*why = "not a model record";
	if (json_get_str(j, "type") == NULL ||
	    strcmp(json_get_str(j, "type"), "model") != 0)
		goto end;
	*why = "made by another version of as-train";
	if (json_get_num(j, "version", &version) != 0 ||
	    version < MODEL_VERSION || version > MODEL_VERSION)
		goto end;
	r = read_rest(m, j, why);
end:
	json_free(j);
	buf_free(&head);
	if (r != 0)
		model_free(m);
	return r;
}

static char *
label(const struct json *metric, const char *name, const char *otherwise)
{
	const char *s = json_get_str(metric, name);

	return strdup(s != NULL ? s : otherwise);
}

static void
line_free(struct model_line *l)
{
	free(l->key);
	free(l->name);
	free(l->target);
	free(l->unit);
}

/* The labels of a line, as far as they can be had without reading all of it:
 * the part before the components is a whole object but for its brace */
static void
find_labels(struct model_line *l, const char *line)
{
	const char *s =
	    memmem(line, l->len, parts_head, sizeof(parts_head) - 1);
	struct buf head = { 0 }, key = { 0 };
	const struct json *metric;
	const char *why;
	struct json *j;

	if (s == NULL)
		return;
	buf_add(&head, line, (size_t)(s - line));
	buf_char(&head, '}');
	j = head.failed ? NULL : json_parse(head.s, head.len, &why);
	metric = json_get(j, "metric");
	if (metric != NULL && json_type(metric) == JSON_OBJECT &&
	    series_key(metric, &key) == 0) {
		l->key = key.s;
		l->name = label(metric, "__name__", "load");
		l->target = label(metric, "target", "default");
		l->unit = label(metric, "unit", "");
		if (l->name == NULL || l->target == NULL || l->unit == NULL) {
			line_free(l);
			l->key = l->name = l->target = l->unit = NULL;
		}
	} else {
		buf_free(&key);
	}
	json_free(j);
	buf_free(&head);
}

static int
add_line(struct model_file *f, size_t at, size_t len, size_t number)
{
	static const char model[] = "{\"type\":\"model\",";
	struct model_line *l;

	if (len < sizeof(model) ||
	    memcmp(f->text.s + at, model, sizeof(model) - 1) != 0)
		return 0;
	l = realloc(f->line, (f->n + 1) * sizeof(*l));
	if (l == NULL)
		return -1;
	f->line = l;
	f->line[f->n] =
	    (struct model_line){ .at = at, .len = len, .number = number };
	find_labels(&f->line[f->n++], f->text.s + at);
	return 0;
}

int
model_file_open(struct model_file *f, const char *path)
{
	size_t at = 0, number = 1;

	*f = (struct model_file){ 0 };
	if (file_read(path, FILE_LIMIT, &f->text) != 0)
		return -1;
	for (; at < f->text.len; number++) {
		const char *s = f->text.s + at;
		const char *lf = memchr(s, '\n', f->text.len - at);
		size_t len = lf != NULL ? (size_t)(lf - s) : f->text.len - at;

		if (len > 0 && add_line(f, at, len, number) != 0) {
			model_file_close(f);
			return -1;
		}
		at += len + 1;
	}
	return 0;
}

void
model_file_close(struct model_file *f)
{
	for (size_t i = 0; i < f->n; i++)
		line_free(&f->line[i]);
	free(f->line);
	buf_free(&f->text);
	*f = (struct model_file){ 0 };
}
