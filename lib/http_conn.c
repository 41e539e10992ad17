/* http_conn.c: a server's side of one connection: see http_conn.h. */

#include "lib/http_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void http_conn_init(struct http_conn *c, const struct http_site *site,
                    const char *client)
{
    memset(c, 0, sizeof(*c));
    c->site = site;
    c->input.at = "";
    strncpy(c->client, client, sizeof(c->client) - 1);
}

/* The line that the log has waited for: how many bytes of the body went out. */
static void write_log(struct http_conn *c)
{
    char digits[NUMBER_SIZE];
    const char *sent = "-";

    if (c->sent > c->reply.head)
        sent = number_text(digits, c->sent - c->reply.head);
    sniprintf(c->log + strlen(c->log), NUMBER_SIZE + 1, "%s\n", sent);
    write(c->site->log, c->log, strlen(c->log));
}

/* The answer is sent, or never will be. */
static void end_answer(struct http_conn *c)
{
    if (c->log)
        write_log(c);
    free(c->log);
    c->log = NULL;
    http_cache_release(c->found);
    c->found = NULL;
    c->answering = false;
}

void http_conn_close(struct http_conn *c)
{
    end_answer(c);
    free(c->kept);
    c->kept = NULL;
}

bool http_conn_input(struct http_conn *c, const char *data, size_t n)
{
    char *all;

    if (c->input.n == 0) {
        c->input = (struct span){data, n};
        return true;
    }
    all = realloc(c->kept, c->input.n + n);
    if (!all)
        return false;
    memcpy(all + c->input.n, data, n);
    c->kept = all;
    c->input = (struct span){all, c->input.n + n};
    return true;
}

bool http_conn_park(struct http_conn *c)
{
    char *rest = NULL;

    if (c->input.n && c->input.at == c->kept)
        return true;
    if (c->input.n) {
        rest = malloc(c->input.n);
        if (!rest)
            return false;
        memcpy(rest, c->input.at, c->input.n);
    }
    free(c->kept);
    c->kept = rest;
    c->input.at = rest ? rest : "";
    return true;
}

/* Answer the request that http_parse() judged by status; its head is where
 * the input begins. */
static void answer(struct http_conn *c, int status, const char *path)
{
    struct http_request *r = &c->request;
    const char *head = c->input.at;
    const time_t now = c->site->now;

    if (c->finishing || c->last)
        r->keep_alive = false;
    if (status == 200 && r->method == HTTP_OPTIONS)
        status = 204;
    else if (status == 200)
        status = http_cache_find(c->site, path, r, head, &c->found);
    if (status == 200)
        http_reply_content(&c->reply, r, head, &c->found->file.content, now);
    else
        http_reply_status(&c->reply, r, status, status == 301 ? path : NULL,
                          now);
    if (c->site->log)
        c->log = malloc(HTTP_LOG_MAX + NUMBER_SIZE + 1); /* none: no line */
    if (c->log)
        http_log(c->log, c->client, r, head, c->reply.status, now);
    c->answering = true;
    c->sent = 0;
    c->last |= !r->keep_alive;
    c->body = r->body;
    span_take(&c->input, r->length);
    memset(r, 0, sizeof(*r));
}

/* Begin the next answer, if a request for it is here. */
static void proceed(struct http_conn *c)
{
    char path[HTTP_PATH_MAX];
    size_t n;
    int status;

    span_take(&c->input, http_body_skip(&c->body, c->input.at, c->input.n));
    if (http_body_bad(&c->body))
        c->last = true;
    if (c->last || !http_body_done(&c->body) || c->input.n == 0)
        return;
    n = c->input.n < HTTP_HEAD_MAX ? c->input.n : HTTP_HEAD_MAX;
    status = http_parse(&c->request, c->input.at, n, path);
    if (status)
        answer(c, status, path);
}

/* What is to be sent now. */
static struct http_piece piece(struct http_conn *c)
{
    return http_reply_piece(&c->reply,
                            c->found ? &c->found->file.content : NULL);
}

struct http_piece http_conn_output(struct http_conn *c)
{
    if (!c->answering)
        proceed(c);
    if (!c->answering)
        return (struct http_piece){0};
    return piece(c);
}

void http_conn_sent(struct http_conn *c, size_t n)
{
    http_reply_sent(&c->reply, n);
    c->sent += n;
    if (piece(c).n == 0) {
        end_answer(c);
        c->answers++;
    }
}

enum http_state http_conn_state(const struct http_conn *c)
{
    if (c->answering)
        return HTTP_ANSWER;
    if (c->last)
        return HTTP_OVER;
    if (c->input.n || !http_body_done(&c->body))
        return HTTP_REQUEST;
    return c->finishing ? HTTP_OVER : HTTP_IDLE;
}

void http_conn_timeout(struct http_conn *c)
{
    c->last = true;
    if (http_body_done(&c->body)) /* or it has been answered */
        answer(c, 408, "");
}

void http_conn_finish(struct http_conn *c)
{
    c->finishing = true;
}
