"""Reads a folder of files one after the other and says what it cost: ``python tests/hostile_batch.py FOLDER LIMIT``.

A process of its own, so that its memory is that of reading alone and it can be run without a network.
"""

import json
import resource
import sys
import time
from pathlib import Path

from geo.faults import CodedError
from geo.read import Limits, Reader
from geo.read.detect import SHAPEFILE_PARTS


def main() -> None:
    """Print seconds a file, and the largest memory of this process and of the workers, bytes."""
    folder, limit = Path(sys.argv[1]), int(sys.argv[2])
    seconds: dict[str, float] = {}
    told: dict[str, str] = {}
    with Reader(Limits(memory_bytes=limit)) as reader:
        for path in sorted(folder.iterdir()):
            if path.suffix in SHAPEFILE_PARTS:
                continue
            began = time.monotonic()
            try:
                told[path.name] = f"{reader.read(path).source.rows}"
            except CodedError as error:
                told[path.name] = error.code
            seconds[path.name] = time.monotonic() - began
    unit = 1 if sys.platform == "darwin" else 1024
    kinds = {"parent": resource.RUSAGE_SELF, "worker": resource.RUSAGE_CHILDREN}
    memory = {name: resource.getrusage(kind).ru_maxrss * unit for name, kind in kinds.items()}
    sys.stdout.write(json.dumps({"seconds": seconds, "told": told, "memory": memory}))


if __name__ == "__main__":
    main()
