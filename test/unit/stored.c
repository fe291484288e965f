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
			if (forecast(&t, s, &out) != 0) {
				printf("stored: taken, but of no use\n");
				return 1;
			}
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

/* A part that was made for another horizon, or for another step */
static int
mixed(const struct model *m, const struct method *method, size_t reach,
    const struct grid *g)
{
	struct grid slower = *g;
	int failed = 0;

	slower.step = 2 * g->step;
	for (int k = 0; k < 2; k++) {
		struct method_options o = { .H = k == 0 ? 3 : reach,
			.seed = 1,
			.threads = 1,
			.rows_only = 0 };
		struct model other = *m;
		struct buf part = { 0 };
		struct trained t;
		const char *why = NULL;
		void *state;

		/* these know no step */
		if (k == 1 && strcmp(method->name, "online") != 0 &&
		    strcmp(method->name, "forest") != 0)
			continue;
		state = method->fit(k == 0 ? g : &slower, g->n, &o, NULL, &why);
		if (state == NULL) {
			printf("stored: '%s': %s\n", method->name, why);
			return 1;
		}
		method->save(state, &part);
		method->free(state);
		other.part[0] = part;
		if (stored_read(&t, &other, &why) == 0) {
			printf("stored: '%s': another %s is taken\n",
			    method->name, k == 0 ? "horizon" : "step");
			trained_free(&t);
			failed = 1;
		}
		buf_free(&part);
	}
	return failed;
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
	failed |= mixed(&m, t.method, t.reach, &g);
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
