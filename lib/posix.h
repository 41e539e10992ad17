/* posix.h: results as POSIX wants them: -errno becomes -1 and errno. */
#pragma once

#include <errno.h>
#include <sys/types.h>

static inline ssize_t posix_result(ssize_t result)
{
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

static inline int posix_status(int result)
{
    return (int)posix_result(result);
}
