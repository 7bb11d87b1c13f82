"""The files of an archive, and the archive: bounded in size, without secrets, and readable by its owner alone."""

import io
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.bug_report.redaction import Redactor

LARGEST_FILE, LARGEST = 256 * 1024, 4 * 1024 * 1024
"""Bytes of one text, of which the end is kept, and of all files together."""
CUT = "[the beginning was left out]\n"


@dataclass(frozen=True)
class Part:
    """One file of an archive."""

    name: str
    content: Any
    """A text, or the content of a JSON document."""


def rendered(found: Sequence[Part], redactor: Redactor) -> tuple[dict[str, bytes], list[str]]:
    """Return the bytes of each file without secrets, and the names of those for which the archive has no room."""
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    size = 0
    for part in found:
        content = _bytes(part, redactor)
        if size + len(content) > LARGEST:
            left_out.append(part.name)
            continue
        size += len(content)
        files[part.name] = content
    return files, left_out


def _bytes(part: Part, redactor: Redactor) -> bytes:
    if not isinstance(part.content, str):
        return f"{json.dumps(redactor.tree(part.content), indent=2)}\n".encode()
    content = redactor.text(part.content).encode()
    if len(content) <= LARGEST_FILE:
        return content
    kept = content[len(CUT) - LARGEST_FILE :]
    return CUT.encode() + kept.decode(errors="ignore").encode()


def write(target: Path, folder: str, files: Mapping[str, bytes], modified: float) -> int:
    """Write the archive and return its size. Raises OSError, also where the file exists already."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), int(modified), 0o600
            tar.addfile(entry, io.BytesIO(content))
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(packed.getbuffer())
    return packed.getbuffer().nbytes
