/*
 * memory.h - memory for a process that soon ends
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/*
 * memory_ready(bytes): what is freed from now on is kept for the next use
 * instead of being given back, and about so many bytes are asked for at once:
 * pages taken one by one, each at its first touch, cost ten times as much
 * where a hypervisor stands in between. Only speed depends on it: where the
 * system refuses, or has no such call, nothing is said.
 */
void memory_ready(size_t bytes);

#endif
