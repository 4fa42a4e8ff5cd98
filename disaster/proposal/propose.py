"""From a file to a proposal: which kind it may be, and how its columns would be read."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import shapely

from agreements.format import ColumnType
from disaster.errors import IngestError
from disaster.faultfile import without_reasons
from disaster.layouts import Layout, recognise
from disaster.layouts.document import UNSAID
from disaster.layouts.model import GEOMETRY, MGRS_HEADINGS, PLACE_NAMES, fold_heading
from disaster.layouts.recognise import ONLY_WHEN_NAMED, PEOPLE, rank
from disaster.models import NOUNS, Field, Noun, Shape, kinds_in_words
from disaster.proposal.columns import Match, match_columns, numbered, secret
from disaster.proposal.contents import Looks, Profile, profiles
from disaster.proposal.headings import known_words
from disaster.proposal.wording import STATES, meaning
from geo.read import RawTable

#: Kinds shown beside the proposed one.
RUNNERS_UP = 3
#: What a file is taken for where nothing speaks for any other kind of point.
_ANY_PLACE = "facilities"
#: Words that say nothing about the kind although they stand in the names of kinds and choices.
_EMPTY_WORDS = frozenset({"その他", "不明", "区域", "道路", "公共施設", "市区町村", "町丁", "字"})
#: Choices that claim nothing, in the order in which they are taken where nothing better is known.
_NEUTRAL = ("other", "unknown")
#: Letters from which an id is taken to be one outside of its file too; shorter ones are running numbers.
_LASTING_LENGTH = 8
#: Score from which a kind is more than a guess: one column of its own, or a word for it.
_TOLD = 3.0
#: Headings of the name of a municipality.
_CITY_HEADINGS = ("市区町村", "市町村", "市町名", "自治体")
#: What a row is called by: of this many letters at most, and nearly never the same.
_LONGEST_NAME, _DIFFERENT = 40, 0.9
#: Values of a choice that are written down, so that a clerk can say what each means.
_WORDS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One column of the kind in a proposed mapping.

    `spec` is what the mapping says: a heading, or a table with ``template``, ``constant`` or ``map``; None where
    nothing is proposed. `active` lines are read as they are, the others stand as remarks. `code` and `params` say why.
    """

    item: Field
    spec: str | Mapping[str, object] | None
    active: bool
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """How a file may be read as rows of one kind.

    `places` are the headings of longitude and latitude, where the file says them other than usual. `unused` are
    headings that nothing is read from, `runners_up` other kinds with what each would lack. `mgrs` is a column of UTM
    references, `cities` one of several municipalities with their names. `kind_given` says that the kind is the user's.
    """

    noun: Noun
    title: str
    lines: tuple[Line, ...]
    places: Mapping[str, Match]
    unused: tuple[str, ...]
    score: float
    runners_up: tuple[tuple[Noun, tuple[str, ...]], ...] = ()
    mgrs: str | None = None
    cities: tuple[str, tuple[str, ...]] | None = None
    kind_given: bool = False

    @property
    def missing(self) -> tuple[Field, ...]:
        """Columns that must not be empty and are not found."""
        lacking = (line.item for line in self.lines if line.item.required and not line.active)
        return tuple(item for item in lacking if item.name != "municipality")  # that one is the store's

    @property
    def well_told(self) -> bool:
        """Whether the user or more than the columns that all kinds share speaks for the kind."""
        return self.kind_given or self.score >= _TOLD


def known_layout(raw: RawTable, kind: str | None = None) -> Layout | None:
    """Return the layout that reads the file already, of the kind if one is given; None if there is none.

    A layout that would set every row aside does not count, nor, unless asked for, does a list of people that only the
    user can name. One that picks some rows comes after one that reads them all.
    """
    headings, fits = _headings(raw), []
    for one in [kind] if kind else (name for name in NOUNS if name not in ONLY_WHEN_NAMED):
        try:
            layout = recognise(one, headings, file=Path(raw.source.name).stem)
        except IngestError:
            continue
        drawn = _may_be(NOUNS[layout.kind], _shape(raw)) or NOUNS[layout.kind].shape is Shape.NONE
        if drawn and (layout.where is None or _any_row(raw, layout)):
            fits.append(layout)
    found = frozenset(fold_heading(heading) for heading in headings)
    return min(fits, key=lambda one: rank(one, one.matched(found)), default=None)


def propose(raw: RawTable, kind: str | None = None) -> Proposal:
    """Propose how to read a file.

    Parameters
    ----------
    raw
        The file as read; at most ``contents.SAMPLE_ROWS`` rows of it are looked at.
    kind
        Key of ``NOUNS``; None proposes the kind too. Kinds of homes and people are proposed only where the headings
        name what they hold.

    Raises
    ------
    IngestError
        ``disaster.unknown_kind``; ``disaster.map_people`` if there are names of people and neither a kind was given nor
        do the headings tell one.
    """
    if kind is not None and kind not in NOUNS:
        raise IngestError("disaster.unknown_kind", kind=kind, kinds=kinds_in_words(NOUNS))
    found = profiles(without_reasons(raw.table))
    shape = _shape(raw)
    likely = [noun for noun in NOUNS.values() if noun.kind not in ONLY_WHEN_NAMED and _may_be(noun, shape)]
    nouns = [NOUNS[kind]] if kind else likely
    proposals = sorted(
        (_proposal(noun, raw, found, shaped=shape is Shape.POINT) for noun in nouns),
        key=lambda one: (len(one.missing), -one.score),
    )
    people = not kind and any(PEOPLE.search(heading) for heading in found)
    if people:  # a guess would publish their homes as places, or hide them
        proposals = [one for one in proposals if one.noun.personal and _well_founded(one)]
        if not proposals:
            raise IngestError("disaster.map_people", file=raw.source.file, kinds=kinds_in_words(NOUNS))
    best, *others = [one for one in proposals if kind or _well_founded(one)] or proposals
    runners = tuple((one.noun, tuple(item.column.label for item in one.missing)) for one in others[:RUNNERS_UP])
    return replace(best, runners_up=runners, mgrs=_mgrs(found), cities=_cities(found), kind_given=bool(kind))


def _headings(raw: RawTable) -> list[str]:
    names = without_reasons(raw.table).column_names
    return [name for name in names if name != GEOMETRY or raw.has_geometry]


def _any_row(raw: RawTable, layout: Layout) -> bool:
    written = {fold_heading(name): name for name in raw.table.column_names}
    where = layout.where
    if where is None or fold_heading(where.column) not in written:
        return False
    column = raw.table.column(written[fold_heading(where.column)])
    return any(pc.any(pc.match_substring(column, word)).as_py() for word in where.contains)


def _shape(raw: RawTable) -> Shape | None:
    """Return what most of the file's shapes are; None for a table without any."""
    if not raw.has_geometry:
        return None
    kinds = shapely.get_type_id(shapely.from_wkb(raw.table.column(GEOMETRY).to_numpy(), on_invalid="ignore"))
    counts = {
        Shape.POINT: np.isin(kinds, (0, 4)).sum(),
        Shape.LINE: np.isin(kinds, (1, 2, 5)).sum(),
        Shape.POLYGON: np.isin(kinds, (3, 6)).sum(),
    }
    return max(counts, key=lambda shape: counts[shape]) if any(counts.values()) else Shape.POINT


def _may_be(noun: Noun, shape: Shape | None) -> bool:
    if shape is None:
        return noun.shape in (Shape.POINT, Shape.NONE)
    return noun.shape is shape


def _well_founded(proposal: Proposal) -> bool:
    """Whether a kind of homes or people is named by a heading of its own; any other kind is harmless to propose.

    A list of names may be anything: taken for the people under protection it would hide them, for instance.
    """
    if not proposal.noun.personal:
        return True
    kinds = [kind for kind in NOUNS if kind != proposal.noun.kind]
    others = {word for kind in kinds for known in known_words(kind).values() for word in known}
    named = [line.spec for line in proposal.lines if line.active and secret(line.item) and isinstance(line.spec, str)]
    return not proposal.missing and any(fold_heading(heading) not in others for heading in named)


def _mgrs(found: Mapping[str, Profile]) -> str | None:
    return next((name for name, profile in found.items() if profile.looks(Looks.MGRS)), None)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is known of a file while a kind is tried on it; `evidence` is its name and headings as one text."""

    title: str
    found: Mapping[str, Profile]
    matches: Mapping[str, Match]
    evidence: str


def _cities(found: Mapping[str, Profile]) -> tuple[str, tuple[str, ...]] | None:
    """Return the column that names municipalities, if it names several: only one of them is a store's."""
    for name, profile in found.items():
        words = tuple(dict.fromkeys(profile.texts.to_pylist()))
        named = any(word in name for word in _CITY_HEADINGS)
        if named and len(words) > 1 and all(word.endswith(("市", "区", "町", "村")) for word in words):
            return name, words
    return None


def _proposal(noun: Noun, raw: RawTable, found: Mapping[str, Profile], *, shaped: bool) -> Proposal:
    title = "".join(sign for sign in unicodedata.normalize("NFC", Path(raw.source.name).stem) if sign not in "{}")
    matches = match_columns(noun, found, shaped=shaped)
    draft = _Draft(title, found, matches, "\n".join([title, *found]))
    lines = tuple(_line(draft, item) for item in noun.fields)
    read = {line.spec for line in lines if line.active and isinstance(line.spec, str)}
    places = {name: matches[name] for name in PLACE_NAMES if name in matches and not matches[name].doubtful}
    read |= {match.heading for match in places.values()}
    read |= {name for name in found if f"{{{name}}}" in _templates(lines) or name in MGRS_HEADINGS}
    unused = tuple(name for name in found if name not in read)
    return Proposal(noun, title, lines, places, unused, _score(noun, lines, draft.evidence))


def _templates(lines: Sequence[Line]) -> str:
    return " ".join(str(line.spec.get("template", "")) for line in lines if isinstance(line.spec, Mapping))


def _line(draft: "_Draft", item: Field) -> Line:
    """Say how one column of the noun would be read."""
    match = draft.matches.get(item.name)
    if item.required and item.name.endswith("_id"):
        return _id_line(draft, item, match)
    if match is not None and not match.doubtful:
        return Line(item, match.heading, True, match.code, match.params)
    if item.name == "name" and item.required:
        return _name_line(draft, item, match)
    if item.column.type is ColumnType.CHOICE:
        return _choice_line(draft, item, match)
    if match is not None:
        return Line(item, match.heading, False, match.code, match.params)
    code = "disaster.map_own_municipality" if item.name == "municipality" else "disaster.map_not_found"
    return Line(item, None, False, code)


def _id_line(draft: "_Draft", item: Field, match: Match | None) -> Line:
    """Make an id: the file's own; its running number behind the file's name; a name of its own; or the row's place."""
    number = numbered(draft.found)
    if match is not None and not match.doubtful and (number is None or match.heading != number.heading):
        return Line(item, match.heading, True, match.code, match.params)
    if number is not None and _lasting(number, item):
        return Line(item, number.heading, True, "disaster.map_unique_values")
    if item.pattern is None:
        return _made_id(draft, item, number)
    # rows may be numbered where the column takes such a number at all
    active = re.fullmatch(item.pattern, "row-00001") is not None
    return Line(item, {"template": "row-{row}"} if active else None, active, "disaster.map_id_from_row")


def _made_id(draft: "_Draft", item: Field, number: Profile | None) -> Line:
    if number is not None:
        return Line(item, {"template": f"{draft.title}-{{{number.heading}}}"}, True, "disaster.map_numbered")
    names = next((one for one in draft.found.values() if one.unique and _is_name(one)), None)
    if names is not None:
        return Line(item, {"template": f"{draft.title}-{{{names.heading}}}"}, True, "disaster.map_id_from_name")
    return Line(item, {"template": f"{draft.title}-{{row}}"}, True, "disaster.map_id_from_row")


def _name_line(draft: "_Draft", item: Field, match: Match | None) -> Line:
    """Find what a clerk would call the rows by: short words that nearly all differ, else the address."""
    taken = {one.heading for one in draft.matches.values() if not one.doubtful}
    named = next((one for one in draft.found.values() if one.heading not in taken and _calls(one)), None)
    if named is not None:
        return Line(item, named.heading, True, "disaster.map_by_contents")
    if match is not None:
        return Line(item, match.heading, False, match.code, match.params)
    address = draft.matches.get("address")
    if address is not None and not address.doubtful:
        return Line(item, address.heading, True, "disaster.map_name_from_address")
    return Line(item, None, False, "disaster.map_not_found")


def _calls(profile: Profile) -> bool:
    if not profile.looks(Looks.WORDS) or profile.filled < profile.rows or profile.distinct < _DIFFERENT * profile.rows:
        return False
    others = (Looks.ADDRESS, Looks.LINK, Looks.KANA, Looks.TIME, Looks.MGRS, Looks.NUMBER)
    longest = pc.max(pc.utf8_length(profile.texts)).as_py() or 0
    return longest <= _LONGEST_NAME and not any(profile.looks(what) for what in others)


def _lasting(number: Profile, item: Field) -> bool:
    """Whether values are ids that hold outside of this file too: long, and as the column wants them."""
    texts = number.texts.to_pylist()
    if item.pattern is not None:
        return all(re.fullmatch(item.pattern, text) for text in texts)
    return min(map(len, texts), default=0) >= _LASTING_LENGTH


def _is_name(profile: Profile) -> bool:
    folded = fold_heading(profile.heading)
    return not any(sign in profile.heading for sign in "{}") and folded.endswith(("名", "名称", "name"))


def _choice_line(draft: "_Draft", item: Field, match: Match | None) -> Line:
    """Propose the word that the file's name and headings speak of, else one that claims nothing, if there is one."""
    choices = item.column.choices
    allowed = "、".join(f"{code}（{label}）" for code, label in choices.items())
    if match is not None and not secret(item):
        texts = draft.found[match.heading].texts
        words = list(dict.fromkeys(texts.to_pylist()))
        if len(words) <= _WORDS_SHOWN:
            spec = {"from": match.heading, "map": {word: meaning(item, word) for word in words}}
            return Line(item, spec, False, "disaster.map_say_words", {"allowed": allowed})
    spoken = [code for code, label in choices.items() if _spoken(label, draft.evidence)]
    if len(spoken) == 1 and item.name not in STATES:
        return Line(item, {"constant": spoken[0]}, True, "disaster.map_spoken_of", {"allowed": allowed})
    neutral = next((code for code in _NEUTRAL if code in choices), None)
    if item.required and neutral:
        return Line(item, {"constant": neutral}, True, "disaster.map_neutral", {"allowed": allowed})
    first = {"constant": UNSAID} if item.required else None
    return Line(item, first, False, "disaster.map_choose", {"allowed": allowed})


def _spoken(label: str, evidence: str) -> bool:
    """Whether a word of a name is spoken of: 給水拠点・井戸 by 井戸の形態."""
    parts = [part for piece in label.replace("等", "").split("・") for part in piece.split("、")]
    return any(len(part) >= 2 and part not in _EMPTY_WORDS and part in evidence for part in parts)


def _score(noun: Noun, lines: Sequence[Line], evidence: str) -> float:
    """Weigh a kind: its own columns found by their headings, and what the file's name and headings speak of."""
    shared = {"municipality", "name", "address", "phone", "note", "postal_code", noun.key[0]}
    own = sum(
        3.0 if isinstance(line.spec, str) else 2.0 if line.code == "disaster.map_spoken_of" else 0.0
        for line in lines
        if line.active and line.item.name not in shared
    )
    spoken = 3.0 * _spoken(noun.title, evidence)
    common = 0.2 * sum(line.active for line in lines if line.item.name in shared)
    return own + spoken + common + (1.0 if noun.kind == _ANY_PLACE else 0.0)
