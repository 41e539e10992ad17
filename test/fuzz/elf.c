/* Any image: refused with a reason, or its memory can be reckoned. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include "xen/toolstack/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct elf_image image;
    const char *why = NULL;
    int err = elf_read(data, n, &image, &why);

    if (err ? err != -ENOEXEC || !why : why != NULL)
        abort();
    if (!err &&
        layout_megabytes(&image, n) * 1048576 < image.end - image.virt_base + n)
        abort();
    return 0;
}
