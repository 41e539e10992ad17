/* ring.c: a back-end that writes anything at any time into the shared page. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xen/ring.h"

#define SLOT 12

static _Alignas(4096) uint8_t page[4096];
static struct ring ring;
static unsigned posted, retired, extras;
static char cookies[1 << 16];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int truth)
{
    if (!truth)
        abort();
}

/* Each cookie comes back at most once, and only after it went out. */
static void retire(const char *cookie)
{
    check(cookie >= cookies && cookie < cookies + posted);
    check(cookies[cookie - cookies] == 1);
    cookies[cookie - cookies] = 2;
    retired++;
}

static void respond(int rx)
{
    uint8_t rsp[SLOT];
    uint16_t id;
    uint32_t space = ring_space(&ring);
    int more = ring_response(&ring, rsp, sizeof(rsp));
    char *cookie;

    check(ring_space(&ring) == space + (more > 0));
    if (more <= 0)
        return;
    if (rx) {
        retire(ring_unpost(&ring, &id));
        check(id < ring.size);
        return;
    }
    memcpy(&id, rsp, sizeof(id));
    cookie = ring_retire(&ring, id);
    if (cookie)
        retire(cookie);
    else if (ring_retire_extra(&ring))
        check(extras-- > 0);
}

static void request(int rx, uint8_t what)
{
    uint32_t space = ring_space(&ring);
    uint16_t id;
    uint8_t *slot;

    if (!rx && what & 4) {
        check(!ring_extra(&ring) == (space == 0));
        extras += space > 0;
        return;
    }
    if (posted == sizeof(cookies) || (rx && !space))
        return;
    slot = rx ? ring_post(&ring, &cookies[posted], &id)
              : ring_request(&ring, &cookies[posted], &id);
    if (!slot)
        return;
    check(space > 0 && id < ring.size);
    check(slot >= page + 64 && slot + SLOT <= page + sizeof(page));
    memset(slot, what, SLOT);
    cookies[posted++] = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t start, *index = (uint32_t *)page;
    int rx;

    if (size < 5)
        return 0;
    rx = data[0] & 1;
    memcpy(&start, data + 1, sizeof(start));
    ring_init(&ring, page, SLOT);
    ring.req_prod = ring.req_shown = ring.rsp_cons = ring.rsp_seen = start;
    index[0] = index[2] = start;
    index[1] = index[3] = start + 1;
    posted = retired = extras = 0;
    memset(cookies, 0, sizeof(cookies));

    for (size_t i = 5; i + 1 < size; i += 2) {
        uint8_t arg = data[i + 1];

        switch (data[i] % 8) {
        case 0:
            request(rx, arg);
            break;
        case 1:
            ring_publish(&ring);
            break;
        case 2:
            respond(rx);
            break;
        case 3:
            ring_arm(&ring);
            break;
        case 4:
            ring_arm_half(&ring);
            break;
        case 5: /* honest, mostly */
            index[2] += arg % 4;
            break;
        case 6: /* an id, anywhere */
            page[64 + (size_t)(start + arg) % ring.size * SLOT] = data[i] >> 3;
            break;
        case 7: /* any index at all */
            index[arg % 4] += (uint32_t)(data[i] >> 3) << (arg >> 3);
            break;
        }
        check(ring_space(&ring) <= ring.size);
        check(posted - retired <= ring.size);
    }
    return 0;
}
