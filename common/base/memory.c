#include "base/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MANY = 1 << 25 }; /* bytes: the most that the C library lets one set */

void
memory_ready(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p;

	mallopt(M_MMAP_THRESHOLD, MANY);
	mallopt(M_TRIM_THRESHOLD, 8 * MANY);
	p = bytes < MANY ? malloc(bytes) : NULL;
#ifdef MADV_POPULATE_WRITE
	if (p != NULL) {
		size_t skip = (page - (uintptr_t)p % page) % page;

		if (bytes > skip + page)
			madvise(p + skip, (bytes - skip) / page * page,
			    MADV_POPULATE_WRITE);
	}
#endif
	free(p);
}
