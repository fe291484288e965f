/*
 * The features' values come from the research code that the method was chosen
 * with, run in Python on the same made-up series.
 */
#include "model/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { N = 400, LONG = 900 };

static double y[LONG];
static unsigned char ok[LONG];

static double
noise(size_t i)
{
	return (double)(((uint32_t)i * UINT32_C(2654435761)) >> 22);
}

static const struct {
	size_t t, h;
	float x[FEATURES];
} table[] = {
	{ 399, 1,
	    { -0.0462223729F, -0.120789971F, 0.167012344F, 0.107202202F,
		-0.463889862F, 0.292440173F, -0.120789971F, 0.107202202F,
		-0.0455424434F, -0.0295310029F, -0.0330950646F, -0.0835061721F,
		-0.0163097651F, 0.35707238F, 0.189599885F, 0.232742374F,
		0.115753436F, 0.254685775F, 0.0888546823F, 0.0887986938F,
		0.125529614F, -0.0047782578F, 0.167472496F, 0.116988938F,
		0.165831093F, -0.120789971F, -0.0132043894F, 0.107202202F,
		-0.131845152F, 0, 0.0372837991F, 0.21893342F, -0.120789971F,
		-0.0462223729F, -0.463889862F, 0.292440173F, 5.72978088F, 0, -1,
		0.75F, 2, 1 } },
	{ 300, 7,
	    { -0.0452957278F, -0.118221558F, 0.163517286F, 0.104747399F,
		0.0423067616F, -0.564353398F, -0.118221558F, 0.104747399F,
		-0.0428487905F, -0.0407823362F, -0.0473043454F, -0.0817586429F,
		-0.0505249164F, -0.000944569767F, 0.0210641468F, 0.0256481154F,
		0.00178483302F, -0.000904998899F, 0.0222719211F, 0.172594657F,
		0.0210641468F, -0.0296953138F, -0.0220087166F, 0.0238632824F,
		-0.02317692F, -0.118221558F, -0.0985588791F, 0.104747399F,
		-0.564353398F, 0, 0.0364629151F, 0.242281683F, -0.118221558F,
		-0.0452957278F, -0.564353398F, 0.35083879F, 5.75030661F,
		0.707106781F, -0.707106781F, 0.875F, 5, 7 } },
	{ 30, 5,
	    { 0.21937418F, 0.16172723F, -0.38110141F, 0.340651695F,
		-0.0905457401F, -0.169987997F, 0.16172723F, 0.340651695F,
		0.16094687F, 0.0143423445F, -0.06403752F, 0.190550705F,
		0.0333827736F, 0.186886375F, 0.0395207933F, 0.186886375F,
		0.0395207933F, 0.186886375F, 0.0395207933F, -0.0784186629F,
		0.0395207933F, 0.0196055164F, 0.147365582F, 0.147365582F,
		0.147365582F, 0.16172723F, 0.0815617653F, 0.340651695F,
		0.0713889568F, 0, 0.028823475F, 0.20670001F, 0.16172723F,
		0.21937418F, -0.38110141F, 0.340651695F, 5.71318594F,
		-0.965925826F, -0.258819045F, 0.541666667F, 1, 5 } },
	{ 3, 12,
	    { 0.295010786F, -0.11074092F, -0.184269866F, -0.956809086F,
		-0.956809086F, -0.956809086F, -0.11074092F, -0.956809086F,
		0.122977771F, -0.568987009F, -0.742082704F, 0.092134933F,
		-0.147505393F, 0, -0.742082704F, 0, -0.742082704F, 0,
		-0.742082704F, -0.742082704F, -0.742082704F, -0.742082704F,
		0.742082704F, 0.742082704F, 0.742082704F, 0.295010786F,
		0.05537046F, -0.184269866F, 0.295010786F, 0, 0.202875853F,
		0.452731438F, -0.11074092F, 0.295010786F, -0.956809086F,
		0.295010786F, 5.80781343F, -0.258819045F, -0.965925826F,
		0.708333333F, 0, 12 } },
};

static void
known(void)
{
	struct grid g = { 3600, 7200, N, y, ok };
	struct transform t;
	struct features *f;

	for (size_t i = 0; i < N; i++) {
		y[i] = 100.0 + 10.0 * (double)(i * 7 % 24) + noise(i) / 8.0;
		ok[i] = 1;
	}
	t = transform_fit(y, N);
	check(fabs(t.offset - 27.86875) < 1e-12 && t.base == 0.0);
	check(fabs(transform_from(t, transform_to(t, 321.5)) - 321.5) < 1e-9);
	f = features_new(&g, N, t, 0, 0);
	if (!check(f != NULL))
		return;
	check(features_period(f, N) == 7);
	f->period = 12;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		float x[FEATURES];

		features_row(f, table[i].t, table[i].h, x);
		for (size_t k = 0; k < FEATURES; k++) {
			char name[40];

			snprintf(
			    name, sizeof name, "row %zu feature %zu", i, k);
			check_row = name;
			check(fabsf(x[k] - table[i].x[k]) < 2e-6F);
		}
		check_row = "";
	}
	features_free(f);
}

static void
period(void)
{
	struct grid g = { 300, 0, LONG, y, ok };
	struct features *f;

	for (size_t i = 0; i < LONG; i++) {
		y[i] = 50.0 + (i % 6 == 0 ? 20.0 : 0.0) + noise(i) / 128.0;
		ok[i] = 1;
	}
	f = features_new(&g, LONG, transform_fit(y, LONG), 0, 0);
	check(f != NULL && features_period(f, LONG) == 18);
	features_free(f);
}

/* nothing after the origin changes a bit, nor does where statistics begin */
static void
causal(void)
{
	static double other[LONG];
	struct grid g = { 300, 0, LONG, y, ok };
	struct grid h = { 300, 0, LONG, other, ok };
	struct transform t = transform_fit(y, LONG);
	const size_t at = 611;
	struct features *a = features_new(&g, LONG, t, 0, 0);
	struct features *b;
	struct features *c = features_new(&g, at + 1, t, 0, at);

	memcpy(other, y, sizeof y);
	for (size_t i = at + 1; i < LONG; i++)
		other[i] = i % 2 ? 1e12 : -1e9;
	b = features_new(&h, LONG, t, 0, 0);
	if (check(a != NULL && b != NULL && c != NULL))
		for (size_t lead = 1; lead <= 288; lead++) {
			float x[3][FEATURES_MAX] = { 0 };

			features_row(a, at, lead, x[0]);
			features_row(b, at, lead, x[1]);
			features_row(c, at, lead, x[2]);
			check(memcmp(x[0], x[1], sizeof x[0]) == 0);
			check(memcmp(x[0], x[2], sizeof x[0]) == 0);
			features_peak(a, at, lead, 0.5F, x[0]);
			features_peak(b, at, lead, 0.5F, x[1]);
			check(memcmp(x[0], x[1], sizeof x[0]) == 0);
		}
	features_free(a);
	features_free(b);
	features_free(c);
}

int
main(void)
{
	known();
	period();
	causal();
	return check_status();
}
