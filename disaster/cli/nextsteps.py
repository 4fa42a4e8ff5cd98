"""What can be typed next about a request, as it is typed."""

from agreements.request import Mode
from agreements.vocabulary import third_party
from agreements.workflow import State
from disaster.cli.saying import next_command
from disaster.cli.shell import Shell
from disaster.commands import shell_word
from disaster.requests import Filed

_ENDED = frozenset({State.REJECTED, State.WITHDRAWN, State.DELETED, State.NEW})
#: What a refused request may lack and get later, without being asked anew: a document, a trigger or an area of its
#: event, an agreement's term, a weighing.
_DOCUMENT = frozenset({"agreements.document_first", "agreements.document_overdue"})
_TRIGGER = frozenset({"agreements.no_trigger", "agreements.trigger_ended"})
_AREA = frozenset({"agreements.outside_areas"})
_EVENT = _TRIGGER | _AREA
#: What is asked for anew, with another area.
_WHICH_AREA = frozenset({"agreements.area_needed", "disaster.area_elsewhere"})
_TERM = frozenset({"agreements.not_signed", "agreements.not_yet_in_force", "agreements.expired"})
_WEIGHING = frozenset({"agreements.no_assessment", "agreements.assessment_ended"})


def next_commands(shell: Shell, one: Filed) -> list[str]:
    """Say what can be typed next, with what stands open after a release."""
    name, course = one.request.request_id, one.course
    person = shell.say("人の名", "NAME")
    lines = _to_open(shell, one)
    if course.releasable and (one.decision is None or one.decision.granted):
        out = shell.say("出力フォルダ", "FOLDER")
        verb = "onward" if third_party(one.request.recipient) else "provide"
        lines.append(next_command(shell, verb, name, "--by", person, "--out", out, *_file_of_mode(shell, one)))
    if _document_may_help(one):
        number = shell.say("文書番号", "DOCUMENT_NO")
        lines.append(next_command(shell, "request", "document", name, "--number", number, "--by", person))
    if course.review_due is not None:
        finding, until = shell.say("確かめたこと", "FINDING"), shell.when(course.review_due)
        lines.append(shell.say(f"事後確認の期限は{until}です。", f"The review is due by {until}."))
        words = ("request", "review", name, "--by", shell.say("ほかの人の名", "ANOTHER"), "--reason", finding)
        lines.append(next_command(shell, *words))
    return lines


def _to_open(shell: Shell, one: Filed) -> list[str]:
    """Say how a request that waits for it is approved; of a refused one, what would have to come first."""
    name, state, decision = one.request.request_id, one.course.state, one.decision
    if state not in (State.REQUESTED, State.REFUSED) or (state is State.REFUSED and decision is None):
        return []
    if decision is None or decision.granted:
        return [next_command(shell, "request", "approve", name, "--by", shell.say("ほかの人の名", "ANOTHER"))]
    lacks = _lacks(one)
    if one.request.event_id is None and lacks & _EVENT:  # no trigger of an event reaches a request of peacetime
        event, by = shell.say("災害の名", "EVENT"), shell.say("決めた人の名", "NAME")
        return [next_command(shell, "event", "open", "--name", event, "--by", by)]
    if lacks & _WHICH_AREA:
        of_event = ("--event", shell_word(one.request.event_id)) if one.request.event_id else ()
        return [next_command(shell, "event", "areas", *of_event)]
    if lacks <= _DOCUMENT | _EVENT | _TERM | _WEIGHING:
        first = shell.say("足りないものがそろったら、", "Once nothing is missing. ")
        return [*_to_mend(shell, one), first + next_command(shell, "request", "show", name)]
    return []


def _to_mend(shell: Shell, one: Filed) -> list[str]:
    """Return the commands that bring what a refused request lacks; its document has a line of its own."""
    lacks, request, name = _lacks(one), one.request, shell.say("人の名", "NAME")
    event = shell_word(request.event_id or "")
    lines = []
    if lacks & _WEIGHING:
        lines.append(next_command(
            shell, "assessment", "new", shell.say("検討.toml", "FILE.toml"), "--dataset", request.dataset,
            "--mode", str(request.mode), "--purpose", request.purpose, "--by", shell.say("検討した人", "NAME"),
            "--office", shell.say("所属", "OFFICE"), "--guideline", shell.say("ガイドライン", "GUIDELINE"),
            "--version-of", shell.say("版", "VERSION"), "--reason", shell.say("検討の内容", "GROUNDS"),
        ))  # fmt: skip
    if lacks & _TRIGGER:
        lines.append(next_command(shell, "event", "trigger", event, _trigger(one), "--by", name))
    if lacks & _AREA and request.area is not None:
        lines.append(next_command(shell, "event", "area", event, shell_word(request.area), "--by", name))
    return lines


def _document_may_help(one: Filed) -> bool:
    """Whether a document is still to follow the call, or is among what a refused one lacks."""
    if one.request.channel != "telephone" or one.request.document_no or one.course.state in _ENDED:
        return False
    if one.course.state is not State.REFUSED or one.decision is None or one.decision.granted:
        return True
    return bool(_lacks(one) & _DOCUMENT)


def _lacks(one: Filed) -> frozenset[str]:
    return frozenset(reason.code for reason in one.decision.reasons) if one.decision else frozenset()


def _trigger(one: Filed) -> str:
    """Return the first kind of trigger that the clause in question would open with."""
    reasons = one.decision.reasons if one.decision else ()
    kinds = next((reason.params.get("triggers") for reason in reasons if reason.code in _TRIGGER), None)
    return str(kinds[0]) if isinstance(kinds, tuple) and kinds else "hq_established"


def _file_of_mode(shell: Shell, one: Filed) -> tuple[str, ...]:
    """Return the file that a mode needs besides."""
    if one.request.mode is Mode.MATCH:
        return "--list", shell.say("照会リスト", "FILE")
    return ("--notice", shell.say("お知らせのPDF", "PDF")) if one.request.mode is Mode.FORWARD else ()
