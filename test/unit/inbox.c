#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "net/budget.h"
#include "net/inbox.h"
#include "lib/random.h"

uint32_t random_u32(void)
{
    return 4;
}

static struct inbox in;
static size_t put, taken;

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

/* n bytes of the stream in pbufs of at most size. */
static void put_bytes(size_t n, size_t size)
{
    struct pbuf *chain = NULL;

    while (n) {
        const size_t m = n < size ? n : size;
        struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)m, PBUF_RAM);

        for (size_t i = 0; i < m; i++)
            ((uint8_t *)p->payload)[i] = byte_at(put++);
        if (chain)
            pbuf_cat(chain, p);
        else
            chain = p;
        n -= m;
    }
    inbox_put(&in, chain);
    cr_assert_eq(in.bytes, put - taken);
}

static void take_bytes(size_t n)
{
    uint8_t data[10000];
    const size_t left = put - taken, expected = n < left ? n : left;

    cr_assert_eq(inbox_peek(&in, data, n), expected);
    memset(data, 0, sizeof(data));
    cr_assert_eq(inbox_take(&in, data, n), expected);
    for (size_t i = 0; i < expected; i++)
        cr_assert_eq(data[i], byte_at(taken++));
    cr_assert_eq(in.bytes, put - taken);
}

static void start(void)
{
    budget_init(1 << 20);
}

static void finish(void)
{
    cr_assert_eq(slab_in_use(), 0);
}

TestSuite(inbox, .init = start, .fini = finish);

Test(inbox, gives_back_the_bytes_in_any_portions)
{
    unsigned seed = 5;

    for (int i = 0; i < 2000; i++) {
        if (rand_r(&seed) % 2)
            put_bytes(1 + (unsigned)rand_r(&seed) % 3000,
                      1 + (unsigned)rand_r(&seed) % 1500);
        else
            take_bytes((unsigned)rand_r(&seed) % 4000);
        if (in.bytes > 100000)
            take_bytes(10000);
    }
    while (in.bytes)
        take_bytes(5000);
    take_bytes(1);
    cr_assert_eq(in.pieces, 0);
}

Test(inbox, packs_crumbs_only_when_the_reader_is_behind)
{
    for (int i = 0; i < 16; i++)
        put_bytes(1, 1);
    cr_assert_eq(in.pieces, 16);
    for (int i = 0; i < 5000; i++)
        put_bytes(1, 1);
    cr_assert_eq(in.pieces, 16 + 3);
    put_bytes(1000, 1000); /* large ones stay as they are */
    cr_assert_eq(in.pieces, 16 + 4);
    put_bytes(1, 1);
    cr_assert_eq(in.pieces, 16 + 5);
    while (in.bytes)
        take_bytes(77);
}

Test(inbox, keeps_bytes_that_it_cannot_pack)
{
    for (int i = 0; i < 100; i++)
        put_bytes(1, 1);
    budget_init(0);
    budget_init(slab_in_use() + 200); /* one more pbuf, but no large one */
    take_bytes(84);
    while (in.room)
        put_bytes(1, 1);
    put_bytes(1, 1);
    cr_assert_eq(in.room, 0);
    budget_init(1 << 20);
    while (in.bytes)
        take_bytes(50);
}

Test(inbox, does_not_keep_empty_pieces)
{
    inbox_put(&in, pbuf_alloc(PBUF_RAW, 0, PBUF_RAM));
    cr_assert_eq(in.pieces, 0);
    put_bytes(5, 5);
    inbox_put(&in, pbuf_alloc(PBUF_RAW, 0, PBUF_RAM));
    cr_assert_eq(in.pieces, 1);
    take_bytes(5);
}

Test(inbox, frees_what_nobody_wants)
{
    put_bytes(30000, 700);
    inbox_drop(&in);
    cr_assert_eq(in.bytes, 0);
    cr_assert_null(in.first);
    taken = put;
    put_bytes(10, 10);
    take_bytes(10);
}
