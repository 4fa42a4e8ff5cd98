"""The verb about addresses: place."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pyarrow.compute as pc
import typer
from rich.table import Table

from disaster.cli.files import Encoding, Part
from disaster.cli.options import Municipality
from disaster.cli.shell import Answer, Shell, add_verbs, table
from disaster.errors import IngestError
from disaster.ingest import check_file
from disaster.intake import gazetteer_of, with_source
from disaster.layouts import publisher
from disaster.models import GAZETTEER, PLACE_COLUMNS, Side
from disaster.placelist import PlacedList, place_list, write_list
from geo.faults import words
from geo.gazetteer import Gazetteer
from geo.read import Reader


def add_to(app: typer.Typer) -> None:
    """Register the verb of this module."""
    add_verbs(app, {"place": place})


def place(
    shell: Shell,
    *,
    file: Annotated[Path, typer.Argument(help="住所の列があるファイル / a file with a column of addresses")],
    out: Annotated[Path, typer.Option(help="書き出すフォルダ(新しいもの) / a new folder")],
    municipality: Municipality = None,
    gazetteer: Annotated[
        Path | None, typer.Option(help="町名・番号の表(tayori gazetteer build で作ったもの) / a built gazetteer")
    ] = None,
    column: Annotated[str | None, typer.Option(help="住所の列の名前 / heading of the addresses")] = None,
    second_opinion: Annotated[
        Path | None,
        typer.Option(help="jageocoderの辞書のフォルダ(番号まで読めない行の参考) / dictionary for a second opinion"),
    ] = None,
    encoding: Encoding = None,
    part: Part = None,
) -> Answer:
    """住所の一覧に位置を付け、疑いのある行を一枚にまとめる / Place a list of addresses and report the doubts."""
    with Reader() as reader:
        towns = _given(reader, gazetteer, municipality, shell.at) if gazetteer else _held(shell, municipality)
        raw = reader.read(file, encoding=encoding, part=part)
    placed = place_list(raw.table, towns, column=column)
    if second_opinion is not None:
        placed = placed.asked_elsewhere(second_opinion)
    rows, about = write_list(placed, out, file=file.name, at=shell.at)
    return _answer(shell, placed, rows, about)


def _given(reader: Reader, path: Path, municipality: str | None, at: datetime) -> Gazetteer:
    """Read a built gazetteer, or any list of towns whose layout is known, as safely as any other file."""
    rows = reader.read(path).table
    codes = pc.unique(rows["municipality"]).to_pylist() if "municipality" in rows.column_names else []
    code = municipality or (codes[0] if len(codes) == 1 else None)
    if code is None:
        raise IngestError("disaster.place_which_municipality", file=path.name)
    if "kind" in rows.column_names:
        return Gazetteer.of(rows, municipality=code)
    batch = check_file(
        GAZETTEER.kind, [path], municipality=code, side=Side.DEMO, reader=reader, gazetteer=None, at=at
    )  # fmt: skip
    return Gazetteer.of(with_source(batch.table, publisher(batch.sources[0].layout)), municipality=code)


def _held(shell: Shell, municipality: str | None) -> Gazetteer:
    with shell.store_if_any() as store:
        if store is None:
            raise IngestError("disaster.place_no_store")
        code = shell.municipality(store, municipality)
        found = gazetteer_of(store, code, at=shell.at) or gazetteer_of(store, code, at=shell.at, drill=True)
    if found is None:
        raise IngestError("disaster.place_no_gazetteer", municipality=code)
    return found


def _answer(shell: Shell, placed: PlacedList, rows: Path, about: Path) -> Answer:
    levels, reasons = placed.by_level(), placed.by_reason()
    total, exact, doubtful = placed.found.num_rows, placed.n_exact, placed.n_doubtful
    coarse = total - doubtful - exact
    document: dict[str, Any] = {
        "rows": total, "exact": exact, "coarse": coarse, "doubtful": doubtful, "ambiguous": placed.ambiguous,
        "levels": levels, "reasons": reasons, "without_point": placed.found["lon"].null_count,
        "column": placed.column, "files": [str(rows), str(about)],
    }  # fmt: skip
    if second := placed.second:
        document["second_opinion"] = {"asked": second.asked, "found": second.found, "left": second.left}
    lines = [
        shell.say(
            f"{total:,}行 = 番号の位置 {exact:,}行 + 町の代表点 {coarse:,}行 + 要確認 {doubtful:,}行",
            f"{total:,} rows = {exact:,} at their number + {coarse:,} at their town + {doubtful:,} to look at",
        ),
        shell.say(f"一行ごとの結果: {rows}", f"rows: {rows}"),
        shell.say(f"まとめ(一枚): {about}", f"summary: {about}"),
        *_remarks(shell, placed),
    ]
    return Answer("place", document, lines, _tables(shell, levels, reasons))


def _tables(shell: Shell, levels: dict[str, int], reasons: dict[str, int]) -> list[Table]:
    """Return how far addresses were read, and why some are to be looked at."""
    labels = PLACE_COLUMNS[0].choices
    read = [(shell.say(labels[level], level), count) for level, count in reversed(levels.items()) if count]
    why = [(words(code, lang=shell.lang), count) for code, count in reasons.items()]
    doubts = table(shell.say("要確認の理由", "Doubts"), shell.headings("理由/reason", "行/rows"), why)
    shown = table(shell.say("どこまで読めたか", "Levels"), shell.headings("位置の精度/level", "行/rows"), read)
    return [shown, doubts] if why else [shown]


def _remarks(shell: Shell, placed: PlacedList) -> list[str]:
    """Say what a second opinion answered, and that a table without numbers was used."""
    lines = []
    if second := placed.second:
        lines.append(
            shell.say(
                f"第二の意見: {second.asked:,}行を尋ね、答え {second.found:,}行(尋ねていない {second.left:,}行)",
                f"second opinion: {second.asked:,} asked, {second.found:,} answered, {second.left:,} not asked",
            )
        )
    if not placed.gazetteer.numbers.num_rows:
        lines.append(
            shell.say(
                "使った表には番号の位置がありません。番号まで要るときは、tayori gazetteer build で作った表を使います。",
                "The table used holds no numbers; build one with tayori gazetteer build to place down to numbers.",
            )
        )
    return lines
