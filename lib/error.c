/* error.c: what errors are called: strerror() and perror(), in half the bytes
 * of newlib's. */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"

#define LINE 256 /* more is cut off */

/* newlib's strerror_r() calls it. */
struct _reent;
char *_strerror_r(struct _reent *reent, int error, int internal, int *result);

/* POSIX's errors as Linux calls them, each behind its number. */
#define ERROR(number, name) DECIMAL(number) name "\0"
#define DECIMAL(number)     #number

/* clang-format off */
static const char names[] =
    ERROR(0, "Success")
    ERROR(EPERM, "Operation not permitted")
    ERROR(ENOENT, "No such file or directory")
    ERROR(ESRCH, "No such process")
    ERROR(EINTR, "Interrupted system call")
    ERROR(EIO, "Input/output error")
    ERROR(ENXIO, "No such device or address")
    ERROR(E2BIG, "Argument list too long")
    ERROR(ENOEXEC, "Exec format error")
    ERROR(EBADF, "Bad file descriptor")
    ERROR(ECHILD, "No child processes")
    ERROR(EAGAIN, "Resource temporarily unavailable")
    ERROR(ENOMEM, "Cannot allocate memory")
    ERROR(EACCES, "Permission denied")
    ERROR(EFAULT, "Bad address")
    ERROR(ENOTBLK, "Block device required")
    ERROR(EBUSY, "Device or resource busy")
    ERROR(EEXIST, "File exists")
    ERROR(EXDEV, "Invalid cross-device link")
    ERROR(ENODEV, "No such device")
    ERROR(ENOTDIR, "Not a directory")
    ERROR(EISDIR, "Is a directory")
    ERROR(EINVAL, "Invalid argument")
    ERROR(ENFILE, "Too many open files in system")
    ERROR(EMFILE, "Too many open files")
    ERROR(ENOTTY, "Inappropriate ioctl for device")
    ERROR(ETXTBSY, "Text file busy")
    ERROR(EFBIG, "File too large")
    ERROR(ENOSPC, "No space left on device")
    ERROR(ESPIPE, "Illegal seek")
    ERROR(EROFS, "Read-only file system")
    ERROR(EMLINK, "Too many links")
    ERROR(EPIPE, "Broken pipe")
    ERROR(EDOM, "Numerical argument out of domain")
    ERROR(ERANGE, "Numerical result out of range")
    ERROR(ENOMSG, "No message of desired type")
    ERROR(EIDRM, "Identifier removed")
    ERROR(EDEADLK, "Resource deadlock avoided")
    ERROR(ENOLCK, "No locks available")
    ERROR(ENOSTR, "Device not a stream")
    ERROR(ENODATA, "No data available")
    ERROR(ETIME, "Timer expired")
    ERROR(ENOSR, "Out of streams resources")
    ERROR(ENOLINK, "Link has been severed")
    ERROR(EPROTO, "Protocol error")
    ERROR(EMULTIHOP, "Multihop attempted")
    ERROR(EBADMSG, "Bad message")
    ERROR(ENOSYS, "Function not implemented")
    ERROR(ENOTEMPTY, "Directory not empty")
    ERROR(ENAMETOOLONG, "File name too long")
    ERROR(ELOOP, "Too many levels of symbolic links")
    ERROR(EOPNOTSUPP, "Operation not supported")
    ERROR(EPFNOSUPPORT, "Protocol family not supported")
    ERROR(ECONNRESET, "Connection reset by peer")
    ERROR(ENOBUFS, "No buffer space available")
    ERROR(EAFNOSUPPORT, "Address family not supported by protocol")
    ERROR(EPROTOTYPE, "Protocol wrong type for socket")
    ERROR(ENOTSOCK, "Socket operation on non-socket")
    ERROR(ENOPROTOOPT, "Protocol not available")
    ERROR(ESHUTDOWN, "Cannot send after transport endpoint shutdown")
    ERROR(ECONNREFUSED, "Connection refused")
    ERROR(EADDRINUSE, "Address already in use")
    ERROR(ECONNABORTED, "Software caused connection abort")
    ERROR(ENETUNREACH, "Network is unreachable")
    ERROR(ENETDOWN, "Network is down")
    ERROR(ETIMEDOUT, "Connection timed out")
    ERROR(EHOSTDOWN, "Host is down")
    ERROR(EHOSTUNREACH, "No route to host")
    ERROR(EINPROGRESS, "Operation now in progress")
    ERROR(EALREADY, "Operation already in progress")
    ERROR(EDESTADDRREQ, "Destination address required")
    ERROR(EMSGSIZE, "Message too long")
    ERROR(EPROTONOSUPPORT, "Protocol not supported")
    ERROR(ESOCKTNOSUPPORT, "Socket type not supported")
    ERROR(EADDRNOTAVAIL, "Cannot assign requested address")
    ERROR(ENETRESET, "Network dropped connection on reset")
    ERROR(EISCONN, "Transport endpoint is already connected")
    ERROR(ENOTCONN, "Transport endpoint is not connected")
    ERROR(ETOOMANYREFS, "Too many references: cannot splice")
    ERROR(EDQUOT, "Disk quota exceeded")
    ERROR(ESTALE, "Stale file handle")
    ERROR(ENOTSUP, "Operation not supported")
    ERROR(EILSEQ, "Invalid or incomplete multibyte or wide character")
    ERROR(EOVERFLOW, "Value too large for defined data type")
    ERROR(ECANCELED, "Operation canceled")
    ERROR(ENOTRECOVERABLE, "State not recoverable")
    ERROR(EOWNERDEAD, "Owner died");
/* clang-format on */

char *_strerror_r(struct _reent *reent, int error, int internal, int *result)
{
    const char *at = names;
    int number;

    (void)reent;
    (void)internal;
    (void)result;
    do {
        for (number = 0; *at >= '0' && *at <= '9'; at++)
            number = number * 10 + *at - '0';
        if (number == error)
            break;
        at += strlen(at) + 1;
    } while (*at);
    return (char *)(uintptr_t)(*at ? at : "Unknown error");
}

char *strerror(int error)
{
    return _strerror_r(NULL, error, 0, NULL);
}

/* At once: what other threads say does not mix with it. */
void perror(const char *what)
{
    char line[LINE];
    const bool said = what && *what;

    sniprintf(line, sizeof(line), "%s%s%s\n", said ? what : "",
              said ? ": " : "", strerror(errno));
    fd_write(STDERR_FILENO, line, strlen(line));
}
