"""What can be wrong with a clause of an agreement: no trigger, no purpose, no basis, recipients without data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from agreements.clauses import Clause
from agreements.decision import Reason
from agreements.finding import Finding, Level
from agreements.legal import LegalBasis, legal_bases
from agreements.passing import STRENGTH, sources
from agreements.request import PERSONAL_MODES, Mode, TriggerKind
from agreements.template import load_template
from agreements.terms import Agreement
from agreements.vocabulary import DATASETS, PARTIES

#: Kinds of clause that are meant for peacetime; data of another kind without a trigger is a surprise.
PEACETIME_KINDS = frozenset({"peacetime_data", "drill", "watch_over", "plan_exchange", "lease", "illegal_dumping",
                             "liaison", "stockpile_storage"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Case:
    """One clause among the others of its agreement, on one day."""

    agreement: Agreement
    clause: Clause
    at: datetime

    def finding(self, level: Level, name: str, key: str = "", **params: object) -> Finding:
        """Return a finding that names the clause's article and its place in the file."""
        place = f"clauses.{self.clause.id}" + (f".{key}" if key else "")
        said = {"article": self.clause.article, "title": self.clause.title, **params}
        return Finding(level, place, Reason(f"agreements.{name}", said))


def clause_findings(agreement: Agreement, *, at: datetime) -> Iterator[Finding]:
    """Return what is wrong with the clauses of an agreement at an aware time, clause by clause."""
    template = load_template(agreement.template_id, agreement.template_version)
    untouched = replace(agreement, clauses=template.clauses)
    of_template = {(f.place, f.sentence()) for f in _checked(untouched, at)}
    for finding in _checked(agreement, at):
        # What the template itself is worth a note for is no news about this agreement; gaps and faults always are.
        if finding.level is not Level.NOTE or (finding.place, finding.sentence()) not in of_template:
            yield finding


def _checked(agreement: Agreement, at: datetime) -> Iterator[Finding]:
    for clause in agreement.clauses:
        case = _Case(agreement, clause, at)
        for check in _CHECKS:
            yield from check(case)


def _triggers(case: _Case) -> Iterator[Finding]:
    clause = case.clause
    if not clause.formats or clause.triggers:
        return
    if clause.personal and not clause.onward:
        yield case.finding(Level.ERROR, "review_personal_without_trigger", "triggers")
    elif clause.kind not in PEACETIME_KINDS and not clause.personal:
        level = Level.WARNING if clause.kind == "emergency_data" else Level.NOTE
        yield case.finding(level, "review_no_trigger", "triggers", datasets=clause.datasets)


def _purposes(case: _Case) -> Iterator[Finding]:
    clause = case.clause
    if clause.purposes or not clause.formats:
        return
    for one in clause.formats:
        said = {"dataset": one.dataset, "columns": one.columns or "―"}
        yield case.finding(Level.ERROR, "review_no_purpose", "purposes", **said)


def _columns(case: _Case) -> Iterator[Finding]:
    for one in case.clause.formats:
        if not one.columns and one.mode != Mode.FORWARD:
            yield case.finding(Level.ERROR, "review_no_columns", "formats")


def _basis(case: _Case) -> Iterator[Finding]:
    """Look whether law carries the clause: named, known, in force on the day, wide enough for each purpose."""
    clause = case.clause
    if not clause.personal:
        return
    if not clause.legal_bases:
        yield case.finding(Level.ERROR, "review_no_basis", "legal_bases")
        return
    known = {basis.id: basis for basis in legal_bases()}
    holding: list[LegalBasis] = []
    for basis_id in clause.legal_bases:
        basis = known.get(basis_id)
        if basis is None:
            yield case.finding(Level.ERROR, "review_basis_unknown", "legal_bases", basis=basis_id)
        elif not basis.in_force(case.at):
            yield case.finding(Level.ERROR, "review_basis_not_in_force", "legal_bases", basis=basis.cited)
        else:
            holding.append(basis)
    beyond = tuple(purpose for purpose in clause.purposes if not _carried(clause, purpose, holding))
    if holding and beyond:
        yield case.finding(Level.WARNING, "review_basis_not_wide_enough", "legal_bases", purposes=beyond)


def _carried(clause: Clause, purpose: str, bases: list[LegalBasis]) -> bool:
    """Whether for every personal format and recipient some basis allows the purpose."""
    wanted = [(one, whom) for one in clause.formats for whom in clause.receivers]
    return all(
        any(
            basis.allows(
                dataset=one.dataset, mode=one.mode, purpose=purpose, direction=clause.direction, recipient=whom
            )
            for basis in bases
        )
        for one, whom in wanted
        if DATASETS[one.dataset].personal
    )


def _recipients(case: _Case) -> Iterator[Finding]:
    clause = case.clause
    if clause.recipients and not clause.formats:
        named = clause.recipients
        yield case.finding(Level.WARNING, "review_recipients_without_data", "recipients", recipients=named)
    third = tuple(whom for whom in clause.recipients if whom not in PARTIES)
    if third and not clause.onward:
        yield case.finding(Level.ERROR, "review_third_party", "recipients", recipients=third)


def _onward(case: _Case) -> Iterator[Finding]:
    """Hold an onward clause against what the municipality itself receives."""
    clause = case.clause
    if not clause.onward:
        return
    if not clause.recipients:
        yield case.finding(Level.ERROR, "review_onward_without_recipient", "recipients")
    for one in clause.formats:
        received = _received(case, one.dataset)
        if not received:
            yield case.finding(Level.ERROR, "review_onward_not_received", "formats", dataset=one.dataset)
            continue
        inside = {name for c in received for f in c.formats if f.dataset == one.dataset for name in f.columns}
        beyond = tuple(name for name in one.columns if name not in inside)
        if beyond:
            yield case.finding(Level.ERROR, "review_onward_wider", "formats", dataset=one.dataset, columns=beyond)
        longest = max(c.retention_days for c in received)
        if clause.retention_days > longest:
            said_days = {"days": clause.retention_days, "longest": longest}
            yield case.finding(Level.ERROR, "review_onward_longer", "retention_days", **said_days)
    yield from _onward_weaker(case)


def _received(case: _Case, dataset: str) -> list[Clause]:
    """Return the clauses by which the municipality receives a dataset, in whatever mode."""
    return [c for c in case.agreement.clauses if c.from_post and dataset in c.datasets]


def _onward_weaker(case: _Case) -> Iterator[Finding]:
    """Hold an onward clause against each clause of the same mode whose data it passes on."""
    clause = case.clause
    for source in sources(clause, case.agreement.clauses):
        of_source = f"{source.article}「{source.title}」"
        longest = max(c.retention_days for dataset in clause.datasets for c in _received(case, dataset))
        if source.retention_days < clause.retention_days <= longest:  # beyond the longest it is a fault already
            days = {"days": clause.retention_days, "source": of_source, "source_days": source.retention_days}
            yield case.finding(Level.WARNING, "review_onward_keeps_longer", "retention_days", **days)
        if STRENGTH.index(clause.channel) < STRENGTH.index(source.channel):
            said = {"channel": clause.channel, "source": of_source, "source_channel": source.channel}
            yield case.finding(Level.WARNING, "review_onward_weaker_channel", "channel", **said)


def _milder(case: _Case) -> Iterator[Finding]:
    """Look for the milder forms of a clause that tells names or homes."""
    clause = case.clause
    for one in clause.formats:
        if one.mode not in (Mode.DWELLING, Mode.PERSON) or clause.onward:
            continue
        milder_modes = PERSONAL_MODES[1 : PERSONAL_MODES.index(Mode(one.mode))]
        milder = [c for c in case.agreement.clauses if c is not clause and set(c.modes) & set(milder_modes)]
        alone = tuple(purpose for purpose in clause.purposes if not any(purpose in c.purposes for c in milder))
        if alone:
            yield case.finding(Level.NOTE, "review_no_milder", "", purposes=alone, modes=milder_modes)
        for other in milder:
            if 0 < other.retention_days < clause.retention_days:
                yield case.finding(
                    Level.NOTE, "review_stronger_keeps_longer", "retention_days", days=clause.retention_days,
                    milder_article=other.article, milder_days=other.retention_days,
                )  # fmt: skip


def _document(case: _Case) -> Iterator[Finding]:
    clause = case.clause
    if clause.personal and not clause.requires_document and clause.from_post:
        yield case.finding(Level.WARNING, "review_no_document", "requires_document")
    if clause.requires_document and not clause.document_due_hours and clause.triggers == (TriggerKind.TELEPHONE,):
        yield case.finding(Level.ERROR, "review_telephone_never_opens", "document_due_hours")


def _channel(case: _Case) -> Iterator[Finding]:
    """Names that travel in the open are a gap."""
    clause = case.clause
    if Mode.PERSON in clause.modes and clause.channel == "plain":
        yield case.finding(Level.WARNING, "review_plain_channel", "channel")


def _excludes(case: _Case) -> Iterator[Finding]:
    clause = case.clause
    if "delivery_vehicle" in clause.excludes and clause.formats and "vehicles" not in clause.datasets:
        yield case.finding(Level.WARNING, "review_excludes_nothing", "excludes", excludes=("delivery_vehicle",))


_CHECKS: tuple[Callable[[_Case], Iterator[Finding]], ...] = (
    _triggers, _purposes, _columns, _basis, _recipients, _onward, _milder, _document, _channel, _excludes,
)  # fmt: skip
