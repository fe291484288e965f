#include "target/result.h"

#include <math.h>
#include <string.h>

const char *const apply_statuses[] = { "applied", "unchanged", "dry-run",
	"monitor", "pending", "refused", "failed", "timeout", NULL };

void
apply_result_free(struct apply_result *r)
{
	buf_free(&r->request);
	buf_free(&r->error);
	buf_free(&r->notes);
	buf_free(&r->tuned);
	buf_free(&r->resized);
}

static void
put_result(struct buf *b, const struct apply_result *r)
{
	buf_str(b, "{\"status\":");
	buf_json_str(b, apply_statuses[r->status]);
	if (r->driver[0] != '\0')
		record_put_str(b, "driver", r->driver);
	if (r->from >= 0)
		record_put_num(b, "from", (double)r->from);
	if (r->to >= 0)
		record_put_num(b, "to", (double)r->to);
	if (r->request.len > 0)
		record_put_str(b, "request", r->request.s);
	if (r->took_ms >= 0)
		record_put_num(b, "took_ms", (double)r->took_ms);
	if (r->confirmed >= 0)
		buf_printf(
		    b, ",\"confirmed\":%s", r->confirmed ? "true" : "false");
	if (!isnan(r->ready_s))
		record_put_num(b, "ready_s", r->ready_s);
	if (r->restored >= 0)
		record_put_num(b, "restored", (double)r->restored);
	if (r->expected >= 0)
		record_put_num(b, "expected", (double)r->expected);
	if (r->error.len > 0)
		record_put_str(b, "error", r->error.s);
	if (r->tuned.len > 0) {
		record_put_key(b, "tuned");
		buf_str(b, r->tuned.s);
	}
	if (r->resized.len > 0) {
		record_put_key(b, "resized");
		buf_str(b, r->resized.s);
	}
	record_put_time(b, "at", r->at);
	buf_char(b, '}');
	b->failed |= r->request.failed | r->error.failed | r->tuned.failed |
	    r->resized.failed;
}

void
result_retype(struct buf *out, const char *line, size_t n, const char *type,
    const char *member, const struct buf *value)
{
	struct buf typed = { 0 };

	if (value->failed || json_replace(line, n, "type", type, &typed) != 0 ||
	    typed.failed ||
	    json_replace(typed.s, typed.len, member, value->s, out) != 0)
		out->failed = 1;
	buf_free(&typed);
}

void
apply_line(
    struct buf *out, const char *line, size_t n, const struct apply_result *r)
{
	struct buf value = { 0 };

	put_result(&value, r);
	result_retype(out, line, n, "\"result\"", "result", &value);
	buf_free(&value);
}

enum apply_status
result_judge(
    const struct json *intent, const struct state *s, struct buf *error)
{
	const char *version = json_get_str(intent, "version");
	double from = -1, to = -1;
	int moved;

	json_get_num(intent, "from", &from);
	json_get_num(intent, "to", &to);
	if (from == to) { /* the count was to stay */
		buf_str(error,
		    json_get(intent, "sweep") != NULL
			? "cut off while what never served was removed"
			: "cut off while what instances are given was "
			  "changed");
		return APPLY_UNCHANGED;
	}
	moved = version != NULL && *version != '\0' &&
	    strcmp(version, s->version) != 0;
	if ((double)s->instances == to &&
	    (moved || version == NULL || *version == '\0')) {
		buf_str(error,
		    "the process that did it ended before it could "
		    "say so");
		return APPLY_APPLIED;
	}
	if ((double)s->instances == from && !moved) {
		buf_str(error, "cut off before the change was made");
		return APPLY_FAILED;
	}
	buf_printf(error,
	    "cut off; the target has %ld now, and nobody knows whether the "
	    "change was made in between",
	    s->instances);
	return APPLY_TIMEOUT;
}
