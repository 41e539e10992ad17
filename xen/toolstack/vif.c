/*
 * vif.c: what Xen's script vif-bridge does for a plain vif, at a hundredth of
 * its cost: libxl calls it when a guest's interface comes and goes, as
 *
 *     vif-mote online|offline type_if=vif
 *
 * with XENBUS_PATH, the back-end's folder in xenstore, and vif, the interface,
 * in the environment.  The vif goes onto its bridge, with the bridge's MTU or
 * the one asked for, and up.  Whatever else the folder asks for, and every
 * other call, is left to the script itself, which then runs instead.
 */

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <xenstore.h>

#define STOCK "/etc/xen/scripts/vif-bridge"
#define HOOKS "/etc/xen/scripts/vif-post.d" /* it has shells' hooks there */

struct vif {
    const char *path; /* XENBUS_PATH */
    const char *name; /* the interface */
    char *bridge;     /* its bridge's name */
    char *mtu;        /* as it was asked for; NULL: the bridge's */
    struct xs_handle *xs;
    int socket; /* any: to ask the kernel through */
};

/* Keys of the back-end's folder that are done justice here. */
static const char *const known[] = {
    "bridge",         "frontend", "frontend-id", "handle", "hotplug-error",
    "hotplug-status", "mac",      "mtu",         "online", "script",
    "state",          "trusted",  "type",
};
static const char *const known_prefixes[] = {"feature-", "multi-queue-"};

static _Noreturn void hand_over(char *argv[])
{
    char stock[] = STOCK;

    argv[0] = stock;
    execv(stock, argv);
    fprintf(stderr, "vif-mote: %s: %s\n", stock, strerror(errno));
    exit(1);
}

static bool put(const struct vif *v, const char *key, const char *value)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", v->path, key);
    return xs_write(v->xs, XBT_NULL, path, value, (unsigned)strlen(value));
}

/* libxl shows what stands in hotplug-error. */
static _Noreturn void fail(const struct vif *v, const char *fmt, ...)
{
    char why[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    put(v, "hotplug-error", why);
    put(v, "hotplug-status", "error");
    exit(1);
}

/* NULL: there is none. */
static char *get(const struct vif *v, const char *key)
{
    char path[256];
    unsigned len;

    snprintf(path, sizeof(path), "%s/%s", v->path, key);
    return xs_read(v->xs, XBT_NULL, path, &len);
}

static bool is_known(const char *key)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (!strcmp(key, known[i]))
            return true;
    for (size_t i = 0; i < sizeof(known_prefixes) / sizeof(char *); i++)
        if (!strncmp(key, known_prefixes[i], strlen(known_prefixes[i])))
            return true;
    return false;
}

/* Read what is asked for; false: more than a bridge and an MTU. */
static bool understand(struct vif *v)
{
    unsigned n;
    char **keys = xs_directory(v->xs, XBT_NULL, v->path, &n);

    if (!keys)
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (!is_known(keys[i]))
            return false;
        if (!strcmp(keys[i], "mtu"))
            v->mtu = get(v, "mtu");
    }
    v->bridge = get(v, "bridge");
    return v->bridge && *v->bridge && access(HOOKS, F_OK) != 0;
}

static struct ifreq request(const char *name)
{
    struct ifreq r = {0};

    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    return r;
}

static void ask(const struct vif *v, unsigned long what, struct ifreq *r,
                const char *task)
{
    if (ioctl(v->socket, what, r))
        fail(v, "cannot %s %s: %s", task, r->ifr_name, strerror(errno));
}

static bool in_sysfs(const char *name, const char *rest)
{
    char path[256];

    snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, rest);
    return access(path, F_OK) == 0;
}

static void check_bridge(const struct vif *v)
{
    if (!in_sysfs(v->bridge, "."))
        fail(v,
             "no bridge %s in dom0: ip link add %s type bridge && "
             "ip link set %s up",
             v->bridge, v->bridge, v->bridge);
    if (!in_sysfs(v->bridge, "bridge"))
        fail(v, "%s in dom0 is no bridge", v->bridge);
}

static void set_mtu(const struct vif *v)
{
    struct ifreq r = request(v->bridge);

    ask(v, SIOCGIFMTU, &r, "look at");
    if (v->mtu)
        r.ifr_mtu = atoi(v->mtu);
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", v->name);
    ask(v, SIOCSIFMTU, &r, "set the MTU of");
}

/* The highest of unicast addresses: a bridge takes the lowest for its own. */
static void set_address(const struct vif *v)
{
    struct ifreq r = request(v->name);

    r.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(r.ifr_hwaddr.sa_data, "\xfe\xff\xff\xff\xff\xff", 6);
    ask(v, SIOCSIFHWADDR, &r, "set the address of");
}

static void enslave(const struct vif *v)
{
    struct ifreq r = request(v->bridge);
    char member[32];

    snprintf(member, sizeof(member), "brif/%s", v->name);
    r.ifr_ifindex = (int)if_nametoindex(v->name);
    if (ioctl(v->socket, SIOCBRADDIF, &r) == 0)
        return;
    const char *why = strerror(errno);

    if (!in_sysfs(v->bridge, member)) /* somebody else was faster */
        fail(v, "cannot put %s onto %s: %s", v->name, v->bridge, why);
}

static void set_up(const struct vif *v)
{
    struct ifreq r = request(v->name);

    ask(v, SIOCGIFFLAGS, &r, "look at");
    r.ifr_flags |= IFF_UP;
    ask(v, SIOCSIFFLAGS, &r, "start");
}

/* The front-end reads its MTU from its own folder. */
static void tell_frontend(const struct vif *v)
{
    struct ifreq r = request(v->name);
    char path[280], mtu[12], *frontend = get(v, "frontend");

    ask(v, SIOCGIFMTU, &r, "look at");
    snprintf(path, sizeof(path), "%s/mtu", frontend ? frontend : "");
    snprintf(mtu, sizeof(mtu), "%d", r.ifr_mtu);
    if (!frontend ||
        !xs_write(v->xs, XBT_NULL, path, mtu, (unsigned)strlen(mtu)))
        fail(v, "cannot write %s: %s", path, strerror(errno));
}

static void online(const struct vif *v)
{
    check_bridge(v);
    set_address(v);
    set_mtu(v); /* first: a bridge takes the least of its ports' */
    enslave(v);
    set_up(v);
    tell_frontend(v);
    if (!put(v, "hotplug-status", "connected"))
        fail(v, "cannot write hotplug-status: %s", strerror(errno));
}

/* Mostly it is gone already, and with it all that was set; but it may have had
 * another name, which only the script knows. */
static bool offline(const struct vif *v)
{
    struct ifreq r = request(v->name);

    if (!if_nametoindex(v->name))
        return !get(v, "vifname");
    ask(v, SIOCGIFFLAGS, &r, "look at");
    r.ifr_flags &= ~IFF_UP;
    ask(v, SIOCSIFFLAGS, &r, "stop");
    return true; /* it leaves its bridge when it goes */
}

int main(int argc, char *argv[])
{
    struct vif v = {.path = getenv("XENBUS_PATH"), .name = getenv("vif")};

    if (argc != 3 || strcmp(argv[2], "type_if=vif") != 0 || !v.path || !v.name)
        hand_over(argv);
    v.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    v.xs = xs_open(0);
    if (v.socket < 0 || !v.xs)
        hand_over(argv);
    if (!strcmp(argv[1], "online") && understand(&v))
        online(&v);
    else if (strcmp(argv[1], "offline") != 0 || !offline(&v))
        hand_over(argv);
    return 0;
}
