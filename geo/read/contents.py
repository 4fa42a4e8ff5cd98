"""Which of several files is meant: in a folder, in an archive."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from geo.errors import ReadError
from geo.read.detect import FORMATS, SHAPEFILE_PARTS
from geo.read.model import Note, quoted_names

#: Endings of archives: one inside another is not opened.
ARCHIVES = frozenset({".zip", ".kmz", ".7z", ".rar", ".lzh", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".cab", ".exe"})

_READABLE = frozenset(ending for endings in FORMATS.values() for ending in endings) | {".xlsb"}
#: Endings that lists of data share with descriptions of them: they count only where there is nothing else.
_WEAK = frozenset({".txt", ".xml", ".tab", ".json"})
_TELLS_ABOUT = re.compile(
    r"read.?me|meta|licen[cs]e|terms|説明|お読み|読んで|利用規約|注意|はじめに|凡例|仕様|定義書", re.IGNORECASE
)
#: What systems leave behind in every archive and folder.
_LEFT_BEHIND = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|~\$)", re.IGNORECASE)
#: Formats of one map that publishers put side by side under one name, the surest to read first.
_SAME_MAP = (".gpkg", ".geojson", ".fgb", ".shp", ".gml", ".xml", ".kml")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The one file that is meant.

    Attributes
    ----------
    name
        As given; of a shapefile that of the ``.shp``.
    parts
        The other parts of a shapefile: ending in small letters to name.
    part
        What is meant within it, if that was said: a sheet, a layer.
    notes
        What lies beside it and was not read.
    """

    name: str
    parts: Mapping[str, str]
    part: str | None
    notes: tuple[Note, ...]


def choose(names: Sequence[str], part: str | None, file: str, *, nested: bool = False) -> Chosen:
    """Choose the one file that is meant among several.

    Parameters
    ----------
    names
        Paths within the folder or archive, ``/`` between folders.
    part
        What the user asked for: a path or name of one of them, with ``/<sheet or layer>`` behind it or that alone.
    file
        Name of the folder or archive, for refusals.
    nested
        Whether archives among them may be opened: in a folder, not in an archive.

    Raises
    ------
    ReadError
        If none can be read, several can, or the one asked for is not there.
    """
    real = [name for name in names if not _LEFT_BEHIND.search(name)]
    archives = [name for name in real if _ending(name) in ARCHIVES]
    found = _candidates(real, [*archives] if nested else [])
    if part is not None and (asked := _asked(found, part)):
        return _chosen(asked[0], asked[1], real)
    if not found and archives:
        raise ReadError("geo.zip_nested", file=file, names=quoted_names(archives))
    if not found:
        raise ReadError("geo.nothing_readable", file=file, names=quoted_names(real) or "-")
    if archives and not nested:
        raise ReadError("geo.zip_nested", file=file, names=quoted_names(archives))
    if len(found) == 1 or _same_map(found):
        return _chosen(found[0], part, real)
    if part is not None:
        raise ReadError("geo.part_not_found", file=file, part=part, parts=quoted_names(found))
    raise ReadError("geo.several_members", file=file, names=quoted_names(found), example=found[0])


def shapefile_parts(name: str, names: Iterable[str]) -> dict[str, str]:
    """Return the other parts of a shapefile: ending in small letters to name."""
    stem = _stem(name)
    return {_ending(other): other for other in names if _ending(other) in SHAPEFILE_PARTS and _stem(other) == stem}


def _candidates(real: Sequence[str], archives: Sequence[str]) -> list[str]:
    """Return what can be read, descriptions left out, the surest format first."""
    readable = [name for name in real if _ending(name) in _READABLE and _ending(name) not in ARCHIVES] + list(archives)
    data = [name for name in readable if not _TELLS_ABOUT.search(PurePosixPath(name).name)] or readable
    strong = [name for name in data if _ending(name) not in _WEAK] or data
    return sorted(strong, key=lambda name: (_rank(name), name))


def _asked(found: Sequence[str], part: str) -> tuple[str, str | None] | None:
    """Return the file that a wish names, by its path or, if only one has it, by its name; and the rest of the wish."""
    wish = unicodedata.normalize("NFC", part)
    for key in (_whole, _last):
        hits = [name for name in found if f"{wish}/".startswith(f"{key(name)}/")]
        if len(hits) == 1:
            return hits[0], wish[len(key(hits[0])) + 1 :] or None
    return None


def _whole(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _last(name: str) -> str:
    return PurePosixPath(_whole(name)).name


def _same_map(found: Sequence[str]) -> bool:
    """Tell whether these are one map in several formats: one folder, one name, each ending once."""
    endings = [_ending(name) for name in found]
    return (
        len({_stem(name) for name in found}) == 1 and len(set(endings)) == len(endings) and {*endings} <= {*_SAME_MAP}
    )


def _chosen(name: str, part: str | None, real: Sequence[str]) -> Chosen:
    parts = shapefile_parts(name, real) if _ending(name) == ".shp" else {}
    beside = [other for other in real if other != name and other not in parts.values()]
    note: Note = ("geo.note_beside_not_read", {"count": len(beside), "names": quoted_names(beside)})
    return Chosen(name, parts, part, (note,) if beside else ())


def _rank(name: str) -> int:
    ending = _ending(name)
    return _SAME_MAP.index(ending) if ending in _SAME_MAP else 0


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")).casefold()
