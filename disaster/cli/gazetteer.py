"""Verbs about what addresses are placed by: gazetteer build."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from agreements.clock import JST
from disaster.cli.options import OutFolder
from disaster.cli.saying import next_command
from disaster.cli.shell import DONE, REFUSED, Answer, Shell, add_noun, table
from disaster.errors import DisasterError
from geo.faults import words
from geo.gazetteer import Built, build, write
from geo.gazetteer.merge import SOURCES
from geo.gazetteer.model import NUMBER_KINDS
from geo.gazetteer.recognise import ROLES
from geo.gazetteer.rows import REASONS
from geo.read import RawTable, Reader

#: Rows of a table on the screen; ``--json`` has all of them.
_SHOWN = 20
_KINDS = {"": "町/towns", "block": "街区/blocks", "dwelling": "住居番号/dwellings", "lot": "地番/lots"}

Files = Annotated[
    list[Path], typer.Argument(help="住所データのファイル(ABR、街区レベル、Geolonia、郵便番号) / address tables")
]
Municipality = Annotated[
    list[str] | None, typer.Option(help="市区町村コード(5桁、繰り返し可) / municipality code, repeatable")
]
All = Annotated[bool, typer.Option("--all", help="ファイルにある全ての市区町村 / all municipalities in the files")]
Vintage = Annotated[
    str, typer.Option(help="いつの住所データか(2026-08など。行に書かれていない時に使う) / age of the sources")
]


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    title = "住所の位置の表を作る / Tables that addresses are placed by"
    add_noun(app, "gazetteer", title, {"build": gazetteer_build})


def gazetteer_build(
    shell: Shell,
    *,
    files: Files,
    out: OutFolder,
    municipality: Municipality = None,
    every: All = False,
    vintage: Vintage = "",
) -> Answer:
    """住所データから市区町村ごとの位置の表を作る / Build one gazetteer a municipality from address tables."""
    if every == bool(municipality):
        raise typer.BadParameter(
            shell.say("--municipality か --all のどちらかを指定してください。", "Give either --municipality or --all.")
        )
    with Reader() as reader, shell.steps(len(files) + 1) as step:
        raws: list[RawTable] = []
        for path in files:
            step(path.name)
            raws.append(reader.read(path))
        step(shell.say("まとめています", "putting together"))
        built = build(raws, municipality, on=shell.at.astimezone(JST).date(), vintage=vintage)
        try:
            paths = {code: write(built, code, out) for code in built.tables}
        except OSError as error:
            raise DisasterError("disaster.gazetteer_not_written", folder=str(out), why=error.strerror or "") from error
    return _answer(shell, built, paths, raws)


def _answer(shell: Shell, built: Built, paths: dict[str, Path], raws: Sequence[RawTable]) -> Answer:
    lines = [*_remarks(shell, built, raws), *_doubts(shell, built), *_next_steps(shell, paths)]
    code = REFUSED if built.absent else DONE
    tables = [_accounts(shell, built), _shares(shell, built), _contents(shell, built)]
    return Answer("gazetteers", _document(built, paths), lines, tables, code=code)


def _document(built: Built, paths: dict[str, Path]) -> dict[str, Any]:
    made = []
    for code, path in paths.items():
        count = built.count(code)
        made.append({
            "municipality": code, "pref": built.names[code][0], "city": built.names[code][1], "file": str(path),
            "rows": {kind or "town": n for kind, n in count.rows.items()},
            "with_point": {kind or "town": n for kind, n in count.with_point.items()},
        })  # fmt: skip
    return {
        "gazetteers": made,
        "absent": list(built.absent),
        "files": [{"file": o.file, "sha256": o.sha256, "role": o.role, "rows": o.rows} for o in built.origins],
        "accounts": [
            {"role": a.role, "read": a.read, "taken": a.taken, "joined": a.joined, "dropped": dict(a.dropped),
             "pointless": a.pointless}
            for a in built.accounts
        ],
        "sources": [
            {"source": s.source,
             "towns": {"given": s.towns_given, "kept": s.towns_kept, "merged": s.towns_merged},
             "numbers": {"given": s.numbers_given, "kept": s.numbers_kept, "merged": s.numbers_merged}}
            for s in built.shares
        ],
        "apart": [
            {"municipality": a.municipality, "town": a.town, "koaza": a.koaza, "source": a.source, "other": a.other,
             "metres": a.metres}
            for a in built.apart
        ],
    }  # fmt: skip


def _accounts(shell: Shell, built: Built) -> Table:
    headings = shell.headings(
        "ファイルの種類/sort of file", "読んだ行/read", "町・番号にした行/taken", "他の行に付けた行/joined",
        "使わなかった行/dropped", "その理由/reasons",
    )  # fmt: skip
    rows = [
        (
            ROLES[a.role][1],
            *(f"{n:,}" for n in (a.read, a.taken, a.joined, sum(a.dropped.values()))),
            _reasons(shell, a.dropped),
        )
        for a in built.accounts
    ]
    return table(shell.say("読んだ行の行き先", "What became of the rows"), headings, rows)


def _reasons(shell: Shell, dropped: Mapping[str, int]) -> str:
    return "、".join(f"{shell.say(*REASONS[reason])} {count:,}" for reason, count in dropped.items())


def _shares(shell: Shell, built: Built) -> Table:
    headings = shell.headings(
        "出典/source", "町/towns", "うち採用/kept", "うち統合/merged", "番号/numbers", "うち採用/kept",
        "うち統合/merged",
    )  # fmt: skip
    rows = [
        (
            SOURCES[s.source],
            *(f"{n:,}" for n in (s.towns_given, s.towns_kept, s.towns_merged)),
            *(f"{n:,}" for n in (s.numbers_given, s.numbers_kept, s.numbers_merged)),
        )
        for s in built.shares
    ]
    return table(shell.say("出典ごとの町と番号", "Towns and numbers by source"), headings, rows)


def _contents(shell: Shell, built: Built) -> Table:
    kinds = (_KINDS[kind] for kind in ("", *NUMBER_KINDS))
    headings = shell.headings("コード/code", "市区町村/municipality", *kinds)
    rows = []
    for code in list(built.tables)[:_SHOWN]:
        count = built.count(code)
        cells = [_with_points(shell, n, count.with_point[kind]) for kind, n in count.rows.items()]
        rows.append((code, "".join(built.names[code]), *cells))
    many = len(built.tables)
    title = shell.say(f"作った表 {many:,}件(先頭{len(rows)}件)", f"Gazetteers {many:,} (first {len(rows)})")
    return table(title, headings, rows)


def _with_points(shell: Shell, rows: int, placed: int) -> str:
    return shell.say(f"{rows:,}（位置あり {placed:,}）", f"{rows:,} ({placed:,} with a point)") if rows else ""


def _remarks(shell: Shell, built: Built, raws: Sequence[RawTable]) -> list[str]:
    """Say what the reader and the loaders remarked, each thing once."""
    told = [(f"{raw.source.file}: ", note) for raw in raws for note in raw.source.notes]
    told += [("", note) for note in built.notes]
    return list(dict.fromkeys(where + words(code, params, lang=shell.lang) for where, (code, params) in told))


def _doubts(shell: Shell, built: Built) -> list[str]:
    lines = [
        shell.say(
            f"{ROLES[a.role][1]}: {a.pointless:,}件は同じものに離れた点が2つあり、位置なしにしました。",
            f"{ROLES[a.role][1]}: {a.pointless:,} have two points apart and were left without one.",
        )
        for a in built.accounts
        if a.pointless
    ]
    if built.apart:
        shown = "、".join(f"{a.town}{a.koaza} {a.metres:,}m" for a in built.apart[:_SHOWN])
        lines.append(shell.say(
            f"出典によって位置が1km以上違う町が{len(built.apart):,}件あります(上位の出典の点を使いました): {shown}",
            f"{len(built.apart):,} towns lie more than 1 km apart by source (the better one's point is used): {shown}",
        ))  # fmt: skip
    if built.absent:
        codes = "、".join(built.absent)
        lines.append(shell.say(f"町が一つも見つからなかったコード: {codes}", f"No town was found for: {codes}"))
    return lines


def _next_steps(shell: Shell, paths: dict[str, Path]) -> list[str]:
    path = next(iter(paths.values()))
    return [
        next_command(shell, "ingest", "gazetteer", path),
        shell.say(
            "取り込んだ後は、住所のあるファイルを取り込むか tayori place で位置を付けられます。",
            "Then files with addresses are placed when they are taken in, or by tayori place.",
        ),
    ]
