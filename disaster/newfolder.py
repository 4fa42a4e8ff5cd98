"""A folder that is there with all of its files or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from disaster.errors import DisasterError
from disaster.pack import sync_folders
from disaster.store import move


@contextmanager
def new_folder(out: Path, refusal: type[DisasterError]) -> Iterator[Path]:
    """Give a private folder beside `out` to write into; what stands in it at the end becomes `out` in one step.

    Only its owner may open it, and nothing is overwritten.

    Raises
    ------
    DisasterError
        As `refusal`: ``disaster.out_exists``, or ``disaster.cannot_write_out`` with the system's reason.
    """
    if out.exists():
        raise refusal("disaster.out_exists", folder=out.name)
    staging = out.with_name(f".staging-{out.name}")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700, parents=True)
        yield staging
        sync_folders(staging)
        move(staging, out)
    except OSError as error:
        raise refusal("disaster.cannot_write_out", folder=str(out), cause=error.strerror or "") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
