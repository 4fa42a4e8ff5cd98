"""Real addresses are placed in their town, and written numbers at their point or at none: the aims, on open data."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.address_gazetteers import REGISTRY, build_all
from benchmarks.address_habits import write
from benchmarks.address_registry import Registry
from benchmarks.address_score import AIM_FAR, AIM_TOWN_LEVEL, AIM_WRONG_TOWN, Score, mark, score
from benchmarks.address_towns import gazetteer_of, judge_towns, municipalities, write_towns
from benchmarks.address_truth import Shares, by_place, declare, facilities, judge, towns_of_japan
from geo.gazetteer import Gazetteer
from geo.place import place

pytestmark = [pytest.mark.real_data, pytest.mark.long]

#: Addresses that are written per municipality: in the ordinary run and in the long one.
FEW, MANY = 15_000, 250_000


@pytest.fixture(scope="module")
def real_facilities(real_data: Path) -> pd.DataFrame:
    """Facilities with address and place, each with the code it is declared under."""
    return declare(facilities(real_data), towns_of_japan(real_data))


@pytest.fixture(scope="module")
def gazetteers(
    real_data: Path, real_facilities: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Gazetteer]:
    """What addresses are placed by."""
    codes = {*REGISTRY, *real_facilities["municipality"]}
    return build_all(real_data, codes, tmp_path_factory.mktemp("gazetteers"))


@pytest.fixture(scope="module")
def registries(real_data: Path) -> dict[str, Registry]:
    """The truth: what the registry holds."""
    return {code: Registry.of(real_data, code) for code in REGISTRY}


def written_and_placed(
    registries: dict[str, Registry], gazetteers: dict[str, Gazetteer], *, count: int, seed: int
) -> pd.DataFrame:
    marked = []
    for code, registry in registries.items():
        rows = write(registry, count, seed=seed)
        answers = place(rows["address"], gazetteers[code], municipality=code).to_pandas()
        marked.append(mark(rows, answers))
    return pd.concat(marked, ignore_index=True)


@pytest.fixture(scope="module")
def written(registries: dict[str, Registry], gazetteers: dict[str, Gazetteer]) -> pd.DataFrame:
    """Addresses written from the registry, and what came of them."""
    return written_and_placed(registries, gazetteers, count=FEW, seed=3)


def worst(rows: pd.DataFrame) -> str:
    """Say by habit where the rows are, never the addresses themselves."""
    return str(rows["habit"].value_counts().head(8).to_dict())


def test_real_facilities_are_placed_in_their_town(
    real_facilities: pd.DataFrame, gazetteers: dict[str, Gazetteer]
) -> None:
    judged = judge(real_facilities, gazetteers, by_place)
    shares = Shares.of(judged)
    assert shares.rows > 4_000
    assert shares.town_level >= AIM_TOWN_LEVEL, shares
    assert shares.wrong_town <= AIM_WRONG_TOWN, shares
    assert "elsewhere, town given" not in shares.verdicts


def test_a_written_address_comes_to_its_point_or_to_none(written: pd.DataFrame) -> None:
    figures = score(written)
    astray = written[(written["expect"] == "number") & written["sure"] & (written["off_m"] > 50)]
    assert figures.far.part <= AIM_FAR, f"{figures.far} {worst(astray)}"
    assert figures.near.part >= 0.985, f"{figures.near}"


def test_a_number_that_the_registry_does_not_hold_never_gets_the_level_of_a_number(written: pd.DataFrame) -> None:
    figures = score(written)
    assert figures.not_there.of > FEW / 10
    assert figures.not_there.count == 0, worst(written[(written["expect"] == "not number") & written["at_number"]])


def test_a_written_address_is_never_put_into_another_town(written: pd.DataFrame) -> None:
    figures = score(written)
    honest = written[written["expect"].isin(("number", "block", "town"))]
    assert figures.wrong_town.part <= AIM_WRONG_TOWN, f"{figures.wrong_town} {worst(honest[honest['wrong_town']])}"
    assert figures.town_level.part >= AIM_TOWN_LEVEL, f"{figures.town_level} {worst(honest[~honest['at_town']])}"


def test_mistyped_and_foreign_addresses_are_not_placed_as_if_they_were_sure(written: pd.DataFrame) -> None:
    figures = score(written)
    assert figures.typo_sure.count == 0
    assert figures.foreign.count == 0


@pytest.mark.parametrize(
    ("drawn", "count"),
    [pytest.param(4, 60, id="few"), pytest.param(150, 400, id="many", marks=pytest.mark.long)],
)
def test_towns_of_all_japan_are_read_with_their_streets_and_stripes(real_data: Path, drawn: int, count: int) -> None:
    towns = towns_of_japan(real_data)
    judged = []
    for code in municipalities(towns, drawn=drawn, seed=count):
        gazetteer = gazetteer_of(towns, code)
        rows = write_towns(gazetteer, count, seed=7)
        judged.append(judge_towns(rows, place(rows["address"], gazetteer, municipality=code).to_pandas()))
    table = pd.concat(judged, ignore_index=True)
    assert len(table) > 15 * count
    assert table["at_town"].mean() >= AIM_TOWN_LEVEL, table.loc[~table["at_town"], "habit"].value_counts().to_dict()
    assert table["wrong_town"].mean() <= AIM_WRONG_TOWN


@pytest.mark.long
@pytest.mark.parametrize("seed", [11, 12])
def test_many_written_addresses_keep_the_aims(
    registries: dict[str, Registry], gazetteers: dict[str, Gazetteer], seed: int
) -> None:
    figures: Score = score(written_and_placed(registries, gazetteers, count=MANY, seed=seed))
    assert figures.missed() == []
