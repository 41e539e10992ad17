#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "lib/http.h"
#include "lib/util.h"

#define NOW 1790000000 /* in 2026 */

Test(http_date, writes_dates_as_the_standard_library_does)
{
    static const time_t times[] = {0,           784111777,  951782400,
                                   951868799,   1709251199, 4102444800,
                                   253402300799};
    char date[HTTP_DATE_SIZE], want[64];

    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        http_date(date, times[i]);
        strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT",
                 gmtime(&times[i]));
        cr_assert_str_eq(date, want);
    }
    http_date(date, -1);
    cr_assert_str_eq(date, "Thu, 01 Jan 1970 00:00:00 GMT");
    http_date(date, INT64_MAX);
    cr_assert_str_eq(date, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static bool read_date(const char *text, time_t *t)
{
    return http_date_read((struct span){text, strlen(text)}, NOW, t);
}

Test(http_date, reads_the_three_forms)
{
    static const char *const forms[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "Sun Nov 06 08:49:37 1994"};
    time_t t;

    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        cr_assert(read_date(forms[i], &t), "%s", forms[i]);
        cr_assert_eq(t, 784111777, "%s", forms[i]);
    }
}

Test(http_date, reads_what_it_writes)
{
    char date[HTTP_DATE_SIZE];
    time_t t;

    for (time_t want = 0; want < 8000000000; want += 86399 * 7) {
        http_date(date, want);
        cr_assert(read_date(date, &t) && t == want, "%s", date);
    }
}

Test(http_date, takes_a_year_far_ahead_for_a_past_one)
{
    time_t t;

    cr_assert(read_date("Friday, 01-Jan-76 00:00:00 GMT", &t));
    cr_assert_eq(t, 3345062400); /* 2076 */
    cr_assert(read_date("Friday, 01-Jan-77 00:00:00 GMT", &t));
    cr_assert_eq(t, 220924800); /* 1977 */
}

Test(http_date, refuses_what_is_no_date)
{
    static const char *const texts[] = {"",
                                        "0",
                                        "Sun, 06 Nov 1994 08:49:37 UTC",
                                        "Sun, 06 Nov 1994 08:49:37",
                                        "Sun, 6 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Nox 1994 08:49:37 GMT",
                                        "Sun, 31 Nov 1994 08:49:37 GMT",
                                        "Sun, 29 Feb 1995 08:49:37 GMT",
                                        "Sun, 29 Feb 1900 08:49:37 GMT",
                                        "Sun, 00 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 1994 24:49:37 GMT",
                                        "Sun, 06 Nov 1994 08:60:37 GMT",
                                        "Sun, 06 Nov 1994 08:49:61 GMT",
                                        "Sun, 06 Nov 1994 08:49:37 GMT ",
                                        "Sun, 06-Nov-1994 08:49:37 GMT",
                                        "S1n Nov  x 08:49:37 1994",
                                        "Sun, 06 Nov 199x 08:49:37 GMT",
                                        "Sun  06 Nov 1994 08:49:37 GMT"};
    time_t t;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        cr_assert(!read_date(texts[i], &t), "%s", texts[i]);
    cr_assert(read_date("Tue, 29 Feb 2000 08:49:37 GMT", &t));
}
