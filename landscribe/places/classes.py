"""The ontology of places: what kind of ground a name may mean.

Small on purpose: a class is here if it changes how a name is resolved or how large its footprint
is. Each source's own codes are mapped to it where that source is read.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlaceClass:
    """One class of places."""

    id: str
    group: str  # places of two groups are never the same place
    title: str
    extent_km: float  # typical radius of the ground, where nothing better is known [km]
    reach_km: float  # two sources may set the point of one place this far apart [km]


CLASSES = {
    c.id: c
    for c in (
        PlaceClass("continent", "land", "continent, or a region of several countries", 2000, 1500),
        PlaceClass("country", "country", "independent country or dependent territory", 300, 1500),
        PlaceClass("admin1", "unit", "first-order unit: state, province, Land", 100, 300),
        PlaceClass("admin2", "unit", "second-order unit: county, district, Kreis", 30, 60),
        PlaceClass("admin3", "unit", "third-order unit, municipality", 10, 25),
        PlaceClass("admin4", "unit", "fourth-order unit and below", 5, 10),
        PlaceClass("region", "land", "named area without borders", 100, 200),
        PlaceClass("city", "settlement", "city, town, village or hamlet", 3, 10),
        PlaceClass("district", "settlement", "part of a settlement", 2, 5),
        PlaceClass("sea", "water", "ocean, sea, gulf, bay, strait", 300, 300),
        PlaceClass("lake", "water", "lake, pond, reservoir", 5, 20),
        PlaceClass("river", "water", "river, stream, canal", 50, 100),
        PlaceClass("mountain", "relief", "mountain, peak, volcano, pass", 5, 5),
        PlaceClass("range", "relief", "mountains, plateau, valley, plain, desert", 100, 200),
        PlaceClass("island", "island", "island, archipelago, peninsula, cape", 20, 50),
        PlaceClass("wood", "cover", "forest, heath, wetland, other cover of land", 5, 20),
        PlaceClass("park", "cover", "national park, reserve, park", 10, 30),
        PlaceClass("road", "way", "road, street, railway line, bridge, tunnel", 5, 2),
        PlaceClass("airport", "site", "airport, airfield", 3, 5),
        PlaceClass("site", "site", "building, campus, station, farm, monument, mine", 1, 1),
        PlaceClass("landuse", "landuse", "named piece of land use: field, quarry, estate", 1, 1),
    )
}
NAME_KINDS = ("main", "alternate", "short", "abbreviation", "demonym", "historic", "code")
UNITS = ("country", "admin1", "admin2", "admin3", "admin4")  # from the largest to the smallest
