/*
 * archive.h: builds tar archives piece by piece, right or wrong.
 *
 * Text that a test gives is taken as it is; the checksum is made right.
 */
#pragma once

#include <stddef.h>

extern char archive[1 << 20];
extern size_t archive_n;

void archive_begin(void);

/* A header of this type and name and the blocks of its data; what is not
 * told is ordinary: mtime 1000000000, POSIX magic.  Its offset. */
size_t archive_add(char type, const char *name, const void *data, size_t n);
size_t archive_text(char type, const char *name, const char *data);

/* Write bytes into the header at offset, then mend its checksum. */
void archive_patch(size_t header, size_t at, const void *bytes, size_t n);

void archive_end(void); /* two empty blocks */
