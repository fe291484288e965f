#include "channel/facts.h"

#include <math.h>
#include <string.h>

#include "conf/event.h"

unsigned
facts_event(const char *word)
{
	unsigned e = 0;

	if (word != NULL)
		event_word(word, strlen(word), &e);
	return e;
}

static int
is_pending(const struct json *j)
{
	const char *s = json_get_str(j, "approval");

	return s != NULL && strcmp(s, "required") == 0;
}

static int
has(const struct json *states, const char *word)
{
	const struct json *e;

	for (e = json_first(states); e != NULL; e = json_next(e))
		if (json_str(e) != NULL && strcmp(json_str(e), word) == 0)
			return 1;
	return 0;
}

static int
is_blind(const struct json *states)
{
	return has(states, "no-data") || has(states, "count-unknown") ||
	    has(states, "stale");
}

int
facts_take(struct facts *f, const struct json *j, const char **why)
{
	const struct json *result = json_get(j, "result");
	const unsigned actions = EVENT_SCALE_UP | EVENT_SCALE_DOWN |
	    EVENT_EMERGENCY | EVENT_MAINTAIN | EVENT_HOLD;
	unsigned e;

	*f = (struct facts){ .from = NAN, .to = NAN, .cost = NAN };
	if (result != NULL && json_type(result) == JSON_NULL)
		result = NULL;
	f->action = json_get_str(j, "action");
	e = facts_event(f->action);
	if (e == 0 || (e & ~actions) != 0) {
		*why = "'action' is missing or none that is known";
		return -1;
	}
	f->status = result != NULL ? json_get_str(result, "status") : "decided";
	if (f->status == NULL) {
		*why = "'result' has no 'status'";
		return -1;
	}
	if (json_get_num(result, "from", &f->from) != 0)
		json_get_num(j, "current_instances", &f->from);
	if (json_get_num(result, "to", &f->to) != 0)
		json_get_num(j, "recommended_instances", &f->to);
	json_get_num(j, "cost_impact", &f->cost);
	f->error = json_get_str(result, "error");
	f->size = json_get_str(json_get(result, "resized"), "status");
	f->size_error = json_get_str(json_get(result, "resized"), "error");
	if ((facts_event(f->size) & (EVENT_REFUSED | EVENT_FAILED)) == 0)
		f->size = NULL;
	f->mode = json_get_str(j, "mode");
	f->currency = json_get_str(j, "currency");
	f->expires = json_get_str(j, "expires");
	f->states = json_get(j, "states");
	/* as-decide sees it where it has the journal, else as-apply does */
	f->elsewhere = has(f->states, "changed-elsewhere") ||
	    json_get(result, "expected") != NULL;
	f->blind = e == EVENT_HOLD && is_blind(f->states);
	if (result == NULL && is_pending(j))
		f->status = "pending";
	return 0;
}
