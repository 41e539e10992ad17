"""abuse.py ADDRESS SECONDS: bad clients, and a good one among them.

200 connections say nothing, 200 send a byte of a header a second, 200 ask for
much and read nothing; when they have gone, 1,500 come that say nothing and
stay.  Meanwhile a normal request comes every half a second, and is answered
within a second.
"""

import select
import socket
import sys
import time

CROWD = 200
FLOOD = 1500
LIMIT = 1.0
ASK = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
MUCH = b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n"


def dial(address, buffer=None):
    s = socket.socket()
    if buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    s.settimeout(30)
    s.connect((address, 80))
    return s


def good_request(address):
    start = time.monotonic()
    s = dial(address)
    s.sendall(ASK)
    answer = b""
    while part := s.recv(4096):
        answer += part
    s.close()
    took = time.monotonic() - start
    if not answer.startswith(b"HTTP/1.1 200 "):
        sys.exit(f"a good request got {answer!r}")
    if took > LIMIT:
        sys.exit(f"a good request took {took:.2f} s")
    return took


def nag(slow):
    """One more byte from everyone who is still heard."""
    for s in slow[:]:
        try:
            s.send(b"a")
        except OSError:
            slow.remove(s)


def main():
    address, seconds = sys.argv[1], int(sys.argv[2])
    mute = [dial(address) for _ in range(CROWD)]
    heads = [dial(address) for _ in range(CROWD)]
    slow = list(heads)  # those who are still heard
    greedy = [dial(address, 4096) for _ in range(CROWD)]
    for s in slow:
        s.sendall(b"GET / HTTP/1.1\r\nX: ")
    for s in greedy:
        s.sendall(MUCH)
    worst = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        worst = max(worst, good_request(address))
        nag(slow)
        worst = max(worst, good_request(address))
        time.sleep(0.5)
    if slow and seconds > 12:
        given_up = select.select(slow, [], [], 0)[0]
        if len(given_up) != len(slow):
            sys.exit("a slow head is still listened to")
    for s in mute + heads + greedy:
        s.close()
    flood = []
    for i in range(FLOOD):
        flood.append(dial(address))
        if i % 100 == 0:
            worst = max(worst, good_request(address))
    worst = max(worst, good_request(address))
    print(f"{3 * CROWD + FLOOD} bad clients; "
          f"the worst good request took {worst * 1000:.0f} ms")


main()
