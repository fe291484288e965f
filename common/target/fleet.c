#include "target/fleet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/digest.h"

enum {
	TROUBLES_SHOWN = 3,
	FLEET_MAX = 10000 /* more machines than any one service has */
};

struct machine *
fleet_add(struct fleet *f)
{
	size_t room = f->n == 0 ? 16 : f->n;

	if (f->n >= FLEET_MAX)
		return NULL;
	if (f->n == 0 || (f->n >= 16 && (f->n & (f->n - 1)) == 0)) {
		/* full at 16, 32, 64, ... */
		struct machine *more =
		    realloc(f->all, (f->n + room) * sizeof(*more));

		if (more == NULL)
			return NULL;
		f->all = more;
	}
	f->all[f->n] = (struct machine){ .load = NAN };
	return &f->all[f->n++];
}

void
fleet_free(struct fleet *f)
{
	free(f->all);
	*f = (struct fleet){ .all = NULL };
}

int
fleet_orphan(const struct machine *m)
{
	return m->ours && !m->proven && !m->ready && !m->counts;
}

/* What is to be removed first stands first. */
static int
by_age(const void *a, const void *b)
{
	const struct machine *x = a, *y = b;

	if (x->counts != y->counts)
		return x->counts ? -1 : 1;
	if (x->surplus != y->surplus)
		return x->surplus ? -1 : 1;
	if (x->ready != y->ready)
		return x->ready ? 1 : -1;
	if (x->created < y->created || x->created > y->created)
		return x->created > y->created ? -1 : 1;
	return -strcmp(x->name, y->name);
}

static int
by_load(const void *a, const void *b)
{
	const struct machine *x = a, *y = b;

	if (x->counts && y->counts && x->surplus == y->surplus && x->ready &&
	    y->ready && (x->load < y->load || x->load > y->load))
		return x->load < y->load ? -1 : 1;
	return by_age(a, b);
}

static int
by_id(const void *a, const void *b)
{
	const struct machine *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

static int
sum_up(struct fleet *f)
{
	const struct machine **ids = calloc(f->n + 1, sizeof(*ids));
	struct buf all = { 0 };
	char hex[DIGEST_HEX];

	if (ids == NULL)
		return -1;
	for (size_t k = 0; k < f->n && f->all[k].counts; k++) {
		ids[f->count++] = &f->all[k];
		f->ready += (size_t)f->all[k].ready;
	}
	qsort(ids, f->count, sizeof(*ids), by_id);
	for (size_t k = 0; k < f->count; k++)
		buf_printf(&all, "%s\n", ids[k]->id);
	if (!all.failed)
		snprintf(f->version, sizeof(f->version), "%.16s",
		    digest_sha256(all.s != NULL ? all.s : "", all.len, hex));
	free(ids);
	buf_free(&all);
	return f->version[0] != '\0' ? 0 : -1;
}

int
fleet_finish(struct fleet *f, double orphan_s)
{
	double now = (double)clock_wall() / 1000;
	int serves = 0;

	for (size_t k = 0; k < f->n; k++)
		serves |= f->all[k].counts && f->all[k].ready;
	for (size_t k = 0; k < f->n; k++) {
		struct machine *m = &f->all[k];

		if (serves && m->ours && !m->proven && !m->ready &&
		    now - m->created > orphan_s)
			m->counts = 0;
	}
	if (f->n > 0)
		qsort(f->all, f->n, sizeof(*f->all), by_age);
	return sum_up(f);
}

static long
mix_count(const struct json *mix, const char *type)
{
	double n = 0, sum = 0;

	for (const struct json *j = json_first(mix); j != NULL;
	     j = json_next(j)) {
		const char *s = json_get_str(j, "type");

		if (s != NULL && strcmp(s, type) == 0 &&
		    json_get_num(j, "count", &n) == 0 && n > 0 && n < FLEET_MAX)
			sum += n;
	}
	return (long)sum;
}

static long
have(const struct fleet *f, const char *type)
{
	long n = 0;

	for (size_t k = 0; k < f->count; k++)
		n += strcmp(f->all[k].type, type) == 0;
	return n;
}

const struct json *
fleet_mix(const struct target_change *change)
{
	const struct json *mix = json_get(change->record, "mix");

	return json_len(mix) > 0 && json_type(mix) == JSON_ARRAY ? mix : NULL;
}

const char *
fleet_wanted(const struct fleet *f, const struct json *mix, size_t k)
{
	for (const struct json *j = json_first(mix); j != NULL;
	     j = json_next(j)) {
		const char *type = json_get_str(j, "type");
		long more;

		if (type == NULL)
			continue;
		more = mix_count(mix, type) - have(f, type);
		if (more > 0 && k < (size_t)more)
			return type;
		k -= more > 0 ? (size_t)more : 0;
	}
	return NULL;
}

/* The oldest of each type stay, as many of them as the mix has. */
static void
find_surplus(struct fleet *f, const struct json *mix)
{
	for (size_t k = 0; k < f->count; k++) {
		struct machine *m = &f->all[k];
		long stay = mix_count(mix, m->type), after = 0;

		for (size_t i = k; i < f->count; i++)
			after += strcmp(f->all[i].type, m->type) == 0;
		m->surplus = after > stay;
	}
}

/* Seconds that it is paid for already: until its period ends, and no shorter
 * than the least that is paid */
static double
left(const struct machine *m, double period, double minimum, double now)
{
	double age = now - m->created, rest = period;

	if (age > 0 && period > 0)
		rest = period - fmod(age, period);
	return fmax(rest, minimum - fmax(age, 0));
}

void
fleet_order(struct fleet *f, enum conf_remove how, double period,
    double minimum, const struct json *mix)
{
	double now = (double)clock_wall() / 1000;

	if (mix != NULL)
		find_surplus(f, mix);
	for (size_t k = 0; k < f->n; k++) {
		struct machine *m = &f->all[k];

		/* what is not known is taken to be busy */
		if (how == REMOVE_IDLE)
			m->load = isnan(m->load) ? HUGE_VAL : m->load;
		else if (how == REMOVE_BILLING && (period > 0 || minimum > 0))
			m->load = left(m, period, minimum, now);
		else
			m->load = 0;
	}
	if (f->n > 0)
		qsort(f->all, f->n, sizeof(*f->all), by_load);
}

int
fleet_name_fits(const char *service)
{
	size_t n = strlen(service);

	return n > 0 && n <= 40 && service[0] >= 'a' && service[0] <= 'z' &&
	    strspn(service, "abcdefghijklmnopqrstuvwxyz0123456789-") == n &&
	    service[n - 1] != '-';
}

char *
fleet_name(char out[static FLEET_NAME], const struct fleet *f,
    const char *service, const struct target_change *change, long k)
{
	struct buf all = { 0 };
	char hex[DIGEST_HEX] = "00000000";

	buf_printf(&all, "%s\n%ld\n%s\n%ld\n", service, change->from,
	    f->version, change->to);
	/* what does not count may still hold its name */
	for (size_t i = f->count; i < f->n; i++)
		buf_printf(&all, "%s\n", f->all[i].id);
	if (!all.failed)
		digest_sha256(all.s, all.len, hex);
	snprintf(out, FLEET_NAME, "%.40s-%.8s-%ld", service, hex, k);
	buf_free(&all);
	return out;
}

int
fleet_compare(const struct fleet *f, const char *service,
    const struct target_change *change, struct buf *why)
{
	if ((long)f->count != change->from) {
		buf_printf(why, "'%s' has %zu machines now, not %ld", service,
		    f->count, change->from);
		return -1;
	}
	if (change->version[0] != '\0' &&
	    strcmp(change->version, f->version) != 0) {
		buf_printf(why, "'%s' has other machines than it had", service);
		return -1;
	}
	return 0;
}

static int
by_start(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
fleet_state(const struct fleet *f, struct state *s)
{
	s->known = 1;
	s->instances = (long)f->count;
	s->ready = (long)f->ready;
	for (size_t k = 0; k < f->count; k++) {
		const struct machine *m = &f->all[k];

		if (m->type[0] != '\0')
			mix_add(&s->mix, m->type, 1, m->ready);
		/* what is not told is not known */
		if (m->created > 0 && s->n_started < STATE_STARTED)
			s->started[s->n_started++] =
			    (int64_t)(m->created * 1000);
	}
	qsort(s->started, s->n_started, sizeof(*s->started), by_start);
	snprintf(s->version, sizeof(s->version), "%s", f->version);
}

enum target_arrival
fleet_settled(
    const struct fleet *f, const char *service, long want, struct buf *why)
{
	int shown = 0;

	if ((long)f->count == want && f->ready == f->count)
		return TARGET_THERE;
	if ((long)f->count == want)
		buf_printf(why, "'%s': %zu of %ld machines serve", service,
		    f->ready, want);
	else
		buf_printf(why, "'%s' has %zu machines now, not %ld", service,
		    f->count, want);
	for (size_t k = 0; k < f->count && shown < TROUBLES_SHOWN; k++) {
		const struct machine *m = &f->all[k];

		if (m->ready)
			continue;
		buf_printf(why, "; '%s' ", m->name);
		if (m->runs)
			buf_str(why, "runs and does not answer");
		else
			buf_printf(why, "is %s", m->status);
		shown++;
	}
	return (long)f->count == want ? TARGET_LATE : TARGET_ELSEWHERE;
}
