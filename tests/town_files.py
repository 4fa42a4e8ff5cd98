"""The invented town for tests: where its files are and how to read them plainly, without the code under test."""

import io
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from disaster.batch import Batch
from disaster.ingest import check_files
from disaster.models import Side
from disaster.town import Town
from geo.gazetteer import Gazetteer
from geo.read import Reader

AT = datetime(2026, 11, 21, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
HOUSEHOLDS = 2000
PLANE = "EPSG:6676"


def file(town: Town, name: str) -> Path:
    """Return the file of the town with this name."""
    (path,) = (path for path in town.expected if path.name == name)
    return path


def text(path: Path) -> str:
    """Return a text file, in UTF-8 or CP932."""
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError(path)


def table(path: Path) -> pd.DataFrame:
    """Return a CSV file, every cell text."""
    return pd.read_csv(io.StringIO(text(path)), dtype=str, keep_default_na=False)


def register(town: Town) -> pd.DataFrame:
    """Return the delivery points of all offices as written."""
    return pd.concat([table(path) for path in town.files["delivery-points"]], ignore_index=True)


def checked(town: Town) -> dict[str, Batch]:
    """Return the batch of every file by its name, addresses placed by the town's own table."""
    found: dict[str, Batch] = {}
    gazetteer: Gazetteer | None = None
    with Reader() as reader:
        for path, expected in sorted(town.expected.items(), key=lambda item: item[1].kind != "gazetteer"):
            (found[path.name],) = check_files(
                expected.kind,
                [path],
                municipality=town.municipality,
                side=Side.DEMO,
                reader=reader,
                gazetteer=gazetteer,
                at=AT,
            )
            if expected.kind == "gazetteer":
                gazetteer = Gazetteer.of(found[path.name].table, municipality=town.municipality)
    return found
