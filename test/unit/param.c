#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "lib/param.h"
#include "test/fake/said.h"

static const char *ip, *quiet, *i;

/* As the linker would collect them. */
extern const struct param params_start[];
const struct param params_start[] = {
    {"ip", &ip},
    {"quiet", &quiet},
    {"i", &i},
};
__asm__(".globl params_end\n.set params_end, params_start + 3 * 16");
_Static_assert(sizeof(struct param) == 16, "as params_end has it");

static char **argv;

static void expect_args(int argc, const char *const *want)
{
    for (int k = 0; k < argc; k++)
        cr_assert_str_eq(argv[k], want[k]);
    cr_assert_null(argv[argc]);
}

Test(param, an_empty_line_gives_a_name_and_nothing_else)
{
    cr_assert_eq(param_init("", &argv), 1);
    expect_args(1, (const char *[]){"mote"});
    cr_assert_null(ip);
    cr_assert_eq(fake_lines, 0);
}

Test(param, sets_what_is_declared)
{
    cr_assert_eq(param_init(" ip=10.0.0.1/24,gw=10.0.0.2\tquiet \n", &argv), 1);
    cr_assert_str_eq(ip, "10.0.0.1/24,gw=10.0.0.2");
    cr_assert_str_eq(quiet, "");
    cr_assert_null(i);
    cr_assert_eq(fake_lines, 0);
}

Test(param, the_last_of_a_name_counts)
{
    param_init("ip=1 ip=2 ip=", &argv);
    cr_assert_str_eq(ip, "");
}

Test(param, names_and_ignores_what_nobody_declares)
{
    param_init("root=/dev/xvda1 ipx=1 =2 ip=3 IP=4 q", &argv);
    cr_assert_str_eq(ip, "3");
    cr_assert_str_eq(fake_said, "unknown parameter ignored: root=/dev/xvda1\n"
                                "unknown parameter ignored: ipx=1\n"
                                "unknown parameter ignored: =2\n"
                                "unknown parameter ignored: IP=4\n"
                                "unknown parameter ignored: q\n");
}

Test(param, leaves_the_rest_to_main)
{
    cr_assert_eq(param_init("ip=1 -- ip=2  8080 -- x", &argv), 5);
    expect_args(5, (const char *[]){"mote", "ip=2", "8080", "--", "x"});
    cr_assert_str_eq(ip, "1");
    cr_assert_eq(fake_lines, 0);
}

Test(param, a_second_line_leaves_nothing_of_the_first)
{
    param_init("-- one two three", &argv);
    cr_assert_eq(param_init("-- x", &argv), 2);
    expect_args(2, (const char *[]){"mote", "x"});
}

Test(param, quotes_keep_blanks)
{
    cr_assert_eq(
        param_init("ip=\"a b\" \"quiet=1  2\" -- \"x y\" a\" \"b \"\" c",
                   &argv),
        5);
    cr_assert_str_eq(ip, "a b");
    cr_assert_str_eq(quiet, "1  2");
    expect_args(5, (const char *[]){"mote", "x y", "a b", "", "c"});
}

Test(param, says_when_a_quote_is_not_closed)
{
    cr_assert_eq(param_init("-- a \"b c ", &argv), 3);
    expect_args(3, (const char *[]){"mote", "a", "b c "});
    cr_assert_eq(fake_lines, 1);
    cr_assert(strstr(fake_said, "a quote is not closed"));
}

Test(param, limits_the_arguments)
{
    char line[PARAM_LINE_MAX] = "--";

    for (int k = 0; k < PARAM_ARGS_MAX; k++)
        strcat(line, " a");
    cr_assert_eq(param_init(line, &argv), PARAM_ARGS_MAX + 1);
    cr_assert_null(argv[PARAM_ARGS_MAX + 1]);
    cr_assert_eq(fake_lines, 0);
    strcat(line, " b");
    cr_assert_eq(param_init(line, &argv), PARAM_ARGS_MAX + 1);
    cr_assert_null(argv[PARAM_ARGS_MAX + 1]);
    cr_assert_str_eq(fake_said, "more than 64 arguments, ignored: b\n");
}

Test(param, limits_the_line)
{
    char line[PARAM_LINE_MAX + 2];

    memset(line, 'x', sizeof(line));
    memcpy(line, "ip=", 3);
    line[PARAM_LINE_MAX] = '\0';
    param_init(line, &argv);
    cr_assert_eq(strlen(ip), PARAM_LINE_MAX - 3);
    cr_assert_eq(fake_lines, 0);
    line[PARAM_LINE_MAX] = 'x';
    line[PARAM_LINE_MAX + 1] = '\0';
    param_init(line, &argv);
    cr_assert_eq(strlen(ip), PARAM_LINE_MAX - 3);
    cr_assert_str_eq(fake_said,
                     "the command line is cut off after 1024 bytes\n");
}
