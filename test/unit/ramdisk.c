#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fd.h"
#include "lib/ramdisk.h"
#include "lib/util.h"
#include "test/fake/archive.h"
#include "test/fake/said.h"
#include "xen/start.h"

static const void *given; /* what Xen loaded */
static size_t given_size;
static unsigned asked;

const void *start_ramdisk(size_t *size)
{
    asked++;
    *size = given_size;
    return given;
}

static void file(const char *name, const char *text)
{
    archive_text('0', name, text);
}

static void site(void)
{
    archive_begin();
    file("./index.html", "<h1>hello</h1>");
    archive_add('5', "./css/", NULL, 0);
    file("./css/a.css", "a{}");
    file("./deep/er/x", "deep");
    file("./deep/y", "y");
    file("./css/empty.css", "");
    archive_end();
    given = archive;
    given_size = archive_n;
}

static int mount(void)
{
    archive_end();
    return ramdisk_mount(archive, archive_n);
}

static void expect_text(const char *path, const char *text)
{
    char data[64] = "";
    int fd = ramdisk_open(path, O_RDONLY);

    cr_assert_geq(fd, 0, "%s: %d", path, fd);
    cr_assert_eq(fd_read(fd, data, sizeof(data)), (ssize_t)strlen(text));
    cr_assert_str_eq(data, text);
    fd_close(fd);
}

/* The names in a directory, each with a blank behind it, / if one itself. */
static const char *list(const char *path)
{
    static char names[256];
    const struct tree_node *n;

    names[0] = '\0';
    cr_assert_eq(ramdisk_opendir(path, &n), 0, "%s", path);
    for (; n; n = tree_after(n)) {
        struct tar_text name = tree_name(n);
        size_t end = strlen(names);

        snprintf(names + end, sizeof(names) - end, "%.*s%s ", (int)name.n,
                 name.at, n->type == TAR_DIRECTORY ? "/" : "");
    }
    return names;
}

static void expect_bad(const char *message)
{
    fake_said[0] = '\0';
    cr_assert_eq(mount(), -EINVAL);
    cr_assert_str_eq(fake_said, message);
    cr_assert_eq(ramdisk_open("/", O_RDONLY), -EINVAL);
}

TestSuite(ramdisk, .init = site);

Test(ramdisk, opens_what_xen_loaded_at_the_first_path)
{
    cr_assert_eq(asked, 0);
    expect_text("/index.html", "<h1>hello</h1>");
    expect_text("/css/a.css", "a{}");
    expect_text("/deep/er/x", "deep");
    expect_text("/css/empty.css", "");
    cr_assert_eq(asked, 1);
    cr_assert_eq(fake_lines, 0);
}

Test(ramdisk, understands_paths)
{
    expect_text("index.html", "<h1>hello</h1>");
    expect_text("//css///a.css", "a{}");
    expect_text("/css/../deep/./er/../y", "y");
    expect_text("/../../index.html", "<h1>hello</h1>");
    cr_assert_eq(ramdisk_open("", O_RDONLY), -ENOENT);
    cr_assert_eq(ramdisk_open("/nope", O_RDONLY), -ENOENT);
    cr_assert_eq(ramdisk_open("/css/a.cs", O_RDONLY), -ENOENT);
    cr_assert_eq(ramdisk_open("/css/a.csss", O_RDONLY), -ENOENT);
    cr_assert_eq(ramdisk_open("/a.css", O_RDONLY), -ENOENT);
    cr_assert_eq(ramdisk_open("/index.html/", O_RDONLY), -ENOTDIR);
}

Test(ramdisk, refuses_paths_that_are_too_long)
{
    char path[2 * TREE_PATH_SIZE];

    memset(path, 'a', sizeof(path));
    path[TREE_NAME_MAX] = '\0';
    cr_assert_eq(ramdisk_open(path, O_RDONLY), -ENOENT);
    path[TREE_NAME_MAX] = 'a';
    path[TREE_NAME_MAX + 1] = '\0';
    cr_assert_eq(ramdisk_open(path, O_RDONLY), -ENAMETOOLONG);

    for (size_t i = 0; i < sizeof(path); i++)
        path[i] = i % 250 ? 'a' : '/';
    path[TREE_PATH_SIZE] = '\0'; /* the slash in front does not count */
    cr_assert_eq(ramdisk_open(path, O_RDONLY), -ENOENT);
    path[TREE_PATH_SIZE] = 'a';
    path[TREE_PATH_SIZE + 1] = '\0';
    cr_assert_eq(ramdisk_open(path, O_RDONLY), -ENAMETOOLONG);

    for (size_t i = 0; i < sizeof(path); i++)
        path[i] = i % 2 ? 'a' : '/';
    path[2 * TREE_DEPTH_MAX] = '\0';
    cr_assert_eq(ramdisk_open(path, O_RDONLY), -ENOENT);
    path[2 * TREE_DEPTH_MAX] = '/';
    path[2 * TREE_DEPTH_MAX + 2] = '\0';
    cr_assert_eq(ramdisk_open(path, O_RDONLY), -ENAMETOOLONG);
}

Test(ramdisk, is_read_only)
{
    cr_assert_eq(ramdisk_open("/index.html", O_WRONLY), -EROFS);
    cr_assert_eq(ramdisk_open("/index.html", O_RDWR), -EROFS);
    cr_assert_eq(ramdisk_open("/index.html", O_RDONLY | O_TRUNC), -EROFS);
    cr_assert_eq(ramdisk_open("/new", O_WRONLY | O_CREAT), -EROFS);
    cr_assert_eq(ramdisk_open("/new", O_WRONLY), -ENOENT);
    cr_assert_eq(ramdisk_open("/css", O_WRONLY), -EISDIR);
    cr_assert_eq(ramdisk_open("/css", O_RDONLY | O_CREAT | O_EXCL), -EEXIST);
    cr_assert_eq(ramdisk_open("/css/a.css", O_RDONLY | O_DIRECTORY), -ENOTDIR);
    cr_assert_geq(ramdisk_open("/index.html", O_RDONLY | O_CREAT), 0);
    fd_close(0);
}

Test(ramdisk, seeks)
{
    int fd = ramdisk_open("/index.html", O_RDONLY);
    char data[16] = "";

    cr_assert_eq(fd_seek(fd, 4, SEEK_SET), 4);
    cr_assert_eq(fd_read(fd, data, 3), 3);
    cr_assert_str_eq(data, "hel");
    cr_assert_eq(fd_seek(fd, -2, SEEK_CUR), 5);
    cr_assert_eq(fd_read(fd, data, 2), 2);
    cr_assert_str_eq(data, "ell");
    cr_assert_eq(fd_seek(fd, -5, SEEK_END), 9);
    cr_assert_eq(fd_read(fd, data, 16), 5);
    cr_assert_str_eq(data, "</h1>");
    cr_assert_eq(fd_read(fd, data, 16), 0);
    cr_assert_eq(fd_seek(fd, 100, SEEK_SET), 100);
    cr_assert_eq(fd_read(fd, data, 16), 0);
    cr_assert_eq(fd_seek(fd, -1, SEEK_SET), -EINVAL);
    cr_assert_eq(fd_seek(fd, INT64_MAX, SEEK_CUR), -EOVERFLOW);
    cr_assert_eq(fd_seek(fd, 0, 9), -EINVAL);
    cr_assert_eq(fd_seek(fd, 0, SEEK_CUR), 100);
    fd_close(fd);
}

Test(ramdisk, maps_contents_where_they_lie)
{
    int fd = ramdisk_open("/index.html", O_RDONLY);
    const void *data = NULL;

    cr_assert_eq(fd_map(fd, 0, 14, &data), 0);
    cr_assert_eq(data, archive + 512);
    cr_assert_eq(fd_map(fd, 13, 1, &data), 0);
    cr_assert_eq(data, archive + 512 + 13);
    cr_assert_eq(fd_map(fd, 13, 2, &data), -ENXIO);
    cr_assert_eq(fd_map(fd, 15, 0, &data), -ENXIO);
    cr_assert_eq(fd_map(fd, -1, 1, &data), -ENXIO);
    cr_assert_eq(fd_map(fd, 1, SIZE_MAX, &data), -ENXIO);
    fd_close(fd);
    fd = ramdisk_open("/css", O_RDONLY);
    cr_assert_eq(fd_map(fd, 0, 0, &data), -ENODEV);
    fd_close(fd);
}

Test(ramdisk, describes_files_and_directories)
{
    struct stat st, by_fd;
    int fd;

    cr_assert_eq(ramdisk_stat("/css/a.css", &st), 0);
    cr_assert(S_ISREG(st.st_mode));
    cr_assert_eq(st.st_mode & 0777, 0444);
    cr_assert_eq(st.st_size, 3);
    cr_assert_eq(st.st_mtime, 1000000000);
    fd = ramdisk_open("/css/a.css", O_RDONLY);
    cr_assert_eq(fd_stat(fd, &by_fd), 0);
    cr_assert_eq(by_fd.st_ino, st.st_ino);
    cr_assert_eq(by_fd.st_size, 3);
    cr_assert(!fd_isatty(fd));
    fd_close(fd);
    cr_assert_eq(ramdisk_stat("/", &by_fd), 0);
    cr_assert(S_ISDIR(by_fd.st_mode));
    cr_assert_neq(by_fd.st_ino, st.st_ino);
    cr_assert_eq(ramdisk_stat("/deep/er", &st), 0);
    cr_assert(S_ISDIR(st.st_mode));
    cr_assert_eq(ramdisk_stat("/nope", &st), -ENOENT);
}

Test(ramdisk, opens_directories_but_does_not_read_them)
{
    int fd = ramdisk_open("/deep/", O_RDONLY | O_DIRECTORY);
    char c;

    cr_assert_geq(fd, 0);
    cr_assert_eq(fd_read(fd, &c, 1), -EISDIR);
    fd_close(fd);
}

Test(ramdisk, lists_directories_even_those_made_up)
{
    const struct tree_node *n;

    cr_assert_str_eq(list("/"), "css/ deep/ index.html ");
    cr_assert_str_eq(list("/css"), "a.css empty.css ");
    cr_assert_str_eq(list("deep/"), "er/ y ");
    cr_assert_str_eq(list("/deep/er"), "x ");
    cr_assert_eq(ramdisk_opendir("/deep/y", &n), -ENOTDIR);
    cr_assert_eq(ramdisk_opendir("/nope", &n), -ENOENT);
}

Test(ramdisk, keeps_names_apart_that_begin_alike)
{
    archive_begin();
    file("a/b", "1");
    file("a.b", "2");
    file("a-b/c", "3");
    file("ab", "4");
    file("a/b.c/d", "5");
    file("a/bc", "6");
    file("a/..c", "7");
    file("a/d.", "8");
    file("a/.e", "9");
    cr_assert_eq(mount(), 0);
    cr_assert_str_eq(list("/"), "a/ a-b/ a.b ab ");
    cr_assert_str_eq(list("/a"), "..c .e b b.c/ bc d. ");
    expect_text("/a/b", "1");
    expect_text("/a.b", "2");
    expect_text("/a-b/c", "3");
    expect_text("/ab", "4");
    expect_text("/a/b.c/d", "5");
    expect_text("/a/bc", "6");
    expect_text("/a/..c", "7");
    expect_text("/a/d.", "8");
    expect_text("/a/.e", "9");
}

Test(ramdisk, finds_every_one_of_many)
{
    char name[32];

    archive_begin();
    for (int i = 0; i < 900; i++) {
        snprintf(name, sizeof(name), "d%d/e%d/f%d", i % 7, i % 31, i * 37);
        file(name, name);
    }
    cr_assert_eq(mount(), 0);
    for (int i = 0; i < 900; i++) {
        snprintf(name, sizeof(name), "/d%d/e%d/f%d", i % 7, i % 31, i * 37);
        expect_text(name, name + 1);
    }
    cr_assert_str_eq(list("/"), "d0/ d1/ d2/ d3/ d4/ d5/ d6/ ");
}

Test(ramdisk, the_last_of_a_name_counts)
{
    archive_begin();
    file("a", "old");
    file("b", "b");
    file("./a", "new");
    archive_add('5', "d", NULL, 0);
    archive_add('5', "d", NULL, 0);
    file("b", "");
    cr_assert_eq(mount(), 0);
    expect_text("/a", "new");
    expect_text("/b", "");
    cr_assert_str_eq(list("/"), "a b d/ ");
    cr_assert_str_eq(list("/d"), "");
}

Test(ramdisk, resolves_hard_links)
{
    const struct tree_node *n;
    struct stat st;
    size_t h;

    archive_begin();
    archive_patch(archive_text('0', "dir/target", "shared"), 136, "00000000777",
                  11);
    h = archive_add('1', "link", NULL, 0);
    archive_patch(h, 157, "./dir/target", 12);
    cr_assert_eq(mount(), 0);
    expect_text("/link", "shared");
    cr_assert_eq(ramdisk_stat("/link", &st), 0);
    cr_assert_eq(st.st_mtime, 0777);
    cr_assert_eq(tree_find("/link", &n), 0);
    cr_assert_eq(n->type, TAR_FILE);
}

static void link_to(const char *name, const char *target)
{
    archive_patch(archive_add('1', name, NULL, 0), 157, target, strlen(target));
}

Test(ramdisk, resolves_hard_links_to_hard_links_in_any_order_of_names)
{
    archive_begin();
    file("m", "shared");
    link_to("z", "m");
    link_to("a", "z");
    link_to("b", "a");
    cr_assert_eq(mount(), 0);
    expect_text("/z", "shared");
    expect_text("/a", "shared");
    expect_text("/b", "shared");

    archive_begin();
    link_to("x", "y");
    link_to("y", "x");
    cr_assert_eq(mount(), -EINVAL, "they lead nowhere");
}

Test(ramdisk, refuses_hard_links_to_what_is_no_file)
{
    static const char *const targets[] = {"nope", "", "dir", "link",
                                          "../dir/f"};

    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        archive_begin();
        file("dir/f", "1");
        archive_patch(archive_add('1', "link", NULL, 0), 157, targets[i],
                      strlen(targets[i]));
        cr_assert_eq(mount(), -EINVAL, "%s", targets[i]);
    }
}

Test(ramdisk, an_archive_may_be_empty)
{
    archive_begin();
    cr_assert_eq(mount(), 0);
    cr_assert_str_eq(list("/"), "");
    cr_assert_eq(ramdisk_open("/a", O_RDONLY), -ENOENT);
    archive_begin();
    archive_add('5', "./", NULL, 0);
    cr_assert_eq(mount(), 0);
    cr_assert_str_eq(list("/"), "");
}

Test(ramdisk, refuses_names_that_leave_the_archive)
{
    archive_begin();
    file("ok", "1");
    file("a/../../b", "2");
    expect_bad("ramdisk: bad archive: a name that leaves the archive, "
               "at byte 1024\n");
}

Test(ramdisk, refuses_absurd_nesting)
{
    char name[2 * TREE_DEPTH_MAX + 3];

    memset(name, 'a', sizeof(name));
    for (size_t i = 1; i < sizeof(name); i += 2)
        name[i] = '/';
    archive_begin();
    archive_add('L', "", name, 2 * TREE_DEPTH_MAX - 1);
    file("x", "1");
    cr_assert_eq(mount(), 0);
    archive_begin();
    archive_add('L', "", name, 2 * TREE_DEPTH_MAX + 1);
    file("x", "1");
    expect_bad("ramdisk: bad archive: a name too long, too deep or with a "
               "NUL, at byte 1024\n");
}

Test(ramdisk, refuses_names_with_a_nul)
{
    archive_begin();
    archive_add('x', "", "12 path=a\0b\n", 12);
    file("x", "1");
    expect_bad("ramdisk: bad archive: a name too long, too deep or with a "
               "NUL, at byte 1024\n");
}

Test(ramdisk, refuses_files_without_a_name)
{
    archive_begin();
    file(".", "1");
    expect_bad("ramdisk: bad archive: a file without a name, at byte 0\n");
}

Test(ramdisk, refuses_a_file_where_a_directory_must_be)
{
    archive_begin();
    file("a/b", "1");
    file("a", "2");
    expect_bad("ramdisk: bad archive: a file in a place that is not a "
               "directory, at byte 0\n");
}

Test(ramdisk, says_once_what_is_wrong_with_the_archive)
{
    given = "this is no archive";
    given_size = 18;
    cr_assert_eq(ramdisk_open("/a", O_RDONLY), -EINVAL);
    cr_assert_eq(ramdisk_open("/a", O_RDONLY), -EINVAL);
    cr_assert_str_eq(fake_said, "ramdisk: bad archive: it is cut off, the end "
                                "mark is missing, at byte 0\n");
    cr_assert_eq(asked, 1);
}

Test(ramdisk, says_once_that_there_is_none)
{
    struct stat st;

    given = NULL;
    cr_assert_eq(ramdisk_open("/a", O_RDONLY | O_CREAT), -ENOENT);
    cr_assert_eq(ramdisk_stat("/", &st), -ENOENT);
    cr_assert_str_eq(fake_said, "ramdisk: there is none: name an archive in "
                                "the config's ramdisk=\n");
}

Test(ramdisk, open_files_survive_another_archive)
{
    int fd = ramdisk_open("/css/a.css", O_RDONLY);
    char data[4] = "";
    struct stat st;

    archive_begin();
    cr_assert_eq(ramdisk_mount(archive, 1024), 0);
    file("pad", "the first archive's bytes are no longer there");
    cr_assert_eq(fd_stat(fd, &st), 0);
    cr_assert_eq(st.st_size, 3);
    cr_assert_eq(fd_read(fd, data, 3), 3);
    cr_assert_eq(ramdisk_open("/css/a.css", O_RDONLY), -ENOENT);
    fd_close(fd);
}

Test(ramdisk, reads_what_the_real_tar_writes)
{
    static const char *const formats[] = {"gnu", "posix", "ustar", "v7"};
    char command[256], folder[] = "/tmp/mote-ramdisk-XXXXXX";
    FILE *f;

    cr_assert(mkdtemp(folder));
    snprintf(command, sizeof(command),
             "cd %s && mkdir -p site/d/e && echo hi >site/d/e/f && "
             "ln site/d/e/f site/g && touch -d @1234567890 site/d/e/f",
             folder);
    cr_assert_eq(system(command), 0);
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        struct stat st;

        snprintf(command, sizeof(command), "tar -C %s/site -c --format=%s .",
                 folder, formats[i]);
        f = popen(command, "r");
        archive_n = fread(archive, 1, sizeof(archive), f);
        cr_assert_eq(pclose(f), 0);
        cr_assert_eq(ramdisk_mount(archive, archive_n), 0, "%s", fake_said);
        expect_text("/d/e/f", "hi\n");
        expect_text("/g", "hi\n");
        cr_assert_eq(ramdisk_stat("/g", &st), 0);
        cr_assert_eq(st.st_mtime, 1234567890);
        cr_assert_str_eq(list("/"), "d/ g ");
    }
    snprintf(command, sizeof(command), "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}
