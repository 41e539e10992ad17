/*
 * Any image, or a good one with any damage: refused with a reason, or its
 * memory can be reckoned.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "test/fake/image.h"
#include "xen/toolstack/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void read_image(const void *data, size_t n)
{
    struct elf_image image;
    const char *why = NULL;
    int err = elf_read(data, n, &image, &why);

    if (err ? err != -ENOEXEC || !why : why != NULL)
        abort();
    if (!err && (image.virt_base % 4096 || image.end < image.virt_base ||
                 layout_megabytes(&image, n, image.pool_pages) * 1048576 <
                     image.end - image.virt_base + n))
        abort();
}

/* Input: three bytes for each that is to be damaged, its place and value. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fake_image *good = malloc(sizeof *good);

    if (!good)
        abort();
    fake_image(good);
    for (size_t i = 0; i + 3 <= n; i += 3) {
        size_t at = (data[i] | (size_t)data[i + 1] << 8) % sizeof *good;

        ((uint8_t *)good)[at] = data[i + 2];
    }
    read_image(good, sizeof *good);
    free(good);
    read_image(data, n);
    return 0;
}
