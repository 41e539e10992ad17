"""echo.py ADDRESS: sends and compares.

1,000 UDP datagrams of random sizes up to the largest there is, and 1,000 TCP
messages of random sizes over a few connections; every byte must come back.
"""

import random
import socket
import sys
import threading

PORT = 7
LARGEST = {socket.AF_INET: 65507, socket.AF_INET6: 65487}


def data_of(r, size):
    return r.randbytes(size)


def udp(address, r):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    largest = LARGEST[family]
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.settimeout(30)
    s.connect(socket.getaddrinfo(address, PORT, family)[0][4])
    sizes = [0, 1, 1452, 1453, 1472, 1473, largest] + [r.randrange(3000) for _ in range(900)]
    sizes += [r.randrange(largest + 1) for _ in range(95)]
    lost = 0
    for size in sizes:
        sent = data_of(r, size)
        s.send(sent)
        while True:
            try:
                got = s.recv(largest + 1)
            except socket.timeout:
                lost += 1
                break
            if got == sent:
                break
            sys.exit(f"UDP: {size} bytes came back as {len(got)} other ones")
    if lost:
        sys.exit(f"UDP: {lost} of {len(sizes)} datagrams lost on a local link")
    return len(sizes)


def receive(s, size):
    parts = []
    while size:
        part = s.recv(min(size, 1 << 16))
        if not part:
            sys.exit("TCP: the connection ended early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def tcp(address, r, messages):
    s = socket.create_connection((address, PORT), timeout=60)
    for _ in range(messages):
        sent = data_of(r, int(r.paretovariate(0.6) * 40) % 300000)
        sender = threading.Thread(target=s.sendall, args=(sent,))
        sender.start()
        got = receive(s, len(sent))
        sender.join()
        if got != sent:
            sys.exit(f"TCP: {len(sent)} bytes came back changed")
    s.shutdown(socket.SHUT_WR)
    if s.recv(1):
        sys.exit("TCP: more came back than was sent")
    s.close()


def main():
    address = sys.argv[1]
    r = random.Random(1)
    n = udp(address, r)
    threads = [
        threading.Thread(target=tcp, args=(address, random.Random(i), 200))
        for i in range(5)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(f"{n} datagrams and 1000 messages came back as they were sent")


main()
