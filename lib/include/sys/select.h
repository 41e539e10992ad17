/* sys/select.h: newlib's, with room for more descriptors: lib/poll.c. */
#pragma once

#ifndef FD_SETSIZE
#define FD_SETSIZE 1024
#endif

#include_next <sys/select.h>
