/*
 * random.h - a small seeded generator, for sampling only
 * xorshift64* started through splitmix64, so that neighbouring seeds give
 * unrelated streams. Not for secrets.
 * Source: Vigna 2016, An experimental exploration of Marsaglia's xorshift
 * generators, scrambled, ACM TOMS 42(4); Steele, Lea and Flood 2014.
 */
#ifndef MATH_RANDOM_H
#define MATH_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state; /* never 0 */
};

/* the next value of the splitmix64 sequence at *state */
static inline uint64_t
random_mix(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* a generator for one (seed, stream) pair; any values are good */
static inline struct random
random_start(uint64_t seed, uint64_t stream)
{
	uint64_t s = seed;
	struct random r;

	s = random_mix(&s) ^ (stream * UINT64_C(0xd1342543de82ef95));
	r.state = random_mix(&s) | 1;
	return r;
}

static inline uint32_t
random_next(struct random *r)
{
	uint64_t s = r->state;

	s ^= s >> 12;
	s ^= s << 25;
	s ^= s >> 27;
	r->state = s;
	return (uint32_t)((s * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

/*
 * a whole number from 0 to n-1, n >= 1; the bias of at most n / 2^32 (Lemire
 * 2019, without the rejection) does not matter for sampling rows
 */
static inline uint32_t
random_below(struct random *r, uint32_t n)
{
	return (uint32_t)(((uint64_t)random_next(r) * n) >> 32);
}

#endif
