/* uio.c over files of the ramdisk, beside what Linux does with the same file.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fd.h"
#include "lib/ramdisk.h"
#include "lib/uio.h"
#include "test/fake/archive.h"
#include "xen/start.h"

#define SIZE 200000

static uint8_t content[SIZE];
static int ours, linux_s;

const void *start_ramdisk(size_t *size)
{
    archive_begin();
    archive_add('0', "file", content, SIZE);
    archive_end();
    *size = archive_n;
    return archive;
}

static void set_up(void)
{
    char name[] = "/tmp/mote-uio-XXXXXX";

    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 7 + i / 256);
    linux_s = mkstemp(name);
    unlink(name);
    cr_assert_eq(write(linux_s, content, SIZE), SIZE);
    cr_assert_eq(lseek(linux_s, 0, SEEK_SET), 0);
    ours = ramdisk_open("/file", O_RDONLY);
    cr_assert_geq(ours, 0);
}

static void tear_down(void)
{
    fd_close(ours);
    close(linux_s);
}

TestSuite(uio, .init = set_up, .fini = tear_down);

ssize_t guest_readv(int fd, const struct iovec *iov, int n);

/* lib/uio.c's readv() has another name here: the machine's is this one's. */
#undef readv
ssize_t readv(int fd, const struct iovec *iov, int n);

static void expect_the_same(const size_t sizes[3])
{
    static uint8_t a[3][SIZE], b[3][SIZE];
    struct iovec in[3], like[3];

    memset(a, 0xee, sizeof(a));
    memset(b, 0xee, sizeof(b));
    for (int i = 0; i < 3; i++) {
        in[i] = (struct iovec){a[i], sizes[i]};
        like[i] = (struct iovec){b[i], sizes[i]};
    }
    cr_assert_eq(guest_readv(ours, in, 3), readv(linux_s, like, 3));
    cr_assert_eq(fd_seek(ours, 0, SEEK_CUR), lseek(linux_s, 0, SEEK_CUR));
    cr_assert_eq(memcmp(a, b, sizeof(a)), 0);
}

Test(uio, a_file_is_read_until_all_pieces_are_full_or_it_ends)
{
    static const size_t sizes[][3] = {{1, 0, 5},          {0, 0, 0},
                                      {70000, 20000, 9},  {0, 3, 0},
                                      {40000, 40000, 10}, {60000, 60000, 60000},
                                      {5, 5, 5}};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        expect_the_same(sizes[i]);
}

Test(uio, what_is_not_open_is_not_read)
{
    char byte;
    const struct iovec in[] = {{&byte, 1}, {&byte, 1}};

    cr_assert_eq(guest_readv(77, in, 2), -1);
    cr_assert_eq(errno, EBADF);
}
