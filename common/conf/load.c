#include "conf/keys.h"

#include <confuse.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/strip.h"
#include "io/file.h"

/* A setting as it stood in a file, before it is known whose it is */
struct item {
	const struct conf_key *key; /* NULL: only that the section stands */
	const struct conf_section *section;
	char *title;
	char **texts;
	size_t n;
	char *file;
	int line;
};

enum { MAX_FILE = 4 << 20, MAX_INCLUDED = 64 };

/* What is gathered from one file and what that includes */
struct gather {
	struct item *items;
	size_t n, cap;
	char *target; /* title of the section target, or NULL */
	struct buf *why;
	const char *path; /* of the file in hand */
	char **paths; /* it and those that it includes */
	size_t n_paths;
};

/* libconfuse hands its callbacks nothing of ours, and its lexer can read but
 * one file at a time: what is being gathered is known here. */
static struct gather *now;

static void
item_free(struct item *i)
{
	for (size_t k = 0; k < i->n; k++)
		free(i->texts[k]);
	free(i->texts);
	free(i->title);
	free(i->file);
}

static void
gather_free(struct gather *g)
{
	for (size_t i = 0; i < g->n; i++)
		item_free(&g->items[i]);
	for (size_t i = 0; i < g->n_paths; i++)
		free(g->paths[i]);
	free(g->paths);
	free(g->items);
	free(g->target);
	*g = (struct gather){ 0 };
}

/* The first message stays: what follows it is a consequence. */
static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	static const char unknown[] = "no such option";
	char text[1024];

	if (now->why->len > 0)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (strncmp(text, unknown, sizeof(unknown) - 1) == 0)
		buf_printf(now->why, "%s:%d: unknown key%s", now->path,
		    cfg->line, text + sizeof(unknown) - 1);
	else
		buf_printf(now->why, "%s:%d: %s", now->path, cfg->line, text);
}

static struct item *
add_item(cfg_t *cfg, const struct conf_section *s, const struct conf_key *key)
{
	struct gather *g = now;
	struct item *more, *i;

	if (g->n == g->cap) {
		size_t cap = g->cap > 0 ? 2 * g->cap : 32;

		more = realloc(g->items, cap * sizeof(*more));
		if (more == NULL)
			return NULL;
		g->items = more;
		g->cap = cap;
	}
	i = &g->items[g->n];
	*i = (struct item){ .key = key,
		.section = s,
		.file = strdup(g->path),
		.line = cfg->line };
	if (cfg->title != NULL)
		i->title = strdup(cfg->title);
	g->n++;
	if (i->file == NULL || (cfg->title != NULL && i->title == NULL))
		return NULL;
	return i;
}

static int
copy_texts(struct item *i, cfg_opt_t *opt)
{
	size_t n = cfg_opt_size(opt);

	while (i->n > 0)
		free(i->texts[--i->n]);
	free(i->texts);
	i->texts = calloc(n + 1, sizeof(*i->texts));
	if (i->texts == NULL)
		return -1;
	for (; i->n < n; i->n++) {
		const char *s = cfg_opt_getnstr(opt, (unsigned)i->n);

		i->texts[i->n] = strdup(s != NULL ? s : "");
		if (i->texts[i->n] == NULL)
			return -1;
	}
	return 0;
}

static struct item *
find_item(const struct conf_key *key, const char *title)
{
	for (size_t i = 0; i < now->n; i++) {
		struct item *it = &now->items[i];

		if (it->key == key &&
		    (title == NULL || it->title == NULL ||
			strcmp(title, it->title) == 0))
			return it;
	}
	return NULL;
}

/* Called by libconfuse after each value, and after each one of a list */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct conf_section *s = conf_section_find(cfg->name);
	const struct conf_key *key = conf_key_find(cfg->name, opt->name);
	struct item *i = find_item(key, s->titled ? cfg->title : NULL);
	int list = key->kind == KIND_DAYS || key->kind == KIND_LIST;

	if (i != NULL && !list) {
		cfg_error(cfg, "'%s' was set already, in %s:%d", key->name,
		    i->file, i->line);
		return -1;
	}
	if (i == NULL)
		i = add_item(cfg, s, key);
	if (i == NULL || copy_texts(i, opt) != 0) {
		cfg_error(cfg, "out of memory");
		return -1;
	}
	return 0;
}

static int
add_path_to(struct gather *g, struct buf *path)
{
	char **more = realloc(g->paths, (g->n_paths + 1) * sizeof(*more));

	if (more == NULL || path->failed) {
		g->paths = more != NULL ? more : g->paths;
		buf_free(path);
		return -1;
	}
	g->paths = more;
	more[g->n_paths++] = path->s;
	return 0;
}

/* include("FILE"), relative to the folder of the file that says so. It is
 * read when the file in hand has been. */
static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	const char *slash = strrchr(now->path, '/');
	struct buf path = { 0 };

	(void)opt;
	if (argc != 1) {
		cfg_error(cfg, "include() takes one file");
		return -1;
	}
	if (now->n_paths == MAX_INCLUDED) {
		cfg_error(cfg, "more than %d files are included", MAX_INCLUDED);
		return -1;
	}
	if (slash != NULL && argv[0][0] != '/')
		buf_add(&path, now->path, (size_t)(slash - now->path) + 1);
	buf_str(&path, argv[0]);
	if (add_path_to(now, &path) != 0) {
		cfg_error(cfg, "out of memory");
		return -1;
	}
	return 0;
}

static cfg_opt_t
option_of(const struct conf_key *k)
{
	if (k->kind == KIND_DAYS || k->kind == KIND_LIST)
		return (cfg_opt_t)CFG_STR_LIST(k->name, NULL, CFGF_NODEFAULT);
	return (cfg_opt_t)CFG_STR(k->name, NULL, CFGF_NODEFAULT);
}

enum { MAX_SECTIONS = 24, MAX_KEYS = 64 };

/* The sections and keys, as libconfuse wants to be told of them. It copies
 * the tables. */
static cfg_t *
make_parser(void)
{
	cfg_opt_t keys[MAX_SECTIONS][MAX_KEYS + 1];
	cfg_opt_t root[MAX_SECTIONS + 2];
	size_t n = 0;
	cfg_t *cfg;

	for (; conf_sections[n].name != NULL; n++) {
		const struct conf_section *s = &conf_sections[n];
		int many = s->titled || strcmp(s->name, "target") == 0;
		size_t m = 0;

		for (const struct conf_key *k = conf_keys; k->section != NULL;
		     k++)
			if (strcmp(k->section, s->name) == 0)
				keys[n][m++] = option_of(k);
		keys[n][m] = (cfg_opt_t)CFG_END();
		root[n] = (cfg_opt_t)CFG_SEC(s->name, keys[n],
		    many ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES
			 : CFGF_NONE);
	}
	root[n] = (cfg_opt_t)CFG_FUNC("include", on_include);
	root[n + 1] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(root, CFGF_NONE);
	if (cfg == NULL)
		return NULL;
	cfg_set_error_function(cfg, on_error);
	for (const struct conf_key *k = conf_keys; k->section != NULL; k++) {
		char path[96];

		snprintf(path, sizeof(path), "%s|%s", k->section, k->name);
		cfg_set_validate_func(cfg, path, on_value);
	}
	return cfg;
}

static int
note_target(cfg_t *cfg)
{
	cfg_t *first = cfg_getnsec(cfg, "target", 0);
	cfg_t *second =
	    cfg_size(cfg, "target") > 1 ? cfg_getnsec(cfg, "target", 1) : NULL;

	if (first == NULL)
		return 0;
	if (second != NULL || now->target != NULL) {
		buf_printf(now->why,
		    "%s:%d: a second target, '%s': a file is of one", now->path,
		    second != NULL ? second->line : first->line,
		    cfg_title(second != NULL ? second : first));
		return -1;
	}
	now->target = strdup(cfg_title(first));
	return now->target != NULL ? 0 : -1;
}

/* Sections that stand, be they empty: signal cpu { } */
static int
note_sections(cfg_t *cfg)
{
	for (const struct conf_section *s = conf_sections; s->name != NULL; s++)
		for (unsigned i = 0; s->titled && i < cfg_size(cfg, s->name);
		     i++)
			if (add_item(cfg_getnsec(cfg, s->name, i), s, NULL) ==
			    NULL)
				return -1;
	return note_target(cfg);
}

static int
parse_text(struct buf *text)
{
	cfg_t *cfg = make_parser();
	int line, status = -1;
	const char *wrong;

	if (cfg == NULL)
		return -1;
	wrong = strip_comments(text->s, text->len, &line);
	if (wrong != NULL)
		buf_printf(now->why, "%s:%d: %s", now->path, line, wrong);
	else if (cfg_parse_buf(cfg, text->s) == CFG_SUCCESS)
		status = note_sections(cfg);
	else if (now->why->len == 0)
		buf_printf(
		    now->why, "%s: not in the syntax of as.conf(5)", now->path);
	cfg_free(cfg);
	return status;
}

/* Everything that stands in one file and in those that it includes. 0, or -1
 * with *why. */
static int
read_file(struct gather *g, const char *path, struct buf *why)
{
	struct buf first = { 0 };
	int status;

	*g = (struct gather){ .why = why };
	buf_str(&first, path);
	status = add_path_to(g, &first);
	now = g;
	for (size_t i = 0; i < g->n_paths && status == 0; i++) {
		struct buf text = { 0 };

		g->path = g->paths[i];
		buf_str(&text, "");
		if (file_read(g->path, MAX_FILE, &text) != 0) {
			buf_printf(why, "cannot read '%s': %s", g->path,
			    strerror(errno));
			status = -1;
		} else {
			status = text.failed ? -1 : parse_text(&text);
		}
		buf_free(&text);
	}
	now = NULL;
	if (status != 0 && why->len == 0)
		buf_str(why, "out of memory");
	if (status != 0)
		gather_free(g);
	return status;
}

/* The target of that name, made with its defaults if it is new */
static struct conf_target *
target_of(struct conf *c, const char *name, struct buf *why)
{
	struct conf_target *more;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->targets[i].name, name) == 0)
			return &c->targets[i];
	more = realloc(c->targets, (c->n + 1) * sizeof(*more));
	if (more == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	c->targets = more;
	if (conf_plain(&more[c->n], name, why) != 0)
		return NULL;
	return &more[c->n++];
}

static int
place_item(struct conf_target *t, const struct item *i, struct buf *why)
{
	struct conf_origin from = {
		.from = FROM_FILE, .file = i->file, .line = i->line
	};
	struct buf reason = { 0 };
	int status;

	if (i->key == NULL) {
		if (conf_part(t, i->section, i->title, 1) != NULL &&
		    conf_keep_section(t, i->section, i->title, &from) == 0)
			return 0;
		buf_str(why, "out of memory");
		return -1;
	}
	status = conf_place(t, i->key, i->title, (const char *const *)i->texts,
	    i->n, &from, &reason);
	if (status != 0)
		buf_printf(why, "%s:%d: %s", i->file, i->line,
		    reason.s != NULL ? reason.s : "out of memory");
	buf_free(&reason);
	return status;
}

static int
add_file(struct conf *c, const char *path, struct buf *why)
{
	struct conf_target *t;
	struct gather g;
	int status = 0;

	if (read_file(&g, path, why) != 0)
		return -1;
	t = target_of(c, g.target != NULL ? g.target : "default", why);
	if (t == NULL)
		status = -1;
	for (size_t i = 0; i < g.n && status == 0; i++)
		status = place_item(t, &g.items[i], why);
	gather_free(&g);
	return status;
}

static int
is_conf(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && e->d_name[0] != '.' &&
	    strcmp(e->d_name + n - 5, ".conf") == 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
same_file(const char *a, const char *b)
{
	struct stat x, y;

	return b != NULL && stat(a, &x) == 0 && stat(b, &y) == 0 &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int
add_folder(struct conf *c, const char *path, const char *but, struct buf *why)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, is_conf, by_name), status = 0;

	if (n < 0) {
		buf_printf(why, "cannot read '%s': %s", path, strerror(errno));
		return -1;
	}
	if (n == 0) {
		buf_printf(why, "no file *.conf in '%s'", path);
		status = -1;
	}
	for (int i = 0; i < n; i++) {
		struct buf file = { 0 };

		buf_printf(&file, "%s/%s", path, names[i]->d_name);
		if (status == 0 && file.failed)
			status = -1;
		else if (status == 0 && !same_file(file.s, but))
			status = add_file(c, file.s, why);
		buf_free(&file);
		free(names[i]);
	}
	free(names);
	return status;
}

static int
add_path(struct conf *c, const char *path, const char *but, struct buf *why)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		buf_printf(why, "cannot read '%s': %s", path, strerror(errno));
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		return add_folder(c, path, but, why);
	return same_file(path, but) ? 0 : add_file(c, path, why);
}

int
conf_load(struct conf *c, char *const *paths, size_t n, struct buf *why)
{
	return conf_load_but(c, paths, n, NULL, why);
}

int
conf_load_but(struct conf *c, char *const *paths, size_t n, const char *but,
    struct buf *why)
{
	int status = 0;

	*c = (struct conf){ 0 };
	for (size_t i = 0; i < n && status == 0; i++)
		status = add_path(c, paths[i], but, why);
	for (size_t i = 0; i < c->n && status == 0; i++) {
		status = conf_environment(&c->targets[i], why);
		if (status == 0)
			status = conf_check(&c->targets[i], why);
	}
	if (status == 0)
		return 0;
	if (why->len == 0)
		buf_str(why, "out of memory");
	conf_free(c);
	return -1;
}
