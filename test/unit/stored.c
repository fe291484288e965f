/*
 * What was learnt, stored and read back: it forecasts alike. And whatever
 * bytes stand in the parts of a model, reading them gives something that can
 * be used, or a reason.
 */
#include "model/stored.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/predict.h"

enum { N = 400, STEP = 3600 };

static struct series
example(void)
{
	static char metric[] = "{}", name[] = "load", target[] = "default",
		    unit[] = "";
	static int64_t t[N];
	static double v[N];

	for (int i = 0; i < N; i++) {
		t[i] = ((int64_t)i + 100000) * STEP * 1000;
		v[i] = 50 + 20 * sin(i * 2 * M_PI / 24) + (i * 7919 % 11);
	}
	return (struct series){ .metric = metric,
		.key = metric,
		.name = name,
		.target = target,
		.unit = unit,
		.n = N,
		.t = t,
		.v = v };
}

static int
forecast(const struct trained *t, const struct series *s, struct buf *out)
{
	struct predict_options o = { .now = s->t[N - 1],
		.horizon = NAN,
		.step = NAN,
		.boot = NAN,
		.interval = NAN,
		.stabilisation = 600,
		.drop_hold = 1800 };
	struct forecast f;
	const char *why;

	buf_clear(out);
	if (predict_series(&f, t, s, &o, &why) != 0)
		return -1;
	forecast_write(out, &f);
	forecast_free(&f);
	return 0;
}

static int
read_back(struct buf *line, struct trained *t, struct model *m)
{
	const char *why;

	if (model_read(m, line->s, line->len, &why) != 0 ||
	    stored_read(t, m, &why) != 0) {
		printf("stored: refused: %s\n", why);
		return -1;
	}
	return 0;
}

/* Bytes of a part changed here and there, as a file of models whose checksum
 * somebody has made to fit might hold */
static int
scrambled(struct model *m, const struct series *s)
{
	struct buf out = { 0 };
	unsigned x = 1;

	for (int round = 0; round < 300; round++) {
		struct buf *b = &m->part[round % (int)m->parts];
		struct trained t;
		const char *why = NULL;
		size_t at;
		char kept;

		if (b->len == 0)
			continue;
		x = x * 1664525u + 1013904223u;
		/* mostly near the start, where the counts are */
		at = (x >> 8) % (round % 2 ? b->len : 1 + b->len / 16);
		kept = b->s[at];
		b->s[at] = (char)(x >> 24);
		if (stored_read(&t, m, &why) == 0) {
			if (forecast(&t, s, &out) != 0)
				printf("stored: no memory?\n");
			trained_free(&t);
		} else if (why == NULL) {
			printf("stored: refused without a reason\n");
			return 1;
		}
		b->s[at] = kept;
	}
	buf_free(&out);
	return 0;
}

static int
check(const char *method)
{
	struct series s = example();
	struct train_options o = { .horizon = 6 * 3600,
		.boot = 60,
		.interval = 60,
		.seed = 1,
		.threads = 1 };
	struct buf line = { 0 }, a = { 0 }, b = { 0 };
	struct trained t, u;
	const char *why;
	struct model m;
	struct grid g;
	int failed = 0;

	if (grid_make(&g, &s, STEP, &why) != 0 ||
	    trained_fit(&t, method_find(method), &g, g.n, &o, &why) != 0) {
		printf("stored: '%s' does not train: %s\n", method, why);
		return 1;
	}
	if (stored_write(&t, "{}", &line) != 0 || read_back(&line, &u, &m) != 0)
		return 1;
	if (forecast(&t, &s, &a) != 0 || forecast(&u, &s, &b) != 0 ||
	    strcmp(a.s, b.s) != 0) {
		printf(
		    "stored: '%s' forecasts otherwise once stored\n", method);
		failed = 1;
	}
	failed |= scrambled(&m, &s);
	model_free(&m);
	trained_free(&t);
	trained_free(&u);
	grid_free(&g);
	buf_free(&line);
	buf_free(&a);
	buf_free(&b);
	return failed;
}

int
main(void)
{
	int failed = 0;

	for (size_t i = 0; method_all()[i] != NULL; i++)
		failed += check(method_all()[i]->name);
	return failed != 0;
}
