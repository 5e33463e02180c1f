import pytest

from landscribe.command import InputError
from landscribe.text.llm_model import NoReply
from landscribe.text.llm_server import Server
from landscribe.text.llm_settings import LlmSettings
from tests.made_chat import Says, chatting, chooses, says

KEY = "sk-sentinel-4711"


def server(endpoint, **more):
    return Server(LlmSettings(model="tiny", endpoint=endpoint, timeout_s=0.4, **more))


def fault_of(told, **more):
    with chatting(lambda *_: told) as (endpoint, _), pytest.raises(NoReply) as fault:
        server(endpoint, **more).ask("Where?", ["gn:1"])
    return fault.value


def test_a_server_is_asked_for_one_of_the_offered_ids_at_temperature_0():
    told = says("none", usage={"total_tokens": 42})
    with chatting(lambda *_: told) as (endpoint, seen):
        reply = server(endpoint + "/").ask("Where?", ["gn:1", "gn:2"])
    assert (reply.text, reply.tokens) == ("none", 42)
    request = seen[0]
    assert request.path == "/v1/chat/completions"
    assert request.body["messages"] == [{"role": "user", "content": "Where?"}]
    told = {key: request.body[key] for key in ("model", "temperature", "seed", "max_tokens")}
    assert told == {"model": "tiny", "temperature": 0, "seed": 0, "max_tokens": 60}
    schema = request.body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["id"]["enum"] == ["gn:1", "gn:2", "none"]
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("status", [400, 415, 422, 501])
@pytest.mark.parametrize(("unknown", "calls"), [("response_format", 2), ("max_tokens", 3)])
def test_a_server_that_refuses_a_key_is_asked_without_it_from_then_on(status, unknown, calls):
    def script(request, _):
        return Says(b"{}", status) if unknown in request.body else chooses("gn:1")

    with chatting(script) as (endpoint, seen):
        model = server(endpoint)
        assert "gn:1" in model.ask("Where?", ["gn:1"]).text
        assert len(seen) == calls
        model.ask("And where?", ["gn:1"])
        assert len(seen) == calls + 1


def test_a_form_that_was_taken_once_is_not_given_up():
    with chatting(lambda _, n: Says(b"", 400) if n == 1 else chooses("gn:1")) as (endpoint, seen):
        model = server(endpoint)
        model.ask("Where?", ["gn:1"])
        with pytest.raises(NoReply, match="HTTP 400"):
            model.ask("A prompt that is too long", ["gn:1"])
        model.ask("Where?", ["gn:1"])
    assert all("response_format" in request.body for request in seen)


@pytest.mark.parametrize(
    ("told", "kind", "passes"),
    [
        (Says(b"", 400), "HTTP 400", False),
        (Says(b"", 401), "HTTP 401", False),
        (Says(b"", 404), "HTTP 404", False),
        (Says(b"", 429), "HTTP 429", True),
        (Says(b"", 500), "HTTP 500", True),
        (Says(b"", 503), "HTTP 503", True),
        (Says(b"", 302, {"Location": "http://127.0.0.1:1/"}), "HTTP 302", False),
        (Says(b"", 204), "HTTP 204", False),
        (Says(b'{"choices": [{"mess'), "not JSON", True),
        (Says(b"<html>sign in</html>"), "not JSON", True),
        (Says(b""), "not JSON", True),
        (Says(b"\xff\xfe\x00"), "not JSON", True),
        (Says(b"[" * 100_000), "not JSON", True),
        (Says(b"[]"), "not JSON", True),
        (Says(b'{"error": {"message": "busy"}}'), "no choices", False),
        (Says(b'{"choices": []}'), "no choices", False),
        (Says(b'{"choices": {"0": 1}}'), "no choices", False),
        (Says(b'{"choices": [{"message": null}]}'), "no choices", False),
        (says(None), "empty answer", False),
        (says("  "), "empty answer", False),
        (says([{"text": "none"}]), "empty answer", False),
        (Says(says("none").body, how="hang"), "timeout", True),
        (Says(says("none").body * 3, how="drip"), "timeout", True),
        (Says(says("none").body, how="drop"), "broken answer", True),
        (Says(says("none").body, how="half"), "broken answer", True),
        (Says(b"no gzip at all", headers={"Content-Encoding": "gzip"}), "broken answer", True),
        (Says(b" " * 2_000_000), "broken answer", True),
    ],
)
def test_each_fault_has_its_kind(told, kind, passes):
    fault = fault_of(told)
    assert (fault.kind, fault.passes) == (kind, passes)


def test_a_server_that_is_down_is_no_connection():
    with chatting(lambda *_: says("none")) as (endpoint, _):
        pass
    with pytest.raises(NoReply) as fault:
        server(endpoint).ask("Where?", [])
    assert (fault.value.kind, fault.value.passes) == ("no connection", True)


def test_a_server_without_the_tls_that_the_card_says_is_a_bad_certificate():
    with (
        chatting(lambda *_: says("none")) as (endpoint, _),
        pytest.raises(NoReply, match="bad certificate"),
    ):
        server(endpoint.replace("http:", "https:")).ask("Where?", [])


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        ("7", 7),
        ("0", 0),
        ("86400", 60),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2992 07:28:00 GMT", 60),
        ("soon", None),
        ("-3", None),
        ("9" * 400, 60),
        (None, None),
    ],
)
def test_the_wait_that_a_server_asks_for_is_kept_within_limits(told, wait_s):
    headers = {} if told is None else {"Retry-After": told}
    assert fault_of(Says(b"", 429, headers)).wait_s == wait_s


@pytest.mark.parametrize("usage", [None, [], {"total_tokens": "9"}, {"total_tokens": -1}])
def test_tokens_that_make_no_sense_are_not_told(usage):
    with chatting(lambda *_: says("none", usage=usage)) as (endpoint, _):
        assert server(endpoint).ask("Where?", []).tokens is None


def test_a_key_goes_to_the_server_and_a_netrc_does_not(tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password other-secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("LLM_KEY", f" {KEY}\n")
    with chatting(lambda *_: says("none")) as (endpoint, seen):
        server(endpoint, key_variable="LLM_KEY").ask("Where?", [])
        server(endpoint).ask("Where?", [])
    assert seen[0].headers["Authorization"] == f"Bearer {KEY}"
    assert "Authorization" not in seen[1].headers


@pytest.mark.parametrize("key", ["", " ", "sk sentinel", "sk-sentinel\nX: y", "sk-sentinél"])
def test_a_key_that_cannot_be_one_is_told_by_its_variable_only(key, monkeypatch):
    monkeypatch.setenv("LLM_KEY", key)
    with pytest.raises(InputError, match="LLM_KEY") as fault:
        server("http://127.0.0.1:1/v1", key_variable="LLM_KEY")
    assert "sentin" not in str(fault.value)


@pytest.mark.parametrize("how", ["drop", "half", "hang", "whole"])
def test_a_fault_carries_no_key_anywhere(how, monkeypatch):
    monkeypatch.setenv("LLM_KEY", KEY)
    told = Says(f'"{KEY}"'.encode(), 200 if how != "whole" else 401, how=how, reason=KEY)
    fault = fault_of(told, key_variable="LLM_KEY")
    seen = []
    error = fault
    while error is not None:
        seen += [repr(error), str(vars(error))]
        error = error.__cause__ or error.__context__
    assert len(seen) == 2, "the fault of requests holds the request"
    assert KEY not in "".join(seen)
