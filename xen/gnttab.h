/*
 * gnttab.h: letting a back-end at our pages (xen/grant_table.h, version 1).
 *
 * References are claimed when a device is opened, so that sharing a page on
 * the data path cannot fail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t gref_t; /* Xen's grant_ref_t, for those who see no ABI */

#define GREF_NONE 0u /* Xen keeps reference 0 for itself */

int gnttab_claim(gref_t *refs, size_t n); /* 0 or -ENOSPC: all or none */
void gnttab_release(const gref_t *refs, size_t n);

/* Share the page that holds addr; ref must be claimed and not in use. */
void gnttab_share(gref_t ref, uint16_t peer, const void *addr, bool writable);

/* Take the page back: 0, or -EBUSY while the peer still has it mapped; then
 * neither the page nor the reference may be used again until a later call
 * returns 0.  Taking back what is not shared is 0. */
int gnttab_unshare(gref_t ref);

size_t gnttab_in_use(void); /* references claimed */
