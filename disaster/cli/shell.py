"""What all verbs share: the common options, how an answer is printed, how a refusal ends."""

import inspect
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from agreements.clock import shown
from agreements.errors import DocumentError
from disaster.errors import DisasterError, LayoutError, SettingsError, StoreError
from disaster.progress import Step
from disaster.provide import RefusedError
from disaster.settings import Settings
from disaster.store import Store
from geo.faults import CodedError, Lang

#: Version of every ``--json`` answer.
VERSION = 1
DONE, REFUSED = 0, 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb says: a document for ``--json``; a headline, tables and lines for people; and how it ended."""

    kind: str
    document: Mapping[str, Any]
    lines: Sequence[str] = ()
    tables: Sequence[Table] = ()
    code: int = DONE


@dataclass(frozen=True, slots=True)
class Shell:
    """One call of the program: its settings, its clock reading, its screen.

    Attributes
    ----------
    typed_dir
        The folder of the store where the command named it itself; the next command has to name it again.
    """

    settings: Settings
    json: bool
    at: datetime
    typed_dir: Path | None = None
    screen: Console = field(default_factory=lambda: Console(soft_wrap=True))

    @property
    def lang(self) -> Lang:
        """Language of sentences."""
        return self.settings.lang

    def say(self, ja: str, en: str) -> str:
        """Choose the sentence of the reader's language."""
        return ja if self.lang == "ja" else en

    def when(self, at: datetime | None) -> str:
        """Write an instant as people in Japan read its clock."""
        return shown(at, self.lang) if at is not None else self.say("不明", "unknown")

    def headings(self, *pairs: str) -> list[str]:
        """Choose the headings of the reader's language, each given as ``日本語/english``."""
        return [self.say(*pair.split("/")) for pair in pairs]

    def store(self) -> Store:
        """Open the store of the settings; as a context it is closed in the end."""
        return Store.open(self.settings.data_dir, at=self.at, url=self.settings.database_url)

    @contextmanager
    def store_if_any(self) -> Iterator[Store | None]:
        """Open the store of the settings; None where there is none."""
        opened: Store | nullcontext[None]
        try:
            opened = self.store()
        except StoreError as error:
            if error.code != "disaster.no_store":
                raise
            opened = nullcontext()
        with opened as store:
            yield store

    def municipality(self, store: Store, given: str | None) -> str:
        """Return the municipality meant: the given one, or the store's only one."""
        if given is not None and given not in store.municipalities:
            raise StoreError(
                "disaster.other_municipality_store", municipality=given, known="、".join(store.municipalities)
            )
        if given is None and len(store.municipalities) != 1:
            raise StoreError("disaster.which_municipality", known="、".join(store.municipalities))
        return given or store.municipalities[0]

    def ask(self, ja: str, en: str) -> str:
        """Ask for what should not stand in the history of commands: one line of standard input; none ends the verb."""
        sys.stderr.write(f"{self.say(ja, en)}: ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip()
        if not answer:
            raise typer.Abort
        return answer

    @contextmanager
    def steps(self, total: int | None = None) -> Iterator[Step]:
        """Show a bar that moves with each step, where somebody is watching."""
        if self.json or not sys.stderr.isatty():
            yield lambda _phrase: None
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("", total=total)

            def step(phrase: str) -> None:
                progress.update(task, description=phrase, advance=1)

            yield step


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Return a table for the screen; values are shown as they are, never read as markup."""
    made = Table(title=Text(printable(title)), title_justify="left", show_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold")  # a cut name or reason would be of no use
    for row in rows:
        made.add_row(*(Text(printable(value)) for value in row))
    return made


def printable(value: object) -> str:
    """Return a value as text in which nothing moves the cursor or turns the line around."""
    text = "" if value is None else str(value)
    return "".join(sign if sign.isprintable() else "·" for sign in text)


class UnknownWord(typer.TyperException):
    """A verb or noun was typed that the program does not have.

    Attributes
    ----------
    typed
        The word.
    near
        Words of the program that are written alike.
    ctx
        Where it was typed.
    """

    exit_code = 2

    def __init__(self, typed: str, near: Sequence[str], ctx: Any) -> None:
        meant = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
        super().__init__(f"No such command {typed!r}.{meant}")
        self.typed, self.near, self.ctx = typed, tuple(near), ctx


class Group(TyperGroup):
    """A noun, or the whole program: a word under which others stand."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is meant by the first word.

        Raises
        ------
        UnknownWord
            If there is none.
        """
        word = args[0]
        if not word.startswith("-") and self.get_command(ctx, word) is None:
            raise UnknownWord(word, get_close_matches(word, self.list_commands(ctx)), ctx)
        return super().resolve_command(ctx, args)


Json = Annotated[bool, typer.Option("--json", help="結果をJSONで出す / print JSON")]
Language = Annotated[Literal["ja", "en"] | None, typer.Option("--lang", help="文の言語 / language of sentences")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="保管庫のフォルダ / folder of the store")]
DatabaseUrl = Annotated[str | None, typer.Option("--database-url", help="PostGISの接続先 / PostGIS address")]
_COMMON: Mapping[str, Any] = {"json": Json, "lang": Language, "data_dir": DataDir, "database_url": DatabaseUrl}


def add_verbs(app: typer.Typer, verbs: Mapping[str, Callable[..., Answer]]) -> None:
    """Register functions as verbs: with the common options, their answer printed, a refusal turned into exit code 1."""
    for word, function in verbs.items():
        app.command(word)(_as_command(function))


def add_noun(app: typer.Typer, noun: str, title: str, verbs: Mapping[str, Callable[..., Answer]]) -> None:
    """Register verbs under a noun, such as ``request``; `title` is its help."""
    group = typer.Typer(cls=Group, no_args_is_help=True, help=title)
    add_verbs(group, verbs)
    app.add_typer(group, name=noun)


def _as_command(function: Callable[..., Answer]) -> Callable[..., None]:
    @wraps(function)
    def run(context: typer.Context, **given: Any) -> None:
        common = {option: given.pop(option) for option in _COMMON}
        sys.exit(_run(function, common, given, blank=_blank(context)))

    own = inspect.signature(function, eval_str=True)
    parameters = [p for p in own.parameters.values() if p.name != "shell"]
    added = [
        inspect.Parameter(
            option, inspect.Parameter.KEYWORD_ONLY, default=False if option == "json" else None, annotation=kind
        )
        for option, kind in _COMMON.items()
    ]
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    every = [context, *keyword, *added]
    run.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in every}
    return run


def _blank(context: typer.Context) -> list[str]:
    """Name the options that may be left out and were typed with an empty value, such as a variable that is not set.

    What is left out falls back to something wider, the whole city or all columns; nobody meant that by an empty value.
    """
    blank = []
    for one in context.command.params:
        values = context.params.get(one.name or "")
        values = values if isinstance(values, list | tuple) else [values]
        if not one.required and _typed(context, one.name) and any(isinstance(v, str) and not v.strip() for v in values):
            blank.append(one.opts[0])
    return blank


def _typed(context: typer.Context, name: str | None) -> bool:
    source = context.get_parameter_source(name or "")
    return source is not None and source.name == "COMMANDLINE"


def _run(
    function: Callable[..., Answer], common: Mapping[str, Any], given: Mapping[str, Any], *, blank: Sequence[str]
) -> int:  # fmt: skip
    as_json = bool(common["json"])
    lang: Lang = common["lang"] or "ja"
    try:
        settings = _settings(common)
        lang = settings.lang
        if blank:
            raise DisasterError("disaster.blank_option", options="、".join(blank))
        shell = Shell(settings, as_json, datetime.now(UTC), common["data_dir"])
        answer = function(shell, **given)
        _print(shell, answer)
    except CodedError as error:
        _print_refusal(error, as_json=as_json, lang=lang)
        return REFUSED
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write({"ja": "中止しました。\n", "en": "Aborted.\n"}[lang])
        return REFUSED
    except (typer.BadParameter, typer.Exit):
        raise  # the parser's own way of saying that the command was typed wrongly
    except Exception as error:  # noqa: BLE001 - a library's message may quote a row
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__}, {Path(place.filename).name}:{place.lineno}"
        _print_refusal(DisasterError("disaster.unexpected_here", where=where), as_json=as_json, lang=lang)
        return REFUSED
    return answer.code


def _settings(common: Mapping[str, Any]) -> Settings:
    given = {name: common[name] for name in ("lang", "data_dir", "database_url") if common[name] is not None}
    try:
        return Settings(**given)
    except (ValidationError, ValueError) as error:
        raise SettingsError("disaster.bad_settings", what=_first_fault(error)) from error


def _first_fault(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "、".join(".".join(map(str, one["loc"])) for one in error.errors())
    return type(error).__name__


def _print(shell: Shell, answer: Answer) -> None:
    if shell.json:
        document = {"format": f"tayori-{answer.kind}", "version": VERSION, **answer.document}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, default=_encoded) + "\n")
        return
    for made in answer.tables:
        shell.screen.print(made)
    for line in answer.lines:
        shell.screen.print(printable(line), markup=False, highlight=False)


def _print_refusal(error: CodedError, *, as_json: bool, lang: Lang) -> None:
    if as_json:
        document: dict[str, Any] = {
            "format": "tayori-error", "version": VERSION, "code": error.code,
            "ja": error.sentence("ja"), "en": error.sentence("en"),
        }  # fmt: skip
        if isinstance(error, LayoutError | DocumentError):
            document["faults"] = [
                {"line": one.params.get("line"), "place": one.column, "ja": one.reason("ja"), "en": one.reason("en")}
                for one in error.faults.kept
            ]
        if isinstance(error, RefusedError):
            document["decision"] = error.decision.to_dict()
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, default=_encoded) + "\n")
        return
    sentence = error.sentence(lang)
    # only an error of many faults says them on lines of its own; elsewhere a line break came with somebody's text
    many = isinstance(error, LayoutError | DocumentError)
    said = [printable(line) for line in sentence.splitlines()] if many else [printable(sentence)]
    sys.stderr.write("\n".join(said) + "\n")


def _encoded(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
