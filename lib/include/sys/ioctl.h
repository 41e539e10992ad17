/* sys/ioctl.h: what can be asked of a descriptor; lib/ioctl.c. */
#pragma once

#define FIONREAD 0x541b /* int *: bytes a read would get now; ENOTTY */
#define FIONBIO  0x5421 /* int *: O_NONBLOCK on or off */

#ifdef __cplusplus
extern "C" {
#endif

int ioctl(int fd, unsigned long request, ...);

#ifdef __cplusplus
}
#endif
