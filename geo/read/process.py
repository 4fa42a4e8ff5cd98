"""The parser worker as a process: started, asked, killed when late; lines of JSON in, lines of JSON out."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO

from geo.errors import ReadError
from geo.read.environment import ALLOWED_DRIVERS, worker_environment
from geo.read.limits import MIB, Limits, size_text

_START_SECONDS = 60
_REPLY_CHARS = 4 * MIB
_TOO_MUCH_CPU = -int(getattr(signal, "SIGXCPU", 0)) or None


class WorkerProcess:
    """One parser worker. After it died, was killed or misbehaved it is of no further use: start another.

    Parameters
    ----------
    limits
        What one file may cost.
    folder
        A private folder for the worker's own temporary files and its log.
    """

    def __init__(self, limits: Limits, folder: Path) -> None:
        self._limits = limits
        self._late = False
        self._log = folder / "worker.log"
        try:
            environment = worker_environment(folder)
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    [sys.executable, "-P", "-m", "geo.read.worker", json.dumps(asdict(limits))],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=folder, env=environment,
                    text=True, encoding="utf-8", start_new_session=True,
                )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            raise ReadError("geo.worker_not_started", why=type(error).__name__) from error
        self._greeted = False
        #: Limits that this system cannot set, by the name of the setting.
        self.missing_limits: tuple[str, ...] = ()

    def ask(self, task: Mapping[str, object], file: str) -> dict[str, object]:
        """Have one file parsed and return the worker's answer.

        Raises
        ------
        ReadError
            What the worker refused; or, if the worker did not survive the file, why. `usable` is then False.
        """
        if not self._greeted:
            self._greet()
        answer = self._exchange(task, file)
        if "code" not in answer:
            return answer
        params = answer.get("params")
        raise ReadError(str(answer["code"]), **(params if isinstance(params, dict) else {}))

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Whether it can be asked again."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process at once: it holds nothing that is worth keeping."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process.wait()

    def _greet(self) -> None:
        hello = _object(self._line(_START_SECONDS))
        drivers = hello.get("drivers")
        if drivers != sorted(ALLOWED_DRIVERS):
            self.stop()
            raise ReadError("geo.worker_not_started", why=self._why() if drivers is None else f"drivers {drivers}")
        missing = hello.get("missing")
        self.missing_limits = tuple(str(name) for name in missing) if isinstance(missing, list) else ()
        self._greeted = True

    def _why(self) -> str:
        """Last line of the log: before the first file it cannot hold anything of a file."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else "?"

    def _exchange(self, task: Mapping[str, object], file: str) -> dict[str, object]:
        try:
            stdin = _stream(self._process.stdin)
            stdin.write(json.dumps(task) + "\n")
            stdin.flush()
            line = self._line(self._limits.wall_seconds)
        except OSError:
            line = ""
        except BaseException:  # Ctrl+C: the worker must not go on alone
            self.stop()
            raise
        answer = _object(line)
        if not answer:
            self.stop()
            raise self._last_words(file)
        return answer

    def _line(self, seconds: float) -> str:
        timer = threading.Timer(seconds, self._kill_late)
        timer.daemon = True
        timer.start()
        try:
            return _stream(self._process.stdout).readline(_REPLY_CHARS)
        finally:
            timer.cancel()

    def _kill_late(self) -> None:
        self._late = True
        self._process.kill()

    def _last_words(self, file: str) -> ReadError:
        if self._late:
            return ReadError("geo.wall_seconds_limit", file=file, limit=self._limits.wall_seconds)
        if self._process.returncode == _TOO_MUCH_CPU:
            return ReadError("geo.cpu_seconds_limit", file=file, limit=self._limits.cpu_seconds)
        return ReadError("geo.worker_died", file=file, memory=size_text(self._limits.memory_bytes))


def _stream(stream: IO[str] | None) -> IO[str]:
    if stream is None:  # only if somebody starts it without pipes
        raise BrokenPipeError
    return stream


def _object(line: str) -> dict[str, object]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
