"""The annexes (別表) of an agreement on paper: offices, terms of each clause, data formats, contacts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agreements.clauses import Annex, Clause, Template
from agreements.format import SENSITIVITIES, Column, ColumnType, DataFormat, about_a_home
from agreements.terms import CONTACT_ROLES, Agreement, Contact
from agreements.vocabulary import (
    CHANNELS,
    COST_RULES,
    DATASETS,
    DIRECTIONS,
    EXCLUSIONS,
    FINER_THAN_TOWN,
    PURPOSES,
    RECIPIENTS,
)
from agreements.wording import (
    PRECISIONS,
    basis_words,
    document_words,
    format_words,
    labels,
    retention_words,
    trigger_words,
)

TYPES: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "文字", ColumnType.INTEGER: "整数", ColumnType.NUMBER: "数", ColumnType.TIME: "日時",
    ColumnType.DATE: "日付", ColumnType.FLAG: "はい・いいえ", ColumnType.CHOICE: "区分",
    ColumnType.LIST: "文字（複数）",
}  # fmt: skip
#: A line to fill in with a pen, where no table of offices is at hand.
BY_HAND = "＿" * 6
#: The annexes that an agreement needs, in their usual order; a template may name and order them otherwise.
STANDARD = (
    Annex("offices", "協定に加わる郵便局", "office_list"),
    Annex("data", "情報の提供の条件と項目", "data_format"),
    Annex("contacts", "連絡先", "contacts"),
)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table on paper; `shares` are the widths of its columns relative to each other, `large` is for filling in."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[int, ...]
    title: str = ""
    large: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Tables of an annex under a heading of their own; "" without one."""

    heading: str
    grids: tuple[Grid, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """One annex as it is printed, such as 別表第1; `text` stands before its tables."""

    number: str
    title: str
    text: str
    parts: tuple[Part, ...] = ()

    @property
    def long(self) -> bool:
        """Whether it fills pages of its own."""
        return len(self.parts) > 1


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """What is known of a post office beside its code; "" where it is not.

    `delivery` is a code of the dataset ``offices``, `municipality` the one it stands in, `serves` those that it
    delivers to, as 5-digit codes.
    """

    name: str = ""
    address: str = ""
    delivery: str = ""
    municipality: str = ""
    serves: tuple[str, ...] = ()

    @property
    def delivers(self) -> bool:
        """Whether it is a delivery office (集配局)."""
        return self.delivery == "delivery"


def schedules(agreement: Agreement, template: Template, offices: Mapping[str, OfficeLine]) -> tuple[Schedule, ...]:
    """Return the annexes of an agreement: those that its template names, then those that it needs besides.

    Parameters
    ----------
    offices
        What is known of the post offices, by code; an unknown one is listed by its code alone.
    """
    named = {annex.kind for annex in template.annexes}
    wanted = [*template.annexes, *(annex for annex in STANDARD if annex.kind not in named)]
    filled = [(annex, _parts(annex.kind, agreement, offices)) for annex in wanted]
    printed = [(annex, parts) for annex, parts in filled if parts or annex in template.annexes]
    numbers = _numbers([annex for annex, _ in printed])
    return tuple(
        Schedule(number, annex.title, annex.text or ("" if parts else "この協定では定めない。"), parts)
        for number, (annex, parts) in zip(numbers, printed, strict=True)
    )


def _numbers(annexes: Sequence[Annex]) -> list[str]:
    """Return the numbers of the annexes: 別表第n for lists, 別記n for texts, 別記 alone for a single text."""
    texts = sum(annex.kind == "text" for annex in annexes)
    made: list[str] = []
    for n, annex in enumerate(annexes):
        before = sum((other.kind == "text") == (annex.kind == "text") for other in annexes[:n])
        alone = "別記" if texts == 1 else f"別記{before + 1}"
        made.append(alone if annex.kind == "text" else f"別表第{before + 1}")
    return made


def _parts(kind: str, agreement: Agreement, offices: Mapping[str, OfficeLine]) -> tuple[Part, ...]:
    if kind == "office_list":
        return (Part("", (_office_grid(agreement, offices),)),)
    if kind == "contacts":
        return (Part("", (_contact_grid(agreement),)),)
    opening = [clause for clause in agreement.clauses if clause.formats]
    if kind != "data_format" or not opening:
        return ()
    formats = {(f.id, f.version): f for clause in opening for f in clause.formats}
    return (
        Part("1　提供の条件（条項ごと）", tuple(map(terms_grid, opening))),
        Part("2　情報の項目（様式ごと）", tuple(map(format_grid, formats.values()))),
    )


def _office_grid(agreement: Agreement, offices: Mapping[str, OfficeLine]) -> Grid:
    lines = [(code, offices.get(code, OfficeLine())) for code in agreement.offices]
    words = DATASETS["offices"].columns["delivery"].choices
    rows = [
        (str(n), code, line.name or BY_HAND, line.address or BY_HAND, words.get(line.delivery, line.delivery))
        for n, (code, line) in enumerate(lines, start=1)
    ]
    rows = rows or [("", "（定めなし）", "", "", "")]
    return Grid(("番号", "局所コード", "名称", "所在地", "集配"), tuple(rows), (2, 4, 6, 9, 4))


def answers(contact: Contact) -> str:
    """Say when somebody answers the telephone."""
    if contact.phone_24h:
        return "24時間"
    return "夜間・休日" if contact.role == "night" else "執務時間"


def _contact_grid(agreement: Agreement) -> Grid:
    rows = [
        (f"{'甲' if c.side == 'municipality' else '乙'}（{labels((c.side,), RECIPIENTS)}）",
         CONTACT_ROLES.get(c.role, c.role), c.name, c.phone, answers(c))
        for c in sorted(agreement.contacts, key=lambda contact: contact.side)  # 甲 first
    ]  # fmt: skip
    rows = rows or [("", "（定めなし）", "", "", "")]
    return Grid(("側", "役割", "部署・担当", "電話番号", "応答"), tuple(rows), (5, 6, 7, 5, 3))


def terms_grid(clause: Clause) -> Grid:
    """Return all that a clause of data is tied to, one matter a row."""
    rows = (
        ("提供の向き", DIRECTIONS.get(clause.direction, clause.direction)),
        ("提供先", labels(clause.receivers, RECIPIENTS)),
        ("提供する情報", "\n".join(format_words(one) for one in clause.formats)),
        ("提供できるとき", trigger_words(clause)),
        ("利用の目的", labels(clause.purposes, PURPOSES)),
        ("要請の文書", document_words(clause)),
        ("同意", "本人の同意があるものに限る" if clause.requires_consent else ""),
        ("除くもの", labels(clause.excludes, EXCLUSIONS)),
        ("名簿の上限", f"一度に{clause.list_limit:,}件" if "match" in clause.modes else ""),
        ("保存の期間", retention_words(clause)),
        ("渡し方", labels((clause.channel,), CHANNELS)),
        ("根拠となる法令", "\n".join(basis_words(one) for one in clause.legal_bases)),
        ("費用", labels((clause.cost_rule,), COST_RULES) if clause.cost_rule else ""),
        ("業務との関係", "業務に支障のない範囲で行う" if clause.business_limit else ""),
    )
    return Grid(("事項", "内容"), tuple(row for row in rows if row[1]), (1, 4), f"{clause.article}　{clause.title}")


def format_grid(one: DataFormat) -> Grid:
    """Return the columns of a data format: heading, type, precision and whom a value can point at."""
    dataset = DATASETS[one.dataset]
    columns = {name: about_a_home(column) if dataset.personal else column for name, column in dataset.columns.items()}
    rows = [
        (str(n), columns[name].label, name, _type_words(columns[name]), _column_precision(one, name),
         SENSITIVITIES[columns[name].sensitivity][0])
        for n, name in enumerate(one.columns, start=1)
    ]  # fmt: skip
    rows = rows or [("―", "件数だけを知らせる", "―", "―", "―", "―")]
    headings = ("番号", "項目", "項目名（データ）", "型", "細かさ", "区分")
    return Grid(
        headings, tuple(rows), (5, 18, 21, 20, 12, 14), f"{format_words(one)}［様式 {one.id} 第{one.version}版］"
    )


def _type_words(column: Column) -> str:
    """Name the type of a column; a coded one with its values."""
    values = "・".join(column.choices.values())
    return f"{TYPES[column.type]}（{values}）" if values else TYPES[column.type]


def _column_precision(one: DataFormat, name: str) -> str:
    return PRECISIONS[one.precision] if name in FINER_THAN_TOWN else "―"
