/* dns_message.h: DNS questions and answers as bytes (RFC 1035); pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_SIZE 256 /* as text, with its end */
#define DNS_QUERY_MAX 288
#define DNS_ADDRS_MAX 16

enum dns_type { DNS_A = 1, DNS_AAAA = 28 };

struct dns_answer {
    unsigned count;
    uint8_t addrs[DNS_ADDRS_MAX][16]; /* 4 bytes of each, or 16 */
    char name[DNS_NAME_SIZE];         /* whose they are: behind its aliases */
};

/* The question for name into query, which has DNS_QUERY_MAX bytes: its length,
 * or 0: no such name can exist. */
size_t dns_question(uint8_t *query, uint16_t id, const char *name,
                    enum dns_type type);

/*
 * What a message of n bytes says to a query of m.
 *
 * 0: at least one address.  -ENODATA: the name has none of this type.  -ENOENT:
 * it does not exist.  -EAGAIN: this server cannot tell.  -EMSGSIZE: it must be
 * asked by TCP.  -EBADMSG: not an answer to this query, or nonsense.
 */
int dns_read(const uint8_t *message, size_t n, const uint8_t *query, size_t m,
             struct dns_answer *answer);
