/* the best cut where the processor has AVX2: eight at once */
#if defined(__x86_64__)
#pragma GCC target("avx2")
#define LANES 8
#include "math/forest_cut.h"

void
cut_best_avx2(const uint32_t *h, const struct node_facts *node,
    unsigned feature, struct split *best)
{
	cut_best(h, node, feature, best);
}
#else
typedef int no_such_processor; /* a file must not be empty */
#endif
