"""The program ``tayori``: its verbs in the order in which they are needed."""

import io
import sys

import typer
from rich.text import Text
from typer import rich_utils

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


class _Whole(rich_utils.OptionHighlighter):
    """Marks options in the text of a help, and folds words that are longer than its column.

    Japanese has no blanks, so that a whole sentence is such a word; it would be cut with "…".
    """

    def __call__(self, text: str | Text) -> Text:
        made = super().__call__(text)
        made.overflow = "fold"
        return made


def make_program() -> typer.Typer:
    """Return the program with all its verbs."""
    rich_utils.highlighter = _Whole()  # the library's own place for how all helps look
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
