/* constant.c: see constant.h. */

#include "test/fake/constant.h"

#include "kernel/page.h"
#include "xen/start.h"

_Alignas(PAGE_SIZE) uint8_t fake_constant[FAKE_CONSTANT_SIZE];

bool start_in_ramdisk(const void *at, size_t n)
{
    const size_t from = (uintptr_t)at - (uintptr_t)fake_constant;

    return from < FAKE_CONSTANT_SIZE && n <= FAKE_CONSTANT_SIZE - from;
}
