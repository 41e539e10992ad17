/*
 * Any archive: an error, or a tree in which every name that is listed can be
 * opened and read, and any path looked up.  The input is an archive, or tells
 * how to make one; checksums are mended, or few would get far.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fd.h"
#include "lib/ramdisk.h"
#include "test/fake/said.h"
#include "xen/start.h"

#define BLOCK 512
#define ROOM  65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint8_t *at, *end;

const void *start_ramdisk(size_t *size)
{
    *size = 0;
    return NULL;
}

void waitq_wake(struct waitq *q)
{
    (void)q;
}

int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    (void)q;
    (void)deadline;
    return -ETIMEDOUT;
}

static void mend(char *block)
{
    unsigned sum = 8 * ' ';

    for (size_t i = 0; i < 512; i++)
        if (i < 148 || i >= 156)
            sum += (unsigned char)block[i];
    if (sum != 8 * ' ')
        snprintf(block + 148, 8, "%06o", sum);
}

static uint8_t next(void)
{
    return at < end ? *at++ : 0;
}

/* A name: one of these, or any. */
static void name(char *out, size_t room)
{
    static const char *const names[] = {"a",    "b",    "a/b",     "a/b/c",
                                        "./a/", "../a", "/",       ".",
                                        "a/..", "b//c", "a/../..", "c/d"};
    unsigned which = next();
    size_t n = which % 128;

    memset(out, 0, room);
    if (which >= 224) { /* long, or deep */
        for (size_t i = 0; i < room; i++)
            out[i] = (i + 1) % (which % 4 * 64 + 2) ? 'n' : '/';
        out[room - 1 - next() % room] = '\0';
    } else if (which >= 128) {
        strncpy(out, names[n % (sizeof(names) / sizeof(names[0]))], room);
    } else {
        for (size_t i = 0; i < n && i < room; i++)
            out[i] = (char)next();
    }
}

/* Octal, with a sign in binary, or any bytes. */
static void number(char *field, size_t n, size_t value)
{
    unsigned how = next() % 16;

    if (how < 13) {
        snprintf(field, n, "%0*zo", (int)n - 1, value);
        return;
    }
    for (size_t i = 0; i < n; i++)
        field[i] = (char)next();
    if (how == 13)
        memset(field, 0x80, 1), memset(field + 1, 0, n - 5);
}

/* Records of a pax header; their lengths are right, mostly. */
static size_t records(char *out, size_t room)
{
    static const char *const keys[] = {"path",  "linkpath",         "size",
                                       "mtime", "GNU.sparse.major", "comment"};
    size_t used = 0;

    for (unsigned n = next() % 4; n > 0; n--) {
        const char *key = keys[next() % 6];
        char value[96];
        size_t len;

        name(value, sizeof(value));
        value[sizeof(value) - 1] = '\0';
        if (next() & 1)
            snprintf(value, sizeof(value), "%d", (int8_t)next() * 4);
        len = strlen(key) + strlen(value) + 6; /* "ddd k=v\n" */
        if (used + len + 16 > room)
            break;
        len += next() >= 224 ? next() * 16u : 0u;
        used += (size_t)snprintf(out + used, room - used, "%03zu %s=%s%c", len,
                                 key, value, next() < 240 ? '\n' : 'x');
    }
    return used;
}

/* One header and what follows it: their length. */
static size_t entry(char *out)
{
    static const char types[] = "0005511LLKxxg72S\0";
    char *body = out + BLOCK, type = types[next() % sizeof(types)];
    size_t n = 0;

    name(out, 100);
    out[156] = type;
    name(out + 157, 100);
    if (next() & 1) {
        memcpy(out + 257, "ustar", 6);
        name(out + 345, 155);
    }
    if (type == 'x') {
        n = records(body, 4 * BLOCK);
    } else if (type == 'L' || type == 'K') {
        name(body, 1200);
        n = strnlen(body, 1200) + 1;
    } else if (type == '0' || next() >= 224) {
        for (n = next() % 64; n > 0 && at < end; n--)
            *body++ = (char)next();
        n = (size_t)(body - out) - BLOCK;
    }
    number(out + 124, 12, n);
    number(out + 136, 12, n);
    mend(out);
    return BLOCK + (n + BLOCK - 1) / BLOCK * BLOCK;
}

/* An archive as the input describes it. */
static size_t build(char *out)
{
    size_t n = 0;

    while (at < end && n < ROOM - 16 * BLOCK)
        n += entry(out + n);
    return next() >= 240 ? n - n / 3 : n + (size_t)2 * BLOCK;
}

/* What can be done with a file that is open, whatever numbers are named. */
static void use(int fd)
{
    static const int whence[] = {SEEK_SET, SEEK_CUR, SEEK_END, 77};
    off_t offset = (int8_t)next(), to;
    size_t n = next();
    struct stat st;
    const void *map;

    if (fd_stat(fd, &st) || st.st_size < 0 || !st.st_ino)
        abort();
    if (fd_map(fd, offset, n, &map) == 0) {
        char *copy = malloc(n);

        if (offset < 0 || offset + (off_t)n > st.st_size)
            abort();
        memcpy(copy, map, n); /* all of it is in the archive */
        free(copy);
    }
    to = fd_seek(fd, offset * (1ll << next() % 56), whence[next() % 4]);
    if (to < 0 && to != -EINVAL && to != -EOVERFLOW)
        abort();
}

static void read_all(const char *path)
{
    char part[64];
    ssize_t got;
    int fd = ramdisk_open(path, O_RDONLY);

    if (fd != 0) /* all others are closed */
        abort();
    while ((got = fd_read(fd, part, sizeof(part))) > 0)
        ;
    if (got < 0 && got != -EISDIR)
        abort();
    use(fd);
    got = fd_read(fd, part, sizeof(part));
    if (got < 0 && got != -EISDIR)
        abort();
    fd_close(fd);
}

/* Any path, opened in any way: nothing here can be changed. */
static void look_up(void)
{
    static const int flags[] = {O_RDONLY,           O_WRONLY,  O_RDWR,
                                O_RDONLY | O_TRUNC, O_CREAT,   O_CREAT | O_EXCL,
                                O_DIRECTORY,        O_NONBLOCK};
    const struct tree_node *first = NULL;
    const int how = flags[next() % 8];
    char path[200];
    struct stat st;
    int fd, err;

    name(path, sizeof(path));
    path[sizeof(path) - 1] = '\0';
    fd = ramdisk_open(path, how);
    err = ramdisk_stat(path, &st);
    if (fd >= 0 && (err || (how & O_ACCMODE) != O_RDONLY || how & O_TRUNC ||
                    (how & O_CREAT && how & O_EXCL)))
        abort();
    if (fd >= 0)
        fd_close(fd);
    if (ramdisk_opendir(path, &first) == 0 && (err || !S_ISDIR(st.st_mode)))
        abort();
}

/* Visit everything, the deepest directory found last first. */
static void walk(void)
{
    char *waiting[4096];
    size_t count = 0;

    waiting[count++] = strdup("");
    while (count) {
        char *path = waiting[--count];
        const struct tree_node *node;
        const struct tree_node *before = NULL;

        if (ramdisk_opendir(*path ? path : "/", &node))
            abort();
        for (; node; before = node, node = tree_after(node)) {
            struct tar_text name = tree_name(node);
            char *child;

            if (name.n == 0 || memchr(name.at, '/', name.n))
                abort();
            if (before && tree_name(before).n == name.n &&
                !memcmp(tree_name(before).at, name.at, name.n))
                abort();
            if (asprintf(&child, "%s/%.*s", path, (int)name.n, name.at) < 0)
                abort();
            read_all(child);
            if (node->type == TAR_DIRECTORY && count < 4096)
                waiting[count++] = child;
            else
                free(child);
        }
        free(path);
    }
}

static void try(char *archive, size_t n)
{
    fake_said[0] = '\0';
    if (ramdisk_mount(archive, n) == 0) {
        walk();
    } else if (!strstr(fake_said, ", at byte ")) {
        abort();
    }
    for (int i = 0; i < 4; i++)
        look_up();
    ramdisk_mount(NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char built[ROOM];
    char *archive;

    at = data;
    end = data + n;
    if (next() & 1) {
        n = (size_t)(end - at);
        archive = malloc(n);
        memcpy(archive, at, n);
        for (size_t i = 0; i + BLOCK <= n; i += BLOCK)
            mend(archive + i);
    } else {
        memset(built, 0, sizeof(built));
        n = build(built);
        archive = malloc(n); /* a byte more is out of bounds */
        memcpy(archive, built, n);
    }
    at = data;
    try(archive, n);
    free(archive);
    return 0;
}
