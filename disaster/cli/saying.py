"""How decisions and courses are said to people."""

from agreements.decide import Decision
from agreements.vocabulary import DATASETS, MODES, PURPOSES
from agreements.workflow import ACTS, ROLES, STATES
from disaster.cli.shell import Shell
from disaster.commands import command
from disaster.requests import Filed


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


def headings_of(shell: Shell, *pairs: str) -> list[str]:
    """Return headings of the reader's language, each given as ``日本語/english``."""
    return [pair.split("/")[0 if shell.lang == "ja" else 1] for pair in pairs]


def next_command(shell: Shell, *words: str) -> str:
    """Say what can be typed next."""
    return shell.say("次: ", "Next: ") + command(*words)
