#include <criterion/criterion.h>
#include <string.h>
#include "lib/http.h"
#include "lib/util.h"

Test(http_path, limits_paths)
{
    char text[HTTP_PATH_MAX + 1], path[HTTP_PATH_MAX];

    memset(text, 'a', sizeof(text));
    text[0] = '/';
    text[HTTP_PATH_MAX] = '\0';
    cr_assert_eq(
        http_path((struct span){text, HTTP_PATH_MAX - 1}, HTTP_GET, path), 200);
    cr_assert_eq(strlen(path), HTTP_PATH_MAX - 1);
    cr_assert_eq(http_path((struct span){text, HTTP_PATH_MAX}, HTTP_GET, path),
                 414);
}

Test(http_path, checks_hosts)
{
    static const char *const good[] = {"",          "a",       "a.b-c_d~:80",
                                       "a:",        "[::1]",   "[::1]:8",
                                       "[v1.x:y]:", "1.2.3.4", "%41"};
    static const char *const bad[] = {
        "a b",    "a/b",   "a@b",     "a:b", "a:8x", "[::1",
        "[::1]8", "[]",    "[::]x:1", "a]",  "a[",   "[a/b]",
        "[[::]",  "a:1:2", "a\"b",    "a?",  "a#",   "::1"};

    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        cr_assert(http_authority((struct span){good[i], strlen(good[i])}), "%s",
                  good[i]);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        cr_assert(!http_authority((struct span){bad[i], strlen(bad[i])}), "%s",
                  bad[i]);
}
