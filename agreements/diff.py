"""What each side gains or loses from one agreement to another, whatever templates and versions they are of.

Compared is what a side may receive: one dataset in one form, with its columns, purposes, triggers and times. Nothing
adds up across clauses: the clauses of both agreements that open the same are held against each other one by one.

Only what is certain is called a gain or a loss; all else is a change:

- who may receive more, longer, earlier or with fewer conditions gains, who may receive less loses;
- who receives gains, and who gives loses, where the business limit falls away or the requesting side no longer pays.
  Under a clause in both directions each side does both, and a general limit may still hold: then it is a change;
- work that the sides do for or with each other (a clause without data) is gained by both where it is added and lost by
  both where it is dropped, since either may ask for it or offer it;
- what frames the work and the data is a change, added, dropped or reworded: the articles that every agreement of a
  template has, and the clauses on definitions, procedure, limits, costs, contacts and liability (`_FRAMING`);
- a wider area, more offices and more contacts are gained by both, and so is a later end of a term that begins on the
  same day. Terms that begin on different days are those of different agreements: a change.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from typing import TypeVar

from agreements.changes import ABSENT, NOTHING, SIDES, Change, Difference, Effect
from agreements.clauses import Clause, Provision
from agreements.clock import shown_day
from agreements.format import DataFormat, Precision
from agreements.template import load_template
from agreements.terms import CONTACT_ROLES, Agreement, Contact, last_day
from agreements.vocabulary import (
    CHANNELS,
    COST_RULES,
    EXCLUSIONS,
    PARTIES,
    PURPOSES,
    RECIPIENTS,
    RECIPIENTS_OF,
    TRIGGERS,
)
from agreements.wording import (
    PRECISIONS,
    basis_words,
    column_words,
    document_words,
    format_words,
    labels,
    retention_words,
    trigger_words,
)

__all__ = ["Change", "Difference", "Effect", "compare"]


def compare(before: Agreement, after: Agreement) -> Difference:
    """Return what each side gains, loses or sees changed from one agreement to another; pure.

    Raises
    ------
    UnknownTemplateError
        If the package does not know the template of one of them.
    """
    found = [*_provisions(before, after), *_work(before, after), *_frame(before, after), *_articles(before, after)]
    order = list(SIDES)
    found = _of_each_once(found)
    found.sort(key=lambda change: (order.index(change.side), list(Effect).index(change.effect)))
    return Difference(before.agreement_id, after.agreement_id, tuple(found))


def _of_each_once(changes: Sequence[Change]) -> list[Change]:
    """Say of both what happens to each of the parties alike."""
    shared = Counter(replace(change, side="both") for change in set(changes) if change.side in PARTIES)
    both = {change for change, parties in shared.items() if parties == len(PARTIES)}
    return list(dict.fromkeys(one if (one := replace(c, side="both")) in both else c for c in changes))


_T = TypeVar("_T")
_Open = tuple[Clause, DataFormat]
#: From which share of common letters on two titles are taken for one matter.
_ALIKE = 0.7
#: Kinds of clause that say how the agreement works, not what a side gets of it.
_FRAMING = frozenset({
    "definition", "mutual_request", "request_document", "implementation", "cost", "contact", "no_liability",
    "consultation",
})  # fmt: skip
#: Cost rules under which the receiver pays less, for certain, than where it pays as the one who requested.
_CHEAPER = frozenset({"each_bears", "free"})


def _opened(agreement: Agreement) -> dict[tuple[str, str, str], list[_Open]]:
    """Return what each receiver may get: by receiver, dataset and mode, the clauses that open it."""
    found: dict[tuple[str, str, str], list[_Open]] = {}
    for clause in agreement.clauses:
        for one in clause.formats:
            for receiver in ("third",) if clause.onward else RECIPIENTS_OF[clause.direction]:
                found.setdefault((receiver, one.dataset, one.mode), []).append((clause, one))
    return found


def _provisions(before: Agreement, after: Agreement) -> Iterator[Change]:
    old, new = _opened(before), _opened(after)
    for key in dict.fromkeys([*old, *new]):
        for a, b in _paired(old.get(key, []), new.get(key, [])):
            if a is None and b is not None:
                yield _whole(key[0], Effect.GAINS, b)
            elif b is None and a is not None:
                yield _whole(key[0], Effect.LOSES, a)
            elif a is not None and b is not None:
                yield from _terms(key[0], a, b)
                yield from _burdens(_Pair(key[0], a, b), _general(before), _general(after))


def _matched(
    old: Sequence[_T], new: Sequence[_T], *rules: Callable[[_T, _T], bool]
) -> list[tuple[_T | None, _T | None]]:
    """Pair what belongs together by the first rule that holds, each once; what is left over stands alone."""
    left, right = list(old), list(new)
    pairs: list[tuple[_T | None, _T | None]] = []
    for belongs in rules:
        for a in tuple(left):
            b = next((one for one in right if belongs(a, one)), None)
            if b is not None:
                pairs.append((a, b))
                left.remove(a)
                right.remove(b)
    return [*pairs, *((a, None) for a in left), *((None, b) for b in right)]


def _alike(a: str, b: str) -> bool:
    """Whether two titles name the same matter: one holds the other (守秘, 守秘と支援措置), or most of it."""
    return a in b or b in a or SequenceMatcher(None, a, b).ratio() >= _ALIKE


def _paired(old: Sequence[_Open], new: Sequence[_Open]) -> list[tuple[_Open | None, _Open | None]]:
    """Pair clauses that open the same: those of one id, then of one kind, then in their order."""
    return _matched(old, new, lambda a, b: a[0].id == b[0].id, lambda a, b: a[0].kind == b[0].kind, lambda _a, _b: True)


def _whole(side: str, effect: Effect, opened: _Open) -> Change:
    """Return a provision that only one of the two agreements opens, with all that it is tied to."""
    clause, one = opened
    subject = format_words(one)
    if side == "third":
        subject += f"（{labels(clause.recipients, RECIPIENTS)}へ）"
    told = "\n".join((
        f"項目：{column_words(one.dataset, one.columns) or NOTHING}",
        f"目的：{labels(clause.purposes, PURPOSES)}",
        f"時期：{trigger_words(clause)}",
        f"保存：{retention_words(clause)}",
        f"文書：{document_words(clause)}",
    ))  # fmt: skip
    if effect is Effect.GAINS:
        return Change(side, effect, "provision", subject, NOTHING, told, "", clause.article)
    return Change(side, effect, "provision", subject, told, NOTHING, clause.article, "")


def _gained_and_lost(old: Sequence[str], new: Sequence[str]) -> tuple[list[str], list[str]]:
    return [one for one in new if one not in old], [one for one in old if one not in new]


@dataclass(frozen=True, slots=True)
class _Pair:
    """One provision in both agreements, for one receiver."""

    side: str
    old: _Open
    new: _Open

    def change(self, effect: Effect, matter: str, before: str, after: str) -> Change:
        """Return a change of this provision."""
        return Change(self.side, effect, matter, format_words(self.new[1]), before or NOTHING, after or NOTHING,
                      self.old[0].article, self.new[0].article)  # fmt: skip

    def sets(
        self, matter: str, old: Sequence[str], new: Sequence[str], shown: Callable[[Sequence[str]], str]
    ) -> Iterator[Change]:
        """Compare two lists of codes of which each opens something."""
        gained, lost = _gained_and_lost(old, new)
        if gained:
            yield self.change(Effect.GAINS, matter, ABSENT, shown(gained))
        if lost:
            yield self.change(Effect.LOSES, matter, shown(lost), ABSENT)

    def ranked(self, matter: str, old: float, new: float, before: str, after: str) -> Iterator[Change]:
        """Compare two sizes of which the larger one gives the receiver more."""
        if old != new:
            yield self.change(Effect.GAINS if new > old else Effect.LOSES, matter, before, after)

    def burden(self, matter: str, lighter: bool | None, before: str, after: str) -> Iterator[Change]:
        """Compare what the receiver must bear and the giver need not; None where it is not certain who bears less."""
        if lighter is None or self.old[0].direction == self.new[0].direction == "both":
            yield from self.other(matter, before, after)
            return
        giver = "post" if self.side == "municipality" else "municipality"
        effects = (Effect.GAINS, Effect.LOSES) if lighter else (Effect.LOSES, Effect.GAINS)
        for side, effect in zip((self.side, giver), effects, strict=True):
            yield replace(self.change(effect, matter, before, after), side=side)

    def other(self, matter: str, before: str, after: str) -> Iterator[Change]:
        """Compare two terms of which neither is more than the other."""
        if before != after:
            yield self.change(Effect.CHANGES, matter, before, after)


def _terms(side: str, old: _Open, new: _Open) -> Iterator[Change]:
    """Hold one provision of both agreements against each other, term by term."""
    pair, (a, of_a), (b, of_b) = _Pair(side, old, new), old, new
    yield from pair.sets("columns", of_a.columns, of_b.columns, lambda names: column_words(of_b.dataset, names))
    fine = (Precision.TOWN, Precision.EXACT)
    yield from pair.ranked("precision", fine.index(of_a.precision), fine.index(of_b.precision),
                           PRECISIONS[of_a.precision], PRECISIONS[of_b.precision])  # fmt: skip
    yield from pair.sets("purposes", a.purposes, b.purposes, lambda codes: labels(codes, PURPOSES))
    yield from _trigger_changes(pair, a, b)
    yield from pair.sets("recipients", a.recipients, b.recipients, lambda codes: labels(codes, RECIPIENTS))
    yield from _swapped(pair.sets("excludes", a.excludes, b.excludes, lambda codes: labels(codes, EXCLUSIONS)))
    yield from pair.ranked("retention", a.retention_days, b.retention_days,
                           f"{a.retention_days:,}日", f"{b.retention_days:,}日")  # fmt: skip
    yield from pair.ranked("document", _ease(a), _ease(b), document_words(a), document_words(b))
    yield from pair.ranked("consent", not a.requires_consent, not b.requires_consent, _consent(a), _consent(b))
    if of_b.mode == "match":
        yield from pair.ranked("list_limit", a.list_limit, b.list_limit, f"{a.list_limit:,}件", f"{b.list_limit:,}件")
    yield from pair.other("channel", labels((a.channel,), CHANNELS), labels((b.channel,), CHANNELS))
    yield from pair.other("basis", _bases(a), _bases(b))


def _trigger_changes(pair: _Pair, a: Clause, b: Clause) -> Iterator[Change]:
    """Compare triggers; a clause without any opens at all times, which is more than any list."""
    if a.triggers and b.triggers:
        yield from pair.sets("triggers", a.triggers, b.triggers, lambda codes: labels(codes, TRIGGERS))
    else:
        yield from pair.ranked("triggers", not a.triggers, not b.triggers, trigger_words(a), trigger_words(b))


def _swapped(changes: Iterable[Change]) -> Iterator[Change]:
    """Turn gains into losses: what is excluded is lost."""
    turned = {Effect.GAINS: Effect.LOSES, Effect.LOSES: Effect.GAINS}
    for change in changes:
        yield replace(change, effect=turned[change.effect])


def _ease(clause: Clause) -> float:
    """Return how long one may wait with the document: for ever where none is asked for."""
    return clause.document_due_hours if clause.requires_document else float("inf")


def _consent(clause: Clause) -> str:
    return "要する" if clause.requires_consent else "要しない"


def _bases(clause: Clause) -> str:
    return "、".join(basis_words(one) for one in clause.legal_bases)


@dataclass(frozen=True, slots=True)
class _General:
    """What holds for clauses that say nothing of their own: who pays, and the title of a general business limit."""

    cost_rule: str
    limit: str


def _general(agreement: Agreement) -> _General:
    clauses = agreement.clauses
    return _General(
        next((c.cost_rule for c in clauses if c.kind == "cost"), ""),
        next((c.title for c in clauses if c.kind == "implementation" and c.business_limit), ""),
    )


def _burdens(pair: _Pair, before: _General, after: _General) -> Iterator[Change]:
    """Compare who pays for a provision and how far it is owed, by what is general where it says nothing itself."""
    a, b = pair.old[0], pair.new[0]
    old, new = a.cost_rule or before.cost_rule, b.cost_rule or after.cost_rule
    if old != new:
        certain = "requester_pays" in (old, new) and {old, new} & _CHEAPER
        lighter = old == "requester_pays" if certain else None
        yield from pair.burden("cost", lighter, labels((old,), COST_RULES), labels((new,), COST_RULES))
    if a.business_limit != b.business_limit:
        general = after.limit if a.business_limit else before.limit
        # where a general limit stays, it is not certain that anybody gains
        lighter = None if general else a.business_limit
        yield from pair.burden("business", lighter, _business(a, before), _business(b, after))


def _business(clause: Clause, general: _General) -> str:
    if clause.business_limit:
        return "業務に支障のない範囲"
    return f"『{general.limit}』の定めによる" if general.limit else "限りの定めなし"


def _work(before: Agreement, after: Agreement) -> Iterator[Change]:
    """Compare the clauses without data: work is gained or lost by both, what frames it only changes."""
    old, new = ([c for c in one.clauses if not c.formats] for one in (before, after))
    for a, b in _matched(
        old, new,
        lambda a, b: a.id == b.id,
        lambda a, b: a.title == b.title,
        lambda a, b: a.kind == b.kind and _alike(a.title, b.title),
    ):  # fmt: skip
        named = b or a
        framing = named is not None and named.kind in _FRAMING
        effect = Effect.CHANGES if framing or (a and b) else Effect.GAINS if b else Effect.LOSES
        yield from _reworded("work", effect, a, b)


def _articles(before: Agreement, after: Agreement) -> Iterator[Change]:
    """Compare the articles that frame the clauses, by their titles; they give nothing to either side."""
    old, new = (load_template(one.template_id, one.template_version).provisions for one in (before, after))
    for a, b in _matched(old, new, lambda a, b: a.title == b.title, lambda a, b: _alike(a.title, b.title)):
        yield from _reworded("article", Effect.CHANGES, a, b)


_Worded = Clause | Provision | None


def _reworded(matter: str, effect: Effect, a: _Worded, b: _Worded) -> Iterator[Change]:
    """Compare two texts of one matter, of which one may be missing."""
    texts, named = (_said(a), _said(b)), b or a
    if named is not None and texts[0] != texts[1]:
        yield Change("both", effect, matter, named.title, *texts, a.article if a else "", b.article if b else "")


def _said(one: _Worded) -> str:
    if one is None:
        return NOTHING
    return f"{one.text}（{trigger_words(one)}）" if isinstance(one, Clause) and one.triggers else one.text


def _frame(before: Agreement, after: Agreement) -> Iterator[Change]:
    """Compare what belongs to the whole agreement: parties, places, times, contacts."""
    yield from _plainly("template", *(f"{one.template_id} 第{one.template_version}版" for one in (before, after)))
    yield from _plainly("parties", *(f"{one.municipality.name}、{one.post.name}" for one in (before, after)))
    yield from _listed("area", *_gained_and_lost(before.area, after.area))
    yield from _listed("offices", *_gained_and_lost(before.offices, after.offices))
    yield from _contacts(before.contacts, after.contacts)
    yield from _term(before, after)
    yield from _plainly("renewal", _renewed(before), _renewed(after))


def _listed(matter: str, gained: Sequence[str], lost: Sequence[str]) -> Iterator[Change]:
    if gained:
        yield _of_both(Effect.GAINS, matter, ABSENT, "、".join(gained))
    if lost:
        yield _of_both(Effect.LOSES, matter, "、".join(lost), ABSENT)


def _contacts(old: Sequence[Contact], new: Sequence[Contact]) -> Iterator[Change]:
    """Compare whom to call; another name or number in the same role is a change."""
    pairs = _matched(old, new, lambda a, b: a == b, lambda a, b: (a.side, a.role) == (b.side, b.role))
    yield from _listed("contacts", [_called(b) for a, b in pairs if b and not a],
                       [_called(a) for a, b in pairs if a and not b])  # fmt: skip
    for a, b in pairs:
        if a and b:
            yield from _plainly("contacts", _called(a), _called(b))


def _term(before: Agreement, after: Agreement) -> Iterator[Change]:
    """Compare first and last days; only a term that begins on the same day is longer or shorter than another."""
    begins = (before.effective_from, after.effective_from)
    yield from _plainly("begins", *(shown_day(day) for day in begins))
    ends = (last_day(before), last_day(after))
    if ends[0] != ends[1]:
        longer = (ends[1] or date.max) > (ends[0] or date.max)
        effect = Effect.CHANGES if begins[0] != begins[1] else Effect.GAINS if longer else Effect.LOSES
        yield _of_both(effect, "ends", *(shown_day(day) if day else "終わりの日がない" for day in ends))


def _of_both(effect: Effect, matter: str, before: str, after: str) -> Change:
    return Change("both", effect, matter, "協定の全体", before, after)


def _plainly(matter: str, before: str, after: str) -> Iterator[Change]:
    if before != after:
        yield _of_both(Effect.CHANGES, matter, before, after)


def _called(one: Contact) -> str:
    said = f"{SIDES[one.side][0]}の{CONTACT_ROLES[one.role]} {one.name} {one.phone}"
    return f"{said}（24時間）" if one.phone_24h else said


def _renewed(agreement: Agreement) -> str:
    one = agreement.renewal
    return f"自動で{one.months}か月ずつ（{one.notice_days}日前までの申し出で終わる）" if one.auto else "自動ではない"
