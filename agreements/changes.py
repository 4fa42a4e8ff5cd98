"""The differences between two agreements as data, in sentences and as tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agreements.plain import plain
from agreements.schedules import Grid
from agreements.vocabulary import PARTIES, RECIPIENTS
from geo.faults import Lang, words

FORMAT = "tayori-agreement-diff"
VERSION = 1
#: What stands where an agreement says nothing of a matter, and where one entry of a list is missing.
NOTHING, ABSENT = "（なし）", "―"


class Effect(StrEnum):
    """What a change does to a side; what is lost comes first wherever changes are told."""

    LOSES = "loses"
    GAINS = "gains"
    CHANGES = "changes"


#: Who is meant by a side of a change.
SIDES: Mapping[str, tuple[str, str]] = {
    **{party: RECIPIENTS[party] for party in PARTIES},
    "third": ("第三者", "third parties"),
    "both": ("双方", "both sides"),
}
EFFECTS: Mapping[Effect, tuple[str, str]] = {
    Effect.LOSES: ("失う", "loses"), Effect.GAINS: ("得る", "gains"), Effect.CHANGES: ("変わる", "changes"),
}  # fmt: skip
#: What of an agreement a change is about.
MATTERS: Mapping[str, tuple[str, str]] = {
    "provision": ("情報の提供", "data opened"), "columns": ("項目", "columns"),
    "precision": ("位置の細かさ", "precision"),
    "purposes": ("利用の目的", "purposes"), "triggers": ("提供できるとき", "triggers"),
    "recipients": ("提供先", "recipients"), "excludes": ("除くもの", "exclusions"),
    "retention": ("保存の期間", "retention"), "document": ("要請の文書", "written request"),
    "consent": ("本人の同意", "consent"), "list_limit": ("名簿の上限", "limit of a list"),
    "channel": ("渡し方", "channel"), "cost": ("費用", "cost"), "basis": ("根拠となる法令", "legal basis"),
    "business": ("業務との関係", "business limit"), "work": ("協力の内容", "work"), "article": ("条文", "provision"),
    "template": ("ひな形", "template"), "area": ("対象の区域", "area"), "offices": ("協定に加わる郵便局", "offices"),
    "begins": ("効力の始まり", "begin of the term"), "ends": ("効力の終わり", "end of the term"),
    "renewal": ("更新", "renewal"), "contacts": ("連絡先", "contacts"), "parties": ("当事者", "parties"),
}  # fmt: skip

#: The heading above what one side loses, gains or sees changed.
_GROUP_CODES: Mapping[Effect, str] = {
    Effect.LOSES: "agreements.diff_group_lost", Effect.GAINS: "agreements.diff_group_gained",
    Effect.CHANGES: "agreements.diff_group_changed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `before` and `after` in Japanese words, with the article of each agreement ("" without one)."""

    side: str
    effect: Effect
    matter: str
    subject: str
    before: str
    after: str
    article_before: str = ""
    article_after: str = ""

    def named(self, lang: Lang = "ja") -> str:
        """Name what it is about in a few words: the subject, with the matter where it is a term of the subject."""
        matter = MATTERS[self.matter][lang == "en"]
        if self.matter in _WHOLE:
            return self.subject
        return f"{matter} of {self.subject}" if lang == "en" else f"{self.subject}の{matter}"

    @property
    def article(self) -> str:
        """Article to be named in a sentence: the new one where there is one."""
        return self.article_after or self.article_before or "―"

    @property
    def code(self) -> str:
        """Code of its sentence."""
        opened, closed = (text in (NOTHING, ABSENT) for text in (self.before, self.after))
        if self.matter == "provision":
            return "agreements.diff_opens" if opened else "agreements.diff_closes"
        return (_TEXT_CODES if self.matter in _TEXTS else _TERM_CODES)[opened, closed]

    @property
    def alike(self) -> tuple[str, ...]:
        """What the changes of one side and effect share that one sentence can say of all their subjects."""
        if self.matter in _TEXTS:
            return (self.code,)
        if self.matter == "provision":
            return self.code, self.article
        return self.code, self.matter, self.before, self.after

    def sentence(self, lang: Lang = "ja") -> str:
        """Say it in one line, with whom it concerns."""
        which = lang == "en"
        said = {"side": SIDES[self.side][which], "effect": EFFECTS[self.effect][which], "said": _told([self], lang)}
        return words("agreements.diff_one", said, lang=lang)


#: Matters whose texts are too long for a sentence; the table shows them.
_TEXTS = frozenset({"work", "article"})
#: Matters that are the subject themselves, not one of its terms.
_WHOLE = _TEXTS | {"provision"}
#: The sentence of a change, by whether there was nothing before and whether there is nothing after.
_TERM_CODES: Mapping[tuple[bool, bool], str] = {
    (True, False): "agreements.diff_adds", (False, True): "agreements.diff_drops",
    (False, False): "agreements.diff_becomes",
}  # fmt: skip
_TEXT_CODES: Mapping[tuple[bool, bool], str] = {
    (True, False): "agreements.diff_text_adds", (False, True): "agreements.diff_text_drops",
    (False, False): "agreements.diff_text_becomes",
}  # fmt: skip


def _told(changes: Sequence[Change], lang: Lang) -> str:
    """Say changes that are `alike` in one sentence, without whom they concern."""
    first, which = changes[0], lang == "en"
    subjects = (_cited(one, lang) if one.matter in _TEXTS else one.subject for one in changes)
    said = {
        "subject": (", " if which else "、").join(dict.fromkeys(subjects)), "matter": MATTERS[first.matter][which],
        "before": " ".join(first.before.split("\n")), "after": " ".join(first.after.split("\n")),
        "article": first.article,
    }  # fmt: skip
    return words(first.code, said, lang=lang)


def _cited(change: Change, lang: Lang) -> str:
    return f"“{change.subject}” ({change.article})" if lang == "en" else f"「{change.subject}」（{change.article}）"


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from one agreement to another, by side."""

    before_id: str
    after_id: str
    changes: tuple[Change, ...]

    def of(self, side: str, effect: Effect) -> tuple[Change, ...]:
        """Return what one side gains, loses or sees changed."""
        return tuple(change for change in self.changes if change.side == side and change.effect == effect)

    def counts(self, lang: Lang = "ja") -> list[str]:
        """Say in a line for each side how much it loses and gains, what both do included."""
        which = lang == "en"
        counts = Counter((change.side, change.effect) for change in self.changes)
        lines: list[str] = []
        for side in (*PARTIES, "third"):
            # the parties sign: what both lose, each of them loses
            shared = {effect: counts["both", effect] if side in PARTIES else 0 for effect in Effect}
            said = {effect.value: counts[side, effect] + shared[effect] for effect in Effect}
            said |= {f"{effect.value}_both": shared[effect] for effect in Effect}
            if any(said.values()):
                code = "agreements.diff_side" if any(shared.values()) else "agreements.diff_side_alone"
                lines.append(words(code, {"side": SIDES[side][which], **said}, lang=lang))
        return lines

    def summary(self, lang: Lang = "ja") -> list[str]:
        """Say on less than a page how much each side loses and gains, and name what is lost."""
        which, lines = lang == "en", self.counts(lang)
        for side, names in SIDES.items():
            lost = list(dict.fromkeys(change.named(lang) for change in self.of(side, Effect.LOSES)))
            if lost:
                told = {"side": names[which], "lost": (", " if which else "、").join(lost)}
                lines.append(words("agreements.diff_lost", told, lang=lang))
        return lines

    def in_words(self, lang: Lang = "ja") -> list[str]:
        """Say every change once: by side and effect, what is alike of several subjects in one sentence."""
        if not self.changes:
            return [words("agreements.diff_none", {"before": self.before_id, "after": self.after_id}, lang=lang)]
        lines = []
        for side, effect in dict.fromkeys((change.side, change.effect) for change in self.changes):
            found, which = self.of(side, effect), lang == "en"
            lines.append(words(_GROUP_CODES[effect], {"side": SIDES[side][which], "count": len(found)}, lang=lang))
            alike: dict[tuple[str, ...], list[Change]] = {}
            for change in found:
                alike.setdefault(change.alike, []).append(change)
            lines += [f"・{_told(changes, lang)}" for changes in alike.values()]
        return lines

    def grids(self) -> tuple[Grid, ...]:
        """Return the changes as a table for each side that they concern, with Japanese headings."""
        headings = ("増減", "対象", "事項", f"前（{self.before_id}）", f"後（{self.after_id}）", "条（前→後）")
        made = []
        for side, (name, _) in SIDES.items():
            rows = tuple(
                (EFFECTS[c.effect][0], c.subject, MATTERS[c.matter][0], c.before, c.after,
                 f"{c.article_before or '―'} → {c.article_after or '―'}")
                for c in self.changes if c.side == side
            )  # fmt: skip
            if rows:
                made.append(Grid(headings, rows, (4, 8, 7, 13, 13, 8), f"{name}にとっての違い"))
        return tuple(made)

    def to_dict(self) -> dict[str, Any]:
        """Return the changes for JSON, each with both sentences."""
        changes = [{**plain(c), "ja": c.sentence("ja"), "en": c.sentence("en")} for c in self.changes]
        return {"format": FORMAT, "version": VERSION, "before": self.before_id, "after": self.after_id,
                "changes": changes}  # fmt: skip
