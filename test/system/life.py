"""life.py ADDRESS: a load of HTTP requests, and how long they go unanswered.

Two clients ask again and again, one over a connection each time, one over a
connection of its own for as long as that lives.  At each line on standard
input one more request is made over new connections, until one is answered, and
one over a connection as old as the program: the milliseconds that each took
are written in one line.  When standard input ends, the number of requests that
the load had answered is written.
"""

import socket
import sys
import threading
import time

ASK = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
PATIENCE = 60  # seconds
served = 0


def dial(timeout):
    s = socket.create_connection((sys.argv[1], 80), timeout)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def answered(s):
    """One request and its answer, which comes in one piece."""
    s.sendall(ASK)
    return s.recv(4096).startswith(b"HTTP/1.1 200 ")


def visit(timeout=0.25):
    try:
        with dial(timeout) as s:
            return answered(s)
    except OSError:
        return False


def come_and_go():
    global served
    while True:
        served += visit(1)
        time.sleep(0.1)


def stay():
    global served
    while True:
        try:
            with dial(1) as s:
                s.settimeout(PATIENCE)
                while answered(s):
                    served += 1
                    time.sleep(0.1)
        except OSError:
            time.sleep(0.1)


def milliseconds_since(start):
    return round((time.monotonic() - start) * 1000)


def judge(old):
    took = []
    start = time.monotonic()

    def ask_old():
        if answered(old):
            took.append(milliseconds_since(start))

    asker = threading.Thread(target=ask_old)
    asker.start()
    while not visit():
        if milliseconds_since(start) > PATIENCE * 1000:
            sys.exit("no answer over a new connection")
        time.sleep(0.01)
    new = milliseconds_since(start)
    asker.join()
    if not took:
        sys.exit("no answer over the old connection")
    for _ in range(20):  # so that Linux expects the next answer soon
        answered(old)
        time.sleep(0.02)
    print(new, took[0], flush=True)


def main():
    old = dial(PATIENCE)
    for client in come_and_go, stay:
        threading.Thread(target=client, daemon=True).start()
    while served < 2:
        time.sleep(0.1)
    print("under way", flush=True)
    for _ in sys.stdin:
        judge(old)
    print(served)


main()
