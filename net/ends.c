/* ends.c: TCP connections by their ends: see ends.h. */

#include "net/ends.h"

#include <lwip/tcp.h>

#include "lib/random.h"
#include "net/budget.h"

#define BUCKETS 1024
#define EXT_ARG 0

struct entry {
    struct entry *next;
    const struct tcp_pcb *pcb;
};

static struct entry *bucket[BUCKETS];
static uint64_t key[5]; /* random once there is a connection */

/* Of the remote end, which is what differs.  Who chooses it does not know the
 * key, and cannot have all his connections in one bucket. */
static struct entry **bucket_of(const ip_addr_t *remote, u16_t port)
{
    uint64_t sum = key[0] * port;

    if (IP_IS_V4(remote))
        sum += key[1] * ip4_addr_get_u32(ip_2_ip4(remote));
    else
        for (unsigned i = 0; i < 4; i++)
            sum += key[1 + i] * ip_2_ip6(remote)->addr[i];
    return &bucket[sum >> 54];
}
_Static_assert(BUCKETS == 1 << (64 - 54), "bits that are left");

static void forget(u8_t id, void *data)
{
    struct entry *e = data, **at;

    (void)id;
    at = bucket_of(&e->pcb->remote_ip, e->pcb->remote_port);
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    budget_free(e);
}

static const struct tcp_ext_arg_callbacks connection = {.destroy = forget};

bool ends_connect(struct tcp_pcb *pcb)
{
    struct entry *e = budget_malloc(sizeof(*e)), **at;

    if (!e)
        return false;
    if (!key[0]) {
        random_bytes(key, sizeof(key));
        key[0] |= 1;
    }
    at = bucket_of(&pcb->remote_ip, pcb->remote_port);
    *e = (struct entry){.next = *at, .pcb = pcb};
    *at = e;
    tcp_ext_arg_set(pcb, EXT_ARG, e);
    tcp_ext_arg_set_callbacks(pcb, EXT_ARG, &connection);
    return true;
}

static err_t taken(u8_t id, struct tcp_pcb_listen *listener,
                   struct tcp_pcb *pcb)
{
    (void)id;
    (void)listener;
    return ends_connect(pcb) ? ERR_OK : ERR_MEM;
}

static const struct tcp_ext_arg_callbacks listening = {.passive_open = taken};

void ends_listen(struct tcp_pcb *listener)
{
    tcp_ext_arg_set_callbacks(listener, EXT_ARG, &listening);
}

bool ends_known(const ip_addr_t *local, u16_t local_port,
                const ip_addr_t *remote, u16_t remote_port)
{
    const struct entry *e = *bucket_of(remote, remote_port);

    for (; e; e = e->next)
        if (e->pcb->remote_port == remote_port &&
            e->pcb->local_port == local_port &&
            ip_addr_eq(&e->pcb->remote_ip, remote) &&
            ip_addr_eq(&e->pcb->local_ip, local))
            return true;
    return false;
}
