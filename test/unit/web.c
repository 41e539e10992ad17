/* web.c as a client sees it. */
#include "test/unit/web.h"

TestSuite(web, .init = set_up, .fini = tear_down, .timeout = 120);

Test(web, serves_files_over_one_connection)
{
    int fd;

    start();
    fd = dial();
    say_it(fd, GET("/"));
    expect(fd, 200, "<p>root");
    say_it(fd, GET("/a%20b.txt"));
    expect(fd, 200, "blank");
    say_it(fd, GET("/sub/"));
    expect(fd, 200, "<p>sub");
    say_it(fd, GET("/empty.css?x"));
    expect(fd, 200, "");
    say_it(fd, GET("/nope"));
    expect(fd, 404, "404 Not Found\n");
    say_it(fd, GET("/index.html/"));
    expect(fd, 404, "404 Not Found\n");
    say_it(fd, GET("/big.bin"));
    expect_big(fd);
    say_it(fd, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    expect(fd, 200, "<p>root");
    expect_end(fd);
}

Test(web, describes_files)
{
    const char *head;
    int fd;

    start();
    fd = dial();
    say_it(fd, "HEAD /big.bin HTTP/1.1\r\nHost: h\r\n\r\n" GET("/sub"));
    head = hear_head(fd);
    cr_assert(strstr(head, "HTTP/1.1 200 OK\r\n"));
    cr_assert(strstr(head, "\r\nContent-Length: 8388608\r\n"));
    cr_assert(strstr(head, "\r\nLast-Modified: "));
    cr_assert(strstr(head, "\r\nContent-Type: application/octet-stream\r\n"));
    head = hear_head(fd);
    cr_assert(strstr(head, "HTTP/1.1 301 "));
    cr_assert(strstr(head, "\r\nLocation: /sub/\r\n"));
    close(fd);
}

/* The table of cases that the guest is asked, too. */
static void ask_the_table(const char *address)
{
    char command[128];

    snprintf(command, sizeof(command), "python3 test/system/http.py site %s",
             folder);
    cr_assert_eq(system(command), 0);
    start();
    snprintf(command, sizeof(command),
             "python3 test/system/http.py run %s %d >/dev/null", address,
             ntohs(there.in.sin_port));
    cr_assert_eq(system(command), 0);
}

Test(web, answers_as_the_standard_says)
{
    ask_the_table("127.0.0.1");
}

Test(web, answers_the_same_by_ipv6)
{
    if (!has_ipv6())
        cr_skip("this machine has no IPv6");
    six = true;
    ask_the_table("::1");
}

/* The first line of the log, with this client. */
static void expect_log(const char *client)
{
    char out[64], line[128], wanted[128];
    FILE *f;
    int fd;

    snprintf(out, sizeof(out), "%s/log", folder);
    said = out;
    start();
    fd = dial();
    say_it(fd, GET("/"));
    expect(fd, 200, "<p>root");
    close(fd);
    stop();
    f = fopen(out, "r");
    cr_assert(f && fgets(line, sizeof(line), f) &&
              fgets(line, sizeof(line), f));
    fclose(f);
    snprintf(wanted, sizeof(wanted), "%s - - [", client);
    cr_assert(!strncmp(line, wanted, strlen(wanted)), "%s", line);
}

Test(web, logs_ipv4_clients_as_such)
{
    expect_log("127.0.0.1");
}

Test(web, logs_ipv6_clients)
{
    if (!has_ipv6())
        cr_skip("this machine has no IPv6");
    six = true;
    expect_log("::1");
}

Test(web, answers_pipelined_requests_in_their_order)
{
    int fd;

    start();
    fd = dial();
    say_it(fd, GET("/") GET("/big.bin") "POST / HTTP/1.1\r\nHost: h\r\n"
                                        "Content-Length: 40\r\n\r\n"
                                        "GET /not-a-request HTTP/1.1\r\n"
                                        "Host: h\r\n\r\n" GET("/sub/")
                                            GET("/big.bin"));
    expect(fd, 200, "<p>root");
    expect_big(fd);
    expect(fd, 405, "405 Method Not Allowed\n");
    expect(fd, 200, "<p>sub");
    expect_big(fd);
    say_it(fd, GET("/"));
    expect(fd, 200, "<p>root");
    close(fd);
}

Test(web, takes_requests_in_any_pieces)
{
    static const char text[] = GET("/a%20b.txt") GET("/sub/");
    int fd;

    start();
    fd = dial();
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        cr_assert_eq(send(fd, text + i, 1, 0), 1);
        usleep(200);
    }
    expect(fd, 200, "blank");
    expect(fd, 200, "<p>sub");
    close(fd);
}

Test(web, goes_on_serving_while_one_does_not_read)
{
    int slow, fd;

    start();
    slow = dial();
    say_it(slow, GET("/big.bin") GET("/big.bin"));
    fd = dial();
    for (int i = 0; i < 100; i++) {
        say_it(fd, GET("/"));
        expect(fd, 200, "<p>root");
    }
    close(fd);
    expect_big(slow);
    expect_big(slow);
    close(slow);
}

Test(web, its_last_answer_arrives_although_more_is_coming)
{
    char *body = calloc(1, 1 << 20);
    int fd;

    start();
    fd = dial();
    say_it(fd, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n");
    cr_assert_gt(send(fd, body, 1 << 20, 0), 0);
    expect(fd, 413, "413 Content Too Large\n");
    expect_end(fd);
    free(body);
    fd = dial();
    say_it(fd, "nonsense\r\n" GET("/"));
    expect(fd, 400, "400 Bad Request\n");
    expect_end(fd);
}
