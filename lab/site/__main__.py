"""The command `python -m lab.site`: write the pages, have Zensical build the site, and refuse it with a dead link."""

import shutil
import subprocess
import sys
from pathlib import Path

from lab.cluster.names import CHECKOUT
from lab.site import pages
from lab.site.dead_links import dead_links

FOLDER = CHECKOUT / ".site"
CONFIGURATION, STYLE = (Path(__file__).parent / name for name in ("zensical.toml", "site.css"))


def main() -> int:
    """Build the site and return the exit status."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    pages.write(CHECKOUT, FOLDER / "pages")
    shutil.copy(CONFIGURATION, FOLDER)
    shutil.copy(STYLE, FOLDER / "pages")
    built = subprocess.run((sys.executable, "-m", "zensical", "build", "--strict"), cwd=FOLDER, check=False)
    if built.returncode:
        return built.returncode  # zensical has printed the reason
    html = FOLDER / "html"
    pages.copy(CHECKOUT, pages.linked_files(CHECKOUT), html)  # Zensical leaves out .github
    dead = dead_links(html)
    for link in dead:
        print(f"dead link: {link}", file=sys.stderr)
    print(f"{len(list(html.rglob('*.html')))} pages, {len(dead)} dead links; open {html / 'index.html'}")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
