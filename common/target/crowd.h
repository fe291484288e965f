/*
 * crowd.h - the containers of an engine that carry the same labels
 * Private to the room: the driver docker's look at what is there.
 */
#ifndef TARGET_CROWD_H
#define TARGET_CROWD_H

#include <stddef.h>

#include "target/engine.h"

enum {
	/* A container of ours that was created and not started is on its way
	 * for so many seconds; after that, whoever made it was cut off. */
	CROWD_ON_ITS_WAY = 60
};

struct container {
	char id[65], name[256];
	char status[128]; /* as docker ps shows it */
	double created; /* seconds since 1970 by the engine's clock */
	long number; /* behind its name, or compose's; 1 if there is none */
	size_t base; /* length of the name before its number */
	int counts; /* asked for and paid: it runs, or is about to */
	int ready; /* it runs, and is healthy if it can tell */
	int ours; /* made by us */
	int fresh; /* created, never started */
};

struct crowd {
	struct container *all; /* those that count first; see crowd_look */
	size_t n; /* of all */
	size_t count, ready; /* of those that count */
	char version[17]; /* changes with every container come or gone */
};

/*
 * crowd_labels(service, compose, why): the labels that a service of the
 * settings stands for, for crowd_look; the caller frees them. NULL with a
 * message: it stands for none.
 */
char *crowd_labels(const char *service, int compose, struct buf *why);

/*
 * crowd_look(e, labels, compose, c, why): fills c with the containers that
 * carry all of labels, a JSON array of "key" or "key=value". Those that count
 * come first, in the order in which they would be removed: those that do not
 * serve, then the newest. compose: numbers are compose's. 0, or -1.
 */
int crowd_look(struct engine *e, const char *labels, int compose,
    struct crowd *c, struct buf *why);
void crowd_free(struct crowd *);

/* crowd_template(c): the one that more are made from: the newest that serves,
 * else the newest that runs, else the newest; NULL: there is none */
const struct container *crowd_template(const struct crowd *c);

/* crowd_next(c, t): one above the highest number of those named as t is */
long crowd_next(const struct crowd *c, const struct container *t);

#endif
