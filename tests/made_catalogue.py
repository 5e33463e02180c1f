"""Small catalogues made in code: items, a static catalogue, and stand-ins for servers."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from landscribe.cards import Region, Season
from landscribe.formats.json_file import write_json
from landscribe.imagery.search import Query
from landscribe.sensors import Sensor

SENSOR_CARD = Path("config/sensors/sentinel-2-l1c.yaml")
WHOLE = Sensor.read(SENSOR_CARD)
SENSOR = WHOLE.model_copy(update={"bands": [b for b in WHOLE.bands if b.name in "B04 B08"]})
REGION = Region(title="made", bounds=(12.0, 52.0, 13.0, 53.0))
SUMMER = Season(first="06-01", last="08-31")
QUERY = Query.of(REGION, SENSOR, 2020, SUMMER)


def made_item(name, when="2020-07-01T10:20:30Z", west=12.2, south=52.2, **properties):
    east, north = west + 0.5, south + 0.5
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": name,
        "collection": SENSOR.collection,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [west, south, east, north],
        "properties": {"datetime": when, "proj:code": "EPSG:32633", **properties},
        "links": [],
        "assets": {band: {"href": f"./{name}_{band}.tif"} for band in ("B04", "B08")},
    }


def write_catalogue(folder, items):
    """Static catalogue of one collection, and another collection that must not be found."""
    extent = {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [[None, None]]}}
    head = {"stac_version": "1.1.0", "description": "made"}
    other = made_item("other") | {"collection": "landsat"}
    for name, own in {SENSOR.collection: items, "landsat": [other]}.items():
        links = [{"rel": "item", "href": f"./{item['id']}.json"} for item in own]
        told = {"type": "Collection", "id": name, "license": "other", "extent": extent}
        write_json(folder / name / "collection.json", head | told | {"links": links})
        for item in own:
            write_json(folder / name / f"{item['id']}.json", item)
    links = [
        {"rel": "child", "href": f"./{n}/collection.json"} for n in (SENSOR.collection, "landsat")
    ]
    write_json(folder / "catalog.json", head | {"type": "Catalog", "id": "c", "links": links})
    return folder


class StandInApi(BaseHTTPRequestHandler):
    """Stand-in for a STAC API: landing page, one collection, and /search in pages of 3.

    It knows bbox and datetime just well enough for these tests. Each test sets `items`, `methods`,
    `failing` (requests that are answered with `status` and `headers` first), `conforms` (classes
    that it says to keep to), `refused` (whether it refuses a filter all the same) and `endless`
    (`repeat`: the next page is this one; `chain`: there is always one more). `asked` and `bodies`
    are what came in.
    """

    def do_GET(self):
        self._answer("GET", {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer("POST", json.loads(body))

    def log_message(self, *args):
        pass

    def _answer(self, method, body):
        server, path = self.server, self.path.partition("?")[0]
        server.asked.append(f"{method} {self.path}")
        server.bodies.append(body)
        if server.failing:
            server.failing -= 1
            return self._send(server.status, {"code": "busy"}, server.headers)
        if server.refused and "filter" in body:
            return self._send(400, {"code": "no such function"})
        here = f"http://127.0.0.1:{server.server_port}"
        if path == "/":
            searches = [
                {"rel": "search", "href": f"{here}/search", "type": "application/geo+json"}
                | ({"method": told} if told else {})
                for told in server.methods
            ]
            links = [{"rel": "data", "href": f"{here}/collections"}, *searches]
            api = "https://api.stacspec.org/v1.0.0/"
            conforms = [f"{api}{part}" for part in ("core", "collections", "item-search")]
            conforms += server.conforms
            head = {"type": "Catalog", "id": "api", "stac_version": "1.0.0", "description": "made"}
            return self._send(200, head | {"conformsTo": conforms, "links": links})
        if path.startswith("/collections"):
            return self._collections(path)
        if method not in [told or "GET" for told in server.methods]:
            return self._send(405, {"code": "method"})
        return self._send(200, self._page(here, method, body))

    def _collections(self, path):
        interval = [["2018-01-01T00:00:00Z", "2021-12-31T00:00:00Z"]]
        extent = {"spatial": {"bbox": [[9, 49, 15, 55]]}, "temporal": {"interval": interval}}
        told = {"type": "Collection", "id": SENSOR.collection, "stac_version": "1.0.0"}
        told |= {"description": "", "license": "other", "extent": extent, "links": []}
        if path == "/collections":
            return self._send(200, {"collections": [told], "links": []})
        if path.endswith(SENSOR.collection):
            return self._send(200, told)
        return self._send(404, {"code": "no such collection"})

    def _page(self, here, method, body):
        asked = dict(part.split("=") for part in self.path.partition("?")[2].split("&") if part)
        page = int(body.get("page", asked.get("page", 0)))
        if "bbox" not in self.path and "bbox" not in body and "page" not in self.path:
            return {"type": "FeatureCollection", "features": [], "numberMatched": 77, "links": []}
        part = self.server.items[page * 3 : page * 3 + 3]
        more = {"rel": "next", "href": f"{here}/search", "method": method}
        if method == "POST":
            more |= {"body": {"page": page + 1}, "merge": True}
        else:
            more["href"] += f"?page={page + 1}"
        if self.server.endless:
            name = f"i{page}" if self.server.endless == "chain" else "i"
            part, more["body"] = [made_item(name)], {"page": page + 1}
            return {"type": "FeatureCollection", "features": part, "links": [more]}
        links = [more] if len(self.server.items) > page * 3 + 3 else []
        return {"type": "FeatureCollection", "features": part, "links": links}

    def _send(self, status, told, headers=()):
        text = json.dumps(told).encode()
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def serving(handler, **settings):
    """A real HTTP server on this machine, in a thread."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    first = {"asked": [], "bodies": [], "failing": 0, "status": 503, "headers": (), "items": []}
    first |= {"methods": ("POST",), "conforms": [], "refused": False, "endless": ""}
    vars(server).update(first | settings)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a log."""

    def log_message(self, *args):
        pass
