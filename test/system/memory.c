/* memory: what the page tables allow, and all of malloc's memory, twice. */

#include <stdbool.h>
#include <string.h>

#include "arch/x86_64/address.h"
#include "kernel/page.h"
#include "kernel/stack.h"
#include "test/system/verdict.h"

#define PRESENT 1ul
#define WRITE   2ul
#define NX      (1ul << 63)
#define FRAME   0x000ffffffffff000ul
#define XEN_L4  256 /* slots from here on are Xen's own */

extern uint8_t text_end[], data_start[];
extern uint8_t boot_stack_guard[];

static unsigned long pages;

static uint64_t *table(uint64_t entry)
{
    return mfn_to_virt((entry & FRAME) >> PAGE_SHIFT);
}

static void check_page(uintptr_t va, uint64_t rights)
{
    const uint8_t *p = (const uint8_t *)va;

    pages++;
    CHECK(p >= image_start);
    if (p < text_end)
        CHECK(!(rights & WRITE) && !(rights & NX));
    else if (p < data_start)
        CHECK(!(rights & WRITE) && rights & NX);
    else
        CHECK(rights & NX);
}

/* Everything mapped below Xen's half; rights are those of all levels. */
static void walk(const uint64_t *t, int level, uintptr_t va, uint64_t rights)
{
    unsigned n = level == 4 ? XEN_L4 : 512;

    for (unsigned i = 0; i < n; i++) {
        uintptr_t at = va | (uintptr_t)i << (12 + 9 * (level - 1));
        uint64_t e = t[i];
        uint64_t here = (rights & e & WRITE) | ((rights | e) & NX);

        if (!(e & PRESENT))
            continue;
        if (level == 1)
            check_page(at, here);
        else
            walk(table(e), level - 1, at, here);
    }
}

static bool mapped(uintptr_t va)
{
    const uint64_t *t = (const uint64_t *)start_info->pt_base;

    for (int level = 4;; level--) {
        uint64_t e = t[va >> (12 + 9 * (level - 1)) & 511];

        if (!(e & PRESENT))
            return false;
        if (level == 1)
            return true;
        t = table(e);
    }
}

static size_t use_all_memory(void)
{
    static char *piece[4096];
    size_t n = 0, bytes = 0;

    for (size_t size = 65536; size >= 64; size /= 2)
        while (n < 4096 && (piece[n] = malloc(size))) {
            memset(piece[n], (int)n, size);
            CHECK(piece[n][0] == (char)n);
            n++;
            bytes += size;
        }
    for (size_t i = 0; i < n; i++) {
        CHECK(piece[i][0] == (char)i);
        free(piece[i]);
    }
    return bytes;
}

int main(void)
{
    char *stack = stack_alloc();
    size_t first, second;

    walk((const uint64_t *)start_info->pt_base, 4, 0, WRITE);
    printf("%lu pages mapped of %lu\n", pages, start_info->nr_pages);
    CHECK(!mapped(0));
    CHECK(!mapped((uintptr_t)image_start - 1));
    CHECK(!mapped((uintptr_t)boot_stack_guard));
    CHECK(stack && mapped((uintptr_t)stack) && !mapped((uintptr_t)stack - 1));
    stack_free(stack);
    CHECK(mapped((uintptr_t)stack - 1));

    first = use_all_memory();
    second = use_all_memory();
    printf("malloc gave %lu KB, then %lu KB\n", (unsigned long)first / 1024,
           (unsigned long)second / 1024);
    CHECK(first > start_info->nr_pages * PAGE_SIZE / 4);
    CHECK(second >= first - first / 16);
    return pass();
}
