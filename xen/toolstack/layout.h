/* layout.h: how much memory a guest needs to start. */
#pragma once

#include <stdint.h>
#include "xen/toolstack/elf.h"

/* The least memory= in which Xen's domain builder can lay out the image and a
 * ramdisk of so many bytes, and the guest then finds so many pages free. */
uint64_t layout_megabytes(const struct elf_image *image, uint64_t ramdisk_bytes,
                          uint32_t pool_pages);
