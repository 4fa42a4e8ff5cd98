"""Small documents that people hand back to Tayori: read whole, but never more than such a document can be."""

from pathlib import Path

#: Bytes of a document that a person keeps or writes by hand.
MAX_BYTES = 64 * 1024 * 1024


def read_small(path: Path, *, limit: int = MAX_BYTES) -> str:
    """Return the text of a plain file in UTF-8, with or without BOM.

    Parameters
    ----------
    path
        The file; a pipe or a device is none.
    limit
        Bytes it may have.

    Raises
    ------
    OSError
        If there is no such plain file, or it cannot be read.
    ValueError
        If it is larger than the limit or not UTF-8.
    """
    if not path.is_file():
        raise OSError(path.name)
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(path.name)
    return content.decode("utf-8-sig")
