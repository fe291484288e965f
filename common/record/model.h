/*
 * model.h - a model record: as-model(5). One line a series in a model file.
 */
#ifndef RECORD_MODEL_H
#define RECORD_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

enum {
	MODEL_VERSION = 1,
	MODEL_PARTS = 4,
	MODEL_LONGEST = 1 << 26 /* bytes of a line: many times what any takes */
};

/* what stands between the labels and settings of a line and its components */
#define MODEL_PARTS_HEAD ",\"components\":["

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
 * that numbers are in range. 0, or -1 with a static text in *why.
 */
int model_read(struct model *m, const char *line, size_t len, const char **why);

/* Text in memory, or in a file of which only a piece at a time is there */
enum { MODEL_PIECE = 32768 };
struct model_text {
	const char *s; /* NULL: in the file fd */
	int fd;
};

/* n <= MODEL_PIECE bytes from at on, in room where they are in a file; NULL:
 * it is shorter or cannot be read */
const char *model_piece(const struct model_text *, size_t at, size_t n,
    char room[static MODEL_PIECE]);

/* model_read of such a text, len bytes from at on */
int model_read_at(struct model *m, const struct model_text *, size_t at,
    size_t len, const char **why);

/* A file of models, looked through but not taken apart */
struct model_file {
	struct model_text from;
	struct buf text; /* of what is no regular file */
	size_t n;
	struct model_line {
		size_t at, len, number;
		char *key; /* as series_key; NULL: the line is broken */
		char *name, *target, *unit; /* labels, with their defaults */
	} * line;
};

/*
 * model_file_open: 0, or -1 with errno. Lines that have no readable labels are
 * kept without a key. model_file_read: model_read of line i.
 */
int model_file_open(struct model_file *f, const char *path);
int model_file_read(
    const struct model_file *f, size_t i, struct model *m, const char **why);
void model_file_close(struct model_file *);

#endif
