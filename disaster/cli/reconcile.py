"""The verb about two lists of the same places: reconcile."""

from pathlib import Path
from typing import Annotated

import typer

from disaster.cli.files import Crs, Encoding, Kind, Municipality, Part
from disaster.cli.shell import Answer, Shell, table, verb
from disaster.errors import StoreError
from disaster.intake import gazetteer_of
from disaster.reconcile import Reconciled, reconcile
from geo.gazetteer import Gazetteer
from geo.read import Reader

OtherKind = Annotated[str | None, typer.Option(help="RIGHT の種類(LEFT と違うとき) / kind of RIGHT if it differs")]


def add_to(app: typer.Typer) -> None:
    """Register the verb of this module."""
    verb(app, "reconcile")(compare_lists)


def compare_lists(
    shell: Shell,
    *,
    kind: Kind,
    left: Annotated[Path, typer.Argument(help="一つ目の一覧(市の一覧など) / the first list")],
    right: Annotated[Path, typer.Argument(help="二つ目の一覧(国の一覧など) / the second list")],
    out: Annotated[Path, typer.Option(help="書き出すフォルダ(新しいもの) / a new folder")],
    municipality: Municipality = None,
    right_kind: OtherKind = None,
    ids: Annotated[Path | None, typer.Option(help="前回の place-ids.json / the register of last time")] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="判断を記入した前回の pairs.xlsx / the answered table of last time")
    ] = None,
    part: Part = None,
    right_part: Annotated[str | None, typer.Option(help="RIGHT のシートなどの名前 / the same of RIGHT")] = None,
    encoding: Encoding = None,
    right_encoding: Annotated[str | None, typer.Option(help="RIGHT の文字コード / encoding of RIGHT")] = None,
    crs: Crs = None,
    right_crs: Annotated[str | None, typer.Option(help="RIGHT の座標系 / CRS of RIGHT")] = None,
) -> Answer:
    """同じ場所の一覧を二つ突き合わせ、場所番号を付ける / Compare two lists of the same places, give lasting ids."""
    code, gazetteer = _place(shell, municipality)
    with Reader() as reader:
        made = reconcile(
            kind, left, right, municipality=code, out=out, reader=reader, at=shell.at, right_kind=right_kind,
            gazetteer=gazetteer, ids=ids, decisions=decisions,
            left_reading={"part": part, "encoding": encoding, "crs": crs},
            right_reading={"part": right_part, "encoding": right_encoding, "crs": right_crs},
        )  # fmt: skip
    return _answer(shell, made)


def _place(shell: Shell, municipality: str | None) -> tuple[str, Gazetteer | None]:
    """Return the municipality and the town table of its store; files can be compared without a store."""
    try:
        with shell.store() as store:
            code = shell.municipality(store, municipality)
            return code, gazetteer_of(store, code, at=shell.at)
    except StoreError as error:
        if error.code != "disaster.no_store" or municipality is None:
            raise
        return municipality, None


def _answer(shell: Shell, made: Reconciled) -> Answer:
    counts = made.counts
    headings = [shell.say(*pair) for pair in (
        ("一覧", "list"), ("場所", "places"), ("一致", "same"), ("未確定", "undecided"), ("片方だけ", "only here"),
        ("不採用の行", "refused rows"), ("くり返しの行", "repeated rows"),
    )]  # fmt: skip
    parts = ("", "_same", "_open", "_only", "_refused", "_repeated")
    rows = [
        (title, *(counts[side + part] for part in parts))
        for side, title in zip(("left", "right"), made.titles, strict=True)
    ]
    lines = [
        shell.say(
            f"決めていただく組: 一覧どうし {counts['pairs_open']}組、台帳と {counts['register_open']}組。"
            f"同じ一覧の中の重複の疑い: {counts['twice']}組。",
            f"To be decided: {counts['pairs_open']} pairs of the lists, {counts['register_open']} with the register; "
            f"named twice in one list: {counts['twice']}.",
        ),
        shell.say(
            f"場所番号: {counts['places']}か所(新しく付けたもの {counts['new']}、今回閉じたもの {counts['closed']})。",
            f"Lasting ids: {counts['places']} ({counts['new']} new, {counts['closed']} closed now).",
        ),
        *_on_decisions(shell, made),
        shell.say(
            f"{made.folder / 'pairs.xlsx'} の「判断」に 同じ・別 を記入し、次回 --decisions で渡してください。"
            f"次回は --ids {made.folder / 'place-ids.json'} も渡してください。",
            f"Fill in 判断 (同じ same, 別 different) in {made.folder / 'pairs.xlsx'} and give it as --decisions; "
            f"next time give --ids {made.folder / 'place-ids.json'} too.",
        ),
    ]
    document = {"out": str(made.folder), "left": made.titles[0], "right": made.titles[1], "counts": dict(counts)}
    return Answer("reconcile", document, lines, [table(shell.say("突き合わせ", "Lists"), headings, rows)])


def _on_decisions(shell: Shell, made: Reconciled) -> list[str]:
    taken, idle = made.counts["decisions"], made.counts["decisions_idle"]
    if not taken and not idle:
        return []
    return [
        shell.say(
            f"判断を {taken}件 取り込みました(尋ねていない行の判断 {idle}件 は使いません)。",
            f"Took {taken} decisions ({idle} on lines that ask nothing were not used).",
        )
    ]
