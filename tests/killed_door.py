"""A process whose children take in, provide and receive and are killed: like ``killed_writer``, for the verbs.

Each line of its standard input is a JSON object with ``verb``, ``home``, ``url`` and what the verb needs; with ``stop``
the child kills itself on entering that function, or when it returns (``name:after``); with ``after`` it is killed after
so many seconds. The answer is a line with the child's exit code and the seconds that it lived.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from door_town import AT, GIVES, TOWN
from killed_writer import stop_at

from disaster.aftercare.purge import purge_pack
from disaster.intake import ingest
from disaster.provide import provide
from disaster.receive import receive
from disaster.store import Store
from geo.read import Reader
from geo.read.environment import worker_environment


def taking_in(store: Store, task: Mapping[str, Any]) -> None:
    with Reader() as reader:
        (done,) = ingest(store, task["kind"], [Path(task["file"])], municipality=TOWN, reader=reader, at=AT)
    if done.stored is None:
        raise AssertionError(done.batch.faults)


def providing(store: Store, task: Mapping[str, Any]) -> None:
    provide(store, task["request"], out=Path(task["out"]), at=AT, by=GIVES)


def receiving(store: Store, task: Mapping[str, Any]) -> None:
    with Reader() as reader:
        receive(store, Path(task["pack"]), at=AT, reader=reader, out=Path(task["out"]) if "out" in task else None)


def purging(store: Store, task: Mapping[str, Any]) -> None:
    purge_pack(store, task["pack"], by="消去 四郎", copies_deleted=True, at=AT)


VERBS: Mapping[str, Callable[[Store, Mapping[str, Any]], None]] = {
    "ingest": taking_in,
    "provide": providing,
    "receive": receiving,
    "purge": purging,
}


def child(task: Mapping[str, Any]) -> None:
    if task.get("stop"):
        stop_at(task["stop"])
    with Store.open(Path(task["home"]), at=AT, url=task["url"]) as store:
        VERBS[task["verb"]](store, task)


def ended(pid: int, after: float | None) -> int:
    """Wait for a child, kill it when its time is over, and return its exit code.

    Whoever kills it must be who waits for it: a number that was waited for may already be somebody else's.
    """
    over = time.monotonic() + after if after is not None else None
    while over is not None and time.monotonic() < over:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    if over is not None:
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    os.fsync = lambda _file: None  # what a killed process wrote is not lost: only the end of the machine could lose it
    worker_environment(Path())  # asks which drivers there are, once for all children
    for line in sys.stdin:
        task = json.loads(line)
        begun = time.monotonic()
        pid = os.fork()
        if pid == 0:
            try:
                child(task)
            except BaseException as error:  # noqa: BLE001 - told to the test by the exit code
                sys.stderr.write(f"{error!r}\n")
                sys.stderr.flush()
                os._exit(3)
            os._exit(0)
        code = ended(pid, task.get("after"))
        print(code, time.monotonic() - begun, flush=True)  # noqa: T201 - how it speaks to the test


if __name__ == "__main__":
    main()
