#include "record/mix.h"

#include <math.h>
#include <string.h>

#include "record/record.h"

static struct mix_part *
part_of(struct mix *m, const char *type)
{
	if (strlen(type) >= MIX_NAME)
		type = "";
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->part[i].type, type) == 0)
			return &m->part[i];
	/* the last place is kept for all that do not fit */
	if (*type != '\0' && m->n >= MIX_TYPES - 1)
		return part_of(m, "");
	m->part[m->n] = (struct mix_part){ .ready = -1 };
	memcpy(m->part[m->n].type, type, strlen(type) + 1);
	return &m->part[m->n++];
}

void
mix_add(struct mix *m, const char *type, long count, long ready)
{
	struct mix_part *p = part_of(m, type);

	/* those of which nobody says whether they serve do not */
	if (ready >= 0)
		p->ready = (p->ready > 0 ? p->ready : 0) + ready;
	p->count += count;
}

long
mix_total(const struct mix *m)
{
	long sum = 0;

	for (size_t i = 0; i < m->n; i++)
		sum += m->part[i].count;
	return sum;
}

/* A whole number of machines: 0, or -1 */
static int
count(const struct json *j, const char *name, long *n)
{
	double x;

	if (json_get_num(j, name, &x) != 0 || x < 0 || x > 1e6 || x != floor(x))
		return -1;
	*n = (long)x;
	return 0;
}

int
mix_read(struct mix *m, const struct json *j)
{
	*m = (struct mix){ .n = 0 };
	if (j == NULL || json_type(j) == JSON_NULL)
		return 0;
	if (json_type(j) != JSON_ARRAY)
		return -1;
	for (const struct json *i = json_first(j); i != NULL;
	     i = json_next(i)) {
		const char *type = json_get_str(i, "type");
		long n, ready = -1;

		if (count(i, "count", &n) != 0)
			return -1;
		if (json_get(i, "ready") != NULL &&
		    (count(i, "ready", &ready) != 0 || ready > n))
			return -1;
		mix_add(m, type != NULL ? type : "", n, ready);
	}
	return 0;
}

void
mix_write(struct buf *b, const struct mix *m)
{
	buf_char(b, '[');
	for (size_t i = 0; i < m->n; i++) {
		const struct mix_part *p = &m->part[i];

		buf_str(b, i > 0 ? ",{" : "{");
		if (p->type[0] != '\0')
			record_put_str(b, "type", p->type);
		record_put_num(b, "count", (double)p->count);
		if (p->ready >= 0)
			record_put_num(b, "ready", (double)p->ready);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}
