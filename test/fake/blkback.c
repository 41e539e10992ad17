/* blkback.c: see blkback.h. */

#include "test/fake/blkback.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "test/fake/page.h"
#include <xen/io/protocols.h>

struct blkback disk;
static size_t pages_before;

void fake_start(void)
{
    fake_peers_start();
    memset(&disk, 0, sizeof(disk));
    disk.sectors = "4096";
    disk.sector_size = "512";
    disk.info = "0";
    disk.flush = "1";
    pages_before = fake_pages_free;
}

bool fake_clean(void)
{
    return fake.claimed == fake.lost && fake.shared == 0 && !disk.peer.open &&
           fake_pages_free + fake.lost == pages_before;
}

struct peer *peer_find(const char *type, unsigned id)
{
    assert(strcmp(type, "vbd") == 0 && id == DISK_ID);
    return &disk.peer;
}

void peer_attach(struct peer *p, const struct xenbus_key *keys, size_t n)
{
    disk.keys = n == 1 && !strcmp(keys[0].name, "ring-ref") &&
                keys[0].value == 1 &&
                !strcmp(p->dev->protocol, XEN_IO_PROTO_ABI_X86_64);
    BACK_RING_ATTACH(&disk.ring, (blkif_sring_t *)p->dev->ring_page[0],
                     PEER_OLD, PAGE_SIZE);
    disk.waiting = 0;
}

/* Nothing is known before the front-end is connected. */
const char *peer_value(const struct peer *p, bool own, const char *key)
{
    assert(!own && p->connected);
    return !strcmp(key, "sectors")               ? disk.sectors
           : !strcmp(key, "sector-size")         ? disk.sector_size
           : !strcmp(key, "info")                ? disk.info
           : !strcmp(key, "feature-flush-cache") ? disk.flush
                                                 : NULL;
}

void blkback_take(void)
{
    while (RING_HAS_UNCONSUMED_REQUESTS(&disk.ring)) {
        assert(disk.waiting < RING_SIZE(&disk.ring));
        RING_COPY_REQUEST(&disk.ring, disk.ring.req_cons++,
                          &disk.taken[disk.waiting++]);
    }
    disk.ring.sring->req_event = disk.ring.req_cons + 1; /* asleep again */
}

/* What blkback of Linux checks, and then does. */
static void move(const struct blkif_request *req)
{
    bool read = req->operation == BLKIF_OP_READ;
    unsigned unit = (unsigned)atoi(disk.sector_size) / 512;
    uint64_t sector = req->sector_number;

    assert(read || req->operation == BLKIF_OP_WRITE);
    assert(req->handle == (blkif_vdev_t)DISK_ID);
    assert(req->nr_segments > 0 && req->nr_segments <= 11);
    for (unsigned i = 0; i < req->nr_segments; i++) {
        const struct blkif_request_segment *seg = &req->seg[i];
        unsigned n = seg->last_sect - seg->first_sect + 1u;
        uint8_t *page = fake_page(seg->gref, read);
        uint8_t *data = page + seg->first_sect * 512;

        assert(seg->first_sect <= seg->last_sect && seg->last_sect < 8);
        assert(sector % unit == 0 && n % unit == 0);
        assert(sector + n <= DISK_SECTORS);
        if (read)
            memcpy(data, disk.disk + sector * 512, n * 512);
        else
            memcpy(disk.disk + sector * 512, data, n * 512);
        disk.in_place += page >= disk.from && page < disk.to;
        disk.segments++;
        sector += n;
    }
}

void blkback_answer(unsigned which)
{
    struct blkif_request req = disk.taken[which];

    assert(which < disk.waiting);
    disk.taken[which] = disk.taken[--disk.waiting];
    disk.requests++;
    if (req.operation == BLKIF_OP_FLUSH_DISKCACHE) {
        assert(req.nr_segments == 0 && req.sector_number == 0);
        disk.flushes++;
    } else if (disk.status == BLKIF_RSP_OKAY)
        move(&req);
    lie_blk((struct blkif_response){req.id, req.operation, disk.status});
}

void lie_blk(struct blkif_response rsp)
{
    *RING_GET_RESPONSE(&disk.ring, disk.ring.rsp_prod_pvt++) = rsp;
}

void blkback_push(void)
{
    int notify;

    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&disk.ring, notify);
    disk.peer.events_here += (unsigned)notify;
}

void blkback_run(void)
{
    blkback_take();
    while (disk.waiting > 0 && !(disk.shuffle && rand() % 8 == 0))
        blkback_answer(disk.shuffle ? (unsigned)rand() % disk.waiting : 0);
    blkback_push();
}
