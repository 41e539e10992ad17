/* hypercall.c: what has been called, and Xen's error numbers as newlib's. */

#include "xen/hypercall.h"

#include <errno.h>

unsigned hypercall_count[HYPERCALLS];

int hypercall_errno(long result)
{
    if (result >= 0)
        return 0;
    if (result > -35)
        return (int)result;
    switch (-result) {
    case 38:
        return -ENOSYS;
    case 61:
        return -ENODATA;
    case 75:
        return -EOVERFLOW;
    case 95:
        return -EOPNOTSUPP;
    case 105:
        return -ENOBUFS;
    case 106:
        return -EISCONN;
    case 107:
        return -ENOTCONN;
    case 110:
        return -ETIMEDOUT;
    default:
        return -EIO;
    }
}
