/*
 * apply.h - one decision carried out: checked, written ahead, done, read back
 *
 * The order that a kill at any moment must not upset: the right to act
 * (journal_lock), what the journal knows, the target as it is now, an "intent"
 * line, the change, reading back, a "result" line. An intent without a result
 * was cut off; the next run asks the target what became of it and writes the
 * result. Compare-and-set in the target itself is what keeps a change from
 * happening twice even where there is no journal. What else the decision
 * changes comes after the count, under the same lock and in the same line.
 */
#ifndef TARGET_APPLY_H
#define TARGET_APPLY_H

#include <signal.h>

#include "record/decision.h"
#include "target/target.h"

enum apply_mode {
	APPLY_AS_SAID, /* neither option nor file says: the record decides */
	APPLY_MONITOR,
	APPLY_AUTO
};

struct apply_settings { /* of one target */
	struct conf_apply apply;
	enum apply_mode mode;
	double decision_interval; /* s; older than two of them is stale */
	double approval_expires; /* s, for a record that does not say */
	const char *state_dir; /* NULL: no journal, no lock, no grants */
	int dry_run; /* write nothing, neither outside nor in the journal */
	const volatile sig_atomic_t *stop; /* true: wait no longer */
	const struct conf_tune *tunes; /* files to be written as well */
	size_t n_tunes;
	struct conf_resources resources; /* what instances may be given */
};

enum apply_status {
	APPLY_APPLIED,
	APPLY_UNCHANGED,
	APPLY_DRY_RUN,
	APPLY_MONITORED,
	APPLY_PENDING,
	APPLY_REFUSED,
	APPLY_FAILED,
	APPLY_TIMEOUT
};
extern const char *const apply_statuses[]; /* "applied", ... */

struct apply_result {
	enum apply_status status;
	char driver[32];
	long from, to; /* -1: not known */
	struct buf request; /* see target_scale; may be empty */
	long took_ms; /* -1: nothing was done */
	int confirmed; /* read back and right; -1: nothing was written */
	double ready_s; /* from the order to all that were asked for serving,
			 * as seen by looking again and again, s: what boot
			 * times are learned from. NAN: nothing was added, or
			 * it did not arrive, or the driver cannot tell what
			 * serves */
	long restored; /* put back to this count, for the change did not come
			* about; -1: it was not */
	struct buf error; /* why not; what is left to know; may be empty */
	long expected; /* the count as we knew it, where somebody else has
			* changed it since; else -1 */
	int64_t at; /* ms */
	int exit; /* enum status */
	struct buf notes; /* lines about journal and files, for stderr */
	struct buf tuned; /* JSON, see target/tune.h; may be empty */
	struct buf resized; /* JSON, see as-records(5); may be empty */
};

/*
 * apply_decision(s, d, r, out): carries out d, which r is the record of, as far
 * as s allows. Everything seen goes to the journal, unless dry_run. *out is
 * filled; free it with apply_result_free.
 */
void apply_decision(const struct apply_settings *s, const struct decision *d,
    const struct record *r, struct apply_result *out);
void apply_result_free(struct apply_result *);

/* apply_line(out, line, n, r): the record line as a result record: type
 * rewritten, "result" added, the rest byte for byte; without LF */
void apply_line(
    struct buf *out, const char *line, size_t n, const struct apply_result *r);

#endif
