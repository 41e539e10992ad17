#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include "kernel/panic.h"
#include "lib/fd.h"
#include "lib/tty.h"
#include "test/fake/alone.h"
#include "xen/console.h"
#include "xen/evtchn.h"

/* The console's ring: what was typed, what came out, how much it takes. */
static char typed[1000], out[10000];
static size_t typed_at, typed_end, out_len, space = 10000;
static uint64_t dropped;
static struct waitq *moved;

size_t console_get(char *text, size_t n)
{
    size_t i;

    for (i = 0; i < n && typed_at < typed_end; i++)
        text[i] = typed[typed_at++];
    return i;
}

/* A newline is sent as two bytes. */
size_t console_put(const char *text, size_t n)
{
    size_t done;

    for (done = 0; done < n; done++) {
        const size_t need = text[done] == '\n' ? 2 : 1;

        if (need > space)
            break;
        space -= need;
        out[out_len++] = text[done];
    }
    return done;
}

size_t console_space(void)
{
    return space;
}

void console_drop(size_t n)
{
    dropped += n;
}

uint32_t console_port(void)
{
    return 9;
}

int evtchn_watch(uint32_t port, struct waitq *wake)
{
    cr_assert_eq(port, 9);
    moved = wake;
    return 0;
}

static void type(const char *text)
{
    memcpy(typed + typed_end, text, strlen(text));
    typed_end += strlen(text);
}

static void expect_line(const char *line)
{
    char text[300] = "";
    ssize_t n = fd_read(0, text, sizeof(text) - 1);

    cr_assert_eq(n, (ssize_t)strlen(line), "%s", text);
    cr_assert_str_eq(text, line);
}

TestSuite(tty, .init = tty_init);

Test(tty, is_descriptors_0_1_and_2)
{
    for (int fd = 0; fd < 3; fd++)
        cr_assert(fd_isatty(fd));
    cr_assert_eq(fd_write(1, "one", 3), 3);
    cr_assert_eq(fd_write(2, "two", 3), 3);
    cr_assert_eq(memcmp(out, "onetwo", 6), 0);
    for (int fd = 0; fd < 3; fd++)
        cr_assert_eq(fd_close(fd), 0);
    cr_assert_eq(fd_write(1, "x", 1), -EBADF);
}

Test(tty, gives_a_line_at_a_time_and_echoes)
{
    type("first\rsecond\r");
    expect_line("first\n");
    expect_line("second\n");
    cr_assert_eq(memcmp(out, "first\nsecond\n", 13), 0);
}

Test(tty, a_line_is_edited_before_it_is_read)
{
    type("\b\x7f"
         "abx\b\x7f"
         "c\r");
    expect_line("ac\n");
    type("wrong\x15right\n");
    expect_line("right\n");
}

Test(tty, a_short_read_takes_part_of_the_line)
{
    char text[4];

    type("abcdef\r");
    cr_assert_eq(fd_read(0, text, 4), 4);
    expect_line("ef\n");
}

Test(tty, control_d_ends_the_input)
{
    type("\x04"
         "half\x04");
    expect_line("");
    expect_line("half");
}

Test(tty, who_reads_nothing_waits_for_nothing)
{
    cr_assert_eq(fd_read(0, out, 0), 0);
    type("\x04");
    cr_assert_eq(fd_read(0, out, 0), 0);
    expect_line(""); /* the end is still there */
}

Test(tty, a_line_too_long_is_cut_not_overrun)
{
    char line[257];

    for (int i = 0; i < 400; i++)
        type("x");
    type("\r");
    memset(line, 'x', 255);
    strcpy(line + 255, "\n");
    expect_line(line);
}

static void finish_line(void)
{
    type("ne\r");
    waitq_wake(moved);
}

Test(tty, reading_waits_for_the_end_of_the_line)
{
    uint64_t start = fake_now;

    type("li");
    fake_after(5, finish_line);
    expect_line("line\n");
    cr_assert_eq(fake_now, start + 5);
    cr_assert_eq(fd_control(0, F_SETFL, O_RDWR | O_NONBLOCK), 0);
    type("more");
    cr_assert_eq(fd_read(0, out, 1), -EAGAIN);
}

static void read_some(void)
{
    space += 4;
    waitq_wake(moved);
}

Test(tty, writing_waits_for_a_reader)
{
    uint64_t start = fake_now;

    space = 4;
    fake_after(1000, read_some);
    cr_assert_eq(fd_write(1, "12345678", 8), 8);
    cr_assert_eq(memcmp(out, "12345678", 8), 0);
    cr_assert_eq(fake_now, start + 1000);
    cr_assert_eq(dropped, 0);
}

Test(tty, writing_does_not_wait_for_ever)
{
    uint64_t start = fake_now;

    space = 3;
    cr_assert_eq(fd_write(1, "12345678", 8), 8);
    cr_assert_eq(dropped, 5);
    cr_assert_eq(fake_now, start + 1000000000);
    cr_assert_eq(fd_write(1, "12345678", 8), 8);
    cr_assert_eq(fake_now, start + 1000000000, "once given up, at once");
    cr_assert_eq(dropped, 13);

    space = 8; /* somebody reads again */
    cr_assert_eq(fd_write(1, "12345678", 8), 8);
    cr_assert_eq(dropped, 13);
    cr_assert_eq(fd_write(1, "9", 1), 1);
    cr_assert_eq(fake_now, start + 2000000000, "and is waited for again");
}

Test(tty, a_newline_that_only_half_fits_is_not_waited_for_for_ever)
{
    space = 2;
    cr_assert_eq(fd_write(1, "a\n", 2), 2);
    cr_assert_eq(fake_sleeps, 1);
    cr_assert_eq(dropped, 1);
    space = 2; /* somebody reads after all */
    cr_assert_eq(fd_write(1, "\n", 1), 1);
    cr_assert_eq(dropped, 1);
}

Test(tty, without_waiting_it_writes_what_fits)
{
    cr_assert_eq(fd_control(1, F_SETFL, O_RDWR | O_NONBLOCK), 0);
    space = 3;
    cr_assert_eq(fd_write(1, "12345", 5), 3);
    cr_assert_eq(fd_write(1, "45", 2), -EAGAIN);
}

Test(tty, whoever_was_told_that_there_is_room_can_write_a_newline)
{
    struct file *f = fd_get(1);

    cr_assert_eq(fd_control(1, F_SETFL, O_RDWR | O_NONBLOCK), 0);
    for (space = 0; space < 4; space++)
        if (file_ready(f, ~0u) & POLLOUT) {
            const size_t before = space;

            cr_assert_eq(fd_write(1, "\n", 1), 1);
            space = before;
        }
    file_put(f);
}

Test(tty, says_what_it_is_ready_for)
{
    struct file *f = fd_get(0);

    cr_assert_eq(file_ready(f, ~0u) & (POLLIN | POLLOUT), POLLOUT);
    type("x");
    cr_assert_eq(file_ready(f, ~0u) & (POLLIN | POLLOUT), POLLOUT,
                 "half a line");
    type("\r");
    cr_assert_eq(file_ready(f, ~0u) & (POLLIN | POLLOUT), POLLIN | POLLOUT);
    space = 0;
    cr_assert_eq(file_ready(f, ~0u) & (POLLIN | POLLOUT), POLLIN);
    file_put(f);
}
