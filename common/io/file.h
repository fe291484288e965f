/*
 * file.h - whole files: read, replaced in one step, appended to under a lock
 */
#ifndef IO_FILE_H
#define IO_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/*
 * file_read(path, max, out): the content of path is added to out. Returns 0,
 * or -1 with errno (EFBIG: more than max bytes).
 */
int file_read(const char *path, size_t max, struct buf *out);

/* file_read_fd(fd, max, out): the same of what is left to read from fd */
int file_read_fd(int fd, size_t max, struct buf *out);

/*
 * file_secret(path, out): as file_read for a token or password of at most
 * 64 KiB, without the newline at its end. Refused with errno EPERM where group
 * may write or others may read or write the file.
 */
int file_secret(const char *path, struct buf *out);

/*
 * file_replace(path, p, n, mode): path holds just these bytes afterwards, or
 * what it held before. Written beside it, synced, renamed, the folder synced.
 * An existing file keeps its mode, and its owner where we may give it; a new
 * one gets mode less the umask. A symbolic link is followed; a device or a FIFO
 * is written into. Returns 0 or -1 with errno; nothing is left
 * behind.
 */
int file_replace(const char *path, const void *p, size_t n, mode_t mode);

/*
 * A file that is about to take another's place, beside it and synced, so that
 * it can be looked at before it does. { 0 } is valid for file_stage_end.
 */
struct file_stage {
	char *path; /* the file to be replaced, links followed */
	char *fresh; /* ".new.NAME" beside it: the new one */
	int fd; /* of fresh, locked */
	int open, placed;
};

/*
 * file_stage(s, path, p, n, mode, wait_s): writes the n bytes of p, with mode
 * and owner as file_replace gives them. Others that stage the same file are
 * kept out until file_stage_end. 0, or -1 with errno: EWOULDBLOCK after
 * wait_s seconds, EINVAL where path is neither a plain file nor free.
 */
int file_stage(struct file_stage *s, const char *path, const void *p, size_t n,
    mode_t mode, double wait_s);
int file_stage_place(struct file_stage *); /* renamed, the folder synced */
void file_stage_end(struct file_stage *); /* what was not placed is removed */

/* file_beside(path, prefix): the path of the file in the same folder whose name
 * is prefix and path's own name; to be freed. NULL with errno. */
char *file_beside(const char *path, const char *prefix);

/*
 * file_append(path, line, n): n bytes, whose last is LF, go to the end of path
 * in one piece and are on disk (fdatasync) when it returns 0. Other writers
 * that use this wait (flock). A torn last line, left by a crash, is first ended
 * with LF. A file renamed away meanwhile (logrotate) is left alone and begun
 * anew. -1 with errno; after a short write the file is cut back.
 */
int file_append(const char *path, const char *line, size_t n);

/* file_append_head: the same; in a file that is new or empty, head (whole
 * lines) goes before the line */
int file_append_head(const char *path, const char *head, size_t n_head,
    const char *line, size_t n);

/*
 * file_lock(path, wait_s): an exclusive lock on path (made if it is not there,
 * mode 0600), held until the returned descriptor is closed or the process
 * ends. -1 with errno EWOULDBLOCK after wait_s seconds.
 */
int file_lock(const char *path, double wait_s);

/* file_lock_folder: the same on a folder, which has to be there */
int file_lock_folder(const char *path, double wait_s);

/* file_make_dirs(path): like mkdir -p, mode 0750. 0 or -1. */
int file_make_dirs(const char *path);

#endif
