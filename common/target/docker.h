/*
 * docker.h - the containers of one Docker Engine that the same labels name
 * Private to the room: what the driver's parts share.
 */
#ifndef TARGET_DOCKER_H
#define TARGET_DOCKER_H

#include "target/crowd.h"
#include "target/target.h"

struct docker {
	struct engine engine;
	int compose;
	char *service;
	char *labels; /* JSON array */
	double timeout;
};

/* docker_look(d, c, why): what is there. 0; -1 with a message: the Engine would
 * not say, or there is none at all */
int docker_look(struct docker *d, struct crowd *c, struct buf *why);

/* What a container is given, changed while it runs. A core reserved is 1024
 * CPU shares: when processors are short, containers get them in proportion to
 * these. */
extern const struct target_sizing docker_sizing;

#endif
