/*
 * sys/signalfd.h: the toolstack's request to end as something to wait for, as
 * on Linux: lib/signalfd.c.
 *
 * SIGTERM stands for `xl shutdown` and `xl reboot`, and is the only signal
 * that ever comes.  While such a descriptor is open a request does not end
 * the domain at once: it becomes readable, and main has ten seconds to return.
 */
#pragma once

#include <signal.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SFD_CLOEXEC  02000000 /* accepted: there is no exec() */
#define SFD_NONBLOCK 0x4000   /* newlib's O_NONBLOCK */

struct signalfd_siginfo {
    uint32_t ssi_signo; /* SIGTERM */
    int32_t ssi_errno;
    int32_t ssi_code;
    uint8_t reserved[116]; /* zeros */
};

/* fd is -1 and mask holds SIGTERM; else -1 and EINVAL.  EBUSY: there is
 * one already. */
int signalfd(int fd, const sigset_t *mask, int flags);

#ifdef __cplusplus
}
#endif
