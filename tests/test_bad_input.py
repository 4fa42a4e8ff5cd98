"""Bad input gets a sentence in Japanese: what, where, what to do; nothing is stored half, nothing stored is lost."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from disaster import Side, Store, ingest, write_town
from disaster.cli.app import make_program
from geo.read import Reader

pytestmark = pytest.mark.usefixtures("one_parser")

PROGRAM = make_program()
CODE = "99301"
SHELTERS = "避難所ID,市区町村コード,名称,所在地,区分,想定収容人数,経度,緯度"
POINTS = "配達先ID,市区町村コード,住所,配達先の種類,受取人,配達状況,集配局コード,経度,緯度"
HOME = "P-9001,99301,潮見市汐鳴一丁目1,住居,,配達中,S001,138.6,34.55"


@dataclass(frozen=True)
class World:
    """Two stores that hold something already."""

    folder: Path
    post: Path
    city: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, reader: Reader, now: datetime) -> World:
    folder = tmp_path_factory.mktemp("bad")
    town = write_town(folder / "town", households=60, seed=3, at=now)
    for name, side in (("post", Side.POST), ("city", Side.MUNICIPALITY)):
        with Store.create(folder / name, side=side, municipalities=(CODE,), at=now) as store:
            for kind in ("gazetteer", "boundaries", "shelters"):
                ingest(store, kind, town.files[kind], municipality=CODE, reader=reader, at=now)
    return World(folder, folder / "post", folder / "city")


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(PROGRAM, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


def held(store: Path) -> str:
    code, out, _err = run("status", "--json", "--data-dir", store)
    assert code == 0
    return json.dumps(json.loads(out)["batches"], sort_keys=True)


@dataclass(frozen=True)
class Case:
    """A clumsy file, and words that the answer must hold."""

    name: str
    kind: str
    content: bytes
    words: tuple[str, ...]
    side: str = "city"


def text(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def shelter(
    code: str = CODE, kind: str = "指定避難所", capacity: str = "10", lon: str = "138.6", lat: str = "34.55"
) -> str:
    return f"H1,{code},浜集会所,潮見市浜,{kind},{capacity},{lon},{lat}"


NUMBERED = text(SHELTERS + ",番号", shelter() + ",123456789018")
CASES = (
    Case("wrong-kind", "offices", text(SHELTERS, shelter()), ("避難所", "shelters")),
    Case("empty", "shelters", b"", ("空",)),
    Case("header-only", "shelters", text(SHELTERS), ("行",)),
    Case("missing-column", "shelters", text("避難所ID,市区町村コード,所在地", "H1,99301,潮見市浜"), ("名称",)),
    Case("column-twice", "shelters", text(SHELTERS + ",名称", shelter() + ",浜"), ("名称",)),
    Case("text-in-number", "shelters", text(SHELTERS, shelter(capacity="多い")), ("想定収容人数", "多い")),
    Case("unknown-code", "shelters", text(SHELTERS, shelter(kind="お城")), ("区分", "お城")),
    Case("in-the-sea", "shelters", text(SHELTERS, shelter(lon="139.9", lat="33.1")), ("経度", "緯度")),
    Case("other-municipality", "shelters", text(SHELTERS, shelter(code="22212")), ("22212", CODE)),
    Case("points-at-the-city", "delivery-points", text(POINTS, HOME), ("配達先", "この側の保管庫", "receive")),
    Case("individual-number", "shelters", NUMBERED, ("個人番号",)),
    Case(
        "number-at-the-post", "delivery-points", text(POINTS + ",番号", HOME + ",123456789018"), ("個人番号",), "post"
    ),
    Case("list-of-the-missing", "inquiries", text("照会番号,氏名,住所", "1,佐野一,潮見市浜"), ("照会リスト",)),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_refused_in_words_and_changes_nothing(case: Case, world: World, tmp_path: Path) -> None:
    file = tmp_path / f"{case.name}.csv"
    file.write_bytes(case.content)
    store = world.folder / case.side
    before = held(store)
    code, out, err = run("ingest", case.kind, file, "--data-dir", store)
    said = "".join((out + err).split())
    assert code == 1
    assert all("".join(word.split()) in said for word in case.words), out + err
    assert "してください" in said or "ください" in said
    assert "123456789018" not in said
    assert "Traceback" not in said
    assert held(store) == before


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_refusal_is_data_for_programs(case: Case, world: World, tmp_path: Path) -> None:
    file = tmp_path / f"{case.name}.csv"
    file.write_bytes(case.content)
    code, out, _err = run("ingest", case.kind, file, "--json", "--data-dir", world.folder / case.side)
    answer = json.loads(out)
    assert code == 1
    assert answer["version"] == 1
    assert answer["format"].startswith("tayori-")
    assert answer.get("code") or answer["faults"][0]["code"]


MOVED = text("届出ID,市区町村コード,氏名,旧住所,新住所,転送開始日", "T-001,99301,佐野一,潮見市浜1,潮見市浜2,2026-04-01")


def test_notices_of_moving_stay_out_unless_a_setting_lets_them_in(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "moved.csv"
    file.write_bytes(MOVED)
    before = held(world.post)
    code, _out, err = run("ingest", "forwarding", file, "--data-dir", world.post)
    assert code == 1
    assert "転居届" in err
    assert "forwarding = true" in err
    assert held(world.post) == before
    monkeypatch.setenv("TAYORI_FORWARDING", "true")
    assert run("ingest", "forwarding", file, "--data-dir", world.post)[0] == 0
    assert run("ingest", "forwarding", file, "--data-dir", world.city)[0] == 1


def test_a_file_of_which_no_row_is_left_never_displaces_what_is_held(world: World, tmp_path: Path) -> None:
    file = tmp_path / "nothing-left.csv"
    file.write_bytes(text(SHELTERS, shelter(kind="お城")))
    before = held(world.city)
    assert run("ingest", "shelters", file, "--max-refused", "100%", "--data-dir", world.city)[0] == 1
    assert held(world.city) == before
