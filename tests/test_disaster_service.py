"""The service: layers about nobody, decisions that record nothing, one body for every error."""

import json
import logging
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from door_town import AT, EVENT, RECIPIENT, TOWN, Situation, agree, batch_of, declare, everything
from fastapi import FastAPI
from sqlalchemy.exc import DataError
from starlette.testclient import TestClient

from disaster.errors import PublishError, StoreError
from disaster.models import NOUNS, Side
from disaster.publish import PUBLISHABLE
from disaster.service.app import MAX_BODY_BYTES, make_app
from disaster.service.errors import STATUS, QueryError
from disaster.store import Store

pytest_plugins = ("door_town", "prepared_store")

ERROR = {"format", "version", "code", "ja", "en"}
_POSTED = ("gazetteer", "boundaries", "offices", "vehicles", "damage-points", "delivery-points", "protection")
PERSONAL = ("delivery-points", "forwarding", "protection", "inquiries", "received/dwellings", "delivery-status")
EVERY_KIND = (*NOUNS, *PERSONAL)


@pytest.fixture
def serving(situation: Situation, prepared_url: str | None, tmp_path: Path) -> Iterator[Store]:
    """The post's store, with its register, on each engine."""
    if prepared_url is None:
        store = situation.post(tmp_path / "post")
    else:
        store = Store.create(tmp_path / "post", side=Side.POST, municipalities=[TOWN], at=AT, url=prepared_url)
        with situation.post(tmp_path / "source") as source:
            everything(source, store, _POSTED)
    with store:
        agree(store)
        declare(store)
        yield store


@pytest.fixture
def client(serving: Store, now: datetime) -> Iterator[TestClient]:
    with TestClient(make_app(serving, clock=lambda: now)) as made:
        yield made


@pytest.fixture(scope="module")
def plain(situation: Situation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service on SQLite for questions that do not touch the engine."""
    with situation.post(tmp_path_factory.mktemp("plain") / "post") as store:
        agree(store)
        declare(store)
        with TestClient(make_app(store, clock=lambda: AT)) as made:
            yield made


def failed(answer: Any, status: int) -> str:
    """Check that an error has its one shape, and return its code."""
    assert answer.status_code == status, answer.text[:200]
    said = answer.json()
    assert set(said) == ERROR
    assert (said["format"], said["version"]) == ("tayori-error", 1)
    assert said["ja"]
    assert said["en"]
    assert "？" not in said["ja"]
    return str(said["code"])


def test_layers_are_listed_and_given_as_geojson(client: TestClient, serving: Store) -> None:
    listed = client.get("/layers").json()
    assert (listed["format"], listed["version"], listed["municipality"]) == ("tayori-layers", 1, TOWN)
    counts = {one["kind"]: one["rows"] for one in listed["layers"]}
    assert {"offices", "vehicles", "damage-points", "gazetteer", "boundaries"} <= set(counts) <= set(PUBLISHABLE)
    for kind, rows in counts.items():
        answer = client.get(f"/layers/{kind}", params={"limit": 10_000})
        assert answer.headers["content-type"] == "application/geo+json"
        document = answer.json()
        assert len(document["features"]) == rows == serving.current(kind, TOWN).table.num_rows
        assert document["tayori"]["layer_as_of"] == "2026-11-20T00:30:00Z"
        assert answer.headers["x-tayori-more"] == "false"


def test_a_box_and_a_limit_narrow_a_layer(client: TestClient, serving: Store) -> None:
    for kind in ("damage-points", "gazetteer"):
        lon = sorted(serving.current(kind, TOWN).table.column("lon").to_pylist())
        east = (lon[len(lon) // 2] + lon[len(lon) // 2 + 1]) / 2
        box = {"bbox": f"138,34,{east!r},35"}
        found = client.get(f"/layers/{kind}", params=box).json()["features"]
        assert len(found) == sum(one <= east for one in lon)
        assert all(each["geometry"]["coordinates"][0] <= east for each in found)
        first = client.get(f"/layers/{kind}", params={**box, "limit": 2})
        assert (len(first.json()["features"]), first.headers["x-tayori-more"]) == (2, "true")
        assert client.get(f"/layers/{kind}", params={"bbox": "130,30,131,31"}).json()["features"] == []


def test_a_kind_that_the_store_does_not_hold_has_no_rows(client: TestClient) -> None:
    assert client.get("/layers/shelters").json()["features"] == []


@pytest.mark.parametrize(
    "kind", [*PERSONAL, "no-such-kind", "%2e%2e%2fstore.json", "offices%00", "'; DROP TABLE batch"]
)
def test_personal_and_unknown_kinds_are_not_found(plain: TestClient, kind: str) -> None:
    code = failed(plain.get(f"/layers/{kind}"), 404)
    assert code in ("disaster.not_publishable", "disaster.unknown_kind", "disaster.no_such_page")


@pytest.mark.parametrize(
    "box",
    ["nan,34,139,35", "138,34,inf,35", "138,34,139", "138,34,139,35,0", "139,34,138,35", "138,35,139,34", "a,b,c,d", "",
     "1e400,34,139,35", ",,,", "138;34;139;35", "138,34,139,35" * 20, "-inf,-inf,inf,inf", "0x1,0,1,1"],
)  # fmt: skip
def test_a_box_that_is_none_is_a_bad_question(plain: TestClient, box: str) -> None:
    assert failed(plain.get("/layers/offices", params={"bbox": box}), 400) in (
        "disaster.bad_bbox", "disaster.bad_query",
    )  # fmt: skip


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "limit=10001", "limit=nan", "limit=1e3", "drill=perhaps", "municipality=9930",
     "municipality=%F0%9F%92%A9", "municipality=99301' OR 1=1", "bboxx=1,2,3,4", "limit=5&x=1", "municipality="],
)  # fmt: skip
def test_a_question_that_is_not_understood_is_refused_and_not_passed_over(plain: TestClient, query: str) -> None:
    for path in ("/layers/offices", "/layers"):
        if path == "/layers/offices" or not query.startswith("limit"):
            assert failed(plain.get(f"{path}?{query}"), 400) == "disaster.bad_query"


def test_another_municipality_is_not_found(plain: TestClient) -> None:
    for path in ("/", "/layers", "/layers/offices"):
        assert failed(plain.get(path, params={"municipality": "22212"}), 404) == "disaster.other_municipality_store"


def test_what_is_no_page_has_the_one_body(plain: TestClient) -> None:
    assert failed(plain.get("/docs"), 404) == "disaster.no_such_page"
    assert failed(plain.get("/../../etc/passwd"), 404) == "disaster.no_such_page"
    assert failed(plain.post("/layers"), 405) == "disaster.bad_query"
    assert failed(plain.delete("/layers/offices"), 405) == "disaster.bad_query"


QUESTION: dict[str, Any] = {
    "dataset": "delivery-points", "purpose": "safety_check", "recipient": RECIPIENT, "mode": "dwelling",
    "event_id": EVENT, "document_no": "潮災第1号", "reason": "一覧にない住居も一軒ずつ回るため",
}  # fmt: skip


def test_a_dry_run_decides_and_records_nothing(client: TestClient, serving: Store) -> None:
    head = serving.ledger.head()
    granted = client.post("/decisions/dry-run", json=QUESTION).json()
    assert (granted["granted"], granted["clause_id"]) == (True, "dwelling")
    refused = client.post("/decisions/dry-run", json={**QUESTION, "purpose": "planning"}).json()
    assert not refused["granted"]
    assert refused["reasons"][0]["code"] == "agreements.other_purpose"
    unexplained = client.post("/decisions/dry-run", json={**QUESTION, "reason": " "}).json()
    assert unexplained["reasons"][0]["code"] == "agreements.stronger_without_reason"
    assert serving.ledger.head() == head
    assert serving.requests.all() == ()
    assert serving.provisions.all() == ()


def test_a_dry_run_under_an_event_that_is_none_is_a_refusal(plain: TestClient) -> None:
    said = plain.post("/decisions/dry-run", json={**QUESTION, "event_id": "E-NONE"}).json()
    assert (said["granted"], said["reasons"][0]["code"]) == (False, "agreements.other_event")


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "everything"}, {"dataset": None}, {"recipient": "x" * 201}, {"extra": 1}, {"channel": "fax"},
        {"purpose": ["x"]},
    ],
    ids=str,
)  # fmt: skip
def test_a_question_of_wrong_shape_is_refused(plain: TestClient, change: dict[str, Any]) -> None:
    assert failed(plain.post("/decisions/dry-run", json={**QUESTION, **change}), 400) == "disaster.bad_query"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"[" * 10_000, b"\xff\xfe", b'{"dataset":NaN}'])
def test_a_body_that_is_no_question_is_refused(plain: TestClient, content: bytes) -> None:
    answer = plain.post("/decisions/dry-run", content=content, headers={"content-type": "application/json"})
    assert failed(answer, 400) == "disaster.bad_query"


def test_a_huge_body_is_refused_before_it_is_read(plain: TestClient) -> None:
    read = []

    def endless() -> Iterator[bytes]:
        for number in range(1_000):
            read.append(number)
            yield b"x" * 65_536

    large = plain.post("/decisions/dry-run", content=b"x" * (MAX_BODY_BYTES + 1))
    assert failed(large, 413) == "disaster.body_too_large"
    assert failed(plain.post("/decisions/dry-run", content=endless()), 413) == "disaster.body_too_large"
    lie = plain.post("/decisions/dry-run", content=b"{}", headers={"content-length": "99999999999"})
    assert failed(lie, 413) == "disaster.body_too_large"
    odd = plain.post("/decisions/dry-run", content=b"{}", headers={"content-length": "-1"})
    assert failed(odd, 413) == "disaster.body_too_large"


def test_every_answer_carries_the_safety_headers(plain: TestClient) -> None:
    for answer in (plain.get("/"), plain.get("/layers/letters"), plain.get("/health"), plain.get("/nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_map_page_asks_no_other_server(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    text = answer.text
    assert "潮見郵便局" in text
    # an address in a link or a name space is not asked for; these would be
    assert re.findall(r"""(?:src\s*=|url\(|import\s*\(?|fetch\()\s*["']?(?:https?:)?//[^"')\s>]+""", text) == []
    assert re.findall(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)\s*=\s*["']?(?!data:|#)[a-z/]""", text) == []


def test_a_store_without_anything_to_show_says_so(tmp_path: Path) -> None:
    new = Store.create(tmp_path / "new", side=Side.POST, municipalities=[TOWN], at=AT)
    with new, TestClient(make_app(new, clock=lambda: AT)) as made:
        assert failed(made.get("/"), 404) == "disaster.nothing_to_publish"
        assert made.get("/layers").json()["layers"] == []
        assert made.get("/health").json() == {"format": "tayori-health", "version": 1, "status": "ok"}


def test_rows_of_a_drill_are_shown_to_whom_asks_for_them_and_marked(client: TestClient, serving: Store) -> None:
    rows = serving.current("damage-points", TOWN).table.slice(0, 2)
    serving.add_batch(batch_of("damage-points", rows, dataset="drill", drill=True), at=AT)
    real = client.get("/layers/damage-points").json()
    drill = client.get("/layers/damage-points", params={"drill": "true"}).json()
    assert len(real["features"]) > 2 == len(drill["features"])
    assert all(each["properties"].get("drill") for each in drill["features"])
    assert not any(each["properties"].get("drill") for each in real["features"])


def test_status_counts_nothing_and_nobody(client: TestClient, serving: Store) -> None:
    said = client.get("/status").json()
    assert set(said) == {"format", "version", "software", "side", "municipalities", "events", "now"}
    assert [event["event_id"] for event in said["events"]] == [EVENT]
    assert str(serving.current("delivery-points", TOWN).table.num_rows) not in json.dumps(said["events"])


def get_routes(app: FastAPI) -> set[str]:
    paths: dict[str, Any] = app.openapi()["paths"]
    return {path for path, methods in paths.items() if "get" in methods}


def test_no_answer_ever_holds_a_name_a_home_or_its_number(client: TestClient, serving: Store) -> None:
    register = serving.current("delivery-points", TOWN).table.to_pylist()
    assert len(register) > 200
    secrets = {row["point_id"] for row in register} | {row["address"] for row in register}
    secrets |= {name for row in register for name in row["addressees"] or []}
    public = client.get("/").text  # an office's address may be that of a delivery point, too
    offices = {row["address"] for row in serving.current("offices", TOWN).table.to_pylist()}
    secrets -= offices
    routes = get_routes(client.app)  # type: ignore[arg-type]
    assert routes == {"/", "/layers", "/layers/{kind}", "/status", "/health"}
    paths = [path for path in routes if "{" not in path] + [f"/layers/{kind}" for kind in EVERY_KIND]
    answers = {path: client.get(path).text for path in [*paths, "/openapi.json"]}
    layers = [path for path in paths if "layers" in path]
    answers |= {f"{path}?drill=true": client.get(path, params={"drill": "true"}).text for path in layers}
    answers["wide"] = client.get("/layers/damage-points", params={"limit": 10_000, "bbox": "122,20,154,46"}).text
    answers["decision"] = client.post("/decisions/dry-run", json=QUESTION).text
    assert "潮見郵便局" in public
    for path, text in answers.items():
        assert not [secret for secret in secrets if secret in text], path


def test_without_its_database_the_service_says_so_and_works_again_when_it_is_back(
    serving: Store, client: TestClient, prepared_url: str | None, request: pytest.FixtureRequest
) -> None:
    assert client.get("/health").status_code == 200
    if prepared_url is not None:
        server = request.getfixturevalue("postgis_server")
        server.drop(prepared_url)
    else:
        serving._database.close()
        (serving.home / "tayori.sqlite3").rename(serving.home / "away")
        for rest in serving.home.glob("tayori.sqlite3-*"):
            rest.unlink()
        (serving.home / "tayori.sqlite3").mkdir()
    for path in ("/health", "/layers", "/layers/offices", "/", "/status"):
        code = failed(client.get(path), 503)
        assert code in ("disaster.database_away", "disaster.database_busy"), path
    assert failed(client.post("/decisions/dry-run", json=QUESTION), 503)
    if prepared_url is None:
        (serving.home / "tayori.sqlite3").rmdir()
        (serving.home / "away").rename(serving.home / "tayori.sqlite3")
        assert client.get("/health").status_code == 200


def test_what_nobody_foresaw_is_answered_and_logged_without_what_it_quotes(
    situation: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def broken(*_args: object, **_given: object) -> None:
        raise DataError("INSERT", {"name": "潮見 花子"}, ValueError("潮見市浜町1-2 潮見 花子"))

    with situation.post(tmp_path / "post") as store:
        monkeypatch.setattr(type(store.ledger), "head", broken)
        with TestClient(make_app(store, clock=lambda: AT)) as made, caplog.at_level(logging.DEBUG):
            answer = made.get("/health")
    assert failed(answer, 500) == "disaster.unexpected"
    out, err = capfd.readouterr()
    for text in (answer.text, caplog.text, out, err):
        assert "花子" not in text
    assert "DataError" in caplog.text


def test_errors_are_sorted_into_statuses_by_their_class() -> None:
    def status(kind: type[Exception]) -> int:
        return next(int(code) for error, code in STATUS if issubclass(kind, error))

    assert (status(QueryError), status(PublishError), status(StoreError)) == (400, 404, 503)


def test_a_snapshot_that_is_gone_is_the_store_s_fault_not_the_asker_s(situation: Situation, tmp_path: Path) -> None:
    with situation.post(tmp_path / "post") as store:
        shutil.rmtree(store.home / "snapshots/gazetteer")
        with TestClient(make_app(store, clock=lambda: AT)) as made:
            assert failed(made.get("/layers/gazetteer"), 503) == "disaster.snapshot_missing"
            assert made.get("/layers/offices").status_code == 200
