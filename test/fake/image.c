/* image.c: a small guest's image, as a linker would write it. */

#include "test/fake/image.h"

#include <stddef.h>
#include <string.h>

#include <xen/elfnote.h>

#define ENTRY (FAKE_IMAGE_BASE + 0x40)

static void add_note(struct fake_image *file, const char *name, uint32_t type,
                     const void *desc, uint32_t size)
{
    uint32_t name_size = (uint32_t)strlen(name) + 1;
    Elf64_Nhdr head = {name_size, size, type};
    uint8_t *to = file->notes + file->note.p_filesz;

    memcpy(to, &head, sizeof head);
    memcpy(to + sizeof head, name, name_size);
    memcpy(to + sizeof head + (name_size + 3) / 4 * 4, desc, size);
    file->note.p_filesz +=
        sizeof head + (name_size + 3) / 4 * 4 + (size + 3) / 4 * 4;
}

static void add_address(struct fake_image *file, uint32_t type,
                        uint64_t address)
{
    add_note(file, "Xen", type, &address, sizeof address);
}

static Elf64_Phdr load(uint32_t flags, uint64_t at, uint64_t file_size,
                       uint64_t size)
{
    return (Elf64_Phdr){
        .p_type = PT_LOAD,
        .p_flags = flags,
        .p_offset = offsetof(struct fake_image, contents),
        .p_vaddr = at,
        .p_paddr = at,
        .p_filesz = file_size,
        .p_memsz = size,
    };
}

void fake_image(struct fake_image *file)
{
    static const uint32_t mote[] = {2, 700, 300, 1 | 4};

    *file = (struct fake_image){
        .head =
            {
                .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
                            EV_CURRENT},
                .e_type = ET_EXEC,
                .e_machine = EM_X86_64,
                .e_version = EV_CURRENT,
                .e_phoff = offsetof(struct fake_image, text),
                .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = 3,
            },
        .text = load(PF_R | PF_X, FAKE_IMAGE_BASE, 512, 512),
        .data = load(PF_R | PF_W, 0x40200000, 256, FAKE_IMAGE_END - 0x40200000),
        .note = {.p_type = PT_NOTE,
                 .p_offset = offsetof(struct fake_image, notes)},
    };
    add_note(file, "Xen", XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    add_address(file, XEN_ELFNOTE_VIRT_BASE, FAKE_IMAGE_BASE);
    add_address(file, XEN_ELFNOTE_PADDR_OFFSET, FAKE_IMAGE_BASE);
    add_address(file, XEN_ELFNOTE_ENTRY, ENTRY);
    add_note(file, "mote", 1, mote, sizeof mote);
}
