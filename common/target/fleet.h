/*
 * fleet.h - machines that were made of the same thing, for the same service
 * Private to the room: what the drivers of machines share.
 *
 * Nobody gives a set of machines a version to compare with. What keeps two
 * writers apart are names: they follow from what was seen and what is to be
 * done, so that a change that is done twice makes the same machines once.
 */
#ifndef TARGET_FLEET_H
#define TARGET_FLEET_H

#include <stddef.h>

#include "json/json.h"
#include "target/target.h"

struct machine {
	char id[128], name[128], type[64], place[64];
	char address[64]; /* "" if it has none yet */
	char status[64]; /* the vendor's word, for messages */
	double created; /* seconds since 1970 */
	int counts; /* asked for and paid */
	int runs; /* by its vendor's word */
	int ready; /* it runs, and answers if it can be asked */
	int ours; /* made by us */
	int proven; /* it has been ready once */
	int surplus; /* of a type of which there are too many */
	double load; /* share of a processor; NAN: not known */
};

struct fleet {
	struct machine *all; /* those that count first */
	size_t n; /* of all */
	size_t count, ready; /* of those that count */
	char version[17]; /* changes with every machine come or gone */
};

/* fleet_add(f): one more, all 0; NULL: out of memory */
struct machine *fleet_add(struct fleet *f);
void fleet_free(struct fleet *);

/*
 * fleet_probe(f, health, seconds): asks every machine that runs at health, a
 * URL in which {address}, {name} and {id} stand for its own, all of them at
 * once and for so many seconds at most; ready is then whether it answered with
 * 200 to 299. health NULL: one that runs is ready.
 */
void fleet_probe(struct fleet *f, const char *health, double seconds);

/*
 * fleet_finish(f, orphan_s): when all are added and probed. One of ours that
 * never was ready for orphan_s no longer counts, as long as another is ready:
 * where none is, it may be the health that is at fault. 0; -1: no memory.
 */
int fleet_finish(struct fleet *f, double orphan_s);

/* fleet_orphan(m): one of those */
int fleet_orphan(const struct machine *m);

/*
 * fleet_order(f, how, period, minimum, mix): those that count in the order in
 * which they are to be removed: those of which mix (see fleet_wanted) has
 * fewer, those that do not serve, then by how: the newest, the one whose paid
 * time, by the period and the minimum (in seconds, 0: none), is nearest to its
 * end, or the least loaded.
 */
void fleet_order(struct fleet *f, enum conf_remove how, double period,
    double minimum, const struct json *mix);

/* fleet_wanted(mix, k): the type of the k-th (from 0) machine of a mix
 * [{"type":"cx22","count":2}, ...] that f has not yet; NULL: no more */
const char *fleet_wanted(
    const struct fleet *f, const struct json *mix, size_t k);

/* fleet_mix(change): the mix that the decision asks for, or NULL */
const struct json *fleet_mix(const struct target_change *change);

enum { FLEET_NAME = 64 };

/* fleet_name_fits(service): letters a-z, digits and hyphens, a letter first, 40
 * at most: what every vendor takes as part of a host's name */
int fleet_name_fits(const char *service);

/* fleet_name(out, f, service, change, k): the name of the k-th machine, from 1,
 * that this change makes. Returns out. */
char *fleet_name(char out[static FLEET_NAME], const struct fleet *f,
    const char *service, const struct target_change *change, long k);

/* fleet_compare(f, service, change, why): 0 where the fleet is as the change
 * has it, else -1 with a message */
int fleet_compare(const struct fleet *f, const char *service,
    const struct target_change *change, struct buf *why);

/* fleet_state(f, s): fills s */
void fleet_state(const struct fleet *f, struct state *s);

/* fleet_settled(f, service, want, why): as a driver's settled */
enum target_arrival fleet_settled(
    const struct fleet *f, const char *service, long want, struct buf *why);

#endif
