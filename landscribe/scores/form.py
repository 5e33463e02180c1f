"""What QGIS makes of a sample: symbols, and a form with a list of the legend's classes.

QGIS reads a style from the table `layer_styles` of the GeoPackage, so that an interpreter opens one
file and begins. Neither the form nor the labels show what the map says.
"""

from collections.abc import Mapping
from xml.etree import ElementTree as xml

CONFIDENCES = {"high": "High", "medium": "Medium", "low": "Low"}
_OPEN, _DONE = "#d7191c", "#1a9641"
_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


def units_style(fields: Mapping[str, str], lists: Mapping[str, Mapping[str, str]]) -> str:
    """QML of the points to read: red until the reference is given, then green, with their ids.

    Args:
        fields: name -> what the form calls it; the first one cannot be edited.
        lists: name of a field -> value -> what is shown for it in a drop-down list.
    """
    root = _qgis("Symbology|Labeling|Fields|Forms")
    _by_reading(root)
    _labels(root)
    widgets, editable = xml.SubElement(root, "fieldConfiguration"), xml.SubElement(root, "editable")
    aliases, first = xml.SubElement(root, "aliases"), next(iter(fields))
    for place, (name, alias) in enumerate(fields.items()):
        xml.SubElement(aliases, "alias", index=str(place + 1), field=name, name=alias)
        xml.SubElement(editable, "field", name=name, editable="0" if name == first else "1")
        _widget(widgets, name, lists.get(name))
    xml.SubElement(root, "editorlayout").text = "tablayout"
    form = xml.SubElement(root, "attributeEditorForm")
    for place, name in enumerate(fields):
        show = {"name": name, "index": str(place + 1), "showLabel": "1"}
        xml.SubElement(form, "attributeEditorField", show)
    xml.SubElement(root, "previewExpression").text = '"id"'
    return _text(root)


def outlines_style() -> str:
    """QML of the pixels: an outline without filling."""
    root = _qgis("Symbology")
    renderer = xml.SubElement(root, "renderer-v2", type="singleSymbol", forceraster="0")
    symbols = xml.SubElement(renderer, "symbols")
    options = {"outline_color": "255,255,0,255", "outline_width": "0.6", "style": "no"}
    _symbol(symbols, "0", "fill", "SimpleFill", options)
    return _text(root)


def _qgis(categories: str) -> xml.Element:
    return xml.Element("qgis", version="3.28.0", styleCategories=categories)


def _by_reading(root: xml.Element) -> None:
    renderer = xml.SubElement(
        root,
        "renderer-v2",
        type="categorizedSymbol",
        attr="CASE WHEN \"reference\" IS NULL THEN 'open' ELSE 'done' END",
        forceraster="0",
    )
    categories = xml.SubElement(renderer, "categories")
    symbols = xml.SubElement(renderer, "symbols")
    for place, (value, title, colour) in enumerate(
        (("open", "To be read", _OPEN), ("done", "Read", _DONE))
    ):
        told = {"value": value, "label": title, "symbol": str(place), "render": "true"}
        xml.SubElement(categories, "category", told)
        rgb = ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
        options = {"name": "cross_fill", "color": f"{rgb},255", "size": "4"}
        options |= {"outline_color": "255,255,255,255", "outline_width": "0.3"}
        _symbol(symbols, str(place), "marker", "SimpleMarker", options)


def _labels(root: xml.Element) -> None:
    labelling = xml.SubElement(root, "labeling", type="simple")
    settings = xml.SubElement(labelling, "settings")
    style = {"fieldName": "id", "fontSize": "8", "isExpression": "0", "textColor": "27,31,36,255"}
    text = xml.SubElement(settings, "text-style", style)
    halo = {"bufferDraw": "1", "bufferSize": "0.8", "bufferColor": "255,255,255,255"}
    xml.SubElement(text, "text-buffer", halo)
    xml.SubElement(settings, "placement", placement="1", dist="2")


def _symbol(
    symbols: xml.Element, name: str, kind: str, layer: str, options: Mapping[str, str]
) -> None:
    symbol = xml.SubElement(symbols, "symbol", name=name, type=kind, alpha="1")
    settings = xml.SubElement(symbol, "layer", {"class": layer, "enabled": "1", "pass": "0"})
    listed = xml.SubElement(settings, "Option", type="Map")
    for option, value in options.items():
        xml.SubElement(listed, "Option", type="QString", name=option, value=value)


def _widget(widgets: xml.Element, name: str, values: Mapping[str, str] | None) -> None:
    field = xml.SubElement(widgets, "field", name=name)
    widget = xml.SubElement(field, "editWidget", type="ValueMap" if values else "TextEdit")
    options = xml.SubElement(xml.SubElement(widget, "config"), "Option", type="Map")
    if not values:
        xml.SubElement(options, "Option", type="bool", name="IsMultiline", value="false")
        return
    listed = xml.SubElement(options, "Option", type="List", name="map")
    for value, title in values.items():
        entry = xml.SubElement(listed, "Option", type="Map")
        xml.SubElement(entry, "Option", type="QString", name=title, value=value)


def _text(root: xml.Element) -> str:
    xml.indent(root)
    return _HEAD + xml.tostring(root, encoding="unicode") + "\n"
