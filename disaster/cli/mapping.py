"""The verb about unknown files: map."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import shapely
import typer
from rich.table import Table

from disaster.cli.files import AcceptInaccurate, Crs, Encoding, Part
from disaster.cli.options import KINDS_IN_WORDS, free_path, typed_kind
from disaster.cli.shell import Answer, Shell, add_verbs, table
from disaster.commands import command
from disaster.errors import IngestError, StoreError
from disaster.faultfile import without_reasons
from disaster.layouts import Layout, apply
from disaster.layouts.model import GEOMETRY, PLACE_HEADINGS
from disaster.mapping import parse_mapping
from disaster.models import NOUNS
from disaster.proposal import Proposal, known_layout, mapping_text, propose
from disaster.proposal.contents import SAMPLE_ROWS
from geo.codes import normalise
from geo.faults import CodedError, words
from geo.read import RawTable, Reader

#: Rows shown as they would be read.
_ROWS = 5
_DEFAULT = Path("mapping.toml")


def add_to(app: typer.Typer) -> None:
    """Register the verb of this module."""
    add_verbs(app, {"map": map_file})


def map_file(
    shell: Shell,
    *,
    file: Annotated[Path, typer.Argument(help="読み方の分からないファイル / an unknown file")],
    kind: Annotated[
        str | None,
        typer.Option(help="種類(決まっていれば) / kind, if known: " + KINDS_IN_WORDS, callback=typed_kind),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="書き出す対応表(mapping.toml) / mapping to write")] = None,
    encoding: Encoding = None,
    crs: Crs = None,
    part: Part = None,
    accept_inaccurate: AcceptInaccurate = False,
) -> Answer:
    """知らないファイルの列の読み方を提案する / Propose how to read an unknown file."""
    typed = {"encoding": encoding, "crs": crs, "part": part, "accept_inaccurate": accept_inaccurate}
    reading = {name: value for name, value in typed.items() if value}
    with Reader() as reader:
        raw = reader.read(file, **reading)  # type: ignore[arg-type]  # the names and types are the reader's
    known = known_layout(raw, kind)
    if known is not None:
        return _known(shell, file, known, reading, raw)
    proposal = propose(raw, kind)
    target = out or free_path(_DEFAULT)

    def written(going_on: str) -> str:
        return mapping_text(proposal, file=file.name, reading=reading, next_command=going_on, lang=shell.lang)

    layout = parse_mapping(written(""), name=target.name).layout
    town = _town(shell, layout, raw)
    next_command = command("check", proposal.noun.kind, file, "--mapping", target, *town)
    text = written(next_command)
    shown = _sample(shell, layout, raw)
    _write_new(target, text)
    return _answer(shell, file, proposal, shown, target=target, going_on=next_command)


def _known(shell: Shell, file: Path, layout: Layout, reading: Mapping[str, Any], raw: RawTable) -> Answer:
    options = [word for name, value in reading.items() for word in _option(name, value)]
    options += _town(shell, layout, raw)
    going_on = command("check", layout.kind, file, *options)
    document = {"file": file.name, "known": layout.id, "kind": layout.kind, "mapping": None, "next": going_on}
    said = words("disaster.map_known", {"file": file.name, "layout": layout.title}, lang=shell.lang)
    return Answer("map", document, [said, _next(shell, going_on)])


def _option(name: str, value: object) -> list[str | Path]:
    return ["--accept-inaccurate-crs"] if name == "accept_inaccurate" else [f"--{name}", Path(str(value))]


def _town(shell: Shell, layout: Layout, raw: RawTable) -> list[str | Path]:
    """Return the option that names the municipality, where no store does: the file's only one, or a word for it."""
    try:
        with shell.store() as store:
            if len(store.municipalities) == 1:
                return []
    except StoreError as error:
        if error.code != "disaster.no_store":
            return []  # the next command says what is wrong with the store
    head = without_reasons(raw.table).slice(0, SAMPLE_ROWS)
    read = apply(replace(layout, only_municipality=False), head, file=Path(raw.source.name).stem).table
    found = set(read.column("municipality").to_pylist()) if "municipality" in read.column_names else set()
    try:
        codes = {normalise(one) for one in found if one}
    except CodedError:
        codes = set()
    return ["--municipality", codes.pop() if len(codes) == 1 else shell.say("市区町村コード", "MUNICIPALITY-CODE")]


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise IngestError("disaster.file_exists", file=path.name) from error
    except OSError as error:
        raise IngestError("disaster.file_not_written", file=path.name, cause=error.strerror or "") from error


def _sample(shell: Shell, layout: Layout, raw: RawTable) -> Table:
    """Return the first rows as they would be read: the user's own file on the user's own screen, and nowhere else."""
    head = without_reasons(raw.table).slice(0, _ROWS)
    read = apply(replace(layout, only_municipality=False), head, file=Path(raw.source.name).stem).table
    labels = {item.name: item.column.label for item in NOUNS[layout.kind].fields}
    labels |= {name: headings[0] for name, headings in PLACE_HEADINGS.items()}
    words_of = {item.name: item.column.choices for item in NOUNS[layout.kind].fields}
    columns = {
        labels[name]: [words_of.get(name, {}).get(value, value) for value in read.column(name).to_pylist()]
        for name in read.column_names
        if name in labels
    }
    if GEOMETRY in read.column_names:
        columns |= _places(shell, read.column(GEOMETRY))
    filled = {label: values for label, values in columns.items() if any(values)}
    rows = list(zip(*filled.values(), strict=True))
    count = read.num_rows
    title = shell.say(f"先頭の{count}行は、次のように読まれます", f"The first {count} rows would be read so")
    return table(title, list(filled), rows)


def _places(shell: Shell, column: pa.ChunkedArray) -> dict[str, list[Any]]:
    shapes = np.asarray(shapely.from_wkb(column.to_numpy(), on_invalid="ignore"), dtype=object)
    kinds = [None if shape is None else shape.geom_type for shape in shapes]
    if set(kinds) <= {"Point", None}:
        axes = (shapely.get_x(shapes), shapely.get_y(shapes))
        degrees = ([f"{value:.6f}" if np.isfinite(value) else "" for value in axis] for axis in axes)
        return dict(zip((headings[0] for headings in PLACE_HEADINGS.values()), degrees, strict=True))
    return {shell.say("図形", "shape"): list(kinds)}


def _answer(shell: Shell, file: Path, proposal: Proposal, shown: Table, *, target: Path, going_on: str) -> Answer:
    missing = [item.column.label for item in proposal.missing]
    document = {
        "file": file.name, "known": None, "kind": proposal.noun.kind, "mapping": str(target), "missing": missing,
        "columns": {line.item.name: line.spec for line in proposal.lines if line.active},
        "doubtful": {line.item.name: line.spec for line in proposal.lines if not line.active and line.spec},
        "unused": list(proposal.unused), "runners_up": [noun.kind for noun, _lacking in proposal.runners_up],
        "next": going_on,
    }  # fmt: skip
    lines = [shell.say(f"対応表の案を {target} に書きました。", f"Wrote a proposed mapping to {target}.")]
    about = {"file": file.name, "kind": f"{proposal.noun.title}({proposal.noun.kind})"}
    if not proposal.well_told:
        lines.append(words("disaster.map_unsure", about, lang=shell.lang))
    if proposal.cities:
        column, names = proposal.cities
        said = {"column": column, "count": len(names), "names": "、".join(names[:_ROWS])}
        lines.append(words("disaster.map_cities", said, lang=shell.lang))
    if missing:
        lines.append(words("disaster.map_missing", {"columns": "、".join(missing)}, lang=shell.lang))
    return Answer("map", document, [*lines, _next(shell, going_on)], [_columns(shell, proposal), shown])


def _columns(shell: Shell, proposal: Proposal) -> Table:
    """Return what is read from where, and why."""
    headings = shell.headings("列/column", "ファイルの見出し/heading", "理由/why")
    rows: list[Sequence[object]] = []
    for line in proposal.lines:
        if line.active or line.spec is not None or line.item.required:
            source = line.spec if isinstance(line.spec, str) else _inside(line.spec)
            unused = shell.say("(使わない) ", "(not used) ") if line.spec is not None and not line.active else ""
            why = words(line.code, line.params, lang=shell.lang)
            rows.append((line.item.column.label, f"{unused}{source}", why))
    for name, match in proposal.places.items():
        why = words(match.code, match.params, lang=shell.lang)
        rows.append((PLACE_HEADINGS[name][0], match.heading, why))
    kind = f"{proposal.noun.title}({proposal.noun.kind})"
    return table(shell.say(f"{kind} として読む案", f"Proposed as {kind}"), headings, rows)


def _inside(spec: Mapping[str, object] | None) -> str:
    """Say a made value in one word: its text, or the heading it comes from."""
    spec = spec or {}
    return str(spec.get("constant") or spec.get("template") or spec.get("from") or "")


def _next(shell: Shell, going_on: str) -> str:
    return shell.say(f"次の命令: {going_on}", f"Next: {going_on}")
