"""Drives a headless chromium through its DevTools pipe; needs nothing but chromium itself."""

import base64
import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"),
)
PATIENCE_S = 60


class Chromium:
    """A browser with one tab. Collects what pages ask the network for, and their errors."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._count, self._rest, self._waiting = 0, b"", []
        self._profile = tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True)
        command = [program(), *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"]
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        # Chromium reads the DevTools protocol from its file 3 and answers on its file 4.
        shell = f"exec {shlex.join(command)} 3<&{theirs_in} 4>&{theirs_out}"
        self._process = subprocess.Popen(
            ["bash", "-c", shell],
            pass_fds=(theirs_in, theirs_out),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        target = next(t for t in self._tabs() if t["type"] == "page")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def __enter__(self) -> "Chromium":
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._profile.cleanup()

    def window(self, width: int, height: int, scheme: str = "light", media: str = "screen") -> None:
        """Size of the page [CSS px], its colour scheme and medium."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.send("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", media=media, features=features)

    def open(self, page: Path, address: str = "", ready: str = "true") -> None:
        """Load a file and wait until the expression `ready` is true."""
        self.send("Page.navigate", url="about:blank")
        self.send("Page.navigate", url=f"{page.resolve().as_uri()}{address}")
        self.wait(f"document.readyState === 'complete' && ({ready})")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + PATIENCE_S
        while not self.evaluate(f"Boolean({expression})"):
            if time.monotonic() > end:
                raise TimeoutError(f"{expression} did not become true; errors: {self.errors}")
            time.sleep(0.05)

    def evaluate(self, expression: str) -> object:
        """Value of an expression in the page."""
        done = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in done:
            raise RuntimeError(f"{expression}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def mouse(self, kind: str, x: float, y: float, **more: object) -> None:
        """One mouse event at a place of the window: mousePressed, mouseMoved, mouseWheel, ..."""
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def key(self, name: str, code: int = 0) -> None:
        """Press and release a key."""
        text = {"text": name} if len(name) == 1 else {}
        key = {"key": name, "windowsVirtualKeyCode": code, **text}
        self.send("Input.dispatchKeyEvent", type="keyDown", **key)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=name, windowsVirtualKeyCode=code)

    def picture(self, path: Path, whole: bool = False) -> None:
        """PNG of the window, or of the whole page."""
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def send(self, method: str, **params: object) -> dict:
        """Call a method of the DevTools protocol."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    def _tabs(self) -> list[dict]:
        return self.send("Target.getTargets")["targetInfos"]

    def _note(self, event: dict) -> None:
        told = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told["exceptionDetails"]))
        if event.get("method") == "Runtime.consoleAPICalled" and told["type"] in (
            "error",
            "warning",
        ):
            self.errors.append(json.dumps(told["args"]))
        if event.get("method") == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.errors.append(told["entry"]["text"])

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            if not select.select([self._from], [], [], PATIENCE_S)[0]:
                raise TimeoutError("chromium does not answer")
            more = os.read(self._from, 1 << 20)
            if not more:
                raise RuntimeError("chromium ended")
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


def program() -> str | None:
    """Path of chromium, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")
