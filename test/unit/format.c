/* format.c: the same as the machine's snprintf() makes. */

#include <criterion/criterion.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int vsniprintf(char *text, size_t size, const char *fmt, va_list ap);
int sniprintf(char *text, size_t size, const char *fmt, ...);

/* Both, with room for 39 characters. */
static void same(const char *fmt, ...)
{
    char ours[40], theirs[40];
    va_list ap;
    int n, m;

    va_start(ap, fmt);
    n = vsniprintf(ours, sizeof(ours), fmt, ap);
    va_end(ap);
    va_start(ap, fmt);
    m = vsnprintf(theirs, sizeof(theirs), fmt, ap);
    va_end(ap);
    cr_assert_str_eq(ours, theirs, "of '%s'", fmt);
    cr_assert_eq(n, m, "%d, not %d characters of '%s'", n, m, fmt);
}

/* Every combination of flags, width, precision and length. */
Test(format, integers_look_as_c_wants)
{
    static const char *const widths[] = {"", "1", "6", "24"};
    static const char *const precisions[] = {"", ".", ".0", ".1", ".7", ".23"};
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "j", "z"};
    static const long numbers[] = {0,       1,        -1,       7,
                                   -128,    255,      65535,    INT_MIN,
                                   INT_MAX, LONG_MIN, LONG_MAX, 0x123456789a};
    char fmt[32];

    for (unsigned flags = 0; flags < 32; flags++)
        for (size_t w = 0; w < 4; w++)
            for (size_t p = 0; p < 6; p++)
                for (size_t l = 0; l < 7; l++)
                    for (const char *c = "diuoxX"; *c; c++) {
                        char *f = fmt;

                        *f++ = '%';
                        for (unsigned i = 0; i < 5; i++)
                            if (flags >> i & 1)
                                *f++ = "-+ #0"[i];
                        sprintf(f, "%s%s%s%c", widths[w], precisions[p],
                                lengths[l], *c);
                        for (size_t n = 0; n < 12; n++)
                            same(fmt, numbers[n]);
                    }
}

Test(format, strings_and_characters)
{
    same("");
    same("no conversion");
    same("%s", "text");
    same("[%10s|%-10s|%.2s|%5.1s|%.0s]", "one", "two", "three", "four", "five");
    same("%c%3c%-3c.", 'a', 'b', 'c');
    same("100%%, %d%%", 5);
    same("%p", (void *)0x1234);
    same("%s", (char *)NULL);
}

Test(format, widths_and_precisions_come_as_arguments)
{
    same("%*d|%*d", 6, 1, -6, 2);
    same("%.*s|%.*s", 2, "abc", -1, "abc");
    same("%-*.*x", 10, 5, 0xbeefu);
}

Test(format, several_arguments_in_their_order)
{
    same("%d %lu %s %c %#lx", -1, ULONG_MAX, "s", 'x', 0xfeedfacecafebeeful);
}

Test(format, a_text_of_which_precision_says_the_end_needs_none)
{
    char text[8];
    const char bytes[2] = {'h', 'i'};

    cr_assert_eq(sniprintf(text, sizeof(text), "%.2s", bytes), 2);
    cr_assert_str_eq(text, "hi");
}

Test(format, what_does_not_fit_is_counted)
{
    char text[4] = "xxx";

    cr_assert_eq(sniprintf(text, sizeof(text), "%d", 123456), 6);
    cr_assert_str_eq(text, "123");
    cr_assert_eq(sniprintf(text, 1, "%s%8d", "abc", 1), 11);
    cr_assert_str_eq(text, "");
    cr_assert_eq(sniprintf(NULL, 0, "%s", "abc"), 3);
}

Test(format, what_is_cut_off_does_no_harm)
{
    char text[8];

    cr_assert_eq(sniprintf(text, sizeof(text), "ab%"), 2);
    cr_assert_eq(sniprintf(text, sizeof(text), "ab%-08"), 2);
    cr_assert_str_eq(text, "ab");
}
