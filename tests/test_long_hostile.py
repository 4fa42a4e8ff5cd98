"""Long: damaged and shuffled files end in rows or in one sentence, whatever is done to them."""

import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from disaster import NOUNS, Side, check_files, report, write_town
from disaster.town import Town
from geo.faults import CodedError
from geo.read import Limits, Reader

#: Kinds of which the invented town writes no file.
NOT_IN_TOWN = {"facilities", "forwarding", "office-areas", "population", "postal-towns"}
TRIES_PER_FILE = 120
#: Bytes that mean something to a reader of tables, text or shapes.
SPICE = (
    b'"',
    b",",
    b"\r\n",
    b"\x00",
    b"\xff\xfe",
    b"=cmd|' /C calc'!A0",
    b"<script>",
    b"\x81",
    b"{",
    b"]",
    b"1e999",
    b"NaN",
    b"-",
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> Town:
    return write_town(tmp_path_factory.mktemp("town"), households=120, seed=7, at=now)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits(wall_seconds=20, cpu_seconds=15)) as made:
        yield made


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes cut, repeated, overwritten or spiced at some places."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(5):
            case 0:
                del made[at : at + chance.randint(1, 200)]
            case 1:
                made[at:at] = made[max(0, at - 100) : at]
            case 2 if made:
                made[at % len(made)] = chance.randrange(256)
            case 3:
                made[at:at] = chance.choice(SPICE)
            case _:
                del made[at:]
        made = made or bytearray(b"x")
    return bytes(made)


def copied(path: Path, folder: Path) -> Path:
    """Copy a file, a shapefile with its parts."""
    for part in path.parent.glob(f"{path.stem}.*"):
        (folder / part.name).write_bytes(part.read_bytes())
    return folder / path.name


def try_file(kind: str, path: Path, reader: Reader, now: datetime) -> str:
    try:
        batches = check_files(
            kind,
            [path],
            municipality="99301",
            side=Side.DEMO,
            reader=reader,
            gazetteer=None,
            at=now,
            encoding=None,
            crs=None,
        )
    except CodedError as error:
        sentences = error.sentence("ja"), error.sentence("en")
        return "refused" if all(sentences) and "？" not in sentences[0] else f"badly said: {sentences}"
    for batch in batches:
        said = report(batch)
        assert said["read"] == said["accepted"] + said["refused"]
        assert all(fault["reason"] for fault in said["faults"])
    return "read"


@pytest.mark.long
@pytest.mark.parametrize("kind", sorted(set(NOUNS) - NOT_IN_TOWN))
def test_a_damaged_file_gives_rows_or_one_sentence(
    kind: str, town: Town, reader: Reader, now: datetime, tmp_path: Path
) -> None:
    chance = random.Random(kind)
    ends = {"read": 0, "refused": 0}
    for number, path in enumerate(town.files[kind]):
        for attempt in range(TRIES_PER_FILE):
            folder = tmp_path / f"{number}-{attempt}"
            folder.mkdir()
            copy = copied(path, folder)
            victim = chance.choice(sorted(folder.iterdir()))
            victim.write_bytes(damaged(victim.read_bytes(), chance))
            ends[try_file(kind, copy, reader, now)] += 1
    assert sum(ends.values()) == TRIES_PER_FILE * len(town.files[kind])
    assert ends["refused"] > 0
    for path in town.files[kind]:
        assert try_file(kind, path, reader, now) == "read"


@pytest.mark.long
@pytest.mark.parametrize("kind", sorted(set(NOUNS) - NOT_IN_TOWN))
def test_a_file_given_as_another_kind_is_refused_with_a_sentence(
    kind: str, town: Town, reader: Reader, now: datetime
) -> None:
    for other in sorted(set(town.files) - {kind}):
        for path in town.files[other]:
            # Lots and warehouses, reports of both sides and the like share headings; then the rows decide.
            assert try_file(kind, path, reader, now) in ("read", "refused")
