/*
 * forecast-protocol - fit and forecast in one process, for measuring
 *
 * Standard input, words between blanks:
 *   series NAME STEP_S T0_EPOCH H N   then N values, "nan" where missing
 *   train N                           fit to samples 0..N-1
 *   predict I                         forecast from samples 0..I
 * Each predict prints a line: {"series","origin","t","mean","q","max","maxq",
 * "profile"}; processor time goes to standard error at the end.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/forest.h"

enum { NAME = 128 };

struct state {
	char name[NAME];
	struct grid grid;
	size_t H;
	struct forest *forest;
	int profile;
	unsigned threads;
	double fit_s, predict_s, held_error;
	size_t fits, predictions, bytes;
};

static double
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void
fail(const char *what)
{
	fprintf(stderr, "forecast-protocol: %s\n", what);
	exit(2);
}

static size_t
number(void)
{
	long v;

	if (scanf("%ld", &v) != 1 || v < 0)
		fail("a number is missing");
	return (size_t)v;
}

/* values are carried forwards over gaps; a leading gap takes the first */
static void
read_series(struct state *s)
{
	struct grid *g = &s->grid;
	size_t first;

	if (scanf("%127s %lf", s->name, &g->step) != 2)
		fail("bad series");
	g->t0 = (int64_t)number();
	s->H = number();
	g->n = number();
	g->y = realloc(g->y, (g->n + 1) * sizeof *g->y);
	g->ok = realloc(g->ok, g->n + 1);
	if (g->y == NULL || g->ok == NULL)
		fail("out of memory");
	for (size_t i = 0; i < g->n; i++) {
		if (scanf("%lf", &g->y[i]) != 1)
			fail("a value is missing");
		g->ok[i] = isfinite(g->y[i]) ? 1 : 0;
		if (!g->ok[i] && i > 0)
			g->y[i] = g->y[i - 1];
	}
	for (first = 0; first < g->n && !g->ok[first]; first++)
		;
	for (size_t i = 0; first < g->n && i < first; i++)
		g->y[i] = g->y[first];
}

static void
held_error(struct state *s, const struct forest_holdout *h)
{
	double sum = 0.0;
	size_t n = 0;

	for (size_t i = 0; i < h->count; i++)
		for (size_t k = 0; k < h->H; k++) {
			size_t at = h->from + i * h->every + k + 1;

			if (at >= s->grid.n || !s->grid.ok[at])
				continue;
			sum += fabs(s->grid.y[at] - h->median[i * h->H + k]);
			n++;
		}
	s->held_error = n > 0 ? sum / (double)n : 0.0;
}

static void
train(struct state *s)
{
	struct forest_options o = { .H = s->H,
		.seed = 1,
		.threads = s->threads,
		.profile = s->profile };
	struct forest_holdout h;
	struct buf packed = { 0 };
	const char *why;
	size_t n = number();
	double from = cpu();
	struct forest *f = forest_fit(&s->grid, n, &o, &h, &why);

	s->fit_s += cpu() - from;
	s->fits++;
	if (f == NULL)
		fail(why);
	held_error(s, &h);
	forest_holdout_free(&h);
	if (forest_save(f, &packed) < 0)
		fail("cannot pack");
	forest_free(f);
	forest_free(s->forest);
	/* what is measured is what a model file gives back */
	s->forest =
	    forest_load((const unsigned char *)packed.s, packed.len, &why);
	if (s->forest == NULL)
		fail(why);
	s->bytes = packed.len > s->bytes ? packed.len : s->bytes;
	buf_free(&packed);
}

static void
print_array(const char *name, const double *v, size_t n)
{
	printf("\"%s\":[", name);
	for (size_t i = 0; i < n; i++)
		printf("%s%.9g", i > 0 ? "," : "", v[i]);
	printf("]");
}

static void
print_path(const struct state *s, size_t at, const struct forest_path *p)
{
	const struct grid *g = &s->grid;
	long origin = (long)((double)g->t0 + (double)at * g->step);

	printf("{\"series\":\"%s\",\"origin\":%ld,\"t\":[", s->name, origin);
	for (size_t h = 1; h <= p->H; h++)
		printf("%s%ld", h > 1 ? "," : "",
		    origin + (long)((double)h * g->step));
	printf("],");
	print_array("mean", p->mean, p->H);
	printf(",\"q\":{");
	for (int k = 0; k < FOREST_QUANTILES; k++) {
		char name[32];

		snprintf(name, sizeof name, "%g", forest_quantile[k]);
		print_array(name, p->quantile[k], p->H);
		printf(k + 1 < FOREST_QUANTILES ? "," : "},");
	}
	printf("\"max\":%.9g,\"maxq\":{", p->peak[FOREST_WINDOWS - 1][0]);
	for (int k = 0; k < FOREST_QUANTILES; k++)
		printf("%s\"%g\":%.9g", k > 0 ? "," : "", forest_quantile[k],
		    p->peak[FOREST_WINDOWS - 1][k]);
	printf("},");
	print_array("w", p->weight, FOREST_EXPERTS);
}

static void
predict(struct state *s)
{
	struct forest_path p;
	size_t at = number();
	double from = cpu();
	size_t day = (size_t)(86400.0 / s->grid.step);
	double *profile = malloc((day + 1) * sizeof *profile);

	if (profile == NULL || forest_path_init(&p, s->H) < 0 ||
	    forest_predict(s->forest, &s->grid, at, &p) < 0)
		fail("cannot predict");
	s->predict_s += cpu() - from;
	s->predictions++;
	print_path(s, at, &p);
	if (s->profile &&
	    forest_profile(s->forest, &s->grid, at, day, profile) == 0) {
		printf(",");
		print_array("profile", profile, day);
	}
	printf("}\n");
	free(profile);
	forest_path_free(&p);
}

int
main(int argc, char *argv[])
{
	struct state s = { .profile = argc > 1 && atoi(argv[1]),
		.threads = argc > 2 ? (unsigned)atoi(argv[2]) : 1 };
	char word[16];

	while (scanf("%15s", word) == 1) {
		if (strcmp(word, "series") == 0)
			read_series(&s);
		else if (strcmp(word, "train") == 0)
			train(&s);
		else if (strcmp(word, "predict") == 0)
			predict(&s);
		else
			fail("unknown word");
	}
	fprintf(stderr,
	    "%s fits %zu %.1f ms each, predictions %zu %.3f ms each, "
	    "%zu bytes\n",
	    s.name, s.fits, 1e3 * s.fit_s / (double)(s.fits ? s.fits : 1),
	    s.predictions,
	    1e3 * s.predict_s / (double)(s.predictions ? s.predictions : 1),
	    s.bytes);
	forest_free(s.forest);
	free(s.grid.y);
	free(s.grid.ok);
	return 0;
}
