/*
 * sys/mman.h: files where they lie in memory: lib/mman.c.
 *
 * A mapping of a ramdisk file is the archive itself: read-only, aligned to
 * 512 bytes and not to a page, there for ever.  There are no anonymous ones.
 */
#pragma once

#include <sys/types.h>

#define PROT_NONE  0
#define PROT_READ  1
#define PROT_WRITE 2
#define PROT_EXEC  4

#define MAP_SHARED  1
#define MAP_PRIVATE 2
#define MAP_FAILED  ((void *)-1)

#ifdef __cplusplus
extern "C" {
#endif

void *mmap(void *addr, size_t n, int prot, int flags, int fd, off_t offset);
int munmap(void *addr, size_t n);

#ifdef __cplusplus
}
#endif
