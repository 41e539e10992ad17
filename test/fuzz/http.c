/* Whatever comes in whatever pieces: the same verdict, and a clean path. */

#include <stdlib.h>
#include <string.h>
#include "lib/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct http_request *r, int status, size_t n)
{
    size_t length = strlen(r->path);

    if (status != 200) {
        if (length)
            abort();
        return;
    }
    if (r->length > n || r->path[0] != '/' || r->body > HTTP_BODY_MAX)
        abort();
    if (strstr(r->path, "//") || strstr(r->path, "/../") ||
        strstr(r->path, "/./"))
        abort();
    if ((length >= 3 && !strcmp(r->path + length - 3, "/..")) ||
        (length >= 2 && !strcmp(r->path + length - 2, "/.")))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char pieces[HTTP_HEAD_MAX];
    struct http_request a = {0}, b = {0};
    size_t size = n < HTTP_HEAD_MAX ? n : HTTP_HEAD_MAX, had = 0;
    char *whole = malloc(size); /* a byte more is out of bounds */
    int status, again;

    memcpy(whole, data, size);
    status = http_parse(&a, whole, size);
    check(&a, status, size);

    do {
        size_t more = size - had < 7 ? size - had : 7;

        memcpy(pieces + had, data + had, more);
        had += more;
        again = http_parse(&b, pieces, had);
        check(&b, again, had);
    } while (again == 0 && had < size);

    if (again != status || b.keep_alive != a.keep_alive ||
        b.length != a.length || b.body != a.body || strcmp(a.path, b.path))
        abort();
    free(whole);
    return 0;
}
