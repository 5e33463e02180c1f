"""Signing: addresses under which files of a provider can be read for a while.

Scene lists and locks keep plain addresses. A signed one is made where a file is opened, anew for
each opening, and is written nowhere: it expires, and whoever has it can read.
"""

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from urllib.parse import urlparse

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from landscribe.command import InputError
from landscribe.imagery.times import parsed_time

# https://planetarycomputer.microsoft.com/docs/concepts/sas/ names the service, the two variables
# are those of Microsoft's own client.
TOKENS = "https://planetarycomputer.microsoft.com/api/sas/v1/token"
TOKENS_VARIABLE, KEY_VARIABLE = "PC_SDK_SAS_URL", "PC_SDK_SUBSCRIPTION_KEY"
SPARE = timedelta(minutes=5)  # a token is renewed that long before its end: reads have to finish
RETRIES = Retry(
    5,
    backoff_factor=1,  # waits of 0, 2, 4, 8 and 16 s
    status_forcelist=[429, 500, 502, 503, 504],
    raise_on_status=False,
    retry_after_max=60,
)
_TIMEOUT_S = (10, 60)  # to connect, to answer
_BLOBS = ".blob.core.windows.net"
_PUBLIC = ("ai4edatasetspublicassets",)  # storage account that needs no token
_SIGNATURE = re.compile(r"\?[^\s'\")]*\bsig=[^\s'\")]*")


@dataclass(frozen=True)
class _Token:
    text: str  # query of an address
    ends: datetime  # UTC


_tokens: dict[str, _Token] = {}  # by the address that gives them
_renewing = Lock()  # readers on several threads ask for one token, not for one each


def signed(href: str, how: str = "none") -> str:
    """Address at which a file can be read now.

    Args:
        how: as a provider's card and an item's `landscribe:signing` say it: `none`, or
            `planetary-computer`, whose files in Azure's blob storage are read with a token that
            lasts about an hour and is renewed five minutes before its end. Addresses of other
            hosts, and those that carry a signature already, stay as they are.

    `InputError` where no token can be had.
    """
    if how == "none":
        return href
    if how != "planetary-computer":
        raise InputError(f"{href}: signing {how!r} is not known; there is none, planetary-computer")
    place = urlparse(href)
    account, _, host = (place.hostname or "").partition(".")
    container = place.path.lstrip("/").partition("/")[0]
    if f".{host}" != _BLOBS or account in _PUBLIC or "sig=" in place.query or not container:
        return href
    base = os.environ.get(TOKENS_VARIABLE, TOKENS).rstrip("/")
    return f"{href}?{_token(f'{base}/{account}/{container}').text}"


def unsigned(text: str) -> str:
    """A message without the signatures of the addresses in it, so that it may be logged."""
    return _SIGNATURE.sub("", text)


def _token(address: str) -> _Token:
    with _renewing:
        token = _tokens.get(address)
        if token is None or token.ends - datetime.now(UTC) < SPARE:
            token = _tokens[address] = _fetched(address)
        return token


def _fetched(address: str) -> _Token:
    key = os.environ.get(KEY_VARIABLE)
    with requests.Session() as session:
        session.mount(address, HTTPAdapter(max_retries=RETRIES))
        try:
            headers = {"Ocp-Apim-Subscription-Key": key} if key else {}
            answer = session.get(address, headers=headers, timeout=_TIMEOUT_S)
        except requests.RequestException as error:
            raise _refused(address, _told(error), "check the network") from None
    if not answer.ok:
        told = f"HTTP {answer.status_code} {answer.reason}"
        raise _refused(address, told, _ADVICE.get(answer.status_code, "try again later"))
    try:
        told = answer.json()
        return _Token(told["token"], parsed_time(told["msft:expiry"]))
    except (ValueError, LookupError, TypeError) as error:
        raise _refused(address, f"an answer without a token: {error}", "try again later") from None


_ADVICE = {
    401: f"set {KEY_VARIABLE} to a valid key, or unset it",
    403: f"set {KEY_VARIABLE} to a key that may read this collection",
    404: "look whether the provider still has this collection",
    429: f"let fewer jobs read at once, wait some minutes, or set {KEY_VARIABLE} to a key of yours",
}


def _refused(address: str, why: str, advice: str) -> InputError:
    return InputError(
        f"{address}: gave no token to read files with ({why}); {advice}, and run again: finished"
        " work is kept"
    )


def _told(error: Exception) -> str:
    return re.sub(r"<[^<>]* object at 0x[0-9a-f]+>[:,]? ?", "", " ".join(str(error).split()))[:300]
