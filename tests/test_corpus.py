"""Each file of the corpus gets its sentence, in Japanese and in English, within seconds."""

import json
from collections.abc import Iterator
from pathlib import Path

import corpus_answers
import corpus_maker
import pytest

from geo.read import Limits, Reader

EXPECTED: dict[str, dict[str, list[str]]] = json.loads(corpus_answers.SENTENCES.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits(wall_seconds=20, cpu_seconds=15)) as made:
        yield made


def test_every_file_of_the_corpus_has_its_sentences_and_its_maker() -> None:
    there = {path.name for path in corpus_answers.files()}
    assert there == set(EXPECTED) == set(corpus_maker.MADE)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_file_gets_the_sentence_that_was_written_for_it(
    name: str, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corpus_answers.CORPUS)
    assert corpus_answers.answer(corpus_answers.CORPUS / name, reader) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_no_sentence_is_a_programs_and_none_shows_what_lies_outside_the_file(name: str) -> None:
    for sentence in (*EXPECTED[name]["ja"], *EXPECTED[name]["en"]):
        assert not any(word in sentence for word in ("Traceback", "Error", "root:", "/etc", "？", str(Path.home())))


def test_the_reader_still_reads_a_good_file_after_the_whole_corpus(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corpus_answers.CORPUS)
    told = corpus_answers.answer(corpus_answers.CORPUS / "cp932_good.csv", reader)
    assert told["ja"][0] == "read 1 = accepted 1 + refused 0"
