/* main.c: the boot order, and the loop that everything else runs in. */

#include <stdlib.h>

#include "arch/x86_64/address.h"
#include "arch/x86_64/mm.h"
#include "arch/x86_64/trap.h"
#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "lib/param.h"
#include "lib/random.h"
#include "lib/tty.h"
#include "xen/clock.h"
#include "xen/console.h"
#include "xen/evtchn.h"
#include "xen/shutdown.h"
#include "xen/stamp.h"
#include "xen/start.h"
#include "xen/xenstore.h"

#define TURNS 8 /* between two looks at events and the clock */

int main(int argc, char **argv);
_Noreturn void kmain(const struct start_info *si);

extern uintptr_t __stack_chk_guard; /* nothing that checks it may be under way
                                       when it changes: kmain() never returns */
extern void (*const init_array_start[])(void), (*const init_array_end[])(void);

extern const uint8_t pool_least[]; /* arch/x86_64/link.lds: it is a number */

/* Image and ramdisk may have left too little. */
static void check_memory(void)
{
    const size_t least = (uintptr_t)pool_least, free = page_count_free();

    if (free < least)
        panic("not enough memory: raise memory= in the config by %lu",
              ((least - free) * PAGE_SIZE >> 20) + 1);
}

static void run_main(void *arg)
{
    char **argv;
    int argc = param_init(start_command_line(), &argv);

    (void)arg;
    stamp_init();
    for (size_t i = 0; &init_array_start[i] < init_array_end; i++)
        init_array_start[i]();
    stamp(STAMP_MAIN);
    exit(main(argc, argv));
}

_Noreturn void kmain(const struct start_info *si)
{
    struct memory memory;

    stamp(STAMP_ENTRY);

    /* Everything else looks into what Xen gave us, and may have to complain. */
    start_init(si);
    console_init(mfn_to_virt(si->console.domU.mfn), si->console.domU.evtchn);
    stamp(STAMP_CONSOLE);

    /* A fault is legible from here on, and events end a sleep; then memory is
     * W^X, pages and malloc work; then stack frames have a canary. */
    trap_init(sched_backtrace);
    evtchn_init();
    stamp(STAMP_TRAPS);
    memory = mm_init();
    page_init(&memory);
    check_memory();
    stamp(STAMP_MEMORY);
    random_init();
    stamp(STAMP_RANDOM);
    __stack_chk_guard = (uintptr_t)random_u32() << 32 | random_u32();

    /* What main() finds: stdio, the toolstack's database, its orders. */
    tty_init();
    xs_init(mfn_to_virt(si->store_mfn), si->store_evtchn);
    if (!thread_create("main", run_main, NULL))
        panic("not enough memory to start: raise memory= in the config");
    sched_run(1); /* until it waits for the first time: all else is later */
    shutdown_init();

    for (;;) {
        evtchn_dispatch(); /* events make threads ready */
        if (sched_next_deadline() != NEVER)
            sched_expire(clock_now());          /* so do deadlines */
        if (!sched_run(TURNS))                  /* each runs until it waits */
            evtchn_wait(sched_next_deadline()); /* nobody ready: sleep in Xen */
    }
}
