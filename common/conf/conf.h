/*
 * conf.h - as.conf(5): one target, its signals and its policy, read whole
 *
 * Shares are 0..1 (or above 1), durations seconds, money per month of 730 h.
 * A number that is not set is NAN, a count -1, a text "" or NULL.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum conf_mode { CONF_MONITOR, CONF_AUTO };
enum conf_pause { PAUSE_NO, PAUSE_BOTH, PAUSE_UP, PAUSE_DOWN };
enum conf_budget { BUDGET_HOLD, BUDGET_ASK, BUDGET_PROTECT };
enum conf_billing { BILL_SECOND, BILL_MINUTE, BILL_HOUR, BILL_MONTH };
enum conf_over_max { OVER_MAX_CLAMP, OVER_MAX_ASK, OVER_MAX_RAISE };
enum conf_aggregate {
	AGGREGATE_NONE,
	AGGREGATE_SUM,
	AGGREGATE_AVG,
	AGGREGATE_MAX
};

enum conf_resource { RESOURCE_NONE, RESOURCE_CPU, RESOURCE_MEMORY };

struct conf_source {
	char *type; /* prometheus | scrape | proc | csv */
	char *url;
	double timeout;
	char *bearer_token_file, *ca_file, *username, *password_file, *header;
};

struct conf_signal {
	char *name, *query, *unit;
	double capacity; /* what one instance carries, in the query's unit */
	double target, emergency; /* shares of capacity */
	int saturates;
	enum conf_aggregate aggregate;
	double limit; /* guard signal: nothing is removed above it; NAN: none */
	/* what the query measures of the whole pool, in cores or bytes; without
	 * capacity it is for advice only, and asks for no instances */
	enum conf_resource resource;
};

/* How load is forecast; conf_method_names[] has them in this order */
enum conf_method {
	CONF_METHOD_AUTO, /* what did best in training */
	CONF_METHOD_ONLINE,
	CONF_METHOD_FOREST,
	CONF_METHOD_SEASONAL,
	CONF_METHOD_LAST,
	CONF_METHOD_ARTICLE,
	CONF_METHOD_XGBOOST
};
extern const char *const conf_method_names[]; /* NULL-ended */

struct conf_policy {
	long min_instances, max_instances;
	double slo, overload_price, boot_time, stabilisation, drop_hold, panic;
	double quantile; /* of past errors, instead of slo; NAN: slo */
	int forecast; /* 0: by the load alone, at fallback_target */
	enum conf_method method; /* what as-train fits */
	double scale_down_cooldown;
	double max_step_up, max_step_down; /* instances if >= 1 without %, or */
	int step_up_share, step_down_share; /* shares where these are 1 */
	long max_changes_per_hour, max_changes_per_day, min_ready;
	double stale_after, missing_deadline, fallback_target;
	long fallback_instances;
	double tolerance_up, tolerance_down; /* shares of what runs */
	enum conf_over_max over_max; /* where more than max are wanted */
	double max_raise; /* how far beyond it: as max_step_up */
	int raise_share;
	char *raise_until; /* a time of UTC without a zone; NULL: not set */
};

struct conf_span { /* schedule, freeze, tune: when */
	char *name, *from, *until, *timezone;
	unsigned days; /* bit 0 Monday .. bit 6 Sunday; 0: every day */
	long min_instances, max_instances; /* schedule only */
};

struct conf_cost {
	char *currency;
	/* as they were set: the price of a month or an hour, and the most that
	 * a month costs */
	double month, hour, cap;
	double max_monthly, max_daily;
	enum conf_budget over_budget;
	enum conf_billing billing;
	double minimum; /* s that are paid at the least; NAN: none */
	/* made of the above, or of the types: what one instance that runs all
	 * of a month costs at the best price, NAN where there is no price */
	double per_instance;
};

enum { CONF_TYPES = 8 };

struct conf_type { /* of machines that can be rented */
	char *name; /* as the driver calls it */
	double price, hour; /* of a month, or at most; of an hour */
	double capacity; /* how many instances one is worth */
	long max; /* machines of this type; -1: any number */
	double month; /* made of the above: what one costs a month */
};

struct conf_approval {
	long scale_up_above, step_above;
	double cost_above;
	int emergency_required;
	double expires;
};

enum conf_remove { REMOVE_NEWEST, REMOVE_BILLING, REMOVE_IDLE };

struct conf_machine { /* what the drivers of machines make them of */
	char *from; /* image, snapshot or instance */
	char **types, **locations, **ssh_keys, **networks, **labels;
	size_t n_types, n_locations, n_ssh_keys, n_networks, n_labels;
	char *user_data; /* path */
	char *health; /* URL with {address} in it */
	int address_private; /* {address} is the one of a private network */
	double orphan_after; /* s: one that never served is removed */
	double shutdown; /* s: that long before it is cut off; 0: at once */
	enum conf_remove remove; /* which goes first */
	char *token_env, *token_file;
	char *ca_file, *cert_file, *key_file;
};

struct conf_apply {
	char *driver, *service, *host;
	char *ca_file, *cert_file, *key_file; /* of a host over TLS */
	char *before_removal; /* a program and its words, or NULL */
	double timeout;
	int verify;
	int rollback;
	struct conf_machine machine;
	enum conf_billing billing; /* a copy of cost.billing */
	double minimum; /* and of cost.minimum */
};

struct conf_amount {
	double fixed; /* cores or bytes; NAN: not set, or automatic */
	int automatic; /* what the signals advise */
};

enum conf_giving { GIVE_NO, GIVE_LIVE, GIVE_YES }; /* yes: restarts, too */

struct conf_resources { /* of each instance */
	struct conf_amount cpus, memory, cpus_reserved, memory_reserved;
	enum conf_giving apply;
	/* limits stay within these; never automatic */
	struct conf_amount min_cpus, max_cpus, min_memory, max_memory;
	double headroom; /* share of the memory used now, kept above it */
	double max_raise, max_lower; /* share of what there is, in one change */
	double cooldown; /* s; nothing is lowered so soon after a change */
	long max_changes_per_day;
};

struct conf_tune { /* a file written from a template, by clock or decision */
	struct conf_span when;
	char *template, *output, *check, *reload;
	char **set; /* "NAME=VALUE": values of its own */
	size_t n_set;
};

enum conf_body { CONF_BODY_ARTICLE, CONF_BODY_RECORD, CONF_BODY_TEMPLATE };

struct conf_notify {
	char *name, *channel, *url, *url_env, *url_file;
	/* what only some channels want; see as.conf(5) */
	char *secret_env, *secret_file, *username, *from, *keyword, *program;
	char *ca_file, *signature_env, *signature_file;
	char *text, *template; /* conf/field.h; NULL: the usual text */
	enum conf_body body;
	char **to;
	size_t n_to;
	char **on;
	size_t n_on;
	double repeat_after, timeout;
	double keep_unsent; /* s; 0: not at all */
	int digest;
	int html; /* of mail: a page beside the text */
};

struct conf_target {
	char *name;
	enum conf_mode mode;
	int mode_set; /* mode stood in a file or option */
	enum conf_pause paused;
	double history, step, decision_interval;
	double heartbeat_after; /* s; NAN: three decision intervals */
	struct conf_source source;
	struct conf_signal *signals;
	size_t n_signals;
	struct conf_policy policy;
	struct conf_span *schedules, *freezes;
	size_t n_schedules, n_freezes;
	struct conf_cost cost;
	struct conf_type *types; /* none: all instances are alike */
	size_t n_types;
	struct conf_approval approval;
	struct conf_apply apply;
	struct conf_resources resources;
	struct conf_tune *tunes;
	size_t n_tunes;
	struct conf_notify *notifies;
	size_t n_notifies;
	char *state_dir; /* NULL: none was given */
	struct conf_origin *origins; /* private: where settings came from */
	size_t n_origins;
};

struct conf {
	struct conf_target *targets;
	size_t n;
};

/*
 * conf_default(t, name): a target with every default of as.conf(5) and the
 * environment's values (PROMETHEUS_URL, MIN_INSTANCES, ...) in it, without
 * signals. conf_target_free releases. 0, or -1 with *why filled (a variable
 * of the environment with a bad value).
 */
int conf_default(struct conf_target *t, const char *name, struct buf *why);
void conf_target_free(struct conf_target *);

/*
 * conf_load(c, paths, n, why): the files, or the *.conf files of folders, in
 * the order given; targets of one name merge, later keys win. Everything is
 * checked before anything is kept. 0, or -1 with "FILE:LINE: what is wrong"
 * in *why and *c empty.
 */
int conf_load(struct conf *c, char *const *paths, size_t n, struct buf *why);

/* conf_load_but(c, paths, n, but, why): the same without the file `but`, which
 * need not be there; NULL: all */
int conf_load_but(struct conf *c, char *const *paths, size_t n, const char *but,
    struct buf *why);
void conf_free(struct conf *);

/* conf_find(c, name): the target of that name, or NULL */
const struct conf_target *conf_find(const struct conf *, const char *name);

/*
 * conf_set(t, option, value, why): one setting by the name of its option, as a
 * file would set it; it wins over file and environment. The name is the key's,
 * with - for _, but for "approve-emergency", "approval-expires",
 * "apply-timeout" and "state" (of state { dir }). "capacity", "target" and the
 * like are of the one signal, which is made, as "load", if there is none; keys
 * of titled sections else are no options. 0 or -1 with the reason in *why.
 */
int conf_set(struct conf_target *t, const char *option, const char *value,
    struct buf *why);

/* conf_check(t, why): contradictions: min above max, a saturating signal's
 * target above 0.8, ... 0 or -1. conf_load calls it; call it again after
 * conf_set. */
int conf_check(const struct conf_target *t, struct buf *why);

/* conf_print(t, out): the effective settings in the file's own syntax, each
 * with "# option | environment NAME | FILE:LINE | default" behind it */
void conf_print(const struct conf_target *t, struct buf *out);

#endif
