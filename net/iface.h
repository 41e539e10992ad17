/*
 * iface.h: one interface of lwIP's over a network device, with its addresses.
 */
#pragma once

#include <stdbool.h>

#include <lwip/netif.h>

#include "net/address.h"
#include "net/address6.h"
#include "net/device.h"
#include "xen/netfront.h"

struct iface {
    struct netif netif;
    struct net *net;
    struct device device;
    struct address address;
    struct address6 address6;
    unsigned queued; /* frames since the last flush */
    bool full;       /* a frame found no slot */
};

/* The interface that netif is; NULL: another kind. */
struct iface *iface_of(struct netif *netif);

/* Queue a frame, which is gone then, for iface_flush(): ERR_OK; ERR_MEM: no
 * slots, and the interface is full from now on; ERR_IF. */
err_t iface_send(struct iface *i, struct buf *b);

bool iface_any_full(void);

/* Slots may have become free: true: it was full, and is no more. */
bool iface_resume(struct iface *i);

/* Over vif <id>, which net is, closed when this fails: 0 or -ENOMEM, said.
 * changed is told about addresses. */
int iface_start(struct iface *i, unsigned id, struct net *net,
                netif_status_callback_fn changed);

/* What has become of the device and of the addresses.  May wait. */
void iface_follow(struct iface *i);

/* Give lwIP a batch of received frames; true: there may be more. */
bool iface_receive(struct iface *i);

/* Tell the back-end about queued frames. */
void iface_flush(struct iface *i);
