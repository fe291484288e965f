/*
 * out.h - standard output: records only, checked
 */
#ifndef IO_OUT_H
#define IO_OUT_H

#include <stddef.h>

/* out_write(p, n): buffered. 0, or -1 once any write has failed (errno of the
 * first failure is kept in out_errno). After a failure nothing more is tried.
 */
int out_write(const void *p, size_t n);

/* out_flush(): what is buffered leaves now. 0 or -1. */
int out_flush(void);

/* out_close(): flushes and closes standard output, which is when a full disk
 * may first show. 0 or -1. */
int out_close(void);

int out_failed(void); /* 1 once a write failed */
int out_errno(void); /* why; EPIPE: the reader left */

#endif
