"""The form has a list of the classes for each reading, and no field of the map."""

from xml.etree import ElementTree as xml

from landscribe.scores.form import outlines_style, units_style

FIELDS = {"id": "Number", "reference": "Class in 2020", "comment": "Comment"}
CLASSES = {"forest": "Forest & wood", "farm": "Farmland"}


def test_the_form_lists_the_classes_and_locks_the_id():
    root = xml.fromstring(units_style(FIELDS, {"reference": CLASSES}).split("\n", 1)[1])
    field = root.find("fieldConfiguration/field[@name='reference']/editWidget")
    assert field.get("type") == "ValueMap"
    listed = field.findall("config/Option/Option[@name='map']/Option/Option")
    assert {one.get("value"): one.get("name") for one in listed} == CLASSES
    editable = {one.get("name"): one.get("editable") for one in root.findall("editable/field")}
    assert editable == {"id": "0", "reference": "1", "comment": "1"}
    form = [one.get("name") for one in root.findall("attributeEditorForm/attributeEditorField")]
    assert form == list(FIELDS)


def test_symbols_tell_what_is_left_to_read():
    root = xml.fromstring(units_style(FIELDS, {}).split("\n", 1)[1])
    renderer = root.find("renderer-v2")
    assert '"reference" IS NULL' in renderer.get("attr")
    names = {one.get("name") for one in renderer.findall("symbols/symbol")}
    assert {one.get("symbol") for one in renderer.findall("categories/category")} == names


def test_outlines_have_no_filling():
    root = xml.fromstring(outlines_style().split("\n", 1)[1])
    options = {one.get("name"): one.get("value") for one in root.iter("Option")}
    assert options["style"] == "no"
