"""The command `python -m lab.site`: have Zensical build the documents as a site, which it refuses with a dead link.

Zensical checks pages and headings (`--strict`), tests/unit/test_documents.py the other files that documents link to.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from lab.cluster.names import CHECKOUT

FOLDER = CHECKOUT / ".site"
CONFIGURATION, STYLE = (Path(__file__).with_name(name) for name in ("zensical.toml", "site.css"))
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def main() -> int:
    """Build the site and return the exit status."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    write_pages(CHECKOUT, FOLDER / "pages")
    shutil.copy(CONFIGURATION, FOLDER)
    shutil.copy(STYLE, FOLDER / "pages")
    built = subprocess.run((sys.executable, "-m", "zensical", "build", "--strict"), cwd=FOLDER, check=False)
    if built.returncode == 0:  # zensical has printed the reason of another one
        copy_linked_files(CHECKOUT, FOLDER / "html")
        print(f"open {FOLDER / 'html' / 'index.html'}")
    return built.returncode


def documents(checkout: Path) -> list[Path]:
    """Return the documents, as paths below the checkout."""
    return sorted(page.relative_to(checkout) for at in ("", "docs/**/", "lab/") for page in checkout.glob(f"{at}*.md"))


def write_pages(checkout: Path, folder: Path) -> None:
    """Write the documents into the folder that Zensical reads."""
    for page in documents(checkout):
        (folder / page).parent.mkdir(parents=True, exist_ok=True)
        # GitHub reads Markdown inside of <details>; Python-Markdown must be told to.
        text = (checkout / page).read_text().replace("<details>", '<details markdown="1">')
        (folder / page).write_text(text)


def copy_linked_files(checkout: Path, folder: Path) -> None:
    """Copy what documents link to, pictures and files of .github too, into the same folders below `folder`."""
    for page in documents(checkout):
        for link in LINK.findall((checkout / page).read_text()):
            file = ((checkout / page).parent / link).resolve().relative_to(checkout.resolve())
            if file.suffix != ".md":
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(checkout / file, folder / file)


if __name__ == "__main__":
    sys.exit(main())
