"""One large register taken in by the program itself: read, checked, placed and stored, in one process tree.

The rows are invented households of the invented town, one CP932 file, placed by the town's own table and held against
its boundary. Time is that of the whole command, from its start to its end; memory is the sum of the peaks (VmHWM) of
the command and its parser worker, which is more than both held at any one moment. Linux only (it reads /proc).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from disaster.town import write_town

AT = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
ROWS = (500_000, 1_000_000)
#: Aims of the largest run, and of the growth from the first to the last for each doubling of the rows.
AIM_SECONDS, AIM_MB, AIM_GROWTH = 90.0, 1_536.0, 2.2
KIND = "delivery-points"
_TAYORI = (sys.executable, "-m", "disaster")
_EVERY = 0.05


@dataclass(frozen=True)
class Result:
    """Figures of one run; `seconds` and `cpu_seconds` of the whole command, `peak_mb` of command and worker."""

    rows: int
    file_mb: float
    seconds: float
    cpu_seconds: float
    peak_mb: float
    peak_command_mb: float
    peak_worker_mb: float
    accepted: int


def main() -> int:
    """Measure and print; return 1 if an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    given = parser.parse_args()
    results = []
    for rows in given.rows:
        with tempfile.TemporaryDirectory(prefix="tayori-bench-") as folder:
            results.append(_run(Path(folder), rows))
        print(_line(results[-1]), flush=True)
    missed = _missed(results)
    print(json.dumps({"bench": "ingest", "results": [asdict(one) for one in results], "missed": missed}))
    return 1 if missed else 0


def _run(folder: Path, rows: int) -> Result:
    """Make the town and its store, then measure the one command."""
    town = write_town(folder / "town", households=rows, seed=1, at=AT)
    register = folder / "register.csv"
    _join(town.files[KIND], register)
    home = ("--data-dir", str(folder / "store"))
    _tayori("init", "--side", "post", "--municipality", town.municipality, *home)
    for kind in ("gazetteer", "boundaries"):
        _tayori("ingest", kind, *map(str, town.files[kind]), *home)
    began, used = time.perf_counter(), _cpu()
    out, peaks = _watched(("ingest", KIND, str(register), "--max-refused", "100%", "--json", *home))
    seconds, cpu = time.perf_counter() - began, _cpu() - used
    told = json.loads(out)
    if not told.get("stored"):
        raise SystemExit(f"nothing was stored: {told}")
    command, *workers = peaks
    return Result(
        told["read"], register.stat().st_size / 1e6, round(seconds, 1), round(cpu, 1), round(sum(peaks), 1),
        round(command, 1), round(sum(workers), 1), told["accepted"],
    )  # fmt: skip


def _cpu() -> float:
    """Return the seconds of processor that ended children have used, those of their children included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _join(parts: tuple[Path, ...], target: Path) -> None:
    """Put the registers of all offices into one file under one heading."""
    with target.open("wb") as joined:
        for number, part in enumerate(parts):
            lines = part.read_bytes().split(b"\n", 1)
            joined.write(lines[0] + b"\n" + lines[1] if number == 0 else lines[1])


def _tayori(*words: str) -> None:
    subprocess.run([*_TAYORI, *words], check=True, stdout=subprocess.DEVNULL)


def _watched(words: tuple[str, ...]) -> tuple[bytes, list[float]]:
    """Run a command; return what it printed and the peak megabytes of it and of each process it started."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([*_TAYORI, *words], stdout=out)
        peaks: dict[int, float] = {process.pid: 0.0}
        while process.poll() is None:
            for pid in (process.pid, *_children(process.pid)):
                peaks[pid] = max(peaks.get(pid, 0.0), _peak_mb(pid))
            time.sleep(_EVERY)
        out.seek(0)
        return out.read(), list(peaks.values())


def _children(pid: int) -> list[int]:
    with _gone():
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def _peak_mb(pid: int) -> float:
    with _gone():
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def _gone() -> Iterator[None]:
    """Bear that a process ends while it is looked at."""
    try:
        yield
    except OSError:
        return


def _line(one: Result) -> str:
    return (
        f"{one.rows:>9,} rows, {one.file_mb:6.1f} MB: {one.seconds:6.1f} s ({one.cpu_seconds:.1f} s of processor), "
        f"{one.peak_mb:7.1f} MB (command {one.peak_command_mb:.1f} + worker {one.peak_worker_mb:.1f}), "
        f"accepted {one.accepted:,}"
    )


def _missed(results: list[Result]) -> list[str]:
    """Name the aims that were missed; they are set for a million rows."""
    missed = []
    largest = max(results, key=lambda one: one.rows)
    if largest.seconds > AIM_SECONDS * max(1.0, largest.rows / 1e6):
        missed.append(f"{largest.seconds} s > {AIM_SECONDS} s")
    if largest.peak_mb > AIM_MB * max(1.0, largest.rows / 1e6):
        missed.append(f"{largest.peak_mb} MB > {AIM_MB} MB")
    halves = [one for one in results if 1.8 * one.rows < largest.rows < 2.2 * one.rows]
    grown = [largest.seconds / half.seconds for half in halves]
    return missed + [f"twice the rows took {times:.2f} times as long" for times in grown if times > AIM_GROWTH]


if __name__ == "__main__":
    if not Path("/proc/self/status").exists():
        raise SystemExit("bench_ingest reads /proc and runs on Linux only")
    os.environ.pop("TAYORI_DATA_DIR", None)
    sys.exit(main())
