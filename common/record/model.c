#include "record/model.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/digest.h"

static const char sum_head[] = ",\"checksum\":\"sha256:";
static const char parts_head[] = MODEL_PARTS_HEAD;

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

/* A line on its way in, piece by piece */
struct reading {
	struct model *m;
	struct buf rest; /* of the line: all but components and checksum */
	enum { BEFORE, BETWEEN, WITHIN, AFTER } where;
	int bad;
	int open; /* a component may begin here */
	int padded; /* the component has its last letters */
	size_t left; /* bytes that are yet to come, of the piece too */
	size_t letters; /* of a group that a piece ended in */
	char group[4];
};

/* Up to where the components begin. How much of p was taken. */
static size_t
feed_before(struct reading *r, const char *p, size_t n)
{
	size_t head = sizeof(parts_head) - 1, had = r->rest.len;
	size_t from = had > head ? had - head : 0, end;
	char *s;

	buf_add(&r->rest, p, n);
	if (r->rest.failed)
		return n;
	s = memmem(r->rest.s + from, r->rest.len - from, parts_head, head);
	if (s == NULL)
		return n;
	end = (size_t)(s - r->rest.s) + head;
	r->rest.s[end] = '\0';
	r->rest.len = end;
	r->where = BETWEEN;
	r->open = 1;
	return end - had;
}

/* Quotes, commas and the end of the array */
static size_t
feed_between(struct reading *r, char c)
{
	struct buf *b = &r->m->part[r->m->parts];
	size_t most = r->left / 4 * 3 + 8;

	if (c == ']') {
		r->where = AFTER;
		return 0;
	}
	if (c == ',' && !r->open) {
		r->open = 1;
		return 1;
	}
	if (c != '"' || !r->open || r->m->parts == MODEL_PARTS) {
		r->bad = 1;
		return 0;
	}
	/* all that it can take, at once */
	*b = (struct buf){ .s = malloc(most), .cap = most };
	r->m->parts++;
	if (b->s == NULL)
		r->rest.failed = 1;
	else
		b->s[0] = '\0';
	r->where = WITHIN;
	r->padded = r->open = 0;
	return 1;
}

static void
take_letters(struct reading *r, const char *p, size_t n)
{
	struct buf *b = &r->m->part[r->m->parts - 1];
	size_t had = b->len;

	if (n == 0)
		return;
	if (r->padded || base64_read(p, n, b) != 0)
		r->bad = 1;
	r->padded = b->len - had < n / 4 * 3;
}

/* A component's letters: whole groups, and what is over is kept */
static size_t
feed_within(struct reading *r, const char *p, size_t n)
{
	const char *quote = memchr(p, '"', n);
	size_t k = quote != NULL ? (size_t)(quote - p) : n, i = 0, whole;

	while (r->letters > 0 && i < k) {
		r->group[r->letters++] = p[i++];
		if (r->letters == 4) {
			take_letters(r, r->group, 4);
			r->letters = 0;
		}
	}
	whole = (k - i) / 4 * 4;
	take_letters(r, p + i, whole);
	for (i += whole; i < k; i++)
		r->group[r->letters++] = p[i];
	if (quote == NULL)
		return n;
	if (r->letters > 0)
		r->bad = 1;
	r->where = BETWEEN;
	return k + 1;
}

static void
feed(struct reading *r, const char *p, size_t n)
{
	while (n > 0 && !r->bad && !r->rest.failed) {
		size_t k = n;

		switch (r->where) {
		case BEFORE:
			k = feed_before(r, p, n);
			break;
		case BETWEEN:
			k = feed_between(r, *p);
			break;
		case WITHIN:
			k = feed_within(r, p, n);
			break;
		case AFTER:
			buf_add(&r->rest, p, n);
			break;
		}
		p += k;
		n -= k;
		r->left -= k;
	}
}

const char *
model_piece(const struct model_text *t, size_t at, size_t n,
    char room[static MODEL_PIECE])
{
	size_t have = 0;

	if (t->s != NULL)
		return t->s + at;
	while (have < n) {
		ssize_t k =
		    pread(t->fd, room + have, n - have, (off_t)(at + have));

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return NULL;
		have += (size_t)k;
	}
	return room;
}

/* All of the line but its checksum, and whether that holds */
static int
take_in(struct reading *r, const struct model_text *t, size_t at, size_t len,
    const char **why)
{
	static const char torn[] = "the checksum does not hold: the model was "
				   "changed or cut short";
	size_t head = sizeof(sum_head) - 1, tail = head + DIGEST_HEX - 1 + 2;
	char room[MODEL_PIECE], want[DIGEST_HEX], hex[DIGEST_HEX];
	struct digest *d;
	const char *p;

	*why = "it is longer than a model can be";
	if (len > MODEL_LONGEST)
		return -1;
	*why = torn;
	if (len < tail + 2)
		return -1;
	p = model_piece(t, at + len - tail, tail, room);
	if (p == NULL || memcmp(p, sum_head, head) != 0 ||
	    memcmp(p + tail - 2, "\"}", 2) != 0)
		return -1;
	memcpy(want, p + head, DIGEST_HEX - 1);
	d = digest_new();
	*why = "out of memory";
	if (d == NULL)
		return -1;
	r->left = len - tail;
	for (size_t n = len - tail, k; n > 0 && p != NULL; n -= k, at += k) {
		k = n < MODEL_PIECE ? n : MODEL_PIECE;
		p = model_piece(t, at, k, room);
		if (p == NULL)
			break;
		digest_add(d, p, k);
		feed(r, p, k);
	}
	digest_add(d, "}", 1);
	digest_end(d, hex);
	*why = torn;
	if (p == NULL || memcmp(want, hex, DIGEST_HEX - 1) != 0)
		return -1;
	buf_char(&r->rest, '}');
	*why = "'components' are missing or damaged";
	if (r->bad || r->where != AFTER)
		return -1;
	*why = "out of memory";
	return r->rest.failed ? -1 : 0;
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
model_read_at(struct model *m, const struct model_text *t, size_t at,
    size_t len, const char **why)
{
	struct reading reading = { .m = m };
	struct json *j = NULL;
	double version;
	int r = -1;

	*m = (struct model){ 0 };
	if (take_in(&reading, t, at, len, why) != 0)
		goto end;
	j = json_parse(reading.rest.s, reading.rest.len, why);
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
	buf_free(&reading.rest);
	if (r != 0)
		model_free(m);
	return r;
}

int
model_read(struct model *m, const char *line, size_t len, const char **why)
{
	const struct model_text t = { .s = line };

	return model_read_at(m, &t, 0, len, why);
}
