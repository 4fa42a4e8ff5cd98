"""Writes bytes to a file and reads it: what the tests of the readers share."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import shapely

from geo.errors import ReadError
from geo.faults import words
from geo.read import RawTable, Reader

#: Refusals that say that a parser did not cope.
BROKE_THE_PARSER = frozenset({"geo.worker_died", "geo.parser_failed", "geo.worker_answer_broken"})


class Files:
    """A folder of files and a reader for them."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self.reader, self.folder = reader, folder

    def read(self, name: str, content: str | bytes, **stated: Any) -> RawTable:
        """Write a file and read it; every remark has all its words."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        table = self.reader.read(path, **stated)
        for code, params in table.source.notes:
            assert "？" not in words(code, params) + words(code, params, hint=True) + words(code, params, lang="en")
        return table

    def refusal(self, name: str, content: str | bytes, **stated: Any) -> ReadError:
        """Write a file, see it refused, and return the refusal, which has all its words."""
        with pytest.raises(ReadError) as caught:
            self.read(name, content, **stated)
        assert "？" not in caught.value.sentence() + caught.value.sentence("en")
        return caught.value

    def survives(self, name: str, content: bytes) -> None:
        """See that garbage is read or refused in words, by a parser that is still alive."""
        path = self.folder / name
        path.write_bytes(content)
        refusal = None
        try:
            self.reader.read(path)
        except ReadError as error:
            refusal = error
        assert refusal is None or refusal.code not in BROKE_THE_PARSER, refusal.sentence()
        assert refusal is None or "？" not in refusal.sentence() + refusal.sentence("en")


def notes(table: RawTable) -> dict[str, Mapping[str, object]]:
    """Return the remarks of a table by their codes."""
    return dict(table.source.notes)


def rows(table: RawTable) -> list[dict[str, str | None]]:
    """Return the attributes of each row."""
    return [{name: value for name, value in row.items() if name != "geometry"} for row in table.table.to_pylist()]


def shapes(table: RawTable) -> list[shapely.Geometry | None]:
    """Return the place of each row."""
    return list(shapely.from_wkb(table.table.column("geometry").to_pylist()))


def mutated(content: bytes, places: list[tuple[int, int]], cut: int) -> bytes:
    """Return content with some bytes changed and its end cut off."""
    garbled = bytearray(content)
    for place, value in places:
        garbled[place % len(garbled)] = value
    return bytes(garbled[: len(garbled) - cut % len(garbled)])
