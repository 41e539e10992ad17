/*
 * tar.h: reads a tar archive that lies in memory: ustar, GNU's long names,
 * pax headers (POSIX pax, "ustar Interchange Format").  Pure: no memory of
 * its own, names and contents stay in the archive.
 *
 * The archive may be anything: what is not right is refused, with the reason.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes in the archive, not terminated. */
struct tar_text {
    const char *at;
    size_t n;
};

enum tar_type { TAR_FILE, TAR_DIRECTORY, TAR_LINK }; /* a hard link */

struct tar_entry {
    enum tar_type type;
    struct tar_text prefix, name; /* "prefix/name"; prefix may be empty */
    struct tar_text link;         /* an earlier entry that this one is too */
    const void *data;
    size_t size;
    int64_t modified; /* seconds since 1970 */
};

struct tar {
    const char *data;
    size_t size;
    size_t next;     /* offset of the next header */
    size_t entry;    /* offset of the last one: where an error is */
    const char *why; /* the error */
};

void tar_open(struct tar *tar, const void *data, size_t size);

/* 1 and the next entry, 0 at the archive's end, or -EINVAL: see tar->why. */
int tar_next(struct tar *tar, struct tar_entry *e);
