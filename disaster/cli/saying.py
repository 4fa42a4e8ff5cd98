"""How decisions, courses, layers and calls are said to people."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.table import Table

from agreements.decide import Decision
from agreements.vocabulary import DATASETS, MODES, PURPOSES
from agreements.workflow import ACTS, ROLES, STATES, Act
from disaster.aftercare.documents import Caller
from disaster.cli.shell import Shell, table
from disaster.commands import command, shell_word
from disaster.models import NOUNS, Side
from disaster.requests import Filed

#: Words for kinds of rows, and for the layers of a pack.
_TITLES = {
    **{kind: dataset.label for kind, dataset in DATASETS.items()},
    **{kind: noun.title for kind, noun in NOUNS.items()},
    "dwellings": MODES["dwelling"][0],
    "persons": MODES["person"][0],
    "match": MODES["match"][0],
    "forwarded": "代行送付の件数",
    "mailing": "配布先一覧",
}
_SIDES = {Side.POST: "郵便局", Side.MUNICIPALITY: "市区町村", Side.DEMO: "架空のデータ"}


def spoken(shell: Shell, decision: Decision) -> list[str]:
    """Say a decision in sentences: the clause or what is missing, the conditions, the milder way."""
    lines = [reason.sentence(shell.lang) for reason in decision.reasons]
    lines += [shell.say("条件: ", "Condition: ") + reason.sentence(shell.lang) for reason in decision.conditions]
    if decision.milder_why is not None:
        milder = f"(--mode {decision.milder}): {decision.milder_why.sentence(shell.lang)}"
        lines.append(shell.say("より穏やかな形 ", "A milder way ") + milder)
    if not decision.granted:
        said = decision.telephone(shell.lang)
        lines.append(shell.say(f"電話では、次のように伝えてください:「{said}」", f"On the telephone say: “{said}”"))
    return lines


def asked(shell: Shell, one: Filed) -> str:
    """Say in one line what is asked for: data, form, purpose."""
    request = one.request
    dataset, purpose = DATASETS.get(request.dataset), PURPOSES.get(request.purpose, (request.purpose,) * 2)
    label = (dataset.label, dataset.label_en) if dataset else (request.dataset,) * 2
    return shell.say(*("・".join(parts) for parts in zip(label, MODES[request.mode], purpose, strict=True)))


def state(shell: Shell, one: Filed) -> str:
    """Say where a course stands."""
    return shell.say(*STATES[one.course.state])


def steps(shell: Shell, one: Filed) -> list[tuple[str, str, str, str, str]]:
    """Return the steps of a course as rows: time, act, person, role, reason or number."""
    return [
        (
            shell.when(step.at),
            shell.say(*ACTS[step.act]),
            step.actor.name,
            shell.say(*ROLES[step.actor.role]),
            " ".join(text for text in (step.number, step.reason) if text),
        )
        for step in one.course.steps
    ]


def facts(shell: Shell, one: Filed, area: str | None) -> list[tuple[str, str]]:
    """Return what an approver has to see of a request, as rows: where, who, how, why, and on what it stands.

    Parameters
    ----------
    area
        The name of its area, None where it asks for all.
    """
    request, decision = one.request, one.decision
    wrote = one.course.last(Act.REQUEST)
    by_phone = request.channel == "telephone"
    return [
        (shell.say("区域", "area"), area or shell.say("全域", "all")),
        (shell.say("求めた人", "asked by"), " ".join(filter(None, (request.requester, request.person)))),
        (shell.say("記録した人", "written down by"), wrote.actor.name if wrote else ""),
        (shell.say("折り返して確かめた人", "called back by"), request.confirmed_by or "-"),
        (shell.say("方法", "channel"), shell.say("電話", "telephone") if by_phone else shell.say("文書", "document")),
        (shell.say("文書番号", "document"), request.document_no or shell.say("未着", "not yet")),
        (shell.say("理由", "reason"), request.reason or "-"),
        (shell.say("条項", "clause"), (decision.article if decision and decision.granted else "") or "-"),
        (shell.say("項目の数", "columns"), str(len(decision.columns)) if decision and decision.granted else "-"),
    ]


def side_title(shell: Shell, side: Side) -> str:
    """Name a side for people."""
    return shell.say(_SIDES[side], str(side))


def layer_title(shell: Shell, name: str) -> str:
    """Name a kind of rows or a layer of a pack for people; what came in a pack is said to be received."""
    own = name.removeprefix("received/")
    title = shell.say(_TITLES.get(own, own), own)
    return title if own == name else shell.say("受領: ", "received: ") + title


def files_table(shell: Shell, title: str, files: Mapping[str, Mapping[str, int]]) -> Table:
    """Return a table of written files, each with its rows by layer."""
    rows = [
        (path, shell.say("、", ", ").join(f"{layer_title(shell, name)} {count}" for name, count in counts.items()))
        for path, counts in files.items()
    ]
    return table(title, shell.headings("ファイル/file", "件数/rows"), rows)


def people_to_call(shell: Shell, calls: Iterable[Caller]) -> str:
    """Say whom to call, in the order given."""
    said = [
        f"{one.role} {one.name} {one.phone}{shell.say('(夜間可)', ' (24h)') if one.at_night else ''}" for one in calls
    ]
    return "、".join(said) or shell.say("協定に連絡先がありません", "no contact in the agreement")


def run_out_lines(shell: Shell, count: int) -> list[str]:
    """Say that entries of the list of protected people have run out: without names, to whom keeps the list."""
    if not count:
        return []
    return [
        shell.say(
            f"期限の切れた支援措置が{count}件あります。その人の氏名は隠していません(名簿の担当に確かめてください)。",
            f"{count} protection entries have run out and hide nobody: ask who keeps that list.",
        )
    ]


def a_name(shell: Shell) -> str:
    """Return what stands for a person's name in a command that is still to be completed."""
    return shell.say("氏名", "NAME")


def next_command(shell: Shell, *words: str | Path, stored: bool = True) -> str:
    """Say what can be typed next; what is not `stored` needs no store."""
    return next_line(shell, command(*words)) if stored else shell.say("次: ", "Next: ") + command(*words)


def next_line(shell: Shell, line: str) -> str:
    """Say which command can be typed next at the same store."""
    return shell.say("次: ", "Next: ") + same_store(shell, line)


def same_store(shell: Shell, line: str) -> str:
    """Return a command that finds the same store: a folder that was typed is named again.

    The address of a database is not: it may hold a password, and what is shown stands in logs and pictures of screens.
    """
    return line if shell.typed_dir is None else f"{line} --data-dir {shell_word(shell.typed_dir)}"
