/* idle: what a guest costs that has nothing to do, in wakes and in time of its
 * own, which under icount is instructions.  Argument: "net" or nothing. */

#include <stdbool.h>
#include <string.h>

#include "kernel/sched.h"
#include "net/lwip.h"
#include "test/system/verdict.h"
#include "xen/clock.h"
#include "xen/evtchn.h"
#include "xen/hypercall.h"

#define SECONDS 20
#define SETTLE  5 /* until DHCP and the toolstack are done with us */

static uint64_t own_time(void)
{
    struct vcpu_runstate_info info;

    hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0,
               hypercall_arg(&info));
    return info.time[RUNSTATE_running];
}

int main(int argc, char **argv)
{
    bool net = argc > 1 && !strcmp(argv[1], "net");
    uint64_t wakes, time;

    if (net)
        CHECK(net_up() == 0 &&
              net_wait_address(clock_now() + 60 * SECOND) == 0);
    thread_sleep(clock_now() + SETTLE * SECOND);
    wakes = evtchn_sleeps();
    time = own_time();
    thread_sleep(clock_now() + SECONDS * SECOND);
    wakes = evtchn_sleeps() - wakes;
    time = own_time() - time;
    printf("%lu wakes and %lu ns in %d s\n", wakes, time, SECONDS);
    CHECK(wakes <= (net ? 20 * SECONDS : 1)); /* one: our own sleep's end */
    CHECK(time <= SECONDS * (net ? 200000 : 5000));
    return pass();
}
