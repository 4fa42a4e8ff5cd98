"""A process whose children write to a store and are killed: the tests start it and speak to its standard input.

Each line is a JSON object: ``{"home", "url", "kind", "rows", "stop", "after"}``. A child is forked (so that libraries
are loaded once); printed are its exit code and the seconds that it lived. With `stop` the child kills itself on
entering that function (``name:after``: on leaving it), with `after` it is killed after so many seconds.
"""

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401 - loaded once, before the children
from store_rows import TOWN, batch_of, delivery_points, shelters, table_of

from disaster.batch import Batch
from disaster.store import Store

AT = datetime(2026, 11, 20, 1, tzinfo=UTC)


def batch_like(kind: str, rows: int, at: datetime = AT) -> Batch:
    made = shelters(rows) if kind == "shelters" else delivery_points(rows)
    return batch_of(kind, made, as_of=at)


def manifest_like(rows: int) -> dict[str, Any]:
    return {
        "pack_id": f"P-{rows}",
        "municipality": TOWN,
        "provider": "潮見郵便局",
        "as_of": AT.isoformat(),
        "area": str(rows),
    }


def write(store: Store, task: dict[str, Any]) -> None:
    if task["kind"] == "pack":
        rows = task["rows"]
        tables = {
            "dwellings": table_of("delivery-points", delivery_points(rows)),
            "shelters": table_of("shelters", shelters(rows)),
        }
        store.add_received(manifest_like(rows), tables, at=AT)
    elif task["kind"] == "index":
        release(store, f"P-{task['rows']}")
    else:
        at = AT + timedelta(seconds=task["rows"])
        store.add_batch(batch_like(task["kind"], task["rows"], at), at=at)


def release(store: Store, name: str) -> None:
    """Release a pack about one delivery point."""
    with store.writing():
        where = {"staging": store.home.parent / f".{name}", "final": store.home.parent / name}
        store.provisions.create("R-1", decision={"mode": "dwelling"}, at=AT, provision_id=name, **where)
        where["staging"].mkdir()
        store.subjects.add(name, store.subjects.points([name]), municipality=TOWN)
        store.provisions.release(name, sha256=name, payload={}, at=AT)
        where["staging"].rename(where["final"])
        store.provisions.hand(name, at=AT)


def stop_at(where: str) -> None:
    """Kill this very process as soon as the named function is called, or when it returns (``name:after``)."""
    name, _, after = where.partition(":")
    module, _, path = name.partition("/")
    owner: Any = import_module(module)
    *owners, function = path.split(".")
    for part in owners:
        owner = getattr(owner, part)
    original = getattr(owner, function)

    def deadly(*args: Any, **given: Any) -> Any:
        if after:
            original(*args, **given)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, function, deadly)


def child(task: dict[str, Any]) -> None:
    if task.get("stop"):
        stop_at(task["stop"])
    with Store.open(Path(task["home"]), at=AT, url=task["url"]) as store:
        write(store, task)


def main() -> None:
    os.fsync = lambda _file: None  # what a killed process wrote is not lost: only the end of the machine could lose it
    for line in sys.stdin:
        task = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                child(task)
            except BaseException as error:  # noqa: BLE001 - told to the test by the exit code
                sys.stderr.write(f"{error!r}\n")
                sys.stderr.flush()
                os._exit(3)
            os._exit(0)
        begun = time.perf_counter()
        if task["after"] is not None:
            time.sleep(task["after"])
            os.kill(pid, signal.SIGKILL)  # not waited for yet, so the number is nobody else's
        _, status = os.waitpid(pid, 0)
        said = [os.waitstatus_to_exitcode(status), time.perf_counter() - begun]
        print(json.dumps(said), flush=True)  # noqa: T201 - how it speaks to the test


if __name__ == "__main__":
    main()
