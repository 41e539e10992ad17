/* net/if.h: names and numbers of interfaces; net/ifaddrs.c. */
#pragma once

#define IF_NAMESIZE 16
#define IFNAMSIZ    IF_NAMESIZE

#define IFF_UP        0x1
#define IFF_BROADCAST 0x2
#define IFF_LOOPBACK  0x8
#define IFF_RUNNING   0x40

#ifdef __cplusplus
extern "C" {
#endif

unsigned if_nametoindex(const char *name);                    /* 0: ENODEV */
char *if_indextoname(unsigned index, char name[IF_NAMESIZE]); /* NULL: ENXIO */

#ifdef __cplusplus
}
#endif
