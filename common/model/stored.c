#include "model/stored.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/pack.h"

enum { FORM = 1 };

static const char *const level_names[FORECAST_LEVELS] = { "0.5", "0.8", "0.9",
	"0.95", "0.99" };

static void
put_levels(struct buf *b, const char *name, const double x[FORECAST_LEVELS])
{
	if (!isfinite(x[0]))
		return;
	record_put_key(b, name);
	buf_char(b, '{');
	for (int k = 0; k < FORECAST_LEVELS; k++)
		record_put_num(b, level_names[k], x[k]);
	buf_char(b, '}');
}

void
stored_validation(const struct validation *v, struct buf *b)
{
	buf_char(b, '{');
	record_put_num(b, "origins", (double)v->origins);
	record_put_num(b, "error_1h", v->error_1h);
	record_put_num(b, "within_15pct", v->within_15pct);
	record_put_num(b, "wape", v->wape);
	record_put_num(b, "mase", v->mase);
	record_put_num(b, "skill_vs_last", v->skill_vs_last);
	record_put_num(b, "skill_vs_seasonal", v->skill_vs_seasonal);
	put_levels(b, "coverage", v->coverage);
	put_levels(b, "pinball", v->pinball);
	record_put_num(b, "window_pinball", v->window_pinball);
	record_put_num(b, "window_coverage", v->window_coverage);
	record_put_key(b, "by_horizon");
	buf_char(b, '[');
	for (size_t i = 0; i < v->leads; i++) {
		const struct lead_score *l = &v->lead[i];

		buf_str(b, i > 0 ? ",{" : "{");
		record_put_num(b, "lead_s", l->lead_s);
		record_put_num(b, "origins", (double)l->n);
		record_put_num(b, "mae", l->mae);
		record_put_num(b, "wape", l->wape);
		record_put_num(b, "mase", l->mase);
		record_put_num(b, "skill_vs_last", l->skill_vs_last);
		record_put_num(b, "skill_vs_seasonal", l->skill_vs_seasonal);
		put_levels(b, "coverage", l->coverage);
		put_levels(b, "pinball", l->pinball);
		buf_char(b, '}');
	}
	buf_str(b, "]}");
}

/* For people: what the tables of the decisions' windows hold */
static void
put_calibration(const struct trained *t, struct buf *b)
{
	static const char *const names[2] = { "ahead", "keep" };

	buf_str(b, "{\"windows\":[");
	for (int i = 0; i < 2; i++) {
		const struct track *w = &t->track[TRACK_AHEAD + i];

		buf_str(b, i > 0 ? ",{" : "{");
		record_put_str(b, "name", names[i]);
		record_put_num(b, "from_steps", (double)w->from);
		record_put_num(b, "to_steps", (double)w->to);
		record_put_num(b, "n", (double)w->pool);
		record_put_key(b, "errors");
		buf_char(b, '{');
		for (int k = 0; k < FORECAST_LEVELS; k++)
			record_put_num(b, level_names[k],
			    track_quantile(w, forecast_levels[k]));
		buf_str(b, "}}");
	}
	buf_str(b, "]}");
}

/* For people: what events do; the bytes are in the components */
static void
put_events(const struct calendar *c, struct buf *b)
{
	buf_char(b, '[');
	for (size_t i = 0; i < c->effects; i++) {
		buf_str(b, i > 0 ? "," : "");
		stored_effect(&c->effect[i], b);
	}
	buf_char(b, ']');
}

void
stored_effect(const struct effect *e, struct buf *b)
{
	buf_char(b, '{');
	record_put_str(b, "name", e->name);
	record_put_num(b, "seen", (double)e->seen);
	record_put_num(b, "to_come", (double)e->to_come);
	buf_printf(b, ",\"used\":%s", e->share > 0 ? "true" : "false");
	record_put_num(b, "change", exp(fmin(e->size, 100)) - 1);
	record_put_num(b, "share", e->share);
	record_put_num(b, "spread", e->spread);
	buf_printf(b, ",\"own_kind\":%s}", e->own_kind ? "true" : "false");
}

static void
pack_track(struct buf *b, const struct track *t)
{
	double v[6] = { t->slow, t->fast, t->most, t->usual, t->drop, t->bias };

	pack_uint(b, (uint64_t)t->begun, 1);
	pack_uint(b, t->pool, 2);
	pack_double(b, t->hour, 24);
	pack_double(b, v, 6);
	pack_double(b, t->error, t->n);
}

static int
bad_number(const double *x, size_t n, double least)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]) || x[i] < least)
			return 1;
	return 0;
}

static int
unpack_track(struct unpack *u, struct track *t)
{
	size_t k[TRACK_LEVELS];
	double v[6] = { 0 };

	t->begun = unpack_uint(u, 1) != 0;
	t->pool = (size_t)unpack_uint(u, 2);
	if (t->pool > TRACK_POOL)
		return -1;
	unpack_double(u, t->hour, 24);
	unpack_double(u, v, 6);
	t->slow = v[0];
	t->fast = v[1];
	t->most = v[2];
	t->usual = v[3];
	t->drop = v[4];
	t->bias = v[5];
	t->n = track_levels(t->pool, k);
	unpack_double(u, t->error, t->n);
	if (bad_number(t->hour, 24, 0) || bad_number(v, 4, 0) ||
	    bad_number(v + 4, 2, -1e300) || bad_number(t->error, t->n, -1e300))
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		t->level[i] =
		    k[i] == t->pool ? 1 : (double)k[i] / (double)(t->pool + 1);
		if (i > 0 && t->error[i] < t->error[i - 1])
			return -1;
	}
	return u->failed ? -1 : 0;
}

static size_t
tracks(const struct trained *t)
{
	return TRACK_STEPS + t->steps;
}

static void
pack_tracks(const struct trained *t, struct buf *b)
{
	double v[2] = { t->mean.mean, t->mean.count };

	pack_uint(b, FORM, 1);
	pack_double(b, v, 2);
	for (size_t i = 0; i < tracks(t); i++)
		if (t->track[i].to > 0 && trained_same(t, i) == i)
			pack_track(b, &t->track[i]);
}

static int
unpack_tracks(struct trained *t, const struct buf *b)
{
	struct unpack u = { (const unsigned char *)b->s, b->len, 0 };
	double v[2] = { 0 };

	if (unpack_uint(&u, 1) != FORM)
		return -1;
	unpack_double(&u, v, 2);
	if (bad_number(v, 1, -1e300) || bad_number(v + 1, 1, 0))
		return -1;
	t->mean = (struct load_mean){ v[0], v[1] };
	for (size_t i = 0; i < tracks(t); i++) {
		if (t->track[i].to == 0)
			continue;
		if (trained_same(t, i) != i)
			t->track[i] = t->track[trained_same(t, i)];
		else if (unpack_track(&u, &t->track[i]) != 0)
			return -1;
	}
	return u.failed || u.n > 0 ? -1 : 0;
}

int
stored_write(const struct trained *t, const char *metric, struct buf *out)
{
	struct buf text = { 0 }, calibration = { 0 }, validation = { 0 };
	struct buf events = { 0 };
	struct model m = { .step_s = t->step,
		.horizon_s = (double)t->H * t->step,
		.boot_s = t->boot,
		.interval_s = t->interval,
		.trained = t->end,
		.span_s = t->span_s,
		.samples = (double)t->samples,
		.seed = (double)t->seed,
		.parts = 2,
		.accepted = t->accepted };
	int failed;

	snprintf(m.method, sizeof(m.method), "%s", t->method->name);
	t->method->save(t->state, &m.part[0]);
	pack_tracks(t, &m.part[1]);
	if (t->decider != NULL) {
		snprintf(
		    m.windows_by, sizeof(m.windows_by), "%s", t->decider->name);
		t->decider->save(t->decider_state, &m.part[m.parts++]);
	}
	if (t->calendar.effects > 0) {
		calendar_save(&t->calendar, &m.part[m.parts++]);
		put_events(&t->calendar, &events);
		m.events = events.s;
	}
	put_calibration(t, &calibration);
	stored_validation(&t->validation, &validation);
	buf_str(&text, metric);
	failed = m.part[0].failed || m.part[1].failed || m.part[2].failed ||
	    m.part[3].failed || events.failed || calibration.failed ||
	    validation.failed || text.failed;
	m.metric = text.s; /* model_free frees it */
	m.calibration = calibration.s;
	m.validation = validation.s;
	if (!failed)
		model_write(out, &m);
	model_free(&m);
	buf_free(&calibration);
	buf_free(&validation);
	buf_free(&events);
	return failed || out->failed ? -1 : 0;
}

static void *
load_part(const struct trained *t, const struct method *m, const struct buf *b,
    const char **why)
{
	struct unpack u = { (const unsigned char *)b->s, b->len, 0 };

	return m->load(&u, t->reach, t->step, why);
}

int
stored_read(struct trained *t, const struct model *m, const char **why)
{
	struct train_options o = { .horizon = m->horizon_s,
		.boot = m->boot_s,
		.interval = m->interval_s,
		.seed = (uint64_t)m->seed };
	int by_other = m->windows_by[0] != '\0';
	size_t parts = by_other ? 3 : 2;
	struct unpack u;

	*t = (struct trained){ .method = method_find(m->method) };
	if (by_other)
		t->decider = method_find(m->windows_by);
	*why = method_absent(m->method);
	if (*why == NULL)
		*why = "made by a method that is not known here";
	if (t->method == NULL || (by_other && t->decider == NULL))
		return -1;
	*why = "its numbers do not fit together";
	if ((m->parts != parts && m->parts != parts + 1) ||
	    m->horizon_s / m->step_s > 1e5 ||
	    (m->boot_s + m->interval_s) / m->step_s > 1e5)
		return -1;
	trained_shape(t, m->step_s, &o);
	if (unpack_tracks(t, &m->part[1]) != 0)
		return -1;
	t->state = load_part(t, t->method, &m->part[0], why);
	if (t->state != NULL && by_other)
		t->decider_state = load_part(t, t->decider, &m->part[2], why);
	if (t->state != NULL && m->parts > parts) {
		u = (struct unpack){ (const unsigned char *)m->part[parts].s,
			m->part[parts].len, 0 };
		*why = "its calendar does not fit together";
		if (calendar_load(&t->calendar, &u) != 0) {
			trained_free(t);
			return -1;
		}
	}
	if (t->state == NULL || (by_other && t->decider_state == NULL)) {
		trained_free(t);
		return -1;
	}
	t->end = m->trained;
	t->span_s = m->span_s;
	t->samples = (size_t)m->samples;
	t->accepted = m->accepted;
	t->validation.error_1h = m->error_1h;
	t->validation.within_15pct = m->within_15pct;
	t->validation.skill_vs_last = m->skill_vs_last;
	return 0;
}
