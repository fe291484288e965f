#include "conf/keys.h"

#include <string.h>

enum { COLUMN = 44 }; /* where comments begin, if they can */

static void
print_origin(const struct conf_origin *o, struct buf *out)
{
	if (o == NULL)
		buf_str(out, "default");
	else if (o->from == FROM_FILE)
		buf_printf(out, "%s:%d", o->file, o->line);
	else if (o->from == FROM_ENVIRONMENT)
		buf_printf(out, "environment %s", o->key->env);
	else
		buf_str(out, "option");
}

/* One key on a line, if it holds anything */
static void
print_key(const struct conf_target *t, const struct conf_key *k,
    const char *title, const void *part, struct buf *out)
{
	size_t from = out->len;

	buf_printf(out, "\t%s = ", k->name);
	if (conf_show(part, k, out) != 0) {
		out->len = from;
		return;
	}
	do
		buf_char(out, ' ');
	while (out->len - from < COLUMN);
	buf_str(out, "# ");
	print_origin(conf_origin_of(t, k->section, title, k->name), out);
	buf_char(out, '\n');
}

static void
print_part(const struct conf_target *t, const struct conf_section *s,
    const char *title, const void *part, struct buf *out)
{
	size_t before = out->len, head;

	buf_str(out, s->name);
	if (strcmp(s->name, "target") == 0)
		title = t->name;
	if (title != NULL) {
		buf_str(out, " ");
		conf_show_text(title, out);
	}
	buf_str(out, " {\n");
	head = out->len;
	for (const struct conf_key *k = conf_keys; k->section != NULL; k++)
		if (strcmp(k->section, s->name) == 0)
			print_key(t, k, s->titled ? title : NULL, part, out);
	if (out->len == head)
		out->len = before;
	else
		buf_str(out, "}\n");
}

void
conf_print(const struct conf_target *t, struct buf *out)
{
	for (const struct conf_section *s = conf_sections; s->name != NULL;
	     s++) {
		const char *base = (const char *)t + s->at;
		size_t n;

		if (!s->titled) {
			print_part(t, s, NULL, base, out);
			continue;
		}
		n = *(const size_t *)(const void *)((const char *)t + s->count);
		base = *(const char *const *)(const void *)base;
		for (size_t i = 0; i < n; i++) {
			const char *part = base + i * s->size;
			const char *title =
			    *(char *const *)(const void *)(part + s->title);

			print_part(t, s, title, part, out);
		}
	}
}
