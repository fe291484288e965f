/* Stretches of time as people and as-detect write them */
#include "model/mask.h"

#include <inttypes.h>
#include <stdio.h>

#define LONG                                                                   \
	"a metric with a name that is as long as only the metrics of a "       \
	"service in a cluster in a zone in a region can be, and longer"

static const struct {
	const char *text;
	int ok;
	int64_t from, until; /* ms */
} table[] = {
	{ "1700000000/1700000600", 1, 1700000000000, 1700000600000 },
	{ "2023-11-14T22:13:20Z/2023-11-14T22:23:20Z", 1, 1700000000000,
	    1700000600000 },
	{ " \t1700000000/1700000600 \t\r", 1, 1700000000000, 1700000600000 },
	{ "1700000000/1700000600#", 1, 1700000000000, 1700000600000 },
	{ "1700000000/1700000600 # " LONG ": spike", 1, 1700000000000,
	    1700000600000 },
	{ "1700000000/1700000600 and more", 0, 0, 0 },
	{ "1700000600/1700000000", 0, 0, 0 },
	{ "1700000000/1700000000", 0, 0, 0 },
	{ "1700000000", 0, 0, 0 },
	{ "1700000000/", 0, 0, 0 },
	{ "/1700000000", 0, 0, 0 },
	{ "", 0, 0, 0 },
	{ "#", 0, 0, 0 },
	{ LONG, 0, 0, 0 },
	{ "00000000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000000000000000000000000000000000000"
	  "00/1700000000",
	    0, 0, 0 },
};

int
main(void)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct mask m = { 0, 0 };
		int ok = mask_parse(table[i].text, &m) == 0;

		if (ok == table[i].ok &&
		    (!ok ||
			(m.from == table[i].from && m.until == table[i].until)))
			continue;
		printf("mask: '%s': %d, %" PRId64 " to %" PRId64 "\n",
		    table[i].text, ok, m.from, m.until);
		failed = 1;
	}
	return failed;
}
