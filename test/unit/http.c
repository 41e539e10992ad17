#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/http.h"
#include "lib/util.h"

static struct http_request r;
static char buf[HTTP_HEAD_MAX];
static char path[HTTP_PATH_MAX];

/* Parse text in one go; the bytes after its NUL are not looked at. */
static int parse(const char *text)
{
    memset(&r, 0, sizeof(r));
    memset(buf, 'x', sizeof(buf));
    memcpy(buf, text, strlen(text));
    return http_parse(&r, buf, strlen(text), path);
}

/* A GET of target with the fields given, HTTP/1.1. */
static int get(const char *target, const char *fields)
{
    char text[1024];

    snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: h\r\n%s\r\n", target,
             fields);
    return parse(text);
}

static int line(const char *request_line)
{
    char text[256];

    snprintf(text, sizeof(text), "%s\r\nHost: h\r\n\r\n", request_line);
    return parse(text);
}

static void expect_path(const char *target, const char *want)
{
    int status = get(target, "");

    cr_assert_eq(status, 200, "%s: %d", target, status);
    cr_assert_str_eq(path, want, "%s: %s", target, path);
}

Test(http, reads_a_plain_get)
{
    cr_assert_eq(get("/index.html", "User-Agent: a b\r\nX:\r\n"), 200);
    cr_assert_str_eq(path, "/index.html");
    cr_assert_eq(r.method, HTTP_GET);
    cr_assert(r.keep_alive);
    cr_assert_eq(r.body.left, 0);
}

Test(http, tells_head_from_get)
{
    cr_assert_eq(line("HEAD /a HTTP/1.1"), 200);
    cr_assert_eq(r.method, HTTP_HEAD);
    cr_assert_str_eq(path, "/a");
}

Test(http, needs_every_byte_and_may_move_between_them)
{
    static const char text[] = "GET /some/../file%20x?q HTTP/1.1\r\n"
                               "Host: example.org:80\r\nA: b\r\n\r\n";
    char *at = malloc(HTTP_HEAD_MAX), *to = malloc(HTTP_HEAD_MAX);
    size_t n = sizeof(text) - 1;

    memset(&r, 0, sizeof(r));
    for (size_t i = 1; i < n; i++) {
        char *old = at;

        at[i - 1] = text[i - 1];
        cr_assert_eq(http_parse(&r, at, i, path), 0, "after %zu bytes", i);
        memcpy(to, at, i);
        memset(at, '#', i);
        at = to;
        to = old;
    }
    at[n - 1] = '\n';
    cr_assert_eq(http_parse(&r, at, n, path), 200);
    cr_assert_eq(r.length, n);
    cr_assert_str_eq(path, "/file x");
    free(at);
    free(to);
}

Test(http, leaves_the_next_request_alone)
{
    static const char first[] = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";
    static const char second[] = "HEAD /2 HTTP/1.1\r\nHost: h\r\n\r\n";
    char both[sizeof(first) + sizeof(second)];

    strcpy(both, first);
    strcat(both, second);
    cr_assert_eq(parse(both), 200);
    cr_assert_str_eq(path, "/1");
    cr_assert_eq(r.length, sizeof(first) - 1);
    cr_assert_str_eq(both + r.length, second);
    memset(&r, 0, sizeof(r));
    cr_assert_eq(
        http_parse(&r, buf + sizeof(first) - 1, sizeof(second) - 1, path), 200);
    cr_assert_str_eq(path, "/2");
    cr_assert_eq(r.method, HTTP_HEAD);
}

Test(http, skips_empty_lines_before_a_request)
{
    cr_assert_eq(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
    cr_assert_eq(r.length, 31);
}

Test(http, decodes_and_normalises_paths)
{
    expect_path("/", "/");
    expect_path("/?", "/");
    expect_path("/a?b=/../c", "/a");
    expect_path("/a/", "/a/");
    expect_path("/a%2Eb%2ehtml", "/a.b.html");
    expect_path("/%41%7a%C3%bc", "/Az\xc3\xbc");
    expect_path("/a%3Fb%25", "/a?b%");
    expect_path("/a/./b", "/a/b");
    expect_path("/a/../b", "/b");
    expect_path("/a/b/../../c/", "/c/");
    expect_path("/a/b/..", "/a/");
    expect_path("/a/.", "/a/");
    expect_path("//a///b//", "/a/b/");
    expect_path("/a/%2e%2E/b", "/b");
    expect_path("/...", "/...");
    expect_path("/~a!z", "/~a!z");
    expect_path("/..a/.b", "/..a/.b");
    expect_path("http://host", "/");
    expect_path("HTTP://host:80/x/?y", "/x/");
    expect_path("http://host?x", "/");
}

Test(http, refuses_paths_out_of_the_root)
{
    static const char *const targets[] = {
        "/..",         "/../",      "/../etc/passwd",
        "/a/../../b",  "/%2e%2e/x", "/.%2e/x",
        "/a/..//../x", "/./..",     "http://h/../x",
    };

    for (size_t i = 0; i < ARRAY_LEN(targets); i++)
        cr_assert_eq(get(targets[i], ""), 400, "%s", targets[i]);
}

Test(http, refuses_malformed_targets)
{
    static const char *const targets[] = {
        "",          "*",          "a",     "a/b",   "/%",     "/%4",
        "/%4g",      "/%g4",       "/%00",  "/a%0",  "/#",     "/a#b",
        "/\x01",     "/\x7f",      "/\x80", "/a\tb", "http:/", "http://",
        "http:///a", "https://h/", "?",
    };

    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        cr_assert_eq(get(targets[i], ""), 400, "%s", targets[i]);
        cr_assert(!r.keep_alive);
    }
}

Test(http, finds_no_file_behind_an_encoded_slash)
{
    cr_assert_eq(get("/a%2fb", ""), 404);
    cr_assert(r.keep_alive);
    cr_assert_eq(get("/..%2F..%2fetc/passwd", ""), 404);
}

Test(http, refuses_known_and_unknown_methods)
{
    static const char *const known[] = {"POST",    "PUT",   "DELETE",
                                        "CONNECT", "TRACE", "PATCH"};
    static const char *const unknown[] = {"BREW", "get", "GETS", "GE", "!"};
    char text[64];

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        snprintf(text, sizeof(text), "%s * HTTP/1.1", known[i]);
        cr_assert_eq(line(text), 405, "%s", known[i]);
        cr_assert(r.keep_alive);
    }
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        snprintf(text, sizeof(text), "%s / HTTP/1.1", unknown[i]);
        cr_assert_eq(line(text), 501, "%s", unknown[i]);
    }
}

Test(http, refuses_malformed_request_lines)
{
    static const char *const lines[] = {
        "GET /",
        "GET",
        "/",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "GET / http/1.1",
        "GET / HTTP/1",
        "GET / HTTP/1.10",
        "GET / HTTP/11",
        "GET / HTTP/a.1",
        "GET / HTTP/1.a",
        "GET / HTTP/1,1",
        "G(T / HTTP/1.1",
        "G\x80T / HTTP/1.1",
        "GET / HTTP/1.1\r",
        "GET /\r HTTP/1.1",
        "GET / x HTTP/1.1",
    };

    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        cr_assert_eq(line(lines[i]), 400, "%s", lines[i]);
        cr_assert(!r.keep_alive);
    }
}

Test(http, refuses_other_versions)
{
    cr_assert_eq(line("GET / HTTP/2.0"), 505);
    cr_assert_eq(line("GET / HTTP/0.9"), 505);
    cr_assert_eq(parse("PRI * HTTP/2.0\r\n"), 505);
    cr_assert(!r.keep_alive);
    cr_assert_eq(line("GET / HTTP/1.2"), 200);
}

Test(http, keeps_connections_by_the_rules_of_each_version)
{
    static const struct {
        const char *version, *field;
        bool keep;
    } cases[] = {
        {"1.1", "", true},
        {"1.1", "Connection: close\r\n", false},
        {"1.1", "connection: x ,\tCLOSE\r\n", false},
        {"1.1", "Connection: keep-alive, close\r\n", false},
        {"1.1", "Connection: close\r\nConnection: keep-alive\r\n", false},
        {"1.1", "Connection: closed\r\n", true},
        {"1.1", "Connection:\r\n", true},
        {"1.0", "", false},
        {"1.0", "Connection: Keep-Alive\r\n", true},
        {"1.0", "Connection: upgrade\r\n", false},
        {"1.0", "Connection: keep-alive, close\r\n", false},
    };
    char text[128];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(text, sizeof(text), "GET / HTTP/%s\r\nHost: h\r\n%s\r\n",
                 cases[i].version, cases[i].field);
        cr_assert_eq(parse(text), 200);
        cr_assert_eq(r.keep_alive, cases[i].keep, "%s", text);
    }
}

Test(http, wants_one_host)
{
    cr_assert_eq(parse("GET / HTTP/1.1\r\n\r\n"), 400);
    cr_assert_eq(parse("GET / HTTP/1.0\r\n\r\n"), 200);
    cr_assert_eq(get("/", "hOST: h\r\n"), 400);
    cr_assert_eq(parse("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
    cr_assert_eq(parse("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 200);
    cr_assert_eq(parse("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 200);
    cr_assert_eq(parse("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
    cr_assert_eq(parse("GET / HTTP/1.0\r\nHost: a@b\r\n\r\n"), 400);
}

Test(http, refuses_malformed_fields)
{
    static const char *const fields[] = {
        "A : b\r\n",   " A: b\r\n",    "\tA: b\r\n",     "A: b\r\n c\r\n",
        ": b\r\n",     "A\r\n",        "A b: c\r\n",     "A(: b\r\n",
        "A: b\rc\r\n", "A: b\r\r\n",   "A: b\n",         "A: \x01\r\n",
        "A: \x7f\r\n", "A\x80: b\r\n", "A: b\nC: d\r\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        cr_assert_eq(get("/", fields[i]), 400, "%zu %s", i, fields[i]);
        cr_assert(!r.keep_alive);
    }
    cr_assert_eq(get("/", "A: \xc3\xbc\tx \t\r\n"), 200);
}

Test(http, refuses_nul_anywhere)
{
    static const char text[] = "GET /a HTTP/1.1\r\nHost: h\r\nA: bc\r\n\r\n";
    size_t n = sizeof(text) - 1;

    for (size_t i = 0; i < n; i++) {
        memset(&r, 0, sizeof(r));
        memcpy(buf, text, n);
        buf[i] = '\0';
        cr_assert_neq(http_parse(&r, buf, n, path), 200, "at %zu", i);
    }
}

Test(http, measures_bodies)
{
    cr_assert_eq(get("/", "Content-Length: 0\r\n"), 200);
    cr_assert_eq(r.body.left, 0);
    cr_assert_eq(get("/", "content-length:\t5 \r\n"), 200);
    cr_assert_eq(r.body.left, 5);
    cr_assert(r.keep_alive);
    cr_assert_eq(get("/", "Content-Length: 65536\r\n"), 200);
    cr_assert_eq(r.body.left, HTTP_BODY_MAX);
    cr_assert_eq(parse("POST / HTTP/1.1\r\nHost: h\r\n"
                       "Content-Length: 007\r\n\r\n"),
                 405);
    cr_assert_eq(r.body.left, 7);
    cr_assert(r.keep_alive);
}

Test(http, refuses_bodies_that_are_too_large)
{
    cr_assert_eq(get("/", "Content-Length: 65537\r\n"), 413);
    cr_assert(!r.keep_alive);
    cr_assert_eq(get("/", "Content-Length: 18446744073709551621\r\n"), 413);
    cr_assert_eq(get("/", "Content-Length: 99999999999999999999999\r\n"), 413);
}

Test(http, refuses_what_two_parsers_could_measure_differently)
{
    static const char *const fields[] = {
        "Content-Length:\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +1\r\n",
        "Content-Length: 0x1\r\n",
        "Content-Length: 1 1\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked,\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        cr_assert_eq(get("/", fields[i]), 400, "%s", fields[i]);
        cr_assert(!r.keep_alive);
    }
    cr_assert_eq(get("/", "Transfer-Encoding: gzip , chunked\r\n"), 501);
    cr_assert(!r.keep_alive);
    cr_assert_eq(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n"),
                 400);
}

Test(http, does_not_wait_for_a_body_that_may_not_come)
{
    cr_assert_eq(get("/", "Expect: 100-Continue\r\nContent-Length: 5\r\n"),
                 200);
    cr_assert(!r.keep_alive);
    cr_assert_eq(get("/", "Expect: 100-continue\r\n"), 200);
    cr_assert(r.keep_alive);
    cr_assert_eq(get("/", "Expect: cake\r\n"), 417);
    cr_assert(!r.keep_alive);
    cr_assert_eq(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n"
                       "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"),
                 200);
    cr_assert(r.keep_alive);
    cr_assert_eq(parse("GET / HTTP/1.0\r\nExpect: cake\r\n\r\n"), 200);
}

Test(http, knows_chunked_bodies)
{
    cr_assert_eq(get("/", "transfer-encoding: Chunked\r\n"), 200);
    cr_assert(r.keep_alive);
    cr_assert(!http_body_done(&r.body));
    cr_assert_eq(http_body_skip(&r.body, "0\r\n\r\nGET", 8), 5);
    cr_assert(http_body_done(&r.body));
    cr_assert_eq(parse("POST / HTTP/1.1\r\nHost: h\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n"),
                 405);
    cr_assert(r.keep_alive);
    cr_assert(!http_body_done(&r.body));
}

Test(http, limits_the_request_line)
{
    memset(&r, 0, sizeof(r));
    memset(buf, 'a', sizeof(buf));
    memcpy(buf, "GET /", 5);
    cr_assert_eq(http_parse(&r, buf, HTTP_HEAD_MAX - 1, path), 0);
    cr_assert_eq(http_parse(&r, buf, HTTP_HEAD_MAX, path), 414);
    cr_assert(!r.keep_alive);
}

Test(http, limits_the_fields)
{
    memset(buf, 'a', sizeof(buf));
    memcpy(buf, "GET / HTTP/1.1\r\nHost: h\r\nX: ", 28);
    memset(&r, 0, sizeof(r));
    cr_assert_eq(http_parse(&r, buf, HTTP_HEAD_MAX, path), 431);
    cr_assert(!r.keep_alive);

    memset(&r, 0, sizeof(r));
    memcpy(buf, "GET / HTTP/1.1\r\n", 16);
    memcpy(buf + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    cr_assert_eq(http_parse(&r, buf, HTTP_HEAD_MAX, path), 200);
}

Test(http, limits_the_number_of_fields)
{
    char text[1024] = "GET / HTTP/1.1\r\nHost: h\r\n";

    for (int i = 1; i < HTTP_FIELDS_MAX; i++)
        strcat(text, "A: b\r\n");
    strcat(text, "\r\n");
    cr_assert_eq(parse(text), 200);
    strcpy(text + strlen(text) - 2, "A: b\r\n\r\n");
    cr_assert_eq(parse(text), 431);
}

Test(http, accepts_options_for_a_path_and_for_all)
{
    cr_assert_eq(line("OPTIONS * HTTP/1.1"), 200);
    cr_assert_eq(r.method, HTTP_OPTIONS);
    cr_assert_str_eq(path, "*");
    cr_assert_eq(line("OPTIONS http://h:80 HTTP/1.1"), 200);
    cr_assert_str_eq(path, "*");
    cr_assert_eq(line("OPTIONS /a HTTP/1.1"), 200);
    cr_assert_str_eq(path, "/a");
    cr_assert_eq(line("OPTIONS ** HTTP/1.1"), 400);
    cr_assert_eq(line("OPTIONS a HTTP/1.1"), 400);
}

Test(http, leaves_the_request_line_as_it_came)
{
    static const char text[] =
        "\r\nGET /%41/../b?c HTTP/1.1\r\nHost: h\r\n\r\n";

    cr_assert_eq(parse(text), 200);
    cr_assert_eq(r.line, 2);
    cr_assert_eq(r.line_n, 24);
    cr_assert_arr_eq(buf, text, sizeof(text) - 1);
    cr_assert_eq(parse("GET / HTTP/1.1\n"), 400);
    cr_assert_eq(r.line_n, 0);
}

Test(http, wants_a_good_host_in_absolute_targets)
{
    static const char *const targets[] = {"http://a@b/", "http://:80/",
                                          "http://[::1/", "http://a:x/"};

    for (size_t i = 0; i < ARRAY_LEN(targets); i++)
        cr_assert_eq(get(targets[i], ""), 400, "%s", targets[i]);
    expect_path("http://[::1]:80/a", "/a");
}

Test(http, finds_fields_again)
{
    struct span value = {0};

    cr_assert_eq(get("/", "A: b\r\nIF-none-match: \"a\" \r\nRange:x\r\n"
                          "If-None-Match:\t\"b\"\r\nC: d\r\n"),
                 200);
    cr_assert(http_field(&r, buf, HTTP_IF_NONE_MATCH, &value));
    cr_assert(span_is(value, "\"a\""));
    cr_assert(http_field(&r, buf, HTTP_IF_NONE_MATCH, &value));
    cr_assert(span_is(value, "\"b\""));
    cr_assert(!http_field(&r, buf, HTTP_IF_NONE_MATCH, &value));
    value = (struct span){0};
    cr_assert(http_field(&r, buf, HTTP_RANGE, &value));
    cr_assert(span_is(value, "x"));
    value = (struct span){0};
    cr_assert(!http_field(&r, buf, HTTP_IF_MATCH, &value));
    cr_assert(!http_field(&r, buf, HTTP_ACCEPT_ENCODING, &value));
}
