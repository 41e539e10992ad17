/* vbd_lies.c: lies of a disk back-end (xen/io/blkif.h). */

#include "lib/util.h"
#include "test/system/dom0/liar.h"

#define PAGE 4096u

static void publish(struct liar *l)
{
    liar_write(l, "sectors", "2048");
    liar_write(l, "sector-size", "512");
    liar_write(l, "info", "0");
    liar_write(l, "feature-flush-cache", "1");
}

static void attach(struct liar *l)
{
    l->blk = (blkif_back_ring_t){
        .sring = liar_map(l, liar_read_front(l, "ring-ref"), true),
        .nr_ents = __CONST_RING_SIZE(blkif, PAGE)};
}

/* The guest's first request, a read of one page, as soon as it is there. */
static struct blkif_request request(struct liar *l)
{
    for (unsigned ms = 0; l->blk.sring->req_prod == 0; ms += 10) {
        if (ms > 10000)
            die("the guest reads nothing");
        nap(10);
    }
    xen_rmb();
    return *RING_GET_REQUEST(&l->blk, 0);
}

static void answer(struct liar *l, struct blkif_response rsp)
{
    *RING_GET_RESPONSE(&l->blk, l->blk.rsp_prod_pvt++) = rsp;
    xen_wmb();
    l->blk.sring->rsp_prod = l->blk.rsp_prod_pvt;
}

static void answer_id(struct liar *l, uint64_t id)
{
    answer(l, (struct blkif_response){id, BLKIF_OP_READ, BLKIF_RSP_OKAY});
}

static void busy(struct liar *l)
{
    request(l);
}

static void ahead(struct liar *l)
{
    l->blk.sring->rsp_prod = l->blk.sring->req_prod + 1;
}

static void far_ahead(struct liar *l)
{
    l->blk.sring->rsp_prod = 1u << 31;
}

static void backwards(struct liar *l)
{
    l->blk.sring->rsp_prod--;
}

static void never_asked(struct liar *l)
{
    answer_id(l, request(l).id + 7);
}

static void unknown(struct liar *l)
{
    answer_id(l, 32);
}

static void truncated(struct liar *l)
{
    answer_id(l, request(l).id | 1ull << 32);
}

static void huge(struct liar *l)
{
    answer_id(l, UINT64_MAX);
}

static void other_operation(struct liar *l)
{
    answer(l, (struct blkif_response){request(l).id, BLKIF_OP_WRITE,
                                      BLKIF_RSP_OKAY});
}

static void twice(struct liar *l)
{
    uint64_t id = request(l).id;

    answer_id(l, id);
    answer_id(l, id);
}

static void errors(struct liar *l)
{
    answer(l, (struct blkif_response){request(l).id, BLKIF_OP_READ, -32768});
}

static void sectors_babble(struct liar *l)
{
    liar_write(l, "sectors", "plenty");
}

static void sectors_beyond(struct liar *l)
{
    liar_write(l, "sectors", "18446744073709551615");
}

static void sectors_overflow(struct liar *l)
{
    liar_write(l, "sectors", "18446744073709551624");
}

static void sector_of_none(struct liar *l)
{
    liar_write(l, "sector-size", "0");
}

static void sector_odd(struct liar *l)
{
    liar_write(l, "sector-size", "513");
}

static void info_missing(struct liar *l)
{
    liar_remove(l, "info");
}

static void page_kept(struct liar *l)
{
    struct blkif_request req = request(l);

    liar_map(l, req.seg[0].gref, true);
    answer_id(l, req.id);
}

#define AHEAD   "more responses than requests"
#define ID      "response id not in flight"
#define SECTORS "no proper sectors in xenstore"
#define SIZE    "no proper sector-size in xenstore"

static const struct lie lies[] = {
    {"ahead", ahead, AHEAD, BREAKS, CONNECTED},
    {"far-ahead", far_ahead, AHEAD, BREAKS, CONNECTED},
    {"backwards", backwards, AHEAD, BREAKS, CONNECTED},
    {"never-asked", never_asked, ID, BREAKS, CONNECTED},
    {"unknown", unknown, ID, BREAKS, CONNECTED},
    {"truncated", truncated, ID, BREAKS, CONNECTED},
    {"huge", huge, ID, BREAKS, CONNECTED},
    {"other-operation", other_operation, "response to another operation",
     BREAKS, CONNECTED},
    {"twice", twice, ID "|" AHEAD, BREAKS, CONNECTED},
    {"errors", errors, "the back-end went away", STANDS, CONNECTED},
    {"sectors-babble", sectors_babble, SECTORS, BREAKS, BEFORE},
    {"sectors-beyond", sectors_beyond, SECTORS, BREAKS, BEFORE},
    {"sectors-overflow", sectors_overflow, SECTORS, BREAKS, BEFORE},
    {"sector-of-none", sector_of_none, SIZE, BREAKS, BEFORE},
    {"sector-odd", sector_odd, SIZE, BREAKS, BEFORE},
    {"info-missing", info_missing, "no proper info in xenstore", BREAKS,
     BEFORE},
    {"page-kept", page_kept, "page of a finished request still mapped", BREAKS,
     CONNECTED},
};

const struct kind vbd_kind = {"vbd", publish, attach,
                              busy,  lies,    ARRAY_LEN(lies)};
