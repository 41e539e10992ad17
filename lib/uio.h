/* uio.h: several pieces of memory as one. */
#pragma once

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#define UIO_READ_MAX 65536 /* at a time: a datagram is smaller */

/* All their bytes, or -EINVAL: too many pieces, or more bytes than ssize_t can
 * say. */
ssize_t uio_total(const struct iovec *iov, size_t n);

void uio_gather(void *to, const struct iovec *iov, size_t n);

/* The first size bytes of from; what does not fit is left. */
void uio_scatter(const struct iovec *iov, size_t n, const void *from,
                 size_t size);
