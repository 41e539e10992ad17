#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/http_cache.h"
#include "test/unit/site.h"

#define NOW 784111777

static struct http_cache cache;
static struct http_site site;

static void set_up(void)
{
    make_folder();
    put_file("a", "old");
    site = (struct http_site){
        .root = folder, .list = true, .now = NOW, .cache = &cache};
}

static void tear_down(void)
{
    http_cache_clear(&cache);
    remove_folder();
}

TestSuite(http_cache, .init = set_up, .fini = tear_down);

/* Ask for path with these fields, each with its line's end. */
static struct http_found *find(const char *path, const char *fields)
{
    struct http_request r = {0};
    struct http_found *found = NULL;
    char head[2048], parsed[HTTP_PATH_MAX];
    int n = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: h\r\n%s\r\n",
                     path, fields);

    cr_assert_eq(http_parse(&r, head, (size_t)n, parsed), 200);
    cr_assert_eq(http_cache_find(&site, parsed, &r, head, &found), 200);
    return found;
}

/* What an answer would have, and the end of its use. */
static const char *text(struct http_found *f)
{
    static char out[64];

    snprintf(out, sizeof(out), "%.*s", (int)f->file.content.size,
             f->file.content.data);
    http_cache_release(f);
    return out;
}

Test(http_cache, what_was_found_is_found_again_within_its_second)
{
    struct http_found *f = find("/a", ""), *again = find("/a", "");
    char from[64], to[64];

    cr_assert_eq(f, again);
    cr_assert_str_eq(text(f), "old");
    cr_assert_str_eq(text(again), "old");
    put_file("b", "newer");
    snprintf(from, sizeof(from), "%s/b", folder);
    snprintf(to, sizeof(to), "%s/a", folder);
    cr_assert_eq(rename(from, to), 0);
    cr_assert_str_eq(text(find("/a", "")), "old");
    site.now++;
    cr_assert_str_eq(text(find("/a", "")), "newer");
}

Test(http_cache, an_answer_keeps_what_the_cache_has_dropped)
{
    struct http_found *f = find("/a", ""), *later;

    site.now++;
    later = find("/a", "");
    cr_assert_neq(f, later);
    http_cache_clear(&cache);
    cr_assert_str_eq(text(f), "old");
    cr_assert_str_eq(text(later), "old");
}

Test(http_cache, the_head_is_ready_but_for_its_end)
{
    struct http_found *f = find("/a", "");
    const struct http_content *c = &f->file.content;
    char head[HTTP_ANSWER_MAX];
    size_t n = http_answer(head, sizeof(head),
                           &(struct http_answer){.status = 200,
                                                 .keep_alive = true,
                                                 .length = 3,
                                                 .now = NOW,
                                                 .type = c->type,
                                                 .content = c});

    cr_assert_gt(c->head.n, 0);
    cr_assert_eq(n, c->head.n + strlen("Connection: keep-alive\r\n\r\n"));
    cr_assert_arr_eq(c->head.at, head, c->head.n);
    http_cache_release(f);
}

Test(http_cache, each_gets_the_encoding_that_it_accepts)
{
    put_file("a.gz", "zip");
    for (int i = 0; i < 2; i++) {
        cr_assert_str_eq(text(find("/a", "")), "old");
        cr_assert_str_eq(text(find("/a", "Accept-Encoding: gzip\r\n")), "zip");
        cr_assert_str_eq(text(find("/a", "Accept-Encoding: br\r\n")), "old");
        cr_assert_str_eq(text(find("/a", "Accept-Encoding: zstd\r\n")), "old");
        cr_assert_str_eq(text(find("/a", "Accept-Encoding: br\r\n"
                                         "Accept-Encoding: gzip\r\n")),
                         "zip");
    }
}

Test(http_cache, nor_is_a_key_taken_for_a_longer_one)
{
    char fields[64];

    put_file("a.gz", "zip");
    for (int i = 0; i < 5 * HTTP_CACHE_SLOTS; i++) {
        snprintf(fields, sizeof(fields), "Accept-Encoding: gzip, x%d\r\n", i);
        cr_assert_str_eq(text(find("/a", fields)), "zip");
        cr_assert_str_eq(text(find("/a", "")), "old");
    }
}

Test(http_cache, paths_do_not_take_each_others_answers)
{
    char name[16], path[16];

    for (int i = 0; i < 3 * HTTP_CACHE_SLOTS; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        put_file(name, name);
    }
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 3 * HTTP_CACHE_SLOTS; i++) {
            snprintf(path, sizeof(path), "/f%d", i);
            cr_assert_str_eq(text(find(path, "")), path + 1);
        }
}

Test(http_cache, a_longer_key_is_not_kept)
{
    char fields[HTTP_CACHE_KEY + 64], longer[HTTP_CACHE_KEY];

    memset(longer, 'x', sizeof(longer));
    for (int more = 0; more < 2; more++) {
        struct http_found *f, *again;

        snprintf(fields, sizeof(fields), "Accept-Encoding: %.*s\r\n",
                 HTTP_CACHE_KEY - 3 + more, longer);
        f = find("/a", fields);
        again = find("/a", fields);
        cr_assert_eq(f == again, !more);
        http_cache_release(f);
        http_cache_release(again);
    }
}

Test(http_cache, without_one_all_is_found_anew)
{
    struct http_found *f, *again;

    site.cache = NULL;
    f = find("/a", "");
    again = find("/a", "");
    cr_assert_neq(f, again);
    cr_assert_str_eq(text(f), "old");
    cr_assert_str_eq(text(again), "old");
}

Test(http_cache, what_is_not_there_is_looked_for_each_time)
{
    struct http_request r = {0};
    struct http_found *found = NULL;
    char path[HTTP_PATH_MAX];
    const char head[] = "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";

    cr_assert_eq(http_parse(&r, head, sizeof(head) - 1, path), 200);
    cr_assert_eq(http_cache_find(&site, path, &r, head, &found), 404);
    cr_assert_null(found);
    put_file("b", "now");
    cr_assert_str_eq(text(find("/b", "")), "now");
    cr_assert(!strncmp(text(find("/", "")), "<!DOCTYPE", 9));
}
