"""The phrases that place something by a place, for each language, and how they become patterns.

A line is one phrase of plain text that ends where a mention begins, or after it: `(a|b)` is a
choice, `[a]` may be missing, `{name}` stands for the words below it, a blank is one to three. No
part repeats without a bound, so a search takes steps in proportion to the text.
"""

import re

from landscribe.text.bearings import ADJECTIVES, SHORT, WORDS
from landscribe.text.distances import QUANTITIES
from landscribe.text.number_words import NUMBERS
from landscribe.text.plain import Language

BEFORE: dict[Language, dict[str, str]] = {  # kind of relation -> its phrases, the name follows
    "en": {
        "distance": """
            [{about} ]{distance}[ {way}][,][ [to |in |on |towards ][the ]{any}] (of|from|off)
            [{about} ]{distance} (outside|inland from|along the coast from)
        """,
        "between": """
            [about |roughly |almost ](half way|halfway|half-way|midway|mid-way) (from|between)
            [somewhere |in |in-]between
            on (the|a) [{word} ]{road} (from|between)
        """,
        "border": """
            [on |at |along |near |across |to ][the ](border|borders|frontier|boundary) (with|of)
            (borders|bordering|bordered by|bounded by)
            [bounded |bordered |limited ](to|on|in|at) the {any} by
        """,
        "tip": """
            [in |at |on |near ][the ](far|extreme) {bearing} of
            [in |at |on |near ][the ]{bearing} (tip|end|extremity|corner|edge|point) of
            [in |at |on |near ][the ](far|extreme) {adjective}
        """,
        "around": """
            [on |in |to |at |from |near ][the ][{adjective} ]{outskirts} of
            (around|outside|surrounding|encircling)
        """,
        "centre": """
            [in |at |of |near ][the |the very ](center|centre|heart|middle) of
            [in |of |near ][the ](central|downtown|inner)
        """,
        "along": """
            (along|lining|astride|hugging)
            [{along} ][the |both ][{adjective} |left |right |far |opposite ]{banks} of
            [{along} ][the ]({adjective}|left|right|far|opposite) bank of
            (on|along) the bank of
            {sits} [{word} ](on|upon)
        """,
        "off": """
            [just ]off
            [just ]off [the ][{adjective} ](coast|coasts|shore) of
        """,
        "part": """
            [in |across |throughout |from |on |at ]the ({bearing}|{adjective} {part}) of
            {adjective} {part} of
            [in |across |throughout |from |of ]{adjective}
        """,
        "direction": """
            [{just} ][{just} ][to |on |towards |toward ]{bearing} (of|from)
            [{just} ][{just} ](to|on|towards|toward) the {any} (of|from)
        """,
        "near": """
            [very |just |quite ](near|nearby|nearest|beside|opposite)
            [very |quite ](close|closest|next|adjacent|opposite|near|nearest) to
            (not far from|close by|overlooking|beyond|past|above|below|across from)
            [in |within ]the (vicinity|proximity|shadow) of
            in the (neighbourhood|neighborhood) of
            (at|to|near) the (foot|base|gate|gates|mouth|head|entrance|edge|confluence|end) of
            (upstream|downstream|upriver|downriver|inland|offshore) (of|from)
        """,
        "inside": """
            (in|within|inside|throughout|across)
        """,
    },
    "fr": {
        "distance": """
            [{how} ][{away} ][a |d'|de ][{about}]{distance}[ {more}][,][ [{to}]{any}] {of}
        """,
        "between": """
            [a ](mi-chemin|moitie chemin|egale distance) (entre|de|d')
            entre
            [sur ](la|une|le|un) [grande |grand ](route|voie|chemin|ligne) {of}
        """,
        "border": """
            [sur |aux |vers |dans ][les |la |le ]{edges} {of}
            [bornee |borne |bornes |bornees |limite |limitee ][{to}]{any} par
            (borne|bornee|limite|limitee|entoure|entouree|separe|separee) (par|de|du)
            (confine|confinent|confinant|touche|touchant|contigu|contigue) (a|au|aux|avec)
            (limitrophe|frontalier|frontaliere) {of}
            (joint|joignant|attenant|touchant)
        """,
        "tip": """
            [a |dans ][{the}](extreme|extreme-|extremite |pointe )({bearing}|{adjective}) {of}
        """,
        "around": """
            [dans |aux |en |de ][les |la ]{outskirts}[ {adjective}] {of}
            (autour|hors|au dehors|en dehors) {of}
        """,
        "centre": """
            (au |dans le |le |en plein )(centre|coeur|milieu) {of}
        """,
        "along": """
            [tout ](le|au) long {of}
            [sur |au |aux |a |vers |dans ][les |la |le |l'une des ]{banks}[ {side}] {of}
            [sur |a |vers |dans |de |le long de ](la cote|les cotes|une cote)[ {side}] {of}
            (sur|longeant)
        """,
        "off": """
            au large {of}
        """,
        "part": """
            [dans |de ](le |la |l')({bearing}|{part} {adjective}|{part} du {bearing}) {of}
        """,
        "direction": """
            [{how} ]{to}{any} {of}
            {bearing} {of}
            {number}[.] {any} {of}
        """,
        "near": """
            [{how} ][tout ](pres|aupres|proche|voisin|voisine)[ {of}]
            [{how} ](a proximite|a cote|non loin|pas loin|peu loin|peu distant|peu distante) {of}
            [{how} ](peu eloigne|peu eloignee|a peu de distance|a petite distance) {of}
            (dans le|au) voisinage {of}
            [{how} ](vis-a-vis|vis a vis|en face|en deca|en-deca|de l'autre cote)[ {of}]
            [{goes} ][{how} ](au-dessus|au-dessous|au dessus|au dessous) {of}
            (au dela|au-dela|au de-la|par dela) {of}
            [{how} ](a l'embouchure|a l'entree|au confluent|aux portes|aux sources) {of}
            [{how} ](au pied|au pie|au fond|au bord|au sommet|au bout|au bas|au haut) {of}
            [{goes} ](vers|jusqu'a|jusqu'a la|jusqu'a l'|jusqu'au|jusqu'aux|jusqu'en)
        """,
        "inside": """
            [{goes} ](dans|en|au|aux|au sein {of}|a l'interieur {of})
        """,
    },
}
AFTER: dict[Language, dict[str, str]] = {  # the name precedes
    "en": {
        "around": "[{adjective} ](outskirts|suburbs|suburb|environs|surroundings|area|region)",
        "along": "[{adjective} ](coast|coastline|shore|shores|shoreline|banks|riverside|valley)",
        "border": "(border|frontier)",
        "centre": "(city centre|city center|town centre|downtown)",
    },
    "fr": {"part": "{long_adjective}"},
}
NOT_GROUND: dict[Language, str] = {  # words before "between" that place nothing
    "en": "relations|relationship|ties|talks|cooperation|collaboration|communication|agreement"
    "|treaty|deal|peace|war|conflict|dispute|tensions?|rivalry|trade|flights?|match|game|final"
    "|difference|differences|gap|border talks|divided|choose|links?|alliance|friendship|love",
    "fr": "relations?|liens|pourparlers|cooperation|accord|traite|paix|guerres?|conflit|differend"
    "|tensions?|rivalite|commerce|vols?|match|difference|ecart|alliance|amitie|partage",
}
BRIDGES: dict[Language, str] = {  # what may stand between a phrase and the name
    "en": "[the ][{known} ][{known} ][the ][{ground} [of ][the ]]",
    "fr": "[[{the}][{known} ]{ground}[ {word}][ (&|et|ou) [{the}]{ground}][ {of}| dit| dite|,][ ]]"
    "[[{the}][{known} ]{ground}[ {word}][ {of}| dit| dite|,][ ]][{the}][{known} ]",
}

ELLIPSES: dict[Language, str] = {  # a distance without its unit: and 20 from X
    "en": """
        [{about} ]{number} from
        [{about} ]{number}[,] [to the ]{any} (of|from)
    """,
    "fr": """
        [{how} ]a [{about}]{number}[.] {of}
        [{how} ][a ][{about}]{number}[.] [{to}]{any} {of}
    """,
}
_FILLED: dict[Language, dict[str, str]] = {  # what stands for {name}; patterns
    "en": {
        "about": "about|around|some|just|only|nearly|roughly|approximately|over|under|within|up to"
        "|at least|less than|more than|at a distance of|almost|a further",
        "distance": QUANTITIES["en"] + r"(?:,? ?\([^()]{1,40}\)|/[\d.,]{1,8} ?[a-z]{1,11})?",
        "number": NUMBERS["en"],
        "bearing": WORDS["en"],
        "any": f"{WORDS['en']}|{SHORT['en']}",
        "adjective": ADJECTIVES["en"],
        "way": "away|inland|offshore|upstream|downstream|upriver|downriver|distant|or so|by road"
        "|by rail|by air|as the crow flies|up the coast|down the coast|and inland",
        "road": "road|route|way|railway|railroad|line|highway|motorway|path|border|frontier"
        "|boundary|isthmus",
        "outskirts": "outskirts|suburbs?|environs|surroundings|periphery|fringes?",
        "along": "along|on|at|by|from|to|near|of|in",
        "banks": "banks|shores?|(?:sea|lake|river)shore|shorelines?|coasts?|coastlines?|seaboard"
        "|littoral|waterfront|seafront|valley",
        "part": "parts?|half|sides?|portions?|regions?|areas?|districts?|provinces?|sections?"
        "|quarter|third|flanks?|slopes?",
        "sits": "town|village|city|port|situated|located|built|founded|stands|lies|sits|lying"
        "|standing|based",
        "just": "just|directly|immediately|slightly|further|farther|well|far|due",
        "known": "what is now|modern|modern-day|present-day|ancient|old|historic|nearby|small|large"
        "|neighbou?ring|capital|port|market|central|downtown|main|greater|former|both|town"
        "|county|regional|national",
        "ground": "cit(?:y|ies)|towns?|villages?|hamlets?|municipalit(?:y|ies)|communes?|ports?"
        "|capital|parish|boroughs?|suburbs?|districts?|count(?:y|ies)|provinces?|regions?|states?"
        "|republic|kingdom|duchy|territory|department|prefecture|governorate|oblast|canton|rivers?"
        "|streams?|canal|lakes?|reservoir|loch|lough|sea|gulf|bay|straits?|ocean|coast|islands?"
        "|isles?|archipelago|peninsula|cape|mounts?|mountains?|hills?|range|valley|plains?|desert"
        "|forests?|ruins|fort|castle|border|mouth|airport|cent(?:er|re)|junction",
        "word": r"\w{1,14}",
    },
    "fr": {
        "about": "(?:environ|pres de|presque|plus de|moins de|au moins|a peu pres|quelque"
        "|distance de) |(?:plus|moins|pres|distance) d'",
        "distance": QUANTITIES["fr"] + r"(?:,? ?\([^()]{1,40}\))?",
        "number": NUMBERS["fr"],
        "bearing": WORDS["fr"],
        "any": f"{WORDS['fr']}|{SHORT['fr']}",
        "adjective": ADJECTIVES["fr"],
        "long_adjective": r"(?:septentrional|meridional|oriental|occidental)(?:e|es|s)?",
        "how": "toute?|assez|fort|tres|bien|un peu|immediatement|presque|juste|environ",
        "away": "eloignee?s?|distante?s?|ecartee?s?",
        "more": "environ|ou environ|de distance|communes|de chemin",
        "of": "de la|de l'|de cette|de ce|du|des|de|d'|dudit|desdites?",
        "to": "(?:vers |du cote )?(?:le |la |l'|au |du |de l'|a l'|a la )|vers |cote ",
        "edges": "confins|frontieres?|limites|bornes",
        "outskirts": "alentours|environs|faubourgs|banlieue|peripherie",
        "banks": "bords?|rives?|rivages?|littoral|berges?",
        "side": f"gauche|droite|{ADJECTIVES['fr']}|du {WORDS['fr']}",
        "part": "partie|region|moitie|zone",
        "goes": "se (?:jett?e|rend|perd|decharge|deverse|termine|repand)[a-z]{0,4}|tombe|coule"
        "|(?:a|ont|prend|prennent) (?:sa|leur) source|finit|aboutit|etend(?:ent)?|avance",
        "the": "(?:les?|la|une?|cette|cet|ce|sa|son|ses|ladite|ledit) |l'"
        r"|(?:celles?|ceux) d(?:\w{1,2} |')",
        "known": "petite?|grande?|haute?|basse?|ancienne?|nouvelle?|nouveau|vieille|vieux|meme",
        "ground": "(?:villes?|villages?"
        "|bourgs?|bourgades?|hameaux?|cites?|capitale|ports?|forts?|forteresse|chateau|abbaye"
        "|paroisse|communes?|faubourg|quartier|rivieres?|fleuves?|ruisseaux?|torrents?|lacs?"
        "|etangs?|marais|golfes?|golphes?|baies?|detroit|canal|mers?|ocean|cotes?|caps?|promontoire"
        "|i[sl]{1,2}es?|presqu'i[sl]{1,2}e|peninsule|archipel|monts?|montagnes?|vallees?|val"
        "|plaines?|forets?|bois|deserts?|pays|provinces?|contrees?|regions?|royaumes?|duches?"
        "|comtes?|vicomtes?|marquisats?|principaute|electorat|eveches?|dioceses?|archeveches?"
        "|palatinats?|cercles?|cantons?|departements?|districts?|territoires?|gouvernements?"
        "|generalite|election|bailliages?|intendance|etats?|republique|empire|seigneurie|baronn?ie"
        "|terres?|audience|continent|tribu|prefecture|sources?|embouchures?|confluent|ruines"
        "|bords?|rives?|confins|frontieres?|limites|partie|pointe|chemin|route)",
        "word": r"(?!(?:pres|proche|vers|sur|dans|entre|nom|qui|que|dont)\b)\w{3,14}",
    },
}


def pattern(phrases: str, language: Language) -> str:
    """Pattern of plain text, without groups, of phrases: one a line."""
    return "|".join(_of_line(line.strip(), language) for line in phrases.strip().split("\n"))


def _of_line(line: str, language: Language) -> str:
    """`[the ]{bearing} of` -> a pattern; `(?:the |)` is tried faster than `(?:the )?`."""
    marks = {"[": "(?:", "]": "|)", "(": "(?:", " ": " {1,3}", ".": r"\."}
    pieces = re.split(r"\{(\w+)\}", line)
    fixed = ["".join(marks.get(mark, mark) for mark in piece) for piece in pieces[::2]]
    filled = [f"(?:{_blanks(_FILLED[language][name])})" for name in pieces[1::2]] + [""]
    return "".join(f + w for f, w in zip(fixed, filled, strict=True))


def _blanks(pattern: str) -> str:
    return re.sub(r" (\??)", lambda blank: " {0,3}" if blank[1] else " {1,3}", pattern)
