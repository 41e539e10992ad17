/* error.c: names of errors, compared with those of the build machine. */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"

static char said[512];

ssize_t fd_write(int fd, const void *data, size_t n)
{
    cr_assert_eq(fd, STDERR_FILENO);
    cr_assert_lt(strlen(said) + n, sizeof(said));
    strncat(said, data, n);
    return (ssize_t)n;
}

Test(error, is_called_as_on_linux)
{
    unsigned known = 0;

    for (int error = 0; error < 256; error++) {
        if (!strcmp(strerror(error), "Unknown error"))
            continue;
        cr_expect_str_eq(strerror(error), strerrordesc_np(error), "%d", error);
        known++;
    }
    cr_expect_gt(known, 80);
}

Test(error, has_the_first_name_and_the_last)
{
    cr_expect_str_eq(strerror(0), "Success");
    cr_expect_str_eq(strerror(EPERM), "Operation not permitted");
    cr_expect_str_eq(strerror(EOWNERDEAD), "Owner died");
    cr_expect_str_eq(strerror(-1), "Unknown error");
    cr_expect_str_eq(strerror(9999), "Unknown error");
}

Test(error, is_told_in_a_line)
{
    errno = ENOENT;
    perror("web");
    perror("");
    perror(NULL);
    cr_expect_str_eq(said, "web: No such file or directory\n"
                           "No such file or directory\n"
                           "No such file or directory\n");
}

Test(error, is_cut_when_the_line_is_too_long)
{
    char what[400];

    memset(what, 'x', sizeof(what) - 1);
    what[sizeof(what) - 1] = '\0';
    errno = EIO;
    perror(what);
    cr_expect_eq(strlen(said), 255);
}
