/* web.c when there is too much, too little, or an end. */
#include "test/unit/web.h"

TestSuite(webload, .init = set_up, .fini = tear_down, .timeout = 120);

Test(webload, times_out)
{
    int mute, late, cut, bodiless;

    speed = 100;
    start();
    mute = dial();
    late = dial();
    cut = dial();
    bodiless = dial();
    say_it(late, GET("/"));
    say_it(cut, "HEAD / HTTP/1.1\r\nHo");
    say_it(bodiless,
           "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    expect(late, 200, "<p>root");
    expect(bodiless, 200, "<p>root");
    expect_end(bodiless); /* it has its answer */
    cr_assert(strstr(hear_head(cut), "HTTP/1.1 408 "));
    expect_end(cut);
    expect_end(mute);
    expect_end(late);
}

/* With so many connections the oldest idle one has to go. */
static void crowd(int n)
{
    int *fds = malloc((size_t)n * sizeof(int)), busy = dial();
    char c;

    say_it(busy, "GET / HTTP/1.1\r\n"); /* older, but not idle */
    usleep(100000);
    for (int i = 0; i < n; i++) {
        fds[i] = dial();
        say_it(fds[i], GET("/sub/"));
        expect(fds[i], 200, "<p>sub");
    }
    cr_assert_leq(recv(fds[0], &c, 1, 0), 0);
    close(fds[0]);
    say_it(fds[n - 1], GET("/"));
    expect(fds[n - 1], 200, "<p>root");
    say_it(busy, "Host: h\r\n\r\n");
    expect(busy, 200, "<p>root");
    for (int i = 1; i < n; i++)
        close(fds[i]);
    close(busy);
    free(fds);
}

static void limit_files(rlim_t n)
{
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = n;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
}

Test(webload, gives_up_the_oldest_idle_connection_when_full)
{
    limit_files(2048);
    start();
    crowd(512);
}

Test(webload, gives_up_the_oldest_idle_connection_without_descriptors)
{
    limit_files(30);
    start();
    limit_files(100);
    crowd(40);
}

static void expect_server_gone(void)
{
    int status, fd = socket(AF_INET, SOCK_STREAM, 0);

    waitpid(server, &status, 0);
    server = 0;
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_neq(connect(fd, &there.any, there_size), 0);
    close(fd);
}

Test(webload, finishes_answers_when_it_has_to_end)
{
    int idle, half, slow;

    start();
    idle = dial();
    half = dial();
    slow = dial();
    say_it(idle, GET("/"));
    expect(idle, 200, "<p>root");
    say_it(half, "GET /a%20b.txt HTTP/1.1\r\nHo");
    say_it(slow, GET("/big.bin") GET("/"));
    usleep(200000); /* until all has come */
    kill(server, SIGTERM);
    expect_end(idle);
    say_it(half, "st: h\r\n\r\n");
    expect(half, 200, "blank");
    expect_end(half);
    expect_big(slow);
    expect(slow, 200, "<p>root");
    expect_end(slow);
    expect_server_gone();
}

Test(webload, does_not_wait_for_ever_when_it_has_to_end)
{
    int slow;

    speed = 20;
    start();
    slow = dial();
    say_it(slow, GET("/big.bin"));
    usleep(200000);
    kill(server, SIGTERM);
    expect_server_gone();
    close(slow);
}

/* Whoever takes a little now and then may not stay for ever. */
Test(webload, gives_up_who_reads_too_slowly)
{
    int slow;
    size_t had = 0;
    ssize_t n;
    char c;

    speed = 1000; /* a byte every 10 ms of ours is one every 10 s */
    start();
    slow = dial();
    say_it(slow, GET("/big.bin"));
    for (int i = 0; i < 30; i++) {
        cr_assert_eq(recv(slow, &c, 1, 0), 1);
        usleep(10000);
    }
    while ((n = recv(slow, big, BIG, 0)) > 0)
        had += (size_t)n;
    cr_assert_lt(had, BIG - 30); /* no more than the kernel had */
    close(slow);
}

Test(webload, says_why_it_cannot_start)
{
    static const char *const ports[] = {"0", "65536", "x", "-1", ""};

    freopen("/dev/null", "w", stdout);
    for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
        char port[8];

        strcpy(port, ports[i]);
        cr_assert_eq(web_main(2, (char *[]){"web", port, NULL}), 1);
    }
}

/* What it says when its root is path, and that it does not listen. */
static void expect_no_root(const char *path, const char *why)
{
    char first[256] = "", want[256], out[64], copy[64];
    FILE *f;

    snprintf(out, sizeof(out), "%s/said", folder);
    snprintf(copy, sizeof(copy), "%s", path);
    cr_assert(freopen(out, "w", stdout));
    tell_port = -1; /* to tell one fails the test */
    cr_assert_eq(web_main(3, (char *[]){"web", "80", copy, NULL}), 1);
    fflush(stdout);
    f = fopen(out, "r");
    cr_assert(f && fgets(first, sizeof(first), f));
    fclose(f);
    snprintf(want, sizeof(want),
             "web: cannot serve %s: %s: give it a ramdisk=", path, why);
    cr_assert(!strncmp(first, want, strlen(want)), "%s", first);
}

Test(webload, ends_at_once_when_there_is_nothing_to_serve)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/none", folder);
    expect_no_root(path, "No such file or directory");
    snprintf(path, sizeof(path), "%s/index.html", folder);
    expect_no_root(path, "Not a directory");
}
