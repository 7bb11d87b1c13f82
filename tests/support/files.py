"""Files, programs and git repositories for tests."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.com")


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write each text at its path in the folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def write_programs(folder: Path, scripts: Mapping[str, str]) -> None:
    """Write these programs of the folder, by their names."""
    write_files(folder, scripts)
    for name in scripts:
        (folder / name).chmod(0o755)


def git(folder: Path, *arguments: str) -> str:
    """Return the output of a git command."""
    command = ["git", "-C", folder, *AUTHOR, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, files: Mapping[str, str]) -> None:
    """Write these files and commit all that is in the folder."""
    write_files(folder, files)
    git(folder, "add", ".")
    git(folder, "commit", "--message=x")


def make_repository(folder: Path, files: Mapping[str, str]) -> Path:
    """Return the folder as a repository whose branch `main` has these files."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "--initial-branch=main", "--template=")
    commit(folder, files)
    return folder
