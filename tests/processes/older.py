"""The service as it was one format ago, out of the history, on today's libraries."""

import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

# The last commit whose stores are in format 1.
FORMAT_1 = "a82ccf08fedb73dcbfcd1f950f971818988aef3d"
# Its command. Where threads read a type for the first time at once, that version dies
# of msgspec now and then, which is not what is tried here: it reads one at a time.
_OLD = """
import threading
import msgspec

reading, read, convert = threading.RLock(), msgspec.json.decode, msgspec.convert

def alone(of):
    def called(*given, **more):
        with reading:
            return of(*given, **more)
    return called

msgspec.json.decode, msgspec.convert = alone(read), alone(convert)

from service.cli import main
main()
"""
_HERE = Path(__file__).resolve().parents[2]


def unpacked(commit: str, folder: Path) -> Path:
    """Put the code of a commit into a folder; skip where the history is not there."""
    made = subprocess.run(
        ["git", "archive", commit, "config", "service", "workers", ".env.example"],
        cwd=_HERE,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"The history up to {commit[:7]} is not there: a shallow clone.")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


class Processes:
    """Processes of two versions of one installation, each under a name of its own."""

    def __init__(self, service, older: Path) -> None:
        self._service = service
        self._older = older
        text = (older / ".env.example").read_text(encoding="utf-8")
        self._known = set(re.findall(r"OFFBOARD_[A-Z0-9_]+", text))

    def start(self, name: str, command: str, *, old: bool = False, port: int = 0):
        """Start a process; the old version knows only the settings it had."""
        environ = dict(self._service.environ)
        if old:
            environ = {
                key: value
                for key, value in environ.items()
                if not key.startswith("OFFBOARD_") or self._is_known(key)
            }
        if port:
            environ["OFFBOARD_PORT"] = str(port)
        run = ["-c", _OLD] if old else ["-m", "service.cli"]
        with (self._service.folder / f"{name}.log").open("ab") as log:
            # The folder it runs in stands first on the way to its modules.
            self._service.running[name] = subprocess.Popen(
                [sys.executable, *run, command],
                env=environ,
                cwd=self._older if old else _HERE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _is_known(self, name: str) -> bool:
        is_source = name.startswith("OFFBOARD_SOURCE_")
        return is_source or name.removesuffix("_FILE") in self._known

    def logs(self) -> str:
        files = sorted(self._service.folder.glob("*.log"))
        return "\n".join(one.read_text(encoding="utf-8") for one in files)
