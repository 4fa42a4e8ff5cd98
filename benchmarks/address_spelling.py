"""An address being written: its parts, what the reader is told by them, and whether they can mean several places."""

from dataclasses import dataclass

from benchmarks.address_registry import NAMES, Place, Registry

_KANJI = "〇一二三四五六七八九"
_NEAR_M = 1.0


@dataclass
class Spelling:
    """An address being written: its parts, and what the reader is told by them."""

    place: Place
    registry: Registry
    front: list[str]
    oaza: str
    chome: str
    koaza: str
    number: str
    digits: tuple[str, ...]
    form: str
    tail: str = ""
    lead: str = ""
    chome_told: bool = True
    text: str = ""

    @classmethod
    def official(cls, place: Place, registry: Registry) -> "Spelling":
        """Write the place as its official table does."""
        chome = f"{positional(place.chome)}丁目" if place.chome else ""
        number, form = _official_number(place)
        front = list(NAMES[place.municipality])
        return cls(place, registry, front, place.oaza, chome, place.koaza, number, place.number, form)

    def segments(self) -> list[str]:
        """Return the parts in order, empty ones left out."""
        parts = [self.lead, *self.front, self.oaza, self.chome, self.koaza, self.number, self.tail]
        return [part for part in parts if part]

    def render(self) -> str:
        """Return the text: as a habit has set it, else the parts joined."""
        return self.text or "".join(self.segments())

    @property
    def ambiguous(self) -> bool:
        """Tell whether the text can mean a place more than 1 m off, or one whose point is not known."""
        place, digits, chome = self.place, self.digits, self.place.chome
        if place.lon != place.lon or not digits:
            return False
        if chome and not self.chome_told:
            digits, chome = (str(chome), *digits), 0
        spots = self.registry.readings(place.oaza, chome, digits, self.form)
        return any(not _metres(place, spot) <= _NEAR_M for spot in spots)


def _metres(place: Place, spot: tuple[float, float]) -> float:
    north = (place.lat - spot[1]) * 111_195.0
    east = (place.lon - spot[0]) * 111_195.0 * 0.84
    return float((north * north + east * east) ** 0.5)


def _official_number(place: Place) -> tuple[str, str]:
    if place.kind == "dwelling":
        return f"{place.number[0]}番{place.number[1]}号", "dwelling"
    return "番地".join((place.number[0], "の".join(place.number[1:]))), "lot"


def positional(number: int) -> str:
    """Write a number as 二千三百二十四."""
    text = ""
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        count, number = divmod(number, unit)
        if count:
            text += (_KANJI[count] if count > 1 or not sign else "") + sign
    return text or "〇"


def digitwise(text: str) -> str:
    """Write digits one by one as 二三〇四."""
    return "".join(_KANJI[int(digit)] for digit in text)
