"""The ledger on both engines: durable appends by four writers, and the check of a long chain.

Every append is a transaction of its own that is on the disk when it returns. PostgreSQL is a server of our own with
fsync on; without PostGIS on the machine its rows are left out, and said to be.
"""

import argparse
import json
import multiprocessing
import os
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from postgres_server import Server, find_binaries

from disaster import audit
from disaster.models import Side
from disaster.store import Store

AT = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
WRITERS = 4
AIM_APPENDS = 1_000
AIM_SECONDS_A_MILLION = 8.0
#: As long as the entry of a refusal usually is.
PAYLOAD = {
    "request_id": "20261120-001",
    "municipality": "99301",
    "recipient": "潮見市災害対策本部",
    "dataset": "delivery-points",
    "mode": "dwelling",
    "granted": False,
    "reasons": [{"code": "agreements.no_clause", "params": {"purpose": "safety_check", "article": "第3条第1項第4号"}}],
}


#: What of ``multiprocessing`` is used below, with threads.
_THREADS = SimpleNamespace(Barrier=threading.Barrier, Queue=queue.Queue, Process=threading.Thread)


@dataclass(frozen=True)
class Result:
    """Figures of one engine: appends a second, seconds for the whole chain, megabytes at the peak while checking."""

    engine: str
    appends_per_second_processes: float
    appends_per_second_threads: float
    entries_verified: int
    verify_seconds: float
    verify_peak_growth_mb: float


def _write(home: str, url: str | None, count: int, ready: Any, times: Any) -> None:
    with Store.open(Path(home), at=AT, url=url) as store:
        store.ledger.record("warm", PAYLOAD, at=AT)
        ready.wait()
        begun = time.time()
        for _ in range(count):
            store.ledger.record("refused", PAYLOAD, at=AT)
        times.put((begun, time.time()))


def _appends(home: Path, url: str | None, count: int, maker: Any) -> float:
    """Return appends a second of all writers together, each a process or a thread of its own."""
    ready, times = maker.Barrier(WRITERS), maker.Queue()
    writers = [maker.Process(target=_write, args=(str(home), url, count, ready, times)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    spans = [times.get() for _ in writers]
    for writer in writers:
        writer.join()
    return WRITERS * count / (max(end for _, end in spans) - min(begun for begun, _ in spans))


def _rows(store: Store, upto: int) -> Iterator[tuple[int, bytes, bytes]]:
    head = store.ledger.head()
    previous = head.hash
    for seq in range(head.seq + 1, upto + 1):
        entry = audit.entry_bytes("refused", {**PAYLOAD, "n": seq}, at=AT)
        previous = audit.link(previous, seq, entry)
        yield seq, entry, previous


def _fill(store: Store, upto: int) -> None:
    """Lengthen the chain quickly: as valid as any, but in one transaction."""
    with store.transaction() as connection:
        driver: Any = connection.connection.dbapi_connection
        last = (0, b"", b"")
        if connection.dialect.name == "sqlite":
            rows = list(_rows(store, upto))
            driver.executemany("INSERT INTO ledger (seq, entry, hash) VALUES (?, ?, ?)", rows)
            last = rows[-1]
            driver.execute("UPDATE ledger_head SET seq = ?, hash = ?", (last[0], last[2]))
            return
        with driver.cursor().copy("COPY ledger (seq, entry, hash) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int8", "bytea", "bytea"])
            for last in _rows(store, upto):
                copy.write_row(last)
        driver.execute("UPDATE ledger_head SET seq = %s, hash = %s", (last[0], last[2]))


def _peak_mb() -> float:
    """Return the peak memory of this process; ``ru_maxrss`` would be inherited from the parent."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _fsync_ms(folder: Path) -> float:
    """Return how long this disk takes to make 4 KiB durable, the median of 200: no durable append can be faster."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as stream:
        for _ in range(200):
            stream.write(bytes(4096))
            begun = time.perf_counter()
            os.fsync(stream.fileno())
            times.append(time.perf_counter() - begun)
    return sorted(times)[100] * 1000


def _check(home: str, url: str | None, answers: Any) -> None:
    """Check the chain in a fresh process, so that its memory is its own."""
    with Store.open(Path(home), at=AT, url=url) as store:
        before = _peak_mb()
        begun = time.perf_counter()
        verdict = store.ledger.verify()
        seconds = time.perf_counter() - begun
        grown = _peak_mb() - before
        assert verdict.ok, verdict
        answers.put((verdict.entries, seconds, grown))


def _in_process(work: Callable[..., None], *args: Any) -> Any:
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    process = spawn.Process(target=work, args=(*args, answers))
    process.start()
    answer = answers.get()
    process.join()
    return answer


def measure(engine: str, home: Path, url: str | None, *, appends: int, entries: int, rounds: int) -> Result:
    """Measure one engine; the median of `rounds` for the check."""
    Store.create(home, side=Side.DEMO, municipalities=["99301"], at=AT, url=url).close()
    by_processes = _appends(home, url, appends, multiprocessing.get_context("spawn"))
    by_threads = _appends(home, url, appends, _THREADS)
    with Store.open(home, at=AT, url=url) as store:
        _fill(store, entries)
    checks = sorted((_in_process(_check, str(home), url) for _ in range(rounds)), key=lambda check: check[1])
    count, seconds, grown = checks[rounds // 2]
    return Result(engine, round(by_processes), round(by_threads), count, round(seconds, 2), round(grown, 1))


@contextmanager
def _server() -> Iterator[Server | None]:
    if find_binaries() is None:
        yield None
        return
    server = Server.start(durable=True)
    try:
        yield server
    finally:
        server.stop()


def main() -> None:
    """Measure both engines, print a table for people and a line of JSON for machines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--appends", type=int, default=2_000, help="appends of each of the four writers")
    parser.add_argument("--entries", type=int, default=1_000_000, help="length of the chain that is checked")
    parser.add_argument("--rounds", type=int, default=3)
    options = vars(parser.parse_args())
    results = []
    with tempfile.TemporaryDirectory(prefix="tayori-bench-") as folder, _server() as server:
        fsync = _fsync_ms(Path(folder))
        results.append(measure("sqlite", Path(folder) / "sqlite", None, **options))
        if server is not None:
            results.append(measure("postgresql", Path(folder) / "postgresql", server.clone(), **options))
    print(f"{'engine':<12}{'appends/s, 4 processes':>24}{'4 threads':>12}{'entries':>12}{'verify s':>10}{'MB more':>9}")
    for one in results:
        print(
            f"{one.engine:<12}{one.appends_per_second_processes:>24,.0f}{one.appends_per_second_threads:>12,.0f}"
            f"{one.entries_verified:>12,}{one.verify_seconds:>10.2f}{one.verify_peak_growth_mb:>9.1f}"
        )
    print(f"one fsync of this disk: {fsync:.2f} ms")
    print(f"aims: >= {AIM_APPENDS:,} appends/s, 1,000,000 entries in <= {AIM_SECONDS_A_MILLION:g} s")
    if len(results) == 1:
        print("postgresql: left out, no PostgreSQL with PostGIS on this machine")
    said = {
        "format": "tayori-bench",
        "version": 1,
        "bench": "ledger",
        "fsync_ms": round(fsync, 3),
        "aims": {"appends_per_second": AIM_APPENDS, "verify_seconds_per_million": AIM_SECONDS_A_MILLION},
        "results": [asdict(one) for one in results],
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
