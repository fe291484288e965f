#include "model/forest_core.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The packed form, little-endian throughout: FORM, mode, flags, then what
 * struct forest holds in its order, linear models and edges of bins as single
 * precision, forests as math/forest.h packs them.
 */
enum { FORM = 2, HAS_PROFILE = 1 };

static void
put(struct buf *out, uint64_t v, int bytes)
{
	for (int k = 0; k < bytes; k++)
		buf_char(out, (char)(unsigned char)(v >> 8 * k & 0xff));
}

static void
put_double(struct buf *out, const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t bits;

		memcpy(&bits, &v[i], sizeof bits);
		put(out, bits, 8);
	}
}

static void
put_float(struct buf *out, const float *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;

		memcpy(&bits, &v[i], sizeof bits);
		put(out, bits, 4);
	}
}

static void
put_trees(struct buf *out, const struct trees *t)
{
	size_t n = trees_packed_size(t);

	if (buf_reserve(out, n) < 0)
		return;
	trees_pack(t, (unsigned char *)out->s + out->len);
	out->len += n;
	out->s[out->len] = '\0';
}

static void
put_single(struct buf *out, const struct single *s, size_t features)
{
	put_float(out, s->bins.edge, features * BINS_EDGES);
	put_trees(out, s->trees);
}

static void
put_core(struct buf *out, const struct core *c)
{
	put(out, c->groups, 2);
	for (size_t g = 0; g < c->groups; g++) {
		const struct lad *l = &c->lad[g];

		put_float(out, l->low, FEATURES_LINEAR);
		put_float(out, l->high, FEATURES_LINEAR);
		put_float(out, l->slope, FEATURES_LINEAR);
		put_float(out, &l->intercept, 1);
		put_float(out, &l->least, 1);
		put_float(out, &l->most, 1);
	}
	put_float(out, c->bins.edge, (size_t)FEATURES * BINS_EDGES);
	for (int k = 0; k < SETS; k++)
		put_trees(out, c->set[k]);
}

static void
put_grown(struct buf *out, const struct forest *f)
{
	put_core(out, &f->core);
	put_single(out, &f->peak, FEATURES_MAX);
	put_double(out, f->held, EXPERTS);
	put(out, f->recents, 2);
	put(out, f->recent_back, 4);
	put(out, f->recent_every, 4);
	put_float(out, f->recent, f->recents * EXPERTS);
	if (f->profile.trees == NULL)
		return;
	put_single(out, &f->profile, FEATURES);
	put_double(out, f->profile_held, PROFILE_EXPERTS);
	put(out, f->profile_recents, 1);
	put_double(
	    out, f->profile_recent[0], f->profile_recents * PROFILE_EXPERTS);
}

int
forest_save(const struct forest *f, struct buf *out)
{
	put(out, FORM, 2);
	put(out, f->mode, 1);
	put(out, f->profile.trees != NULL ? HAS_PROFILE : 0, 1);
	put(out, f->H, 2);
	put_double(out, &f->step, 1);
	put(out, (uint64_t)f->end, 8);
	put(out, (uint64_t)(int64_t)f->zone, 8);
	put_double(out, &f->transform.base, 1);
	put_double(out, &f->transform.offset, 1);
	put(out, f->period, 4);
	if (f->mode == MODE_GROWN) {
		put_grown(out, f);
	} else {
		put(out, (uint64_t)f->flat_hour, 1);
		put_double(out, f->flat[0], f->H * FOREST_QUANTILES);
		put_double(out, f->flat_peak[0],
		    (size_t)FOREST_WINDOWS * FOREST_QUANTILES);
	}
	return out->failed ? -1 : 0;
}

struct reader {
	const unsigned char *p;
	size_t left;
	const char *why; /* NULL as long as all is well */
};

static uint64_t
get(struct reader *r, size_t bytes)
{
	uint64_t v = 0;

	if (r->why != NULL || r->left < bytes) {
		r->why = r->why != NULL ? r->why : "the model is cut short";
		return 0;
	}
	for (size_t k = 0; k < bytes; k++)
		v |= (uint64_t)r->p[k] << 8 * k;
	r->p += bytes;
	r->left -= bytes;
	return v;
}

static void
get_double(struct reader *r, double *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = get(r, 8);

		memcpy(&v[i], &bits, sizeof bits);
		if (r->why == NULL && !(fabs(v[i]) <= 1e300))
			r->why = "a number of the model is not finite";
	}
}

/* single precision; edges of bins may be infinite */
static void
get_float(struct reader *r, float *v, size_t n, int edge)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t bits = (uint32_t)get(r, 4);

		memcpy(&v[i], &bits, sizeof bits);
		if (r->why == NULL && !(fabsf(v[i]) <= 1e30F) &&
		    !(edge && isinf(v[i])))
			r->why = "a number of the model is not finite";
	}
}

static uint64_t
get_most(struct reader *r, size_t bytes, uint64_t least, uint64_t most)
{
	uint64_t v = get(r, bytes);

	if (r->why == NULL && (v < least || v > most))
		r->why = "a count of the model is out of range";
	return r->why == NULL ? v : least;
}

static struct trees *
get_trees(struct reader *r, size_t features)
{
	struct trees *t;
	size_t used = 0;

	if (r->why != NULL)
		return NULL;
	t = trees_unpack(r->p, r->left, features, &used, &r->why);
	if (t == NULL)
		return NULL;
	r->why = NULL;
	r->p += used;
	r->left -= used;
	return t;
}

static void
get_bins(struct reader *r, struct bins *b, size_t features)
{
	b->features = features;
	b->edge = malloc(features * BINS_EDGES * sizeof *b->edge);
	if (b->edge == NULL)
		r->why = "out of memory";
	else
		get_float(r, b->edge, features * BINS_EDGES, 1);
}

static void
get_single(struct reader *r, struct single *s, size_t features)
{
	get_bins(r, &s->bins, features);
	s->trees = get_trees(r, features);
}

static void
get_core(struct reader *r, struct core *c, size_t H)
{
	c->H = H;
	c->groups = (size_t)get_most(r, 2, 1, H);
	c->lad = calloc(c->groups, sizeof *c->lad);
	if (c->lad == NULL) {
		r->why = "out of memory";
		return;
	}
	for (size_t g = 0; g < c->groups; g++) {
		struct lad *l = &c->lad[g];

		l->features = FEATURES_LINEAR;
		get_float(r, l->low, FEATURES_LINEAR, 0);
		get_float(r, l->high, FEATURES_LINEAR, 0);
		get_float(r, l->slope, FEATURES_LINEAR, 0);
		get_float(r, &l->intercept, 1, 0);
		get_float(r, &l->least, 1, 0);
		get_float(r, &l->most, 1, 0);
	}
	get_bins(r, &c->bins, FEATURES);
	for (int k = 0; k < SETS; k++)
		c->set[k] = get_trees(r, FEATURES);
}

static void
get_grown(struct reader *r, struct forest *f, int profile)
{
	get_core(r, &f->core, f->H);
	get_single(r, &f->peak, FEATURES_MAX);
	get_double(r, f->held, EXPERTS);
	f->recents = (size_t)get_most(r, 2, 0, RECENT_MAX);
	f->recent_back = (size_t)get_most(r, 4, 0, UINT32_MAX);
	f->recent_every = (size_t)get_most(r, 4, 1, UINT32_MAX);
	f->recent = malloc((f->recents + 1) * EXPERTS * sizeof *f->recent);
	if (f->recent == NULL)
		r->why = "out of memory";
	else
		get_float(r, f->recent, f->recents * EXPERTS, 0);
	if (!profile)
		return;
	get_single(r, &f->profile, FEATURES);
	get_double(r, f->profile_held, PROFILE_EXPERTS);
	f->profile_recents = (size_t)get_most(r, 1, 0, REPLAY);
	get_double(
	    r, f->profile_recent[0], f->profile_recents * PROFILE_EXPERTS);
}

static void
get_head(struct reader *r, struct forest *f, int *profile)
{
	const uint64_t far = UINT64_C(1) << 52;

	if (get(r, 2) != FORM && r->why == NULL)
		r->why = "made by another version of as-train";
	f->mode = (enum forest_mode)get_most(r, 1, MODE_LAST, MODE_GROWN);
	*profile = (int)get_most(r, 1, 0, HAS_PROFILE);
	f->H = (size_t)get_most(r, 2, 1, FOREST_H_MAX);
	get_double(r, &f->step, 1);
	/* half of the range on either side of 1970 */
	f->end = (int64_t)(get(r, 8) + far);
	f->zone = (long)(int64_t)get(r, 8);
	get_double(r, &f->transform.base, 1);
	get_double(r, &f->transform.offset, 1);
	f->period = (size_t)get_most(r, 4, 0, 1 << 20);
	if (r->why != NULL)
		return;
	if (!(f->step >= 1e-3 && f->step <= 1e6) || f->end < 0 ||
	    (uint64_t)f->end > 2 * far || labs(f->zone / 2) > 86400 ||
	    f->transform.base > 0.0 || !(f->transform.offset > 0.0))
		r->why = "a number of the model is out of range";
	else
		f->end -= (int64_t)far;
}

struct forest *
forest_load(const unsigned char *p, size_t n, const char **why)
{
	struct reader r = { p, n, NULL };
	struct forest *f = calloc(1, sizeof *f);
	int profile = 0;

	*why = "out of memory";
	if (f == NULL)
		return NULL;
	get_head(&r, f, &profile);
	if (r.why == NULL && f->mode == MODE_GROWN) {
		get_grown(&r, f, profile);
	} else if (r.why == NULL) {
		f->flat_hour = (int)get_most(&r, 1, 0, 1);
		get_double(&r, f->flat[0], f->H * FOREST_QUANTILES);
		get_double(&r, f->flat_peak[0],
		    (size_t)FOREST_WINDOWS * FOREST_QUANTILES);
	}
	if (r.why == NULL && r.left > 0)
		r.why = "the model has bytes to spare";
	if (r.why != NULL) {
		*why = r.why;
		forest_free(f);
		return NULL;
	}
	return f;
}
