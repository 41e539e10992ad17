/* config.c: writes the config with which plain `xl create` starts an image. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xen/toolstack/elf.h"
#include "xen/toolstack/layout.h"

#define MIN_MEGABYTES 4 /* unless less is asked for: room for a heap */
#define MAX_VIFS      8
#define MAX_DISKS     16
#define MAX_FILE      (1l << 34)
#define VIF_MOTE      "/etc/xen/scripts/vif-mote"

static const char usage[] =
    "config IMAGE.xen [--ramdisk FILE] [--name NAME] [--vifs N]\n"
    "       [--memory MB] [--extra WORDS] [--disk FILE]... [--script NAME]\n"
    "config IMAGE.xen --wants\n"
    "Writes an xl config to standard output.  It names image and ramdisk\n"
    "without their folder: config, image and ramdisk belong into one.\n"
    "vif N goes to the bridge xenbrN.\n"
    "--script: connects the vifs in dom0; without it vif-mote does, if it is\n"
    "installed here, or else Xen's vif-bridge.\n"
    "--disk: a raw image or a block device in dom0; the first one is xvda.\n"
    "--wants: says instead what the image uses: network ramdisk disks.\n";

struct options {
    const char *image, *ramdisk, *name, *extra, *script;
    const char *disks[MAX_DISKS];
    int disks_given;
    long vifs, memory; /* -1: as the image says */
    bool wants;
};

static _Noreturn void die(const char *fmt, ...)
{
    va_list ap;

    fputs("config: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static long number(const char *option, const char *text, long max)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (end == text || *end || n < 0 || n > max)
        die("--%s takes a number from 0 to %ld, not '%s'", option, max, text);
    return n;
}

static struct options parse(int argc, char *argv[])
{
    static const struct option longs[] = {
        {"ramdisk", required_argument, NULL, 'r'},
        {"name", required_argument, NULL, 'n'},
        {"vifs", required_argument, NULL, 'v'},
        {"memory", required_argument, NULL, 'm'},
        {"extra", required_argument, NULL, 'e'},
        {"disk", required_argument, NULL, 'd'},
        {"script", required_argument, NULL, 's'},
        {"wants", no_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct options o = {.extra = "", .vifs = -1, .memory = -1};

    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        switch (c) {
        case 'r':
            o.ramdisk = optarg;
            break;
        case 'n':
            o.name = optarg;
            break;
        case 'v':
            o.vifs = number("vifs", optarg, MAX_VIFS);
            break;
        case 'm':
            o.memory = number("memory", optarg, 1l << 20);
            break;
        case 'e':
            o.extra = optarg;
            break;
        case 'd':
            if (o.disks_given == MAX_DISKS)
                die("no more than %d disks, please", MAX_DISKS);
            o.disks[o.disks_given++] = optarg;
            break;
        case 's':
            o.script = optarg;
            break;
        case 'w':
            o.wants = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            exit(1); /* getopt_long has said why */
        }
    }
    if (optind + 1 != argc)
        die("one image, please: see config --help");
    o.image = argv[optind];
    return o;
}

static void *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    void *data = NULL;

    if (!f || fstat(fileno(f), &st))
        die("%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE)
        die("%s: not a file of a guest's size", path);
    *size = (size_t)st.st_size;
    data = malloc(*size + 1);
    if (!data || fread(data, 1, *size, f) != *size)
        die("%s: cannot read all of it", path);
    fclose(f);
    return data;
}

static uint64_t file_size(const char *path)
{
    struct stat st;

    if (stat(path, &st))
        die("%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE)
        die("%s: not a file of a ramdisk's size", path);
    return (uint64_t)st.st_size;
}

/* A line of the config: key="text", quoted as xl unquotes. */
static void put_text(const char *key, const char *text)
{
    printf("%s = \"", key);
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ')
            die("%s: '%s' has a control character in it", key, text);
        if (*c == '"' || *c == '\\')
            putchar('\\');
        putchar(*c);
    }
    puts("\"");
}

/* The guest's name: the image's without its last suffix, unless it is given. */
static void put_name(const struct options *o)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    char name[64];
    const char *from = o->name ? o->name : base_name(o->image);
    const char *dot = o->name ? NULL : strrchr(from, '.');
    int len = dot && dot > from ? (int)(dot - from) : (int)strlen(from);

    if (snprintf(name, sizeof name, "%.*s", len, from) >= (int)sizeof name ||
        !*name || name[strspn(name, allowed)])
        die("'%.*s' cannot be a guest's name: letters, digits, ._+- please",
            len, from);
    put_text("name", name);
}

/* Each on a bridge of its own: a guest that forwards between two on the same
 * one would make a loop. */
static void put_vifs(long n, const char *script)
{
    if (!script && access(VIF_MOTE, X_OK) == 0)
        script = base_name(VIF_MOTE);
    if (script && (!*script || strpbrk(script, ",'\\\n")))
        die("--script '%s': xl cannot read such a name", script);
    fputs("vif = [", stdout);
    for (long i = 0; i < n; i++)
        printf("%s'bridge=xenbr%ld%s%s'", i ? ", " : "", i,
               script ? ",script=" : "", script ? script : "");
    puts("]");
}

/* An image that can use disks and is given none starts without: a comment says
 * where they would go. */
static void put_disks(const struct options *o, bool uses_disks)
{
    if (o->disks_given == 0 && uses_disks)
        puts("# disk = ['format=raw,vdev=xvda,access=rw,target=/path/of/it']");
    if (o->disks_given == 0)
        return;
    fputs("disk = [", stdout);
    for (int i = 0; i < o->disks_given; i++) {
        const char *target = o->disks[i];

        /* It comes last: all that follows belongs to it. */
        for (const char *c = target; *c; c++)
            if ((unsigned char)*c < ' ' || *c == '\'' || *c == '\\')
                die("--disk '%s': xl cannot read such a name", target);
        if (*target != '/')
            die("--disk '%s': the whole path, please", target);
        printf("%s'format=raw,vdev=xvd%c,access=rw,target=%s'", i ? ", " : "",
               'a' + i, target);
    }
    puts("]");
}

static void put_config(const struct options *o, const struct elf_image *image,
                       uint64_t megabytes, uint64_t least)
{
    puts("type = \"pv\"");
    put_name(o);
    put_text("kernel", base_name(o->image));
    if (o->ramdisk)
        put_text("ramdisk", base_name(o->ramdisk));
    put_text("extra", o->extra);
    printf("memory = %" PRIu64 " # at least %" PRIu64 "\n", megabytes, least);
    puts("vcpus = 1");
    put_vifs(o->vifs >= 0 ? o->vifs : image->uses_network, o->script);
    put_disks(o, image->uses_disks);
    puts("tsc_mode = \"native\"");
    puts("on_poweroff = \"destroy\"");
    /* xl restarts a domain from the folder /, where it would not find these
     * files: who names them absolutely can restart. */
    puts("on_reboot = \"destroy\"");
    puts("on_crash = \"preserve\"");
}

static struct elf_image read_image(const char *path)
{
    struct elf_image image;
    const char *why;
    size_t size;
    void *file = read_file(path, &size);

    if (elf_read(file, size, &image, &why))
        die("%s is damaged or no guest: %s", path, why);
    free(file);
    return image;
}

static void put_wants(const struct elf_image *image)
{
    printf("%s%s%s\n", image->uses_network ? "network " : "",
           image->wants_ramdisk ? "ramdisk " : "",
           image->uses_disks ? "disks " : "");
}

/* In MB: what the guest gets, and the least it could do with. */
static uint64_t memory_for(const struct options *o,
                           const struct elf_image *image, uint64_t *least)
{
    const uint64_t ramdisk = o->ramdisk ? file_size(o->ramdisk) : 0;
    uint64_t mb = layout_megabytes(image, ramdisk, image->pool_pages);

    *least = layout_megabytes(image, ramdisk, image->pool_least);
    if (o->memory >= 0 && (uint64_t)o->memory < *least)
        die("%s needs at least --memory %" PRIu64, o->image, *least);
    if (o->memory >= 0)
        return (uint64_t)o->memory;
    return mb < MIN_MEGABYTES ? MIN_MEGABYTES : mb;
}

int main(int argc, char *argv[])
{
    struct options o = parse(argc, argv);
    struct elf_image image = read_image(o.image);

    if (o.wants) {
        put_wants(&image);
    } else {
        if (image.wants_ramdisk && !o.ramdisk)
            die("%s wants a ramdisk: give --ramdisk FILE", o.image);
        uint64_t least, mb = memory_for(&o, &image, &least);

        put_config(&o, &image, mb, least);
    }
    if (fflush(stdout) || ferror(stdout))
        die("cannot write: %s", strerror(errno));
    return 0;
}
