#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "lib/http.h"
#include "lib/util.h"

/* A content of 100 bytes, modified on 1994-11-06 08:49:37; now is later. */
#define MODIFIED 784111777
#define NOW      (MODIFIED + 1000)
#define SAME     "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE   "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER    "Sun, 06 Nov 1994 08:49:38 GMT"

static struct http_content content = {
    .size = 100, .modified = MODIFIED, .etag = "\"e,1\""};
static struct http_request r;
static char head[HTTP_HEAD_MAX];

static void request(const char *method, const char *fields)
{
    char path[HTTP_PATH_MAX];
    int n = snprintf(head, sizeof(head), "%s / HTTP/1.1\r\nHost: h\r\n%s%s\r\n",
                     method, fields, *fields ? "\r\n" : "");

    memset(&r, 0, sizeof(r));
    cr_assert_eq(http_parse(&r, head, (size_t)n, path), 200);
}

static int condition(const char *fields)
{
    request("GET", fields);
    return http_condition(&r, head, &content, NOW);
}

Test(http_condition, writes_entity_tags)
{
    char tag[HTTP_ETAG_SIZE];

    http_etag(tag, 0x1a, 0xff, "-gz");
    cr_assert_str_eq(tag, "\"1a-ff-gz\"");
    http_etag(tag, 0, 0, "");
    cr_assert_str_eq(tag, "\"0-0\"");
    http_etag(tag, UINT64_MAX, -1, "-12345");
    cr_assert_eq(strlen(tag), 39);
}

Test(http_condition, follows_the_precedence_of_the_standard)
{
    static const struct {
        const char *fields;
        int status;
    } cases[] = {
        {"", 200},
        {"If-Match: *", 200},
        {"If-Match: \"e,1\"", 200},
        {"If-Match: \"x\", \"e,1\"", 200},
        {"If-Match: \"x\"\r\nIf-Match: \"e,1\"", 200},
        {"If-Match: \"x\"", 412},
        {"If-Match: W/\"e,1\"", 412},
        {"If-Match: e,1", 412},
        {"If-Match:", 412},
        {"If-Unmodified-Since: " SAME, 200},
        {"If-Unmodified-Since: " BEFORE, 412},
        {"If-Unmodified-Since: yesterday", 200},
        {"If-Match: *\r\nIf-Unmodified-Since: " BEFORE, 200},
        {"If-None-Match: *", 304},
        {"If-None-Match: \"e,1\"", 304},
        {"If-None-Match: W/\"e,1\"", 304},
        {"If-None-Match: , ,\"a\" ,\tW/\"b\",\"e,1\"", 304},
        {"If-None-Match: \"e\"", 200},
        {"If-None-Match: \"e,1", 200},
        {"If-None-Match: x, \"e,1\"", 200},
        {"If-Modified-Since: " SAME, 304},
        {"If-Modified-Since: " AFTER, 304},
        {"If-Modified-Since: " BEFORE, 200},
        {"If-Modified-Since: Sun Nov  6 08:49:37 1994", 304},
        {"If-Modified-Since: x", 200},
        {"If-Modified-Since: " SAME "\r\nIf-Modified-Since: " SAME, 200},
        {"If-None-Match: \"x\"\r\nIf-Modified-Since: " SAME, 200},
        {"If-Match: \"e,1\"\r\nIf-None-Match: \"e,1\"", 304},
        {"If-Match: \"x\"\r\nIf-None-Match: \"e,1\"", 412},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        cr_assert_eq(condition(cases[i].fields), cases[i].status, "%s",
                     cases[i].fields);
}

Test(http_condition, knows_contents_without_validators)
{
    content = (struct http_content){.size = 1};
    cr_assert_eq(condition("If-Unmodified-Since: " BEFORE), 200);
    cr_assert_eq(condition("If-Modified-Since: " AFTER), 200);
    cr_assert_eq(condition("If-Match: \"\""), 412);
    cr_assert_eq(condition("If-None-Match: \"\""), 200);
}

/* "STATUS AT+N AT+N ..." for a GET with that Range, and perhaps more. */
static const char *ranges(const char *range)
{
    static char text[512];
    struct http_range list[HTTP_RANGES_MAX];
    char fields[512];
    unsigned n;
    size_t at;

    snprintf(fields, sizeof(fields), "Range: %s", range);
    request("GET", fields);
    at = (size_t)snprintf(text, sizeof(text), "%d",
                          http_ranges(&r, head, &content, NOW, list, &n));
    for (unsigned i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, " %d+%d",
                               (int)list[i].at, (int)list[i].n);
    return text;
}

Test(http_condition, reads_ranges)
{
    static const char *const cases[][2] = {
        {"bytes=0-0", "206 0+1"},
        {"BYTES=10-19", "206 10+10"},
        {"bytes=90-", "206 90+10"},
        {"bytes=90-1000", "206 90+10"},
        {"bytes=-5", "206 95+5"},
        {"bytes=-500", "206 0+100"},
        {"bytes=0-99999999999999999999999", "206 0+100"},
        {"bytes=0-1, 10-11\t, ,50-", "206 0+2 10+2 50+50"},
        {"bytes=50-59,0-9", "206 50+10 0+10"},
        {"bytes=0-1,200-300", "206 0+2"},
        {"bytes=100-", "416"},
        {"bytes=-0", "416"},
        {"bytes=100-101,200-", "416"},
        {"bytes=99999999999999999999999-", "416"},
        {"bytes=5-4", "200"},
        {"bytes=0-1,5-4", "200"},
        {"bytes=", "200"},
        {"bytes=,", "200"},
        {"bytes=-", "200"},
        {"bytes=--5", "200"},
        {"bytes=1", "200"},
        {"bytes=a-b", "200"},
        {"bytes=0x1-2", "200"},
        {"bytes=1-2-3", "200"},
        {"bytes 1-2", "200"},
        {"lines=1-2", "200"},
        {"bytes=0-1\r\nRange: bytes=2-3", "200"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        cr_assert_str_eq(ranges(cases[i][0]), cases[i][1], "%s: %s",
                         cases[i][0], ranges(cases[i][0]));
}

Test(http_condition, merges_ranges_that_overlap_or_touch)
{
    cr_assert_str_eq(ranges("bytes=0-9,5-14"), "206 0+15");
    cr_assert_str_eq(ranges("bytes=0-9,10-14"), "206 0+15");
    cr_assert_str_eq(ranges("bytes=10-14,0-9"), "206 0+15");
    cr_assert_str_eq(ranges("bytes=0-9,11-14"), "206 0+10 11+4");
    cr_assert_str_eq(ranges("bytes=20-29,0-9,5-24"), "206 0+30");
    cr_assert_str_eq(ranges("bytes=0-9,40-49,20-29,9-20"), "206 40+10 0+30");
    cr_assert_str_eq(ranges("bytes=0-,0-,0-,-1"), "206 0+100");
}

Test(http_condition, limits_ranges)
{
    char text[256] = "bytes=0-0";

    for (int i = 1; i < HTTP_RANGES_MAX; i++)
        snprintf(text + strlen(text), 8, ",%d-%d", 2 * i, 2 * i);
    cr_assert(!strncmp(ranges(text), "206 0+1 2+1 ", 12));
    strcat(text, ",99-99");
    cr_assert_str_eq(ranges(text), "200");
}

Test(http_condition, gives_ranges_only_of_what_the_client_has)
{
    static const struct {
        const char *fields;
        const char *want;
    } cases[] = {
        {"bytes=0-0\r\nIf-Range: \"e,1\"", "206 0+1"},
        {"bytes=0-0\r\nIf-Range: \"x\"", "200"},
        {"bytes=0-0\r\nIf-Range: W/\"e,1\"", "200"},
        {"bytes=0-0\r\nIf-Range: " SAME, "206 0+1"},
        {"bytes=0-0\r\nIf-Range: " AFTER, "200"},
        {"bytes=0-0\r\nIf-Range: " BEFORE, "200"},
        {"bytes=0-0\r\nIf-Range:", "200"},
    };
    struct http_range list[HTTP_RANGES_MAX];
    unsigned n;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        cr_assert_str_eq(ranges(cases[i].fields), cases[i].want, "%s",
                         cases[i].fields);
    request("GET", "Range: bytes=0-0\r\nIf-Range: " SAME);
    cr_assert_eq(http_ranges(&r, head, &content, MODIFIED + 1, list, &n), 200,
                 "it may still change within this second");
    request("HEAD", "Range: bytes=0-0");
    cr_assert_eq(http_ranges(&r, head, &content, NOW, list, &n), 200);
}

Test(http_condition, has_no_ranges_of_nothing_or_without_a_tag)
{
    content.size = 0;
    cr_assert_str_eq(ranges("bytes=-5"), "200");
    content.size = 100;
    *content.etag = '\0';
    cr_assert_str_eq(ranges("bytes=0-0"), "200");
}
