/* scarce_http.c: a web connection, whichever of its allocations fails. */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/http_conn.h"
#include "test/fake/scarce.h"
#include "test/unit/site.h"

static const char text[] = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
                           "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

static struct http_site site = {.root = folder, .list = true, .now = 784111777};
static struct http_conn c;
static char came[4096]; /* what the connection said */

/* A site of one file; its root is a list. */
static void set_up(void)
{
    make_folder();
    put_file("a", "0123456789");
    site.log = open("/dev/null", O_WRONLY);
}

static void tear_down(void)
{
    close(site.log);
    remove_folder();
}

/* Hand over bytes that are gone once the call is over; take what comes out.
 * False: the connection has to be given up. */
static bool feed(const char *data, size_t n)
{
    size_t end = strlen(came);
    struct http_piece p;
    char copy[16];
    bool well;

    memcpy(copy, data, n);
    if (!http_conn_input(&c, copy, n))
        return false;
    while ((p = http_conn_output(&c)).n) {
        cr_assert_lt(end + p.n, sizeof(came));
        memcpy(came + end, p.at, p.n);
        end += p.n;
        http_conn_sent(&c, p.n);
    }
    well = http_conn_park(&c);
    memset(copy, '!', sizeof(copy));
    return well;
}

static void talk(void)
{
    bool well = true;

    memset(came, 0, sizeof(came));
    http_conn_init(&c, &site, "1.2.3.4");
    for (size_t i = 0; well && i < sizeof(text) - 1; i += 16)
        well = feed(text + i,
                    sizeof(text) - 1 - i < 16 ? sizeof(text) - 1 - i : 16);
    http_conn_close(&c);
    cr_assert(well || scarce_failed());
    if (!well)
        return;
    cr_assert_eq(c.answers, 2);
    cr_assert(strstr(came, "\r\n\r\n0123456789HTTP/1.1 ") ||
              (scarce_failed() && strstr(came, "HTTP/1.1 503 ")));
    cr_assert(strstr(came, "<a href=\"./a\">") ||
              (scarce_failed() && strstr(came, "HTTP/1.1 503 ")));
}

static void settle(void)
{
}

Test(scarce_http, every_failure_is_an_answer_or_an_end, .init = set_up,
     .fini = tear_down)
{
    cr_assert_geq(scarce_each(talk, settle), 8);
}
