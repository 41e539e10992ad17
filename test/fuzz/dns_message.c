/* Any answer to a question for an address: what is read of it is whole. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_PTR};
    const enum dns_type type = types[n % 3];
    uint8_t query[DNS_QUERY_MAX], *message;
    const size_t m = dns_question(query, 0x1234, "www.example", type);
    struct dns_answer answer = {.count = (unsigned)n % 20};
    const unsigned before = answer.count;
    int result;

    /* The right head and question, or few inputs would come further. */
    message = malloc(m + n);
    memcpy(message, query, m);
    message[2] = 0x81;
    message[3] = 0x80;
    message[7] = n ? data[0] : 0;
    if (n)
        memcpy(message + m, data + 1, n - 1);
    result = dns_read(message, n ? m + n - 1 : m, query, m, &answer);
    if (result == 0 && type != DNS_PTR
            ? answer.count <= before || answer.count > before + DNS_ADDRS_MAX ||
                  answer.count > 2 * DNS_ADDRS_MAX
            : answer.count != before)
        abort();
    if (strnlen(answer.name, DNS_NAME_SIZE) == DNS_NAME_SIZE)
        abort();
    result = dns_read(data, n, query, m, &answer); /* and any bytes at all */
    free(message);
    return 0;
}
