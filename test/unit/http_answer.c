#include <criterion/criterion.h>
#include <string.h>
#include "lib/http.h"
#include "lib/util.h"

Test(http_answer, writes_an_answer)
{
    const struct http_content c = {.modified = 784111776,
                                   .etag = "\"e\"",
                                   .encoding = "gzip",
                                   .varies = true};
    char out[HTTP_ANSWER_MAX];
    struct http_answer a = {.status = 200,
                            .keep_alive = true,
                            .length = 12345678901,
                            .now = 784111777,
                            .type = http_type("/a.html"),
                            .content = &c};
    static const char want[] =
        "HTTP/1.1 200 OK\r\n"
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Length: 12345678901\r\n"
        "Last-Modified: Sun, 06 Nov 1994 08:49:36 GMT\r\n"
        "ETag: \"e\"\r\nAccept-Ranges: bytes\r\n"
        "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"
        "Connection: keep-alive\r\n\r\n";
    size_t n = http_answer(out, sizeof(out), &a);

    cr_assert_eq(n, sizeof(want) - 1);
    cr_assert_arr_eq(out, want, n);
    cr_assert_eq(http_answer(out, n, &a), n);
    cr_assert_eq(http_answer(out, n - 1, &a), 0);
}

Test(http_answer, encodes_what_a_location_cannot_hold)
{
    char out[HTTP_ANSWER_MAX];
    size_t n = http_answer(out, sizeof(out),
                           &(struct http_answer){
                               .status = 301,
                               .location = "/a b\r\nX: y?\xc3%",
                               .slash = "/",
                           });

    out[n] = '\0';
    cr_assert(strstr(out, "HTTP/1.1 301 Moved Permanently\r\n"));
    cr_assert(strstr(out, "\r\nLocation: /a%20b%0D%0AX:%20y%3F%C3%25/\r\n"));
    cr_assert(strstr(out, "\r\nContent-Length: 0\r\n"));
    cr_assert(strstr(out, "\r\nConnection: close\r\n\r\n"));
}

/* The error answer with that status, as text. */
static const char *error(int status, bool only_head)
{
    static char out[HTTP_ANSWER_MAX + 1];
    struct http_answer a = {.status = status, .keep_alive = true};
    size_t body, n = http_error(out, HTTP_ANSWER_MAX, &a, only_head, &body);

    cr_assert_eq(n - body, strstr(out, "\r\n\r\n") + 4 - out);
    out[n] = '\0';
    return out;
}

Test(http_answer, names_errors_in_the_body_but_not_after_head)
{
    const char *out = error(405, false);

    cr_assert(strstr(out, "HTTP/1.1 405 Method Not Allowed\r\n"));
    cr_assert(strstr(out, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    cr_assert(strstr(out, "\r\nContent-Length: 23\r\n"));
    cr_assert(strstr(out, "\r\nConnection: keep-alive\r\n"));
    cr_assert_str_eq(strstr(out, "\r\n\r\n") + 4, "405 Method Not Allowed\n");
    out = error(404, true);
    cr_assert(strstr(out, "\r\nContent-Length: 14\r\n"));
    cr_assert_null(strstr(out, "Allow"));
    cr_assert_str_eq(strstr(out, "\r\n\r\n") + 4, "");
}

Test(http_answer, says_when_an_error_does_not_fit)
{
    struct http_answer a = {.status = 404};
    char out[HTTP_ANSWER_MAX];
    size_t body, n = http_error(out, sizeof(out), &a, false, &body);

    cr_assert_eq(http_error(out, n, &a, false, &body), n);
    cr_assert_eq(http_error(out, n - 1, &a, false, &body), 0);
    cr_assert_eq(http_error(out, n - body - 1, &a, false, &body), 0);
}

Test(http_answer, knows_every_status_it_gives)
{
    static const int statuses[] = {200, 204, 206, 301, 304, 400, 404,
                                   405, 406, 408, 412, 413, 414, 416,
                                   417, 431, 500, 501, 503, 505};

    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        cr_assert_null(strstr(error(statuses[i], false), "Unknown"), "%d",
                       statuses[i]);
}

Test(http_answer, knows_types_by_extension)
{
    cr_assert_str_eq(http_type("/a.b/c.PNG"), "image/png");
    cr_assert_str_eq(http_type("x.css"), "text/css; charset=utf-8");
    cr_assert_str_eq(http_type("x.svg"), "image/svg+xml");
    cr_assert_str_eq(http_type("README"), "application/octet-stream");
    cr_assert_str_eq(http_type("x."), "application/octet-stream");
    cr_assert_str_eq(http_type("x.tar.gz"), "application/gzip");
    cr_assert_str_eq(http_type("x.htmlx"), "application/octet-stream");
}

Test(http_answer, describes_ranges)
{
    const struct http_content c = {
        .size = 100, .type = "text/x", .etag = "\"e\""};
    const struct http_range range = {10, 5};
    struct http_answer a = {.status = 206, .content = &c, .range = &range};
    char out[HTTP_ANSWER_MAX + 1];

    out[http_answer(out, HTTP_ANSWER_MAX, &a)] = '\0';
    cr_assert(strstr(out, "\r\nContent-Range: bytes 10-14/100\r\n"));
    a.status = 416;
    a.range = NULL;
    out[http_answer(out, HTTP_ANSWER_MAX, &a)] = '\0';
    cr_assert(strstr(out, "\r\nContent-Range: bytes */100\r\n"));
    cr_assert_null(strstr(out, "ETag"));

    out[http_part(out, HTTP_ANSWER_MAX, "B", &c, &range)] = '\0';
    cr_assert_str_eq(out, "\r\n--B\r\nContent-Type: text/x\r\n"
                          "Content-Range: bytes 10-14/100\r\n\r\n");
    out[http_part(out, HTTP_ANSWER_MAX, "B", &c, NULL)] = '\0';
    cr_assert_str_eq(out, "\r\n--B--\r\n");
    cr_assert_eq(http_part(out, 8, "B", &c, NULL), 0);
}

Test(http_answer, leaves_out_what_has_no_body)
{
    const struct http_content c = {
        .etag = "\"e\"", .encoding = "br", .varies = true};
    struct http_answer a = {.status = 304, .content = &c};
    char out[HTTP_ANSWER_MAX + 1];

    out[http_answer(out, HTTP_ANSWER_MAX, &a)] = '\0';
    cr_assert_null(strstr(out, "Content-"));
    cr_assert(strstr(out, "\r\nETag: \"e\"\r\n"));
    cr_assert(strstr(out, "\r\nVary: Accept-Encoding\r\n"));
    a = (struct http_answer){.status = 204};
    out[http_answer(out, HTTP_ANSWER_MAX, &a)] = '\0';
    cr_assert_null(strstr(out, "Content-"));
    cr_assert(strstr(out, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
}

Test(http_answer, logs_requests_in_the_common_format)
{
    static const char head[] = "GET /a\"b\\\x01 HTTP/1.0\r\n";
    struct http_request r = {.line_n = sizeof(head) - 3};
    char out[HTTP_LOG_MAX], long_head[4096];

    http_log(out, "10.0.0.1", &r, head, 404, 784111777);
    cr_assert_str_eq(out, "10.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET "
                          "/a\\x22b\\x5C\\x01 HTTP/1.0\" 404 ");
    r.line_n = 0;
    http_log(out, "::1", &r, NULL, 408, 0);
    cr_assert_str_eq(out, "::1 - - [01/Jan/1970:00:00:00 +0000] \"-\" 408 ");
    memset(long_head, '\x80', sizeof(long_head));
    r.line_n = sizeof(long_head);
    http_log(out, "-", &r, long_head, 414, 0);
    cr_assert_lt(strlen(out), HTTP_LOG_MAX);
    cr_assert(strstr(out, "\\x80\" 414 "));
}
