/*
 * Any archive: an error, or a tree in which every name that is listed can be
 * opened and read.  Checksums are mended first, or few inputs would get far.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fd.h"
#include "lib/ramdisk.h"
#include "test/fake/said.h"
#include "xen/start.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

const void *start_ramdisk(size_t *size)
{
    *size = 0;
    return NULL;
}

void waitq_wake(struct waitq *q)
{
    (void)q;
}

int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    (void)q;
    (void)deadline;
    return -ETIMEDOUT;
}

static void mend(char *block)
{
    unsigned sum = 8 * ' ';

    for (size_t i = 0; i < 512; i++)
        if (i < 148 || i >= 156)
            sum += (unsigned char)block[i];
    if (sum != 8 * ' ')
        snprintf(block + 148, 8, "%06o", sum);
}

static void read_all(const char *path)
{
    char part[64];
    ssize_t got;
    int fd = ramdisk_open(path, O_RDONLY);

    if (fd != 0) /* all others are closed */
        abort();
    while ((got = fd_read(fd, part, sizeof(part))) > 0)
        ;
    if (got < 0 && got != -EISDIR)
        abort();
    fd_close(fd);
}

/* Visit everything, the deepest directory found last first. */
static void walk(void)
{
    char *waiting[4096];
    size_t count = 0;

    waiting[count++] = strdup("");
    while (count) {
        char *path = waiting[--count];
        const struct tree_node *node;
        const struct tree_node *before = NULL;

        if (ramdisk_opendir(*path ? path : "/", &node))
            abort();
        for (; node; before = node, node = tree_after(node)) {
            struct tar_text name = tree_name(node);
            char *child;

            if (name.n == 0 || memchr(name.at, '/', name.n))
                abort();
            if (before && tree_name(before).n == name.n &&
                !memcmp(tree_name(before).at, name.at, name.n))
                abort();
            if (asprintf(&child, "%s/%.*s", path, (int)name.n, name.at) < 0)
                abort();
            read_all(child);
            if (node->type == TAR_DIRECTORY && count < 4096)
                waiting[count++] = child;
            else
                free(child);
        }
        free(path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *archive = malloc(n);

    memcpy(archive, data, n);
    for (size_t at = 0; at + 512 <= n; at += 512)
        mend(archive + at);
    fake_said[0] = '\0';
    if (ramdisk_mount(archive, n) == 0)
        walk();
    else if (!strstr(fake_said, ", at byte "))
        abort();
    ramdisk_mount(NULL, 0);
    free(archive);
    return 0;
}
