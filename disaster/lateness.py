"""How late the document came that follows a request by telephone, in the words that its step keeps."""

from datetime import datetime, timedelta

from agreements.clock import shown
from agreements.workflow import Act, Course

#: How the reason of a document's step begins where the document came late; a reason that somebody types comes after
#: `_WHY` and cannot look like it.
_LATE, _WHY = "期限", "理由: "


def document_words(due: datetime | None, came: datetime, at: datetime, reason: str) -> str:
    """Return what the step of a document keeps: by how much it came late, when it was written down, and why."""
    words = [
        f"{_LATE}({shown(due)})を{overrun(came - due)[0]}過ぎて届きました。" if due is not None and came > due else "",
        f"記録は{shown(at)}。" if came != at else "",
        f"{_WHY}{reason.strip()}" if reason.strip() else "",
    ]
    return "".join(words)


def overrun(late: timedelta) -> tuple[str, str]:
    """Say how much time it was, to the minute, in Japanese and in English."""
    minutes = int(late.total_seconds()) // 60
    parts = ((minutes // 1440, "日", "d"), (minutes // 60 % 24, "時間", "h"), (minutes % 60, "分", "min"))
    told = [part for part in parts if part[0]]
    if not told:
        return "1分足らず", "less than a minute"
    return "".join(f"{n}{ja}" for n, ja, _ in told), " ".join(f"{n} {en}" for n, _, en in told)


def said_late(course: Course) -> str:
    """Return what the course says of a document that came late; empty where none did."""
    taken = (step.reason for step in course.steps if step.act is Act.DOCUMENT)
    return next((reason.split("。")[0] for reason in taken if reason.startswith(_LATE)), "")
