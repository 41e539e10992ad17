/* elf.h: what a guest's image says about itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image {
    uint64_t virt_base;  /* where the guest's memory begins */
    uint64_t end;        /* where the image's part of it ends */
    uint32_t pool_pages; /* what the guest wants besides its image, */
    uint32_t pool_least; /* and without which it does not start */
    bool uses_network;
    bool wants_ramdisk;
    bool uses_disks;
};

/* Reads a whole file of which nothing is known.  0, or -ENOEXEC with one line
 * in *why (a constant) that tells what is wrong with it. */
int elf_read(const void *file, size_t size, struct elf_image *image,
             const char **why);
