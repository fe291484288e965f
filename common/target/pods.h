/*
 * pods.h - what the pods of a workload in a Kubernetes cluster are given
 * Private to the room: the driver kubernetes' part for sizes. They have what
 * the workload's template says; another one replaces them by and by.
 */
#ifndef TARGET_PODS_H
#define TARGET_PODS_H

#include "target/cluster.h"
#include "target/target.h"

struct workload {
	const struct cluster *cluster;
	const char *object; /* its path */
	const char *shown; /* "deployments/web" */
};

/* pods_size(w, parts, why): the one part, named "KIND/NAME CONTAINER". 0, or -1
 * and why */
int pods_size(
    const struct workload *w, struct size_parts *parts, struct buf *why);

void pods_round(struct size *size); /* to thousandths of a core */

/* pods_resize: as a driver's resize, by the object's resourceVersion */
enum target_outcome pods_resize(const struct workload *w,
    const struct size_change *change, struct buf *request, struct buf *why);

/* pods_settled: all pods are of the template as it is, with that size, and
 * ready */
enum target_arrival pods_settled(
    const struct workload *w, const struct size *size, struct buf *why);

#endif
