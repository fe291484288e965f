/*
 * buf.h - bytes that grow
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

/*
 * A struct buf set to { 0 } is empty and valid. s is NULL or holds len bytes
 * and a NUL after them. Once memory runs out failed is 1, the content stays
 * as it was, and every later call leaves it so: check failed once, at the end.
 */
struct buf {
	char *s;
	size_t len, cap;
	int failed;
};

void buf_free(struct buf *); /* frees the bytes; the buf is empty again */
void buf_clear(struct buf *); /* len 0, keeps the memory */
int buf_reserve(struct buf *, size_t more); /* room for more bytes; 0 or -1 */
void buf_add(struct buf *, const void *, size_t);
void buf_str(struct buf *, const char *);
void buf_char(struct buf *, char);
void buf_printf(struct buf *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* buf_num: a double as number_format writes it, see base/number.h */
void buf_num(struct buf *, double);

/* buf_json_str: a JSON string with its quotes; s is NUL-ended, and each byte of
 * it that is no UTF-8 becomes U+FFFD */
void buf_json_str(struct buf *, const char *s);

#endif
