/* dns_message.c: DNS questions and answers as bytes: see dns_message.h. */

#include "net/dns_message.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"
#include "net/mapped.h"

#define HEADER_SIZE    12
#define QUESTION_TAIL  4  /* type, class */
#define RECORD_SIZE    10 /* type, class, TTL, length */
#define LABEL_MAX      63
#define POINTER        0xc0
#define ALIASES_MAX    8
#define CLASS_IN       1
#define TYPE_CNAME     5
#define RCODE_NXDOMAIN 3

#define FLAG_RESPONSE  0x8000
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSE   0x0100
#define OPCODE_MASK    0x7800
#define RCODE_MASK     0x000f

struct reader {
    const uint8_t *bytes;
    size_t size, at;
};

struct record {
    char owner[DNS_NAME_SIZE];
    unsigned type, class;
    size_t data, length; /* within the message */
};

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint8_t *put16(uint8_t *p, unsigned n)
{
    p[0] = (uint8_t)(n >> 8);
    p[1] = (uint8_t)n;
    return p + 2;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Each label behind its length; NULL: no name. */
static uint8_t *put_name(uint8_t *to, const char *name)
{
    size_t total = strlen(name);

    if (total && name[total - 1] == '.')
        total--; /* the root: it is one anyway */
    if (total == 0 || total > DNS_NAME_SIZE - 3)
        return NULL;
    for (size_t at = 0; at <= total;) {
        size_t n = 0;

        while (at + n < total && is_name_char(name[at + n]))
            n++;
        if (n == 0 || n > LABEL_MAX || (at + n < total && name[at + n] != '.'))
            return NULL;
        *to++ = (uint8_t)n;
        memcpy(to, name + at, n);
        to += n;
        at += n + 1; /* the dot, or past the end */
    }
    *to++ = 0;
    return to;
}

size_t dns_question(uint8_t *query, uint16_t id, const char *name,
                    enum dns_type type)
{
    uint8_t *p = put16(query, id);

    p = put16(p, FLAG_RECURSE);
    p = put16(p, 1); /* one question, and nothing else */
    memset(p, 0, 6);
    p = put_name(p + 6, name);
    if (!p)
        return 0;
    p = put16(p, type);
    p = put16(p, CLASS_IN);
    return (size_t)(p - query);
}

void dns_reverse_name(const struct in6_addr *addr, char name[DNS_NAME_SIZE])
{
    const uint8_t *b = addr->s6_addr;
    size_t n = 0;

    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        sniprintf(name, DNS_NAME_SIZE, "%u.%u.%u.%u.in-addr.arpa", b[15], b[14],
                  b[13], b[12]);
        return;
    }
    for (int i = 15; i >= 0; i--, n += 4)
        sniprintf(name + n, DNS_NAME_SIZE - n, "%x.%x.", b[i] & 15, b[i] >> 4);
    memcpy(name + n, "ip6.arpa", sizeof("ip6.arpa"));
}

/* One label at *at, onto text of length *n.  It must fit, with a dot. */
static bool take_label(const struct reader *r, size_t at, char *text, size_t *n)
{
    const size_t length = r->bytes[at];

    if (at + 1 + length > r->size || *n + length + 2 > DNS_NAME_SIZE)
        return false;
    if (*n)
        text[(*n)++] = '.';
    for (size_t i = 1; i <= length; i++) {
        if (!is_name_char((char)r->bytes[at + i]))
            return false;
        text[(*n)++] = (char)r->bytes[at + i];
    }
    return true;
}

/* A name as text.  A pointer leads backwards only, so it must end. */
static bool take_name(struct reader *r, char text[DNS_NAME_SIZE])
{
    size_t at = r->at, first = at, n = 0;
    bool jumped = false;

    while (at < r->size && r->bytes[at]) {
        const uint8_t length = r->bytes[at];

        if (length >= POINTER) {
            size_t to;

            if (at + 2 > r->size)
                return false;
            to = get16(r->bytes + at) & 0x3fff;
            if (!jumped)
                r->at = at + 2;
            if (to >= first)
                return false;
            jumped = true;
            at = first = to;
        } else {
            if (length > LABEL_MAX || !take_label(r, at, text, &n))
                return false;
            at += (size_t)length + 1;
        }
    }
    if (at >= r->size)
        return false;
    if (!jumped)
        r->at = at + 1;
    text[n] = '\0';
    return true;
}

static bool take_record(struct reader *r, struct record *record)
{
    const uint8_t *p;

    if (!take_name(r, record->owner) || r->size - r->at < RECORD_SIZE)
        return false;
    p = r->bytes + r->at;
    record->type = get16(p);
    record->class = get16(p + 2);
    record->length = get16(p + 8);
    record->data = r->at + RECORD_SIZE;
    if (r->size - record->data < record->length)
        return false;
    r->at = record->data + record->length;
    return true;
}

/* Is this the answer to that question?  Letters may have changed their case. */
static bool answers(const uint8_t *message, size_t n, const uint8_t *query,
                    size_t m)
{
    if (n < m || get16(message) != get16(query) ||
        (get16(message + 2) & (FLAG_RESPONSE | OPCODE_MASK)) != FLAG_RESPONSE ||
        get16(message + 4) != 1 ||
        memcmp(message + m - QUESTION_TAIL, query + m - QUESTION_TAIL,
               QUESTION_TAIL) != 0)
        return false;
    /* Lengths are below 'A', so that as text they must be equal, too. */
    return strcasecmp((const char *)message + HEADER_SIZE,
                      (const char *)query + HEADER_SIZE) == 0;
}

/* An address of a record; an IPv6 one that is a mapped IPv4 address has no
 * business there. */
static bool take_addr(const struct reader *r, const struct record *record,
                      struct dns_answer *answer)
{
    struct in6_addr *to = &answer->addrs[answer->count];
    const uint8_t *data = r->bytes + record->data;

    if (record->length != (record->type == DNS_A ? 4 : 16))
        return false;
    if (record->type == DNS_A)
        *to = mapped_from(data);
    else
        memcpy(to, data, sizeof(*to));
    answer->count += record->type == DNS_A || !IN6_IS_ADDR_V4MAPPED(to);
    return true;
}

/* The name that is all the data of a record. */
static bool take_target(const struct reader *r, const struct record *record,
                        char name[DNS_NAME_SIZE])
{
    struct reader target = {r->bytes, r->size, record->data};

    return take_name(&target, name) && target.at == r->at;
}

/* Look through the answers for what answer->name has of this type: 0.  Another
 * name of it takes its place: -EAGAIN, and look again.  -ENODATA, -EBADMSG. */
static int look(struct reader r, unsigned records, unsigned type,
                struct dns_answer *answer, char name[DNS_NAME_SIZE])
{
    const unsigned before = answer->count;
    struct record record;

    while (records--) {
        if (!take_record(&r, &record))
            return -EBADMSG;
        if (record.class != CLASS_IN || strcasecmp(record.owner, name) != 0)
            continue;
        if (record.type == TYPE_CNAME ||
            (type == DNS_PTR && record.type == DNS_PTR)) {
            if (!take_target(&r, &record, name))
                return -EBADMSG;
            return record.type == TYPE_CNAME ? -EAGAIN : 0;
        }
        if (record.type != type || answer->count - before == DNS_ADDRS_MAX ||
            answer->count == ARRAY_LEN(answer->addrs))
            continue;
        if (!take_addr(&r, &record, answer))
            return -EBADMSG;
    }
    return answer->count > before ? 0 : -ENODATA;
}

/* What the head of an answer says; 0: its records say more. */
static int said(unsigned flags)
{
    if ((flags & RCODE_MASK) == RCODE_NXDOMAIN)
        return -ENOENT;
    if (flags & RCODE_MASK)
        return -EAGAIN;
    return flags & FLAG_TRUNCATED ? -EMSGSIZE : 0;
}

int dns_read(const uint8_t *message, size_t n, const uint8_t *query, size_t m,
             struct dns_answer *answer)
{
    const unsigned type = get16(query + m - QUESTION_TAIL);
    const unsigned before = answer->count;
    struct reader r = {message, n, HEADER_SIZE};
    char name[DNS_NAME_SIZE];
    int result;

    if (!answers(message, n, query, m) || !take_name(&r, name))
        return -EBADMSG;
    r.at = m;
    result = said(get16(message + 2));
    if (result)
        return result;
    for (unsigned i = 0; i <= ALIASES_MAX; i++) {
        answer->count = before; /* an alias has no addresses itself */
        result = look(r, get16(message + 6), type, answer, name);
        if (result != -EAGAIN)
            break;
    }
    if (result)
        answer->count = before;
    else
        memcpy(answer->name, name, sizeof(name));
    return result == -EAGAIN ? -EBADMSG : result;
}
