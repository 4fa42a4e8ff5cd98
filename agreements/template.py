"""Templates (ひな形): the clauses that two parties can agree to, with what each of them opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agreements.documents import Table, head, load_toml
from agreements.errors import TemplateError, UnknownTemplateError
from agreements.format import DataFormat, Precision
from agreements.request import Mode, TriggerKind
from agreements.vocabulary import (
    CLAUSE_KINDS,
    DATASETS,
    DIRECTIONS,
    EXCLUSIONS,
    FINER_THAN_TOWN,
    MODES,
    PURPOSES,
    columns_of,
    modes_of,
)
from geo.faults import Fault

FORMAT = "tayori-agreement-template"
VERSION = 1
ID_PATTERN = r"[a-z0-9]+(-[a-z0-9]+)*"
MAX_RETENTION_DAYS = 3_660
#: A telephone request that no document has followed after a week is no emergency any more.
MAX_DOCUMENT_HOURS = 168
_ARTICLE = r"第[1-9][0-9]*条(の[1-9][0-9]*)?(第[1-9][0-9]*項)?(第[1-9][0-9]*号)?"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause (条項) and everything that it opens; it opens nothing beyond.

    `triggers` are the kinds of which one must be recorded; none means peacetime too. `formats` say which dataset may
    leave in which mode with which columns; none means that the clause is about work, not data. Where
    `requires_document`, a request by telephone holds for `document_due_hours`; 0 hours means that the document comes
    first. `excludes` names rows that never leave. `retention_days` is how long the recipient may keep what it got.
    """

    id: str
    article: str
    title: str
    kind: str
    direction: str
    text: str
    formats: tuple[DataFormat, ...] = ()
    triggers: tuple[TriggerKind, ...] = ()
    purposes: tuple[str, ...] = ()
    requires_document: bool = False
    document_due_hours: int = 0
    requires_consent: bool = False
    excludes: tuple[str, ...] = ()
    retention_days: int = 0

    @property
    def datasets(self) -> tuple[str, ...]:
        """Kinds of row that the clause opens."""
        return tuple(dict.fromkeys(f.dataset for f in self.formats))

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Modes in which it opens them."""
        return tuple(dict.fromkeys(Mode(f.mode) for f in self.formats))

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Columns that may leave, by dataset."""
        return {f.dataset: f.columns for f in self.formats}

    def data_format(self, dataset: str, mode: str) -> DataFormat | None:
        """Return what may leave of a dataset in a mode; None where the clause does not open it."""
        return next((f for f in self.formats if f.dataset == dataset and f.mode == mode), None)


@dataclass(frozen=True, slots=True)
class Provision:
    """An article that opens no data: definitions, cost, secrecy, deletion."""

    article: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """A versioned set of clauses that an agreement switches on or leaves off.

    `notes` say where the words come from and what the template is not.
    """

    template_id: str
    template_version: int
    title: str
    notes: str
    provisions: tuple[Provision, ...]
    clauses: tuple[Clause, ...]

    def clause(self, clause_id: str) -> Clause | None:
        """Return the clause of that id, or None."""
        return next((c for c in self.clauses if c.id == clause_id), None)


def template_ids() -> tuple[str, ...]:
    """Return the ids of the templates that come with the package, sorted."""
    names = (entry.name for entry in files("agreements").joinpath("templates").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def load_template(template_id: str) -> Template:
    """Return a template of the package.

    Raises
    ------
    UnknownTemplateError
        ``agreements.unknown_template``.
    """
    if template_id not in template_ids():
        raise UnknownTemplateError("agreements.unknown_template", value=template_id, known="、".join(template_ids()))
    path = files("agreements").joinpath("templates", f"{template_id}.toml")
    return parse_template(path.read_text(encoding="utf-8"))


def parse_template(toml_text: str) -> Template:
    """Read a template.

    Raises
    ------
    TemplateError
        ``agreements.template_refused`` with every fault and its place; nothing of the text is used then.
    """
    faults: list[Fault] = []
    top = Table(load_toml(toml_text, faults), "", faults)
    if faults:
        raise TemplateError("agreements.template_refused", faults)
    head(top, FORMAT, VERSION)
    formats = _formats(top)
    template = Template(
        template_id=top.text("template_id", pattern=ID_PATTERN, example="model-emergency-2026"),
        template_version=top.integer("template_version", minimum=1, maximum=9_999) or 0,
        title=top.text("title"),
        notes=top.text("notes"),
        provisions=tuple(_provision(table) for table in top.tables("provisions")),
        clauses=_clauses(top, formats),
    )
    top.close()
    if faults:
        raise TemplateError("agreements.template_refused", faults)
    return template


def _provision(table: Table) -> Provision:
    provision = Provision(_article(table), table.text("title"), table.text("text"))
    table.close()
    return provision


def _article(table: Table) -> str:
    return table.text("article", pattern=_ARTICLE, example="第3条第1項第4号")


def _formats(top: Table) -> dict[str, DataFormat]:
    """Read the data formats, by id."""
    formats: dict[str, DataFormat] = {}
    for table in top.tables("formats"):
        one = _format(table)
        if one.id in formats:
            table.fault("twice", "id", one.id)
        formats[one.id] = one
    return formats


def _format(table: Table) -> DataFormat:
    dataset = table.text("dataset", choices=DATASETS)
    mode = table.text("mode", choices=modes_of(dataset) if dataset else MODES)
    # A format of an unknown dataset or mode has that one fault; its columns cannot be judged.
    allowed = columns_of(dataset, mode) if dataset and mode else None
    precision = table.text("precision", choices=set(Precision))
    columns = table.texts("columns", required=mode != Mode.FORWARD, choices=allowed)
    finer = [name for name in columns if name in FINER_THAN_TOWN]
    if precision == Precision.TOWN and finer:
        table.fault("finer_than_town", "columns", "、".join(finer))
    one = DataFormat(
        id=table.text("id", pattern=ID_PATTERN, example="dwelling-list"),
        version=table.integer("version", minimum=1, maximum=9_999) or 0,
        dataset=dataset,
        mode=mode,
        columns=columns,
        precision=Precision(precision) if precision else Precision.EXACT,
    )
    table.close()
    return one


def _clauses(top: Table, formats: Mapping[str, DataFormat]) -> tuple[Clause, ...]:
    clauses: list[Clause] = []
    for table in top.tables("clauses", required=True):
        clause = _clause(table, formats)
        if clause.id and clause.id in {c.id for c in clauses}:
            table.fault("twice", "id", clause.id)
        if clause.article and clause.article in {c.article for c in clauses}:
            table.fault("twice", "article", clause.article)
        clauses.append(clause)
    return tuple(clauses)


def _clause(table: Table, formats: Mapping[str, DataFormat]) -> Clause:
    named = table.texts("formats", choices=formats)
    requires_document = table.flag("requires_document")
    clause = Clause(
        id=table.text("id", pattern=ID_PATTERN, example="dwelling-list"),
        article=_article(table),
        title=table.text("title"),
        kind=table.text("kind", choices=CLAUSE_KINDS),
        direction=table.text("direction", choices=DIRECTIONS),
        text=table.text("text"),
        formats=tuple(formats[name] for name in named),
        triggers=tuple(TriggerKind(kind) for kind in table.texts("triggers", choices=set(TriggerKind))),
        purposes=table.texts("purposes", required=bool(named), choices=PURPOSES),
        requires_document=requires_document,
        document_due_hours=_document_hours(table, requires_document),
        requires_consent=table.flag("requires_consent"),
        excludes=table.texts("excludes", choices=EXCLUSIONS),
        retention_days=table.integer("retention_days", minimum=1, maximum=MAX_RETENTION_DAYS, required=bool(named))
        or 0,
    )
    _check_clause(table, clause)
    table.close()
    return clause


def _document_hours(table: Table, requires_document: bool) -> int:
    if table.has("document_due_hours") and not requires_document:
        table.fault("document_hours_without_document", "document_due_hours")
    return table.integer("document_due_hours", minimum=0, maximum=MAX_DOCUMENT_HOURS, required=requires_document) or 0


def _check_clause(table: Table, clause: Clause) -> None:
    """Check what no single key can show: each rule is a promise of the whole (DESIGN, principles 1 and 4)."""
    if len(clause.datasets) != len(clause.formats):
        table.fault("dataset_twice", "formats")
    if not clause.formats and (clause.purposes or clause.retention_days):
        table.fault("terms_without_data", "purposes" if clause.purposes else "retention_days")
    if any(DATASETS[f.dataset].personal for f in clause.formats if f.dataset):
        if table.has("direction") and clause.direction != "post_to_city":
            table.fault("personal_direction", "direction", clause.direction)
        if not clause.triggers:
            table.fault("personal_without_trigger", "triggers")
