/* decision records: what is written reads back, plan and id with it */
#include "record/decision.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

/* The observed part, what plan it must give (sha256sum of the lines target,
 * count, version, recommendation), and a name for it */
static const struct {
	const char *name;
	struct state observed;
	const char *plan;
} rows[] = {
	{ "known",
	    { .driver = "file",
		.known = 1,
		.instances = 3,
		.ready = 2,
		.version = "11" },
	    "bcccfbe82b83d8ca" },
	{ "without a version",
	    { .driver = "file", .known = 1, .instances = 3, .ready = 3 },
	    "2eaa7380fb1d7f99" },
	{ "not known any more",
	    { .driver = "file",
		.known = 0,
		.instances = 3,
		.ready = 3,
		.version = "11",
		.error = "older than the last change" },
	    "1c3fbbd681e33bb8" },
};

static void
there_and_back(const struct state *observed, const char *plan)
{
	static struct decision d, back;
	struct buf b = { 0 };
	const char *why = NULL;
	struct json *j;

	d = (struct decision){ .time = 1795453200000,
		.target = "web",
		.action = ACTION_HOLD,
		.current_load = NAN,
		.predicted_load = NAN,
		.confidence = NAN,
		.current = observed->known ? observed->instances : -1,
		.recommended = 3,
		.cost_impact = NAN,
		.spent = NAN,
		.risk_ahead = NAN,
		.risk_keep = NAN,
		.reason = "a reason",
		.by = "hold",
		.observed = *observed };
	snprintf(d.observed.target, sizeof(d.observed.target), "web");
	d.observed.time = d.time;
	decision_plan(&d);
	check(strcmp(d.plan, plan) == 0);
	decision_write(&b, &d);
	j = json_parse(b.s, b.len, &why);
	check(j != NULL);
	if (!check(decision_read(&back, j, &why) == 0))
		fprintf(stderr, "%s\n", why);
	check(strcmp(back.plan, d.plan) == 0 && strcmp(back.id, d.id) == 0);
	check(back.observed.known == observed->known);
	json_free(j);
	buf_free(&b);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row = rows[i].name;
		there_and_back(&rows[i].observed, rows[i].plan);
	}
	return check_status();
}
