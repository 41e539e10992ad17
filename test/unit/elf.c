/* elf.c: a whole image is read; a damaged one is refused and named. */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "test/fake/image.h"
#include "xen/toolstack/elf.h"

static struct fake_image *file;
static struct elf_image image;
static const char *why;

static void set_up(void)
{
    file = malloc(sizeof *file);
    cr_assert(file);
    fake_image(file);
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
    cr_assert_eq(image.virt_base, FAKE_IMAGE_BASE);
    cr_assert_eq(image.end, FAKE_IMAGE_END);
    cr_assert_eq(image.pool_pages, 700);
    cr_assert_eq(image.pool_least, 300);
    cr_assert(image.uses_network);
    cr_assert_not(image.wants_ramdisk);
    cr_assert(image.uses_disks);
}

Test(elf, segments_lie_where_xen_loads_them)
{
    file->text.p_paddr -=
        FAKE_IMAGE_BASE; /* now both count from VIRT_FAKE_IMAGE_BASE */
    file->data.p_paddr -= FAKE_IMAGE_BASE;
    refused("outside");
    memset(file->notes + 2 * 24 + 16, 0, 8); /* the third: PADDR_OFFSET */
    cr_assert_eq(read_it(), 0, "%s", why);
    cr_assert_eq(image.end, FAKE_IMAGE_END);
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

Test(elf, needs_each_note_whole)
{
    static const unsigned needed[] = {0, 1, 3}; /* version, base, entry */

    for (unsigned i = 0; i < 3; i++) {
        uint8_t *note = file->notes + needed[i] * 24;

        note[12] = 'x'; /* its name */
        refused("Xen notes");
        note[12] = 'X';
        note[4] = 7; /* its size; 24 bytes still hold it */
        refused("Xen notes");
        note[4] = 8;
        cr_assert_eq(read_it(), 0, "%s", why);
    }
}

Test(elf, takes_an_address_of_4_bytes)
{
    file->notes[24 + 4] = 4;
    memmove(file->notes + 48 - 4, file->notes + 48, 24 * 2 + 36);
    file->note.p_filesz -= 4;
    cr_assert_eq(read_it(), 0, "%s", why);
    cr_assert_eq(image.virt_base, FAKE_IMAGE_BASE);
}

Test(elf, refuses_a_damaged_base)
{
    file->notes[24 + 16]++;
    refused("base");
    file->notes[24 + 16]--;
    file->notes[24 + 16 + 6] = 0x80;
    refused("base");
}

Test(elf, passes_over_our_notes_of_other_types)
{
    file->notes[4 * 24 + 8] = 2;
    refused("mote note");
}

Test(elf, refuses_another_version_of_the_note)
{
    file->notes[file->note.p_filesz - 16] = 1;
    refused("version");
}

Test(elf, refuses_a_pool_out_of_proportion)
{
    file->notes[file->note.p_filesz - 9] = 1; /* 2^24 pages */
    refused("memory");
    file->notes[file->note.p_filesz - 9] = 0;
    file->notes[file->note.p_filesz - 7] = 4; /* at least more than enough */
    refused("memory");
}

Test(elf, refuses_segments_out_of_bounds)
{
    file->data.p_memsz = 255; /* less than there is in the file */
    refused("outside");
    file->data.p_memsz = 1ul << 40;
    refused("outside");
    file->data.p_memsz = 256;
    file->data.p_paddr = FAKE_IMAGE_BASE - 4096;
    refused("outside");
    file->data.p_paddr = FAKE_IMAGE_BASE;
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
    file->head.e_phoff = offsetof(struct fake_image, text);
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

    for (size_t at = 0; at < offsetof(struct fake_image, contents); at++)
        for (unsigned value = 0; value < 256; value += 15) {
            uint8_t was = bytes[at];

            bytes[at] = (uint8_t)value;
            if (!read_it())
                cr_assert_leq(image.end - image.virt_base, 1ul << 30);
            bytes[at] = was;
        }
}
