"""Addresses are signed with tokens that are fetched once, renewed in time, and shown nowhere."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlparse

import pytest

from landscribe.command import InputError
from landscribe.imagery import signing
from landscribe.imagery.signing import signed, unsigned
from tests.made_catalogue import Quiet, serving

HREF = "https://sentinel1euwestrtc.blob.core.windows.net/sentinel1-grd-rtc/GRD/a b/iw-vv.tiff"
HOW = "planetary-computer"


class Tokens(BaseHTTPRequestHandler):
    """Stand-in for the service: a token per request; `lasts` and `answers` are set by a test."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Ocp-Apim-Subscription-Key")))
        ends = datetime.now(UTC) + self.server.lasts
        token = f"n={len(self.server.asked)}&sig=S%2B"
        text = json.dumps({"msft:expiry": f"{ends:%Y-%m-%dT%H:%M:%SZ}", "token": token})
        status, text = self.server.answers.pop(0) if self.server.answers else (200, text)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args):
        pass


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(signing, "RETRIES", signing.RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(signing, "_tokens", {})
    monkeypatch.delenv(signing.KEY_VARIABLE, raising=False)


@pytest.fixture
def service(monkeypatch):
    with serving(Tokens, lasts=timedelta(hours=1), answers=[]) as (server, address):
        monkeypatch.setenv(signing.TOKENS_VARIABLE, f"{address}/token/")
        yield server


def test_a_token_serves_a_whole_container(service, monkeypatch):
    assert signed(HREF, HOW) == f"{HREF}?n=1&sig=S%2B"
    assert signed(HREF + "2", HOW) == f"{HREF}2?n=1&sig=S%2B"
    assert service.asked == [("/token/sentinel1euwestrtc/sentinel1-grd-rtc", None)]
    monkeypatch.setenv(signing.KEY_VARIABLE, "mine")
    signed("https://hls2euwest.blob.core.windows.net/hls2/x.tif", HOW)
    assert service.asked[1] == ("/token/hls2euwest/hls2", "mine")


@pytest.mark.parametrize(
    "href",
    [
        "https://example.org/x.tif",
        "s3://bucket/x.tif",
        "/data/x.tif",
        "https://ai4edatasetspublicassets.blob.core.windows.net/assets/x.webp",
        f"{HREF}?sv=1&sig=abc",
        "https://a.blob.core.windows.net/",
    ],
)
def test_other_addresses_stay_as_they_are(href, service):
    assert signed(href, HOW) == href
    assert signed(HREF) == signed(HREF, "none") == HREF
    assert service.asked == []


def test_a_token_is_renewed_near_its_end(service):
    service.lasts = signing.SPARE - timedelta(seconds=30)
    assert [parse_qs(urlparse(signed(HREF, HOW)).query)["n"] for _ in "ab"] == [["1"], ["2"]]
    service.lasts = signing.SPARE + timedelta(minutes=1)
    assert [parse_qs(urlparse(signed(HREF, HOW)).query)["n"] for _ in "ab"] == [["3"], ["3"]]


def test_many_readers_ask_for_one_token(service):
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: signed(HREF, HOW), range(64)))) == 1
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("status", "asked", "told"),
    [
        (401, 1, "HTTP 401 Unauthorized"),
        (403, 1, "HTTP 403 Forbidden.*set PC_SDK_SUBSCRIPTION_KEY"),
        (404, 1, "still has this collection"),
        (429, 6, "HTTP 429 Too Many Requests.*let fewer jobs read at once"),
        (500, 6, "HTTP 500"),
    ],
)
def test_refusals_are_told_in_one_line(status, asked, told, service):
    service.answers = [(status, "no")] * 6
    with pytest.raises(InputError, match=told) as caught:
        signed(HREF, HOW)
    assert "\n" not in str(caught.value) and "sig=" not in str(caught.value)
    assert len(service.asked) == asked


def test_a_burst_of_429_is_waited_for(service):
    service.answers = [(429, "wait")] * 3
    assert signed(HREF, HOW).endswith("n=4&sig=S%2B")


@pytest.mark.parametrize("text", ["<html>", "[]", "{}", '{"token": "x", "msft:expiry": "soon"}'])
def test_an_answer_without_a_token_is_told(text, service):
    service.answers = [(200, text)]
    with pytest.raises(InputError, match="an answer without a token"):
        signed(HREF, HOW)


def test_no_network_is_told_in_one_line(monkeypatch):
    with serving(Quiet) as (_, address):
        pass
    monkeypatch.setenv(signing.TOKENS_VARIABLE, address)
    with pytest.raises(InputError, match="Connection refused.*check the network") as caught:
        signed(HREF, HOW)
    assert "\n" not in str(caught.value) and "object at" not in str(caught.value)


def test_an_unknown_way_is_told():
    with pytest.raises(InputError, match="signing 'magic' is not known; there is none, planet"):
        signed(HREF, "magic")


def test_messages_lose_their_signatures():
    told = f"'/vsicurl/{HREF}?sv=1&sig=a%2Fb%3D' not found, nor {HREF}?st=2&sig=c, ask x?y=1"
    assert unsigned(told) == f"'/vsicurl/{HREF}' not found, nor {HREF} ask x?y=1"
