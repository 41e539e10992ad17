/* dns_message.h: DNS questions and answers as bytes (RFC 1035); pure. */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_SIZE 256 /* as text, with its end */
#define DNS_QUERY_MAX 288
#define DNS_ADDRS_MAX 16 /* that are taken from one message */

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28 };

/* All that is known of a name: what several messages say. */
struct dns_answer {
    unsigned count;
    struct in6_addr addrs[2 * DNS_ADDRS_MAX]; /* IPv4's are mapped */
    char name[DNS_NAME_SIZE]; /* whose they are: behind its aliases */
};

/* The question for name into query, which has DNS_QUERY_MAX bytes: its length,
 * or 0: no such name can exist. */
size_t dns_question(uint8_t *query, uint16_t id, const char *name,
                    enum dns_type type);

/* The name under which an address has its own: in in-addr.arpa or ip6.arpa
 * (RFC 1035, 3596). */
void dns_reverse_name(const struct in6_addr *addr, char name[DNS_NAME_SIZE]);

/*
 * What a message of n bytes says to a query of m.
 *
 * 0: at least one address, added to the answer, and its name; or, to a query
 * for a PTR record, the name alone.  -ENODATA: there is nothing of this type.
 * -ENOENT: the name does not exist.  -EAGAIN: this server cannot tell.
 * -EMSGSIZE: it must be asked by TCP.  -EBADMSG: not an answer to this query,
 * or nonsense.  Only 0 changes the answer.
 */
int dns_read(const uint8_t *message, size_t n, const uint8_t *query, size_t m,
             struct dns_answer *answer);
