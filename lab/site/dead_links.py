"""Dead links of built HTML: a file or a heading that does not exist, and a picture or script of another host."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = ("src", "poster")
"""Attributes whose address the browser loads by itself; of `href` only a link element's."""


@dataclass
class Addresses(HTMLParser):
    """The addresses and the anchors of a page."""

    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif (value and name in LOADED) or (tag == "link" and name == "href" and value):
                self.loaded.append(value)
            elif name == "href" and value:
                self.links.append(value)


@cache
def addresses(page: Path) -> Addresses:
    """Return the addresses and anchors of a page."""
    found = Addresses()
    found.feed(page.read_text())
    return found


def dead_links(folder: Path) -> list[str]:
    """Return a line for each dead link of the pages in a folder; other hosts are not asked."""
    return [line for page in sorted(folder.rglob("*.html")) for line in _of(folder, page)]


def _of(folder: Path, page: Path) -> Iterator[str]:
    found = addresses(page)
    for link in [*found.links, *found.loaded]:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            if link in found.loaded:
                yield f"{page.relative_to(folder)}: {link} is loaded from another host"
            continue
        target = _target(folder, page, unquote(parts.path))
        if not target.is_file():
            yield f"{page.relative_to(folder)}: {link} does not exist"
        elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in addresses(target).anchors:
            yield f"{page.relative_to(folder)}: {link} has no such heading"


def _target(folder: Path, page: Path, path: str) -> Path:
    """Return the file that a path leads to from a page, as a web server with this folder answers."""
    target = folder / path.removeprefix("/") if path.startswith("/") else page.parent / path
    if not path:
        return page
    return target / "index.html" if target.is_dir() else target.resolve()
