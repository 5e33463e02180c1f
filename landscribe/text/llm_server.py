"""A language model behind a server.

Keys are read from the environment at each call and kept nowhere. What a server says of a fault may
repeat a key, so that only the kind of a fault is told, in words of ours.
"""

import json
import os
import time
from collections.abc import Sequence
from http import HTTPStatus

import requests
import urllib3

from landscribe.command import InputError
from landscribe.text.llm_model import NoReply, Reply, message
from landscribe.text.llm_questions import NONE
from landscribe.text.llm_settings import LlmSettings

_CONNECT_S = 10
_LONGEST_WAIT_S = 60  # that a server may ask for
_LONGEST_BYTES = 2**20  # of a server's answer
_LIKELY_TOKENS = 10_000_000  # a server that reports more has miscounted
_NOT_THAT_FORM = {400, 415, 422, 501}  # a server does not know a key of the request
_PASSES = {408, 425, 429}  # and 5xx


class Server:
    """A model behind an OpenAI-compatible server (POST <endpoint>/chat/completions)."""

    def __init__(self, settings: LlmSettings) -> None:
        """Check that there is a key where one is wanted; nothing is sent yet."""
        self._settings = settings
        self._address = f"{settings.endpoint.rstrip('/')}/chat/completions"
        self._forms = [_with_schema, _with_limits, _plain]
        self._session = requests.Session()
        if settings.key_variable:
            _key(settings.key_variable)

    def ask(self, prompt: str, ids: Sequence[str]) -> Reply:
        """Reply to a prompt; the first form of request that the server takes is kept to."""
        for form in self._forms:
            try:
                reply = self._once(form(prompt, ids, self._settings))
            except NoReply as fault:
                refused = fault.kind in {f"HTTP {status}" for status in _NOT_THAT_FORM}
                if not refused or form is self._forms[-1]:
                    raise
                continue
            self._forms = [form]
            return reply
        raise AssertionError("there is always a form")

    def _once(self, body: dict) -> Reply:
        ends = time.monotonic() + self._settings.timeout_s
        try:
            with self._session.post(
                self._address,
                json=body,
                auth=self._sign,
                timeout=(min(_CONNECT_S, self._settings.timeout_s), self._settings.timeout_s),
                stream=True,
                allow_redirects=False,  # the text and the key go where the card says
            ) as answer:
                status, headers = answer.status_code, answer.headers
                content = _read(answer.raw, ends) if status == HTTPStatus.OK else b""
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            fault = NoReply(_kind(error), passes=True)
        else:
            if status == HTTPStatus.OK:
                return _reply(content)
            passes = status in _PASSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR
            fault = NoReply(f"HTTP {status}", passes, _wait_s(headers.get("Retry-After")))
        raise fault  # here, so that it does not carry the request, and with it the key

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the key; without one this still keeps a .netrc from being sent."""
        if self._settings.key_variable:
            request.headers["Authorization"] = f"Bearer {_key(self._settings.key_variable)}"
        return request


def _plain(prompt: str, ids: Sequence[str], settings: LlmSettings) -> dict:
    """Request as models that think before they answer want it, without a temperature."""
    return {
        "model": settings.model,
        "messages": [message(prompt)],
        "max_completion_tokens": settings.answer_tokens,
    }


def _with_limits(prompt: str, ids: Sequence[str], settings: LlmSettings) -> dict:
    return {
        "model": settings.model,
        "messages": [message(prompt)],
        "max_tokens": settings.answer_tokens,
        "temperature": settings.temperature,
        "seed": settings.seed,
    }


def _with_schema(prompt: str, ids: Sequence[str], settings: LlmSettings) -> dict:
    """Request for an answer that can only be one of the offered ids, or none."""
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "enum": [*ids, NONE]},
            "confidence": {"type": "number"},
        },
        "required": ["id", "confidence"],
        "additionalProperties": False,
    }
    wanted = {"name": "place", "strict": True, "schema": schema}
    form = {"response_format": {"type": "json_schema", "json_schema": wanted}}
    return _with_limits(prompt, ids, settings) | form


def _key(variable: str) -> str:
    key = os.environ.get(variable, "").strip()
    if not key:
        raise InputError(
            f"{variable}: no such environment variable, but key_variable names it;"
            " set it to the endpoint's key, or remove key_variable"
        )
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise InputError(f"{variable}: holds characters that no key has; correct it")
    return key


def _read(raw: urllib3.HTTPResponse, ends: float) -> bytes:
    """A whole answer; a server may send it byte by byte, but not for longer than `ends`."""
    content = b""
    while piece := raw.read1(2**16, decode_content=True):
        content += piece
        if time.monotonic() > ends:
            raise requests.Timeout
        if len(content) > _LONGEST_BYTES:
            raise requests.exceptions.ContentDecodingError
    return content


def _kind(error: Exception) -> str:
    cause = error.args[0] if error.args else None
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return "timeout"
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return "bad certificate"
    if isinstance(cause, urllib3.exceptions.MaxRetryError):
        return "no connection"
    return "broken answer"


def _wait_s(told: str | None) -> float | None:
    """Seconds of a Retry-After header, which may also be a date; None without one."""
    if told is None:
        return None
    try:
        return min(urllib3.Retry().parse_retry_after(told), _LONGEST_WAIT_S)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def _reply(content: bytes) -> Reply:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise NoReply("not JSON", passes=True)
    try:
        text = told["choices"][0]["message"]["content"]
    except (LookupError, TypeError):
        raise NoReply("no choices") from None
    if not isinstance(text, str) or not text.strip():
        raise NoReply("empty answer")
    usage = told.get("usage")
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    sound = isinstance(tokens, int) and 0 <= tokens <= _LIKELY_TOKENS
    return Reply(text, tokens if sound else None)
