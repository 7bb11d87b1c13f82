"""The pages of the site: the documents, and the files that they link to, in the same folders as in the repository."""

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
FOLDERS = ("", "docs", "lab")
"""Folders with documents, below the checkout."""


def documents(checkout: Path) -> list[Path]:
    """Return the documents, as paths below the checkout."""
    return sorted(page.relative_to(checkout) for name in FOLDERS for page in (checkout / name).glob("*.md"))


def linked_files(checkout: Path) -> list[Path]:
    """Return the files that documents link to and that are no documents themselves, as paths below the checkout."""
    targets = {target for page in documents(checkout) for target in _linked(checkout, page)}
    return sorted(target for target in targets if target.suffix != ".md")


def write(checkout: Path, folder: Path) -> None:
    """Write the documents and what they link to into the folder that Zensical reads."""
    for page in documents(checkout):
        file = folder / page
        file.parent.mkdir(parents=True, exist_ok=True)
        # GitHub reads Markdown inside of <details>; Python-Markdown must be told to.
        file.write_text((checkout / page).read_text().replace("<details>", '<details markdown="1">'))
    copy(checkout, linked_files(checkout), folder)


def copy(checkout: Path, files: Iterable[Path], folder: Path) -> None:
    """Copy files into the same folders below `folder`."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(checkout / file, folder / file)


def _linked(checkout: Path, document: Path) -> Iterator[Path]:
    folder = (checkout / document).parent
    for link in LINK.findall((checkout / document).read_text()):
        yield (folder / link).resolve().relative_to(checkout.resolve())
