/* constant.h: memory that stands for the ramdisk's pages. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FAKE_CONSTANT_SIZE (40 * 4096)

extern uint8_t fake_constant[FAKE_CONSTANT_SIZE]; /* page-aligned */
