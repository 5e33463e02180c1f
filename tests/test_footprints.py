"""Footprints are simple, valid, and around their point; a document's ground is theirs."""

import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon

from landscribe.places.lookup import Place
from landscribe.text import footprints as module
from landscribe.text.footprints import Footprints, document_ground
from landscribe.text.relations import relations


class MadePlaces:
    """A gazetteer of outlines; counts how often each is asked for."""

    def __init__(self, **outlines):
        self.outlines, self.asked = outlines, []

    def polygon(self, id_):
        self.asked.append(id_)
        return self.outlines.get(id_)


def a_place(id_="x", lon=10.0, lat=50.0, extent_km=5.0):
    return Place(0, id_, id_, "city", lon, lat, "", (), None, extent_km)


def coast(seed, lon=10.0, lat=50.0, size=2.0, points=4000):
    """A ragged outline around a point."""
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    rough = 1 + 0.2 * np.cumsum(rng.normal(0, 0.05, points)) / np.sqrt(points)
    far = size * rough * (1 + 0.002 * rng.random(points))
    return shapely.make_valid(
        Polygon(np.column_stack([lon + far * np.cos(turn), lat + far * np.sin(turn)]))
    )


def island(lon, lat, size):
    return shapely.box(lon, lat, lon + size, lat + size)


def drawn(outline, **where):
    return Footprints(MadePlaces(x=outline)).place(a_place(**where))


@pytest.mark.parametrize("seed", range(6))
def test_an_outline_gets_simple_and_stays_in_place(seed):
    whole = coast(seed)
    found = drawn(whole)
    assert shapely.get_num_coordinates(found.ground) < 400
    assert found.ground.is_valid
    assert found.ground.symmetric_difference(whole).area < 0.1 * whole.area
    assert shapely.from_wkb(found.wkb).equals(found.ground)


def test_a_point_at_the_edge_stays_inside():
    spit = Polygon([(0, 0), (10, 0), (10, 0.02), (20, 0.01), (10, -0.02), (10, -9), (0, -9)])
    where = {"lon": 19.0, "lat": 0.011}
    assert spit.covers(Point(*where.values()))
    assert drawn(spit, **where).ground.covers(Point(*where.values()))


def test_a_point_beside_its_outline_stays_beside_it():
    assert not drawn(coast(1), lon=30.0).ground.covers(Point(30, 50))


def test_small_islands_are_left_out_but_not_that_of_the_point():
    small = [island(13 + n % 30 * 0.1, 50 + n // 30 * 0.1, 0.01) for n in range(900)]
    whole = MultiPolygon([coast(1), *small])
    found = drawn(whole, lon=small[77].centroid.x, lat=small[77].centroid.y).ground
    assert shapely.get_num_geometries(found) == 2
    assert found.covers(small[77].centroid)


def test_an_archipelago_keeps_its_islands():
    whole = MultiPolygon([island(n % 8, n // 8, 0.1) for n in range(64)])
    found = drawn(whole, lon=0.05, lat=0.05).ground
    assert shapely.get_num_geometries(found) == 64
    assert found.area == pytest.approx(whole.area, rel=0.01)


def test_slivers_within_are_closed_and_lakes_are_not():
    slivers = [island(9 + n % 40 * 0.05, 49.2 + n // 40 * 0.05, 0.002) for n in range(900)]
    lake = island(9, 48.5, 0.5)
    whole = coast(2) - shapely.union_all(slivers) - lake
    found = drawn(whole, lat=50.9).ground
    assert shapely.get_num_interior_rings(found) == 1
    assert not found.covers(lake.centroid)


def test_outlines_that_cross_once_they_are_simple_are_valid():
    """Of Quebec and Ontario this stopped a whole document."""
    comb = [(n * 0.01, (n % 2) * 0.5) for n in range(1000)]
    upper = Polygon([*comb, (10, 5), (0, 5)])
    lower = Polygon([*((x, y - 0.02) for x, y in comb), (10, -5), (0, -5)])
    found = drawn(MultiPolygon([upper, lower]), lon=5.0, lat=3.0).ground
    assert found.is_valid


def test_a_disc_and_a_line_are_grounds_too():
    disc = drawn(None).ground
    line = drawn(shapely.LineString([(10, 50), (11, 50.2), (12, 50)])).ground
    assert disc.covers(Point(10, 50))
    assert line.covers(Point(10, 50))
    assert disc.area > 0
    assert line.area > 0


def test_each_footprint_is_made_once():
    places = MadePlaces(x=coast(1))
    made = Footprints(places)
    (north,) = relations("30 km north of Paris", [(15, 20)], "en")
    (again,) = relations("It is 30 km north of Paris", [(21, 26)], "en")
    one, two = a_place()._replace(kind="main"), a_place()._replace(kind="code")
    assert made.place(one) is made.place(two)
    assert made.relation(north, [one]) is made.relation(again, [two])
    assert places.asked == ["x"]


def mention(place, footprint, probability=0.9):
    return {"place": place, "footprint": footprint, "probability": probability}


def test_a_document_is_about_the_grounds_of_its_mentions():
    near, far = drawn(None, lon=10.0), drawn(None, lon=100.0)
    rows = [mention("x", near.wkb)] * 3 + [mention("y", far.wkb), mention(None, None, 0.8)]
    found = document_ground(rows)
    assert found.covers(Point(10, 50))
    assert not found.covers(Point(100, 50))
    assert document_ground([mention(None, None)]) is None
    assert document_ground([]) is None
    assert document_ground(rows[:1]).equals(near.ground)


def test_the_order_of_mentions_does_not_matter():
    rows = [
        mention(str(n), drawn(None, lon=10.0 + n % 5).wkb, 0.5 + 0.1 * (n % 4)) for n in range(9)
    ]
    assert document_ground(rows).equals(document_ground(rows[::-1]))


def test_a_document_of_very_many_places_is_bounded(monkeypatch):
    asked = []
    monkeypatch.setattr(module, "document_footprint", lambda *of: asked.append(of))
    rows = [
        mention(str(n), shapely.to_wkb(island(n / 100, 0, 0.01)), n / 9000) for n in range(9000)
    ]
    document_ground(rows)
    ((grounds, weights),) = asked
    assert len(grounds) == len(weights) == 200
    assert min(ground.bounds[0] for ground in grounds) == 88  # the heaviest
    assert all(0 <= weight <= 1 for weight in weights)
