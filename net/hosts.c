/* hosts.c: the ramdisk's /etc/hosts: see hosts.h. */

#include "net/hosts.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "lib/fd.h"
#include "lib/util.h"
#include "net/mapped.h"
#include "xen/start.h"

struct text {
    const char *at, *end;
};

/* The file where it lies in memory; none: no text. */
static struct text contents(void)
{
    struct text text = {NULL, NULL};
    const void *data = NULL;
    struct stat st;
    size_t size;
    int fd;

    if (!start_ramdisk(&size) || (fd = open("/etc/hosts", O_RDONLY)) < 0)
        return text;
    if (fd_stat(fd, &st) == 0 && st.st_size > 0 &&
        fd_map(fd, 0, (size_t)st.st_size, &data) == 0) {
        text.at = data;
        text.end = text.at + st.st_size;
    }
    fd_close(fd);
    return text;
}

static struct text next_line(struct text *text)
{
    const size_t left = (size_t)(text->end - text->at);
    const char *end = memchr(text->at, '\n', left);
    const struct text whole = {text->at, end ? end : text->end};
    const char *comment = memchr(whole.at, '#', (size_t)(whole.end - whole.at));

    text->at = end ? end + 1 : text->end;
    return (struct text){whole.at, comment ? comment : whole.end};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line as a string; false: there is none, or none that
 * could be a name or an address. */
static bool next_word(struct text *line, char word[DNS_NAME_SIZE])
{
    size_t n = 0;

    while (line->at < line->end && is_blank(*line->at))
        line->at++;
    while (line->at < line->end && !is_blank(*line->at)) {
        if (n == DNS_NAME_SIZE - 1)
            return false;
        word[n++] = *line->at++;
    }
    word[n] = '\0';
    return n > 0;
}

/* The address at the start of a line. */
static bool take_addr(struct text *line, struct in6_addr *addr)
{
    char word[DNS_NAME_SIZE];

    return next_word(line, word) && hosts_read_addr(word, addr);
}

static bool has_name(struct text line, const char *name)
{
    char word[DNS_NAME_SIZE];

    while (next_word(&line, word))
        if (strcasecmp(word, name) == 0)
            return true;
    return false;
}

bool hosts_read_addr(const char *text, struct in6_addr *addr)
{
    struct in_addr v4;

    if (inet_pton(AF_INET, text, &v4) == 1) {
        *addr = mapped_from(&v4);
        return true;
    }
    return inet_pton(AF_INET6, text, addr) == 1;
}

bool hosts_by_name(const char *name, bool v4, bool v6,
                   struct dns_answer *answer)
{
    struct text text = contents();

    answer->count = 0;
    while (text.at < text.end && answer->count < ARRAY_LEN(answer->addrs)) {
        struct text line = next_line(&text);
        struct in6_addr addr;

        if (!take_addr(&line, &addr) || !has_name(line, name) ||
            !(IN6_IS_ADDR_V4MAPPED(&addr) ? v4 : v6))
            continue;
        if (answer->count == 0)
            next_word(&line, answer->name);
        answer->addrs[answer->count++] = addr;
    }
    return answer->count > 0;
}

bool hosts_by_addr(const struct in6_addr *addr, char name[DNS_NAME_SIZE])
{
    struct text text = contents();

    while (text.at < text.end) {
        struct text line = next_line(&text);
        struct in6_addr found;

        if (take_addr(&line, &found) && IN6_ARE_ADDR_EQUAL(&found, addr) &&
            next_word(&line, name))
            return true;
    }
    return false;
}
