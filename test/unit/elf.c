/* elf.c: a whole image is read; a damaged one is refused and named. */

#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>
#include "xen/toolstack/elf.h"

#define BASE  0x401f0000ul
#define ENTRY (BASE + 0x40)

/* A guest's image: text, and data that is larger in memory than in the file. */
struct file {
    Elf64_Ehdr head;
    Elf64_Phdr text, data, note;
    uint8_t notes[256];
    uint8_t contents[512];
};

static struct file *file;
static struct elf_image image;
static const char *why;

static void add_note(const char *name, uint32_t type, const void *desc,
                     uint32_t size)
{
    uint32_t name_size = (uint32_t)strlen(name) + 1;
    Elf64_Nhdr head = {name_size, size, type};
    uint8_t *to = file->notes + file->note.p_filesz;

    memcpy(to, &head, sizeof head);
    memcpy(to + sizeof head, name, name_size);
    memcpy(to + sizeof head + (name_size + 3) / 4 * 4, desc, size);
    file->note.p_filesz +=
        sizeof head + (name_size + 3) / 4 * 4 + (size + 3) / 4 * 4;
    cr_assert_leq(file->note.p_filesz, sizeof file->notes);
}

static void add_address(uint32_t type, uint64_t address)
{
    add_note("Xen", type, &address, sizeof address);
}

static Elf64_Phdr load(uint32_t flags, uint64_t at, uint64_t file_size,
                       uint64_t size)
{
    return (Elf64_Phdr){
        .p_type = PT_LOAD,
        .p_flags = flags,
        .p_offset = offsetof(struct file, contents),
        .p_vaddr = at,
        .p_paddr = at,
        .p_filesz = file_size,
        .p_memsz = size,
    };
}

static void set_up(void)
{
    static const uint32_t mote[] = {1, 700, 1 | 4};

    file = calloc(1, sizeof *file);
    cr_assert(file);
    file->head = (Elf64_Ehdr){
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = offsetof(struct file, text),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 3,
    };
    file->text = load(PF_R | PF_X, BASE, 512, 512);
    file->data = load(PF_R | PF_W, 0x40200000, 256, 0x9876);
    file->note = (Elf64_Phdr){
        .p_type = PT_NOTE,
        .p_offset = offsetof(struct file, notes),
    };
    add_note("Xen", XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    add_address(XEN_ELFNOTE_VIRT_BASE, BASE);
    add_address(XEN_ELFNOTE_PADDR_OFFSET, BASE);
    add_address(XEN_ELFNOTE_ENTRY, ENTRY);
    add_note("mote", 1, mote, sizeof mote);
}

static void tear_down(void)
{
    free(file);
}

TestSuite(elf, .init = set_up, .fini = tear_down);

static int read_it(void)
{
    return elf_read(file, sizeof *file, &image, &why);
}

static void refused(const char *reason)
{
    cr_assert_eq(read_it(), -ENOEXEC);
    cr_assert(strstr(why, reason), "'%s' does not say '%s'", why, reason);
}

Test(elf, reads_what_an_image_says)
{
    cr_assert_eq(read_it(), 0, "%s", why);
    cr_assert_eq(image.virt_base, BASE);
    cr_assert_eq(image.end, 0x40209876);
    cr_assert_eq(image.pool_pages, 700);
    cr_assert(image.uses_network);
    cr_assert_not(image.wants_ramdisk);
    cr_assert(image.uses_disks);
}

Test(elf, segments_lie_where_xen_loads_them)
{
    file->text.p_paddr -= BASE; /* now both count from VIRT_BASE */
    file->data.p_paddr -= BASE;
    refused("outside");
    memset(file->notes + 2 * 24 + 16, 0, 8); /* the third: PADDR_OFFSET */
    cr_assert_eq(read_it(), 0, "%s", why);
    cr_assert_eq(image.end, 0x40209876);
}

Test(elf, refuses_what_is_no_guest)
{
    file->head.e_machine = EM_AARCH64;
    refused("64-bit x86");
    file->head.e_machine = EM_X86_64;
    file->head.e_type = ET_DYN;
    refused("64-bit x86");
    file->head.e_type = ET_EXEC;
    file->head.e_ident[0] = 0;
    refused("not an ELF");
}

Test(elf, refuses_notes_that_are_missing)
{
    uint64_t all = file->note.p_filesz;

    file->note.p_filesz = all - 1; /* our own is the last one */
    refused("mote note");
    file->note.p_filesz = 24 * 3;
    refused("Xen notes");
    file->note.p_filesz = 0;
    refused("Xen notes");
}

Test(elf, refuses_another_version_of_the_note)
{
    file->notes[file->note.p_filesz - 12] = 2;
    refused("version");
}

Test(elf, refuses_a_pool_out_of_proportion)
{
    file->notes[file->note.p_filesz - 5] = 1; /* 2^24 pages */
    refused("memory");
}

Test(elf, refuses_segments_out_of_bounds)
{
    file->data.p_memsz = 255; /* less than there is in the file */
    refused("outside");
    file->data.p_memsz = 1ul << 40;
    refused("outside");
    file->data.p_memsz = 256;
    file->data.p_paddr = BASE - 4096;
    refused("outside");
    file->data.p_paddr = BASE;
    file->data.p_filesz = 513;
    refused("cut off");
    file->data.p_filesz = UINT64_MAX;
    refused("cut off");
}

Test(elf, refuses_an_entry_outside_text)
{
    file->text.p_flags = PF_R;
    refused("entry");
    file->text.p_flags = PF_R | PF_X;
    file->text.p_filesz = 0x40;
    refused("entry");
}

Test(elf, refuses_program_headers_out_of_bounds)
{
    file->head.e_phoff = UINT64_MAX - 64;
    refused("headers");
    file->head.e_phoff = sizeof *file - sizeof(Elf64_Phdr);
    refused("headers");
    file->head.e_phoff = offsetof(struct file, text);
    file->head.e_phnum = 0;
    refused("headers");
    file->head.e_phnum = 3;
    file->head.e_phentsize--;
    refused("headers");
}

Test(elf, refuses_every_file_that_is_cut_short)
{
    for (size_t size = 0; size < sizeof *file; size++) {
        void *cut = malloc(size + !size); /* to the byte: ASan looks on */

        cr_assert(cut);
        memcpy(cut, file, size);
        cr_assert_eq(elf_read(cut, size, &image, &why), -ENOEXEC);
        cr_assert(why);
        free(cut);
    }
}

Test(elf, survives_any_damaged_byte)
{
    uint8_t *bytes = (uint8_t *)file;

    for (size_t at = 0; at < offsetof(struct file, contents); at++)
        for (unsigned value = 0; value < 256; value += 15) {
            uint8_t was = bytes[at];

            bytes[at] = (uint8_t)value;
            if (!read_it())
                cr_assert_leq(image.end - image.virt_base, 1ul << 30);
            bytes[at] = was;
        }
}
