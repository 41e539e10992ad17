"""http.py: what a web server has to answer, byte by byte.

    http.py site FOLDER         makes the site that the table is about
    http.py run ADDRESS PORT    asks a server of that site, started with -l

Each case names the section of RFC 9110 (semantics) or 9112 (messages) that it
is about, sends exact bytes over a connection of its own, and says what must
come back.  The same table serves the guest and the build on this machine.
"""

import gzip
import os
import re
import socket
import sys
import time
import urllib.parse

MODIFIED = 784111777
SAME = "Sun, 06 Nov 1994 08:49:37 GMT"
BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
AFTER = "Sun, 06 Nov 1994 08:49:38 GMT"
DATE = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"

TEXT = bytes(range(32, 127)) * 10 + b"the end."
BIG = bytes(i * 2654435761 >> 24 & 255 for i in range(200000))
FILES = {
    "index.html": b"<p>root",
    "text.txt": TEXT,
    "a b.txt": b"blank",
    "empty.css": b"",
    "big.bin": BIG,
    "sub/index.html": b"<p>sub",
    "page.html": b"<p>page " * 100,
    "page.html.gz": gzip.compress(b"<p>page " * 100, mtime=0),
    "page.html.br": b"not really brotli, but nobody looks",
    "only.js": b"let x = 1;" * 50,
    "only.js.gz": gzip.compress(b"let x = 1;" * 50, mtime=0),
    'list/a<b>&"c".txt': b"odd",
    "list/per%cent": b"%",
    "list/deeper/x": b"x",
    "list/.hidden": b"no",
}
TAG = f'"{len(TEXT):x}-{MODIFIED:x}"'


def make_site(folder):
    for name, data in FILES.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        os.utime(path, (MODIFIED, MODIFIED))


# ---- answers -------------------------------------------------------------------


class Answer:
    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    def field(self, name):
        return self.fields.get(name.lower())


class Stream:
    """What the server sends, read by the rules of RFC 9112."""

    def __init__(self, s):
        self.socket = s
        self.data = b""

    def more(self):
        part = self.socket.recv(65536)
        self.data += part
        return bool(part)

    def take(self, n):
        while len(self.data) < n:
            if not self.more():
                raise Exception(f"ended {n - len(self.data)} bytes too early")
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def answer(self, method):
        while b"\r\n\r\n" not in self.data:
            if not self.more():
                raise Exception(f"no answer but {self.data!r}")
        head = self.take(self.data.index(b"\r\n\r\n") + 4).decode("ascii")
        line, *rest = head[:-4].split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) [A-Za-z ]+", line)
        if not match:
            raise Exception(f"no status line: {line!r}")
        fields = {}
        for field in rest:
            name, value = re.fullmatch(r"([A-Za-z-]+): (.*\S)", field).groups()
            if name.lower() in fields:
                raise Exception(f"{name} twice")
            fields[name.lower()] = value
        status = int(match[1])
        if not re.fullmatch(DATE, fields.get("date", "")):
            raise Exception(f"Date: {fields.get('date')}")
        if status in (204, 304):
            if "content-length" in fields:
                raise Exception(f"{status} with a Content-Length")
            return Answer(status, fields, b"")
        length = int(fields["content-length"])
        return Answer(status, fields, b"" if method == "HEAD" else self.take(length))

    def ended(self):
        """The server has closed, and said nothing more."""
        while self.more():
            pass
        return self.data == b""

    def is_open(self):
        """It answers one more request, and nothing before that."""
        self.socket.sendall(get("/index.html"))
        a = self.answer("GET")
        return a.status == 200 and a.body == b"<p>root"


# ---- what a case expects ---------------------------------------------------------


def parts_of(a):
    """The (Content-Range, data) of a multipart/byteranges body."""
    boundary = re.fullmatch(
        r"multipart/byteranges; boundary=(\S+)", a.field("Content-Type")
    )[1].encode()
    if not a.body.endswith(b"\r\n--" + boundary + b"--\r\n"):
        raise Exception("the last boundary is missing")
    parts = a.body[: -len(boundary) - 8].split(b"\r\n--" + boundary + b"\r\n")
    if parts[0]:
        raise Exception("something before the first boundary")
    found = []
    for part in parts[1:]:
        head, data = part.split(b"\r\n\r\n", 1)
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        found.append((fields["Content-Range"], data))
    return found


class Expect:
    """One answer: status, and what else is named; a field of None is absent."""

    def __init__(self, status, body=None, parts=None, method="GET", has=(), **fields):
        self.status = status
        self.body = body
        self.parts = parts
        self.method = method
        self.has = has
        self.fields = {k.replace("_", "-"): v for k, v in fields.items()}

    def check(self, a):
        if a.status != self.status:
            raise Exception(f"{a.status} instead of {self.status}")
        for name, want in self.fields.items():
            if a.field(name) != want:
                raise Exception(f"{name}: {a.field(name)!r} instead of {want!r}")
        if self.body is not None and a.body != self.body:
            raise Exception(f"the body is {a.body[:60]!r}")
        if self.parts is not None and parts_of(a) != self.parts:
            raise Exception(f"the parts are {parts_of(a)!r:.200}")
        for text in self.has:
            if text not in a.body:
                raise Exception(f"{text!r} is not in {a.body!r}")


def get(target, *fields, method="GET", version="1.1", host="h", body=b""):
    lines = [f"{method} {target} HTTP/{version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    return "\r\n".join([*lines, *fields, "", ""]).encode("latin-1") + body


CLOSED, OPEN = "closed", "open"
CASES = []


def case(section, name, request, *expected, end=OPEN, slowly=False):
    CASES.append((section, name, request, expected, end, slowly))


def content_range(first, last, size=len(TEXT)):
    return f"bytes {first}-{last}/{size}"


# ---- the table ---------------------------------------------------------------------

# 9112: messages
case("9112 2.2", "an empty line before a request", b"\r\n\r\n" + get("/"), Expect(200, b"<p>root"))
case("9112 2.2", "a bare LF", b"GET / HTTP/1.1\nHost: h\n\n", Expect(400), end=CLOSED)
case("9112 2.2", "a bare CR in a field", get("/", "A: b\rc"), Expect(400), end=CLOSED)
case("9112 2.2", "byte by byte", get("/text.txt"), Expect(200, TEXT), slowly=True)
case("9112 2.3", "a higher minor version", get("/", version="1.9"), Expect(200, b"<p>root"))
case("9112 2.3", "another major version", get("/", version="2.0"), Expect(505), end=CLOSED)
case("9112 2.3", "no version", b"GET /\r\n\r\n", Expect(400), end=CLOSED)
case("9112 2.3", "a version in small letters", b"GET / http/1.1\r\nHost: h\r\n\r\n", Expect(400), end=CLOSED)
case("9112 3", "two blanks", b"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", Expect(400), end=CLOSED)
case("9112 3", "a blank at the end", b"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", Expect(400), end=CLOSED)
case("9112 3", "a line that is too long", b"GET /" + b"a" * 9000, Expect(414), end=CLOSED)
case("9112 3", "a path that is too long", get("/" + "a" * 2000), Expect(414))
case("9112 3.1", "an unknown method", get("/", method="BREW"), Expect(501))
case("9112 3.1", "a method in small letters", get("/", method="get"), Expect(501))
case("9112 3.1", "no token for a method", get("/", method="G(T"), Expect(400), end=CLOSED)
case("9112 3.2", "no slash before the path", get("index.html"), Expect(400), end=CLOSED)
case("9112 3.2", "no Host", get("/", host=None), Expect(400), end=CLOSED)
case("9112 3.2", "two Hosts", get("/", "Host: h"), Expect(400), end=CLOSED)
case("9112 3.2", "a Host with a blank", get("/", host="a b"), Expect(400), end=CLOSED)
case("9112 3.2", "a Host with a user", get("/", host="a@b"), Expect(400), end=CLOSED)
case("9112 3.2", "a Host with a port of letters", get("/", host="a:b"), Expect(400), end=CLOSED)
case("9112 3.2", "a Host that is empty", get("/", host=""), Expect(200, b"<p>root"))
case("9112 3.2", "a Host in brackets", get("/", host="[::1]:80"), Expect(200, b"<p>root"))
case("9112 3.2", "a Host with half a bracket", get("/", host="[::1"), Expect(400), end=CLOSED)
case("9112 3.2.1", "a query", get("/text.txt?a=/../b"), Expect(200, TEXT))
case("9112 3.2.2", "an absolute target", get("http://h/text.txt"), Expect(200, TEXT))
case("9112 3.2.2", "an absolute target without a path", get("HTTP://h:80"), Expect(200, b"<p>root"))
case("9112 3.2.2", "an absolute target with an empty host", get("http:///"), Expect(400), end=CLOSED)
case("9112 3.2.2", "an absolute target with a user", get("http://u@h/"), Expect(400), end=CLOSED)
case("9112 3.2.2", "an absolute target and no Host", get("http://h/", host=None), Expect(400), end=CLOSED)
case("9112 3.2.3", "CONNECT", get("h:80", method="CONNECT"), Expect(405))
case("9112 3.2.4", "GET *", get("*"), Expect(400), end=CLOSED)
case("9112 3.2.4", "OPTIONS *", get("*", method="OPTIONS"), Expect(204, Allow="GET, HEAD, OPTIONS"))
case("9112 5.1", "a blank before the colon", get("/", "A : b"), Expect(400), end=CLOSED)
case("9112 5.1", "no colon", get("/", "Ab"), Expect(400), end=CLOSED)
case("9112 5.1", "no name", get("/", ": b"), Expect(400), end=CLOSED)
case("9112 5.2", "a folded line", get("/", "A: b", " c"), Expect(400), end=CLOSED)
case("9112 5", "a NUL in a field", get("/", "A: b\0c"), Expect(400), end=CLOSED)
case("9110 5.4", "fields that are too long", get("/", "A: " + "b" * 9000), Expect(431), end=CLOSED)
case("9110 5.4", "too many fields", get("/", *["A: b"] * 100), Expect(431), end=CLOSED)
case("9110 5.5", "bytes beyond ASCII in a field", get("/", "A: \xfc"), Expect(200, b"<p>root"))

# 9112: bodies
NEXT = get("/a%20b.txt")
case("9112 6.2", "a body is read past", get("/", "Content-Length: 5", body=b"GET /") + NEXT, Expect(200, b"<p>root"), Expect(200, b"blank"))
case("9112 6.3", "two lengths", get("/", "Content-Length: 5", "Content-Length: 5", body=b"abcde"), Expect(400), end=CLOSED)
case("9112 6.3", "a list of lengths", get("/", "Content-Length: 5, 5", body=b"abcde"), Expect(400), end=CLOSED)
case("9112 6.3", "a length with a sign", get("/", "Content-Length: +5", body=b"abcde"), Expect(400), end=CLOSED)
case("9112 6.3", "a length that is too much", get("/", "Content-Length: 99999999999999999999"), Expect(413), end=CLOSED)
case("9112 6.3", "a length and chunks", get("/", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), Expect(400), end=CLOSED)
case("9112 6.3", "a coding without an end", get("/", "Transfer-Encoding: gzip"), Expect(400), end=CLOSED)
case("9112 6.3", "chunked is not the last", get("/", "Transfer-Encoding: chunked, gzip"), Expect(400), end=CLOSED)
case("9112 6.1", "a coding nobody knows", get("/", "Transfer-Encoding: x, chunked", body=b"0\r\n\r\n"), Expect(501), end=CLOSED)
case("9112 6.1", "a coding in HTTP/1.0", get("/", "Connection: keep-alive", "Transfer-Encoding: chunked", version="1.0", body=b"0\r\n\r\n"), Expect(400), end=CLOSED)
case("9112 6.1", "chunked twice", get("/", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), Expect(400), end=CLOSED)
CHUNKED = "Transfer-Encoding: chunked"
case("9112 7.1", "chunks are read past", get("/", CHUNKED, body=b"5\r\nGET /\r\n0\r\n\r\n") + NEXT, Expect(200, b"<p>root"), Expect(200, b"blank"))
case("9112 7.1", "chunks of a POST", get("/", CHUNKED, method="POST", body=b"A\r\n0123456789\r\n000\r\n\r\n") + NEXT, Expect(405), Expect(200, b"blank"))
case("9112 7.1.1", "chunk extensions", get("/", CHUNKED, body=b'3;a="b"\r\nabc\r\n0;c\r\n\r\n') + NEXT, Expect(200), Expect(200, b"blank"))
case("9112 7.1.2", "trailers", get("/", CHUNKED, body=b"0\r\nA: b\r\nHost: x\r\n\r\n") + NEXT, Expect(200), Expect(200, b"blank"))
case("9112 7.1", "chunks byte by byte", get("/", CHUNKED, body=b"3\r\nabc\r\n0\r\n\r\n") + NEXT, Expect(200), Expect(200, b"blank"), slowly=True)
case("9112 7.1", "a chunk without its CRLF", get("/", CHUNKED, body=b"3\r\nabcd0\r\n\r\n") + NEXT, Expect(200), end=CLOSED)
case("9112 7.1", "a size that is none", get("/", CHUNKED, body=b"0x3\r\nabc\r\n0\r\n\r\n") + NEXT, Expect(200), end=CLOSED)
case("9112 7.1", "a size that wraps around", get("/", CHUNKED, body=b"10000000000000003\r\nabc\r\n0\r\n\r\n") + NEXT, Expect(200), end=CLOSED)
case("9112 7.1", "a bare LF after a size", get("/", CHUNKED, body=b"0\n\n") + NEXT, Expect(200), end=CLOSED)

# 9112: connections
case("9112 9.3", "HTTP/1.0 closes", get("/", version="1.0", host=None), Expect(200, b"<p>root", Connection="close"), end=CLOSED)
case("9112 9.3", "HTTP/1.0 stays when asked to", get("/", "Connection: Keep-Alive", version="1.0"), Expect(200, b"<p>root", Connection="keep-alive"))
case("9112 9.6", "Connection: close", get("/", "Connection: close") + NEXT, Expect(200, b"<p>root", Connection="close"), end=CLOSED)
case("9112 9.6", "close among other options", get("/", "Connection: x, CLOSE"), Expect(200), end=CLOSED)
case("9112 9.3.2", "pipelined requests", get("/") + get("/text.txt") + get("/none") + get("/big.bin") + NEXT, Expect(200, b"<p>root"), Expect(200, TEXT), Expect(404), Expect(200, BIG), Expect(200, b"blank"))
case("9112 9.3.2", "a hundred pipelined requests", NEXT * 100, *[Expect(200, b"blank")] * 100)

# 9110: paths and methods
case("9110 4.2.3", "encoded letters", get("/%74ext%2Etxt"), Expect(200, TEXT))
case("9110 4.2.3", "an encoding that is none", get("/%zz"), Expect(400), end=CLOSED)
case("9110 4.2.3", "an encoded NUL", get("/text.txt%00"), Expect(400), end=CLOSED)
case("9110 4.2.3", "an encoded slash", get("/sub%2Findex.html"), Expect(404))
case("9110 4.2.3", "dots inside", get("/sub/.././/text.txt"), Expect(200, TEXT))
case("9110 17.3", "out of the root", get("/../etc/passwd"), Expect(400), end=CLOSED)
case("9110 17.3", "out of the root, encoded", get("/%2e%2E/etc/passwd"), Expect(400), end=CLOSED)
case("9110 9.1", "POST", get("/", "Content-Length: 3", method="POST", body=b"a=b"), Expect(405, Allow="GET, HEAD, OPTIONS"))
case("9110 9.3.2", "HEAD", get("/text.txt", method="HEAD") + NEXT, Expect(200, method="HEAD", Content_Length=str(len(TEXT)), Content_Type="text/plain; charset=utf-8", ETag=TAG, Last_Modified=SAME, Accept_Ranges="bytes"), Expect(200, b"blank"))
case("9110 9.3.2", "HEAD of nothing", get("/none", method="HEAD") + NEXT, Expect(404, method="HEAD", Content_Length="14"), Expect(200, b"blank"))
case("9110 9.3.7", "OPTIONS of a path", get("/text.txt", method="OPTIONS"), Expect(204, Allow="GET, HEAD, OPTIONS"))
case("9110 9.3.8", "TRACE", get("/", method="TRACE"), Expect(405))
case("9110 15.4.2", "a folder without its slash", get("/sub"), Expect(301, Location="/sub/"))
case("9110 15.5.5", "a file with a slash", get("/text.txt/"), Expect(404))
case("9110 8.6", "an empty file", get("/empty.css"), Expect(200, b"", Content_Length="0", Content_Type="text/css; charset=utf-8"))
case("9110 8.3", "an unknown type", get("/big.bin"), Expect(200, BIG, Content_Type="application/octet-stream"))

# 9110: every file
for file_name, file_data in FILES.items():
    case("9110 9.3.1", f"GET of {file_name}", get("/" + urllib.parse.quote(file_name)), Expect(200, file_data, Content_Length=str(len(file_data)), Last_Modified=SAME))

# 9110: Expect
case("9110 10.1.1", "an expectation nobody meets", get("/", "Expect: cake"), Expect(417), end=CLOSED)
case("9110 10.1.1", "100-continue: the answer at once", get("/", "Expect: 100-continue", "Content-Length: 5"), Expect(200, b"<p>root", Connection="close"), end=CLOSED)
case("9110 10.1.1", "100-continue without a body", get("/", "Expect: 100-Continue"), Expect(200, b"<p>root"))
case("9110 10.1.1", "HTTP/1.0 does not expect", get("/", "Expect: cake", version="1.0"), Expect(200, b"<p>root"), end=CLOSED)

# 9110: Accept-Encoding
PAGE, GZ, BR = FILES["page.html"], FILES["page.html.gz"], FILES["page.html.br"]


def accept(value, want, encoding, page="/page.html"):
    fields = [f"Accept-Encoding: {value}"] if value is not None else []
    case("9110 12.5.3", f"Accept-Encoding: {value}", get(page, *fields), Expect(200, want, Content_Encoding=encoding, Vary="Accept-Encoding", Content_Type=("text/html" if page == "/page.html" else "text/javascript") + "; charset=utf-8"))


accept(None, PAGE, None)
accept("", PAGE, None)
accept("gzip", GZ, "gzip")
accept("X-GZIP", GZ, "gzip")
accept("gzip, br", BR, "br")
accept("br;q=0.5, gzip;q=0.8", GZ, "gzip")
accept("br;q=0, gzip;q=0", PAGE, None)
accept("*", BR, "br")
accept("identity, gzip;q=0.5", PAGE, None)
accept("gzip;q=0.001", GZ, "gzip")
accept("deflate, zstd", PAGE, None)
accept("identity;q=0, gzip", GZ, "gzip")
accept("br, gzip;q=0.1", FILES["only.js.gz"], "gzip", "/only.js")
case("9110 12.5.3", "nothing is acceptable", get("/text.txt", "Accept-Encoding: identity;q=0"), Expect(406))
case("9110 12.5.3", "nothing is acceptable to a star", get("/text.txt", "Accept-Encoding: gzip, *;q=0"), Expect(406))
case("9110 12.5.5", "no Vary without a choice", get("/text.txt", "Accept-Encoding: gzip"), Expect(200, TEXT, Vary=None, Content_Encoding=None))
case("9110 8.8.3.3", "a tag for each variant", get("/page.html", "Accept-Encoding: gzip") + get("/page.html", "Accept-Encoding: br"), Expect(200, GZ, ETag=f'"{len(GZ):x}-{MODIFIED:x}-gz"'), Expect(200, BR, ETag=f'"{len(BR):x}-{MODIFIED:x}-br"'))
case("9110 8.4", "a .gz by its own name", get("/page.html.gz", "Accept-Encoding: gzip"), Expect(200, GZ, Content_Encoding=None, Content_Type="application/gzip"))
case("9110 15.4.5", "304 of a variant", get("/page.html", "Accept-Encoding: gzip", f'If-None-Match: "{len(GZ):x}-{MODIFIED:x}-gz"'), Expect(304, Vary="Accept-Encoding", ETag=f'"{len(GZ):x}-{MODIFIED:x}-gz"'))

# 9110: conditions


def condition(section, status, *fields):
    case(section, " and ".join(fields), get("/text.txt", *fields), Expect(status, TEXT if status == 200 else None))


condition("9110 13.1.1", 200, f"If-Match: {TAG}")
condition("9110 13.1.1", 200, "If-Match: *")
condition("9110 13.1.1", 200, f'If-Match: "a,b", {TAG}')
condition("9110 13.1.1", 412, 'If-Match: "other"')
condition("9110 13.1.1", 412, f"If-Match: W/{TAG}")
condition("9110 13.1.2", 304, f"If-None-Match: {TAG}")
condition("9110 13.1.2", 304, f"If-None-Match: W/{TAG}")
condition("9110 13.1.2", 304, "If-None-Match: *")
condition("9110 13.1.2", 304, f'If-None-Match: "x" , {TAG}')
condition("9110 13.1.2", 304, 'If-None-Match: "x"', f"If-None-Match: {TAG}")
condition("9110 13.1.2", 200, 'If-None-Match: "x"')
condition("9110 13.1.3", 304, f"If-Modified-Since: {SAME}")
condition("9110 13.1.3", 304, f"If-Modified-Since: {AFTER}")
condition("9110 13.1.3", 200, f"If-Modified-Since: {BEFORE}")
condition("9110 13.1.3", 200, "If-Modified-Since: yesterday")
condition("9110 5.6.7", 304, "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT")
condition("9110 5.6.7", 304, "If-Modified-Since: Sun Nov  6 08:49:37 1994")
condition("9110 13.1.4", 200, f"If-Unmodified-Since: {SAME}")
condition("9110 13.1.4", 412, f"If-Unmodified-Since: {BEFORE}")
condition("9110 13.2.2", 200, f"If-Match: {TAG}", f"If-Unmodified-Since: {BEFORE}")
condition("9110 13.2.2", 200, 'If-None-Match: "x"', f"If-Modified-Since: {SAME}")
condition("9110 13.2.2", 412, 'If-Match: "x"', f"If-None-Match: {TAG}")
condition("9110 13.2.2", 304, f"If-None-Match: {TAG}", "Range: bytes=0-0")
case("9110 15.4.5", "304 has its fields and no body", get("/text.txt", f"If-None-Match: {TAG}") + NEXT, Expect(304, ETag=TAG, Content_Type=None), Expect(200, b"blank"))
case("9110 13.2.1", "no condition on what is not there", get("/none", "If-None-Match: *"), Expect(404))
case("9110 13.1.2", "HEAD with a condition", get("/text.txt", f"If-None-Match: {TAG}", method="HEAD"), Expect(304, method="HEAD"))

# 9110: ranges


def one_range(value, first, last, *fields, section="9110 14.2"):
    case(section, " and ".join([value, *fields]), get("/text.txt", f"Range: {value}", *fields), Expect(206, TEXT[first : last + 1], Content_Range=content_range(first, last), ETag=TAG, Content_Type="text/plain; charset=utf-8"))


def no_range(value, *fields, section="9110 14.2"):
    case(section, " and ".join([value, *fields]), get("/text.txt", f"Range: {value}", *fields), Expect(200, TEXT, Content_Range=None))


END = len(TEXT) - 1
one_range("bytes=0-0", 0, 0)
one_range("bytes=10-19", 10, 19)
one_range("bytes=950-", 950, END)
one_range("bytes=-8", END - 7, END)
one_range("bytes=-99999", 0, END)
one_range("bytes=900-99999", 900, END)
one_range("Bytes=1-2", 1, 2, section="9110 14.1")
one_range("bytes=0-4,5-9", 0, 9, section="9110 15.3.7.2")
one_range("bytes=0-9,99999-", 0, 9)
one_range("bytes=0-1", 0, 1, f"If-Range: {TAG}", section="9110 13.1.5")
one_range("bytes=0-1", 0, 1, f"If-Range: {SAME}", section="9110 13.1.5")
no_range("bytes=0-1", 'If-Range: "x"', section="9110 13.1.5")
no_range("bytes=0-1", f"If-Range: W/{TAG}", section="9110 13.1.5")
no_range("bytes=0-1", f"If-Range: {BEFORE}", section="9110 13.1.5")
no_range("bytes=5-4", section="9110 14.1.1")
no_range("bytes=x", section="9110 14.1.1")
no_range("lines=1-2")
no_range("bytes=0-0", "Range: bytes=1-1")
no_range("bytes=" + ",".join(f"{i * 3}-{i * 3}" for i in range(17)), section="9110 17.15")
case("9110 15.5.17", "beyond the end", get("/text.txt", "Range: bytes=99999-"), Expect(416, Content_Range=f"bytes */{len(TEXT)}"))
case("9110 15.5.17", "the last no bytes", get("/text.txt", "Range: bytes=-0"), Expect(416))
case("9110 14.2", "of an empty file", get("/empty.css", "Range: bytes=-5"), Expect(200, b""))
case("9110 14.2", "HEAD has no ranges", get("/text.txt", "Range: bytes=0-0", method="HEAD"), Expect(200, method="HEAD", Content_Length=str(len(TEXT))))
case("9110 14.6", "two ranges", get("/text.txt", "Range: bytes=0-4, 100-109") + NEXT, Expect(206, Content_Range=None, parts=[(content_range(0, 4), TEXT[:5]), (content_range(100, 109), TEXT[100:110])]), Expect(200, b"blank"))
case("9110 14.6", "ranges in the order asked for", get("/text.txt", "Range: bytes=-3,0-0"), Expect(206, parts=[(content_range(END - 2, END), TEXT[-3:]), (content_range(0, 0), TEXT[:1])]))
case("9110 15.3.7.2", "ranges that overlap are one", get("/text.txt", "Range: bytes=0-9,50-59,5-14"), Expect(206, parts=[(content_range(50, 59), TEXT[50:60]), (content_range(0, 14), TEXT[:15])]))
case("9110 14.6", "sixteen large ranges", get("/big.bin", "Range: bytes=" + ",".join(f"{i * 10000}-{i * 10000 + 8999}" for i in range(16))), Expect(206, parts=[(content_range(i * 10000, i * 10000 + 8999, len(BIG)), BIG[i * 10000 : i * 10000 + 9000]) for i in range(16)]))
case("9110 14.2", "a range of a variant", get("/page.html", "Accept-Encoding: gzip", "Range: bytes=0-1"), Expect(206, GZ[:2], Content_Encoding="gzip", Content_Range=content_range(0, 1, len(GZ))))

# folders
case("9110 8.3", "the list of a folder", get("/list/"), Expect(200, Content_Type="text/html; charset=utf-8", ETag=None, has=[b'<a href="../">', b'<a href="./deeper/">deeper/</a>', b'<a href="./per%25cent">per%cent</a>']))
case("9110 17.3", "odd names in a list", get("/list/"), Expect(200, has=[b'<a href="./a%3Cb%3E%26%22c%22.txt">a&lt;b&gt;&amp;&quot;c&quot;.txt</a>']))
case("9110 4.2.3", "and they can be had", get("/list/a%3Cb%3E%26%22c%22.txt") + get("/list/per%25cent"), Expect(200, b"odd"), Expect(200, b"%"))
case("9110 9.3.2", "HEAD of a list", get("/list/", method="HEAD") + NEXT, Expect(200, method="HEAD"), Expect(200, b"blank"))
case("9110 14.2", "no ranges of a list", get("/list/", "Range: bytes=0-0"), Expect(200, has=[b"</html>"]))


def run_case(address, request, expected, end, slowly):
    with socket.create_connection(address, timeout=60) as s:
        stream = Stream(s)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for i in range(0, len(request), 1 if slowly else len(request)):
                s.sendall(request[i : i + 1] if slowly else request)
                if slowly:
                    time.sleep(0.002)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has heard enough
        for e in expected:
            e.check(stream.answer(e.method))
        if end == CLOSED and not stream.ended():
            raise Exception(f"more came: {stream.data[:100]!r}")
        if end == OPEN and not stream.is_open():
            raise Exception("the connection does not go on")


def run(address):
    failed = 0
    for section, name, request, expected, end, slowly in CASES:
        try:
            run_case(address, request, expected, end, slowly)
        except Exception as e:
            failed += 1
            print(f"RFC {section}, {name}: {e}", file=sys.stderr)
    print(f"http: {len(CASES) - failed} of {len(CASES)} cases passed by {address[0]}")
    return failed == 0 and len(CASES) >= 80


if sys.argv[1] == "site":
    make_site(sys.argv[2])
else:
    sys.exit(0 if run((sys.argv[2], int(sys.argv[3]))) else 1)
