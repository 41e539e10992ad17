/* image.h: a small guest's image, as a linker would write it. */
#pragma once

#include <elf.h>
#include <stdint.h>

#define FAKE_IMAGE_BASE 0x401f0000ul
#define FAKE_IMAGE_END  0x40209876ul

/* Text, and data that is larger in memory than in the file.  Notes, in order:
 * XEN_VERSION, VIRT_BASE, PADDR_OFFSET, ENTRY, each of 24 bytes; ours, of 36:
 * version 2, 700 pool pages, 300 at least, network and disks. */
struct fake_image {
    Elf64_Ehdr head;
    Elf64_Phdr text, data, note;
    uint8_t notes[4 * 24 + 36 + 4];
    uint8_t contents[512];
};

void fake_image(struct fake_image *file);
