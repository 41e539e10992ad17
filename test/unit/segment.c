/* Segments in frames, and their checksums, against Linux's and the RFCs'. */

#include <criterion/criterion.h>
#include <string.h>

#include "kernel/page.h"
#include "kernel/segment.h"
#include "test/fake/page.h"

/* UDP from 10.0.0.1:257 to 10.0.0.2:2, "abc". */
static const uint8_t udp4[] = {
    2,  0, 0,  0, 0, 2, 2, 0,  0,  0,    0,    1,  8,   0,   0x45,
    0,  0, 31, 0, 0, 0, 0, 64, 17, 0x66, 0xcc, 10, 0,   0,   1,
    10, 0, 0,  2, 1, 1, 0, 2,  0,  11,   0,    0,  'a', 'b', 'c'};
/* 0a00 + 0001 + 0a00 + 0002 + 0011 + 000b + 0101 + 0002 + 000b + 6162 + 6300 */
#define UDP4_SUM (0xffffu - 0xd98fu)

static void start(void)
{
    fake_pages_free = 1024;
}

TestSuite(segment, .init = start);

/* In pieces of n bytes, at odd places of their pages. */
static struct buf *frame_of(const void *data, size_t len, size_t n)
{
    struct buf *first = NULL, **link = &first;

    for (size_t at = 0; at < len; at += n) {
        struct buf *b = *link = buf_alloc();

        b->off = 33;
        b->len = (uint16_t)(len - at < n ? len - at : n);
        memcpy(b->page + b->off, (const uint8_t *)data + at, b->len);
        link = &b->next;
    }
    return first;
}

static unsigned checksum(const struct segment *s)
{
    return (unsigned)s->checksum[0] << 8 | s->checksum[1];
}

Test(segment, sums_a_datagram_however_it_is_cut)
{
    for (size_t n = 42; n <= sizeof(udp4); n++) {
        struct buf *b = frame_of(udp4, sizeof(udp4), n);
        struct segment s;

        cr_assert(segment_find(b, &s));
        cr_assert_not(s.v6);
        cr_assert_eq(s.protocol, 17);
        cr_assert_eq(s.at, 34);
        cr_assert_eq(s.length, 11);
        s.checksum[0] = 0x77; /* what stands there does not count */
        cr_assert(segment_sum(b, &s));
        cr_assert_eq(checksum(&s), UDP4_SUM, "%x", checksum(&s));
        buf_free(b);
    }
}

/* Longer than the headers of IPv6. */
Test(segment, of_ipv4_is_not_taken_for_one_of_ipv6)
{
    uint8_t f[100] = {0};
    struct segment s;
    struct buf *b;

    memcpy(f, udp4, sizeof(udp4));
    b = frame_of(f, sizeof(f), sizeof(f));
    cr_assert(segment_find(b, &s));
    cr_assert_not(s.v6);
    cr_assert_eq(s.at, 34);
    cr_assert_eq(s.length, 11, "what is behind it is not its own");
    cr_assert(segment_sum(b, &s));
    cr_assert_eq(checksum(&s), UDP4_SUM, "%x", checksum(&s));
    buf_free(b);
}

/* By the definition: all words and the pseudo-header sum up to 0xffff. */
static unsigned sum_of(const uint8_t *addresses, size_t addresses_size,
                       unsigned protocol, const uint8_t *data, size_t n)
{
    uint64_t sum = protocol + n;

    for (size_t i = 0; i < addresses_size; i++)
        sum += (uint64_t)addresses[i] << (i % 2 ? 0 : 8);
    for (size_t i = 0; i < n; i++)
        sum += (uint64_t)data[i] << (i % 2 ? 0 : 8);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (unsigned)sum;
}

static size_t tcp6(uint8_t *f, size_t payload)
{
    const size_t length = 20 + payload;

    for (size_t i = 0; i < 54 + length; i++)
        f[i] = (uint8_t)(i * 7 + i / 251);
    f[12] = 0x86;
    f[13] = 0xdd;
    f[18] = (uint8_t)(length >> 8);
    f[19] = (uint8_t)length;
    f[20] = 6;
    return 54 + length;
}

Test(segment, sums_large_segments_of_ipv6)
{
    static uint8_t f[9100];

    for (size_t payload = 0; payload < 9000; payload += 999) {
        const size_t n = tcp6(f, payload);

        for (size_t cut = 72; cut <= 4000; cut += 613) {
            struct buf *b = frame_of(f, n, cut);
            struct segment s;
            uint8_t *at;

            cr_assert(segment_find(b, &s));
            cr_assert(s.v6);
            cr_assert_eq(s.length, n - 54);
            cr_assert(segment_sum(b, &s));
            at = f + 54 + 16;
            at[0] = s.checksum[0];
            at[1] = s.checksum[1];
            cr_assert_eq(sum_of(f + 22, 32, 6, f + 54, n - 54), 0xffff);
            cr_assert_eq(segment_pseudo_sum(&s),
                         sum_of(f + 22, 32, 6 + (unsigned)(n - 54), f, 0));
            buf_free(b);
        }
    }
}

Test(segment, never_leaves_udp_without_a_sum)
{
    uint8_t f[sizeof(udp4)];
    struct segment s;
    struct buf *b;

    memcpy(f, udp4, sizeof(f));
    f[42] += UDP4_SUM >> 8; /* now it sums up to 0 */
    f[43] += UDP4_SUM & 0xff;
    b = frame_of(f, sizeof(f), 60);
    cr_assert(segment_find(b, &s));
    cr_assert(segment_sum(b, &s));
    cr_assert_eq(checksum(&s), 0xffff, "%x", checksum(&s));
    buf_free(b);
}

Test(segment, is_not_found_where_there_is_none)
{
    static const struct {
        size_t at;
        uint8_t value;
    } spoilt[] = {
        {12, 0x81},                         /* a tag */
        {13, 0x06},                         /* ARP */
        {14, 0x44}, {14, 0x40},             /* a header of less than 20 bytes */
        {14, 0x4f},                         /* and one beyond the frame */
        {20, 0x20}, {20, 0x01}, {21, 0x01}, /* fragments */
        {23, 1},                            /* ICMP */
    };
    struct segment s;
    struct buf *b;

    for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
        b = frame_of(udp4, sizeof(udp4), 60);
        b->page[b->off + spoilt[i].at] = spoilt[i].value;
        cr_assert_not(segment_find(b, &s), "%zu", i);
        buf_free(b);
    }
    for (size_t n = 1; n < 42; n++) {
        b = frame_of(udp4, n, 60);
        cr_assert_not(segment_find(b, &s), "%zu", n);
        buf_free(b);
    }
}

Test(segment, is_not_summed_beyond_its_frame)
{
    static const uint8_t lengths[][2] = {
        {0, 32}, {0xff, 0xff}, {0, 19}, {0, 0}};
    struct segment s;

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct buf *b = frame_of(udp4, sizeof(udp4), 60);

        memcpy(b->page + b->off + 16, lengths[i], 2);
        cr_assert(segment_find(b, &s));
        cr_assert_not(segment_sum(b, &s), "%zu", i);
        cr_assert_eq(checksum(&s), 0, "left alone");
        buf_free(b);
    }
}
