#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/http_conn.h"
#include "lib/util.h"
#include "test/unit/site.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static struct http_cache cache;
static struct http_site site = {
    .root = folder, .now = 784111777, .cache = &cache};
static struct http_conn c;
static char came[65536]; /* what the connection said */

static void set_up(void)
{
    make_folder();
    put_file("index.html", "<p>root");
    put_file("a", "0123456789");
    http_conn_init(&c, &site, "1.2.3.4");
}

static void tear_down(void)
{
    http_conn_close(&c);
    http_cache_clear(&cache);
    remove_folder();
}

TestSuite(http_conn, .init = set_up, .fini = tear_down);

/* Take what comes out, n bytes at a time at most. */
static const char *drain(size_t n)
{
    size_t had = strlen(came);
    struct http_piece p;

    while ((p = http_conn_output(&c)).n) {
        size_t some = p.n < n ? p.n : n;

        cr_assert_lt(had + some, sizeof(came));
        memcpy(came + had, p.at, some);
        had += some;
        http_conn_sent(&c, some);
    }
    came[had] = '\0';
    cr_assert(http_conn_park(&c));
    return came;
}

/* Hand over a copy that is gone once the call is over. */
static const char *feed(const char *text, size_t step, size_t out)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i += step) {
        size_t some = n - i < step ? n - i : step;
        char *copy = malloc(some);

        memcpy(copy, text + i, some);
        cr_assert(http_conn_input(&c, copy, some));
        drain(out);
        free(copy);
    }
    return came;
}

static unsigned count(const char *text)
{
    unsigned n = 0;

    for (const char *at = came; (at = strstr(at, text)); at++)
        n++;
    return n;
}

Test(http_conn, says_the_same_however_the_bytes_come_and_go)
{
    static const char text[] = GET(
        "/a") "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked"
              "\r\n\r\n3\r\nabc\r\n0\r\n\r\n" GET(
                  "/none") "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                           "Range: bytes=0-1,5-6\r\n\r\nabc" GET("/");
    char *whole = strdup(feed(text, sizeof(text), sizeof(came)));

    cr_assert(strstr(whole, "0123456789"));
    cr_assert(strstr(whole, "<p>root"));
    cr_assert_eq(count("HTTP/1.1 "), 5);
    cr_assert_eq(c.answers, 5);
    for (size_t step = 1; step < 100; step += 3) {
        http_conn_close(&c);
        http_conn_init(&c, &site, "1.2.3.4");
        *came = '\0';
        cr_assert_str_eq(feed(text, step, step), whole, "%zu", step);
    }
    free(whole);
}

Test(http_conn, tells_what_it_is_doing)
{
    cr_assert_eq(http_conn_state(&c), HTTP_IDLE);
    feed("G", 1, 1);
    cr_assert_eq(http_conn_state(&c), HTTP_REQUEST);
    http_conn_input(&c, "ET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n",
                    45);
    cr_assert_gt(http_conn_output(&c).n, 0);
    cr_assert_eq(http_conn_state(&c), HTTP_ANSWER);
    drain(100);
    cr_assert_eq(http_conn_state(&c), HTTP_REQUEST); /* the body */
    feed("x", 1, 1);
    cr_assert_eq(http_conn_state(&c), HTTP_IDLE);
    feed("x\n", 2, 100);
    cr_assert_eq(http_conn_state(&c), HTTP_OVER);
    cr_assert(strstr(came, "HTTP/1.1 400 "));
    cr_assert_eq(c.answers, 2);
}

Test(http_conn, keeps_requests_that_have_to_wait)
{
    static const char text[] = GET("/a") GET("/");
    char *copy = strdup(text);
    struct http_piece p;

    http_conn_input(&c, copy, strlen(copy));
    p = http_conn_output(&c);
    cr_assert(!p.more, "a short body goes with its head");
    http_conn_sent(&c, p.n - 10);
    cr_assert(http_conn_park(&c));
    free(copy);
    p = http_conn_output(&c);
    cr_assert(!p.more);
    cr_assert_eq(p.n, 10);
    cr_assert(strstr(drain(7), "<p>root"));
}

Test(http_conn, answers_a_request_that_takes_too_long)
{
    feed("GET /a HTTP/1.1\r\nHo", 5, 5);
    http_conn_timeout(&c);
    cr_assert_eq(http_conn_state(&c), HTTP_ANSWER);
    cr_assert(!strncmp(drain(10), "HTTP/1.1 408 ", 13));
    cr_assert(strstr(came, "\r\nConnection: close\r\n"));
    cr_assert_eq(http_conn_state(&c), HTTP_OVER);
    cr_assert_eq(http_conn_output(&c).n, 0);
}

/* RFC 9110, 15: a request has exactly one final response. */
Test(http_conn, answers_no_request_twice_when_its_body_takes_too_long)
{
    feed("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab", 5, 5);
    cr_assert_eq(count("HTTP/1.1 "), 1);
    cr_assert_eq(http_conn_state(&c), HTTP_REQUEST);
    http_conn_timeout(&c);
    cr_assert_eq(http_conn_state(&c), HTTP_OVER);
    drain(10);
    cr_assert_eq(count("HTTP/1.1 "), 1);
    cr_assert_eq(c.answers, 1);
}

Test(http_conn, finishes_with_what_has_begun)
{
    feed("GET /a HTTP/1.1\r\nHo", 5, 5);
    http_conn_finish(&c);
    cr_assert_eq(http_conn_state(&c), HTTP_REQUEST);
    feed("st: h\r\n\r\n" GET("/"), 100, 100);
    cr_assert_eq(count("HTTP/1.1 200 "), 1);
    cr_assert(strstr(came, "\r\nConnection: close\r\n"));
    cr_assert(strstr(came, "0123456789"));
    cr_assert_eq(http_conn_state(&c), HTTP_OVER);
}

Test(http_conn, finishes_an_answer_that_promised_to_go_on)
{
    static const char text[] = GET("/a");

    http_conn_input(&c, text, sizeof(text) - 1);
    cr_assert_gt(http_conn_output(&c).n, 0);
    http_conn_finish(&c);
    cr_assert(strstr(drain(100), "0123456789"));
    cr_assert_eq(http_conn_state(&c), HTTP_OVER);
}

Test(http_conn, reads_no_more_after_a_bad_body)
{
    feed("GET /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
         "1\r\nab\r\n" GET("/"),
         1000, 1000);
    cr_assert_eq(count("HTTP/1.1 "), 1);
    cr_assert_eq(http_conn_state(&c), HTTP_OVER);
}

Test(http_conn, logs_what_was_sent)
{
    char log[1024] = "";

    site.log = memfd_create("log", 0);
    feed(GET("/a") "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n" GET("/none"), 1000,
         1000);
    http_conn_input(&c, GET("/a"), strlen(GET("/a")));
    http_conn_sent(&c, http_conn_output(&c).n - 6);
    http_conn_close(&c); /* it is broken */
    cr_assert_gt(pread(site.log, log, sizeof(log) - 1, 0), 0);
    close(site.log);
    cr_assert_str_eq(
        log,
        "1.2.3.4 - - [06/Nov/1994:08:49:37 +0000] \"GET /a HTTP/1.1\" 200 10\n"
        "1.2.3.4 - - [06/Nov/1994:08:49:37 +0000] \"HEAD /a HTTP/1.1\" 200 -\n"
        "1.2.3.4 - - [06/Nov/1994:08:49:37 +0000] \"GET /none HTTP/1.1\" 404 "
        "14\n"
        "1.2.3.4 - - [06/Nov/1994:08:49:37 +0000] \"GET /a HTTP/1.1\" 200 4\n");
}
