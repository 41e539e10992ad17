/* checksum.h: the Internet checksum's sum (RFC 1071), not inverted, in the
 * order of bytes in which the words lie in memory; pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}
