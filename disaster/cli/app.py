"""The program ``tayori``: its verbs in the order in which they are needed."""

import io
import sys

import typer

from disaster.cli import (
    aftercare,
    agreement,
    asking,
    assessment,
    demo,
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
from disaster.cli.usage import Program


def make_program() -> typer.Typer:
    """Return the program with all its verbs."""
    program = typer.Typer(
        cls=Program, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        help="便り: 協定にもとづく郵便局と市町村の災害時情報共有 / Tayori",
    )  # fmt: skip
    for module in (
        demo, files, mapping, gazetteer, reconcile, event, agreement, assessment, asking, request, door, look, watch,
        place, aftercare,
    ):  # fmt: skip
        module.add_to(program)
    return program


def main() -> None:
    """Run the program; old consoles that cannot write a sign get a replacement, not a crash."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    make_program()()
