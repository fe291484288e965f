#include "conf/keys.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/zone.h"
#include "conf/event.h"
#include "conf/field.h"
#include "conf/when.h"

/* What is wrong, with the place of the key that says so. Returns -1. */
static int blame(const struct conf_target *t, struct buf *why,
    const char *section, const char *title, const char *key, const char *fmt,
    ...) __attribute__((format(printf, 6, 7)));

static int
blame(const struct conf_target *t, struct buf *why, const char *section,
    const char *title, const char *key, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_where(t, section, title, key, why);
	buf_str(why, text);
	return -1;
}

/* Was this set by anybody? */
static int
is_set(const struct conf_target *t, const char *section, const char *title,
    const char *key)
{
	return conf_origin_of(t, section, title, key) != NULL;
}

static int
check_signal(
    const struct conf_target *t, const struct conf_signal *g, struct buf *why)
{
	const char *n = g->name;

	if (isnan(g->capacity) && isnan(g->limit) &&
	    g->resource == RESOURCE_NONE)
		return blame(t, why, "signal", n, "query",
		    "signal '%s' has neither 'capacity' nor 'limit' nor "
		    "'resource'",
		    n);
	if (g->resource != RESOURCE_NONE && !isnan(g->limit))
		return blame(t, why, "signal", n, "resource",
		    "signal '%s' has both 'resource' and 'limit'", n);
	if (!isnan(g->capacity) && !isnan(g->limit))
		return blame(t, why, "signal", n, "limit",
		    "signal '%s' has both 'capacity' and 'limit'", n);
	if (g->saturates && g->target > 0.8)
		return blame(t, why, "signal", n, "target",
		    "signal '%s' saturates: a 'target' above 80%% would never "
		    "be passed",
		    n);
	if (is_set(t, "signal", n, "emergency") && g->emergency < g->target)
		return blame(t, why, "signal", n, "emergency",
		    "signal '%s': 'emergency' is below 'target'", n);
	return 0;
}

static int
check_policy(const struct conf_target *t, struct buf *why)
{
	const struct conf_policy *p = &t->policy;
	struct when until;

	if (p->min_instances > p->max_instances)
		return blame(t, why, "policy", NULL, "min_instances",
		    "'min_instances' is %ld and 'max_instances' %ld",
		    p->min_instances, p->max_instances);
	if (p->min_ready > p->max_instances)
		return blame(t, why, "policy", NULL, "min_ready",
		    "'min_ready' is %ld and 'max_instances' %ld", p->min_ready,
		    p->max_instances);
	if (p->fallback_instances > p->max_instances)
		return blame(t, why, "policy", NULL, "fallback_instances",
		    "'fallback_instances' is %ld and 'max_instances' %ld",
		    p->fallback_instances, p->max_instances);
	if (p->over_max == OVER_MAX_RAISE && p->raise_until == NULL)
		return blame(t, why, "policy", NULL, "over_max",
		    "'over_max' is raise, and 'raise_until' is not set");
	if (p->raise_until != NULL &&
	    (when_parse(p->raise_until, &until) != 0 || until.daily))
		return blame(t, why, "policy", NULL, "raise_until",
		    "'raise_until': '%s' is no time such as 2026-12-24T00:00",
		    p->raise_until);
	if (!isnan(p->overload_price) && is_set(t, "policy", NULL, "slo"))
		return blame(t, why, "policy", NULL, "overload_price",
		    "'overload_price' goes instead of 'slo', and both are set");
	if (!isnan(p->overload_price) && isnan(t->cost.per_instance))
		return blame(t, why, "policy", NULL, "overload_price",
		    "'overload_price' needs 'cost_per_instance', "
		    "'cost_per_hour' or types with a price");
	if (p->overload_price > 0 && !(t->cost.per_instance > 0))
		return blame(t, why, "policy", NULL, "overload_price",
		    "'overload_price' is weighed against what an instance "
		    "costs, and it costs nothing");
	return 0;
}

/* One way to say what an instance costs */
static int
check_prices(const struct conf_target *t, struct buf *why)
{
	const struct conf_cost *c = &t->cost;

	if (!isnan(c->month) && !isnan(c->hour))
		return blame(t, why, "cost", NULL, "cost_per_hour",
		    "'cost_per_hour' goes instead of 'cost_per_instance', and "
		    "both are set");
	if (!isnan(c->cap) && isnan(c->hour))
		return blame(t, why, "cost", NULL, "monthly_cap",
		    "'monthly_cap' needs 'cost_per_hour'");
	return 0;
}

static int
check_cost(const struct conf_target *t, struct buf *why)
{
	const struct conf_cost *c = &t->cost;
	const char *limit = "max_monthly_cost";
	double least = (double)t->policy.min_instances * c->per_instance;
	char a[NUMBER_SIZE], b[NUMBER_SIZE];

	if (strlen(c->currency) != 3)
		return blame(t, why, "cost", NULL, "currency",
		    "'currency' is no code of three letters");
	if (!isnan(c->max_monthly) && isnan(c->per_instance))
		return blame(t, why, "cost", NULL, limit,
		    "'%s' needs 'cost_per_instance', 'cost_per_hour' or types "
		    "with a price",
		    limit);
	if (!isnan(c->max_monthly) && least > c->max_monthly)
		return blame(t, why, "cost", NULL, limit,
		    "'%s' is %s, and 'min_instances' alone cost %s", limit,
		    number_format(a, c->max_monthly), number_format(b, least));
	if (!isnan(c->max_daily) && isnan(c->per_instance))
		return blame(t, why, "cost", NULL, "max_daily_cost",
		    "'max_daily_cost' needs 'cost_per_instance', "
		    "'cost_per_hour' or types with a price");
	if (!isnan(c->max_daily) && least * 24 / 730 > c->max_daily)
		return blame(t, why, "cost", NULL, "max_daily_cost",
		    "'max_daily_cost' is %s, and 'min_instances' alone cost "
		    "%.2f a day",
		    number_format(a, c->max_daily), least * 24 / 730);
	if (!isnan(t->approval.cost_above) && isnan(c->per_instance))
		return blame(t, why, "approval", NULL, "cost_above",
		    "'cost_above' needs 'cost_per_instance', "
		    "'cost_per_hour' or types with a price");
	return 0;
}

/* Only who rents machines out can be asked for one of a type */
static int
has_types(const char *driver)
{
	static const char *const have[] = { "hetzner", "digitalocean", "exec" };

	for (size_t i = 0; i < sizeof(have) / sizeof(have[0]); i++)
		if (strcmp(have[i], driver) == 0)
			return 1;
	return 0;
}

static int
check_type(
    const struct conf_target *t, const struct conf_type *k, struct buf *why)
{
	double parts = k->capacity * 100;

	if (isnan(k->price) && isnan(k->hour))
		return blame(t, why, "type", k->name, "price",
		    "type '%s' has neither 'price' nor 'price_per_hour'",
		    k->name);
	if (fabs(parts - round(parts)) > 1e-6)
		return blame(t, why, "type", k->name, "capacity",
		    "type '%s': 'capacity' has more than two decimals",
		    k->name);
	return 0;
}

static int
check_types(const struct conf_target *t, struct buf *why)
{
	const struct conf_cost *c = &t->cost;
	const char *price =
	    isnan(c->month) ? "cost_per_hour" : "cost_per_instance";
	double all = 0;

	if (t->n_types == 0)
		return 0;
	if (t->n_types > CONF_TYPES)
		return blame(t, why, "type", t->types[CONF_TYPES].name, "price",
		    "more than %d types", CONF_TYPES);
	if (!isnan(c->month) || !isnan(c->hour))
		return blame(t, why, "cost", NULL, price,
		    "types have prices of their own, and '%s' is set", price);
	if (t->apply.driver != NULL && !has_types(t->apply.driver))
		return blame(t, why, "apply", NULL, "driver",
		    "the driver '%s' knows no types", t->apply.driver);
	for (size_t i = 0; i < t->n_types; i++) {
		const struct conf_type *k = &t->types[i];

		if (check_type(t, k, why) != 0)
			return -1;
		all += k->max < 0 ? HUGE_VAL : (double)k->max * k->capacity;
	}
	if (all < (double)t->policy.min_instances)
		return blame(t, why, "policy", NULL, "min_instances",
		    "all types together are worth less than 'min_instances', "
		    "which is %ld",
		    t->policy.min_instances);
	return 0;
}

static int
check_amount(const struct conf_target *t, const char *limit,
    const struct conf_amount *most, const char *reserved,
    const struct conf_amount *least, enum conf_resource kind, struct buf *why)
{
	const char *key = most->automatic ? limit : reserved;
	char a[NUMBER_SIZE], b[NUMBER_SIZE];
	int measured = 0;

	for (size_t i = 0; i < t->n_signals; i++)
		measured |= t->signals[i].resource == kind;
	if ((most->automatic || least->automatic) && !measured)
		return blame(t, why, "resources", NULL, key,
		    "'%s' is auto, and no signal has 'resource = %s'", key,
		    kind == RESOURCE_CPU ? "cpu" : "memory");
	if (least->fixed > most->fixed)
		return blame(t, why, "resources", NULL, reserved,
		    "'%s' is %s and '%s' %s", reserved,
		    number_format(a, least->fixed), limit,
		    number_format(b, most->fixed));
	return 0;
}

/* The bounds of a limit: numbers, in their order */
static int
check_bounds(const struct conf_target *t, const char *least,
    const struct conf_amount *lo, const char *most,
    const struct conf_amount *hi, struct buf *why)
{
	char a[NUMBER_SIZE], b[NUMBER_SIZE];
	const char *key = lo->automatic ? least : most;

	if (lo->automatic || hi->automatic)
		return blame(t, why, "resources", NULL, key,
		    "'%s' is a bound, and cannot be auto", key);
	if (lo->fixed > hi->fixed)
		return blame(t, why, "resources", NULL, least,
		    "'%s' is %s and '%s' %s", least,
		    number_format(a, lo->fixed), most,
		    number_format(b, hi->fixed));
	return 0;
}

static int
check_resources(const struct conf_target *t, struct buf *why)
{
	const struct conf_resources *r = &t->resources;

	if (check_bounds(t, "min_cpus", &r->min_cpus, "max_cpus", &r->max_cpus,
		why) != 0 ||
	    check_bounds(t, "min_memory", &r->min_memory, "max_memory",
		&r->max_memory, why) != 0)
		return -1;

	if (check_amount(t, "cpus", &r->cpus, "cpus_reserved",
		&r->cpus_reserved, RESOURCE_CPU, why) != 0)
		return -1;
	return check_amount(t, "memory", &r->memory, "memory_reserved",
	    &r->memory_reserved, RESOURCE_MEMORY, why);
}

static int
check_zone(const struct conf_target *t, const char *section,
    const struct conf_span *s, struct buf *why)
{
	struct zone *z = zone_load(s->timezone);
	int error = errno;

	if (z != NULL) {
		zone_free(z);
		return 0;
	}
	if (error == ENOENT || error == EINVAL || error == ENOTDIR ||
	    error == EISDIR)
		return blame(t, why, section, s->name, "timezone",
		    "'%s' is no time zone that this machine knows",
		    s->timezone);
	return blame(t, why, section, s->name, "timezone",
	    "cannot read the time zone '%s': %s", s->timezone, strerror(error));
}

/* Neither is the whole day; otherwise both are needed, and of one kind. */
static int
check_times(const struct conf_target *t, const char *section,
    const struct conf_span *s, struct buf *why)
{
	struct when from, until;

	if (s->from == NULL && s->until == NULL)
		return 0;
	if (s->from == NULL || s->until == NULL)
		return blame(t, why, section, s->name,
		    s->from != NULL ? "from" : "until",
		    "%s '%s' has '%s' and no '%s'", section, s->name,
		    s->from != NULL ? "from" : "until",
		    s->from != NULL ? "until" : "from");
	if (when_parse(s->from, &from) != 0)
		return blame(t, why, section, s->name, "from",
		    "'from': '%s' is neither a time such as 08:00 nor one such "
		    "as 2026-12-24T00:00",
		    s->from);
	if (when_parse(s->until, &until) != 0)
		return blame(t, why, section, s->name, "until",
		    "'until': '%s' is neither a time such as 20:00 nor one "
		    "such as 2026-12-27T00:00",
		    s->until);
	if (from.daily != until.daily)
		return blame(t, why, section, s->name, "until",
		    "%s '%s': 'from' and 'until' are not of one kind", section,
		    s->name);
	if (from.daily ? from.s == until.s : from.s >= until.s)
		return blame(t, why, section, s->name, "until",
		    "%s '%s' ends %s it begins", section, s->name,
		    from.s == until.s ? "when" : "before");
	if (!from.daily && s->days != 0)
		return blame(t, why, section, s->name, "days",
		    "%s '%s' is of one time, and 'days' is set", section,
		    s->name);
	return 0;
}

static int
check_span(const struct conf_target *t, const char *section,
    const struct conf_span *s, struct buf *why)
{
	if (check_times(t, section, s, why) != 0 ||
	    check_zone(t, section, s, why) != 0)
		return -1;
	return 0;
}

static int
check_schedule(
    const struct conf_target *t, const struct conf_span *s, struct buf *why)
{
	long max =
	    s->max_instances >= 0 ? s->max_instances : t->policy.max_instances;

	if (check_span(t, "schedule", s, why) != 0)
		return -1;
	if (s->min_instances < 0 && s->max_instances < 0)
		return blame(t, why, "schedule", s->name, "from",
		    "schedule '%s' sets neither 'min_instances' nor "
		    "'max_instances'",
		    s->name);
	if (s->min_instances > max)
		return blame(t, why, "schedule", s->name, "min_instances",
		    "schedule '%s': 'min_instances' is %ld and the most that "
		    "is allowed %ld",
		    s->name, s->min_instances, max);
	return 0;
}

static int
check_freeze(
    const struct conf_target *t, const struct conf_span *s, struct buf *why)
{
	if (s->from == NULL && s->until == NULL && s->days == 0)
		return blame(t, why, "freeze", s->name, "timezone",
		    "freeze '%s' has neither 'days' nor 'from' and 'until'",
		    s->name);
	return check_span(t, "freeze", s, why);
}

/* "NAME=VALUE", NAME being what a template may call it */
static int
is_constant(const char *text)
{
	size_t n = strcspn(text, "=");

	return n > 0 && text[n] == '=' &&
	    strspn(text,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_.-") >= n;
}

static int
is_always(const struct conf_span *s)
{
	return s->from == NULL && s->until == NULL && s->days == 0;
}

static int
check_tune(const struct conf_target *t, const struct conf_tune *u, size_t k,
    struct buf *why)
{
	const char *name = u->when.name;

	if (u->template == NULL || u->output == NULL)
		return blame(t, why, "tune", name,
		    u->template == NULL ? "template" : "output",
		    "tune '%s' has no '%s'", name,
		    u->template == NULL ? "template" : "output");
	for (size_t i = 0; i < u->n_set; i++)
		if (!is_constant(u->set[i]))
			return blame(t, why, "tune", name, "set",
			    "tune '%s': '%s' is not of the form NAME=VALUE",
			    name, u->set[i]);
	for (size_t i = 0; i < k; i++)
		if (is_always(&u->when) && is_always(&t->tunes[i].when) &&
		    strcmp(u->output, t->tunes[i].output) == 0)
			return blame(t, why, "tune", name, "output",
			    "tune '%s' and tune '%s' write '%s' at all times",
			    t->tunes[i].when.name, name, u->output);
	return check_span(t, "tune", &u->when, why);
}

static int
check_events(
    const struct conf_target *t, const struct conf_notify *n, struct buf *why)
{
	unsigned events = 0;
	struct buf words = { 0 };

	for (size_t i = 0; i < n->n_on; i++) {
		if (event_word(n->on[i], strlen(n->on[i]), &events) == 0)
			continue;
		event_words(&words);
		blame(t, why, "notify", n->name, "on",
		    "notify '%s': '%s' is none of %s", n->name, n->on[i],
		    words.failed ? "the events" : words.s);
		buf_free(&words);
		return -1;
	}
	return 0;
}

/* The text of messages. A file's is looked at by who sends them. */
static int
check_text(
    const struct conf_target *t, const struct conf_notify *n, struct buf *why)
{
	struct buf wrong = { 0 };
	size_t line;

	if (n->text != NULL && n->template != NULL)
		return blame(t, why, "notify", n->name, "template",
		    "notify '%s' has both 'text' and 'template'", n->name);
	if (n->body == CONF_BODY_TEMPLATE && n->text == NULL &&
	    n->template == NULL)
		return blame(t, why, "notify", n->name, "body",
		    "notify '%s': 'body' is template, and there is neither "
		    "'template' nor 'text'",
		    n->name);
	if (n->body == CONF_BODY_TEMPLATE && n->digest)
		return blame(t, why, "notify", n->name, "digest",
		    "notify '%s': 'digest' makes one message of several, which "
		    "'body = template' cannot",
		    n->name);
	if (n->text == NULL || field_check(n->text, &line, &wrong) == 0)
		return 0;
	conf_where(t, "notify", n->name, "text", why);
	buf_printf(why, "notify '%s': 'text': %s", n->name,
	    wrong.s != NULL ? wrong.s : "out of memory");
	buf_free(&wrong);
	return -1;
}

/* A grace shorter than the boot would take away what is about to serve. */
static int
check_machine(const struct conf_target *t, struct buf *why)
{
	const struct conf_machine *m = &t->apply.machine;

	if (is_set(t, "machine", NULL, "orphan_after") &&
	    m->orphan_after <= t->policy.boot_time)
		return blame(t, why, "machine", NULL, "orphan_after",
		    "'orphan_after' must be longer than 'boot_time'");
	if (m->token_env != NULL && m->token_file != NULL)
		return blame(t, why, "machine", NULL, "token_file",
		    "there is both 'token_env' and 'token_file'");
	return 0;
}

static int
check_notify(
    const struct conf_target *t, const struct conf_notify *n, struct buf *why)
{
	int ways =
	    (n->url != NULL) + (n->url_env != NULL) + (n->url_file != NULL);

	if (ways > 1)
		return blame(t, why, "notify", n->name,
		    n->url_file != NULL ? "url_file" : "url_env",
		    "notify '%s' has more than one of 'url', 'url_env' and "
		    "'url_file'",
		    n->name);
	if (check_text(t, n, why) != 0)
		return -1;
	return check_events(t, n, why);
}

int
conf_check(const struct conf_target *t, struct buf *why)
{
	int status = 0;

	for (size_t i = 0; i < t->n_signals && status == 0; i++)
		status = check_signal(t, &t->signals[i], why);
	if (status == 0)
		status = check_policy(t, why);
	if (status == 0)
		status = check_prices(t, why);
	if (status == 0)
		status = check_types(t, why);
	if (status == 0)
		status = check_cost(t, why);
	if (status == 0)
		status = check_resources(t, why);
	if (status == 0)
		status = check_machine(t, why);
	for (size_t i = 0; i < t->n_schedules && status == 0; i++)
		status = check_schedule(t, &t->schedules[i], why);
	for (size_t i = 0; i < t->n_freezes && status == 0; i++)
		status = check_freeze(t, &t->freezes[i], why);
	for (size_t i = 0; i < t->n_tunes && status == 0; i++)
		status = check_tune(t, &t->tunes[i], i, why);
	for (size_t i = 0; i < t->n_notifies && status == 0; i++)
		status = check_notify(t, &t->notifies[i], why);
	return status;
}
