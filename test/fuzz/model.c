/*
 * A model file that was damaged, or made to do damage, with a checksum that
 * fits: it is refused, or it forecasts something that can be read. The texts
 * are lists of changes to the packed bytes of models learnt here.
 */
#include "model/stored.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "model/predict.h"
#include "model/train.h"

const char *const fuzz_seeds[] = {
	"",
	"aaaa",
	"\x01\x01\x01\x01\xff\x7f\x10\x20",
	"aaaabbbbccccddddeeeeffffgggghhhhiiii",
	NULL,
};

enum { SAMPLES = 700, METHODS = 4 };

static const char *const methods[METHODS] = { "forest", "online", "last",
	"seasonal-naive" };

static struct series_set set;
static struct model base[METHODS];

/* A week of quarters of an hour, with days and noise */
static void
make_series(void)
{
	struct buf b = { 0 };
	int64_t t[SAMPLES];
	double v[SAMPLES];
	const char *why;
	struct json *j;

	for (int i = 0; i < SAMPLES; i++) {
		t[i] = INT64_C(1763900000000) + i * INT64_C(900000);
		v[i] = 10 + 4 * sin(i * 2 * 3.14159265358979 / 96) +
		    (double)(i * 7919 % 101) / 50;
	}
	series_write(&b, "{\"target\":\"x\"}", t, v, SAMPLES, NULL);
	j = json_parse(b.s, b.len, &why);
	if (j == NULL || series_set_add(&set, j, &why) != 0 ||
	    series_set_finish(&set) != 0)
		exit(1);
	json_free(j);
	buf_free(&b);
}

static void
learn(struct model *m, const char *method)
{
	struct train_task task = { .step = NAN,
		.options = { .horizon = 3600,
		    .boot = 60,
		    .interval = 60,
		    .seed = 1,
		    .threads = 1 },
		.method = method };
	struct buf why = { 0 }, line = { 0 };
	struct train_report r;
	const char *text = "";
	struct trained t;

	if (train_series(&t, &set.s[0], &task, &r, &why) != 0) {
		fprintf(stderr, "model: cannot learn '%s': %s\n", method,
		    why.len > 0 ? why.s : "");
		exit(1);
	}
	if (stored_write(&t, set.s[0].metric, &line) != 0 ||
	    model_read(m, line.s, line.len, &text) != 0) {
		fprintf(
		    stderr, "model: '%s' does not read: %s\n", method, text);
		exit(1);
	}
	trained_free(&t);
	buf_free(&line);
	buf_free(&why);
}

/* Each four bytes of s change one byte of one part; the last one or two of
 * three left over cut a part short. */
static void
damage(struct model *m, const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t k = 0;

	for (; n - k >= 4; k += 4) {
		struct buf *b = &m->part[s[k] % (m->parts ? m->parts : 1)];
		size_t at = (size_t)s[k + 1] << 8 | s[k + 2];

		/* both the first bytes, where counts are, and all the rest */
		if (s[k] & 0x80)
			at = at * b->len / 65536;
		if (at < b->len)
			b->s[at] = (char)s[k + 3];
	}
	if (n - k >= 2 && m->parts > 0) {
		struct buf *b = &m->part[s[k] % m->parts];

		b->len = b->len * s[k + 1] / 256;
	}
}

/* What came of it, as a record that can be read again or a word */
static const char *
forecast(const struct trained *t)
{
	struct predict_options o = { .now = set.s[0].t[SAMPLES - 1] + 1000,
		.horizon = NAN,
		.step = NAN,
		.boot = NAN,
		.interval = NAN,
		.stabilisation = 600,
		.drop_hold = 600 };
	const char *why, *wrong = NULL;
	struct forecast f = { 0 };
	struct buf b = { 0 };
	struct json *j;

	if (predict_series(&f, t, &set.s[0], &o, &why) != 0)
		return NULL;
	forecast_write(&b, &f);
	forecast_free(&f);
	j = json_parse(b.s, b.len, &why);
	if (j == NULL)
		wrong = "the forecast of a damaged model is no JSON";
	else if (forecast_read(&f, j, &why) != 0)
		wrong = why;
	else
		forecast_free(&f);
	json_free(j);
	buf_free(&b);
	return wrong;
}

const char *
fuzz_one(const char *s, size_t n)
{
	const char *why = NULL, *wrong = NULL;
	struct trained t;
	struct model m;

	if (set.n == 0) {
		make_series();
		for (int k = 0; k < METHODS; k++)
			learn(&base[k], methods[k]);
	}
	for (int k = 0; k < METHODS && wrong == NULL; k++) {
		m = base[k];
		for (size_t i = 0; i < m.parts; i++) {
			m.part[i] = (struct buf){ 0 };
			buf_add(
			    &m.part[i], base[k].part[i].s, base[k].part[i].len);
		}
		damage(&m, s, n);
		if (stored_read(&t, &m, &why) == 0) {
			wrong = forecast(&t);
			trained_free(&t);
		} else if (why == NULL || *why == '\0') {
			wrong = "no reason given";
		} else if (n == 0) {
			wrong = why; /* nothing was damaged */
		}
		for (size_t i = 0; i < m.parts; i++)
			buf_free(&m.part[i]);
	}
	return wrong;
}
