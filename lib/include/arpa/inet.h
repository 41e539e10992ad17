/* arpa/inet.h: addresses as text; net/inet.c. */
#pragma once

#include <netinet/in.h>

#ifdef __cplusplus
extern "C" {
#endif

int inet_pton(int family, const char *text, void *addr);
const char *inet_ntop(int family, const void *addr, char *text, socklen_t size);
in_addr_t inet_addr(const char *text); /* INADDR_NONE: not an address */
int inet_aton(const char *text, struct in_addr *addr);
char *inet_ntoa(struct in_addr addr); /* in a static buffer */

#ifdef __cplusplus
}
#endif
