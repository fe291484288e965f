#include "math/forest.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "math/forest_packed.h"
#include "math/forest_split.h"
#include "math/quantile.h"
#include "math/random.h"

enum {
	ROWS = 1 << 18,
	SAMPLE = 4096 /* targets that quantiles are taken of */
};

/* one tree, and the room to grow it */
struct sapling {
	struct trees_node *node;
	uint16_t *leaf;
	uint8_t *sample;
	uint32_t nodes, leaves, depth;
};

/* the most nodes that a tree on so many rows can have, and its leaves */
static size_t
most_nodes(size_t rows, const struct trees_options *o)
{
	size_t leaves = rows / o->minleaf + 1;
	size_t full = (size_t)1 << o->depth;

	return 2 * (leaves < full ? leaves : full) + 1;
}

/* stable: rows stay in rising order, so memory is walked forwards */
static uint32_t
part(const struct growth *g, struct workspace *w, struct range r,
    const struct split *s)
{
	const uint8_t *x = g->x + s->feature;
	uint32_t left = r.from;
	uint32_t right = 0;

	for (uint32_t i = r.from; i < r.to; i++) {
		uint32_t row = w->idx[i];
		uint32_t next = w->idx[i + 2 * AHEAD];
		int above = x[row * g->width] > s->cut;

		__builtin_prefetch(x + next * g->width);

		w->idx[left] = row;
		w->spare[right] = row;
		left += (uint32_t)!above;
		right += (uint32_t)above;
	}
	memcpy(w->idx + left, w->spare, right * sizeof *w->idx);
	return left;
}

/* keep some of a leaf's targets, without replacement where there are enough */
static void
keep_some(const struct growth *g, struct workspace *w, struct range r,
    struct random *random, uint8_t *out)
{
	unsigned keep = g->o->keep;
	uint32_t n = r.to - r.from;

	for (unsigned k = 0; k < keep; k++) {
		uint32_t done = k % n;
		uint32_t pick = done + random_below(random, n - done);
		uint32_t row = w->idx[r.from + pick];
		unsigned at = k;

		w->idx[r.from + pick] = w->idx[r.from + done];
		w->idx[r.from + done] = row;
		for (; at > 0 && out[at - 1] > g->code[row]; at--)
			out[at] = out[at - 1];
		out[at] = g->code[row];
	}
}

/* draw mtry of the columns: the head of a shuffle that goes on from the last */
static void
draw_features(
    const struct trees_options *o, uint8_t *order, struct random *random)
{
	for (unsigned j = 0; j < o->mtry; j++) {
		uint32_t left = (uint32_t)o->columns - j;
		uint32_t k = j + random_below(random, left);
		uint8_t f = order[k];

		order[k] = order[j];
		order[j] = f;
	}
}

static struct split
split_of(const struct growth *g, struct workspace *w, struct range r,
    uint8_t *order, struct random *random)
{
	uint32_t n = r.to - r.from;

	if (r.depth >= g->o->depth || n < 2 * g->o->minleaf)
		return (struct split){ 0.0F, 0, 0 };
	draw_features(g->o, order, random);
	return trees_split(g, w, r, order);
}

/* each row is in with probability share, four draws from one number */
static uint32_t
draw_rows(const struct growth *g, struct workspace *w, struct random *random)
{
	uint32_t limit = (uint32_t)(g->o->share * 65536.0);
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->rows; i += 2) {
		uint32_t bits = random_next(random);

		w->idx[n] = i;
		n += (bits & 0xffff) < limit;
		if (i + 1 == g->rows)
			break;
		w->idx[n] = i + 1;
		n += (bits >> 16) < limit;
	}
	if (n == 0)
		w->idx[n++] = random_below(random, (uint32_t)g->rows);
	return n;
}

static void
grow(const struct growth *g, struct workspace *w, unsigned tree,
    struct sapling *s)
{
	struct random random = random_start(g->o->seed, tree);
	uint8_t order[COLUMNS] = { 0 };
	uint32_t made = 1;

	memcpy(order, g->o->column, g->o->columns);
	memset(w->histogram, 0, sizeof w->histogram);
	w->range[0] = (struct range){ 0, draw_rows(g, w, &random), 0 };
	s->leaves = 0;
	for (uint32_t i = 0; i < made; i++) {
		struct range r = w->range[i];
		struct split best = split_of(g, w, r, order, &random);
		uint32_t middle;

		s->depth = r.depth;
		s->leaf[i] = 0;
		if (!(best.gain > 1e-9F)) {
			uint8_t *kept = s->sample + s->leaves * g->o->keep;

			keep_some(g, w, r, &random, kept);
			s->leaf[i] = (uint16_t)s->leaves++;
			s->node[i] =
			    (struct trees_node){ 0, TREES_LEAF, (uint16_t)i };
			continue;
		}
		middle = part(g, w, r, &best);
		s->node[i] = (struct trees_node){ (uint8_t)best.feature,
			(uint8_t)best.cut, (uint16_t)made };
		w->range[made++] =
		    (struct range){ r.from, middle, r.depth + 1 };
		w->range[made++] = (struct range){ middle, r.to, r.depth + 1 };
	}
	s->nodes = made;
}

static void
workspace_free(struct workspace *w)
{
	if (w == NULL)
		return;
	free(w->range);
	free(w->spare);
	free(w->idx);
	free(w);
}

static struct workspace *
workspace_new(size_t rows, size_t nodes)
{
	struct workspace *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	/* draw_rows writes before it knows whether to keep: one more */
	w->idx = calloc(rows + 1 + rows_past(rows), sizeof *w->idx);
	w->spare = malloc((rows + 1) * sizeof *w->spare);
	w->range = malloc(nodes * sizeof *w->range);
	if (w->idx == NULL || w->spare == NULL || w->range == NULL) {
		workspace_free(w);
		return NULL;
	}
	return w;
}

struct worker {
	const struct growth *growth;
	struct sapling *sapling;
	unsigned from, by;
	int failed;
};

static void
sapling_free(struct sapling *s)
{
	free(s->node);
	free(s->leaf);
	free(s->sample);
}

/* a tree is grown in the largest room it can need, then cut to size */
static int
sapling_copy(struct sapling *to, const struct sapling *from, size_t keep)
{
	*to = *from;
	to->node = malloc(from->nodes * sizeof *to->node);
	to->leaf = malloc(from->nodes * sizeof *to->leaf);
	to->sample = malloc(from->leaves * keep);
	if (to->node == NULL || to->leaf == NULL || to->sample == NULL)
		return -1;
	memcpy(to->node, from->node, from->nodes * sizeof *to->node);
	memcpy(to->leaf, from->leaf, from->nodes * sizeof *to->leaf);
	memcpy(to->sample, from->sample, from->leaves * keep);
	return 0;
}

static void *
work(void *arg)
{
	struct worker *me = arg;
	const struct growth *g = me->growth;
	size_t nodes = most_nodes(g->rows, g->o);
	struct workspace *w = workspace_new(g->rows, nodes);
	struct sapling s = { NULL, NULL, NULL, 0, 0, 0 };

	s.node = malloc(nodes * sizeof *s.node);
	s.leaf = malloc(nodes * sizeof *s.leaf);
	s.sample = malloc((nodes / 2 + 1) * g->o->keep);
	me->failed =
	    w == NULL || s.node == NULL || s.leaf == NULL || s.sample == NULL;
	for (unsigned t = me->from; !me->failed && t < g->o->trees;
	     t += me->by) {
		grow(g, w, t, &s);
		me->failed = sapling_copy(&me->sapling[t], &s, g->o->keep) < 0;
	}
	sapling_free(&s);
	workspace_free(w);
	return NULL;
}

static int
grow_all(const struct growth *g, struct sapling *sapling)
{
	unsigned threads = g->o->threads > 1 ? g->o->threads : 1;
	struct worker worker[64];
	pthread_t id[64];
	int running[64] = { 0 };
	int failed = 0;

	if (threads > 64)
		threads = 64;
	for (unsigned k = 0; k < threads; k++) {
		worker[k] = (struct worker){ g, sapling, k, threads, 0 };
		running[k] = k > 0 &&
		    pthread_create(&id[k], NULL, work, &worker[k]) == 0;
	}
	for (unsigned k = 0; k < threads; k++) {
		/* where no thread could be had its trees are grown here */
		if (running[k])
			pthread_join(id[k], NULL);
		else
			work(&worker[k]);
		failed |= worker[k].failed;
	}
	return failed ? -1 : 0;
}

static struct trees *
trees_new(size_t trees, size_t keep, size_t nodes, size_t leaves)
{
	struct trees *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->trees = trees;
	t->keep = keep;
	t->root = malloc((trees + 1) * sizeof *t->root);
	t->first = malloc((trees + 1) * sizeof *t->first);
	t->depth = malloc(trees);
	t->node = malloc(nodes * sizeof *t->node);
	t->leaf = malloc(nodes * sizeof *t->leaf);
	t->sample = malloc(leaves * keep);
	if (t->root == NULL || t->first == NULL || t->depth == NULL ||
	    t->node == NULL || t->leaf == NULL || t->sample == NULL) {
		trees_free(t);
		return NULL;
	}
	return t;
}

static struct trees *
assemble(const struct sapling *s, const struct trees_options *o)
{
	size_t nodes = 0;
	size_t leaves = 0;
	struct trees *t;

	for (unsigned k = 0; k < o->trees; k++) {
		nodes += s[k].nodes;
		leaves += s[k].leaves;
	}
	t = trees_new(o->trees, o->keep, nodes, leaves);
	if (t == NULL)
		return NULL;
	nodes = leaves = 0;
	for (unsigned k = 0; k < o->trees; k++) {
		t->root[k] = (uint32_t)nodes;
		t->first[k] = (uint32_t)leaves;
		t->depth[k] = (uint8_t)s[k].depth;
		memcpy(
		    t->node + nodes, s[k].node, s[k].nodes * sizeof *t->node);
		memcpy(
		    t->leaf + nodes, s[k].leaf, s[k].nodes * sizeof *t->leaf);
		memcpy(t->sample + leaves * o->keep, s[k].sample,
		    s[k].leaves * o->keep);
		nodes += s[k].nodes;
		leaves += s[k].leaves;
	}
	t->root[o->trees] = (uint32_t)nodes;
	t->first[o->trees] = (uint32_t)leaves;
	for (size_t k = 0; k < o->columns; k++)
		if (o->column[k] >= t->features)
			t->features = o->column[k] + (size_t)1;
	return t;
}

void
trees_free(struct trees *t)
{
	if (t == NULL)
		return;
	packed_free(t->packed);
	free(t->root);
	free(t->first);
	free(t->depth);
	free(t->node);
	free(t->leaf);
	free(t->sample);
	free(t);
}

/*
 * The table of 256 values: two thirds of it at quantiles of the targets, where
 * most of them are, one third evenly spaced from least to greatest, so that
 * rare large ones keep their size; and those two themselves.
 */
static void
make_values(
    const float *sorted, size_t n, float least, float most, float *value)
{
	const int even = TREES_VALUES / 3;
	const int rest = TREES_VALUES - even;
	double low = (double)least;
	double high = (double)most;

	for (int k = 0; k < rest; k++)
		value[k] =
		    (float)math_quantilef(sorted, n, (double)k / (rest - 1));
	for (int k = 0; k < even; k++)
		value[rest + k] =
		    (float)(low + (high - low) * (k + 1) / (even + 1));
	value[0] = least;
	value[rest - 1] = most;
	math_sortf(value, TREES_VALUES);
}

/* the nearest value's code */
static uint8_t
encode(const float *value, float y)
{
	unsigned at = 0;

	for (unsigned step = TREES_VALUES / 2; step > 0; step /= 2)
		if (value[at + step] <= y)
			at += step;
	if (at + 1 < TREES_VALUES && value[at + 1] - y < y - value[at])
		at++;
	return (uint8_t)at;
}

/*
 * Clip the targets at the given quantile of their distance from the median,
 * as whole numbers, so that sums do not depend on the order of adding.
 */
static int
make_targets(const float *y, size_t n, double clip, float *value,
    uint32_t *target, uint8_t *code)
{
	size_t every = (n + SAMPLE - 1) / SAMPLE;
	size_t count = 0;
	float *z = malloc((SAMPLE + 2) * sizeof *z);
	float low = y[0];
	float high = y[0];
	double middle;
	double limit;

	if (z == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		low = y[i] < low ? y[i] : low;
		high = y[i] > high ? y[i] : high;
		if (i % every == 0)
			z[count++] = y[i];
	}
	math_sortf(z, count);
	middle = math_quantilef(z, count, 0.5);
	make_values(z, count, low, high, value);
	for (size_t i = 0; i < count; i++)
		z[i] = fabsf((float)((double)z[i] - middle));
	limit = math_quantile_off(z, count, clip);
	free(z);
	for (size_t i = 0; i < n; i++) {
		double d = (double)y[i] - middle;
		long g = 0;

		if (limit > 0.0)
			g = lrint(fmax(-1.0, fmin(1.0, d / limit)) * LEVELS);
		target[i] = PACK(g + LEVELS + 1);
		code[i] = encode(value, y[i]);
	}
	return 0;
}

static int
options_bad(const struct trees_options *o, size_t rows)
{
	return rows < 1 || rows > ROWS || o->trees < 1 || o->depth < 1 ||
	    o->depth > 15 || o->minleaf < 1 || o->mtry < 1 ||
	    o->columns < o->mtry || o->columns > COLUMNS || o->keep < 1 ||
	    o->keep > 32 || (size_t)o->trees * o->keep > TREES_SAMPLES ||
	    !(o->share > 0.0) || o->share > 1.0;
}

struct trees *
trees_fit(const uint8_t *x, size_t width, const float *y, size_t rows,
    const struct trees_options *o)
{
	struct growth g = { x, width, rows, NULL, NULL, o };
	struct trees *t = NULL;
	struct sapling *sapling;
	uint32_t *target;
	uint8_t *code;
	float value[TREES_VALUES];

	if (options_bad(o, rows)) {
		errno = EINVAL;
		return NULL;
	}
	sapling = calloc(o->trees, sizeof *sapling);
	target = malloc(rows * sizeof *target);
	code = malloc(rows);
	if (sapling != NULL && target != NULL && code != NULL &&
	    make_targets(y, rows, o->clip, value, target, code) == 0) {
		g.target = target;
		g.code = code;
		if (grow_all(&g, sapling) == 0)
			t = assemble(sapling, o);
		if (t != NULL)
			memcpy(t->value, value, sizeof value);
	}
	for (unsigned k = 0; sapling != NULL && k < o->trees; k++)
		sapling_free(&sapling[k]);
	free(code);
	free(target);
	free(sapling);
	return t;
}
