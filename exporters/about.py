"""What a file says about itself: in words for staff, and as data for programs."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from exporters.cells import DRILL, japan_time
from exporters.model import Extract, Layer, Marks

FORMAT: Final = "tayori-layer"
VERSION: Final = 1
#: Words for the rules by which the door withholds rows.
WITHHELD: Final[Mapping[str, str]] = {
    "not_a_home": "住居ではない配達先",
    "no_place": "位置が決まらず区域の内外が分からないもの",
    "suspended": "配達を休止している区域",
    "unreachable": "到達できない配達先",
    "seems_vacant": "空き家とみられる配達先",
}
DRILL_SENTENCE: Final = "これは訓練です。実際の災害ではありません。"


def instant(at: datetime | None) -> str | None:
    """Write an instant for programs: UTC, to the second, RFC 3339."""
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def lines(marks: Marks) -> list[tuple[str, str]]:
    """Return what a sheet or a map must say about itself as pairs of heading and words; empty ones are left out."""
    said = [
        ("市区町村", marks.municipality),
        ("災害", marks.event),
        ("時点", f"{japan_time(marks.as_of)}(日本時間)"),
        ("提供元", marks.provider),
        ("提供先", marks.recipient),
        ("利用目的", marks.purpose),
        ("根拠", marks.basis),
        ("利用期限", f"{japan_time(marks.expires_at)}まで" if marks.expires_at else ""),
    ]
    return [(heading, text) for heading, text in said if text]


def rule_words(rule: str) -> str:
    """Say the rule by which rows were withheld; a rule without words is shown as it is."""
    return WITHHELD.get(rule, rule)


def as_data(layer: Layer, marks: Marks) -> dict[str, Any]:
    """Return the marks, the counts and the meaning of the columns for programs."""
    said: dict[str, Any] = {
        "format": FORMAT, "version": VERSION, "layer": layer.name, "title": layer.title, "rows": len(layer),
        "municipality": marks.municipality, "event": marks.event, "drill": marks.drill,
        "as_of": instant(marks.as_of), "layer_as_of": instant(layer.as_of), "source": layer.source, "note": layer.note,
        "provider": marks.provider, "recipient": marks.recipient, "purpose": marks.purpose,
        "basis": basis_of(layer, marks), "expires_at": instant(marks.expires_at),
    }  # fmt: skip
    if isinstance(layer, Extract):
        said |= {"mode": layer.mode, "matched": layer.matched, "returned": layer.returned}
        said["withheld"] = dict(layer.withheld)
    said["columns"] = [
        {
            "name": c.name,
            "label": c.label,
            "type": str(c.type),
            "sensitivity": str(c.sensitivity),
            **_choices(c.choices),
        }
        for c in layer.columns
    ]
    said["grounds"] = None if layer.grounds is None else asdict(layer.grounds)
    return said


def basis_of(layer: Layer, marks: Marks) -> str:
    """Return what lets this layer leave; it is not always the clause that opens the layer beside it."""
    if layer.grounds is None:
        return marks.basis
    return f"{layer.grounds.sentence} 法令の根拠: {layer.grounds.law}" if layer.grounds.law else layer.grounds.sentence


def _choices(choices: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {"choices": dict(choices)} if choices else {}


def drill_title(title: str, marks: Marks) -> str:
    """Return a title that says so when it is a drill."""
    return f"【{DRILL}】{title}" if marks.drill else title
