#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "lib/http.h"
#include "lib/util.h"

/* What a request with this Accept-Encoding thinks of a coding; NULL: none. */
static unsigned quality(const char *accept, const char *coding)
{
    struct http_request r = {0};
    char head[512], path[HTTP_PATH_MAX];
    int n =
        snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: h\r\n%s%s%s\r\n",
                 accept ? "Accept-Encoding: " : "", accept ? accept : "",
                 accept ? "\r\n" : "");

    cr_assert_eq(http_parse(&r, head, (size_t)n, path), 200);
    return http_quality(&r, head, coding);
}

Test(http_accept, weighs_codings)
{
    static const struct {
        const char *accept;
        unsigned br, gzip, identity;
    } cases[] = {
        {NULL, 0, 0, 1},
        {"", 0, 0, 1},
        {"gzip", 0, 1000, 1},
        {"GZip, BR", 1000, 1000, 1},
        {"x-gzip", 0, 1000, 1},
        {"gzip;q=0.5 , br ; q=0.25", 250, 500, 1},
        {"gzip; q=1.000, br;q=0.001", 1, 1000, 1},
        {"gzip;q=0", 0, 0, 1},
        {"gzip;q=0.000", 0, 0, 1},
        {"*", 1000, 1000, 1000},
        {"*;q=0", 0, 0, 0},
        {"gzip, *;q=0", 0, 1000, 0},
        {"*;q=0, gzip", 0, 1000, 0},
        {"identity;q=0", 0, 0, 0},
        {"identity;q=0, *;q=0.3", 300, 300, 0},
        {"identity, gzip;q=0.5", 0, 500, 1000},
        {"gzip;Q=0.5", 0, 500, 1},
        {"gzip;x=y;q=0.5", 0, 500, 1},
        {"gzip;q=2", 0, 0, 1},
        {"gzip;q=1.001", 0, 0, 1},
        {"gzip;q=0.1234", 0, 0, 1},
        {"gzip;q=.5", 0, 0, 1},
        {"gzip;q=", 0, 0, 1},
        {"gzip;q=0.5x", 0, 0, 1},
        {"gzip;q=1.", 0, 1000, 1},
        {"gzipped, brr", 0, 0, 1},
        {"gzip;q=0.5\r\nAccept-Encoding: br", 1000, 500, 1},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *a = cases[i].accept;

        cr_assert_eq(quality(a, "br"), cases[i].br, "br: %s", a);
        cr_assert_eq(quality(a, "gzip"), cases[i].gzip, "gzip: %s", a);
        cr_assert_eq(quality(a, "identity"), cases[i].identity, "plain: %s", a);
    }
}
