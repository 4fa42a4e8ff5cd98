"""Templates (ひな形) as TOML: those of the package, and reading one strictly."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from agreements.clauses import DEFAULT_LIST_LIMIT, Annex, Clause, Provision, Template
from agreements.documents import Table, head, read_document
from agreements.errors import TemplateError, UnknownTemplateError
from agreements.format import DataFormat, Precision
from agreements.legal import legal_bases
from agreements.lifting import lifted_template
from agreements.request import Mode, TriggerKind
from agreements.vocabulary import (
    ANNEX_KINDS,
    CHANNELS,
    CLAUSE_KINDS,
    COST_RULES,
    DATASETS,
    DIRECTIONS,
    EXCLUSIONS,
    FINER_THAN_TOWN,
    MODES,
    PURPOSES,
    RECIPIENTS,
    RECIPIENTS_OF,
    columns_of,
    modes_of,
)

__all__ = [
    "Annex",
    "Clause",
    "Provision",
    "Template",
    "load_template",
    "parse_template",
    "template_ids",
    "template_versions",
]

FORMAT = "tayori-agreement-template"
VERSION = 2
ID_PATTERN = r"[a-z0-9]+(-[a-z0-9]+)*"
MAX_RETENTION_DAYS = 3_660
#: A telephone request that no document has followed after a week is no emergency any more.
MAX_DOCUMENT_HOURS = 168
#: A list longer than this is a register, not a search for people.
MAX_LIST_LIMIT = 50_000
_ARTICLE = r"第[1-9][0-9]*条(の[1-9][0-9]*)?(第[1-9][0-9]*項)?(第[1-9][0-9]*号)?"
_FILE = re.compile(r"(?P<id>[a-z0-9-]+)\.(?P<version>[0-9]+)\.toml")
#: Where rows about homes and people may go: to the municipality, and from there onward.
_PERSONAL_DIRECTIONS = ("post_to_city", "city_to_third")


@cache
def _shelf() -> Mapping[str, tuple[int, ...]]:
    """Return the versions of each template of the package, ascending."""
    names = (entry.name for entry in files("agreements").joinpath("templates").iterdir())
    found = sorted((m["id"], int(m["version"])) for m in map(_FILE.fullmatch, names) if m)
    return {template_id: tuple(v for one, v in found if one == template_id) for template_id, _ in found}


def template_ids() -> tuple[str, ...]:
    """Return the ids of the templates that come with the package, sorted."""
    return tuple(_shelf())


def template_versions(template_id: str) -> tuple[int, ...]:
    """Return the versions of a template of the package, ascending; none for an unknown one."""
    return _shelf().get(template_id, ())


def load_template(template_id: str, version: int | None = None) -> Template:
    """Return a template of the package: the newest version, or the given one.

    Raises
    ------
    UnknownTemplateError
        ``agreements.unknown_template``, ``agreements.unknown_template_version``.
    """
    versions = template_versions(template_id)
    if not versions:
        raise UnknownTemplateError("agreements.unknown_template", value=template_id, known="、".join(template_ids()))
    wanted = versions[-1] if version is None else version
    if wanted not in versions:
        known = "、".join(map(str, versions))
        raise UnknownTemplateError(
            "agreements.unknown_template_version", value=template_id, version=wanted, known=known
        )
    return _load(template_id, wanted)


@cache
def _load(template_id: str, version: int) -> Template:
    path = files("agreements").joinpath("templates", f"{template_id}.{version}.toml")
    return parse_template(path.read_text(encoding="utf-8"))


def parse_template(toml_text: str) -> Template:
    """Read a template; a document of version 1 is lifted to the current shape.

    Raises
    ------
    TemplateError
        ``agreements.template_refused`` with every fault and its place; nothing of the text is used then.
    """
    return read_document(toml_text, _template, TemplateError, "agreements.template_refused", lift=lifted_template)


def _template(top: Table) -> Template:
    version = head(top, FORMAT, VERSION, older=(1,))
    formats = _formats(top)
    return Template(
        template_id=top.text("template_id", pattern=ID_PATTERN, example="model-emergency-2026"),
        template_version=top.integer("template_version", minimum=1, maximum=9_999) or 0,
        title=top.text("title"),
        notes=top.text("notes"),
        provisions=tuple(_provision(table) for table in top.tables("provisions")),
        clauses=_clauses(top, formats),
        year=top.integer("year", minimum=1990, maximum=2199, required=version != 1) or 0,
        annexes=_annexes(top),
    )


def _provision(table: Table) -> Provision:
    provision = Provision(_article(table), table.text("title"), table.text("text"))
    table.close()
    return provision


def _article(table: Table) -> str:
    return table.text("article", pattern=_ARTICLE, example="第3条第1項第4号")


def _formats(top: Table) -> dict[str, DataFormat]:
    """Read the data formats, by id."""
    formats: dict[str, DataFormat] = {}
    seen: set[str] = set()
    for table in top.tables("formats"):
        one = _format(table)
        table.once("id", one.id, seen)
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
    tables = top.tables("clauses", required=True)
    clauses = tuple(_clause(table, formats) for table in tables)
    ids: set[str] = set()
    articles: set[str] = set()
    for table, clause in zip(tables, clauses, strict=True):
        table.once("id", clause.id, ids)
        table.once("article", clause.article, articles)
    _check_narrower(tables, clauses)
    return clauses


def _clause(table: Table, formats: Mapping[str, DataFormat]) -> Clause:
    named = table.texts("formats", choices=formats)
    requires_document = table.flag("requires_document")
    direction = table.text("direction", choices=DIRECTIONS)
    clause = Clause(
        id=table.text("id", pattern=ID_PATTERN, example="dwelling-list"),
        article=_article(table),
        title=table.text("title"),
        kind=table.text("kind", choices=CLAUSE_KINDS),
        direction=direction,
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
        recipients=table.texts("recipients", choices=RECIPIENTS_OF.get(direction, RECIPIENTS)),
        legal_bases=table.texts("legal_bases", choices=_basis_ids()),
        cost_rule=table.text("cost_rule", required=False, choices=COST_RULES),
        channel=table.text("channel", required=False, choices=CHANNELS) or "plain",
        list_limit=table.integer("list_limit", minimum=1, maximum=MAX_LIST_LIMIT, required=False) or DEFAULT_LIST_LIMIT,
        business_limit=table.flag("business_limit"),
    )
    _check_data(table, clause)
    _check_personal(table, clause)
    _check_onward(table, clause)
    table.close()
    return clause


@cache
def _basis_ids() -> frozenset[str]:
    return frozenset(basis.id for basis in legal_bases())


def _document_hours(table: Table, requires_document: bool) -> int:
    if table.has("document_due_hours") and not requires_document:
        table.fault("document_hours_without_document", "document_due_hours")
    return table.integer("document_due_hours", minimum=0, maximum=MAX_DOCUMENT_HOURS, required=requires_document) or 0


def _check_data(table: Table, clause: Clause) -> None:
    """Check that terms for data stand where data is opened, and nowhere else."""
    if len(clause.datasets) != len(clause.formats):
        table.fault("dataset_twice", "formats")
    if not table.data.get("formats"):
        for key in ("purposes", "retention_days", "legal_bases", "channel", "list_limit"):
            if table.has(key):
                table.fault("terms_without_data", key)
    elif table.has("list_limit") and Mode.MATCH not in clause.modes:
        table.fault("list_limit_without_match", "list_limit")


def _check_personal(table: Table, clause: Clause) -> None:
    """Check what a clause about homes or people needs: a direction, a trigger, a legal basis."""
    if not any(DATASETS[f.dataset].personal for f in clause.formats if f.dataset):
        return
    if clause.direction and clause.direction not in _PERSONAL_DIRECTIONS:
        table.fault("personal_direction", "direction", clause.direction)
    if not table.data.get("triggers"):
        table.fault("personal_without_trigger", "triggers")
    if not table.data.get("legal_bases"):
        table.fault("personal_without_basis", "legal_bases")


def _check_onward(table: Table, clause: Clause) -> None:
    """Check that only onward clauses go to third parties, and that these say to whom."""
    if clause.kind and clause.direction and (clause.kind == "onward") != clause.onward:
        table.fault("onward_direction", "direction", clause.direction, kind=CLAUSE_KINDS[clause.kind])
    elif clause.onward and not table.data.get("recipients"):
        table.fault("onward_without_recipient", "recipients")


def _check_narrower(tables: Sequence[Table], clauses: Sequence[Clause]) -> None:
    """Refuse an onward clause that hands over as much as was received, or more."""
    received = [f for clause in clauses if clause.direction == "post_to_city" for f in clause.formats]
    for table, clause in zip(tables, clauses, strict=True):
        if not clause.onward:
            continue
        for index, one in enumerate(clause.formats):
            wider = [f for f in received if f.dataset == one.dataset and set(one.columns) < set(f.columns)]
            if one.dataset and not wider:
                table.fault("onward_not_narrower", f"formats[{index}]", one.id)


def _annexes(top: Table) -> tuple[Annex, ...]:
    annexes: list[Annex] = []
    seen: set[str] = set()
    for table in top.tables("annexes"):
        kind = table.text("kind", choices=ANNEX_KINDS)
        annex = Annex(
            id=table.text("id", pattern=ID_PATTERN, example="office-list"),
            title=table.text("title"),
            kind=kind,
            text=table.text("text", required=kind == "text"),
        )
        table.once("id", annex.id, seen)
        annexes.append(annex)
        table.close()
    return tuple(annexes)
