"""The program ``tayori``: its verbs in the order in which they are needed."""

import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from disaster.cli import (
    aftercare,
    agreement,
    asking,
    assessment,
    door,
    event,
    files,
    gazetteer,
    look,
    mapping,
    place,
    reconcile,
    request,
    watch,
)
from disaster.cli.shell import Answer, Shell, table, verb
from disaster.demo import Demo, run_demo
from disaster.models import NOUNS, Side


def demo(
    shell: Shell,
    out: Annotated[Path, typer.Option(help="書き出すフォルダ / output folder")] = Path("tayori-demo"),
    households: Annotated[int, typer.Option(min=10, max=200_000, help="世帯の数 / households")] = 2_000,
    seed: Annotated[int, typer.Option(help="乱数の種 / seed")] = 1,
) -> Answer:
    """架空の町で主な仕事を一通り行う / Run the main job on the invented town."""
    target = _free(out)
    with shell.steps() as step:
        made = run_demo(target, households=households, seed=seed, at=shell.at, step=step)
    return _demo_answer(shell, made)


def _free(out: Path) -> Path:
    """Return a folder name that is not taken: a demonstration never deletes anything."""
    number, free = 1, out
    while free.exists():
        number += 1
        free = out.with_name(f"{out.name}-{number}")
    return free


def _demo_answer(shell: Shell, made: Demo) -> Answer:
    intake = [
        (
            shell.say("郵便局", "post") if side is Side.POST else shell.say("市", "city"),
            NOUNS[kind].title,
            one.batch.read,
            one.batch.accepted,
            one.batch.refused,
        )
        for side, taken in made.taken.items()
        for kind, one in taken
    ]
    heads = [
        shell.say(*p)
        for p in (("側", "side"), ("種類", "kind"), ("読んだ行", "read"), ("採用", "accepted"), ("不採用", "refused"))
    ]
    files = [
        (path, "、".join(f"{name} {count}" for name, count in counts.items()))
        for path, counts in made.dwellings.files.items()
    ]
    document: dict[str, Any] = {
        "out": str(made.out),
        "taken": [dict(zip(("side", "kind", "read", "accepted", "refused"), row, strict=True)) for row in intake],
        "pack": {
            "folder": str(made.dwellings.folder),
            "zip": str(made.dwellings.zip) if made.dwellings.zip else None,
            "counts": dict(made.dwellings.counts),
        },
        "matched": made.dwellings.matched,
        "returned": made.dwellings.returned,
        "withheld": dict(made.dwellings.withheld),
        "forward": {
            "folder": str(made.forward.folder),
            "mailing": str(made.forward.mailing),
            "matched": made.forward.matched,
            "to_mail": made.forward.returned,
            "withheld": dict(made.forward.withheld),
        },
        "match": {"folder": str(made.match.folder), "counts": dict(made.match.counts)},
        "received": dict(made.received.counts),
        "published": dict(made.published.counts),
        "map": str(made.out / "hq" / "map.html"),
    }
    held = sum(made.dwellings.withheld.values())
    lines = [
        shell.say(
            f"住居一覧: 該当 {made.dwellings.matched}件 = 提供 {made.dwellings.returned}件 + 提供しないもの {held}件",
            f"dwellings: matched {made.dwellings.matched} = returned {made.dwellings.returned} + withheld {held}",
        ),
        shell.say(
            f"代行送付: 該当 {made.forward.matched}件 のうち {made.forward.returned}件 へ届ける(市には件数だけ)",
            f"forwarding: {made.forward.returned} of {made.forward.matched} get the notice; the city learns counts",
        ),
        shell.say(f"照会回答: {made.match.counts['match']}件", f"answers to the list: {made.match.counts['match']}"),
        *(f"{label}: {path}" for label, path in (
            (shell.say("状況パック", "situation pack"), made.dwellings.folder),
            (shell.say("状況パックの地図", "its map"), made.dwellings.folder / "map.html"),
            (shell.say("本部用の地図", "map of the HQ"), made.out / "hq" / "map.html"),
            (shell.say("公表資料", "published"), made.published.folder),
        )),
    ]  # fmt: skip
    columns = (shell.say("ファイル", "file"), shell.say("件数", "rows"))
    tables = [
        table(shell.say("取り込み", "Files in"), heads, intake),
        table(shell.say("状況パック", "Situation pack"), columns, files),
    ]
    return Answer("demo", document, lines, tables)


def make_program() -> typer.Typer:
    """Return the program with all its verbs."""
    program = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        help="便り: 協定にもとづく郵便局と市町村の災害時情報共有 / Tayori",
    )  # fmt: skip
    verb(program)(demo)
    for module in (
        files, mapping, gazetteer, reconcile, event, agreement, assessment, asking, request, door, look, watch, place,
        aftercare,
    ):  # fmt: skip
        module.add_to(program)
    return program


def main() -> None:
    """Run the program; old consoles that cannot write a sign get a replacement, not a crash."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    make_program()()
