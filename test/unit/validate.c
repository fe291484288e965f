/*
 * Scores against NumPy: a script of its own made the numbers from their
 * definitions. The forecast is the mean of the last four samples with fixed
 * distances for quantiles, of a wave with noise, a step and spikes.
 */
#include "model/validate.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 3000, H = 8 };

static const double distance[FORECAST_LEVELS] = { 0, 10, 20, 40, 80 };

static struct grid
make(void)
{
	struct grid g = { .step = 900, .t0 = 1500000000, .n = N };
	uint32_t x = 12345;

	g.y = malloc(N * sizeof(*g.y));
	g.ok = malloc(N);
	if (g.y == NULL || g.ok == NULL)
		abort();
	memset(g.ok, 1, N);
	for (size_t i = 0; i < N; i++) {
		double u;

		x = x * 1664525u + 1013904223u;
		u = x / 4294967296.0;
		g.y[i] = 100 + 40 * sin(2 * M_PI * (double)i / 96) + 20 * u;
		if (i >= N / 2)
			g.y[i] += 60;
		if (u > 0.995)
			g.y[i] *= 3;
	}
	return g;
}

static struct rows
forecasts(const struct grid *g, int with_q)
{
	size_t lead[LEADS_MAX], leads = leads_every(H, lead);
	struct rows r;

	if (rows_init(&r, N, lead, leads, 0, with_q) != 0)
		abort();
	for (size_t i = 0; i < N; i++) {
		size_t from = i > 3 ? i - 3 : 0;
		double sum = 0;

		for (size_t k = from; k <= i; k++)
			sum += g->y[k];
		r.origin[i] = i;
		for (size_t j = 0; j < leads; j++) {
			size_t at = i * leads + j;

			r.median[at] = sum / (double)(i - from + 1);
			for (int k = 0; with_q && k < FORECAST_LEVELS; k++)
				r.q[k][at] = r.median[at] + distance[k];
		}
	}
	return r;
}

static int
near(const char *what, double x, double want)
{
	if (fabs(x - want) <= 1e-12 * fmax(1, fabs(want)))
		return 0;
	printf("validate: %s: %.17g, not %.17g\n", what, x, want);
	return 1;
}

static int
check_lead(const struct lead_score *l, const struct lead_score *want)
{
	int failed = near("lead", l->lead_s, want->lead_s) +
	    near("n", (double)l->n, (double)want->n) +
	    near("mae", l->mae, want->mae) + near("wape", l->wape, want->wape) +
	    near("mase", l->mase, want->mase) +
	    near("skill against last", l->skill_vs_last, want->skill_vs_last) +
	    near("skill against yesterday", l->skill_vs_seasonal,
		want->skill_vs_seasonal);

	for (int k = 0; k < FORECAST_LEVELS; k++)
		failed += near("coverage", l->coverage[k], want->coverage[k]) +
		    near("pinball", l->pinball[k], want->pinball[k]);
	return failed;
}

static int
known_answers(void)
{
	static const struct lead_score first = { .lead_s = 900,
		.n = 1343,
		.mae = 8.609761211380112,
		.wape = 0.05037902968572901,
		.mase = 0.7883574002014269,
		.skill_vs_last = 0.07848511279520876,
		.skill_vs_seasonal = 0.02988952731825767,
		.coverage = { 0.5152643335815339, 0.8830975428145942,
		    0.996276991809382, 0.9970215934475056, 0.9970215934475056 },
		.pinball = { 4.304880605690056, 3.4975116556167305,
		    3.087162397060884, 3.027650914002215, 1.708573692122164 } };
	static const struct lead_score last = { .lead_s = 7200,
		.n = 1336,
		.mae = 18.016665751037234,
		.wape = 0.10554778072909272,
		.mase = 1.6497056565299355,
		.skill_vs_last = -0.09896942730426517,
		.skill_vs_seasonal = -1.0253850068564416,
		.coverage = { 0.49850299401197606, 0.6407185628742516,
		    0.8233532934131736, 0.9970059880239521,
		    0.9970059880239521 },
		.pinball = { 9.008332875518617, 6.68782127113546,
		    4.0571696618876505, 3.049679937081098,
		    1.7288901738406066 } };
	struct grid g = make();
	struct rows r = forecasts(&g, 1);
	struct validation v;
	int failed;

	if (validate_rows(&v, &g, N, &r, 0, H, 1) != 0)
		abort();
	failed = near("leads", (double)v.leads, 6) +
	    check_lead(&v.lead[0], &first) + check_lead(&v.lead[5], &last) +
	    near("wape", v.wape, 0.07251953162668008) +
	    near("mase", v.mase, 1.1342301976881346) +
	    near("skill", v.skill_vs_last, -0.056035787074870225) +
	    near("seasonal", v.skill_vs_seasonal, -0.3949121721901643) +
	    near("origins", (double)v.origins, 1340) +
	    near("error_1h", v.error_1h, 0.054341522902400595) +
	    near("within", v.within_15pct, 0.9761194029850746);
	rows_free(&r);
	grid_free(&g);
	return failed;
}

/* Quantiles made of the older half's errors cover the newer half nearly as
 * their levels say; so do those of windows' peaks. What was not observed
 * changes nothing but the count. */
static int
made(void)
{
	struct grid g = make();
	struct rows r = forecasts(&g, 0);
	struct window_steps w[2] = { { 1, 2 }, { 2, 4 } };
	struct validation v;
	int failed = 0;

	if (validate_rows(&v, &g, N, &r, 0, H, 1) != 0 ||
	    validate_windows(&v, &g, N, &r, 0, w, 2) != 0)
		abort();
	for (int k = 1; k < FORECAST_LEVELS; k++)
		if (fabs(v.coverage[k] - forecast_levels[k]) > 0.04) {
			printf("validate: %g covers %g\n", forecast_levels[k],
			    v.coverage[k]);
			failed++;
		}
	if (fabs(v.window_coverage - 0.95) > 0.04 || !(v.window_pinball > 0)) {
		printf(
		    "validate: windows' 0.95 covers %g\n", v.window_coverage);
		failed++;
	}
	for (size_t i = N - 500; i < N - 400; i++) {
		g.ok[i] = 0;
		g.y[i] = 1e9;
	}
	if (validate_rows(&v, &g, N, &r, 0, H, 0) != 0)
		abort();
	if (v.error_1h > 0.1 || v.lead[0].mae > 10 ||
	    v.lead[0].n > 1343 - 100) {
		printf("validate: what was not observed counts\n");
		failed++;
	}
	rows_free(&r);
	grid_free(&g);
	return failed;
}

/* Leads between those that are there lie on a line */
static int
between(void)
{
	static const size_t lead[] = { 1, 2, 4, 8 };
	static const double want[] = { 0, 10, 20, 30, 40, 45, 50, 55, 60 };
	struct rows r;
	int failed = 0;

	if (rows_init(&r, 1, lead, 4, 0, 0) != 0)
		abort();
	r.median[0] = 10;
	r.median[1] = 20;
	r.median[2] = 40;
	r.median[3] = 60;
	for (size_t k = 1; k <= 8; k++)
		failed += near("between", rows_at(&r, r.median, 0, k), want[k]);
	rows_free(&r);
	return failed;
}

int
main(void)
{
	return known_answers() + made() + between() != 0;
}
