/*
 * words.h - what records say, for people to read
 * Private to the room.
 */
#ifndef VIEW_WORDS_H
#define VIEW_WORDS_H

#include <stdint.h>

#include "base/buf.h"

/* words_day(b, ms): "Tuesday, 24 November 2026"; words_moment: "24 Nov, 17:05";
 * words_month: "November 2026". All in UTC. */
void words_day(struct buf *, int64_t ms);
void words_moment(struct buf *, int64_t ms);
void words_month(struct buf *, int64_t ms);

/* words_action("scale_up"): "scale up"; what is not known stays as it is */
const char *words_action(const char *action);

/* words_money(b, x, plus, currency): "1 234.50 USD", with its sign if plus is 1
 */
void words_money(struct buf *, double x, int plus, const char *currency);

/* words_clean(b, s, n): n bytes of text for a terminal: characters that would
 * control it, or turn the direction of the text, become blanks; LF stays */
void words_clean(struct buf *b, const char *s, size_t n);

/* words_number(b, x): at most four digits that count, with k, M or G */
void words_number(struct buf *, double x);

/* words_share(b, x): "7.3 %" of 0.073, "88 %" of 0.88 */
void words_share(struct buf *, double x);

/* words_month_ends(ms, &from, &until): the calendar month (UTC) of ms */
void words_month_ends(int64_t ms, int64_t *from, int64_t *until);

#endif
