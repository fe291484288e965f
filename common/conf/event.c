#include "conf/event.h"

#include <string.h>

static const struct {
	const char *word;
	unsigned event;
} words[] = { { "scale_up", EVENT_SCALE_UP },
	{ "scale_down", EVENT_SCALE_DOWN },
	{ "emergency_scale", EVENT_EMERGENCY }, { "maintain", EVENT_MAINTAIN },
	{ "hold", EVENT_HOLD }, { "applied", EVENT_APPLIED },
	{ "unchanged", EVENT_UNCHANGED }, { "dry-run", EVENT_DRY_RUN },
	{ "monitor", EVENT_MONITOR }, { "pending", EVENT_PENDING },
	{ "refused", EVENT_REFUSED }, { "failed", EVENT_FAILED },
	{ "timeout", EVENT_FAILED }, { "stopped", EVENT_STOPPED },
	{ "resumed", EVENT_RESUMED }, { "anomaly", EVENT_ANOMALY },
	{ "changed-elsewhere", EVENT_ELSEWHERE }, { "all", EVENT_ALL } };

enum { WORDS = sizeof(words) / sizeof(words[0]) };

void
event_words(struct buf *out)
{
	for (size_t i = 0; i < WORDS; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", words[i].word);
}

void
event_list(struct buf *out, unsigned events)
{
	buf_char(out, '[');
	for (size_t i = 0; i < WORDS; i++) {
		if ((events & words[i].event) != words[i].event)
			continue;
		events &= ~words[i].event; /* a second word for it is none */
		buf_str(out, out->s[out->len - 1] == '[' ? "" : ",");
		buf_json_str(out, words[i].word);
	}
	buf_char(out, ']');
}

int
event_word(const char *s, size_t n, unsigned *events)
{
	for (size_t i = 0; i < WORDS; i++) {
		if (strlen(words[i].word) == n &&
		    memcmp(words[i].word, s, n) == 0) {
			*events |= words[i].event;
			return 0;
		}
	}
	return -1;
}
