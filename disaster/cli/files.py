"""Verbs about files: town, init, check, ingest."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from disaster.cli.shell import DONE, REFUSED, Answer, Shell, table, verb
from disaster.ingest import check_files, report, within
from disaster.intake import Intake, boundary_of, gazetteer_of, ingest
from disaster.models import DELIVERY_POINTS, NOUNS, Side
from disaster.store import Store
from disaster.town import write_town
from disaster.trial import invent_households
from geo.faults import Faults
from geo.read import Reader

#: Faults shown on the screen; all are in ``--json`` up to the cap.
_SHOWN = 20

Kind = Annotated[str, typer.Argument(help="種類 / kind: " + ", ".join(NOUNS))]
Files = Annotated[list[Path], typer.Argument(help="ファイル / files")]
Municipality = Annotated[str | None, typer.Option(help="市区町村コード(5桁) / municipality code")]
Encoding = Annotated[str | None, typer.Option(help="文字コード(utf-8, cp932, euc_jp) / encoding")]
Crs = Annotated[str | None, typer.Option(help="座標系(EPSG:6676など) / coordinate reference system")]
Drill = Annotated[bool, typer.Option("--drill", help="訓練用の情報 / drill data")]
MaxRefused = Annotated[str, typer.Option(help="許す不採用の行数または割合(10, 2%) / refused rows allowed")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    for function in (town, init, check, ingest_files):
        verb(app, function.__name__.replace("_files", ""))(function)


def town(
    shell: Shell,
    *,
    out: Annotated[Path, typer.Option(help="書き出すフォルダ / output folder")],
    households: Annotated[int, typer.Option(min=1, max=2_000_000, help="世帯の数 / households")] = 2_000,
    seed: Annotated[int, typer.Option(help="乱数の種 / seed")] = 1,
    on_store: Annotated[
        bool, typer.Option("--on-store", help="保管庫にある実在の町の上に、架空の世帯だけを作る / on the store's town")
    ] = False,
    municipality: Municipality = None,
    office: Annotated[
        list[str] | None, typer.Option(help="配達する局の局所コード(繰り返し可、--on-store のとき) / offices")
    ] = None,
) -> Answer:
    """架空の町のファイルを書き出す / Write the invented town's files."""
    if on_store:
        with shell.store() as store:
            code = shell.municipality(store, municipality)
            paths = invent_households(
                store, code, out=out, households=households, seed=seed, at=shell.at, offices=tuple(office or ())
            )
        what = shell.say(f"架空の世帯 {households:,}件", f"{households:,} invented households")
        answer = _town_answer(shell, out, code, {DELIVERY_POINTS.kind: [path.name for path in paths]}, what)
        hint = shell.say("取り込むときは --drill を付けてください。", "Take them in with --drill.")
        return replace(answer, lines=[*answer.lines, hint])
    if office or municipality:
        raise typer.BadParameter(shell.say("--on-store と一緒に指定してください。", "Needs --on-store."))
    made = write_town(out, households=households, seed=seed, at=shell.at)
    files = {kind: [path.name for path in paths] for kind, paths in made.files.items()}
    return _town_answer(shell, out, made.municipality, files, f"{made.name}({made.municipality})")


def _town_answer(shell: Shell, out: Path, code: str, files: dict[str, list[str]], what: str) -> Answer:
    rows = [(kind, "、".join(names)) for kind, names in files.items()]
    line = shell.say(f"{what}のファイルを {out} に書きました。", f"Wrote {what} to {out}.")
    headings = (shell.say("種類", "kind"), shell.say("ファイル", "files"))
    title = shell.say("書いたファイル", "Files")
    document = {"out": str(out), "municipality": code, "files": files}
    return Answer("town", document, [line], [table(title, headings, rows)])


def init(
    shell: Shell,
    side: Annotated[Side, typer.Option(help="どちら側の保管庫か / whose store")],
    municipality: Annotated[list[str], typer.Option(help="市区町村コード(5桁、繰り返し可) / municipality code")],
) -> Answer:
    """保管庫を作る(側は一生変わらない) / Create a store; its side is for life."""
    home = shell.settings.data_dir
    with Store.create(
        home, side=side, municipalities=tuple(municipality), at=shell.at, url=shell.settings.database_url
    ) as store:
        document = {
            "home": str(home),
            "side": str(side),
            "municipalities": municipality,
            "public_key": store.public_key,
        }
    return Answer(
        "init",
        document,
        [
            shell.say(f"保管庫 {home} を作りました({side})。", f"Created the store {home} ({side})."),
            shell.say(f"署名の公開鍵: {document['public_key']}", f"Public key of signatures: {document['public_key']}"),
        ],
    )


def check(
    shell: Shell,
    *,
    kind: Kind,
    files: Files,
    municipality: Municipality = None,
    encoding: Encoding = None,
    crs: Crs = None,
    max_refused: MaxRefused = "0",
    drill: Drill = False,
) -> Answer:
    """ファイルを調べる(保存しない) / Check files without storing anything."""
    with shell.store() as store, Reader() as reader:
        code = shell.municipality(store, municipality)
        batches = check_files(
            kind, files, municipality=code, side=store.side, reader=reader,
            gazetteer=gazetteer_of(store, code, at=shell.at, drill=drill), at=shell.at, encoding=encoding, crs=crs,
            boundary=boundary_of(store, code, at=shell.at, drill=drill), drill=drill,
        )  # fmt: skip
    reports = [report(batch, lang=shell.lang) for batch in batches]
    good = all(within(batch, max_refused) for batch in batches)
    document = reports[0] if len(reports) == 1 else {"kind": kind, "files": reports}
    lines, tables = _shown(shell, reports, [batch.faults for batch in batches])
    return Answer("check", document, lines, tables, code=DONE if good else REFUSED)


def ingest_files(
    shell: Shell,
    *,
    kind: Kind,
    files: Files,
    municipality: Municipality = None,
    encoding: Encoding = None,
    crs: Crs = None,
    dataset: Annotated[str | None, typer.Option(help="並べて持つときの名前 / name of the series")] = None,
    max_refused: MaxRefused = "0",
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="一つでも不採用なら何も保存しない / all or nothing")
    ] = False,
    drill: Drill = False,
) -> Answer:
    """ファイルを取り込む / Take files in."""
    with shell.store() as store, Reader() as reader, shell.steps(len(files)) as step:
        taken = ingest(
            store, kind, files, municipality=shell.municipality(store, municipality), reader=reader, at=shell.at,
            encoding=encoding, crs=crs, dataset=dataset, drill=drill, max_refused=max_refused,
            all_or_nothing=all_or_nothing, forwarding=shell.settings.forwarding, step=step,
        )  # fmt: skip
    return _ingested(shell, kind, taken)


def _ingested(shell: Shell, kind: str, taken: Sequence[Intake]) -> Answer:
    reports = [{**report(one.batch, lang=shell.lang), **one.stored_as()} for one in taken]
    lines, tables = _shown(shell, reports, [one.batch.faults for one in taken])
    lines += [one.sentence(shell.lang) for one in taken]
    document = reports[0] if len(reports) == 1 else {"kind": kind, "files": reports}
    return Answer("ingest", document, lines, tables, code=DONE if all(one.stored for one in taken) else REFUSED)


def _shown(shell: Shell, reports: Sequence[dict[str, Any]], faults: Sequence[Faults]) -> tuple[list[str], list[Table]]:
    headings = [shell.say(*pair) for pair in (
        ("ファイル", "file"), ("形", "layout"), ("文字コード", "encoding"), ("座標系", "CRS"), ("読んだ行", "read"),
        ("採用", "accepted"), ("不採用", "refused"),
    )]  # fmt: skip
    names = ("file", "layout", "encoding", "crs", "read", "accepted", "refused")
    tables = [table(shell.say("読み取り", "Read"), headings, [[one.get(name) for name in names] for one in reports])]
    for one, told in zip(faults, reports, strict=True):
        if one.total:
            tables.append(_fault_table(shell, one, str(told["file"])))
    return _remarks(reports), tables


def _remarks(reports: Sequence[dict[str, Any]]) -> list[str]:
    """Say what was set aside, mended or assumed, and in which file where there are several."""
    return [
        (f"{told['file']}: " if len(reports) > 1 else "") + str(remark["reason"])
        for told in reports
        for remark in (*told["set_aside"], *told["notes"])
    ]


def _fault_table(shell: Shell, faults: Faults, file: str) -> Table:
    headings = [
        shell.say(*pair)
        for pair in (("行", "row"), ("列", "column"), ("値", "value"), ("理由", "reason"), ("直し方", "hint"))
    ]
    rows = [(f.row, f.column, f.value, f.reason(shell.lang), f.hint(shell.lang)) for f in faults.kept[:_SHOWN]]
    title = shell.say(
        f"{file} 不採用の理由 {faults.total}件(先頭{len(rows)}件)", f"{file}: faults {faults.total} (first {len(rows)})"
    )
    return table(title, headings, rows)
