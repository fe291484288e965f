/*
 * size.h - what instances are given, and how far it may be changed
 *
 * A part is what a driver can give a size of its own: a container, a machine,
 * or a whole service where all of its instances are made alike.
 */
#ifndef TARGET_SIZE_H
#define TARGET_SIZE_H

#include <stddef.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "json/json.h"

enum size_amount { SIZE_CPUS, SIZE_MEMORY, SIZE_CPUS_KEPT, SIZE_MEMORY_KEPT };
enum { SIZE_AMOUNTS = 4 };
extern const char *const size_names[SIZE_AMOUNTS]; /* "cpus", "memory", ... */

/* Cores or bytes, by enum size_amount. 0: no limit, nothing reserved */
struct size {
	double x[SIZE_AMOUNTS];
};

struct size_part {
	char name[256]; /* for people, and for the driver to find it again */
	struct size has;
	double used; /* bytes of memory now; NAN: the driver cannot tell */
	const char *fixed[SIZE_AMOUNTS]; /* why it cannot be set, static; NULL:
					  * it can */
	unsigned loose; /* bits: may be above its limit */
};

struct size_parts {
	struct size_part *all;
	size_t n;
};

/* size_add(parts): one more, all 0 but used NAN; NULL: no memory */
struct size_part *size_add(struct size_parts *);
void size_free(struct size_parts *);

/* Which way sizes may go now */
enum size_way { SIZE_UP = 1, SIZE_DOWN = 2, SIZE_BOTH = 3 };

/*
 * size_plan(c, wish, part, ways, out, held): the size that part is to have:
 * the wish, whose amounts of 0 are left alone, within the bounds of c (min_,
 * max_), at most c->max_raise and c->max_lower away from what it has, a
 * reservation never above the limit, and memory never below what is used now
 * and c->headroom of it; where that is not known, not lowered at all unless
 * c->min_memory says how far. A limit where there was none is a lowering.
 * Amounts that differ by less than a hundredth are the same. Returns the ways
 * that out goes; held gets what is not done, and why.
 */
unsigned size_plan(const struct conf_resources *c, const struct size *wish,
    const struct size_part *part, unsigned ways, struct size *out,
    struct buf *held);

/* size_needs_used(wish, part): 1: memory would be lowered, so that what it
 * uses now has to be known */
int size_needs_used(const struct size *wish, const struct size_part *part);

/* size_same(a, b): none of them differs by a hundredth or more */
int size_same(const struct size *a, const struct size *b);

/* size_write(out, s): a JSON object; what is 0 is left out */
void size_write(struct buf *out, const struct size *s);

/* size_text(out, a, x): "0.75 cores", "512 MiB" */
void size_text(struct buf *out, enum size_amount a, double x);

/* One change of a part. It is made only where the part still has what it had.
 */
struct size_change {
	const struct size_part *part;
	struct size to;
	int dry_run; /* write nothing */
	double timeout; /* s, for all that it takes */
};

#endif
