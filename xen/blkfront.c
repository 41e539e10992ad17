/* blkfront.c: disks, through the ring of xen/io/blkif.h. */

#include "xen/blkfront.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/mm.h"
#include "kernel/page.h"
#include "kernel/sched.h"
#include "lib/util.h"
#include "xen/abi.h"
#include "xen/clock.h"
#include "xen/xenbus.h"
#include <xen/io/blkif.h>
#include <xen/io/protocols.h>

#define SECTOR      512u
#define SECTORS_MAX (UINT64_MAX / SECTOR)
#define SEGMENTS    BLKIF_MAX_SEGMENTS_PER_REQUEST
#define REQUESTS    32 /* slots of a one-page ring */
#define BOUNCE_MAX  64 /* pages */

#define PATIENCE SECOND             /* until a page still mapped is given up */
#define NAP      (10 * MILLISECOND) /* ns between two looks at it */

_Static_assert(sizeof(union blkif_sring_entry) == 112, "Xen ABI");

/* One call that reads, writes or flushes, on the stack of its thread. */
struct transfer {
    uint8_t op;
    uint64_t sector;
    const uint8_t *data;
    uint8_t *into; /* data when reading, NULL when writing */
    size_t len, queued;
    bool more;        /* something is still to be queued */
    unsigned pending; /* requests not yet back */
    int err;
};

/* What a request moves to or from one page. */
struct segment {
    const uint8_t *page; /* shared: the caller's, or the bounce page */
    uint8_t *bounce;     /* NULL: in place */
    uint8_t *into;       /* where bounced data goes when it is here, or NULL */
    size_t len;
};

struct request {
    struct transfer *owner; /* NULL: not in use */
    unsigned segments;
    struct segment seg[SEGMENTS];
    gref_t ref[SEGMENTS]; /* for good; GREF_NONE: lost with its page */
};

struct blk {
    struct xenbus_dev bus;
    struct ring ring;                 /* its cookies are transfers */
    struct request request[REQUESTS]; /* by id */
    uint8_t *bounce[BOUNCE_MAX];      /* not in use */
    unsigned bounce_free, bounce_all; /* pages; all: those in use, too */
    unsigned refs;                    /* requests that have theirs claimed */
    unsigned transfers;               /* on their way */
    uint64_t sectors;
    unsigned sector_size;
    blkif_vdev_t handle;
    bool readonly, flushes;
};

/* A page of our own to share; it has never held anything but this disk's
 * data.  NULL: none now, but of those in use some will come back. */
static uint8_t *bounce_get(struct blk *blk)
{
    uint8_t *page;

    if (blk->bounce_free > 0)
        return blk->bounce[--blk->bounce_free];
    if (blk->bounce_all == BOUNCE_MAX || !(page = page_alloc_blank(1)))
        return NULL;
    blk->bounce_all++;
    return page;
}

static void bounce_put(struct blk *blk, uint8_t *page)
{
    blk->bounce[blk->bounce_free++] = page;
}

/* Cut the next segment off t: a whole page as it is, or what can be copied to
 * or from a bounce page.  False: there is none now. */
static bool cut(struct blk *blk, struct transfer *t, struct segment *s)
{
    const uint8_t *at = t->data + t->queued;
    size_t offset = (uintptr_t)at % PAGE_SIZE;
    size_t left = t->len - t->queued;
    size_t len = left < PAGE_SIZE ? left : PAGE_SIZE;

    /* What follows then begins a page. */
    if (offset % blk->sector_size == 0 && len > PAGE_SIZE - offset)
        len = PAGE_SIZE - offset;
    *s = (struct segment){.page = at, .len = len};
    if (len < PAGE_SIZE || offset > 0) {
        if (!(s->bounce = bounce_get(blk)))
            return false;
        s->page = s->bounce;
        if (t->into)
            s->into = t->into + t->queued;
        else
            memcpy(s->bounce, at, len);
    }
    t->queued += len;
    return true;
}

/* Queue as much of t as one request takes.  False: there is no slot or no
 * page for any of it; those who have them will wake us. */
static bool queue(struct blk *blk, struct transfer *t)
{
    uint64_t sector = t->sector + t->queued / SECTOR;
    struct segment seg[SEGMENTS];
    struct blkif_request *wire;
    struct request *req;
    unsigned n = 0;
    uint16_t id;

    if (!ring_space(&blk->ring))
        return false;
    while (n < SEGMENTS && t->queued < t->len && cut(blk, t, &seg[n]))
        n++;
    if (n == 0 && t->len > 0)
        return false;

    wire = ring_request(&blk->ring, t, &id);
    req = &blk->request[id];
    *wire = (struct blkif_request){.operation = t->op,
                                   .nr_segments = (uint8_t)n,
                                   .handle = blk->handle,
                                   .id = id,
                                   .sector_number = sector};
    for (unsigned i = 0; i < n; i++) {
        gnttab_share(req->ref[i], blk->bus.peer, seg[i].page, t->into != NULL);
        wire->seg[i] = (struct blkif_request_segment){
            .gref = req->ref[i],
            .last_sect = (uint8_t)(seg[i].len / SECTOR - 1)};
        req->seg[i] = seg[i];
    }
    req->segments = n;
    req->owner = t;
    t->pending++;
    t->more = t->queued < t->len;
    return true;
}

static bool unshare(gref_t ref)
{
    return ref == GREF_NONE || gnttab_unshare(ref) == 0;
}

/* Take the pages of req back, and hand out what was read, if it is good.
 * False: the back-end still has one mapped; try again later. */
static bool finish(struct blk *blk, struct request *req, bool good)
{
    for (unsigned i = 0; i < req->segments; i++)
        if (!unshare(req->ref[i]))
            return false;

    for (const struct segment *s = req->seg; s < req->seg + req->segments;
         s++) {
        if (s->bounce && s->into && good)
            memcpy(s->into, s->bounce, s->len);
        if (s->bounce)
            bounce_put(blk, s->bounce);
    }
    req->owner->pending--;
    req->owner = NULL;
    return true;
}

/* One response: NULL, or what is wrong with it. */
static const char *answer(struct blk *blk, const struct blkif_response *rsp)
{
    struct transfer *t = ring_retire(&blk->ring, rsp->id);

    if (!t)
        return "response id not in flight";
    if (rsp->operation != t->op)
        return "response to another operation";
    if (!finish(blk, &blk->request[rsp->id], rsp->status == BLKIF_RSP_OKAY))
        return "page of a finished request still mapped";
    if (rsp->status != BLKIF_RSP_OKAY && !t->err)
        t->err = rsp->status == BLKIF_RSP_EOPNOTSUPP ? -EOPNOTSUPP : -EIO;
    return NULL;
}

/* Take all responses, whosoever they are, and wake those who wait for them,
 * for slots or for pages: the event may have been for us alone. */
static void reap(struct blk *blk)
{
    struct blkif_response rsp;
    const char *wrong;
    bool any = false;
    int more = 0;

    while (!blk->bus.broken &&
           (more = ring_response(&blk->ring, &rsp, sizeof(rsp))) > 0) {
        if ((wrong = answer(blk, &rsp)))
            xenbus_fail(&blk->bus, wrong);
        any = true;
    }
    if (more < 0)
        xenbus_fail(&blk->bus, "more responses than requests");
    if (any)
        waitq_wake(&blk->bus.wake);
}

/* The back-end keeps pages of req: leave them to it for ever.  Where one is
 * the caller's own, other memory takes its place.  False: there is none. */
static bool forsake(struct request *req)
{
    for (unsigned i = 0; i < req->segments; i++) {
        struct segment *s = &req->seg[i];
        uint8_t *spare;

        if (unshare(req->ref[i]))
            continue;
        if (!s->bounce) {
            if (!(spare = page_alloc()))
                return false;
            memcpy(spare, s->page, PAGE_SIZE);
            mm_exchange(s->page, spare);
        }
        s->bounce = NULL;
        req->ref[i] = GREF_NONE;
    }
    return true;
}

/* The device is broken: get back what t has on its way.  Nobody returns to a
 * caller whose memory the back-end can still reach. */
static void abandon(struct blk *blk, struct transfer *t)
{
    uint64_t deadline = clock_now() + PATIENCE;

    for (struct request *req = blk->request; req < blk->request + REQUESTS;
         req++)
        while (req->owner == t && !finish(blk, req, false))
            if (clock_now() < deadline || !forsake(req))
                thread_sleep(clock_now() + NAP);
}

/* Ask for an event: soon if others may wait for one, or else rarely. */
static bool arm(struct blk *blk)
{
    return blk->transfers == 1 ? ring_arm_half(&blk->ring)
                               : ring_arm(&blk->ring);
}

static int transfer(struct blk *blk, struct transfer *t)
{
    blk->transfers++;
    for (;;) {
        reap(blk);
        while (!blk->bus.broken && !t->err && t->more && queue(blk, t))
            ;
        if (blk->bus.broken || (t->pending == 0 && (t->err || !t->more)))
            break;
        xenbus_kick(&blk->bus, &blk->ring);
        if (!arm(blk))
            waitq_wait(&blk->bus.wake);
    }
    if (blk->bus.broken && (t->pending > 0 || t->more)) {
        abandon(blk, t);
        t->err = -EIO;
    }
    blk->transfers--;
    return t->err;
}

/* Is there anything wrong with n sectors from sector on? */
static int check(const struct blk *blk, uint64_t sector, unsigned n)
{
    unsigned unit = blk->sector_size / SECTOR;

    if (sector > blk->sectors || n > blk->sectors - sector)
        return -EINVAL;
    return sector % unit || n % unit ? -EINVAL : 0;
}

int blk_read(struct blk *blk, uint64_t sector, void *data, unsigned n)
{
    struct transfer t = {.op = BLKIF_OP_READ,
                         .sector = sector,
                         .data = data,
                         .into = data,
                         .len = (size_t)n * SECTOR,
                         .more = n > 0};
    int err = check(blk, sector, n);

    return err ? err : transfer(blk, &t);
}

int blk_write(struct blk *blk, uint64_t sector, const void *data, unsigned n)
{
    struct transfer t = {.op = BLKIF_OP_WRITE,
                         .sector = sector,
                         .data = data,
                         .len = (size_t)n * SECTOR,
                         .more = n > 0};
    int err = check(blk, sector, n);

    if (!err && blk->readonly)
        err = -EROFS;
    return err ? err : transfer(blk, &t);
}

int blk_flush(struct blk *blk)
{
    struct transfer t = {.op = BLKIF_OP_FLUSH_DISKCACHE, .more = true};

    return blk->flushes ? transfer(blk, &t) : -EOPNOTSUPP;
}

enum property { SECTORS, SECTOR_SIZE, INFO, FLUSH, PROPERTIES };

/* What the back-end says about the disk, once it is connected.  Its sectors
 * are counted in 512 bytes, whatever their size: so do Linux and QEMU. */
static int take_properties(struct blk *blk, const struct xs_call *reads)
{
    uint64_t number[PROPERTIES];
    bool good[PROPERTIES];

    for (size_t i = 0; i < PROPERTIES; i++)
        good[i] = !reads[i].err && !xs_number(reads[i].value, &number[i]);

    if (!good[SECTOR_SIZE] ||
        (number[SECTOR_SIZE] != SECTOR && number[SECTOR_SIZE] != PAGE_SIZE))
        return xenbus_fail(&blk->bus, "no proper sector-size in xenstore");
    if (!good[SECTORS] || number[SECTORS] > SECTORS_MAX ||
        number[SECTORS] % (number[SECTOR_SIZE] / SECTOR))
        return xenbus_fail(&blk->bus, "no proper sectors in xenstore");
    if (!good[INFO])
        return xenbus_fail(&blk->bus, "no proper info in xenstore");
    blk->sectors = number[SECTORS];
    blk->sector_size = (unsigned)number[SECTOR_SIZE];
    blk->readonly = number[INFO] & VDISK_READONLY;
    blk->flushes = good[FLUSH] && number[FLUSH] > 0;
    return 0;
}

static int agree(struct blk *blk)
{
    static const char *const names[PROPERTIES] = {
        [SECTORS] = "sectors",
        [SECTOR_SIZE] = "sector-size",
        [INFO] = "info",
        [FLUSH] = "feature-flush-cache",
    };
    const struct xenbus_key keys[] = {
        {"ring-ref", xenbus_ring_ref(&blk->bus, 0)},
    };
    char text[PROPERTIES][24];
    struct xs_call reads[PROPERTIES];
    int err;

    for (size_t i = 0; i < PROPERTIES; i++)
        reads[i] =
            xs_read_call(blk->bus.backend, names[i], text[i], sizeof(text[i]));
    blk->bus.protocol = XEN_IO_PROTO_ABI_NATIVE;
    err = xenbus_connect(&blk->bus, keys, ARRAY_LEN(keys), reads, PROPERTIES);
    return err ? err : take_properties(blk, reads);
}

static int connect(struct blk *blk)
{
    uint8_t *page;
    int err;

    if ((err = xenbus_ring(&blk->bus, &blk->ring,
                           sizeof(union blkif_sring_entry))))
        return err;
    for (; blk->refs < REQUESTS; blk->refs++)
        if ((err = gnttab_claim(blk->request[blk->refs].ref, SEGMENTS)))
            return err;
    if (!(page = bounce_get(blk)))
        return -ENOMEM;
    bounce_put(blk, page); /* with one, no transfer can get stuck */
    return agree(blk);
}

struct blk *blk_open(unsigned id)
{
    struct blk *blk = calloc(1, sizeof(*blk));
    struct xenbus_place place;
    int err;

    if (!blk)
        return NULL;
    xenbus_ask(&place, "vbd", id);
    if ((err = xenbus_open(&blk->bus, &place, NULL, 0))) {
        free(blk);
        errno = -err;
        return NULL;
    }
    blk->handle = (blkif_vdev_t)id;
    if ((err = connect(blk))) {
        blk_close(blk);
        errno = -err;
        return NULL;
    }
    return blk;
}

/* Undo connect(), however far it came.  Nothing is on its way. */
void blk_close(struct blk *blk)
{
    xenbus_leave(&blk->bus);
    while (blk->refs > 0) {
        const struct request *req = &blk->request[--blk->refs];

        for (size_t i = 0; i < SEGMENTS; i++)
            if (req->ref[i] != GREF_NONE)
                gnttab_release(&req->ref[i], 1);
    }
    while (blk->bounce_free > 0)
        page_free(blk->bounce[--blk->bounce_free]);
    xenbus_close(&blk->bus);
    free(blk);
}

uint64_t blk_sectors(const struct blk *blk)
{
    return blk->sectors;
}

unsigned blk_sector_size(const struct blk *blk)
{
    return blk->sector_size;
}

bool blk_readonly(const struct blk *blk)
{
    return blk->readonly;
}

bool blk_broken(const struct blk *blk)
{
    return blk->bus.broken;
}
