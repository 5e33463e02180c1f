"""The ontology of places: what kind of ground a name may mean.

Small on purpose: a class is here if it changes how a name is resolved or how large its footprint
is. Each source's own codes are mapped to it where that source is read.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlaceClass:
    """One class of places."""

    id: str
    title: str
    extent_km: float  # typical radius of the ground, where nothing better is known [km]


CLASSES = {
    c.id: c
    for c in (
        PlaceClass("continent", "continent, or a region of several countries", 2000),
        PlaceClass("country", "independent country or dependent territory", 300),
        PlaceClass("admin1", "first-order unit: state, province, Land", 100),
        PlaceClass("admin2", "second-order unit: county, district, Kreis", 30),
        PlaceClass("admin3", "third-order unit, municipality", 10),
        PlaceClass("admin4", "fourth-order unit and below", 5),
        PlaceClass("region", "named area without borders: historic, economic, natural", 100),
        PlaceClass("city", "city, town, village or hamlet", 5),
        PlaceClass("district", "part of a settlement", 2),
        PlaceClass("sea", "ocean, sea, gulf, bay, strait", 300),
        PlaceClass("lake", "lake, pond, reservoir", 5),
        PlaceClass("river", "river, stream, canal", 50),
        PlaceClass("mountain", "mountain, peak, volcano, pass", 5),
        PlaceClass("range", "mountain range, hills, plateau, valley, plain, desert", 100),
        PlaceClass("island", "island, archipelago, peninsula, cape", 20),
        PlaceClass("wood", "forest, heath, wetland, other cover of land", 5),
        PlaceClass("park", "national park, reserve, park", 10),
        PlaceClass("road", "road, street, railway line, bridge, tunnel", 5),
        PlaceClass("airport", "airport, airfield", 3),
        PlaceClass("site", "building, campus, station, farm, monument, mine, other spot", 1),
        PlaceClass("landuse", "named piece of land use: field, quarry, industrial estate", 1),
    )
}
