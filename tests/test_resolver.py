"""The resolver learns a made corpus, tells chances, and says what is wrong with its folder."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from landscribe.command import InputError
from landscribe.scores.places import NEAR_KM, great_circle_km
from landscribe.text import resolver as module
from landscribe.text.examples import Example
from landscribe.text.resolver import ABOUT, Resolver, train_resolver
from landscribe.text.resolver_settings import ResolverSettings
from tests.made_world import a_place, make_world, marked

SMALL = ResolverSettings(
    first_trees=40, second_trees=80, leaves=8, leaf_rows=1, folds=3, evidence_share=1, l2=0
)
CORPUS = [  # text, and the places of its mentions; none: nowhere
    (
        "[Paris], [Texas] and [Dallas]. The mayor of [Paris] said so.",
        "Paris TX|Texas|Dallas|Paris TX",
    ),
    ("In [Paris], [France], by the [Marne]. [Paris] is old.", "Paris|France|Marne|Paris"),
    ("[Springfield] in [Illinois], not [Paris] or [Lyon].", "Springfield IL|Illinois|Paris|Lyon"),
    ("[Springfield] and [Dallas] are [American].", "Springfield MO|Dallas|US"),
    ("From [Orly] to [Lyon] over [Paris]. [Marne] saw it.", "Orly|Lyon|Paris|"),
    ("[Lamar County] has a [Paris]; [Dallas] is near.", "Lamar|Paris TX|Dallas"),
]


def example(places, text, ids, judged=True):
    plain, mentions = marked(text)
    found = [a_place(places, id_) if id_ else None for id_ in ids.split("|")]
    return Example(
        plain,
        "",
        tuple(mentions),
        tuple(p and (p.lon, p.lat) for p in found),
        tuple(p and p.id for p in found),
        (judged,) * len(mentions),
    )


@pytest.fixture(scope="module")
def examples(places):
    return [example(places, *told) for told in CORPUS]


@pytest.fixture(scope="module")
def resolver(places, examples):
    """Of six documents, each of them four times, so that no fold lacks one."""
    return train_resolver(examples * 4, places, SMALL)


def asked(examples):
    return [(e.text, e.outlet, e.mentions) for e in examples]


def bytes_of(resolver, folder):
    resolver.save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_overfits_six_documents(resolver, examples):
    told = [r.place and r.place.id for d in resolver.resolve(asked(examples)) for r in d]
    assert told == [id_ for e in examples for id_ in e.ids]


def test_chances_of_all_candidates_and_none_are_one(resolver, examples):
    documents = [*asked(examples), (*marked_document("[Lyon] [Atlantis] [Paris]"),)]
    for told in resolver.resolve(documents):
        for resolved in told:
            chances = [chance for _, chance in resolved.candidates]
            assert chances == sorted(chances, reverse=True)
            assert all(0 <= chance <= 1 for chance in chances)
            assert sum(chances) <= 1 + 1e-9
            if resolved.place:
                assert resolved.probability == pytest.approx(near_mass(resolved))
            elif chances:  # "none" has what is left of it
                assert resolved.probability == pytest.approx(1 - sum(chances))


def near_mass(resolved):
    place = resolved.candidates[0][0]
    assert place == resolved.place
    return sum(
        chance
        for p, chance in resolved.candidates
        if great_circle_km(place.lon, place.lat, p.lon, p.lat) <= NEAR_KM
    )


def marked_document(text):
    plain, mentions = marked(text)
    return plain, "", mentions


def test_mentions_without_a_candidate_are_nowhere_for_sure(resolver):
    (told,) = resolver.resolve([marked_document("[Atlantis] and [%'; --] and [Xanadu]")])
    assert [(r.place, r.probability, r.candidates) for r in told] == [(None, 1.0, ())] * 3


def test_no_documents_and_empty_ones_have_no_places(resolver):
    assert [*resolver.resolve([])] == []
    assert [*resolver.resolve([("", "", []), ("nothing", "x.fr", [])])] == [[], []]


def test_a_document_does_not_depend_on_its_batch(resolver, examples):
    documents = [*asked(examples), ("", "", []), marked_document("[Atlantis], [Lyon]")] * 9
    together = [*resolver.resolve(documents)]
    alone = [next(resolver.resolve([document])) for document in documents]
    assert together == alone


def test_a_mention_said_twice_means_one_place(resolver):
    text = "[Paris], [Texas]. " + "Rain in [Paris] again. " * 5
    (told,) = resolver.resolve([marked_document(text)])
    assert len({r.place for r in told[2:]}) == len({r.probability for r in told[2:]}) == 1


def test_a_long_document_is_resolved_in_passages_without_a_gap(resolver, monkeypatch):
    sentence = "In [Paris], [Texas] and [Dallas]. "
    (short,) = resolver.resolve([marked_document(sentence * 4)])
    monkeypatch.setattr(module, "_MOST", 15)
    text, _, mentions = marked_document(f"{sentence * 4}{' ' * 50}" * 5)
    (told,) = resolver.resolve([(text, "", mentions)])
    assert len(told) == 60
    assert told == short * 5  # cut where the text between mentions is the longest


@pytest.mark.parametrize("count", [0, 1, 256, 257, 700])
def test_passages_cover_all_mentions_once(count):
    _, mentions = marked("[a] and " * count)
    parts = [*module._passages(mentions)]
    assert [m for part in parts for m in mentions[part]] == mentions
    assert all(1 <= part.stop - part.start <= 256 for part in parts)


def test_thousands_of_mentions_need_no_square_of_memory(resolver):
    text, _, mentions = marked_document("[Paris] [Springfield] [Lyon] x " * 1000)
    renamed = [replace(m, label=f"L{n}") for n, m in enumerate(mentions)]
    (told,) = resolver.resolve([(text, "", renamed)])
    assert len(told) == 3000 and all(r.candidates for r in told)


def test_two_trainings_give_equal_bytes_and_another_seed_others(places, examples, tmp_path):
    one, two = (bytes_of(train_resolver(examples, places, SMALL), tmp_path / n) for n in "ab")
    assert one == two
    assert bytes_of(train_resolver(examples, places, SMALL, seed=1), tmp_path / "c") != one


def test_save_and_load_is_a_round_trip(resolver, places, examples, tmp_path):
    resolver.save(tmp_path / "r")
    again = Resolver.load(tmp_path / "r", places)
    assert again.digest == resolver.digest and len(again.digest) == 12
    assert [*again.resolve(asked(examples))] == [*resolver.resolve(asked(examples))]


def test_another_gazetteer_is_refused_with_both_versions(resolver, places, tmp_path):
    resolver.save(tmp_path / "r")
    other = make_world(tmp_path / "world", drop=1)
    assert other.version != places.version
    with pytest.raises(InputError) as told:
        Resolver.load(tmp_path / "r", other)
    assert places.version in str(told.value) and other.version in str(told.value)


@pytest.mark.parametrize("name", [ABOUT, "first.txt", "second.txt"])
@pytest.mark.parametrize("how", ["missing", "cut", "empty", "odd"])
def test_a_broken_folder_is_told(resolver, places, tmp_path, name, how):
    resolver.save(tmp_path / "r")
    path = tmp_path / "r" / name
    content = {"cut": path.read_text()[:100], "empty": "", "odd": "[]"}.get(how)
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(InputError, match="no resolver there"):
        Resolver.load(tmp_path / "r", places)


def test_a_folder_without_its_temperature_is_told(resolver, places, tmp_path):
    resolver.save(tmp_path / "r")
    about = json.loads((tmp_path / "r" / ABOUT).read_text())
    del about["temperature"]
    (tmp_path / "r" / ABOUT).write_text(json.dumps(about))
    with pytest.raises(InputError, match="temperature"):
        Resolver.load(tmp_path / "r", places)
    shutil.rmtree(tmp_path / "r")
    with pytest.raises(InputError, match="train it"):
        Resolver.load(tmp_path / "r", places)


def test_too_few_documents_are_told(places, examples):
    with pytest.raises(InputError, match="1 documents to learn from; 3 at least"):
        train_resolver(examples[:1], places, SMALL)


def test_documents_that_nobody_judged_are_told(places, examples):
    unjudged = [replace(e, judged=(False,) * len(e.mentions)) for e in examples]
    with pytest.raises(InputError, match="nobody judged"):
        train_resolver(unjudged, places, SMALL)
    with pytest.raises(InputError, match="fold"):
        train_resolver([*unjudged[1:], examples[0]], places, SMALL)


def test_unjudged_and_empty_documents_are_no_harm(places, examples):
    unjudged = replace(examples[0], judged=(False,) * 4, points=(None,) * 4, ids=(None,) * 4)
    nothing = Example("", "", (), (), (), ())
    resolver = train_resolver([*examples, unjudged, nothing], places, SMALL)
    told = [r.place and r.place.id for d in resolver.resolve(asked(examples)) for r in d]
    right = [id_ for e in examples for id_ in e.ids]
    assert np.mean([a == b for a, b in zip(told, right, strict=True)]) > 0.8


def test_grades_are_the_place_itself_near_it_near_enough_and_none(places):
    text, mentions = marked("[Paris] [Lyon] [Dallas] [Atlantis] [Marne]")
    paris, dallas = a_place(places, "Paris"), a_place(places, "Dallas")
    points = (
        *((paris.lon, paris.lat + 0.1), (4.84, 46.9), (dallas.lon, dallas.lat)),
        *(None, (100.0, 0.0)),
    )
    ids = ("made:other", "made:other", "made:Dallas", None, None)
    told = Example(text, "", tuple(mentions), points, ids, (True,) * 4 + (False,))
    case = module.case_of(text, mentions, "", module.Candidates(places))
    grades = module._grade(case, module.own_rows(case), told)
    assert grades.tolist() == [2, 0, 0, 1, 0, 3, 0, 3, -1, -1]  # Paris, Paris TX, none; Lyon, ...


def test_a_resolver_that_learnt_from_other_evidence_is_refused(resolver, places, tmp_path):
    resolver.save(tmp_path / "r")
    text = (tmp_path / "r/second.txt").read_text()
    (tmp_path / "r/second.txt").write_text(text.replace("unit_after", "unit_before_last"))
    with pytest.raises(InputError, match="other evidence"):
        Resolver.load(tmp_path / "r", places)
