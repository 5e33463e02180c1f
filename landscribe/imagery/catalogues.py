"""Catalogues: items of a collection, from files, a web server's files or a STAC API."""

import json
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from itertools import islice
from pathlib import Path

from pystac.utils import make_absolute_href
from pystac_client import ItemSearch
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from urllib3 import Retry

from landscribe.command import InputError, some
from landscribe.imagery.items import flat_bbox, item_times, outline

RETRIES = Retry(
    5,
    backoff_factor=0.5,  # waits of 0, 1, 2, 4 and 8 s
    status_forcelist=[429, 500, 502, 503, 504],
    allowed_methods=["GET", "POST"],  # a search changes nothing, so it may be sent again
    raise_on_status=False,
    retry_after_max=60,  # seconds: a server may not make a run wait for hours
)
TIMEOUT_S = (10, 120)  # to connect, to answer
PAGE = 100  # items that an API is asked for at once
MOST_PAGES = 20_000  # of one search: two million items
_REFUSALS = (400, 404, 405, 415, 422, 501)  # of a server that says it knows CQL2, but not so
_TOLD = 10  # names in a message
_MESSAGE = 400  # characters of someone else's message


class NoAnswer(InputError):
    """A catalogue that could not be read, or has none of what was asked for: another may have."""

    def __init__(self, message: str, reason: str) -> None:
        """Args: reason: the message without its beginning and its advice."""
        super().__init__(message)
        self.reason = reason


class StaticCatalogue:
    """Catalogue that is only files: all items of a collection are read."""

    def __init__(self, href: str, io: StacApiIO) -> None:
        self.href, self.io = href, io
        self.seen: set[str] = set()  # catalogues, so that links in a circle end
        self.count = 0  # items of the collection so far
        self.first, self.last = "", ""  # days of those
        self.bbox: list[float] = []  # lon, lat that hold those
        self.others: set[str] = set()  # other collections

    def items(
        self, collection: str, bounds: tuple, interval: str, condition: dict | None = None
    ) -> Iterator[dict]:
        """Items of the collection, whatever they show; counted for `holds`."""
        for item in self._walk(self.href, collection):
            if item.get("collection") != collection:
                self.others.add(str(item.get("collection")))
                continue
            first, last = (f"{moment:%Y-%m-%d}" for moment in item_times(item))
            self.first, self.last = min(self.first or first, first), max(self.last, last)
            self.bbox = _union(self.bbox, flat_bbox(item))
            self.count += 1
            yield item

    def holds(self, collection: str) -> str:
        """For people: what has been found of a collection."""
        if not self.count:
            return f"no item of that collection, but of {_names(self.others)}"
        return f"{self.count} items of it, {_extent(self.first, self.last, self.bbox)}"

    def _walk(self, href: str, collection: str) -> Iterator[dict]:
        self.seen.add(href)
        node = _catalogue(self.io.read_json(href), href)
        if node["type"] == "Collection" and node.get("id") != collection:
            self.others.add(str(node.get("id")))
            return
        for link in node.get("links", []):
            target = make_absolute_href(str(link.get("href")), href)
            if link.get("rel") == "item":
                yield _item(self.io.read_json(target), target)
            elif link.get("rel") == "child" and target not in self.seen:
                yield from self._walk(target, collection)


class ApiCatalogue:
    """STAC API: it searches."""

    def __init__(
        self, href: str, io: StacApiIO, links: list[dict], conforms: Iterable = ()
    ) -> None:
        self.io = io
        searches = [link for link in links if link.get("rel") == "search"]
        data = [link for link in links if link.get("rel") == "data"]
        self.search = make_absolute_href(searches[0]["href"], href)
        self.data = make_absolute_href(data[0]["href"], href) if data else f"{href}/collections"
        # POST is optional in STAC API 1.0, so it has to be offered.
        posts = any(link.get("method") == "POST" for link in searches)
        self.method = "POST" if posts else "GET"
        ends = {str(name).split("/")[-1] for name in conforms or ()}
        self.knows_cql2 = posts and {"item-search#filter", "cql2-json"} <= ends

    def items(
        self, collection: str, bounds: tuple, interval: str, condition: dict | None = None
    ) -> Iterator[dict]:
        """Items that the API finds, page by page.

        Args:
            condition: CQL2-JSON; the API is only asked with it where it says that it knows CQL2.
        """
        where = {"bbox": bounds, "datetime": interval, "limit": PAGE}
        for page in self._pages(collection, where, condition if self.knows_cql2 else None):
            for item in page["features"]:
                links = item.get("links", []) if isinstance(item, dict) else []
                own = [link["href"] for link in links if link.get("rel") == "self"]
                yield _item(item, own[0] if own else self.search)

    def holds(self, collection: str) -> str:
        """For people: what the API has of a collection."""
        pages = islice(self.io.get_pages(self.data), MOST_PAGES // PAGE)
        known = {c["id"]: c for page in pages for c in page["collections"]}
        if collection not in known:
            return f"no such collection, but {_names(set(known))}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it does not count
            count = self._asked([collection]).matched()
        extent = known[collection]["extent"]
        bbox = flat_bbox({"bbox": extent["spatial"]["bbox"][0]})
        first, last = extent["temporal"]["interval"][0]
        first, last = (
            (str(first)[:10] if first else "its start"),
            (str(last)[:10] if last else "now"),
        )
        told = "items" if count is None else f"{count} items"
        return f"{told} of it, {_extent(first, last, bbox)}"

    def _pages(self, collection: str, where: dict, condition: dict | None) -> Iterator[dict]:
        """Pages of a search; without the condition where the server refuses it."""
        if condition:
            pages = self._ending([collection], filter=condition, filter_lang="cql2-json", **where)
            try:
                first = next(pages, None)
            except APIError as error:
                if getattr(error, "status_code", None) not in _REFUSALS:
                    raise
            else:
                yield from [first] if first else []
                yield from pages
                return
        yield from self._ending([collection], **where)

    def _ending(self, collections: list[str], **where: object) -> Iterator[dict]:
        """Pages of a search, until one brings nothing new; that is told, as are too many."""
        seen: set[str] = set()
        for number, page in enumerate(self._asked(collections, **where).pages_as_dicts(), 1):
            names = {str(item.get("id")) for item in page["features"] if isinstance(item, dict)}
            if (names and names <= seen) or number > MOST_PAGES:
                why = "repeats items of earlier pages" if names <= seen else "is one too many"
                raise _unreadable(
                    self.search,
                    f"page {number} of the search {why}, after {len(seen)} items: the links to the"
                    " next page never end",
                )
            seen |= names
            yield page

    def _asked(self, collections: list[str], **where: object) -> ItemSearch:
        about = {"collections": collections, "method": self.method, "stac_io": self.io}
        return ItemSearch(self.search, **about, **where)


def opened(catalogue: str) -> StaticCatalogue | ApiCatalogue:
    """Catalogue at a folder, a catalog.json or an address."""
    io = StacApiIO(max_retries=RETRIES, timeout=TIMEOUT_S)
    href, root = _root(catalogue, io)
    links = _catalogue(root, catalogue).get("links", [])
    if any(link.get("rel") == "search" for link in links):
        return ApiCatalogue(href, io, links, root.get("conformsTo"))
    return StaticCatalogue(href, io)


@contextmanager
def reading(catalogue: str) -> Iterator[None]:
    """Turn the faults of reading a catalogue into one `InputError`."""
    try:
        yield
    except (APIError, OSError, UnicodeDecodeError) as error:
        raise _unreadable(catalogue, error) from None
    except json.JSONDecodeError as error:
        raise _unreadable(catalogue, f"no JSON: {error}") from None
    except LookupError as error:
        raise _unreadable(catalogue, f"an answer without {error}") from None
    except (AttributeError, TypeError) as error:  # JSON whose objects are lists or texts
        raise _unreadable(catalogue, f"an answer of another form: {error}") from None


def _root(catalogue: str, io: StacApiIO) -> tuple[str, object]:
    """Where the root of a catalogue is, and its JSON; an address may leave out /catalog.json."""
    if "://" not in catalogue:
        path = Path(catalogue).absolute()
        hrefs = [str(path / "catalog.json" if path.is_dir() else path)]
    else:
        folder = [] if catalogue.endswith(".json") else [f"{catalogue.rstrip('/')}/catalog.json"]
        hrefs = [catalogue, *folder]
    for href in hrefs[:-1]:
        try:
            return href, io.read_json(href)
        except json.JSONDecodeError:
            continue  # a page for people: a web server's list of files
        except APIError as error:
            if getattr(error, "status_code", None) != 404:
                raise
    return hrefs[-1], io.read_json(hrefs[-1])


def _catalogue(node: object, where: str) -> dict:
    """The JSON of a catalogue or collection; `InputError` if it is none."""
    kind = node.get("type") if isinstance(node, dict) else None
    if kind in ("Catalog", "Collection"):
        if not isinstance(node.get("links", []), list) or not _dicts(node.get("links", [])):
            raise InputError(f"{where}: its `links` are no list of objects; mend the catalogue")
        return node
    reason = (
        f"is JSON, but no STAC catalogue (its `type` is {kind!r}, not 'Catalog' or 'Collection')"
    )
    raise NoAnswer(
        f"{where}: {reason}; give the config's `catalogue` the path or address of a catalog.json or"
        " of a STAC API",
        reason,
    )


def _item(item: object, href: str) -> dict:
    """The item, with absolute addresses of its files and itself; `InputError` if it is none."""
    wanted = ("id", "properties", "assets")
    missing = [name for name in wanted if not isinstance(item, dict) or not item.get(name)]
    if not missing and not (item.get("bbox") or item.get("geometry")):
        missing = ["bbox and no geometry"]
    if missing:
        name = f" (item {item['id']})" if isinstance(item, dict) and item.get("id") else ""
        raise InputError(
            f"{href}{name}: has no {', '.join(missing)}, so it is no STAC item with files; mend the"
            " catalogue, or take the item out of it"
        )
    if not isinstance(item["assets"], dict) or not _dicts(item["assets"].values()):
        raise InputError(f"{href}: its `assets` are not JSON objects by name; mend the catalogue")
    try:
        item = item if item.get("bbox") else item | {"bbox": list(outline(item).bounds)}
        flat_bbox(item)
    except InputError as error:
        raise InputError(f"{href}: {error}") from None
    assets = {
        key: asset | {"href": make_absolute_href(asset["href"], href)}
        for key, asset in item["assets"].items()
        if asset.get("href")
    }
    return item | {"assets": assets, "links": [{"rel": "self", "href": href}]}


def _dicts(values: Iterable) -> bool:
    return all(isinstance(value, dict) for value in values)


def _unreadable(catalogue: str, error: Exception | str) -> NoAnswer:
    told = re.sub(r"<[^<>]* object at 0x[0-9a-f]+>[:,]? ?", "", " ".join(str(error).split()))
    told = told[:_MESSAGE] or type(error).__name__
    if status := getattr(error, "status_code", None):
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "unknown"
        told = f"HTTP {status} {phrase}: {told}"
    reason = f"no STAC catalogue or API could be read there ({told})"
    return NoAnswer(
        f"{catalogue}: {reason}; check the config's `catalogue`, for a server also that it is up,"
        " and run again",
        reason,
    )


def _names(names: set[str]) -> str:
    return some(sorted(names), _TOLD) or "none at all"


def _extent(first: str, last: str, bbox: list[float]) -> str:
    west, south, east, north = bbox
    return f"{first} to {last}, lon {west:.4f} to {east:.4f}, lat {south:.4f} to {north:.4f}"


def _union(one: list[float], two: list[float]) -> list[float]:
    if not one:
        return two
    return [min(one[0], two[0]), min(one[1], two[1]), max(one[2], two[2]), max(one[3], two[3])]
