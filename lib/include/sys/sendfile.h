/*
 * sys/sendfile.h: from a file to any descriptor, as Linux does: lib/sendfile.c.
 *
 * Files of the ramdisk are not copied on their way to a TCP socket.
 */
#pragma once

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Up to n bytes of file in, from *offset on, which moves; or with offset NULL
 * from where in is, which moves.  How many; -1 with EBADF, EINVAL: in is no
 * file, or what writing says. */
ssize_t sendfile(int out, int in, off_t *offset, size_t n);

#ifdef __cplusplus
}
#endif
