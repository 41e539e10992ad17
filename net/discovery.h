/*
 * discovery.h: what lwIP's IPv6 would believe too easily (RFC 4861, 8201).
 *
 * Called by lwIP: see net/lwipopts.h.
 */
#pragma once

struct netif;
struct pbuf;

/*
 * Sees every IPv6 packet first; non-zero: it was nonsense and is gone.
 *
 * Neighbour discovery with options that do not add up, of which lwIP reads
 * beyond the end, or in fragments (RFC 6980); neighbours that claim an address
 * of ours that is in use; paths that claim to take less than any path must; and
 * whatever stands behind more headers than anyone needs.
 *
 * What lwIP has no ear for goes to unreach6() and rdnss_read().
 */
int discovery_eats(struct pbuf *p, struct netif *netif);
