/* Any answer to a question for an address: what is read of it is whole. */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/dns_message.h"

#define ROOM 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint8_t *at, *end;
static uint8_t made[ROOM]; /* the message */
static size_t made_n;

static uint8_t next(void)
{
    return at < end ? *at++ : 0;
}

static void put(const void *bytes, size_t n)
{
    if (n > ROOM - made_n)
        n = ROOM - made_n;
    memcpy(made + made_n, bytes, n);
    made_n += n;
}

static void put_rest(size_t n)
{
    if (n > (size_t)(end - at))
        n = (size_t)(end - at);
    put(at, n);
    at += n;
}

/* That of the question, a new one, or what is left of one. */
static void put_name(void)
{
    unsigned what = next() % 8;
    uint8_t pointer[] = {0xc0, what == 5 ? next() : 12};

    if (what == 6)
        put_rest(next() % 80);
    else if (what == 7)
        put("\1a\1b\0", 5);
    else
        put(pointer, 2);
}

/* One that makes sense, mostly. */
static void put_record(void)
{
    static const uint8_t types[] = {1, 28, 5, 12};
    static const uint8_t sizes[] = {4, 16};
    unsigned what = next(), kind = what % 5;
    uint8_t length = next();
    uint8_t head[10] = {0};
    size_t length_at;

    put_name();
    head[1] = kind == 4 ? next() : types[kind];
    head[3] = what & 64 ? next() : 1;
    length_at = made_n + 9;
    put(head, sizeof(head));
    if (kind == 2 || kind == 3)
        put_name();
    else
        put_rest(kind == 4 ? next() % 32 : sizes[kind]);
    if (length_at < made_n)
        made[length_at] =
            what & 128 ? length : (uint8_t)(made_n - length_at - 1);
}

/* adds: addresses, to those that there were before. */
static void read_exactly(const uint8_t *bytes, size_t n, const uint8_t *query,
                         size_t m, bool adds, unsigned before)
{
    uint8_t *message = malloc(n); /* a byte more is out of bounds */
    struct dns_answer answer = {.count = before};
    int result;

    memcpy(message, bytes, n);
    result = dns_read(message, n, query, m, &answer);
    if (result == 0 && adds
            ? answer.count <= before || answer.count > before + DNS_ADDRS_MAX ||
                  answer.count > 2 * DNS_ADDRS_MAX
            : answer.count != before)
        abort();
    if (strnlen(answer.name, DNS_NAME_SIZE) == DNS_NAME_SIZE)
        abort();
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_PTR};
    const enum dns_type type = types[n % 3];
    const unsigned before = (unsigned)n % 20;
    uint8_t query[DNS_QUERY_MAX];
    const size_t m = dns_question(query, 0x1234, "www.example", type);
    bool raw;

    at = data;
    end = data + n;
    made_n = 0;
    put(query, m);
    /* The right head, or few inputs would come further. */
    made[2] = 0x81;
    made[3] = 0x80;
    made[7] = next();
    raw = next() & 1;
    while (!raw && at < end)
        put_record();
    put_rest(ROOM);
    read_exactly(made, made_n, query, m, type != DNS_PTR, before);
    read_exactly(data, n, query, m, type != DNS_PTR,
                 before); /* and any bytes at all */
    return 0;
}
