/* sendfile.c, against Linux's sendfile() with the same files. */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/ramdisk.h"
#include "lib/util.h"
#include "test/fake/archive.h"
#include "xen/start.h"

#define SIZE 5000
#define ROOM 3000 /* what the other side takes */

#undef sendfile
ssize_t sendfile(int out, int in, off_t *offset, size_t n); /* Linux's */
ssize_t guest_sendfile(int out, int in, off_t *offset, size_t n);

static char text[SIZE + 1];

const void *start_ramdisk(size_t *size)
{
    *size = archive_n;
    return archive;
}

/* A descriptor that takes ROOM bytes, then none; a step at a time. */
struct sink {
    struct file file;
    char data[ROOM];
    size_t n, step;
    bool lies_there; /* all that came was the ramdisk's own */
};

static ssize_t sink_write(struct file *f, const void *data, size_t n)
{
    struct sink *s = CONTAINER_OF(f, struct sink, file);

    if (s->n == ROOM)
        return -EAGAIN;
    if (n > s->step)
        n = s->step;
    if (n > ROOM - s->n)
        n = ROOM - s->n;
    memcpy(s->data + s->n, data, n);
    s->n += n;
    s->lies_there &= (const char *)data >= archive &&
                     (const char *)data + n <= archive + archive_n;
    return (ssize_t)n;
}

static const struct file_ops sink_ops = {.write = sink_write};
static struct sink sink = {.step = 700};

static int ours, theirs;      /* the file */
static int out, pipe_ends[2]; /* where it goes */

static void start(void)
{
    char name[] = "/tmp/sendfile.XXXXXX";

    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)('a' + i % 26);
    archive_begin();
    archive_text('0', "file", text);
    archive_add('5', "folder/", NULL, 0);
    archive_end();
    ours = ramdisk_open("/file", O_RDONLY);
    theirs = mkstemp(name);
    unlink(name);
    cr_assert_eq(write(theirs, text, SIZE), SIZE);
    cr_assert_eq(lseek(theirs, 0, SEEK_SET), 0);
    file_init(&sink.file, &sink_ops, O_WRONLY);
    sink.lies_there = true;
    out = fd_open(&sink.file);
    cr_assert(ours >= 0 && out >= 0 && pipe(pipe_ends) == 0);
}

TestSuite(sendfile, .init = start);

/* The same for both: what comes of it, where they are then. */
static void both(off_t offset, size_t n, const char *why)
{
    off_t a = offset, b = offset;
    ssize_t got, wanted;
    int error;

    errno = 0;
    wanted = sendfile(pipe_ends[1], theirs, offset == -1 ? NULL : &a, n);
    error = errno;
    errno = 0;
    got = guest_sendfile(out, ours, offset == -1 ? NULL : &b, n);
    cr_assert_eq(got, wanted, "%s: %ld %ld", why, got, wanted);
    cr_assert_eq(errno, error, "%s", why);
    cr_assert_eq(a, b, "%s", why);
    cr_assert_eq(fd_seek(ours, 0, SEEK_CUR), lseek(theirs, 0, SEEK_CUR), "%s",
                 why);
}

static void same_bytes(void)
{
    static char data[ROOM + 1];
    const ssize_t n = sink.n ? read(pipe_ends[0], data, sizeof(data)) : 0;

    cr_assert_eq((size_t)n, sink.n);
    cr_assert_eq(memcmp(data, sink.data, sink.n), 0);
    sink.n = 0;
}

Test(sendfile, moves_what_linux_moves)
{
    both(-1, 10, "from where it is");
    both(-1, 2000, "and on");
    both(17, 100, "from an offset");
    same_bytes();
    both(4990, 100, "to the end");
    both(SIZE, 100, "at the end");
    both(SIZE + 1, 100, "beyond it");
    both(0, 0, "nothing");
    both(-2, 10, "before the beginning");
    both(-1, 2900, "on to near the end");
    same_bytes();
    both(-1, 1000, "to the end");
    both(-1, 1000, "at the end");
    same_bytes();
    cr_assert(sink.lies_there, "nothing was copied on the way");
}

Test(sendfile, tells_how_much_was_taken)
{
    off_t at = 5;

    cr_assert_eq(guest_sendfile(out, ours, &at, SIZE), ROOM);
    cr_assert_eq(at, 5 + ROOM);
    cr_assert_eq(memcmp(sink.data, text + 5, ROOM), 0);
    cr_assert_eq(guest_sendfile(out, ours, &at, SIZE), -1);
    cr_assert_eq(errno, EAGAIN);
    cr_assert_eq(at, 5 + ROOM);
    cr_assert_eq(guest_sendfile(out, ours, NULL, SIZE), -1);
    cr_assert_eq(fd_seek(ours, 0, SEEK_CUR), 0);
}

Test(sendfile, refuses_what_linux_refuses)
{
    const int folder = ramdisk_open("/folder", O_RDONLY);
    const int root = open("/", O_RDONLY);
    off_t at = 0;
    const struct {
        int ours[2], theirs[2]; /* to, from */
    } cases[] = {
        {{77, ours}, {777, theirs}},
        {{out, 77}, {pipe_ends[1], 777}},
        {{ours, ours}, {root, theirs}},
        {{out, out}, {pipe_ends[1], pipe_ends[0]}},
        {{out, folder}, {pipe_ends[1], root}},
    };

    cr_assert(folder >= 0 && root >= 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (size_t k = 0; k < 4; k++) {
            const int *o = cases[i].ours, *t = cases[i].theirs;
            off_t *offset = k & 1 ? &at : NULL;
            const size_t n = k & 2 || i >= 3 ? 10 : 0; /* of no file: 0 */
            int error;

            cr_assert_eq(sendfile(t[0], t[1], offset, n), -1, "%zu", i);
            error = errno;
            cr_assert_eq(guest_sendfile(o[0], o[1], offset, n), -1, "%zu", i);
            cr_assert_eq(errno, error, "%zu %zu: %s", i, k, strerror(error));
        }
    cr_assert_eq(at, 0);
    close(root);
}
