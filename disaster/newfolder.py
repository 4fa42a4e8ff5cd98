"""A folder that is there with all of its files or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from disaster.errors import DisasterError
from disaster.store import move, sync_folder


@contextmanager
def new_folder(out: Path, refusal: type[DisasterError]) -> Iterator[Path]:
    """Give a private folder beside `out` to write into; what stands in it at the end becomes `out` in one step.

    Only its owner may open it or a file in it, all of it is durable before it is renamed, and nothing is overwritten.

    Raises
    ------
    DisasterError
        As `refusal`: ``disaster.out_exists``, or ``disaster.cannot_write_out`` with the system's reason.
    """
    if out.exists():
        raise refusal("disaster.out_exists", folder=out.name)
    staging = staging_of(out)
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700, parents=True)
        yield staging
        for path in sorted(path for path in staging.rglob("*") if path.is_file()):
            sync_private(path)
        sync_folders(staging)
        move(staging, out)
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise refusal("disaster.cannot_write_out", folder=str(out), cause=cause) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def staging_of(out: Path) -> Path:
    """Return where a folder is made: beside its place, so that it can be renamed in one step."""
    return out.with_name(f".staging-{out.name}")


def sync_private(file: Path) -> None:
    """Make a written file durable and readable by its owner only."""
    file.chmod(0o600)
    with file.open("r+b") as stream:
        os.fsync(stream.fileno())


def sync_folders(folder: Path) -> None:
    """Make the names of all files below a folder durable; their contents are since `sync_private`."""
    for below in sorted(path for path in folder.rglob("*") if path.is_dir()):
        sync_folder(below)
    sync_folder(folder)
