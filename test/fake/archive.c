/* archive.c: see archive.h. */

#include "test/fake/archive.h"

#include <stdio.h>
#include <string.h>

char archive[1 << 20];
size_t archive_n;

void archive_begin(void)
{
    memset(archive, 0, sizeof(archive));
    archive_n = 0;
}

static void mend(size_t header)
{
    char *h = archive + header;
    unsigned sum = 0;

    memset(h + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
}

size_t archive_add(char type, const char *name, const void *data, size_t n)
{
    size_t header = archive_n;
    char *h = archive + header;

    memcpy(h, name, strnlen(name, 100));
    memcpy(h + 100, "0000644\0000000000\0000000000", 23);
    snprintf(h + 124, 12, "%011zo", n);
    snprintf(h + 136, 12, "%011o", 1000000000);
    h[156] = type;
    memcpy(h + 257, "ustar\00000", 8);
    if (n)
        memcpy(h + 512, data, n);
    mend(header);
    archive_n += 512 + (n + 511) / 512 * 512;
    return header;
}

size_t archive_text(char type, const char *name, const char *data)
{
    return archive_add(type, name, data, strlen(data));
}

void archive_patch(size_t header, size_t at, const void *bytes, size_t n)
{
    memcpy(archive + header + at, bytes, n);
    mend(header);
}

void archive_end(void)
{
    archive_n += 1024;
}
