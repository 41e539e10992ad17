/* sys/dirent.h: what newlib's <dirent.h> asks of a system: lib/dirent.c. */
#pragma once

#include <sys/types.h>

#define DT_UNKNOWN 0
#define DT_DIR     4
#define DT_REG     8

#define _DIRENT_HAVE_D_TYPE

struct dirent {
    ino_t d_ino;
    unsigned char d_type;
    char d_name[256];
};

typedef struct dir DIR;
