"""A pack travels as the clause says: plain, in a ZIP under AES-256, or as a workbook with a password."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

import msoffcrypto
import pytest
import pyzipper
from door_town import (
    AT,
    RECIPIENT,
    TOWN,
    Packs,
    Situation,
    assess,
    declare,
    files_of,
    granted,
    manifest_of,
    request,
)  # fmt: skip
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from agreements.agreement import Party, new_agreement_text
from agreements.terms import Parameters
from disaster.channel import new_password
from disaster.cli.door import _told, received_answer
from disaster.cli.secret import require_new
from disaster.cli.shell import Shell
from disaster.errors import ProvideError, ReceiveError
from disaster.provide import Provided
from disaster.receive import receive
from disaster.settings import Settings
from disaster.store import Store
from disaster.verify import explain, verify
from geo.read import Reader

pytest_plugins = ("door_town",)


Locked = Mapping[str, tuple[Store, Provided]]


def under(store: Store, channel: str, key: str | None = None) -> None:
    """Register the model agreement with a channel for the list of dwellings."""
    parties = Party("潮見郵便局", "S001", key or store.public_key), Party("潮見市", TOWN, units=(RECIPIENT,))
    text = new_agreement_text(
        "model-emergency-2026", agreement_id=f"{TOWN}-2026-01", post=parties[0], municipality=parties[1],
        signed=AT.date(), effective_from=AT.date(), parameters={"dwelling": Parameters(channel=channel)},
    )  # fmt: skip
    store.agreements.add(f"{TOWN}-2026-01", TOWN, text, at=AT)
    assess(store)
    declare(store)


@pytest.fixture(scope="module")
def locked(situation: Situation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    """One pack of each locked channel, with the store that made it."""
    made: dict[str, tuple[Store, Provided]] = {}
    for channel in ("aes_zip", "excel_password"):
        folder = tmp_path_factory.mktemp(channel)
        store = situation.post(folder / "post")
        under(store, channel)
        made[channel] = store, granted(store, request(), out=folder / "out", at=AT)
    yield made
    for store, _ in made.values():
        store.close()


def test_a_password_is_long_and_never_twice_the_same() -> None:
    made = {new_password() for _ in range(200)}
    assert len(made) == 200
    assert all(len(one.replace("-", "")) == 20 for one in made)
    assert not set("".join(made)) & set("01loi")


def test_of_a_protected_pack_nothing_lies_open(locked: Locked) -> None:
    store, made = locked["aes_zip"]
    assert set(files_of(made.folder)) == {"READ_ME_FIRST.txt", f"{made.pack_id}.zip"}
    addresses = {row["address"] for row in store.current("delivery-points", TOWN).table.to_pylist()}
    for name, content in files_of(made.folder).items():
        text = content.decode("utf-8", errors="ignore")
        assert not [address for address in addresses if address in text], name
    assert made.zip is not None
    with zipfile.ZipFile(made.zip) as archive:
        assert all(info.flag_bits & 1 for info in archive.infolist())
        with pytest.raises((RuntimeError, NotImplementedError)):
            archive.read(archive.namelist()[0])


def test_a_protected_zip_is_aes_256_and_opens_with_its_password(locked: Locked) -> None:
    _, made = locked["aes_zip"]
    assert made.zip is not None
    assert made.password
    with pyzipper.AESZipFile(made.zip) as archive:
        archive.setpassword(made.password.encode())
        infos = archive.infolist()
        # The extra field 0x9901 of WinZip names the strength: 3 is AES-256.
        assert {info.extra[info.extra.index(b"\x01\x99") + 8] for info in infos} == {3}
        document = json.loads(archive.read(f"{made.pack_id}/manifest.json"))
    assert document["channel"] == "aes_zip"


def test_looking_at_a_protected_pack_writes_nothing_that_a_killed_command_could_leave_open(
    locked: Locked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, made = locked["aes_zip"]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))  # a file of its own would fail there
    before = files_of(made.folder)
    found = verify(made.folder, at=AT, password=made.password)
    assert (found.manifest.pack_id, found.files) == (made.pack_id, len(found.manifest.files))
    assert explain(made.folder, column="住所", password=made.password).signed
    assert files_of(made.folder) == before
    with pytest.raises(ReceiveError) as caught:
        verify(made.folder, at=AT, password="k7mp-3wxa")
    assert caught.value.code == "disaster.wrong_password"


def test_the_municipality_takes_a_protected_pack_in_with_the_password_and_not_without(
    situation: Situation, locked: Locked, reader: Reader, tmp_path: Path
) -> None:
    store, made = locked["aes_zip"]
    assert made.zip is not None
    with situation.city(tmp_path / "city") as city_store:
        under(city_store, "aes_zip", store.public_key)
        for password, code in ((None, "pack_needs_password"), ("k7mp-0000", "wrong_password")):
            with pytest.raises(ReceiveError) as caught:
                receive(city_store, made.zip, at=AT, reader=reader, password=password)
            assert caught.value.code == f"disaster.{code}"
        got = receive(city_store, made.folder, at=AT, reader=reader, password=made.password)
        assert got.counts == made.counts


def test_a_protected_pack_is_unpacked_privately_after_all_checks_and_the_answer_says_where(
    situation: Situation, locked: Locked, reader: Reader, tmp_path: Path
) -> None:
    store, made = locked["aes_zip"]
    assert made.zip is not None
    assert made.password
    with situation.city(tmp_path / "city") as city_store:
        under(city_store, "aes_zip", store.public_key)
        open_here = tmp_path / "open"
        with pytest.raises(ReceiveError):
            receive(city_store, made.zip, at=AT, reader=reader, password="wrong", unpack=open_here)
        assert not open_here.exists()
        closed = receive(city_store, made.zip, at=AT, reader=reader, password=made.password)
        got = receive(city_store, made.zip, at=AT, reader=reader, password=made.password, unpack=open_here)
        with pytest.raises(ReceiveError) as caught:
            receive(city_store, made.zip, at=AT, reader=reader, password=made.password, unpack=open_here)
        assert caught.value.code == "disaster.out_exists"
        (told,) = [entry.payload for entry in city_store.ledger.entries() if entry.kind == "unpacked"]
    assert told["pack_id"] == made.pack_id
    assert set(files_of(open_here)) == {*made.files, "manifest.json", "manifest.sig", "READ_ME_FIRST.txt"}
    assert verify(open_here, at=AT).manifest.pack_id == made.pack_id
    for path in (open_here, *open_here.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    shell = Shell(Settings(), json=False, at=AT)
    said = "\n".join(received_answer(shell, got, "tayori receive X --unpack Y").lines)
    assert str(open_here / "map.html") in said
    assert "本部内限り" in said
    assert shell.when(got.expires_at) in said
    assert "tayori receive X --unpack Y" in "\n".join(
        received_answer(shell, closed, "tayori receive X --unpack Y").lines
    )


def test_verify_and_explain_open_a_protected_pack_too(locked: Locked) -> None:
    _, made = locked["aes_zip"]
    assert made.zip is not None
    assert verify(made.zip, at=AT, password=made.password).manifest.pack_id == made.pack_id
    assert explain(made.folder, column="住所", password=made.password).columns[0].clause == "dwelling"
    with pytest.raises(ReceiveError):
        verify(made.zip, at=AT)


def test_a_locked_workbook_is_real_excel_encryption_and_nothing_else_goes_along(
    locked: Locked, reader: Reader, situation: Situation, tmp_path: Path
) -> None:
    store, made = locked["excel_password"]
    assert made.zip is None
    beside = {"READ_ME_FIRST.txt", "manifest.json", "manifest.sig", "release_form.pdf"}
    assert set(files_of(made.folder)) == beside | {"situation.xlsx"}
    path = made.folder / "situation.xlsx"
    assert path.read_bytes().startswith(b"\xd0\xcf\x11\xe0")
    plain = BytesIO()
    with path.open("rb") as stream:
        book = msoffcrypto.OfficeFile(stream)
        book.load_key(password=made.password, verify_password=True)
        book.decrypt(plain, verify_integrity=True)
    assert "住居一覧(氏名なし)" in CalamineWorkbook.from_filelike(BytesIO(plain.getvalue())).sheet_names
    assert verify(made.folder, at=AT).files == 3
    with situation.city(tmp_path / "city") as city_store:
        under(city_store, "excel_password", store.public_key)
        with pytest.raises(ReceiveError) as caught:
            receive(city_store, made.folder, at=AT, reader=reader, password=made.password)
    assert caught.value.code == "disaster.workbook_only"


def test_a_locked_workbook_alone_explains_itself_with_the_password(locked: Locked, tmp_path: Path) -> None:
    _, made = locked["excel_password"]
    alone = tmp_path / "mailed.xlsx"
    alone.write_bytes((made.folder / "situation.xlsx").read_bytes())
    told = explain(alone, column="住所", password=made.password)
    assert not told.signed
    assert (told.columns[0].clause, told.columns[0].agreement) == ("dwelling", f"{TOWN}-2026-01")
    for password, code in ((None, "pack_needs_password"), ("wrong", "wrong_password")):
        with pytest.raises(ReceiveError) as caught:
            explain(alone, password=password)
        assert caught.value.code == f"disaster.{code}"


@pytest.mark.parametrize("channel", ["aes_zip", "excel_password"])
def test_the_password_stands_nowhere_but_in_the_answer(locked: Locked, channel: str) -> None:
    store, made = locked[channel]
    assert made.password is not None
    assert made.password not in repr(made)
    for folder in (store.home, made.folder):
        for name, content in files_of(folder).items():
            assert made.password.encode() not in content, name
    for entry in store.ledger.entries():
        assert made.password not in json.dumps(entry.payload, ensure_ascii=False)


def test_a_password_that_cannot_be_written_is_not_lost_and_a_bad_place_is_said_before(tmp_path: Path) -> None:
    said = _told(Shell(Settings(), json=False, at=AT), "k7mp-3wxa", tmp_path)  # a folder, no file
    assert any("k7mp-3wxa" in line for line in said)
    file = tmp_path / "password.txt"
    assert "k7mp-3wxa" not in "".join(_told(Shell(Settings(), json=False, at=AT), "k7mp-3wxa", file))
    assert file.stat().st_mode & 0o777 == 0o600
    for bad in (file, tmp_path / "nowhere" / "password.txt"):
        with pytest.raises(ProvideError) as caught:
            require_new(bad)
        assert caught.value.code == "disaster.password_file_taken"


def test_the_release_form_in_a_pack_names_pack_clause_and_hashes_and_nobody(packs: Packs) -> None:
    made = packs.person
    said = "".join(page.extract_text() for page in PdfReader(made.folder / "release_form.pdf").pages)
    said = "".join(said.split())
    files = manifest_of(made.folder)["files"]
    assert made.pack_id in said
    assert all(one["sha256"] in said for one in files if one["path"].endswith((".csv", ".xlsx", ".html")))
    assert {"path", "sha256", "bytes", "counts"} == set(next(f for f in files if f["path"] == "release_form.pdf"))
    rows = packs.post.current("delivery-points", TOWN).table.to_pylist()
    private = {text for row in rows for text in (row["address"], *(row["addressees"] or ()), row["building"]) if text}
    assert len(private) > 300
    assert not [text for text in private if len(text) > 3 and "".join(text.split()) in said]


def test_a_forwarding_gives_the_post_s_own_list_no_form_to_sign(packs: Packs) -> None:
    assert packs.forward.mailing is not None
    assert not (packs.forward.mailing / "release_form.pdf").exists()
    assert (packs.forward.folder / "release_form.pdf").exists()
