#include <criterion/criterion.h>
#include "lib/crowd.h"

enum { LOW, HIGH };

static struct crowd crowd = {.limits = {[LOW] = 100, [HIGH] = 10}};
static struct crowd_member a, b, c;

Test(crowd, is_empty_at_first)
{
    cr_assert_null(crowd_weakest(&crowd));
    cr_assert_null(crowd_late(&crowd, 1000000));
    cr_assert_eq(crowd_deadline(&crowd), INT64_MAX);
    cr_assert_eq(crowd.members, 0);
}

Test(crowd, gives_up_low_states_and_old_members_first)
{
    crowd_join(&crowd, &a, HIGH, 0);
    crowd_join(&crowd, &b, LOW, 1);
    crowd_join(&crowd, &c, LOW, 2);
    cr_assert_eq(crowd.members, 3);
    cr_assert_eq(crowd_weakest(&crowd), &b);
    crowd_change(&crowd, &b, LOW, 3); /* now c is the older one */
    cr_assert_eq(crowd_weakest(&crowd), &c);
    crowd_leave(&crowd, &c);
    cr_assert_eq(crowd_weakest(&crowd), &b);
    crowd_leave(&crowd, &b);
    cr_assert_eq(crowd_weakest(&crowd), &a);
    crowd_leave(&crowd, &a);
    cr_assert_null(crowd_weakest(&crowd));
    cr_assert_eq(crowd.members, 0);
}

Test(crowd, knows_whose_time_is_up)
{
    crowd_join(&crowd, &a, LOW, 0);
    crowd_join(&crowd, &b, HIGH, 50);
    crowd_join(&crowd, &c, HIGH, 55);
    cr_assert_eq(crowd_deadline(&crowd), 60);
    cr_assert_null(crowd_late(&crowd, 59));
    cr_assert_eq(crowd_late(&crowd, 60), &b);
    crowd_change(&crowd, &b, LOW, 60);
    cr_assert_eq(crowd_deadline(&crowd), 65);
    crowd_leave(&crowd, &c);
    cr_assert_eq(crowd_deadline(&crowd), 100);
    cr_assert_eq(crowd_late(&crowd, 100), &a);
    crowd_leave(&crowd, &a);
    cr_assert_eq(crowd_deadline(&crowd), 160);
}

Test(crowd, loses_members_from_the_middle)
{
    crowd_join(&crowd, &a, LOW, 0);
    crowd_join(&crowd, &b, LOW, 1);
    crowd_join(&crowd, &c, LOW, 2);
    crowd_leave(&crowd, &b);
    cr_assert_eq(crowd_weakest(&crowd), &a);
    crowd_leave(&crowd, &a);
    cr_assert_eq(crowd_weakest(&crowd), &c);
    crowd_join(&crowd, &a, LOW, 3);
    crowd_leave(&crowd, &c);
    cr_assert_eq(crowd_weakest(&crowd), &a);
}
