#include <criterion/criterion.h>
#include <string.h>
#include "lib/http.h"
#include "lib/util.h"

/* How many bytes of text the body takes; -1: it is bad.  In pieces of n. */
static ptrdiff_t skip(struct http_body b, const char *text, size_t n)
{
    size_t all = strlen(text), used = 0;

    while (used < all && !http_body_done(&b) && !http_body_bad(&b)) {
        size_t some = all - used < n ? all - used : n;

        used += http_body_skip(&b, text + used, some);
    }
    cr_assert(!http_body_done(&b) || !http_body_bad(&b));
    return http_body_bad(&b) ? -1 : http_body_done(&b) ? (ptrdiff_t)used : -2;
}

static void expect(const char *text, ptrdiff_t want)
{
    struct http_body b;

    http_body_chunked(&b);
    for (size_t n = 1; n < 9; n++)
        cr_assert_eq(skip(b, text, n), want, "%s by %zu: %td", text, n,
                     skip(b, text, n));
}

Test(http_body, counts_bytes)
{
    struct http_body b = {0};

    cr_assert(http_body_done(&b));
    cr_assert_eq(http_body_skip(&b, "abc", 3), 0);
    http_body_sized(&b, 0);
    cr_assert(http_body_done(&b));
    http_body_sized(&b, 5);
    cr_assert_eq(http_body_skip(&b, "abc", 3), 3);
    cr_assert(!http_body_done(&b));
    cr_assert_eq(http_body_skip(&b, "defg", 4), 2);
    cr_assert(http_body_done(&b));
    http_body_sized(&b, HTTP_BODY_MAX);
    for (size_t i = 0; i < HTTP_BODY_MAX; i += 4)
        http_body_skip(&b, "abcd", 4);
    cr_assert(http_body_done(&b));
}

Test(http_body, reads_chunks_to_their_end)
{
    expect("0\r\n\r\nGET", 5);
    expect("3\r\nabc\r\n0\r\n\r\nGET", 13);
    expect("00a\r\n0123456789\r\nA;x=\"y\"\r\n0123456789\r\n0 \r\n\r\n", 44);
    expect("1\r\n\n\r\n0\r\nA: b\r\nC:\td\r\n\r\nGET", 23);
    expect("3\r\nab", -2);
}

Test(http_body, refuses_what_two_parsers_could_read_differently)
{
    static const char *const texts[] = {
        "\r\n",
        "g\r\n",
        "-1\r\n",
        "0x1\r\n",
        "+1\r\n",
        " 1\r\n",
        "1\n",
        "1\r\r\n",
        "1\ra",
        "1\r\nab",
        "1\r\na\n",
        "1\r\na\rb",
        ";\r\n",
        "1;a\nb\r\n",
        "1;\x01\r\n",
        "0\r\n\n",
        "0\r\na\n",
        "0\r\na\r\r\n",
        "0\r\n\ra",
        "0\r\n\x01",
        "0\r\na: \x02\r",
        "10001\r\n",
        "ffffffffffffffff",
        "1\r\na\r\n\r\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        expect(texts[i], -1);
}

Test(http_body, gives_up_when_there_is_too_much)
{
    struct http_body b;
    size_t spent = 0;

    http_body_chunked(&b);
    while (!http_body_bad(&b)) {
        spent += http_body_skip(&b, "1\r\na\r\n", 6);
        cr_assert_leq(spent, HTTP_BODY_MAX + 1);
    }
    cr_assert_eq(spent, HTTP_BODY_MAX + 1);
    http_body_chunked(&b); /* zeros without end, too */
    for (spent = 0; !http_body_bad(&b);)
        spent += http_body_skip(&b, "0000", 4);
    cr_assert_eq(spent, HTTP_BODY_MAX + 1);
}
