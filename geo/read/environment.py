"""The surroundings of the parser worker: no secrets, no network, no format but those that are read."""

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

#: Drivers of GDAL that may parse a file. Everything else is switched off: GDAL reads VRT text under any file name, and
#: VRT names other files and addresses to read.
ALLOWED_DRIVERS = ("ESRI Shapefile", "FlatGeobuf", "GPKG", "GeoJSON")

_PASSED_ON = (
    "PATH", "PYTHONPATH", "SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX",
    "PROJ_DATA", "PROJ_LIB", "GDAL_DATA",
)  # fmt: skip
_NOWHERE = "http://127.0.0.1:9"  # the discard port: what asks for the network gets no answer
_ROOT = Path(__file__).resolve().parents[2]
_LIST_DRIVERS = """\
import json, sys
for name in ("geopandas", "pandas", "pyarrow", "shapely", "pyproj"):
    sys.modules[name] = None
import pyogrio
print(json.dumps(sorted(pyogrio.list_drivers())))
"""


def worker_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a worker whose temporary files go into `folder`."""
    return _bare(folder) | {"OGR_SKIP": ",".join(_drivers_to_skip())}


def _bare(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    paths = [str(_ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder),
        "TEMP": str(folder),
        "TMP": str(folder),
        "CPL_TMPDIR": str(folder),
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_HTTP_PROXY": _NOWHERE,
        "GDAL_HTTPS_PROXY": _NOWHERE,
        "GDAL_HTTP_TIMEOUT": "1",
        "GDAL_PAM_ENABLED": "NO",
        # GDAL 3.12 ends the process, or returns other bytes, at a FlatGeobuf row without geometry when it fills Arrow
        # arrays by its fast way
        "OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
        "CPL_VSIL_CURL_USE_HEAD": "NO",
        "PROJ_NETWORK": "OFF",
        # Arrow's own allocator reserves 1 GiB of addresses at once, a third of what the worker may have
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "2",
        # large pieces go back to the system at once; by itself the limit of "large" would grow with the first of them
        "MALLOC_MMAP_THRESHOLD_": "65536",
        "OPENBLAS_NUM_THREADS": "1",
        **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE),
    }


@cache
def _drivers_to_skip() -> tuple[str, ...]:
    """Ask a throw-away process, once: GDAL reads OGR_SKIP when it loads, and never does so in our own process."""
    listed = subprocess.run(  # noqa: S603 - our own interpreter with a fixed text
        [sys.executable, "-P", "-c", _LIST_DRIVERS],
        env=_bare(Path(tempfile.gettempdir())),
        capture_output=True, text=True, encoding="utf-8", check=True, timeout=60,
    )  # fmt: skip
    return tuple(name for name in json.loads(listed.stdout) if name not in ALLOWED_DRIVERS)
