#include "channel/sheet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "channel/facts.h"
#include "channel/fit.h"
#include "channel/notice.h"
#include "channel/day.h"
#include "channel/plot.h"

enum { TEXT_MAX = 65536 }; /* bytes of one notice */

void
sheet_free(struct sheet *p)
{
	buf_free(&p->html);
	for (size_t i = 0; i < p->n; i++)
		buf_free(&p->pictures[i].png);
	*p = (struct sheet){ 0 };
}

/* Text, also within double quotes; what is no UTF-8 has been seen to */
static void
put_escaped(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (s[i]) {
		case '&':
			buf_str(b, "&amp;");
			break;
		case '<':
			buf_str(b, "&lt;");
			break;
		case '>':
			buf_str(b, "&gt;");
			break;
		case '"':
			buf_str(b, "&quot;");
			break;
		default:
			buf_char(b, s[i]);
		}
	}
}

static void
put_head(struct buf *b, const char *text)
{
	buf_str(b,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	put_escaped(b, text, strcspn(text, "\n"));
	buf_str(b,
	    "</title>\n</head>\n"
	    "<body style=\"margin:0;padding:16px;"
	    "font:15px/1.5 sans-serif\">\n"
	    "<div style=\"max-width:600px;overflow-wrap:anywhere\">\n");
}

/* What is wrong is red, what wants a look is brown; the words say it too */
static const char *
colour_of(unsigned events)
{
	if ((events & (EVENT_FAILED | EVENT_STOPPED | EVENT_REFUSED)) != 0)
		return "#b3261e";
	if ((events & (EVENT_PENDING | EVENT_ANOMALY | EVENT_EMERGENCY)) != 0)
		return "#b26a00";
	return "#1f5fa8";
}

/* A command stands alone, so that it can be copied */
static void
put_line(struct buf *b, const char *s, size_t n, const char *grant)
{
	size_t k = grant != NULL ? strlen(grant) : 0;

	if (k == 0 || k > n || memcmp(s + n - k, grant, k) != 0) {
		put_escaped(b, s, n);
		return;
	}
	put_escaped(b, s, n - k);
	buf_str(b,
	    "<br>\n<code style=\"display:block;padding:8px;"
	    "border:1px solid #8a94a0\">");
	put_escaped(b, grant, k);
	buf_str(b, "</code>");
}

static void
put_text(struct buf *b, const char *text, unsigned events, const char *grant)
{
	size_t n = strcspn(text, "\n");

	buf_printf(b,
	    "<h1 style=\"font-size:18px;margin:0 0 8px;padding-left:10px;"
	    "border-left:6px solid %s\">",
	    colour_of(events));
	put_escaped(b, text, n);
	buf_str(b, "</h1>\n");
	text += n + (text[n] == '\n');
	if (*text == '\0')
		return;
	buf_str(b, "<p style=\"margin:0 0 12px\">");
	for (;;) {
		n = strcspn(text, "\n");
		put_line(b, text, n, grant);
		if (text[n] == '\0')
			break;
		text += n + 1;
		buf_str(b, "<br>\n");
	}
	buf_str(b, "</p>\n");
}

static void
put_row(struct buf *b, const char *name, double x, double y, const char *fmt)
{
	if (!isfinite(x))
		return;
	buf_printf(b,
	    "<tr><th align=\"left\" style=\"font-weight:normal;"
	    "padding-right:16px\">%s</th><td>",
	    name);
	if (isfinite(y))
		buf_printf(b, "%.0f &rarr; %.0f", x, y);
	else
		buf_printf(b, fmt[0] == 'p' ? "%.1f %%" : "%.0f", x);
	buf_str(b, "</td></tr>\n");
}

static double
number(const struct json *j, const char *name)
{
	double x = (double)NAN;

	json_get_num(j, name, &x);
	return x;
}

/* What a decision says in numbers */
static void
put_table(struct buf *b, const struct json *j)
{
	const char *why;
	struct facts f;

	if (facts_take(&f, j, &why) != 0)
		return;
	buf_str(b, "<table style=\"margin:0 0 12px\" role=\"presentation\">\n");
	put_row(b, "Instances", f.from, f.to, "count");
	put_row(
	    b, "Load now", number(j, "current_load"), (double)NAN, "percent");
	put_row(b, "Load expected", number(j, "predicted_load"), (double)NAN,
	    "percent");
	put_row(b, "Forecasts that held", 100 * number(j, "confidence"),
	    (double)NAN, "percent");
	buf_str(b, "</table>\n");
}

static void
put_key(struct buf *b, unsigned colour, const char *what)
{
	buf_printf(b,
	    "<span style=\"color:#%06x\" aria-hidden=\"true\">&#9632;</span> "
	    "%s\n",
	    colour, what);
}

static void
put_picture(struct buf *b, const struct sheet_picture *p, const struct day *x)
{
	struct buf words = { 0 };

	plot_words(x, &words);
	buf_printf(b,
	    "<p style=\"margin:0 0 4px\"><img src=\"cid:%s\" width=\"%d\" "
	    "height=\"%d\"\nstyle=\"max-width:100%%;height:auto;"
	    "background:#ffffff\"\nalt=\"Chart of load, forecast and instances "
	    "of ",
	    p->id, PLOT_W, PLOT_H);
	put_escaped(b, p->target, strlen(p->target));
	buf_str(b,
	    ", told below\"></p>\n<p style=\"margin:0 0 "
	    "24px;font-size:13px\">\n");
	put_key(b, PLOT_LOAD, "load");
	put_key(b, PLOT_BAND,
	    "from what was expected to what is passed 5 times of 100");
	put_key(b, PLOT_INSTANCES, "instances");
	buf_str(b, "<br>");
	put_escaped(b, words.s != NULL ? words.s : "", words.len);
	buf_str(b, "</p>\n");
	b->failed |= words.failed;
	buf_free(&words);
}

static int
is_shown(const struct sheet *p, const char *target)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->pictures[i].target, target) == 0)
			return 1;
	return 0;
}

/* The last day up to n, once a target */
static void
add_picture(struct sheet *p, const struct notice *n, const struct json *j,
    const char *state, const char *id)
{
	struct sheet_picture *to = &p->pictures[p->n];
	long long now = clock_now();
	struct buf why = { 0 };
	struct day x;

	if (p->n == SHEET_PICTURES || is_shown(p, n->target))
		return;
	json_get_time(j, "time", &now);
	*to = (struct sheet_picture){ .target = n->target };
	snprintf(to->id, sizeof(to->id), "%zu.%s", p->n, id);
	day_read(&x, state, n->target, j, now, &why);
	if (x.p != NULL && plot_png(&x, &to->png) == 0 && !to->png.failed) {
		p->n++;
		put_picture(&p->html, to, &x);
	} else {
		buf_free(&to->png);
	}
	day_free(&x);
	buf_free(&why);
}

void
sheet_make(struct sheet *p, const struct channel_message *m, const char *state,
    const char *id)
{
	*p = (struct sheet){ 0 };
	put_head(&p->html, m->text);
	if (m->notices == NULL)
		put_text(&p->html, m->text, 0, NULL);
	for (const struct notice *n = m->notices; n != NULL; n = n->next) {
		struct json *j = NULL;
		struct buf text = { 0 }; /* without bad UTF-8 */
		const char *why;

		if (n->record.len > 0)
			j = json_parse(n->record.s, n->record.len, &why);
		fit_bytes(&text, n->text.s, TEXT_MAX);
		put_text(&p->html, text.s != NULL ? text.s : "", n->events,
		    n->grant);
		put_table(&p->html, j);
		add_picture(p, n, j, state, id);
		json_free(j);
		p->html.failed |= text.failed;
		buf_free(&text);
	}
	buf_str(&p->html, "</div>\n</body>\n</html>\n");
}
