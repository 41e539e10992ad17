/* start.h: what Xen's domain builder leaves for a new guest (xen/xen.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "xen/abi.h"

extern const struct start_info *start_info;
extern struct shared_info *shared_info;

/* Keep si and map the shared info page.  First of all in kmain(). */
void start_init(const struct start_info *si);

/* extra= of the config, "" if none; always ends in a NUL. */
const char *start_command_line(void);

/* The ramdisk= file as it was loaded; NULL when there is none. */
const void *start_ramdisk(size_t *size);

/* Do n bytes from at on lie in the ramdisk's pages?  Nobody ever writes there,
 * and back-ends may read it. */
bool start_in_ramdisk(const void *at, size_t n);
