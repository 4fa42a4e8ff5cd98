"""One finding about an agreement: how grave, where, what, and what to do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agreements.decision import Reason
from geo.faults import Lang


class Level(StrEnum):
    """How grave a finding is, gravest first."""

    ERROR = "error"  # a contradiction: something will be refused, or must not be done
    WARNING = "warning"  # a gap that will hurt in a disaster
    NOTE = "note"  # worth a look


LEVELS = {Level.ERROR: ("誤り", "error"), Level.WARNING: ("注意", "warning"), Level.NOTE: ("参考", "note")}


@dataclass(frozen=True, slots=True)
class Finding:
    """A contradiction or gap; `place` is where the agreement's file says it, such as ``clauses.match``."""

    level: Level
    place: str
    reason: Reason

    def sentence(self, lang: Lang = "ja") -> str:
        """Say what is found and what to do."""
        return self.reason.sentence(lang)

    def to_dict(self) -> dict[str, Any]:
        """Return the finding for JSON, with both sentences."""
        return {"level": self.level.value, "place": self.place, **self.reason.to_dict()}
