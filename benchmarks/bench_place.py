"""Placing addresses, side by side with a plain longest-prefix match in pandas, speed and truth in the same run.

The job: 1,000,000 addresses of 和歌山市, 文京区 and 屋久島町, written by `benchmarks.address_habits` from the points of
the Address Base Registry in the ways people write, placed in the declared municipality. Every run is a process of its
own, rounds are interleaved, the median counts; gazetteers and addresses are in memory before the clock starts. What
the answers are worth is counted by `benchmarks.address_score`.

    python benchmarks/bench_place.py [--rows 1000000] [--rounds 3] [--data FOLDER] [--gazetteers FOLDER] [--quick]

Without the open data of `--data` nothing is measured. `--gazetteers` names a folder that keeps the built gazetteers.
jageocoder (extra ``bench``) gets a dictionary of the same gazetteers and the same declared municipality, but only one
address in a hundred and one round, because it takes minutes.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.address_gazetteers import build_all
from benchmarks.address_habits import write
from benchmarks.address_registry import Registry
from benchmarks.address_score import Score, by_habit, mark, score
from benchmarks.plain_place import PlainTowns
from geo.gazetteer import Gazetteer, load
from geo.place import place

DATA = Path(__file__).resolve().parent.parent.parent / "shared/data"
ROWS = 1_000_000
QUICK = 20_000
SEED = 20261121
#: Parts of the addresses by municipality: 住居表示 and 地番 with few points; 住居表示 alone; 地番 with 小字.
PARTS = {"30201": 0.6, "13105": 0.25, "46505": 0.15}
AIM_S, AIM_MB = 40.0, 1500
#: One address in so many for each peer.
STEPS = {"tayori": 1, "plain": 1, "jageocoder": 100}
PEERS = tuple(who for who in STEPS if who != "jageocoder" or find_spec("jageocoder"))


# ------------------------------------------------------------------------------------------------------- what is placed


def prepare(folder: Path, *, data: Path, rows: int, gazetteers: Path | None) -> None:
    """Write the addresses and the gazetteers of every municipality into a folder."""
    build_all(data, PARTS, gazetteers or folder)
    for code, part in PARTS.items():
        written = write(Registry.of(data, code), int(rows * part), seed=SEED)
        written.to_parquet(folder / f"{code}.addresses.parquet")
        if gazetteers:
            shutil.copyfile(gazetteers / f"{code}.parquet", folder / f"{code}.parquet")


def written(folder: Path, who: str) -> list[pd.DataFrame]:
    """Return the addresses of each municipality that a peer places."""
    return [pd.read_parquet(folder / f"{code}.addresses.parquet").iloc[:: STEPS[who]] for code in PARTS]


# ------------------------------------------------------------------------------------------------------------ the peers


def run(who: str, folder: Path) -> dict[str, Any]:
    """Place all addresses in this process; write the answers and say how long it took."""
    texts = [rows["address"].reset_index(drop=True) for rows in written(folder, who)]
    gazetteers = [load(folder / f"{code}.parquet") for code in PARTS]
    placers = _placers(who, gazetteers, folder)
    del gazetteers
    begun, cpu = time.perf_counter(), time.process_time()
    answers = [placer(column) for placer, column in zip(placers, texts, strict=True)]
    seconds, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    peak = peak_mb()
    tables = [answer.to_pandas() if isinstance(answer, pa.Table) else answer for answer in answers]
    columns = [name for name in ("level", "point_level", "town", "lon", "lat", "reason") if name in tables[0]]
    pd.concat([table[columns] for table in tables], ignore_index=True).to_parquet(folder / f"{who}.answers.parquet")
    return {"seconds": seconds, "cpu_s": cpu_s, "peak_mb": peak, "rows": sum(map(len, answers))}


def _placers(who: str, gazetteers: list[Gazetteer], folder: Path) -> list[Callable[[pd.Series], Any]]:
    if who == "jageocoder":
        from benchmarks.jageocoder_peer import JageocoderPlacer, write_dictionary

        dictionary = folder / "jageocoder"
        write_dictionary(gazetteers, dictionary)
        return [JageocoderPlacer(gazetteer, dictionary) for gazetteer in gazetteers]
    return [_tayori(gazetteer) if who == "tayori" else _plain(gazetteer) for gazetteer in gazetteers]


def _tayori(gazetteer: Gazetteer) -> Callable[[pd.Series], pa.Table]:
    return lambda texts: place(texts, gazetteer, municipality=gazetteer.municipality)


def _plain(gazetteer: Gazetteer) -> Callable[[pd.Series], pd.DataFrame]:
    towns, numbers = gazetteer.table.to_pandas(), gazetteer.numbers.to_pandas()
    return PlainTowns.of(towns, numbers, pref=gazetteer.pref, city=gazetteer.city).place


def peak_mb() -> float:
    """Return VmHWM of this process."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024)


# ------------------------------------------------------------------------------------------------------------ the table


def measure(folder: Path, *, rounds: int) -> dict[str, dict[str, float]]:
    """Run every peer by turns; return medians."""
    runs: dict[str, list[dict[str, float]]] = {who: [] for who in PEERS}
    for turn in range(rounds):
        for who in PEERS:
            if turn and STEPS[who] > 1:
                continue
            command = [sys.executable, __file__, "--one", who, str(folder)]
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
            runs[who].append(json.loads(done.stdout))
    return {
        who: {name: round(statistics.median(run[name] for run in held), 2) for name in held[0]}
        for who, held in runs.items()
    }


def scores(folder: Path) -> dict[str, tuple[Score, pd.DataFrame]]:
    """Return for every peer the figures and the table by habit."""
    found = {}
    for who in PEERS:
        marked = mark(
            pd.concat(written(folder, who), ignore_index=True), pd.read_parquet(folder / f"{who}.answers.parquet")
        )
        found[who] = score(marked), by_habit(marked)
    return found


def show(medians: dict[str, dict[str, float]], found: dict[str, tuple[Score, pd.DataFrame]]) -> None:
    """Print speed, truth and the table by habit."""
    for who, held in medians.items():
        rate = held["rows"] / held["seconds"]
        ratio = medians["plain"]["rows"] / medians["plain"]["seconds"] / rate
        print(
            f"  {who:10}{held['seconds']:8.2f} s  CPU {held['cpu_s']:7.2f} s  peak {held['peak_mb']:5.0f} MB"
            f"  {rate:9,.0f}/s  {ratio:5.2f} x plain"
        )
    for who, (figures, _) in found.items():
        print(f"\n  {who}")
        for name in Score.__dataclass_fields__:
            print(f"    {name:12}{getattr(figures, name)}")
    print("\n  tayori by habit (near, number, town in per cent; far and wrong_town counted)")
    print(found["tayori"][1].to_string(index=False))


def missed_aims(medians: dict[str, dict[str, float]], figures: Score, rows: int) -> list[str]:
    """Return the aims that are missed; time and memory are aims of the whole million."""
    missed = figures.missed()
    if rows >= ROWS and medians["tayori"]["seconds"] > AIM_S:
        missed.append(f"{medians['tayori']['seconds']} s, aim {AIM_S}")
    if rows >= ROWS and medians["tayori"]["peak_mb"] > AIM_MB:
        missed.append(f"{medians['tayori']['peak_mb']} MB, aim {AIM_MB}")
    return missed


def main() -> int:
    """Measure, print the tables and one line of JSON; return 1 if an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAYORI_SHARED_DATA", DATA)))
    parser.add_argument("--gazetteers", type=Path)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} rows, one round")
    parser.add_argument("--keep", type=Path, help="folder for addresses and answers, instead of a temporary one")
    parser.add_argument("--one", nargs=2, metavar=("WHO", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(run(given.one[0], Path(given.one[1]))))
        return 0
    if not given.data.is_dir():
        print(f"nothing measured: no folder {given.data} (set TAYORI_SHARED_DATA)")
        return 0
    rows, rounds = (QUICK, 1) if given.quick else (given.rows, given.rounds)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        prepare(folder, data=given.data, rows=rows, gazetteers=given.gazetteers)
        medians, found = measure(folder, rounds=rounds), scores(folder)
    print(f"{rows:,} addresses, median of {rounds}")
    show(medians, found)
    missed = missed_aims(medians, found["tayori"][0], rows)
    print("\n".join(f"MISSED: {text}" for text in missed))
    shares = {who: {n: str(getattr(s, n)) for n in Score.__dataclass_fields__} for who, (s, _) in found.items()}
    result = {"format": "tayori-bench-place", "version": 1, "rows": rows, "rounds": rounds, "peers": medians}
    print(json.dumps(result | {"scores": shares, "missed": missed}, ensure_ascii=False))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
