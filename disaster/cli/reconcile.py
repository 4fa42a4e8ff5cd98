"""The verb about two lists of the same places: reconcile."""

from pathlib import Path
from typing import Annotated

import typer

from disaster.cli.files import Crs, Encoding, Kind, MappingFile, Part, reading
from disaster.cli.options import Municipality, typed_kind
from disaster.cli.shell import Answer, Shell, add_verbs, table
from disaster.errors import ReconcileError
from disaster.intake import gazetteer_of
from disaster.reconcile import Reconciled, reconcile
from geo.gazetteer import Gazetteer
from geo.read import Reader

#: The register as `reconcile` names it, beside the table that is answered.
_REGISTER = "place-ids.json"

OtherKind = Annotated[
    str | None,
    typer.Option(
        help="二つ目の一覧の種類(一つ目と違うとき) / kind of the second list if it differs", callback=typed_kind
    ),
]
OtherMapping = Annotated[
    Path | None, typer.Option("--right-mapping", help="二つ目の一覧の列の対応表 / how its columns are to be read")
]


def add_to(app: typer.Typer) -> None:
    """Register the verb of this module."""
    add_verbs(app, {"reconcile": compare_lists})


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
    mapping: MappingFile = None,
    right_mapping: OtherMapping = None,
    part: Part = None,
    right_part: Annotated[
        str | None, typer.Option(help="二つ目の一覧のシートなどの名前 / the same of the second list")
    ] = None,
    encoding: Encoding = None,
    right_encoding: Annotated[str | None, typer.Option(help="二つ目の一覧の文字コード / its encoding")] = None,
    crs: Crs = None,
    right_crs: Annotated[str | None, typer.Option(help="二つ目の一覧の座標系 / its CRS")] = None,
) -> Answer:
    """同じ場所の一覧を二つ突き合わせ、場所番号を付ける / Compare two lists of the same places, give lasting ids."""
    register = _register(ids, decisions)
    readings = (
        reading(mapping, part=part, encoding=encoding, crs=crs),
        reading(right_mapping, part=right_part, encoding=right_encoding, crs=right_crs),
    )
    code, gazetteer = _place(shell, municipality)
    with Reader() as reader:
        made = reconcile(
            kind, left, right, municipality=code, out=out, reader=reader, at=shell.at, right_kind=right_kind,
            gazetteer=gazetteer, ids=register, decisions=decisions,
            left_reading=readings[0], right_reading=readings[1],
        )  # fmt: skip
    return _answer(shell, made, found=register if ids is None else None)


def _register(ids: Path | None, decisions: Path | None) -> Path | None:
    """Return the register of last time; answers without it would give every place a new number.

    Raises
    ------
    ReconcileError
        ``disaster.reconcile_ids_wanted`` if there are answers and no register is named, nor stands beside them.
    """
    if ids is not None or decisions is None:
        return ids
    beside = decisions.with_name(_REGISTER)
    if not beside.is_file():
        raise ReconcileError("disaster.reconcile_ids_wanted", file=decisions.name, folder=str(decisions.parent))
    return beside


def _place(shell: Shell, municipality: str | None) -> tuple[str, Gazetteer | None]:
    """Return the municipality and the town table of its store; files can be compared without a store."""
    with shell.store_if_any() as store:
        if store is not None:
            code = shell.municipality(store, municipality)
            return code, gazetteer_of(store, code, at=shell.at)
    if municipality is None:
        raise ReconcileError("disaster.reconcile_municipality")
    return municipality, None


def _answer(shell: Shell, made: Reconciled, *, found: Path | None) -> Answer:
    """Say what was done; `found` is a register that was taken without being named."""
    counts = made.counts
    headings = shell.headings(
        "一覧/list", "場所/places", "一致/same", "未確定/undecided", "片方だけ/only here", "不採用の行/refused rows",
        "くり返しの行/repeated rows",
    )  # fmt: skip
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
        *_on_register(shell, found),
        *_next_time(shell, made),
    ]
    document = {
        "out": str(made.folder), "left": made.titles[0], "right": made.titles[1], "counts": dict(counts),
        "ids_found": None if found is None else str(found),
    }  # fmt: skip
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


def _on_register(shell: Shell, found: Path | None) -> list[str]:
    if found is None:
        return []
    return [
        shell.say(
            f"前回の場所番号は、判断の表と同じフォルダの {found} から引き継ぎました。",
            f"The ids of last time were taken from {found}, beside the answered table.",
        )
    ]


def _next_time(shell: Shell, made: Reconciled) -> list[str]:
    """Say what to do; where nothing is undecided nothing is to be filled in."""
    pairs, register = made.folder / "pairs.xlsx", made.folder / _REGISTER
    if made.counts["pairs_open"] + made.counts["register_open"] == 0:
        return [shell.say(f"次回は --ids {register} を渡してください。", f"Next time give --ids {register}.")]
    return [
        shell.say(
            f"{pairs} の「判断」に 同じ・別 を記入し、次回 --decisions で渡してください。"
            f"次回は --ids {register} も渡してください。",
            f"Fill in 判断 (同じ same, 別 different) in {pairs} and give it as --decisions; "
            f"next time give --ids {register} too.",
        )
    ]
