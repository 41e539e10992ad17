#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/tar.h"
#include "test/fake/archive.h"

static struct tar tar;
static struct tar_entry e;
static char *copy;

/* Read the archive from a place where a byte too much would be noticed. */
static void start(void)
{
    copy = realloc(copy, archive_n);
    memcpy(copy, archive, archive_n);
    tar_open(&tar, copy, archive_n);
}

static int first(void)
{
    start();
    return tar_next(&tar, &e);
}

static void expect(struct tar_text t, const char *text)
{
    cr_assert_eq(t.n, strlen(text), "%.*s, not %s", (int)t.n, t.at, text);
    cr_assert_arr_eq(t.at, text, t.n);
}

static void expect_error(const char *why, size_t where)
{
    cr_assert_eq(first(), -EINVAL);
    cr_assert_str_eq(tar.why, why);
    cr_assert_eq(tar.entry, where);
}

TestSuite(tar, .init = archive_begin);

Test(tar, reads_entries_in_their_order)
{
    archive_text('0', "a.txt", "hello");
    archive_add('5', "dir/", NULL, 0);
    archive_add('0', "empty", NULL, 0);
    archive_end();
    cr_assert_eq(first(), 1);
    cr_assert_eq(e.type, TAR_FILE);
    expect(e.name, "a.txt");
    cr_assert_eq(e.prefix.n, 0);
    cr_assert_eq(e.size, 5);
    cr_assert_arr_eq(e.data, "hello", 5);
    cr_assert_eq(e.modified, 1000000000);
    cr_assert_eq(tar_next(&tar, &e), 1);
    cr_assert_eq(e.type, TAR_DIRECTORY);
    expect(e.name, "dir/");
    cr_assert_eq(tar.entry, 1024);
    cr_assert_eq(tar_next(&tar, &e), 1);
    cr_assert_eq(e.size, 0);
    cr_assert_eq(tar_next(&tar, &e), 0);
    cr_assert_eq(tar_next(&tar, &e), 0);
}

Test(tar, one_empty_block_is_an_end)
{
    archive_text('0', "a", "1");
    archive_end();
    archive_n -= 512;
    cr_assert_eq(first(), 1);
    cr_assert_eq(tar_next(&tar, &e), 0);
}

Test(tar, joins_prefix_and_name_only_for_posix)
{
    char name[101];
    size_t h;

    memset(name, 'n', 100);
    name[100] = '\0';
    h = archive_text('0', name, "1");
    archive_patch(h, 345, "some/prefix", 11);
    archive_end();
    cr_assert_eq(first(), 1);
    expect(e.prefix, "some/prefix");
    expect(e.name, name);
    archive_patch(h, 257, "ustar  ", 8); /* GNU's */
    cr_assert_eq(first(), 1);
    cr_assert_eq(e.prefix.n, 0);
    expect(e.name, name);
}

Test(tar, takes_old_archives)
{
    size_t h = archive_text('\0', "a", "x");

    archive_patch(h, 257, "\0\0\0\0\0\0\0", 8);
    archive_add('\0', "d/", NULL, 0);
    archive_text('7', "contiguous", "y");
    archive_end();
    cr_assert_eq(first(), 1);
    cr_assert_eq(e.type, TAR_FILE);
    cr_assert_eq(tar_next(&tar, &e), 1);
    cr_assert_eq(e.type, TAR_DIRECTORY);
    cr_assert_eq(tar_next(&tar, &e), 1);
    cr_assert_eq(e.type, TAR_FILE);
}

Test(tar, takes_gnu_long_names)
{
    char name[301];

    memset(name, 'n', 300);
    name[300] = '\0';
    archive_add('L', "././@LongLink", name, 301);
    archive_add('K', "././@LongLink", "target", 7);
    archive_add('1', "short", NULL, 0);
    archive_text('0', "next", "1");
    archive_end();
    cr_assert_eq(first(), 1);
    cr_assert_eq(e.type, TAR_LINK);
    expect(e.name, name);
    expect(e.link, "target");
    cr_assert_eq(tar_next(&tar, &e), 1);
    expect(e.name, "next");
}

Test(tar, takes_pax_headers)
{
    size_t h;

    archive_text('g', "global", "14 path=other\n");
    archive_text('x', "pax",
                 "19 path=from/a pax\n"
                 "27 mtime=1700000000.123456\n"
                 "10 size=3\n"
                 "14 atime=12.5\n"
                 "18 linkpath=a=b/c\n");
    h = archive_text('0', "name", "123456");
    archive_patch(h, 345, "prefix", 6);
    archive_text('0', "next", "1");
    archive_end();
    cr_assert_eq(first(), 1);
    expect(e.name, "from/a pax");
    cr_assert_eq(e.prefix.n, 0);
    expect(e.link, "a=b/c");
    cr_assert_eq(e.size, 3);
    cr_assert_eq(e.modified, 1700000000);
    cr_assert_eq(tar_next(&tar, &e), 1);
    expect(e.name, "next");
    cr_assert_eq(e.modified, 1000000000);
}

Test(tar, takes_times_before_1970)
{
    archive_text('x', "pax", "17 mtime=-2000.5\n");
    archive_text('0', "a", "1");
    archive_patch(archive_text('0', "b", "1"), 136,
                  "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12);
    archive_end();
    cr_assert_eq(first(), 1);
    cr_assert_eq(e.modified, -2000);
    cr_assert_eq(tar_next(&tar, &e), 1);
    cr_assert_eq(e.modified, -2);
}

Test(tar, takes_binary_numbers)
{
    size_t h = archive_text('0', "a", "123456789");

    archive_patch(h, 124, "\x80\0\0\0\0\0\0\0\0\0\0\x07", 12);
    archive_patch(h, 136, "\x80\0\0\0\0\0\0\x01\x02\x03\x04\x05", 12);
    archive_end();
    cr_assert_eq(first(), 1);
    cr_assert_eq(e.size, 7);
    cr_assert_eq(e.modified, 0x0102030405);
}

Test(tar, refuses_bad_sizes)
{
    static const char *const sizes[] = {
        "00000000008 ",
        "0x000000001 ",
        "-0000000001 ",
        "1 1         ",
        "77777777777 ",
        "\x80\x01\0\0\0\0\0\0\0\0\0\0",
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff",
        "\x80\0\0\0\x80\0\0\0\0\0\0\0",
    };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        size_t h;

        archive_begin();
        h = archive_text('0', "a", "1");
        archive_patch(h, 124, sizes[i], 12);
        archive_end();
        start();
        if (i == 3) /* what follows a blank does not count */
            cr_assert_eq(tar_next(&tar, &e), 1);
        else
            cr_assert_eq(tar_next(&tar, &e), -EINVAL, "size %zu", i);
    }
}

Test(tar, refuses_bad_times)
{
    archive_patch(archive_text('0', "a", "1"), 136, "soon", 4);
    archive_end();
    expect_error("a bad time", 0);
}

Test(tar, refuses_bad_checksums)
{
    archive_text('0', "a", "1");
    archive_text('0', "b", "1");
    archive_end();
    archive[1024 + 150]++;
    cr_assert_eq(first(), 1);
    cr_assert_eq(tar_next(&tar, &e), -EINVAL);
    cr_assert_str_eq(tar.why, "a bad checksum");
    cr_assert_eq(tar.entry, 1024);
    archive[0]++;
    expect_error("not a tar archive", 0);
}

Test(tar, refuses_archives_that_are_cut_off)
{
    size_t whole;

    archive_text('x', "pax", "12 path=a/b\n");
    archive_text('0', "a", "hello");
    archive_end();
    whole = archive_n;
    for (archive_n = 0; archive_n < whole - 512; archive_n += 64) {
        int last;

        start();
        while ((last = tar_next(&tar, &e)) > 0)
            ;
        cr_assert_eq(last, -EINVAL, "%zu bytes", archive_n);
    }
    archive_n = 2048;
    start();
    cr_assert_eq(tar_next(&tar, &e), 1);
    cr_assert_eq(tar_next(&tar, &e), -EINVAL);
    cr_assert_str_eq(tar.why, "it is cut off, the end mark is missing");
    archive_n = 1024 + 512;
    start();
    cr_assert_eq(tar_next(&tar, &e), -EINVAL);
    cr_assert_str_eq(tar.why, "it is cut off inside this entry");
    cr_assert_eq(tar.entry, 1024);
}

Test(tar, refuses_what_is_neither_file_nor_directory)
{
    archive_text('0', "a", "1");
    archive_add('2', "link", NULL, 0);
    archive_end();
    cr_assert_eq(first(), 1);
    cr_assert_eq(tar_next(&tar, &e), -EINVAL);
    cr_assert_str_eq(tar.why, "a symbolic link: pack with --dereference");
    cr_assert_eq(tar.entry, 1024);
    for (const char *type = "346SMVDNA\x7f"; *type; type++) {
        archive_begin();
        archive_add(*type, "x", NULL, 0);
        archive_end();
        expect_error("neither a file nor a directory", 0);
    }
}

Test(tar, refuses_contents_of_directories_and_links)
{
    archive_text('5', "d", "1");
    archive_end();
    expect_error("contents where there can be none", 0);
    archive_begin();
    archive_text('1', "l", "1");
    archive_end();
    expect_error("contents where there can be none", 0);
}

Test(tar, refuses_bad_pax_headers)
{
    static const char *const headers[] = {
        "x",
        "12 path=a/b",
        "13 path=a/b\n",
        "11 path=a/b\n",
        "0 path=a\n",
        "-12 path=a/b\n",
        " path=a/b\n",
        "12path=a/b\n",
        "7 path\n",
        "99999999999999999999 path=a\n",
        "3 \n",
        "2\n",
        "9 a=b\n9 c=\n",
    };

    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
        archive_begin();
        archive_text('x', "pax", headers[i]);
        archive_text('0', "a", "1");
        archive_end();
        expect_error("a bad pax header", 0);
    }
}

Test(tar, refuses_bad_numbers_in_pax_headers)
{
    static const char *const headers[] = {
        "10 size=x\n",
        "8 size=\n",
        "11 mtime=x\n",
        "10 mtime=\n",
        "29 size=99999999999999999999\n",
        "12 size=1x2\n",
    };

    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
        archive_begin();
        archive_text('x', "pax", headers[i]);
        archive_text('0', "a", "1");
        archive_end();
        expect_error("a bad number in a pax header", 0);
    }
    archive_begin();
    archive_text('x', "pax", "11 size=-1\n");
    archive_text('0', "a", "1");
    archive_end();
    expect_error("it is cut off inside this entry", 1024);
    archive_begin();
    archive_text('x', "pax", "22 GNU.sparse.major=1\n");
    archive_text('0', "a", "1");
    archive_end();
    expect_error("a sparse file", 0);
}
