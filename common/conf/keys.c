#include "conf/keys.h"

#include <string.h>

/* The order in which the words stand is that of the enums in conf.h. */
static const char *const modes[] = { "monitor", "auto", NULL };
static const char *const pauses[] = { "no", "both", "up", "down", NULL };
static const char *const budgets[] = { "hold", "ask", "protect", NULL };
static const char *const over_maxes[] = { "clamp", "ask", "raise", NULL };
static const char *const billings[] = { "second", "minute", "hour", "month",
	NULL };
static const char *const aggregates[] = { "none", "sum", "avg", "max", NULL };
const char *const conf_method_names[] = { "auto", "online", "forest",
	"seasonal-naive", "last", "article", "xgboost", NULL };
static const char *const bodies[] = { "article", "record", "template", NULL };
static const char *const givings[] = { "no", "live", "yes", NULL };
static const char *const resources[] = { "none", "cpu", "memory", NULL };
static const char *const addresses[] = { "public", "private", NULL };
static const char *const removals[] = { "newest", "billing", "idle", NULL };
static const char *const urgencies[] = { "automatic", "required", NULL };

#define SECTION(NAME, MEMBER)                                                  \
	{                                                                      \
		NAME, 0, offsetof(struct conf_target, MEMBER), 0, 0, 0         \
	}
#define TITLED(NAME, MEMBER, TYPE, TITLE)                                      \
	{                                                                      \
		NAME, 1, offsetof(struct conf_target, MEMBER),                 \
		    offsetof(struct conf_target, n_##MEMBER), sizeof(TYPE),    \
		    offsetof(TYPE, TITLE)                                      \
	}

const struct conf_section conf_sections[] = {
	{ "target", 0, 0, 0, 0, 0 },
	SECTION("source", source),
	TITLED("signal", signals, struct conf_signal, name),
	SECTION("policy", policy),
	TITLED("schedule", schedules, struct conf_span, name),
	TITLED("freeze", freezes, struct conf_span, name),
	SECTION("cost", cost),
	TITLED("type", types, struct conf_type, name),
	SECTION("approval", approval),
	SECTION("apply", apply),
	SECTION("machine", apply.machine),
	SECTION("resources", resources),
	TITLED("tune", tunes, struct conf_tune, when.name),
	TITLED("notify", notifies, struct conf_notify, name),
	{ "state", 0, 0, 0, 0, 0 },
	{ NULL, 0, 0, 0, 0, 0 },
};

/* Bounds that only keep nonsense out: a million instances, a century */
#define MANY 1e6
#define LONG 3155760000.0
#define RICH 1e15

#define KEY(S, N, K, TYPE, M, V, LO, HI)                                       \
	{                                                                      \
		S, N, K, offsetof(TYPE, M), 0, V, NULL, NULL, NULL, LO, HI     \
	}
#define TEXT(S, N, TYPE, M, V) KEY(S, N, KIND_TEXT, TYPE, M, V, 0, 0)
#define WORD(S, N, TYPE, M, V, WORDS)                                          \
	{                                                                      \
		S, N, KIND_WORD, offsetof(TYPE, M), 0, V, NULL, NULL, WORDS,   \
		    0, 0                                                       \
	}

#define LIST(S, K, TYPE, V)                                                    \
	{                                                                      \
		S, K, KIND_LIST, offsetof(TYPE, V), offsetof(TYPE, n_##V),     \
		    NULL, NULL, NULL, NULL, 0, 0                               \
	}

#define T struct conf_target
#define M struct conf_machine
#define G struct conf_signal
#define P struct conf_policy
#define SPAN struct conf_span
#define R struct conf_resources
#define TUNE struct conf_tune
#define N struct conf_notify

const struct conf_key conf_keys[] = {
	WORD("target", "mode", T, mode, "monitor", modes),
	WORD("target", "paused", T, paused, "no", pauses),
	KEY("target", "history", KIND_DURATION, T, history, "14d", 1, LONG),
	KEY("target", "step", KIND_DURATION, T, step, "5m", 0.001, LONG),
	{ "target", "decision_interval", KIND_DURATION,
	    offsetof(T, decision_interval), 0, "1m", NULL, "DECISION_INTERVAL",
	    NULL, 1, LONG },
	KEY("target", "heartbeat_after", KIND_DURATION, T, heartbeat_after,
	    NULL, 1, LONG),

	TEXT("source", "type", struct conf_source, type, "prometheus"),
	{ "source", "url", KIND_TEXT, offsetof(struct conf_source, url), 0,
	    "http://localhost:9090", NULL, "PROMETHEUS_URL", NULL, 0, 0 },
	KEY("source", "timeout", KIND_DURATION, struct conf_source, timeout,
	    "10s", 0.001, LONG),
	TEXT("source", "bearer_token_file", struct conf_source,
	    bearer_token_file, NULL),
	TEXT("source", "ca_file", struct conf_source, ca_file, NULL),
	TEXT("source", "username", struct conf_source, username, NULL),
	TEXT(
	    "source", "password_file", struct conf_source, password_file, NULL),
	KEY("source", "header", KIND_SECRET, struct conf_source, header, NULL,
	    0, 0),

	TEXT("signal", "query", G, query, NULL),
	TEXT("signal", "unit", G, unit, NULL),
	KEY("signal", "capacity", KIND_NUMBER, G, capacity, NULL, 1e-12, 1e300),
	KEY("signal", "target", KIND_SHARE, G, target, "60%", 0.01, 1),
	{ "signal", "emergency", KIND_SHARE, offsetof(G, emergency), 0, "90%",
	    NULL, "EMERGENCY_THRESHOLD", NULL, 0.01, 2 },
	KEY("signal", "saturates", KIND_BOOL, G, saturates, "no", 0, 0),
	WORD("signal", "aggregate", G, aggregate, "none", aggregates),
	KEY("signal", "limit", KIND_NUMBER, G, limit, NULL, 0, 1e300),
	WORD("signal", "resource", G, resource, "none", resources),

	{ "policy", "min_instances", KIND_COUNT, offsetof(P, min_instances), 0,
	    "1", NULL, "MIN_INSTANCES", NULL, 0, MANY },
	{ "policy", "max_instances", KIND_COUNT, offsetof(P, max_instances), 0,
	    "10", NULL, "MAX_INSTANCES", NULL, 1, MANY },
	KEY("policy", "slo", KIND_SHARE, P, slo, "99%", 0.5, 0.999999),
	KEY("policy", "forecast", KIND_BOOL, P, forecast, "yes", 0, 0),
	WORD("policy", "method", P, method, "auto", conf_method_names),
	KEY("policy", "quantile", KIND_SHARE, P, quantile, NULL, 0.5, 0.9999),
	KEY("policy", "overload_price", KIND_NUMBER, P, overload_price, NULL, 0,
	    RICH),
	KEY("policy", "boot_time", KIND_DURATION, P, boot_time, "60s", 0, LONG),
	KEY("policy", "stabilisation", KIND_DURATION, P, stabilisation, "10m",
	    0, LONG),
	KEY("policy", "drop_hold", KIND_DURATION, P, drop_hold, "30m", 0, LONG),
	KEY("policy", "panic", KIND_NUMBER, P, panic, "1.5", 1, 100),
	KEY("policy", "scale_down_cooldown", KIND_DURATION, P,
	    scale_down_cooldown, "5m", 0, LONG),
	{ "policy", "max_step_up", KIND_STEP, offsetof(P, max_step_up),
	    offsetof(P, step_up_share), "100%", NULL, NULL, NULL, 0.001, MANY },
	{ "policy", "max_step_down", KIND_STEP, offsetof(P, max_step_down),
	    offsetof(P, step_down_share), "100%", NULL, NULL, NULL, 0.001,
	    MANY },
	KEY("policy", "max_changes_per_hour", KIND_COUNT, P,
	    max_changes_per_hour, NULL, 0, MANY),
	KEY("policy", "max_changes_per_day", KIND_COUNT, P, max_changes_per_day,
	    NULL, 0, MANY),
	KEY("policy", "min_ready", KIND_COUNT, P, min_ready, "1", 0, MANY),
	KEY("policy", "stale_after", KIND_DURATION, P, stale_after, NULL, 1,
	    LONG),
	KEY("policy", "missing_deadline", KIND_DURATION, P, missing_deadline,
	    "30m", 0, LONG),
	KEY("policy", "fallback_target", KIND_SHARE, P, fallback_target, "70%",
	    0.01, 1),
	KEY("policy", "fallback_instances", KIND_COUNT, P, fallback_instances,
	    NULL, 0, MANY),
	KEY("policy", "tolerance_up", KIND_SHARE, P, tolerance_up, "0%", 0, 1),
	KEY("policy", "tolerance_down", KIND_SHARE, P, tolerance_down, "0%", 0,
	    1),
	WORD("policy", "over_max", P, over_max, "clamp", over_maxes),
	{ "policy", "max_raise", KIND_STEP, offsetof(P, max_raise),
	    offsetof(P, raise_share), "20%", NULL, NULL, NULL, 0.001, MANY },
	TEXT("policy", "raise_until", P, raise_until, NULL),

	KEY("schedule", "days", KIND_DAYS, SPAN, days, NULL, 0, 0),
	TEXT("schedule", "from", SPAN, from, NULL),
	TEXT("schedule", "until", SPAN, until, NULL),
	TEXT("schedule", "timezone", SPAN, timezone, "UTC"),
	KEY("schedule", "min_instances", KIND_COUNT, SPAN, min_instances, NULL,
	    0, MANY),
	KEY("schedule", "max_instances", KIND_COUNT, SPAN, max_instances, NULL,
	    0, MANY),

	KEY("freeze", "days", KIND_DAYS, SPAN, days, NULL, 0, 0),
	TEXT("freeze", "from", SPAN, from, NULL),
	TEXT("freeze", "until", SPAN, until, NULL),
	TEXT("freeze", "timezone", SPAN, timezone, "UTC"),

	TEXT("cost", "currency", struct conf_cost, currency, "USD"),
	{ "cost", "cost_per_instance", KIND_NUMBER,
	    offsetof(struct conf_cost, month), 0, NULL, NULL,
	    "COST_PER_INSTANCE", NULL, 0, RICH },
	KEY("cost", "cost_per_hour", KIND_NUMBER, struct conf_cost, hour, NULL,
	    0, RICH),
	KEY("cost", "monthly_cap", KIND_NUMBER, struct conf_cost, cap, NULL, 0,
	    RICH),
	{ "cost", "max_monthly_cost", KIND_NUMBER,
	    offsetof(struct conf_cost, max_monthly), 0, NULL, NULL,
	    "MAX_MONTHLY_COST", NULL, 0, RICH },
	KEY("cost", "max_daily_cost", KIND_NUMBER, struct conf_cost, max_daily,
	    NULL, 0, RICH),
	WORD("cost", "over_budget", struct conf_cost, over_budget, "hold",
	    budgets),
	WORD("cost", "billing", struct conf_cost, billing, "second", billings),
	KEY("cost", "billing_minimum", KIND_DURATION, struct conf_cost, minimum,
	    NULL, 0, LONG),

	KEY("type", "price", KIND_NUMBER, struct conf_type, price, NULL, 0,
	    1e8),
	KEY("type", "price_per_hour", KIND_NUMBER, struct conf_type, hour, NULL,
	    0, 1e5),
	KEY("type", "capacity", KIND_NUMBER, struct conf_type, capacity, "1",
	    0.01, 1000),
	KEY("type", "max", KIND_COUNT, struct conf_type, max, NULL, 0, MANY),

	KEY("approval", "scale_up_above", KIND_COUNT, struct conf_approval,
	    scale_up_above, NULL, 0, MANY),
	KEY("approval", "step_above", KIND_COUNT, struct conf_approval,
	    step_above, NULL, 0, MANY),
	KEY("approval", "cost_above", KIND_NUMBER, struct conf_approval,
	    cost_above, NULL, 0, RICH),
	{ "approval", "emergency", KIND_WORD,
	    offsetof(struct conf_approval, emergency_required), 0, "automatic",
	    "approve-emergency", NULL, urgencies, 0, 0 },
	{ "approval", "expires", KIND_DURATION,
	    offsetof(struct conf_approval, expires), 0, "15m",
	    "approval-expires", NULL, NULL, 1, LONG },

	TEXT("apply", "driver", struct conf_apply, driver, NULL),
	TEXT("apply", "service", struct conf_apply, service, NULL),
	TEXT("apply", "host", struct conf_apply, host, NULL),
	TEXT("apply", "ca_file", struct conf_apply, ca_file, NULL),
	TEXT("apply", "cert_file", struct conf_apply, cert_file, NULL),
	TEXT("apply", "key_file", struct conf_apply, key_file, NULL),
	TEXT(
	    "apply", "before_removal", struct conf_apply, before_removal, NULL),
	{ "apply", "timeout", KIND_DURATION,
	    offsetof(struct conf_apply, timeout), 0, "120s", "apply-timeout",
	    NULL, NULL, 0.001, LONG },
	KEY("apply", "verify", KIND_BOOL, struct conf_apply, verify, "yes", 0,
	    0),
	KEY("apply", "rollback", KIND_BOOL, struct conf_apply, rollback, "yes",
	    0, 0),

	TEXT("machine", "from", M, from, NULL),
	LIST("machine", "types", M, types),
	LIST("machine", "locations", M, locations),
	LIST("machine", "ssh_keys", M, ssh_keys),
	LIST("machine", "networks", M, networks),
	LIST("machine", "labels", M, labels),
	TEXT("machine", "user_data", M, user_data, NULL),
	TEXT("machine", "health", M, health, NULL),
	WORD("machine", "address", M, address_private, "public", addresses),
	KEY("machine", "orphan_after", KIND_DURATION, M, orphan_after, "15m", 1,
	    LONG),
	KEY("machine", "shutdown", KIND_DURATION, M, shutdown, "30s", 0, 3600),
	WORD("machine", "remove", M, remove, "newest", removals),
	TEXT("machine", "token_env", M, token_env, NULL),
	TEXT("machine", "token_file", M, token_file, NULL),
	TEXT("machine", "ca_file", M, ca_file, NULL),
	TEXT("machine", "cert_file", M, cert_file, NULL),
	TEXT("machine", "key_file", M, key_file, NULL),

	KEY("resources", "cpus", KIND_CORES, R, cpus, NULL, 0.01, MANY),
	KEY("resources", "memory", KIND_BYTES, R, memory, NULL, 1 << 20, RICH),
	KEY("resources", "cpus_reserved", KIND_CORES, R, cpus_reserved, NULL,
	    0.01, MANY),
	KEY("resources", "memory_reserved", KIND_BYTES, R, memory_reserved,
	    NULL, 1 << 20, RICH),
	{ "resources", "apply", KIND_WORD, offsetof(R, apply), 0, "live",
	    "resources-apply", NULL, givings, 0, 0 },
	KEY("resources", "min_cpus", KIND_CORES, R, min_cpus, NULL, 0.01, MANY),
	KEY("resources", "max_cpus", KIND_CORES, R, max_cpus, NULL, 0.01, MANY),
	KEY("resources", "min_memory", KIND_BYTES, R, min_memory, NULL, 1 << 20,
	    RICH),
	KEY("resources", "max_memory", KIND_BYTES, R, max_memory, NULL, 1 << 20,
	    RICH),
	KEY("resources", "headroom", KIND_SHARE, R, headroom, "25%", 0, 10),
	KEY("resources", "max_raise", KIND_SHARE, R, max_raise, "100%", 0.01,
	    100),
	KEY("resources", "max_lower", KIND_SHARE, R, max_lower, "25%", 0.01, 1),
	KEY("resources", "cooldown", KIND_DURATION, R, cooldown, "10m", 0,
	    LONG),
	{ "resources", "max_changes_per_day", KIND_COUNT,
	    offsetof(R, max_changes_per_day), 0, NULL,
	    "resources-max-changes-per-day", NULL, NULL, 0, MANY },

	KEY("tune", "days", KIND_DAYS, TUNE, when.days, NULL, 0, 0),
	TEXT("tune", "from", TUNE, when.from, NULL),
	TEXT("tune", "until", TUNE, when.until, NULL),
	TEXT("tune", "timezone", TUNE, when.timezone, "UTC"),
	TEXT("tune", "template", TUNE, template, NULL),
	TEXT("tune", "output", TUNE, output, NULL),
	TEXT("tune", "check", TUNE, check, NULL),
	TEXT("tune", "reload", TUNE, reload, NULL),
	{ "tune", "set", KIND_LIST, offsetof(TUNE, set), offsetof(TUNE, n_set),
	    NULL, NULL, NULL, NULL, 0, 0 },

	TEXT("notify", "channel", N, channel, "webhook"),
	KEY("notify", "url", KIND_SECRET, N, url, NULL, 0, 0),
	TEXT("notify", "url_env", N, url_env, NULL),
	TEXT("notify", "url_file", N, url_file, NULL),
	TEXT("notify", "secret_env", N, secret_env, NULL),
	TEXT("notify", "secret_file", N, secret_file, NULL),
	TEXT("notify", "signature_env", N, signature_env, NULL),
	TEXT("notify", "signature_file", N, signature_file, NULL),
	WORD("notify", "body", N, body, "article", bodies),
	TEXT("notify", "text", N, text, NULL),
	TEXT("notify", "template", N, template, NULL),
	TEXT("notify", "username", N, username, NULL),
	TEXT("notify", "from", N, from, NULL),
	{ "notify", "to", KIND_LIST, offsetof(N, to), offsetof(N, n_to), NULL,
	    NULL, NULL, NULL, 0, 0 },
	TEXT("notify", "keyword", N, keyword, NULL),
	TEXT("notify", "program", N, program, NULL),
	TEXT("notify", "ca_file", N, ca_file, NULL),
	{ "notify", "on", KIND_LIST, offsetof(N, on), offsetof(N, n_on), NULL,
	    NULL, NULL, NULL, 0, 0 },
	KEY("notify", "repeat_after", KIND_DURATION, N, repeat_after, "1h", 0,
	    LONG),
	KEY("notify", "timeout", KIND_DURATION, N, timeout, "10s", 0.001, LONG),
	KEY("notify", "keep_unsent", KIND_DURATION, N, keep_unsent, "1d", 0,
	    LONG),
	KEY("notify", "digest", KIND_BOOL, N, digest, "no", 0, 0),
	KEY("notify", "html", KIND_BOOL, N, html, "yes", 0, 0),

	{ "state", "dir", KIND_TEXT, offsetof(T, state_dir), 0, NULL, "state",
	    NULL, NULL, 0, 0 },
	{ NULL, NULL, KIND_TEXT, 0, 0, NULL, NULL, NULL, NULL, 0, 0 },
};

const struct conf_key *
conf_key_find(const char *section, const char *name)
{
	for (const struct conf_key *k = conf_keys; k->section != NULL; k++)
		if (strcmp(k->section, section) == 0 &&
		    strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

const struct conf_section *
conf_section_find(const char *name)
{
	for (const struct conf_section *s = conf_sections; s->name != NULL; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}
