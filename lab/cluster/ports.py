"""The ports on 127.0.0.1 from which a way leads into the lab, each by its name."""

from pathlib import Path

from lab.cluster.process import RECORDS

API = "api"


def note(name: str, port: int) -> None:
    """Writes down where a way begins."""
    _file(name).write_text(str(port))


def find(name: str) -> int | None:
    """Where a way begins; None when it was never opened."""
    file = _file(name)
    return int(file.read_text()) if file.exists() else None


def _file(name: str) -> Path:
    return RECORDS / f"forward-{name}.port"
