"""Verbs about files: town, init, check, ingest."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from disaster.cli.options import KINDS_IN_WORDS, Municipality, OutFolder, typed_kind
from disaster.cli.saying import layer_title, side_title
from disaster.cli.shell import DONE, REFUSED, Answer, Shell, add_verbs, table
from disaster.errors import IngestError, StoreError
from disaster.faultfile import FaultCopy, fault_copy, write_copy
from disaster.ingest import check_files, report, within
from disaster.intake import Intake, boundary_of, gazetteer_of, ingest
from disaster.mapping import load_mapping
from disaster.models import DELIVERY_POINTS, Side
from disaster.schemas import Findings
from disaster.store import Store
from disaster.town import write_town
from disaster.trial import invent_households
from geo.faults import Faults, Lang
from geo.read import RawTable, Reader

#: Faults shown on the screen; all are in ``--json`` up to the cap.
_SHOWN = 20


Kind = Annotated[str, typer.Argument(help="種類 / kind: " + KINDS_IN_WORDS, callback=typed_kind)]
Files = Annotated[list[Path], typer.Argument(help="ファイル / files")]
Encoding = Annotated[str | None, typer.Option(help="文字コード(utf-8, cp932, euc_jp) / encoding")]
Crs = Annotated[str | None, typer.Option(help="座標系(EPSG:6676など) / coordinate reference system")]
Drill = Annotated[bool, typer.Option("--drill", help="訓練用の情報 / drill data")]
MaxRefused = Annotated[str, typer.Option(help="許す不採用の行数または割合(10, 2%) / refused rows allowed")]
Part = Annotated[str | None, typer.Option(help="シート、レイヤ、ZIPの中のファイルの名前 / sheet, layer or member")]
AcceptInaccurate = Annotated[
    bool,
    typer.Option("--accept-inaccurate-crs", help="旧測地系などを粗い変換で受け入れ、各行に記す / accept rough CRS"),
]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", help="列の対応表(tayori map で作る) / how the columns are to be read")
]
FaultsTo = Annotated[
    Path | None,
    typer.Option("--faults", help="理由を書き加えた写し(.xlsx .csv .geojson) / copy with the reasons, to correct"),
]


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    add_verbs(app, {"town": town, "init": init, "check": check, "ingest": ingest_files})


def town(
    shell: Shell,
    *,
    out: OutFolder,
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
        answer = _town_answer(shell, out, code, {DELIVERY_POINTS.kind: [_inside(out, path) for path in paths]}, what)
        hint = shell.say("取り込むときは --drill を付けてください。", "Take them in with --drill.")
        return replace(answer, lines=[*answer.lines, hint])
    if office or municipality:
        raise typer.BadParameter(shell.say("--on-store と一緒に指定してください。", "Needs --on-store."))
    made = write_town(out, households=households, seed=seed, at=shell.at)
    files = {kind: [_inside(out, path) for path in paths] for kind, paths in made.files.items()}
    return _town_answer(shell, out, made.municipality, files, f"{made.name}({made.municipality})")


def _inside(out: Path, path: Path) -> str:
    """Name a written file with the folder in which it lies: several kinds have one of their own."""
    return path.relative_to(out).as_posix()


def _town_answer(shell: Shell, out: Path, code: str, files: dict[str, list[str]], what: str) -> Answer:
    rows = [(layer_title(shell, kind), shell.say("、", ", ").join(names)) for kind, names in files.items()]
    line = shell.say(f"{what}のファイルを {out} に書きました。", f"Wrote {what} to {out}.")
    headings = shell.headings("種類/kind", "ファイル/files")
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
            shell.say(
                f"{side_title(shell, side)}の保管庫 {home} を作りました。", f"Created the store {home} ({side})."
            ),
            shell.say(f"署名の公開鍵: {document['public_key']}", f"Public key of signatures: {document['public_key']}"),
        ],
    )


@dataclass(slots=True, eq=False)
class _Copying:
    """Keeps the one checked file for ``--faults``; does nothing where no copy is asked for.

    A copy that cannot be written never hides what was found in the file, nor that its rows were stored.
    """

    out: Path | None
    lang: Lang
    copy: FaultCopy | None = field(default=None, init=False)
    error: IngestError | None = field(default=None, init=False)
    stem: str = field(default="", init=False)

    def require_one(self, files: Sequence[Path]) -> None:
        """Refuse to copy several files into one, or over one that is there."""
        if self.out is not None and len(files) != 1:
            raise IngestError("disaster.copy_of_one_file")
        if self.out is not None and self.out.exists():
            raise IngestError("disaster.file_exists", file=self.out.name)

    def see(self, raw: RawTable, findings: Findings) -> None:
        """Take a checked file."""
        self.stem = Path(raw.source.name).stem
        if self.out is None or not findings.refused.any():
            return
        try:
            self.copy = fault_copy(raw, findings, lang=self.lang)
        except IngestError as error:
            self.error = error

    def write(self, shell: Shell, dataset: str) -> tuple[dict[str, Any], list[str]]:
        """Write the copy, if there is anything to correct; return what the document and the screen say of it."""
        if self.out is None:
            return {}, []
        try:
            rows = write_copy(self.out, self.copy) if self.copy else 0
        except IngestError as error:
            self.error = error
        if self.error is not None:
            return {"faults_file": None, "faults_file_error": self.error.code}, [self.error.sentence(shell.lang)]
        if self.copy is None:
            nothing = shell.say("直すところがないため、写しは作っていません。", "Nothing to correct.")
            return {"faults_file": None}, [nothing]
        return {"faults_file": str(self.out)}, self._said(shell, self.out, rows, int(self.copy.refused.sum()), dataset)

    def _said(self, shell: Shell, out: Path, rows: int, refused: int, dataset: str) -> list[str]:
        lines = [shell.say(
            f"{rows:,}行の写しを {out} に書きました(直すのは {refused:,}行)。直したら、同じ命令に渡してください。",
            f"Wrote a copy of {rows:,} rows to {out} ({refused:,} to correct). Give it to the same command then.",
        )]  # fmt: skip
        if dataset.endswith(f":{self.stem}") and out.stem != self.stem:
            name = f"{self.stem}{out.suffix}"
            lines.append(shell.say(
                f"この種のファイルは名前で見分けます。渡すときは、写しの名前を {name} にしてください。",
                f"Such files are told apart by name: call the copy {name} when you give it back.",
            ))  # fmt: skip
        return lines


def reading(mapping: Path | None, **given: Any) -> dict[str, Any]:
    """Return how files are to be read: what was typed, before what the mapping says."""
    typed = {name: value for name, value in given.items() if value}
    if mapping is None:
        return typed
    found = load_mapping(mapping)
    return {**found.reading, **typed, "mapping": found.layout}


def check(
    shell: Shell,
    *,
    kind: Kind,
    files: Files,
    municipality: Municipality = None,
    mapping: MappingFile = None,
    faults: FaultsTo = None,
    encoding: Encoding = None,
    crs: Crs = None,
    part: Part = None,
    accept_inaccurate: AcceptInaccurate = False,
    max_refused: MaxRefused = "0",
    drill: Drill = False,
) -> Answer:
    """ファイルを調べる(保存しない) / Check files without storing anything."""
    how = reading(mapping, encoding=encoding, crs=crs, part=part, accept_inaccurate=accept_inaccurate)
    copying = _Copying(faults, shell.lang)
    copying.require_one(files)
    with shell.store_if_any() as store, Reader() as reader:
        batches = check_files(
            kind, files, reader=reader, at=shell.at, drill=drill, seen=copying.see, **how,
            **_held(shell, store, municipality, drill=drill),
        )  # fmt: skip
    reports = [report(batch, lang=shell.lang) for batch in batches]
    good = all(within(batch, max_refused) for batch in batches)
    lines, tables = _shown(shell, reports, [batch.faults for batch in batches])
    if store is None:
        lines.append(shell.say(
            "保管庫がないため、住所の位置と市区町村の境界は調べていません。",
            "Without a store, addresses were not placed and the boundary was not looked at.",
        ))  # fmt: skip
    written, said = copying.write(shell, batches[0].dataset)
    document = {**(reports[0] if len(reports) == 1 else {"kind": kind, "files": reports}), **written}
    return Answer("check", document, [*lines, *said], tables, code=DONE if good else REFUSED)


def _held(shell: Shell, store: Store | None, municipality: str | None, *, drill: bool) -> dict[str, Any]:
    """Return what the store knows of the municipality; without a store it must be named, and nothing else is known."""
    if store is None:
        if municipality is None:
            raise StoreError("disaster.no_store_to_check", folder=str(shell.settings.data_dir))
        return {"municipality": municipality, "side": None, "gazetteer": None}
    code = shell.municipality(store, municipality)
    return {
        "municipality": code,
        "side": store.side,
        "gazetteer": gazetteer_of(store, code, at=shell.at, drill=drill),
        "boundary": boundary_of(store, code, at=shell.at, drill=drill),
    }


def ingest_files(
    shell: Shell,
    *,
    kind: Kind,
    files: Files,
    municipality: Municipality = None,
    mapping: MappingFile = None,
    faults: FaultsTo = None,
    encoding: Encoding = None,
    crs: Crs = None,
    part: Part = None,
    accept_inaccurate: AcceptInaccurate = False,
    source: Annotated[str, typer.Option(help="出典として示す名前(公表者など) / who is to be credited")] = "",
    dataset: Annotated[str | None, typer.Option(help="並べて持つときの名前 / name of the series")] = None,
    max_refused: MaxRefused = "0",
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="一つでも不採用なら何も保存しない / all or nothing")
    ] = False,
    drill: Drill = False,
) -> Answer:
    """ファイルを取り込む / Take files in."""
    how = reading(mapping, encoding=encoding, crs=crs, part=part, accept_inaccurate=accept_inaccurate)
    copying = _Copying(faults, shell.lang)
    copying.require_one(files)
    with shell.store() as store, Reader() as reader, shell.steps(len(files)) as step:
        taken = ingest(
            store, kind, files, municipality=shell.municipality(store, municipality), reader=reader, at=shell.at,
            dataset=dataset, drill=drill, max_refused=max_refused, all_or_nothing=all_or_nothing,
            forwarding=shell.settings.forwarding, step=step, credit=" ".join(source.split()), seen=copying.see,
            **how,
        )  # fmt: skip
    answer = _ingested(shell, kind, taken)
    written, said = copying.write(shell, taken[0].batch.dataset)
    return replace(answer, document={**answer.document, **written}, lines=[*answer.lines, *said])


def _ingested(shell: Shell, kind: str, taken: Sequence[Intake]) -> Answer:
    reports = [{**report(one.batch, lang=shell.lang), **one.stored_as()} for one in taken]
    lines, tables = _shown(shell, reports, [one.batch.faults for one in taken])
    lines += [one.sentence(shell.lang) for one in taken]
    document = reports[0] if len(reports) == 1 else {"kind": kind, "files": reports}
    return Answer("ingest", document, lines, tables, code=DONE if all(one.stored for one in taken) else REFUSED)


def _shown(shell: Shell, reports: Sequence[dict[str, Any]], faults: Sequence[Faults]) -> tuple[list[str], list[Table]]:
    headings = shell.headings(
        "ファイル/file", "形/layout", "文字コード/encoding", "座標系/CRS", "読んだ行/read", "採用/accepted",
        "不採用/refused",
    )  # fmt: skip
    names = ("file", "layout", "encoding", "crs", "read", "accepted", "refused")
    tables = [table(shell.say("読み取り", "Read"), headings, [[one.get(name) for name in names] for one in reports])]
    for one, told in zip(faults, reports, strict=True):
        if one.total:
            tables.append(_fault_table(shell, one, str(told["file"])))
    return _remarks(reports), tables


def _remarks(reports: Sequence[dict[str, Any]]) -> list[str]:
    """Say what was set aside, mended or assumed, and in which file where there are several."""
    remarks = [(told, remark) for told in reports for remark in (*told["set_aside"], *told["notes"])]
    several = len(reports) > 1 or any(", " in str(told["file"]) for told in reports)
    return [
        (f"{remark.get('file', told['file'])}: " if several else "") + str(remark["reason"]) for told, remark in remarks
    ]


def _fault_table(shell: Shell, faults: Faults, file: str) -> Table:
    counted = [f for f in faults.kept[:_SHOWN] if f.row is not None and "line" not in f.params]
    number = "データの行/data row" if counted else "Excelの行/Excel row"
    headings = shell.headings(number, "列/column", "値/value", "理由/reason", "直し方/hint")
    rows = [
        (f.params.get("line", f.row), f.column, f.value, f.reason(shell.lang), f.hint(shell.lang))
        for f in faults.kept[:_SHOWN]
    ]
    title = shell.say(
        f"{file} 不採用の理由 {faults.total}件(先頭{len(rows)}件)", f"{file}: faults {faults.total} (first {len(rows)})"
    )
    return table(title, headings, rows)
