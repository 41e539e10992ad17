/* bridge.c: a bridge between vif 0 and vif 1 that copies nothing. */

#include "kernel/panic.h"
#include "kernel/sched.h"
#include "xen/netfront.h"

static void forward(void *arg)
{
    struct net **n = arg; /* from, to */
    struct buf *b;

    for (;;) {
        while ((b = net_recv(n[0]))) {
            do
                net_send(n[1], b); /* the pages themselves move */
            while ((b = net_poll(n[0])));
            net_flush(n[1]);
        }
        while (net_reopen(n[0])) /* it was detached: until it is back */
            ;
    }
}

int main(void)
{
    struct net *there[] = {net_open(0), net_open(1)};
    struct net *back[] = {there[1], there[0]};

    if (!there[0] || !there[1])
        say("bridge: no vif %d: the config's vif = [...] must have two",
            there[0] != NULL);
    else if (thread_create("back", forward, back))
        forward(there);
    return 1;
}
