/*
 * keys.h - the keys of as.conf(5) in one table, and their values in a target
 *
 * Within common/conf only. A place is where a setting stands: a section with
 * its title and a key of it.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include "conf/conf.h"

enum conf_kind {
	KIND_TEXT, /* char *; "" is not set: NULL */
	KIND_SECRET, /* the same, never shown */
	KIND_COUNT, /* long; -1: not set */
	KIND_DURATION, /* double, s */
	KIND_SHARE, /* double, 0.6 or 60% */
	KIND_NUMBER, /* double */
	KIND_BOOL, /* int */
	KIND_WORD, /* an enum: the index in words */
	KIND_STEP, /* double and int: a count, or a share where the int is 1 */
	KIND_DAYS, /* unsigned: a list of mon .. sun */
	KIND_LIST, /* char ** and size_t */
	KIND_CORES, /* struct conf_amount: a number or auto */
	KIND_BYTES /* the same: 512Mi or auto */
};

struct conf_key {
	const char *section, *name;
	enum conf_kind kind;
	size_t at; /* offset in the section's struct */
	size_t at2; /* of the second part, KIND_STEP and KIND_LIST */
	const char *value; /* default; NULL: not set */
	const char *option; /* long option's name; NULL: its own with - for _ */
	const char *env; /* variable of the environment, or NULL */
	const char *const *words; /* KIND_WORD, NULL at the end */
	double lo, hi; /* bounds of numbers, both allowed */
};

extern const struct conf_key conf_keys[]; /* section NULL at the end */

struct conf_section {
	const char *name;
	int titled; /* may stand several times, each with its title */
	size_t at; /* offset in struct conf_target: of the struct, or of the
		    * pointer to the array */
	size_t count; /* of the array's length, where titled */
	size_t size; /* of one element */
	size_t title; /* offset of its char *name */
};

extern const struct conf_section conf_sections[]; /* name NULL at the end */

enum conf_from {
	FROM_FILE,
	FROM_ENVIRONMENT,
	FROM_OPTION,
	FROM_SECTION /* no setting: where its section stood in a file */
};

struct conf_origin { /* where a setting came from */
	const struct conf_key *key;
	char *title; /* of the section, NULL where it has none */
	enum conf_from from;
	char *file; /* FROM_FILE, FROM_SECTION */
	int line;
};

/* conf_key_find: NULL where section has no such key */
const struct conf_key *conf_key_find(const char *section, const char *name);
const struct conf_section *conf_section_find(const char *name);

/* conf_part(t, s, title, make): the struct of section s with that title, made
 * with its defaults where make is 1; NULL: there is none, or out of memory */
void *conf_part(struct conf_target *t, const struct conf_section *s,
    const char *title, int make);

/* conf_value(part, key, texts, n, why): sets one value from its text, or from
 * several for lists. 0, or -1 with "'key': ..." added to why. */
int conf_value(void *part, const struct conf_key *key, const char *const *texts,
    size_t n, struct buf *why);

/* conf_place(t, key, title, texts, n, from, why): the same in a target, and
 * keeps where it came from (from->key and title are filled in; texts and file
 * are copied) */
int conf_place(struct conf_target *t, const struct conf_key *key,
    const char *title, const char *const *texts, size_t n,
    const struct conf_origin *from, struct buf *why);

/* conf_keep_section: remembers where a section with a title stood. 0 or -1. */
int conf_keep_section(struct conf_target *t, const struct conf_section *s,
    const char *title, const struct conf_origin *from);

/* conf_origin_of: NULL where the default holds */
const struct conf_origin *conf_origin_of(const struct conf_target *t,
    const char *section, const char *title, const char *name);

/* conf_where(t, section, title, name, why): adds "FILE:LINE: ", or
 * "environment NAME: ", or nothing for options and defaults. Where the key was
 * not set, it is where the section stood. */
void conf_where(const struct conf_target *t, const char *section,
    const char *title, const char *name, struct buf *why);

/* conf_plain: as conf_default, without the environment's values */
int conf_plain(struct conf_target *t, const char *name, struct buf *why);

/* conf_environment(t, why): the environment's values over those of files */
int conf_environment(struct conf_target *t, struct buf *why);

/* conf_show(part, key, out): a value as a file would have it; 0, or -1: it is
 * not set (and nothing was added) */
int conf_show(const void *part, const struct conf_key *key, struct buf *out);
void conf_show_text(const char *s, struct buf *out); /* in quotes */

#endif
