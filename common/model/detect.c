#include "model/detect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/quantile.h"

const char *const detect_kinds[] = { "spike", "drop", "level", "flat",
	"missing", NULL };

enum view {
	VIEW_VALUE,
	VIEW_HOUR,
	VIEW_SEASON,
	VIEW_RESTLESS,
	VIEW_ROUGH,
	VIEWS
};

/* An event that scores this much may have an echo a day later, for so many
 * hours; what scores this much without the season is no echo. */
#define ECHO_SCORE 0.15
enum { ECHO_HOURS = 6 };

/* An edge is so much higher than what is left of those before it: what only
 * grows on is the same event. */
#define EDGE 1.4

/* The hours in which a level comes about tell nothing of it, nor do a few
 * samples. */
enum { SHIFT_HOURS = 2, SHIFT_SAMPLES = 24 };

/* What is rough but within the range of the load is so far off at most, and
 * thus a warning. */
#define ROUGH_MOST 0.6
enum { ROUGH_HOURS = 3 };

static const double weight[VIEWS] = { 1, 1, 1, 0.3, 0.5 };
static const double half_life_days[VIEWS] = { 0, 10, 5, 20, 20 };

/* The range that a view has kept to. */
struct range {
	double lo, hi;
	double keep; /* what is left of its half-width after a sample; 1: all */
	int set;
};

static void
widen(struct range *r, double x)
{
	r->hi = x > r->hi ? x : r->hi;
	r->lo = x < r->lo ? x : r->lo;
}

/* How far x lies outside, in widths of the range, signed; the range takes next
 * in, and then a side that it does not touch draws nearer to the middle. tiny:
 * a width that counts as none. */
static double
leave(struct range *r, double x, double next, double tiny)
{
	double width, far = 0, middle;

	if (!r->set) {
		r->lo = r->hi = next;
		r->set = 1;
		return 0;
	}
	width = r->hi - r->lo + tiny;
	if (x > r->hi)
		far = (x - r->hi) / width;
	else if (x < r->lo)
		far = (x - r->lo) / width;
	widen(r, next);
	if (r->keep < 1) {
		middle = (r->hi + r->lo) / 2;
		if (next < r->hi)
			r->hi = middle + (r->hi - middle) * r->keep;
		if (next > r->lo)
			r->lo = middle + (r->lo - middle) * r->keep;
	}
	return far;
}

struct detector {
	const double *y;
	const unsigned char *ok;
	size_t n, hour, day; /* samples */
	double *sum, *usum, *usum2; /* running sums of load, log load and its
				     * square, [n + 1] */
	double *rsum; /* and of the logarithm of the changes */
	struct range ranges[VIEWS];
	struct range before[VIEWS]; /* as they were before the newest sample */
	double far[VIEWS]; /* of the newest sample */
	double raised; /* the fading score of earlier edges */
	int stirred; /* it has changed before */
	struct range home; /* what the hour's range was, see settle() */
	size_t left, away; /* since when, how many samples far from it */
	size_t near; /* how many beside it */
	size_t still, longest; /* samples without a change: now, ever before */
	size_t *event, events; /* where they were; room for n */
};

/* The mean of the last k samples up to and including i */
static double
mean_of(const double *sum, size_t i, size_t k)
{
	size_t from = i + 1 > k ? i + 1 - k : 0;

	return (sum[i + 1] - sum[from]) / (double)(i + 1 - from);
}

static double
restless(const struct detector *d, size_t i)
{
	double m = mean_of(d->usum, i, d->day);
	double v = mean_of(d->usum2, i, d->day) - m * m;

	return log(sqrt(v > 0 ? v : 0) + 0.02);
}

/* What the season's view says at sample i only repeats, upside down, an event
 * of a day ago: the same hour of the day before that agrees with this one. */
static int
is_echo(const struct detector *d, size_t i, double s)
{
	double rest = s - fabs(d->far[VIEW_SEASON]), before, near;
	const struct range *r = &d->before[VIEW_SEASON];
	size_t past = i - d->day;

	if (i < 2 * d->day || rest / (1 + rest) >= ECHO_SCORE)
		return 0;
	before = mean_of(d->sum, i, d->hour) -
	    mean_of(d->sum, i - 2 * d->day, d->hour);
	/* the range has drawn in since the event; what would score less than
	 * an echo is within it */
	near = ECHO_SCORE * (r->hi - r->lo);
	if (before < r->lo - near || before > r->hi + near)
		return 0;
	for (size_t k = d->events; k-- > 0;)
		if (d->event[k] <= past + d->hour)
			return d->event[k] + ECHO_HOURS * d->hour >= past;
	return 0;
}

/* Takes sample i in; returns its s. */
static double
look(struct detector *d, size_t i)
{
	size_t span = ROUGH_HOURS * d->hour;
	double x[VIEWS] = { d->y[i], mean_of(d->sum, i, d->hour), 0, 0,
		mean_of(d->rsum, i, span) };
	double s = 0;

	if (i >= d->day) {
		x[VIEW_SEASON] =
		    x[VIEW_HOUR] - mean_of(d->sum, i - d->day, d->hour);
		x[VIEW_RESTLESS] = restless(d, i);
	}
	memcpy(d->before, d->ranges, sizeof(d->before));
	for (int v = 0; v < VIEWS; v++) {
		double next = x[v];

		d->far[v] = 0;
		if (v == VIEW_RESTLESS && i < d->day)
			continue; /* no whole day to look back on */
		/* hours that share samples differ by little: held against
		 * those before them all */
		if (v == VIEW_ROUGH)
			next = mean_of(d->rsum, i > span ? i - span : 0, span);
		d->far[v] = leave(&d->ranges[v], x[v], next,
		    v >= VIEW_RESTLESS ? 1e-3 : 1e-12 + 1e-9 * fabs(d->y[i]));
		if (v >= VIEW_SEASON && i < 2 * d->day)
			d->far[v] = 0; /* its range is a day old at least */
		if (v == VIEW_ROUGH) /* calm is for the restless view */
			d->far[v] = fmin(fmax(d->far[v], 0), ROUGH_MOST);
		s += weight[v] * fabs(d->far[v]);
	}
	return s;
}

/* The ranges of value and hour are those of the samples from `from` to i */
static void
begin_anew(struct detector *d, size_t from, size_t i)
{
	struct range *value = &d->ranges[VIEW_VALUE];
	struct range *hour = &d->ranges[VIEW_HOUR];

	value->lo = value->hi = d->y[i];
	hour->lo = hour->hi = mean_of(d->sum, i, d->hour);
	for (size_t k = from; k < i; k++) {
		if (!d->ok[k])
			continue;
		widen(value, d->y[k]);
		widen(hour, mean_of(d->sum, k, d->hour));
	}
	d->raised = 0;
}

/* A level that stays is what is usual from then on. Home is the range that the
 * hour had before it left it by a width; it follows the hour's range while the
 * hour is in it, or beside it for a day. */
static void
settle(struct detector *d, size_t i)
{
	double h = mean_of(d->sum, i, d->hour);
	double width = d->home.hi - d->home.lo;

	if (i >= d->day && (h > d->home.hi + width || h < d->home.lo - width)) {
		if (d->away == 0)
			d->left = i;
		if (!d->ok[i] || ++d->away < d->day || d->away < SHIFT_SAMPLES)
			return;
		begin_anew(d, d->left + SHIFT_HOURS * d->hour, i);
		d->near = d->day;
	}
	d->away = 0;
	d->near = h <= d->home.hi && h >= d->home.lo ? d->day : d->near + 1;
	if (i < d->day || d->near >= d->day) {
		d->home = d->ranges[VIEW_HOUR];
		d->near = 0;
	}
}

static enum view
view_of(const struct detector *d)
{
	enum view best = VIEW_VALUE;

	for (int v = 1; v < VIEWS; v++)
		if (weight[v] * fabs(d->far[v]) >
		    weight[best] * fabs(d->far[best]))
			best = (enum view)v;
	return best;
}

static void
describe(const struct detector *d, size_t i, struct detect_event *e)
{
	enum view v = view_of(d);
	double yesterday = NAN;

	if (i >= d->day)
		yesterday = mean_of(d->sum, i - d->day, d->hour);
	e->at = i;
	e->value = d->y[i];
	e->until = 1;
	e->expected = isfinite(yesterday) ? yesterday
	    : i > 0			  ? mean_of(d->sum, i - 1, d->hour)
					  : (double)NAN;
	e->lo = d->before[VIEW_VALUE].lo;
	e->hi = d->before[VIEW_VALUE].hi;
	e->kind = e->value > e->expected ? DETECT_SPIKE : DETECT_DROP;
	if (d->far[VIEW_VALUE] > 0 || d->far[VIEW_VALUE] < 0) {
		e->kind = d->far[VIEW_VALUE] > 0 ? DETECT_SPIKE : DETECT_DROP;
	} else if (v == VIEW_HOUR || v == VIEW_SEASON) {
		double base = v == VIEW_SEASON ? yesterday : 0;

		e->kind = DETECT_LEVEL;
		e->lo = base + d->before[v].lo;
		e->hi = base + d->before[v].hi;
	} else if (v == VIEW_RESTLESS && d->far[v] < 0) {
		e->kind = DETECT_FLAT;
	} else if (v >= VIEW_RESTLESS) {
		e->kind = DETECT_LEVEL;
		e->stirs = 1;
	}
}

/* Whether both ends of the change to sample i were observed */
static int
changes(const struct detector *d, size_t i)
{
	return i > 0 && d->ok[i] && d->ok[i - 1];
}

/* Running sums of log(1 + change / c), c being the median of the first day's
 * changes, or the first change after it; what was not observed is as what was
 * before. work: room for a day. */
static void
sum_changes(struct detector *d, double *work, size_t k)
{
	size_t moves = 0;
	double c = 0;

	for (size_t i = 1; i < k; i++)
		if (changes(d, i) && fabs(d->y[i] - d->y[i - 1]) > 0)
			work[moves++] = fabs(d->y[i] - d->y[i - 1]);
	if (moves > 0) {
		math_sort(work, moves);
		c = work[moves / 2];
	}
	for (size_t i = 0; i < d->n; i++) {
		double move = 0, r = 0;

		if (changes(d, i))
			move = fabs(d->y[i] - d->y[i - 1]);
		else if (i > 0)
			r = mean_of(d->rsum, i - 1, ROUGH_HOURS * d->hour);
		if (move > 0) {
			c = c > 0 ? c : move;
			r = log(c + move) - log(c); /* finite for any */
		}
		d->rsum[i + 1] = d->rsum[i] + r;
	}
}

/* Running sums; the logarithm is that of the load above the least of the
 * first day, plus a tenth of that day's median. 0 or -1. */
static int
prepare(struct detector *d)
{
	size_t k = d->day < d->n ? d->day : d->n, positive = 0;
	double *first = malloc((k + 1) * sizeof(*first));
	double least = 0, c = 1, first_u = 0;

	d->sum = calloc(4 * (d->n + 1), sizeof(*d->sum));
	d->event = malloc((d->n + 1) * sizeof(*d->event));
	if (first == NULL || d->sum == NULL || d->event == NULL) {
		free(first);
		return -1;
	}
	d->usum = d->sum + d->n + 1;
	d->usum2 = d->usum + d->n + 1;
	d->rsum = d->usum2 + d->n + 1;
	sum_changes(d, first, k);
	for (size_t i = 0; i < k; i++) {
		least = d->y[i] < least ? d->y[i] : least;
		if (d->y[i] > 0)
			first[positive++] = d->y[i];
	}
	if (positive > 0) {
		math_sort(first, positive);
		c = 0.1 * first[positive / 2];
	}
	free(first);
	for (size_t i = 0; i < d->n; i++) {
		double above = d->y[i] > least ? d->y[i] - least : 0;
		double u = log(above + c);

		/* only how it strays matters: that of a constant is 0 */
		if (i == 0)
			first_u = u;
		u -= first_u;
		d->sum[i + 1] = d->sum[i] + d->y[i];
		d->usum[i + 1] = d->usum[i] + u;
		d->usum2[i + 1] = d->usum2[i] + u * u;
	}
	return 0;
}

/* The load has stood still, to the last digit, for three hours and for twice
 * as long as it ever did: 1 at just that sample. */
static int
stands_still(struct detector *d, size_t i)
{
	size_t limit = 2 * d->longest + 1;

	limit = limit > 3 * d->hour ? limit : 3 * d->hour;
	if (i > 0 && !d->stirred)
		d->stirred = d->y[i] < d->y[i - 1] || d->y[i] > d->y[i - 1];
	if (i > 0 && d->ok[i] && d->y[i] <= d->y[i - 1] &&
	    d->y[i] >= d->y[i - 1])
		return ++d->still == limit && d->stirred;
	d->longest = d->still > d->longest ? d->still : d->longest;
	d->still = 0;
	return 0;
}

struct found {
	struct detect_event *e;
	size_t n, cap;
};

static struct detect_event *
add(struct found *f)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 32;
		struct detect_event *e = realloc(f->e, cap * sizeof(*e));

		if (e == NULL)
			return NULL;
		f->e = e;
		f->cap = cap;
	}
	f->e[f->n] = (struct detect_event){ .until = 1 };
	return &f->e[f->n++];
}

/* The gap that begins at i: an event where it is three samples or longer.
 * Returns its length. */
static size_t
gap(struct found *f, const unsigned char *ok, size_t n, size_t i)
{
	size_t len = 0;
	struct detect_event *e;

	while (i + len < n && !ok[i + len])
		len++;
	if (len >= 3 && (e = add(f)) != NULL)
		*e = (struct detect_event){ .at = i,
			.kind = DETECT_MISSING,
			.score = (double)len / (double)(len + 12),
			.value = NAN,
			.expected = NAN,
			.lo = NAN,
			.hi = NAN,
			.until = (double)len };
	return len;
}

/* Sample i; speaks: what is found may be said. 0 or -1. */
static int
take(struct detector *d, struct found *f, const struct detect_options *o,
    size_t i, int speaks, double fade)
{
	double s = look(d, i), score = s / (1 + s);
	int still = stands_still(d, i);
	struct detect_event *e;

	settle(d, i);
	d->raised *= fade;
	if (!speaks)
		return 0;
	if (still && o->threshold <= 0.5) {
		if ((e = add(f)) == NULL)
			return -1;
		describe(d, i, e);
		e->kind = DETECT_FLAT;
		e->score = 0.5;
		return 0;
	}
	if (s <= EDGE * d->raised)
		return 0;
	d->raised = s < 30 ? s : 30;
	if (score >= ECHO_SCORE)
		d->event[d->events++] = i;
	if (score < o->threshold || s <= 0 || is_echo(d, i, s))
		return 0;
	if ((e = add(f)) == NULL)
		return -1;
	e->score = score;
	describe(d, i, e);
	return 0;
}

int
detect_run(const double *y, const unsigned char *ok, size_t n,
    const struct detect_options *o, struct detect_event **events, size_t *count)
{
	struct detector d = { .y = y, .ok = ok, .n = n };
	double fade = pow(0.5, o->step / (12 * 3600.0));
	struct found f = { 0 };
	size_t warm;

	d.hour = o->step < 3600 ? (size_t)lround(3600 / o->step) : 1;
	d.day = o->step < 86400 ? (size_t)lround(86400 / o->step) : 1;
	warm = o->warm > 0 ? o->warm : d.day;
	for (int v = 0; v < VIEWS; v++)
		d.ranges[v].keep = half_life_days[v] > 0
		    ? pow(0.5, o->step / (86400 * half_life_days[v]))
		    : 1;
	if (prepare(&d) != 0)
		goto fail;
	for (size_t i = 0; i < n; i++) {
		if (!ok[i] && (i == 0 || ok[i - 1]))
			gap(&f, ok, n, i);
		if (take(&d, &f, o, i, i >= warm && ok[i], fade) != 0)
			goto fail;
	}
	free(d.sum);
	free(d.event);
	*events = f.e;
	*count = f.n;
	return 0;
fail:
	free(d.sum);
	free(d.event);
	free(f.e);
	return -1;
}
