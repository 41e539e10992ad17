#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include "net/budget.h"

Test(budget, stops_at_its_limit_and_recovers)
{
    void *p, *q;

    budget_init(1000);
    p = budget_malloc(600);
    cr_assert_not_null(p);
    cr_assert_geq(slab_in_use(), 600);
    cr_assert_null(budget_malloc(600));
    cr_assert_null(budget_malloc(1001));
    cr_assert_null(budget_malloc(SIZE_MAX));
    budget_free(p);
    cr_assert_eq(slab_in_use(), 0);
    q = budget_malloc(900);
    cr_assert_not_null(q);
    budget_free(q);
    budget_free(NULL);
}

Test(budget, is_low_when_a_quarter_is_left)
{
    void *p, *q;

    budget_init(4000);
    p = budget_malloc(2900);
    cr_assert(!budget_low());
    q = budget_malloc(300);
    cr_assert(budget_low());
    budget_free(q);
    cr_assert(!budget_low());
    budget_free(p);
}

Test(budget, clears_and_counts_what_calloc_gives)
{
    static const char zeros[100];
    char *p;

    budget_init(1000);
    p = budget_malloc(100);
    memset(p, 1, 100);
    budget_free(p);
    p = budget_calloc(10, 10);
    cr_assert_eq(memcmp(p, zeros, 100), 0);
    cr_assert_geq(slab_in_use(), 100);
    budget_free(p);
    cr_assert_null(budget_calloc(SIZE_MAX / 2, 4));
}

Test(budget, gives_smaller_shares_the_less_is_left)
{
    void *held[100];
    size_t n = 0, share;

    budget_init(400000); /* low at 300,000 */
    cr_assert_eq(budget_share(), 75000 / 2);
    while (n < 100 && (share = budget_share()) > 100) {
        held[n] = budget_malloc(share - 64);
        cr_assert_not_null(held[n++]);
        cr_assert_lt(budget_share(), share);
        cr_assert_leq(slab_in_use(), 75000);
    }
    cr_assert_gt(slab_in_use(), 70000);
    held[n] = budget_malloc(200000);
    cr_assert(!budget_low());
    cr_assert_eq(budget_share(), 0);
    budget_free(held[n]);
    while (n)
        budget_free(held[--n]);
    cr_assert_eq(budget_share(), 75000 / 2);
}
