"""What is said to each file of the corpus; ``python tests/corpus_answers.py`` records it anew for people to read."""

import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from disaster.ingest import check_files, report
from disaster.models import Side
from geo.faults import CodedError
from geo.read import Reader

CORPUS = Path(__file__).parent / "corpus"
SENTENCES = CORPUS / "sentences.json"
AT = datetime(2026, 11, 21, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))


def files() -> Iterator[Path]:
    """Yield the files of the corpus in the order of their names."""
    yield from sorted(path for path in CORPUS.iterdir() if path != SENTENCES)


def answer(path: Path, reader: Reader) -> dict[str, list[str]]:
    """Return what a clerk of the invented town is told, in both languages: the refusal, or counts, faults and remarks.

    The folder of the corpus must be the working directory: sentences with a command in them repeat the path as given.
    """
    kind = "openings" if path.name.startswith("openings_") else "shelters"
    try:
        batches = check_files(
            kind, [Path(path.name)], municipality="99301", side=Side.DEMO, reader=reader, gazetteer=None, at=AT
        )  # fmt: skip
    except CodedError as error:
        return {"ja": [error.sentence("ja")], "en": [error.sentence("en")]}
    return {lang: _told(report(batches[0], lang=lang)) for lang in ("ja", "en")}


def _told(made: dict[str, object]) -> list[str]:
    counts = f"read {made['read']} = accepted {made['accepted']} + refused {made['refused']}"
    faults = [f"{one['row']}: {one['reason']} {one['hint']}".rstrip() for one in _list(made["faults"])]
    return [counts, *faults, *(str(one["reason"]) for one in _list(made["notes"]))]


def _list(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value


def main() -> None:
    """Write the answers of today."""
    os.chdir(CORPUS)
    with Reader() as reader:
        told = {path.name: answer(path, reader) for path in files()}
    SENTENCES.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
    sys.stdout.write(f"{len(list(files()))} files, {SENTENCES}\n")
