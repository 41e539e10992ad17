/* scarce_ramdisk.c: the ramdisk's index and files, whichever allocation fails.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/ramdisk.h"
#include "test/fake/archive.h"
#include "test/fake/said.h"
#include "test/fake/scarce.h"
#include "xen/start.h"

#define FILES 150 /* more than the index has room for at first */

static size_t empty; /* the archive's last bytes: one without an entry */

const void *start_ramdisk(size_t *size)
{
    (void)size;
    return NULL;
}

static void make(void)
{
    char name[64];
    size_t link;

    archive_begin();
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "folder%d/file%d", i % 9, i);
        archive_text('0', name, name);
        link = archive_add('1', name + 7, NULL, 0);
        archive_patch(link, 157, name, strlen(name));
    }
    empty = archive_n;
    archive_end();
}

static bool fine(int result)
{
    errno = -result;
    return scarce_fine(result < 0 ? -1 : result);
}

static void read_one(const char *path, const char *text)
{
    char data[64] = "";
    int fd = ramdisk_open(path, O_RDONLY);

    if (!fine(fd))
        return;
    cr_assert_eq(fd_read(fd, data, sizeof(data)), (ssize_t)strlen(text));
    cr_assert_str_eq(data, text);
    cr_assert_eq(fd_close(fd), 0);
}

static void use(void)
{
    const struct tree_node *n;
    struct stat st;

    fake_said[0] = '\0';
    if (!fine(ramdisk_mount(archive, archive_n))) {
        cr_assert_str_eq(fake_said, "ramdisk: no memory for its index: raise "
                                    "memory= in the config\n");
        cr_assert_eq(ramdisk_stat("/", &st), -ENOMEM);
        cr_assert_eq(ramdisk_open("/file0", O_RDONLY), -ENOMEM);
        cr_assert(tree_find("/", &n) == 0 && !tree_first(n), "it is empty");
        cr_assert_eq(ramdisk_mount(archive, archive_n), 0, "and tried again");
    }
    read_one("/folder5/file149", "folder5/file149");
    read_one("/file72", "folder0/file72");
    cr_assert_eq(ramdisk_opendir("/folder3", &n), 0);
    for (int files = 0; n; n = tree_after(n))
        cr_assert_leq(++files, FILES / 9 + 1);
}

static void settle(void)
{
    cr_assert_eq(ramdisk_mount(archive + empty, archive_n - empty), 0);
}

Test(scarce_ramdisk, every_failure_is_told_and_undone, .init = make)
{
    /* Twice the index, nodes and names grow several times; two files. */
    cr_assert_geq(scarce_each(use, settle), 4 + 6 + 2);
}

Test(scarce_ramdisk, a_file_without_a_descriptor_is_freed, .init = make)
{
    cr_assert_eq(ramdisk_mount(archive, archive_n), 0);
    scarce_arm(1); /* the file itself is there, the table is not */
    cr_assert_eq(ramdisk_open("/file0", O_RDONLY), -ENOMEM);
    cr_assert(scarce_failed());
    cr_assert_eq(ramdisk_open("/file0", O_RDONLY), 0);
    cr_assert_eq(fd_close(0), 0);
    settle();
}
