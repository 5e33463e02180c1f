"""A small chat server that says what a test has written for it, or fails as written."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Says:
    """One answer, and how it is sent."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    how: str = "whole"  # or half: cut off; drip: byte by byte; hang: late; drop: not at all
    reason: str | None = None  # of the status line


@dataclass(frozen=True)
class Seen:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: dict


Script = Callable[[Seen, int], Says]  # given a request and how many came before it


def says(text: object, **more: object) -> Says:
    """A sound answer of a chat server."""
    told = {"choices": [{"message": {"role": "assistant", "content": text}}], **more}
    return Says(json.dumps(told).encode())


def chooses(place: str, confidence: float = 0.8) -> Says:
    """A sound answer that chooses a place."""
    return says(json.dumps({"id": place, "confidence": confidence}))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: object, script: Script, seen: list[Seen]) -> None:
        self.script, self.seen = script, seen
        super().__init__(*args)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = Seen(self.path, dict(self.headers), body)
        self.seen.append(request)
        told = self.script(request, len(self.seen) - 1)
        if told.how == "hang":
            _pause(1)
        if told.how != "drop":
            self._send(told)
        if told.how != "whole":
            self.close_connection = True

    do_GET = do_POST

    def _send(self, told: Says) -> None:
        try:
            self.send_response(told.status, told.reason)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            if told.how == "drip":
                for byte in told.body:
                    self.wfile.write(bytes([byte]))
                    _pause(0.05)
            else:
                part = len(told.body) // 2 if told.how == "half" else len(told.body)
                self.wfile.write(told.body[:part])
        except OSError:  # the client waited no longer
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)  # as tests take time.sleep away


@contextmanager
def chatting(script: Script) -> Iterator[tuple[str, list[Seen]]]:
    """Endpoint of a chat server, and the requests that it has got so far."""
    seen: list[Seen] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, script=script, seen=seen))
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", seen
    finally:
        server.shutdown()
        server.server_close()
