/* Any command line: arguments and values that end within it. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lib/param.h"
#include "test/fake/said.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *ip, *quiet;

extern const struct param params_start[];
const struct param params_start[] = {{"ip", &ip}, {"quiet", &quiet}};
__asm__(".globl params_end\n.set params_end, params_start + 2 * 16");
_Static_assert(sizeof(struct param) == 16, "as params_end has it");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *line = malloc(n + 1);
    char **argv;
    size_t used = 0;
    int argc;

    memcpy(line, data, n);
    line[n] = '\0';
    fake_said[0] = '\0';
    ip = quiet = NULL;
    argc = param_init(line, &argv);
    if (argc < 1 || argc > PARAM_ARGS_MAX + 1 || argv[argc])
        abort();
    for (int i = 1; i < argc; i++)
        used += strlen(argv[i]) + 1;
    used += ip ? strlen(ip) : 0;
    used += quiet ? strlen(quiet) : 0;
    if (used > strlen(line) || used > PARAM_LINE_MAX)
        abort();
    free(line);
    return 0;
}
