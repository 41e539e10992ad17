/* checksum.h: the Internet checksum's sum (RFC 1071), not inverted, in the
 * order of bytes in which the words lie in memory; pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t checksum_fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

#define CHECKSUM_IPV4 20 /* bytes of its header without options */

static inline uint16_t checksum_ipv4(const void *header)
{
    uint32_t w[CHECKSUM_IPV4 / 4];

    memcpy(w, header, sizeof(w));
    return checksum_fold((uint64_t)w[0] + w[1] + w[2] + w[3] + w[4]);
}

/* n bytes more, at most 65535, than those that sum stands for. */
static inline uint16_t checksum_add(uint64_t sum, const void *data, size_t n)
{
    const uint8_t *p = data;

    for (; n >= 4; n -= 4, p += 4) {
        uint32_t word;

        memcpy(&word, p, sizeof(word));
        sum += word;
    }
    for (size_t i = 0; i < n; i++) /* the first byte of a word is the low one */
        sum += (uint64_t)p[i] << i % 2 * 8;
    return checksum_fold(sum);
}

/* Most often what is summed is a header. */
static inline uint16_t checksum(const void *data, size_t n)
{
    return n == CHECKSUM_IPV4 ? checksum_ipv4(data) : checksum_add(0, data, n);
}
