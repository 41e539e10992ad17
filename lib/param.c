/* param.c: the command line: see param.h. */

#include "lib/param.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "kernel/panic.h"

/* Collected by the linker. */
extern const struct param params_start[], params_end[];

static char name[] = "mote"; /* of the program: nobody tells us another */
static char text[PARAM_LINE_MAX + 1];
static char *args[1 + PARAM_ARGS_MAX + 1];

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word, made from the bytes it came from; NULL: no more. */
static char *next_word(char **rest)
{
    char *from = *rest, *to, *word;
    bool quoted = false;

    while (is_blank(*from))
        from++;
    word = to = from;
    for (; *from && (quoted || !is_blank(*from)); from++)
        if (*from == '"')
            quoted = !quoted;
        else
            *to++ = *from;
    if (quoted)
        say("a quote is not closed in the command line: %s", word);
    if (from == word)
        return NULL;
    *rest = *from ? from + 1 : from;
    *to = '\0';
    return word;
}

static void set(char *word)
{
    char *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);

    for (const struct param *p = params_start; p != params_end; p++)
        if (strlen(p->name) == n && !memcmp(p->name, word, n)) {
            *p->value = equals ? equals + 1 : word + n;
            return;
        }
    say("unknown parameter ignored: %s", word);
}

int param_init(const char *line, char ***argv)
{
    size_t n = strnlen(line, PARAM_LINE_MAX);
    char *rest = text, *word;
    bool ours = true;
    int argc = 1;

    if (line[n])
        say("the command line is cut off after %d bytes", PARAM_LINE_MAX);
    args[0] = name;
    memcpy(text, line, n);
    text[n] = '\0';
    while ((word = next_word(&rest))) {
        if (ours && !strcmp(word, "--"))
            ours = false;
        else if (ours)
            set(word);
        else if (argc <= PARAM_ARGS_MAX)
            args[argc++] = word;
        else
            say("more than %d arguments, ignored: %s", PARAM_ARGS_MAX, word);
    }
    args[argc] = NULL;
    *argv = args;
    return argc;
}
