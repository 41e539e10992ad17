/* dns_message.c: DNS questions and answers as bytes: see dns_message.h. */

#include "net/dns_message.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

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

/* Look through the answers for addresses of answer->name, or for another name
 * of it, which takes its place: 1.  0: done; -EBADMSG. */
static int look(struct reader r, unsigned records, unsigned type,
                struct dns_answer *answer)
{
    const size_t size = type == DNS_A ? 4 : 16;
    struct record record;

    while (records--) {
        if (!take_record(&r, &record))
            return -EBADMSG;
        if (record.class != CLASS_IN ||
            strcasecmp(record.owner, answer->name) != 0)
            continue;
        if (record.type == TYPE_CNAME) {
            struct reader name = {r.bytes, r.size, record.data};

            return take_name(&name, answer->name) && name.at == r.at ? 1
                                                                     : -EBADMSG;
        }
        if (record.type != type || answer->count == DNS_ADDRS_MAX)
            continue;
        if (record.length != size)
            return -EBADMSG;
        memcpy(answer->addrs[answer->count++], r.bytes + record.data, size);
    }
    return 0;
}

int dns_read(const uint8_t *message, size_t n, const uint8_t *query, size_t m,
             struct dns_answer *answer)
{
    struct reader r = {message, n, HEADER_SIZE};
    int more = 1;

    answer->count = 0;
    if (!answers(message, n, query, m) || !take_name(&r, answer->name))
        return -EBADMSG;
    r.at = m;
    if ((get16(message + 2) & RCODE_MASK) == RCODE_NXDOMAIN)
        return -ENOENT;
    if (get16(message + 2) & RCODE_MASK)
        return -EAGAIN;
    if (get16(message + 2) & FLAG_TRUNCATED)
        return -EMSGSIZE;
    for (unsigned i = 0; more > 0; i++) {
        if (i > ALIASES_MAX)
            return -EBADMSG;
        more = look(r, get16(message + 6), get16(query + m - QUESTION_TAIL),
                    answer);
    }
    if (more < 0)
        return more;
    return answer->count ? 0 : -ENODATA;
}
