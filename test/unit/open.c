/* open.c: files by their path, the POSIX way. */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fd.h"
#include "test/fake/archive.h"
#include "xen/start.h"

const void *start_ramdisk(size_t *size)
{
    archive_begin();
    archive_text('0', "dir/file", "text");
    archive_end();
    *size = archive_n;
    return archive;
}

static int error_of(int result)
{
    return result ? errno : 0;
}

Test(open, access_says_what_can_be_done)
{
    static const struct {
        const char *path;
        int mode, error;
    } cases[] = {
        {"/dir", F_OK, 0},
        {"/dir", R_OK | X_OK, 0},
        {"/dir", W_OK, EROFS},
        {"/dir/file", F_OK, 0},
        {"/dir/file", R_OK, 0},
        {"/dir/file", R_OK | X_OK, EACCES}, /* its mode is 0444 */
        {"/dir/file", R_OK | W_OK, EROFS},
        {"/dir/none", F_OK, ENOENT},
        {"/dir/file", 8, EINVAL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        cr_assert_eq(error_of(access(cases[i].path, cases[i].mode)),
                     cases[i].error, "%zu", i);
}

Test(open, opens_and_describes_by_path)
{
    struct stat st;
    const int fd = open("/dir/file", O_RDONLY);

    cr_assert_geq(fd, 0);
    cr_assert_eq(fd_close(fd), 0);
    cr_assert_eq(open("/dir/file", O_RDWR), -1);
    cr_assert_eq(errno, EROFS);
    cr_assert_eq(stat("/dir/file", &st), 0);
    cr_assert_eq(st.st_size, 4);
    cr_assert_eq(error_of(stat("/none", &st)), ENOENT);
}
