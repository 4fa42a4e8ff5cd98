"""What can be typed next about a request, as it is typed."""

from agreements.request import Mode
from agreements.vocabulary import third_party
from agreements.workflow import State
from disaster.cli.saying import next_command
from disaster.cli.shell import Shell
from disaster.requests import Filed

_ENDED = frozenset({State.REJECTED, State.WITHDRAWN, State.DELETED, State.NEW})
#: What a refused request may lack and get later, without being asked anew: a document, a trigger or an area of its
#: event, an agreement's term, a weighing.
_DOCUMENT = frozenset({"agreements.document_first", "agreements.document_overdue"})
_EVENT = frozenset({"agreements.no_trigger", "agreements.trigger_ended", "agreements.outside_areas"})
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
    approve = ("request", "approve", one.request.request_id, "--by", shell.say("ほかの人の名", "ANOTHER"))
    refused = one.course.state is State.REFUSED
    if one.course.state is State.REQUESTED or (refused and one.decision is not None and one.decision.granted):
        return [next_command(shell, *approve)]
    if not refused or one.decision is None:
        return []
    lacks = _lacks(one)
    if one.request.event_id is None and lacks & _EVENT:  # no trigger of an event reaches a request of peacetime
        event, by = shell.say("災害の名", "EVENT"), shell.say("決めた人の名", "NAME")
        return [next_command(shell, "event", "open", "--name", event, "--by", by)]
    if lacks <= _DOCUMENT | _EVENT | _TERM | _WEIGHING:
        first = shell.say("足りないものがそろったら、", "Once nothing is missing. ")
        return [first + next_command(shell, *approve)]
    return []


def _document_may_help(one: Filed) -> bool:
    """Whether a document is still to follow the call, or is among what a refused one lacks."""
    if one.request.channel != "telephone" or one.request.document_no or one.course.state in _ENDED:
        return False
    if one.course.state is not State.REFUSED or one.decision is None or one.decision.granted:
        return True
    return bool(_lacks(one) & _DOCUMENT)


def _lacks(one: Filed) -> frozenset[str]:
    return frozenset(reason.code for reason in one.decision.reasons) if one.decision else frozenset()


def _file_of_mode(shell: Shell, one: Filed) -> tuple[str, ...]:
    """Return the file that a mode needs besides."""
    if one.request.mode is Mode.MATCH:
        return "--list", shell.say("照会リスト", "FILE")
    return ("--notice", shell.say("お知らせのPDF", "PDF")) if one.request.mode is Mode.FORWARD else ()
