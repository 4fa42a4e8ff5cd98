"""The verb that shows the whole: demo."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from disaster.cli.options import OutFolder, free_path
from disaster.cli.saying import files_table, layer_title, side_title
from disaster.cli.shell import Answer, Shell, add_verbs, table
from disaster.demo import Demo, run_demo


def add_to(app: typer.Typer) -> None:
    """Register the verb of this module."""
    add_verbs(app, {"demo": demo})


def demo(
    shell: Shell,
    out: OutFolder = Path("tayori-demo"),
    households: Annotated[int, typer.Option(min=10, max=200_000, help="世帯の数 / households")] = 2_000,
    seed: Annotated[int, typer.Option(help="乱数の種 / seed")] = 1,
) -> Answer:
    """架空の町で主な仕事を一通り行う / Run the main job on the invented town."""
    with shell.steps() as step:
        made = run_demo(free_path(out), households=households, seed=seed, at=shell.at, step=step)
    packed = files_table(shell, shell.say("状況パック", "Situation pack"), made.dwellings.files)
    return Answer("demo", _document(made), _lines(shell, made), [_taken_in(shell, made), packed])


def _document(made: Demo) -> dict[str, Any]:
    pack = made.dwellings
    return {
        "out": str(made.out),
        "taken": [
            {"side": str(side), "kind": kind, "read": one.batch.read, "accepted": one.batch.accepted,
             "refused": one.batch.refused}
            for side, taken in made.taken.items()
            for kind, one in taken
        ],
        "pack": {"folder": str(pack.folder), "zip": str(pack.zip) if pack.zip else None, "counts": dict(pack.counts)},
        "matched": pack.matched, "returned": pack.returned, "withheld": dict(pack.withheld),
        "forward": {
            "folder": str(made.forward.folder), "mailing": str(made.forward.mailing), "matched": made.forward.matched,
            "to_mail": made.forward.returned, "withheld": dict(made.forward.withheld),
        },
        "match": {"folder": str(made.match.folder), "counts": dict(made.match.counts)},
        "received": dict(made.received.counts),
        "published": dict(made.published.counts),
        "map": str(made.out / "hq" / "map.html"),
    }  # fmt: skip


def _taken_in(shell: Shell, made: Demo) -> Table:
    rows = [
        (side_title(shell, side), layer_title(shell, kind), one.batch.read, one.batch.accepted, one.batch.refused)
        for side, taken in made.taken.items()
        for kind, one in taken
    ]
    headings = shell.headings("側/side", "種類/kind", "読んだ行/read", "採用/accepted", "不採用/refused")
    return table(shell.say("取り込み", "Files in"), headings, rows)


def _lines(shell: Shell, made: Demo) -> list[str]:
    pack, forward = made.dwellings, made.forward
    held = sum(pack.withheld.values())
    found = (
        (shell.say("状況パック", "situation pack"), pack.folder),
        (shell.say("状況パックの地図", "its map"), pack.folder / "map.html"),
        (shell.say("本部用の地図", "map of the HQ"), made.out / "hq" / "map.html"),
        (shell.say("公表資料", "published"), made.published.folder),
    )
    return [
        shell.say(
            f"住居一覧: 該当 {pack.matched}件 = 提供 {pack.returned}件 + 提供しないもの {held}件",
            f"dwellings: matched {pack.matched} = returned {pack.returned} + withheld {held}",
        ),
        shell.say(
            f"代行送付: 該当 {forward.matched}件 のうち {forward.returned}件 へ届ける(市には件数だけ)",
            f"forwarding: {forward.returned} of {forward.matched} get the notice; the city learns counts",
        ),
        shell.say(f"照会回答: {made.match.counts['match']}件", f"answers to the list: {made.match.counts['match']}"),
        *(f"{label}: {path}" for label, path in found),
    ]
