/* Whatever comes in whatever pieces: the same verdict, and a clean path; and
 * what looks into a good head finds its way. */

#include <stdlib.h>
#include <string.h>
#include "lib/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_path(const char *path)
{
    size_t length = strlen(path);

    if (!strcmp(path, "*"))
        return;
    if (path[0] != '/' || length >= HTTP_PATH_MAX)
        abort();
    if (strstr(path, "//") || strstr(path, "/../") || strstr(path, "/./"))
        abort();
    if ((length >= 3 && !strcmp(path + length - 3, "/..")) ||
        (length >= 2 && !strcmp(path + length - 2, "/.")))
        abort();
}

/* Ranges lie within the content, and apart. */
static void check_ranges(const struct http_range *ranges, unsigned n,
                         uint64_t size)
{
    for (unsigned i = 0; i < n; i++) {
        if (ranges[i].n == 0 || ranges[i].at + ranges[i].n > size)
            abort();
        for (unsigned k = 0; k < i; k++)
            if (ranges[i].at <= ranges[k].at + ranges[k].n &&
                ranges[k].at <= ranges[i].at + ranges[i].n)
                abort();
    }
}

static void look_into(const struct http_request *r, const char *head)
{
    static const struct http_content c = {
        .size = 1000, .modified = 784111777, .etag = "\"e\""};
    struct http_range ranges[HTTP_RANGES_MAX];
    char log[HTTP_LOG_MAX];
    unsigned n;
    int status = http_condition(r, head, &c, 1700000000);

    if (status != 200 && status != 304 && status != 412)
        abort();
    status = http_ranges(r, head, &c, 1700000000, ranges, &n);
    if ((status == 206) != (n > 0) || n > HTTP_RANGES_MAX)
        abort();
    check_ranges(ranges, n, c.size);
    if (http_quality(r, head, "gzip") > 1000)
        abort();
    http_log(log, "::1", r, head, 200, 0);
    if (strpbrk(log, "\r\n") || strlen(log) >= HTTP_LOG_MAX)
        abort();
}

/* The body ends at the same place however it comes. */
static void skip_body(struct http_body b, const char *data, size_t n)
{
    struct http_body again = b;
    size_t used = http_body_skip(&b, data, n), one = 0;

    if (used > n || used > HTTP_BODY_MAX + HTTP_HEAD_MAX)
        abort();
    while (one < n && http_body_skip(&again, data + one, 1))
        one++;
    if (one != used || again.state != b.state)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char pieces[HTTP_HEAD_MAX];
    struct http_request a = {0}, b = {0};
    size_t size = n < HTTP_HEAD_MAX ? n : HTTP_HEAD_MAX, had = 0;
    char *whole = malloc(size); /* a byte more is out of bounds */
    char path[HTTP_PATH_MAX], path_again[HTTP_PATH_MAX];
    int status, again;

    memcpy(whole, data, size);
    status = http_parse(&a, whole, size, path);
    if (memcmp(whole, data, size) != 0 || a.length > size)
        abort();
    do {
        size_t more = size - had < 7 ? size - had : 7;

        memcpy(pieces + had, data + had, more);
        had += more;
        again = http_parse(&b, pieces, had, path_again);
    } while (again == 0 && had < size);

    if (again != status || b.keep_alive != a.keep_alive ||
        b.length != a.length || b.body.state != a.body.state)
        abort();
    if (status == 200) {
        check_path(path);
        if (strcmp(path, path_again) != 0)
            abort();
        look_into(&a, whole);
        skip_body(a.body, whole + a.length, size - a.length);
    }
    free(whole);
    return 0;
}
