"""Files that come into being whole or not at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pyogrio.errors import DataLayerError, DataSourceError
from xlsxwriter.exceptions import XlsxWriterException

from exporters.errors import ExportError
from exporters.model import Layer

_FAILURES = (OSError, DataSourceError, DataLayerError, XlsxWriterException)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; it becomes `path` only when the block ends without an error.

    The name lies in the same folder, so that rows about homes never touch a shared temporary folder, and keeps the
    suffix, because GDAL chooses by it.

    Raises
    ------
    ExportError
        ``exporters.cannot_write`` if the folder is missing, full or closed to us.
    """
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        partial.unlink(missing_ok=True)
        yield partial
        os.replace(partial, path)
    except _FAILURES as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        raise ExportError("exporters.cannot_write", file=path.name, cause=cause) from error
    finally:
        if partial.parent.is_dir():
            partial.unlink(missing_ok=True)


def refuse_same_names(layers: Sequence[Layer]) -> None:
    """Refuse a set of layers that cannot be told apart by name, or an empty one.

    Raises
    ------
    ExportError
        ``exporters.no_layers`` or ``exporters.same_name``.
    """
    if not layers:
        raise ExportError("exporters.no_layers")
    seen: set[str] = set()
    for layer in layers:
        if layer.name.lower() in seen:
            raise ExportError("exporters.same_name", layer=layer.name)
        seen.add(layer.name.lower())
