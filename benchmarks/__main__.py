"""Run all measurements in turn: ``python -m benchmarks``; each prints a table and one line of JSON."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ALL = (
    "bench_decide.py", "bench_extract_core.py", "bench_ingest.py", "bench_ledger.py", "bench_writers.py",
    "bench_place.py",
)  # fmt: skip


def main() -> int:
    """Return 1 if any measurement missed an aim or failed."""
    missed = 0
    for name in ALL:
        print(f"\n== {name}", flush=True)
        missed += subprocess.run([sys.executable, str(HERE / name)], check=False).returncode != 0
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
