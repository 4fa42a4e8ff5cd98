"""What is said of a command that was typed wrongly: a Japanese sentence first, then the parser's own in English."""

import sys
from typing import Any

import typer
from pydantic import ValidationError

from disaster.cli.shell import Group, UnknownWord, printable


class Program(Group):
    """The program's outermost group, which answers for every verb: a wrong command ends with 2."""

    def main(self, *args: Any, **given: Any) -> Any:
        """Run a command line and leave with its exit code."""
        try:
            code = super().main(*args, **{**given, "standalone_mode": False})
        except typer.TyperException as error:
            _print(_told(error))
            code = error.exit_code
        except typer.Abort:
            _print(["中止しました。"])
            code = 1
        sys.exit(code)


def _print(told: list[str]) -> None:
    sys.stderr.writelines(f"{printable(line)}\n" for one in told for line in one.splitlines())


def _told(error: typer.TyperException) -> list[str]:
    """Return the lines; none where a command without any words has printed its help already."""
    english = error.format_message()
    if not english:
        return []
    if getattr(error, "param", error) is None:  # a verb's own words about several options together
        lines = [error.message]
    else:
        lines = [f"命令の打ち方が違います。{_in_japanese(error)}", english]
    asked = getattr(error, "ctx", None)
    return [*lines, f"使い方 / Help: {asked.command_path} --help"] if asked else lines


def _in_japanese(error: Any) -> str:
    """Say what is wrong by what the parser's error carries; its classes are private to it."""
    if isinstance(error, UnknownWord):
        near = "".join(f"「{word}」" for word in error.near)
        return f"「{error.typed}」という命令はありません。{near and f'{near}のことですか。'}"
    if hasattr(error, "possibilities"):
        near = f"{'、'.join(error.possibilities)} のことですか。" if error.possibilities else ""
        return f"{error.option_name} という指定はありません。{near}"
    if hasattr(error, "option_name"):
        return f"{error.option_name} の値がありません。"
    if hasattr(error, "param_type"):
        return f"{_named(error.param, 'がありません')}。"
    if hasattr(error, "param"):
        return _unusable(error)
    return "余分な言葉があります。"


def _unusable(error: Any) -> str:
    """Say which value cannot be used, and of a day or time how one is typed: that is what stands for its value."""
    cause = error.__cause__
    typed = f"「{printable(cause.errors()[0]['input'])}」" if isinstance(cause, ValidationError) else ""
    example = f"(例: {error.param.metavar})" if error.param.metavar else ""
    return f"{_named(error.param, f'に、使えない値{typed}があります')}{example}。"


def _named(param: Any, what: str) -> str:
    """Say what is the matter with a parameter, as it is typed, with the Japanese half of its help."""
    name = param.opts[0] if param.param_type_name == "option" else param.name
    return f"{name} {what}: {str(param.help).split(' / ', maxsplit=1)[0]}"
