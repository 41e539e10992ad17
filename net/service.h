/* service.h: names of ports; pure. */
#pragma once

#include <stdint.h>

/* The port of a number or a name, for SOCK_STREAM or SOCK_DGRAM; -1: none. */
int service_number(const char *text); /* 0 to 65535 */
int service_port(const char *name, int type);

const char *service_name(uint16_t port, int type); /* NULL: it has none */
