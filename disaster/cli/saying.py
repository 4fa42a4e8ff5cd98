"""How decisions and courses are said to people."""

from agreements.decide import Decision
from agreements.vocabulary import DATASETS, MODES, PURPOSES
from agreements.workflow import ACTS, ROLES, STATES, Act
from disaster.cli.shell import Shell
from disaster.commands import command
from disaster.particulars import area_name
from disaster.requests import Filed
from disaster.store import Store


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


def facts(shell: Shell, store: Store, one: Filed) -> list[tuple[str, str]]:
    """Return what an approver has to see of a request, as rows: where, who, how, why, and on what it stands."""
    request, decision = one.request, one.decision
    wrote = one.course.last(Act.REQUEST)
    by_phone = request.channel == "telephone"
    return [
        (shell.say("区域", "area"), _area(shell, store, one)),
        (shell.say("求めた人", "asked by"), " ".join(filter(None, (request.requester, request.person)))),
        (shell.say("記録した人", "written down by"), wrote.actor.name if wrote else ""),
        (shell.say("折り返して確かめた人", "called back by"), request.confirmed_by or "-"),
        (shell.say("方法", "channel"), shell.say("電話", "telephone") if by_phone else shell.say("文書", "document")),
        (shell.say("文書番号", "document"), request.document_no or shell.say("未着", "not yet")),
        (shell.say("理由", "reason"), request.reason or "-"),
        (shell.say("条項", "clause"), (decision.article if decision and decision.granted else "") or "-"),
        (shell.say("項目の数", "columns"), str(len(decision.columns)) if decision and decision.granted else "-"),
    ]


def _area(shell: Shell, store: Store, one: Filed) -> str:
    """Name the area of a request with its id; a name that the store does not have is not made up."""
    if one.request.area is None:
        return shell.say("全域", "all")
    known = area_name(store, one.request)
    return f"{known}({one.request.area})" if known else one.request.area


def headings_of(shell: Shell, *pairs: str) -> list[str]:
    """Return headings of the reader's language, each given as ``日本語/english``."""
    return [pair.split("/")[0 if shell.lang == "ja" else 1] for pair in pairs]


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


def next_command(shell: Shell, *words: str) -> str:
    """Say what can be typed next."""
    return shell.say("次: ", "Next: ") + command(*words)
