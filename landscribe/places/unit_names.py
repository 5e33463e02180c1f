"""Names of units without the word for what they are: Lublin of Lublin Voivodeship."""

_KINDS = frozenset(  # as `normal` gives them, in the languages in which sources write names
    """
    autonomous bezirk land canton cantone changwat comarca commune comuna county departamento
    departement department district distrikt distrito division emirate estado fylke gemeente
    gewest gmina gobolka gouvernorat governorate ilce kabupaten kanton khet khoueng khum kommun
    kommune krai kraj kray kreis landkreis maakond marz megye mohafazat muhafazah muhafazat
    municipalidad municipality municipio nahia novads obcina oblast oblysy okres okrug opcina
    opshtina opstina parish parroquia powiat prefecture province provincia provincie provinsi
    provinz qarku raion rajon rayon regiao region regione republic respublika sheng shi state
    syssel territory tinh viloyati voblasts voivodeship welayaty wilaya wojewodztwo xian
    zupanija
    """.split()
)
_LINKS = frozenset("d da de del der des di do du of the".split())


def bare_unit(normal: str) -> str:
    """A normal name without words such as province; as it is where nothing else is left."""
    words = normal.split()
    named = [word for word in words if word not in _KINDS]
    while len(named) < len(words) and named and named[0] in _LINKS:
        named = named[1:]
    return " ".join(named) or normal
