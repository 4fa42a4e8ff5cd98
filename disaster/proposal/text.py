"""A proposal as the TOML text of a mapping, with a remark at every line for the clerk who looks through it."""

import json
from collections.abc import Iterator, Mapping

from disaster.layouts.model import MGRS_HEADINGS
from disaster.proposal.propose import Line, Proposal
from geo.faults import Lang, words

#: Municipalities named in a remark.
_NAMES_SHOWN = 8


def mapping_text(proposal: Proposal, *, file: str, reading: Mapping[str, object], next_command: str, lang: Lang) -> str:
    """Write a mapping.

    It runs as it is where everything required was found. No value of the file stands in it but the words of a coded
    column, because a mapping is passed on where the file must not be.

    Parameters
    ----------
    proposal
        How the file may be read.
    file
        Its name.
    reading
        What had to be said to read it; kept under ``[read]``.
    next_command
        What to type when the mapping is right.
    lang
        Language of the remarks.
    """
    return "\n".join(_lines(proposal, file, reading, next_command, lang)) + "\n"


def _lines(
    proposal: Proposal, file: str, reading: Mapping[str, object], next_command: str, lang: Lang
) -> Iterator[str]:
    about = {"file": file, "kind": proposal.noun.title, "command": next_command}
    yield _remark(words("disaster.map_title", about, lang=lang))
    yield _remark(words("disaster.map_how", about, lang=lang))
    if proposal.missing:
        labels = "、".join(item.column.label for item in proposal.missing)
        yield _remark(words("disaster.map_missing", {"columns": labels}, lang=lang))
    if not proposal.well_told:
        yield _remark(words("disaster.map_unsure", about, lang=lang))
    yield _remark(words("disaster.map_next", about, lang=lang))
    yield ""
    yield f"kind = {_text(proposal.noun.kind)}  {_remark(proposal.noun.title)}"
    for noun, lacking in proposal.runners_up:
        said = {"kind": noun.kind, "title": noun.title, "missing": "、".join(lacking)}
        code = "disaster.map_runner_up_lacking" if lacking else "disaster.map_runner_up"
        yield _remark(words(code, said, lang=lang))
    yield f"title = {_text(proposal.title)}  {_remark(words('disaster.map_series', lang=lang))}"
    if proposal.unused:
        yield _remark(words("disaster.map_unused", lang=lang))
        yield f"knows = [{', '.join(_text(name) for name in proposal.unused)}]"
    if proposal.mgrs and proposal.mgrs not in MGRS_HEADINGS:
        yield _remark(words("disaster.map_mgrs", {"column": proposal.mgrs}, lang=lang))
    if reading:
        yield ""
        yield "[read]"
        yield from (f"{name} = {_value(value)}" for name, value in reading.items())
    if proposal.cities:
        yield from _where(*proposal.cities, lang)
    yield ""
    yield "[columns]"
    for line in proposal.lines:
        yield from _column(line, lang)
    for name, match in proposal.places.items():
        yield f"{name} = {_text(match.heading)}  {_remark(words(match.code, match.params, lang=lang))}"


def _where(column: str, names: tuple[str, ...], lang: Lang) -> Iterator[str]:
    """Yield a filter that keeps one municipality's rows, for the clerk to complete."""
    said = {"column": column, "count": len(names), "names": "、".join(names[:_NAMES_SHOWN])}
    yield ""
    yield _remark(words("disaster.map_cities", said, lang=lang))
    yield "#[where]"
    yield f"#column = {_text(column)}"
    yield f"#contains = [{_text(names[0])}]"


def _column(line: Line, lang: Lang) -> Iterator[str]:
    """Yield the lines of one column: read as they are, or as a remark that a clerk can take into use."""
    label = line.item.column.label
    must = words("disaster.map_required", lang=lang) if line.item.required else ""
    said = words(line.code, line.params, lang=lang)
    if line.active:
        yield f"{line.item.name} = {_value(line.spec)}  {_remark(f'{label}{must} {said}')}"
        return
    if line.spec is None and not line.item.required:
        return  # a mapping with every column that nothing was found for would hide the others
    yield _remark(f"{label}{must} {said}")
    if line.spec is not None:
        yield f"#{line.item.name} = {_value(line.spec)}"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(str(value))


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else _text(name)


def _text(value: str) -> str:
    """Return a basic string of TOML: JSON's, but for two signs that TOML wants escaped or knows not at all."""
    quoted = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return quoted.encode("utf-8", "replace").decode("utf-8")


def _remark(text: str) -> str:
    """Return a remark on one line without signs that TOML forbids in one."""
    return "# " + "".join(sign if sign.isprintable() else " " for sign in text)
