/* Alertmanager's API v2: POST of an array of alerts to /api/v2/alerts. What
 * went wrong, waits for a person or is odd is an alert that lasts until it has
 * to be told again; what is well again ends, for its target, the alerts that
 * rest on a decision. Source: openapi.yaml of Alertmanager, postableAlert;
 * prometheus.io/docs/alerting, "Sending alerts": an alert is its labels, it
 * ends with endsAt, and annotations of the last post count. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "channel/fit.h"
#include "channel/hook.h"
#include "channel/notice.h"
#include "channel/secret.h"

enum {
	SHORT_MS = 300 * 1000, /* how long news is an alert, at least */
	SLACK_MS = 60 * 1000 /* until the next run has come round */
};

struct alertmanager {
	struct hook *hook;
	struct buf login; /* a header; empty: none */
	int64_t lasts; /* ms: until it would be told again */
};

/* What alerts are made of, the gravest first: a notice is the first it has */
static const struct {
	unsigned event;
	const char *word, *severity;
	int lasts; /* until it would be told again */
	int ends; /* a good decision shows that it is over */
} conditions[] = {
	{ EVENT_FAILED, "failed", "critical", 1, 1 },
	{ EVENT_STOPPED, "stopped", "critical", 1, 1 },
	{ EVENT_PENDING, "pending", "warning", 1, 1 },
	{ EVENT_REFUSED, "refused", "warning", 1, 1 },
	{ EVENT_ANOMALY, "anomaly", "warning", 1, 0 },
	{ EVENT_EMERGENCY, "emergency_scale", "critical", 0, 0 },
	{ EVENT_SCALE_UP, "scale_up", "info", 0, 0 },
	{ EVENT_SCALE_DOWN, "scale_down", "info", 0, 0 },
	{ EVENT_HOLD, "hold", "info", 0, 0 },
};

enum { CONDITIONS = sizeof(conditions) / sizeof(conditions[0]) };

static void
alertmanager_close(void *self)
{
	struct alertmanager *a = self;

	hook_close(a->hook);
	secret_free(&a->login);
	free(a);
}

static void *
alertmanager_open(const struct channel_settings *s, struct buf *why)
{
	double again = s->conf != NULL ? s->conf->repeat_after : 0;
	struct alertmanager *a = calloc(1, sizeof(*a));
	struct buf token = { 0 };
	int got;

	if (a == NULL)
		return NULL;
	a->lasts = SHORT_MS;
	if (again * 1000 + SLACK_MS > SHORT_MS)
		a->lasts = (int64_t)(again * 1000) + SLACK_MS;
	got = secret_find("alertmanager", s->conf, &token, why);
	if (got == 1)
		buf_printf(&a->login, "Authorization: Bearer %s", token.s);
	if (got >= 0 && !a->login.failed)
		a->hook = hook_open(s, s->url, token.s, why);
	secret_free(&token);
	if (a->hook != NULL)
		return a;
	alertmanager_close(a);
	return NULL;
}

/* One alert. ends: ms */
static void
put_alert(
    struct buf *out, const struct notice *n, size_t condition, int64_t ends)
{
	struct buf first = { 0 };
	char s[CLOCK_SIZE];

	fit_first(&first, n->text.s);
	buf_str(out, out->len > 1 ? ",{" : "{");
	buf_str(out, "\"labels\":{\"alertname\":\"Autoscale\",\"event\":");
	buf_json_str(out, conditions[condition].word);
	buf_str(out, ",\"severity\":");
	buf_json_str(out, conditions[condition].severity);
	buf_str(out, ",\"target\":");
	buf_json_str(out, *n->target != '\0' ? n->target : "default");
	buf_str(out, "},\"annotations\":{\"summary\":");
	buf_json_str(out, first.s != NULL ? first.s : "");
	buf_str(out, ",\"description\":");
	buf_json_str(out, n->text.s);
	if (*n->plan != '\0') {
		buf_str(out, ",\"plan\":");
		buf_json_str(out, n->plan);
	}
	buf_printf(out, "},\"endsAt\":\"%s\"}", clock_format(s, ends));
	out->failed |= first.failed;
	buf_free(&first);
}

/* The alert that n is, if any; and the end of those that it shows are over */
static void
put_notice(
    const struct alertmanager *a, const struct notice *n, struct buf *out)
{
	const unsigned well = EVENT_APPLIED | EVENT_UNCHANGED | EVENT_MAINTAIN;
	int64_t now = clock_wall();
	size_t is = CONDITIONS;

	for (size_t i = CONDITIONS; i-- > 0;)
		if ((n->events & conditions[i].event) != 0)
			is = i;
	if (is < CONDITIONS)
		put_alert(out, n, is,
		    now + (conditions[is].lasts ? a->lasts : SHORT_MS));
	for (size_t i = 0; i < CONDITIONS; i++)
		if ((n->events & EVENT_RESUMED) != 0 &&
		    conditions[i].event == EVENT_STOPPED)
			put_alert(out, n, i, now);
	if ((n->events & well) == 0 || (is < CONDITIONS && conditions[is].ends))
		return;
	for (size_t i = 0; i < CONDITIONS; i++)
		if (conditions[i].ends)
			put_alert(out, n, i, now);
}

static void
put_body(const struct alertmanager *a, const struct channel_message *m,
    struct buf *out)
{
	buf_char(out, '[');
	for (const struct notice *n = m->notices; n != NULL; n = n->next)
		put_notice(a, n, out);
	buf_char(out, ']');
}

static int
alertmanager_send(void *self, const struct channel_message *m,
    struct channel_try *t, struct buf *why)
{
	const struct alertmanager *a = self;
	const char *headers[] = { a->login.s, NULL };
	struct buf body = { 0 };
	struct letter l = {
		.path = "/api/v2/alerts", .headers = headers, .body = &body
	};
	int status = 0;

	put_body(a, m, &body);
	if (body.failed || body.len > 2) /* else nothing is to be said */
		status = hook_post(a->hook, &l, t, NULL, why);
	buf_free(&body);
	return status;
}

static void
alertmanager_show(void *self, const struct channel_message *m, struct buf *out)
{
	const struct alertmanager *a = self;
	struct buf body = { 0 };

	put_body(a, m, &body);
	hook_show(a->hook, &body, out);
	buf_free(&body);
}

const struct channel_kind channel_alertmanager = {
	.name = "alertmanager",
	.address = ADDRESS_NEEDED,
	.open = alertmanager_open,
	.close = alertmanager_close,
	.send = alertmanager_send,
	.show = alertmanager_show,
};
