/*
 * model.h - a model record: as-model(5). One line a series in a model file.
 */
#ifndef RECORD_MODEL_H
#define RECORD_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

enum { MODEL_VERSION = 1, MODEL_PARTS = 4 };

struct model {
	char *metric; /* JSON text of the labels */
	char name[128], target[256], unit[64]; /* of them */
	char method[32];
	char windows_by[32]; /* another method; "": the same */
	double step_s, horizon_s; /* > 0 */
	double boot_s, interval_s; /* of the decisions it is for */
	int64_t trained; /* epoch ms, the newest sample learnt */
	double span_s, samples, seed;
	struct buf part[MODEL_PARTS]; /* packed; what is in them is up to */
	size_t parts; /* common/model */
	double error_1h, within_15pct, skill_vs_last; /* NAN: not known */
	int accepted;
	/* JSON texts for people (objects; events an array); only written,
	 * never read */
	const char *calibration, *validation, *events;
};

void model_free(struct model *); /* not the texts for people */

/* model_write: the line, with its checksum, without LF */
void model_write(struct buf *, const struct model *);

/*
 * model_read(m, line, len, why): a line that model_write made. Everything is
 * checked: form, version, checksum (SHA-256 of the line without the member),
 * that numbers are in range. The bytes of the line are changed during the call
 * and as before after it. 0, or -1 with a static text in *why.
 */
int model_read(struct model *m, char *line, size_t len, const char **why);

/* A file of models, read but not taken apart */
struct model_file {
	struct buf text;
	size_t n;
	struct model_line {
		size_t at, len, number;
		char *key; /* as series_key; NULL: the line is broken */
		char *name, *target, *unit; /* labels, with their defaults */
	} * line;
};

/*
 * model_file_open: 0, or -1 with errno. Lines that have no readable labels are
 * kept without a key.
 */
int model_file_open(struct model_file *f, const char *path);
void model_file_close(struct model_file *);

#endif
