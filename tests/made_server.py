"""A small web server of files that answers ranges, and fails on purpose."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# Given the path and range of a request: a status to answer with, "half" to stop half way through
# the answer, or None to serve it.
Fault = Callable[[str, str], int | str | None]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: object, root: Path, fault: Fault, seen: list[str]) -> None:
        self.root, self.fault, self.seen = root, fault, seen
        super().__init__(*args)

    def do_GET(self) -> None:
        span = self.headers.get("Range", "")
        self.seen.append(f"{self.path} {span}")
        fault = self.fault(self.path, span)
        path = self.root / self.path.split("?")[0].lstrip("/")
        if isinstance(fault, int) or not path.is_file():
            self.send_error(fault if isinstance(fault, int) else 404)
            return
        whole = path.read_bytes()
        first, last = 0, len(whole) - 1
        if span:
            start, _, stop = span.removeprefix("bytes=").partition("-")
            first, last = int(start), min(int(stop or last), last)
        body = whole[first : last + 1]
        self.send_response(206 if span else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        if span:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(whole)}")
        self.end_headers()
        if fault == "half":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            self.connection.close()
            return
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(root: Path, fault: Fault = lambda *_: None) -> Iterator[tuple[str, list[str]]]:
    """Address of a server of a folder, and the requests that it has got so far."""
    seen: list[str] = []
    handler = partial(_Handler, root=root, fault=fault, seen=seen)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
