/*
 * page.h - the parts of a page
 * Private to the room.
 */
#ifndef VIEW_PAGE_H
#define VIEW_PAGE_H

#include "view/story.h"

/* What is known of a target, put together once */
struct page_target {
	const struct view *v;
	const struct view_target *t;
	const struct view_run *last; /* or NULL */
	struct story_load *loads;
	size_t n_loads;
	struct story_seen *seen; /* of the first load of which there is any */
	size_t n_seen, seen_of;
	struct story_money money;
	int has_money;
};

void page_cards(const struct page_target *, struct buf *);
void page_runs(const struct page_target *, struct buf *);
void page_models(const struct page_target *, struct buf *);
void page_backtests(const struct page_target *, struct buf *);
void page_anomalies(const struct page_target *, struct buf *);
void page_patterns(const struct page_target *, struct buf *);

/* page_time: a moment in words that carries its date for programs */
void page_time(struct buf *, int64_t ms);

#endif
