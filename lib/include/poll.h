/* poll.h: waiting for several descriptors (POSIX): lib/poll.c. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#define POLLIN     0x001
#define POLLPRI    0x002
#define POLLOUT    0x004
#define POLLERR    0x008 /* reported whether asked for or not, */
#define POLLHUP    0x010 /* like this */
#define POLLNVAL   0x020 /* and this: not an open descriptor */
#define POLLRDNORM 0x040
#define POLLRDBAND 0x080
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200
#define POLLRDHUP  0x2000 /* the other side sends no more */

typedef unsigned long nfds_t;

struct pollfd {
    int fd; /* negative: skipped */
    short events;
    short revents;
};

int poll(struct pollfd *fds, nfds_t n, int timeout_ms);

#ifdef __cplusplus
}
#endif
