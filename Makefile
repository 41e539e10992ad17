# mote: see `make help`.

B     = build
D     = $(B)/deps
CC    = gcc
AR    = ar
V     = 0
Q     = $(if $(filter 0,$(V)),@,)

CSTD  = -std=c17
WARN  = -Wall -Wextra -Werror -Wconversion -Wshadow -Wundef -Wvla \
        -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual

include test/unit/unit.mk
