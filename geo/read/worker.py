"""The parser worker: ``python -m geo.read.worker '<limits as JSON>'``, started only by `geo.read.process`.

It says hello with its drivers, then answers one line of JSON for each line of JSON it is given, until its input ends.
Tables go back as Arrow files. Nothing it prints or logs holds a value of a file.
"""

import errno
import gc
import json
import math
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

# geopandas and pandas take longer to import than all the rest, and no parser needs them: pyogrio is told that there are
# none.
_ABSENT = [name for name in ("geopandas", "pandas") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_ABSENT))  # type: ignore[arg-type]  # None: "this import fails"
import pyogrio  # noqa: E402

for _name in _ABSENT:
    del sys.modules[_name]

from geo.errors import ReadError  # noqa: E402
from geo.faults import CodedError  # noqa: E402
from geo.read.coordinates import with_stated_places  # noqa: E402
from geo.read.formats import parse  # noqa: E402
from geo.read.limits import Limits, size_text  # noqa: E402
from geo.read.model import Parsed, Stated  # noqa: E402

#: Limits of the operating system; Windows has no such module.
resource: Any = import_module("resource") if find_spec("resource") else None


#: Processor time for starting up, on an old machine; each file then has its own (`_allow_time`).
_START_CPU_SECONDS = 30


def main() -> None:
    """Serve until the input ends."""
    limits = Limits(**json.loads(sys.argv[1]))
    replies = _private_stdout()
    missing = _limit_process(limits)
    _say(replies, {"drivers": sorted(pyogrio.list_drivers()), "missing": missing})
    gc.freeze()  # what the modules hold stays: to look through it after each file took longer than a small file
    gc.disable()  # parsers make millions of objects and no cycles: looking for some took three quarters of their time
    for line in sys.stdin:
        _say(replies, _answer(json.loads(line), limits))
        gc.collect()


def _private_stdout() -> IO[str]:
    """Keep the channel for ourselves: what a C library prints goes to the log instead of between our lines."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return replies


def _say(replies: IO[str], answer: Mapping[str, object]) -> None:
    replies.write(json.dumps(answer, ensure_ascii=False, default=str) + "\n")
    replies.flush()


def _limit_process(limits: Limits) -> list[str]:
    """Limit memory, file size and core dumps (a dump would hold the data); return the limits that cannot be set."""
    if resource is None:
        return ["memory_bytes", "cpu_seconds"]
    _set_soft(resource.RLIMIT_CORE, 0)
    _set_soft(resource.RLIMIT_FSIZE, limits.unpacked_bytes)
    missing = [] if _set_soft(resource.RLIMIT_AS, limits.memory_bytes) else ["memory_bytes"]
    time_limited = _set_soft(resource.RLIMIT_CPU, _START_CPU_SECONDS + limits.cpu_seconds)
    return missing if time_limited else [*missing, "cpu_seconds"]


def _set_soft(kind: int, value: int) -> bool:
    hard = resource.getrlimit(kind)[1]
    try:
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    except (ValueError, OSError):  # macOS knows RLIMIT_AS but does not take it
        return False
    return True


def _allow_time(limits: Limits) -> None:
    """Give the next file its own processor time on top of what was used so far.

    The system counts whole seconds: a file has at least what the limits say, and up to a second more.
    """
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _set_soft(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + limits.cpu_seconds)


def _answer(task: Mapping[str, str | None], limits: Limits) -> dict[str, object]:
    file = str(task["file"])
    _allow_time(limits)
    try:
        return _write(_parse(task, limits), Path(str(task["out"])))
    except CodedError as error:
        return {"code": error.code, "params": error.params}
    except (MemoryError, RecursionError):
        return {"code": "geo.memory_bytes_limit", "params": {"file": file, "limit": size_text(limits.memory_bytes)}}
    except OSError as error:
        return _out_of_room(error, file, limits)
    except Exception as error:  # noqa: BLE001 - whatever a hostile file breaks, the next file finds a worker
        return {"code": "geo.parser_failed", "params": {"file": file, "kind": type(error).__name__}}


def _out_of_room(error: OSError, file: str, limits: Limits) -> dict[str, object]:
    if error.errno == errno.EFBIG:
        params = {"file": file, "limit": size_text(limits.unpacked_bytes)}
        return {"code": "geo.unpacked_bytes_limit", "params": params}
    if error.errno == errno.ENOMEM:
        return {"code": "geo.memory_bytes_limit", "params": {"file": file, "limit": size_text(limits.memory_bytes)}}
    if error.errno == errno.ENOSPC:
        return {"code": "geo.disk_full", "params": {"file": file}}
    return {"code": "geo.parser_failed", "params": {"file": file, "kind": type(error).__name__}}


def _parse(task: Mapping[str, str | None], limits: Limits) -> Parsed:
    accepted = bool(task.get("accept_inaccurate"))
    stated = Stated(task["crs"], task["encoding"], task.get("part"), accept_inaccurate=accepted)
    file = str(task["file"])
    parsed = parse(str(task["format"]), Path(str(task["path"])), file, limits, stated)
    if parsed.table.num_rows == 0:  # a lone {} is an object without a column, and a table without columns has no rows
        raise ReadError("geo.no_rows", file=file)
    return with_stated_places(parsed, stated, limits, file)


def _write(parsed: Parsed, folder: Path) -> dict[str, object]:
    _write_table(parsed.table, folder / "out.arrow")
    bad = parsed.bad_geometry
    if parsed.lines is not None:
        _write_table(pa.table({"line": pa.array(parsed.lines, pa.int64())}), folder / "lines.arrow")
    if parsed.merged:
        of = np.repeat(np.array(list(parsed.merged), dtype=object), [len(rows) for rows in parsed.merged.values()])
        cells = {"column": pa.array(of, pa.string()), "row": pa.array(np.concatenate(list(parsed.merged.values())))}
        _write_table(pa.table(cells), folder / "merged.arrow")
    if bad:
        rows, codes = pa.array(bad.keys(), pa.int64()), pa.array(bad.values(), pa.string())
        _write_table(pa.table({"row": rows, "code": codes}), folder / "bad.arrow")
    return {
        "encoding": parsed.encoding, "crs": parsed.crs, "part": parsed.part, "format": parsed.format,
        "notes": parsed.notes, "bad": bool(bad), "member": parsed.member, "place_remark": parsed.place_remark,
        "lines": parsed.lines is not None, "merged": bool(parsed.merged),
    }  # fmt: skip


def _write_table(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)


if __name__ == "__main__":
    main()
