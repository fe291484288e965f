/*
 * pack.h - numbers as bytes that read alike on every machine
 * Little-endian; doubles as their IEEE 754 bits.
 */
#ifndef MODEL_PACK_H
#define MODEL_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

void pack_uint(struct buf *, uint64_t, int bytes); /* 1 to 8 bytes */
void pack_double(struct buf *, const double *, size_t n);

/* What is left to read. Once it is too short failed is 1 and all that is read
 * is 0: check it once, at the end. */
struct unpack {
	const unsigned char *p;
	size_t n;
	int failed;
};

uint64_t unpack_uint(struct unpack *, int bytes);
void unpack_double(struct unpack *, double *, size_t n);

#endif
