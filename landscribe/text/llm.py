"""A language model's opinion on mentions of which the resolver is not sure; off by default.

It ranks places that the resolver offers and can add none. Whatever goes wrong, a mention keeps the
resolver's answer, and the counts say why.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from tqdm import tqdm

from landscribe.text.llm_cache import LlmCache
from landscribe.text.llm_local import LocalModel, files_digest
from landscribe.text.llm_model import Model, NoReply, Reply
from landscribe.text.llm_questions import Answer, Question, prompt, read_reply
from landscribe.text.llm_server import Server
from landscribe.text.llm_settings import LlmSettings

_READER = 1  # raise it when replies are read in another way: kept answers are then asked anew
_LONGEST_WAIT_S = 30  # between two calls, if the server does not say
_BYTES_PER_TOKEN = 3  # English has 4; a guess that is rather too high


@dataclass
class Counts:
    """What became of questions.

    Each is in one of `sure`, `no_candidates`, `asked`, `cached`, `failed`, `left_out`, `given_up`;
    each of `asked` and `cached` is also in one of `chosen`, `none`, `unread`, `refused`.
    """

    questions: int = 0
    sure: int = 0  # not asked: the resolver is
    no_candidates: int = 0  # not asked: nothing to choose from
    asked: int = 0  # answered by the model in this run
    cached: int = 0  # answered by it before
    failed: dict[str, int] = field(default_factory=dict)  # by reason
    left_out: int = 0  # the budget was spent
    given_up: int = 0  # after too many failures in a row
    chosen: int = 0
    none: int = 0
    unread: int = 0  # the reply was no answer
    refused: int = 0  # an id that was not offered
    calls: int = 0  # in this run, with those that failed
    tokens: int = 0  # of prompts and replies in this run, estimated where not told
    message: str = ""  # why it gave up

    def told(self) -> dict:
        """The counts, for provenance."""
        return asdict(self)


def ask_llm(
    questions: Iterable[Question],
    settings: LlmSettings,
    cache: Path,
    counts: Counts | None = None,
    device: str = "auto",
) -> Iterator[Answer]:
    """Answers to questions, one each, in their order.

    `InputError` where the settings cannot work: no key in the environment, no model, no cache. A
    server that fails is no such fault.

    Args:
        cache: SQLite file of answers and budgets, that jobs share.
        counts: filled in as answers are drawn.
        device: of a local model: cpu, cuda or auto.
    """
    counts = Counts() if counts is None else counts
    with closing(LlmCache(cache, settings)) as kept:
        asker = _Asker(settings, kept, counts, device)
        for question in tqdm(questions, desc="ask the model", unit="mention", mininterval=1):
            counts.questions += 1
            yield asker.answer(question)


class _Asker:
    """The model, once it is needed, and how often it failed."""

    def __init__(self, settings: LlmSettings, cache: LlmCache, counts: Counts, device: str) -> None:
        self._settings, self._cache, self._counts = settings, cache, counts
        self._device = device
        self._files = files_digest(settings.model_path) if settings.model_path else ""
        self._model: Model | None = None
        self._failures = 0  # in a row

    def answer(self, question: Question) -> Answer:
        """Answer to a question, from wherever it can be had."""
        if question.best_probability >= self._settings.below_probability:
            return self._counted(Answer(None, False, "sure"))
        if not question.candidates:
            return self._counted(Answer(None, False, "no_candidates"))
        asked = prompt(question, self._settings)
        key = self._key(asked)
        kept = self._cache.answer(key)
        if kept and kept.place in (None, *question.ids):
            self._counts.cached += 1
            return self._counted(kept)
        if self._counts.message:
            return self._counted(Answer(None, False, "given_up"))
        try:
            reply = self._reply(asked, question.ids)
        except NoReply as fault:
            return self._failed(fault)
        if reply is None:
            return self._counted(Answer(None, False, "left_out"))
        self._failures = 0
        self._counts.asked += 1
        answer = read_reply(reply.text, question.ids)
        self._cache.keep(key, answer)
        return self._counted(answer)

    def _reply(self, asked: str, ids: list[str]) -> Reply | None:
        """Reply to a prompt, after retries; None where the budget allows no further call."""
        model = self._loaded()
        for waited_s in [*(2.0**n for n in range(self._settings.retries)), None]:
            try:
                return self._call(model, asked, ids)
            except NoReply as fault:
                if waited_s is None or not fault.passes:
                    raise
                wanted_s = fault.wait_s
            time.sleep(min(waited_s, _LONGEST_WAIT_S) if wanted_s is None else wanted_s)
        raise AssertionError("the last call returns or raises")

    def _call(self, model: Model, asked: str, ids: list[str]) -> Reply | None:
        """Reply of one call, which is counted even if it fails; None: the budget is spent."""
        reserved = len(asked.encode(errors="replace")) // _BYTES_PER_TOKEN
        reserved += self._settings.answer_tokens
        if not self._cache.reserve(reserved):
            return None
        self._counts.calls += 1
        self._counts.tokens += reserved
        reply = model.ask(asked, ids)
        if reply.tokens is not None:
            self._cache.correct(reply.tokens - reserved)
            self._counts.tokens += reply.tokens - reserved
        return reply

    def _loaded(self) -> Model:
        if self._model is None:
            s = self._settings
            self._model = Server(s) if s.endpoint else LocalModel(s, self._device)
        return self._model

    def _key(self, asked: str) -> str:
        """Digest of all that an answer depends on."""
        s = self._settings
        mark = [s.kind, s.model, self._files, s.temperature, s.seed, s.answer_tokens]
        return sha256(json.dumps([_READER, *mark, asked]).encode()).hexdigest()

    def _counted(self, answer: Answer) -> Answer:
        setattr(self._counts, answer.reason, getattr(self._counts, answer.reason) + 1)
        return answer

    def _failed(self, fault: NoReply) -> Answer:
        failed = self._counts.failed
        failed[fault.kind] = failed.get(fault.kind, 0) + 1
        self._failures += 1
        if self._failures >= self._settings.give_up_after:
            self._counts.message = (
                f"{self._settings.endpoint or self._settings.model_path}: {self._failures} mentions"
                f" in a row got no answer, the last one by {fault.kind}; no more is asked, and all"
                f" others keep the resolver's answer; {_advice(fault.kind)}"
            )
            tqdm.write(self._counts.message, file=sys.stderr)
        return Answer(None, False, f"failed: {fault.kind}")


def _advice(kind: str) -> str:
    return _ADVICE.get(kind, "try again later: answers so far are kept")


_ADVICE = {
    "HTTP 400": "look whether the server knows the card's `model`, and how long a prompt may be",
    "HTTP 401": "set the variable of `key_variable` to a valid key",
    "HTTP 403": "set the variable of `key_variable` to a key that may use this model",
    "HTTP 404": "look at the card's `endpoint` (it often ends in /v1) and `model`",
    "HTTP 429": "wait, or let fewer jobs ask at once",
    "bad certificate": "look at the server's certificate, or set REQUESTS_CA_BUNDLE",
    "empty answer": "raise `answer_tokens` if the model thinks before it answers",
    "no connection": "look whether the server runs and the card's `endpoint` is right",
    "not JSON": "look whether the card's `endpoint` is an OpenAI-compatible server",
    "prompt too long": "lower `context_characters`, or take a model that reads more",
    "timeout": "raise `timeout_s`, or take a smaller model",
}
