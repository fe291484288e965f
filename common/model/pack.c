#include "model/pack.h"

#include <string.h>

void
pack_uint(struct buf *b, uint64_t v, int bytes)
{
	for (int k = 0; k < bytes; k++)
		buf_char(b, (char)(unsigned char)(v >> 8 * k & 0xff));
}

void
pack_double(struct buf *b, const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t bits;

		memcpy(&bits, &x[i], sizeof(bits));
		pack_uint(b, bits, 8);
	}
}

uint64_t
unpack_uint(struct unpack *u, int bytes)
{
	uint64_t v = 0;

	if (u->n < (size_t)bytes) {
		u->n = 0;
		u->failed = 1;
		return 0;
	}
	for (int k = 0; k < bytes; k++)
		v |= (uint64_t)u->p[k] << 8 * k;
	u->p += bytes;
	u->n -= (size_t)bytes;
	return v;
}

void
unpack_double(struct unpack *u, double *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = unpack_uint(u, 8);

		memcpy(&x[i], &bits, sizeof(bits));
	}
}
