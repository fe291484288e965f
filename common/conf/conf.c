#include "conf/conf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "conf/keys.h"

/* The title of the one signal of a one-liner */
static const char only_signal[] = "load";

static int
nomem(struct buf *why)
{
	buf_str(why, "out of memory");
	return -1;
}

/* Every default of a section's keys into its struct */
static int
set_defaults(void *part, const char *section, struct buf *why)
{
	static const char *const nothing[] = { "" };

	for (const struct conf_key *k = conf_keys; k->section != NULL; k++) {
		size_t n = k->kind == KIND_DAYS ? 0 : 1;

		if (strcmp(k->section, section) != 0 || k->kind == KIND_LIST)
			continue;
		if (conf_value(part, k, k->value != NULL ? &k->value : nothing,
			n, why) != 0)
			return -1;
	}
	return 0;
}

static void *
add_part(struct conf_target *t, const struct conf_section *s, const char *title)
{
	void **array = (void **)(void *)((char *)t + s->at);
	size_t *n = (size_t *)(void *)((char *)t + s->count);
	struct buf why = { 0 };
	char *more = realloc(*array, (*n + 1) * s->size), *part;

	if (more == NULL)
		return NULL;
	*array = more;
	part = more + *n * s->size;
	memset(part, 0, s->size);
	*(char **)(void *)(part + s->title) = strdup(title);
	++*n;
	if (*(char **)(void *)(part + s->title) == NULL ||
	    set_defaults(part, s->name, &why) != 0)
		part = NULL;
	buf_free(&why);
	return part;
}

void *
conf_part(struct conf_target *t, const struct conf_section *s,
    const char *title, int make)
{
	char *base = (char *)t + s->at;
	size_t n;

	if (!s->titled)
		return base;
	if (title == NULL)
		return NULL;
	n = *(size_t *)(void *)((char *)t + s->count);
	base = *(char **)(void *)base;
	for (size_t i = 0; i < n; i++) {
		char *part = base + i * s->size;
		const char *name = *(char **)(void *)(part + s->title);

		if (name != NULL && strcmp(name, title) == 0)
			return part;
	}
	return make ? add_part(t, s, title) : NULL;
}

static int
same_title(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

const struct conf_origin *
conf_origin_of(const struct conf_target *t, const char *section,
    const char *title, const char *name)
{
	for (size_t i = 0; i < t->n_origins; i++) {
		const struct conf_origin *o = &t->origins[i];

		if (o->from != FROM_SECTION &&
		    strcmp(o->key->section, section) == 0 &&
		    strcmp(o->key->name, name) == 0 &&
		    same_title(o->title, title))
			return o;
	}
	return NULL;
}

static const struct conf_origin *
section_of(const struct conf_target *t, const char *section, const char *title)
{
	for (size_t i = 0; i < t->n_origins; i++) {
		const struct conf_origin *o = &t->origins[i];

		if (o->from == FROM_SECTION &&
		    strcmp(o->key->section, section) == 0 &&
		    same_title(o->title, title))
			return o;
	}
	return NULL;
}

void
conf_where(const struct conf_target *t, const char *section, const char *title,
    const char *name, struct buf *why)
{
	const struct conf_origin *o = conf_origin_of(t, section, title, name);

	if (o == NULL)
		o = section_of(t, section, title);
	if (o == NULL)
		return;
	if (o->from == FROM_FILE || o->from == FROM_SECTION)
		buf_printf(why, "%s:%d: ", o->file, o->line);
	else if (o->from == FROM_ENVIRONMENT)
		buf_printf(why, "environment %s: ", o->key->env);
}

static struct conf_origin *
add_origin(struct conf_target *t, const struct conf_key *key, const char *title)
{
	struct conf_origin *more =
	    realloc(t->origins, (t->n_origins + 1) * sizeof(*more));
	char *copy = title != NULL ? strdup(title) : NULL;

	if (more != NULL)
		t->origins = more;
	if (more == NULL || (title != NULL && copy == NULL)) {
		free(copy);
		return NULL;
	}
	more[t->n_origins] = (struct conf_origin){ .key = key, .title = copy };
	return &more[t->n_origins++];
}

int
conf_keep_section(struct conf_target *t, const struct conf_section *s,
    const char *title, const struct conf_origin *from)
{
	const struct conf_key *k = conf_keys;
	struct conf_origin *o;

	while (strcmp(k->section, s->name) != 0)
		k++;
	o = add_origin(t, k, title);
	if (o == NULL)
		return -1;
	o->from = FROM_SECTION;
	o->line = from->line;
	o->file = strdup(from->file);
	return o->file != NULL ? 0 : -1;
}

/* One origin a place: what is said later replaces it. */
static int
keep_origin(struct conf_target *t, const struct conf_key *key,
    const char *title, const struct conf_origin *from)
{
	struct conf_origin *o = NULL;
	char *file = NULL;

	if (from->file != NULL && (file = strdup(from->file)) == NULL)
		return -1;
	for (size_t i = 0; i < t->n_origins && o == NULL; i++)
		if (t->origins[i].key == key &&
		    t->origins[i].from != FROM_SECTION &&
		    same_title(t->origins[i].title, title))
			o = &t->origins[i];
	if (o == NULL)
		o = add_origin(t, key, title);
	if (o == NULL) {
		free(file);
		return -1;
	}
	free(o->file);
	o->from = from->from;
	o->file = file;
	o->line = from->line;
	return 0;
}

/* What an instance that runs all of a month costs: of several types, that of
 * the one which is worth most */
static void
set_price(struct conf_target *t)
{
	struct conf_cost *c = &t->cost;

	c->per_instance = c->month;
	if (!isnan(c->hour))
		c->per_instance = fmin(c->hour * 730, c->cap); /* NAN: none */
	for (size_t i = 0; i < t->n_types; i++) {
		struct conf_type *k = &t->types[i];

		k->month =
		    isnan(k->hour) ? k->price : fmin(k->hour * 730, k->price);
		c->per_instance = fmin(c->per_instance, k->month / k->capacity);
	}
}

int
conf_place(struct conf_target *t, const struct conf_key *key, const char *title,
    const char *const *texts, size_t n, const struct conf_origin *from,
    struct buf *why)
{
	const struct conf_section *s = conf_section_find(key->section);
	void *part = s != NULL ? conf_part(t, s, title, 1) : NULL;

	if (part == NULL)
		return nomem(why);
	if (conf_value(part, key, texts, n, why) != 0)
		return -1;
	set_price(t);
	if (strcmp(key->name, "mode") == 0)
		t->mode_set = 1;
	if (keep_origin(t, key, s->titled ? title : NULL, from) != 0)
		return nomem(why);
	return 0;
}

/* A variable's value, but for what an option has said */
static int
place_under(struct conf_target *t, const struct conf_key *k, const char *title,
    const char *value, struct buf *why)
{
	const struct conf_origin from = { .from = FROM_ENVIRONMENT };
	const struct conf_origin *o =
	    conf_origin_of(t, k->section, title, k->name);

	if (o != NULL && o->from == FROM_OPTION)
		return 0;
	return conf_place(t, k, title, &value, 1, &from, why);
}

/*
 * The value of a variable for one key, in all signals where it is a signal's.
 * EMERGENCY_THRESHOLD is a bare number of percent in the environments that are
 * about: 90 there is 90%, as nobody means 9000%.
 */
static int
place_variable(struct conf_target *t, const struct conf_key *k,
    const char *value, struct buf *why)
{
	int of_signals = strcmp(k->section, "signal") == 0;
	char percent[NUMBER_SIZE];
	struct buf text = { 0 };
	int status = 0;
	double x;

	if (k->kind == KIND_SHARE && number_parse(value, &x) == 0 && x > 2) {
		buf_printf(&text, "%s%%", number_format(percent, x));
		value = text.s;
	}
	if (value == NULL)
		return nomem(why);
	if (!of_signals)
		status = place_under(t, k, NULL, value, why);
	for (size_t i = 0; of_signals && i < t->n_signals && status == 0; i++)
		if (isnan(t->signals[i].limit))
			status =
			    place_under(t, k, t->signals[i].name, value, why);
	buf_free(&text);
	return status;
}

/* PROMETHEUS_URL says where the server is: a source of another type, a file
 * or a page of metrics, has its own place */
static int
is_of_another(const struct conf_target *t, const struct conf_key *k)
{
	return strcmp(k->section, "source") == 0 && t->source.type != NULL &&
	    strcmp(t->source.type, "prometheus") != 0;
}

int
conf_environment(struct conf_target *t, struct buf *why)
{
	for (const struct conf_key *k = conf_keys; k->section != NULL; k++) {
		const char *value = k->env != NULL ? getenv(k->env) : NULL;
		struct buf reason = { 0 };

		if (value == NULL || *value == '\0' || is_of_another(t, k))
			continue;
		if (place_variable(t, k, value, &reason) != 0) {
			buf_printf(why, "environment %s: %s", k->env,
			    reason.s != NULL ? reason.s : "out of memory");
			buf_free(&reason);
			return -1;
		}
		buf_free(&reason);
	}
	return 0;
}

int
conf_plain(struct conf_target *t, const char *name, struct buf *why)
{
	*t = (struct conf_target){ .name = strdup(name) };
	if (t->name == NULL)
		return nomem(why);
	for (const struct conf_section *s = conf_sections; s->name != NULL; s++)
		if (!s->titled &&
		    set_defaults((char *)t + s->at, s->name, why) != 0) {
			conf_target_free(t);
			return -1;
		}
	set_price(t);
	return 0;
}

int
conf_default(struct conf_target *t, const char *name, struct buf *why)
{
	if (conf_plain(t, name, why) != 0)
		return -1;
	if (conf_environment(t, why) != 0) {
		conf_target_free(t);
		return -1;
	}
	return 0;
}

/* Is this key the one that the option means? */
static int
is_option(const struct conf_key *k, const char *option)
{
	const struct conf_section *s = conf_section_find(k->section);
	const char *a = k->name;

	if (s == NULL || (s->titled && strcmp(s->name, "signal") != 0) ||
	    strcmp(k->section, "source") == 0)
		return 0;
	if (k->option != NULL)
		return strcmp(k->option, option) == 0;
	for (; *a != '\0' && *option != '\0'; a++, option++)
		if (*option != (*a == '_' ? '-' : *a))
			return 0;
	return *a == *option;
}

static const struct conf_key *
find_option(const char *option)
{
	for (const struct conf_key *k = conf_keys; k->section != NULL; k++)
		if (is_option(k, option))
			return k;
	return NULL;
}

/* Which signal an option is about */
static const char *
one_signal(struct conf_target *t, const char *option, struct buf *why)
{
	const struct conf_section *s = conf_section_find("signal");

	if (t->n_signals > 1) {
		buf_printf(why,
		    "--%s is for a target with one signal, and '%s' has %zu",
		    option, t->name, t->n_signals);
		return NULL;
	}
	if (t->n_signals == 0) {
		if (conf_part(t, s, only_signal, 1) == NULL) {
			nomem(why);
			return NULL;
		}
		/* it has not heard of the environment yet */
		if (conf_environment(t, why) != 0)
			return NULL;
	}
	return t->signals[0].name;
}

int
conf_set(struct conf_target *t, const char *option, const char *value,
    struct buf *why)
{
	const struct conf_key *k = find_option(option);
	const struct conf_origin from = { .from = FROM_OPTION };
	const char *title = NULL;

	if (k == NULL) {
		buf_printf(why, "'%s' is no setting", option);
		return -1;
	}
	if (strcmp(k->section, "signal") == 0) {
		title = one_signal(t, option, why);
		if (title == NULL)
			return -1;
	}
	return conf_place(t, k, title, &value, 1, &from, why);
}

const struct conf_target *
conf_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->targets[i].name, name) == 0)
			return &c->targets[i];
	return NULL;
}

static void
free_list(char ***list, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free((*list)[i]);
	free(*list);
}

static void
free_part(void *part, const char *section)
{
	char *p = part;

	for (const struct conf_key *k = conf_keys; k->section != NULL; k++) {
		void *at = p + k->at, *at2 = p + k->at2;

		if (strcmp(k->section, section) != 0)
			continue;
		if (k->kind == KIND_TEXT || k->kind == KIND_SECRET)
			free(*(char **)at);
		if (k->kind == KIND_LIST)
			free_list(at, at2);
	}
}

static void
free_section(struct conf_target *t, const struct conf_section *s)
{
	char *base = (char *)t + s->at;
	size_t n;

	if (!s->titled) {
		free_part(base, s->name);
		return;
	}
	n = *(size_t *)(void *)((char *)t + s->count);
	base = *(char **)(void *)base;
	for (size_t i = 0; i < n; i++) {
		free(*(char **)(void *)(base + i * s->size + s->title));
		free_part(base + i * s->size, s->name);
	}
	free(base);
}

void
conf_target_free(struct conf_target *t)
{
	if (t == NULL)
		return;
	for (const struct conf_section *s = conf_sections; s->name != NULL; s++)
		free_section(t, s);
	for (size_t i = 0; i < t->n_origins; i++) {
		free(t->origins[i].title);
		free(t->origins[i].file);
	}
	free(t->origins);
	free(t->name);
	*t = (struct conf_target){ 0 };
}

void
conf_free(struct conf *c)
{
	for (size_t i = 0; i < c->n; i++)
		conf_target_free(&c->targets[i]);
	free(c->targets);
	*c = (struct conf){ 0 };
}
