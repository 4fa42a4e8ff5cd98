"""Japan's days: agreements begin and end at midnight there, and people are shown its clock."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from agreements.errors import RequestError
from geo.faults import Lang

JST = ZoneInfo("Asia/Tokyo")


def require_aware(at: datetime | None, what: str) -> None:
    """Refuse a time without a zone, which could be nine hours wrong.

    Raises
    ------
    RequestError
        ``agreements.time_without_zone``; `what` names the field.
    """
    if at is not None and at.utcoffset() is None:
        raise RequestError("agreements.time_without_zone", what=what, value=at.isoformat())


def japan_date(at: datetime) -> date:
    """Return the day that it is in Japan at an aware time."""
    require_aware(at, "at")
    return at.astimezone(JST).date()


def shown(at: datetime, lang: Lang = "ja") -> str:
    """Write an aware time as people in Japan read it, to the minute."""
    local = at.astimezone(JST)
    if lang == "en":
        return f"{local:%Y-%m-%d %H:%M} JST"
    return f"{local.year}年{local.month}月{local.day}日{local.hour}時{local.minute:02d}分"


def shown_day(day: date, lang: Lang = "ja") -> str:
    """Write a day as people read it."""
    return day.isoformat() if lang == "en" else f"{day.year}年{day.month}月{day.day}日"
