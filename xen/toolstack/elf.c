/* elf.c: reads and checks a guest's image: segments, Xen's notes and ours. */

#include "xen/toolstack/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include <xen/elfnote.h>

#define MOTE_NOTE    1 /* type of the note named "mote": */
#define MOTE_VERSION 2 /* words: version, pool pages, least, flags */
#define FLAG_NETWORK 1u
#define FLAG_RAMDISK 2u
#define FLAG_DISKS   4u
#define MAX_POOL     (1u << 20)
#define MAX_IMAGE    (1ul << 30) /* arch/x86_64/link.lds promises less */
#define MAX_BASE     (1ul << 46)
#define PAGE_BYTES   4096u

struct bytes {
    const uint8_t *data;
    uint64_t size;
};

/* What the notes hold, before it is checked against the segments. */
struct notes {
    uint64_t virt_base, paddr_offset, entry;
    bool has_base, has_entry, has_version;
    bool has_mote;
    uint32_t mote[4];
};

/* The n bytes at an offset; size 0 when not all of them are there. */
static struct bytes part(struct bytes whole, uint64_t at, uint64_t n)
{
    if (at > whole.size || n > whole.size - at)
        return (struct bytes){0};
    return (struct bytes){whole.data + at, n};
}

static bool copy(struct bytes from, uint64_t at, void *to, size_t n)
{
    struct bytes b = part(from, at, n);

    if (!b.size)
        return false;
    memcpy(to, b.data, n);
    return true;
}

/* Some notes may have their number in 4 bytes as well as in 8. */
static bool copy_number(struct bytes desc, uint64_t *number)
{
    uint32_t word;

    if (desc.size == sizeof word && copy(desc, 0, &word, sizeof word)) {
        *number = word;
        return true;
    }
    return copy(desc, 0, number, sizeof *number);
}

static void take_xen_note(uint32_t type, struct bytes desc, struct notes *n)
{
    static const char version[] = "xen-3.0";

    switch (type) {
    case XEN_ELFNOTE_VIRT_BASE:
        n->has_base = copy_number(desc, &n->virt_base);
        break;
    case XEN_ELFNOTE_ENTRY:
        n->has_entry = copy_number(desc, &n->entry);
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        (void)copy_number(desc, &n->paddr_offset);
        break;
    case XEN_ELFNOTE_XEN_VERSION:
        n->has_version = desc.size == sizeof version &&
                         memcmp(desc.data, version, sizeof version) == 0;
        break;
    default:
        break;
    }
}

static bool is_named(struct bytes name, const char *want)
{
    return name.size == strlen(want) + 1 &&
           memcmp(name.data, want, name.size) == 0;
}

/* Padding after the last note may be missing: a step past the end ends. */
static void take_notes(struct bytes segment, struct notes *n)
{
    Elf64_Nhdr head;
    uint64_t at = 0;

    while (copy(segment, at, &head, sizeof head)) {
        uint64_t name_at = at + sizeof head;
        uint64_t desc_at = name_at + ((head.n_namesz + 3ul) & ~3ul);
        struct bytes name = part(segment, name_at, head.n_namesz);
        struct bytes desc = part(segment, desc_at, head.n_descsz);

        if (is_named(name, "Xen"))
            take_xen_note(head.n_type, desc, n);
        else if (is_named(name, "mote") && head.n_type == MOTE_NOTE)
            n->has_mote = copy(desc, 0, n->mote, sizeof n->mote);
        at = desc_at + ((head.n_descsz + 3ul) & ~3ul);
    }
}

/* Finds the program headers: *table. */
static const char *check_header(struct bytes file, struct bytes *table)
{
    Elf64_Ehdr head;

    if (!copy(file, 0, &head, sizeof head) ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return "not an ELF file";
    if (head.e_ident[EI_CLASS] != ELFCLASS64 ||
        head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_machine != EM_X86_64 ||
        head.e_type != ET_EXEC)
        return "not a 64-bit x86 program";
    if (head.e_phentsize != sizeof(Elf64_Phdr))
        return "its program headers are damaged";
    *table = part(file, head.e_phoff, head.e_phnum * sizeof(Elf64_Phdr));
    return table->size ? NULL : "its program headers are cut off";
}

/* All notes must be known before the first loadable segment can be judged. */
static const char *find_notes(struct bytes file, struct bytes table,
                              struct notes *notes)
{
    Elf64_Phdr ph;

    for (uint64_t at = 0; copy(table, at, &ph, sizeof ph); at += sizeof ph) {
        if (ph.p_type != PT_NOTE && ph.p_type != PT_LOAD)
            continue;
        if (ph.p_filesz && !part(file, ph.p_offset, ph.p_filesz).size)
            return "a segment is cut off: the file is too short";
        if (ph.p_type == PT_NOTE)
            take_notes(part(file, ph.p_offset, ph.p_filesz), notes);
    }
    if (!notes->has_base || !notes->has_entry || !notes->has_version)
        return "no Xen notes: not a PV guest's image";
    if (!notes->has_mote)
        return "no mote note: not linked by mote";
    if (notes->mote[0] != MOTE_VERSION)
        return "made by another version of mote";
    if (notes->mote[1] > MAX_POOL || notes->mote[2] > notes->mote[1])
        return "it wants more memory than a mote can use";
    return NULL;
}

/* Xen loads a segment at p_paddr, less PADDR_OFFSET, from VIRT_BASE on. */
static const char *add_segment(const Elf64_Phdr *ph, const struct notes *notes,
                               uint64_t *end, bool *has_entry)
{
    uint64_t from = ph->p_paddr - notes->paddr_offset;

    if (ph->p_filesz > ph->p_memsz || from > MAX_IMAGE ||
        ph->p_memsz > MAX_IMAGE - from)
        return "a segment lies outside the guest's memory";
    from += notes->virt_base;
    if (*end < from + ph->p_memsz)
        *end = from + ph->p_memsz;
    if ((ph->p_flags & PF_X) && notes->entry >= from &&
        notes->entry - from < ph->p_filesz)
        *has_entry = true;
    return NULL;
}

static const char *measure(struct bytes table, const struct notes *notes,
                           uint64_t *end)
{
    bool has_entry = false;
    const char *why = NULL;
    Elf64_Phdr ph;

    if (notes->virt_base % PAGE_BYTES || notes->virt_base > MAX_BASE)
        return "its base address is damaged";
    for (uint64_t at = 0; !why && copy(table, at, &ph, sizeof ph);
         at += sizeof ph)
        if (ph.p_type == PT_LOAD)
            why = add_segment(&ph, notes, end, &has_entry);
    if (!why && !has_entry)
        why = "its entry point is not in its text";
    return why;
}

int elf_read(const void *file, size_t size, struct elf_image *image,
             const char **why)
{
    struct bytes whole = {file, size}, table;
    struct notes notes = {0};
    uint64_t end = 0;

    if (!(*why = check_header(whole, &table)) &&
        !(*why = find_notes(whole, table, &notes)))
        *why = measure(table, &notes, &end);
    if (*why)
        return -ENOEXEC;
    *image = (struct elf_image){
        .virt_base = notes.virt_base,
        .end = end,
        .pool_pages = notes.mote[1],
        .pool_least = notes.mote[2],
        .uses_network = notes.mote[3] & FLAG_NETWORK,
        .wants_ramdisk = notes.mote[3] & FLAG_RAMDISK,
        .uses_disks = notes.mote[3] & FLAG_DISKS,
    };
    return 0;
}
