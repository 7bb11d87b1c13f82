"""The pages of the site."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cluster.names import CHECKOUT
from lab.site.__main__ import CONFIGURATION, copy_linked_files, documents, write_pages


@pytest.fixture
def checkout(tmp_path) -> Path:
    """Return a folder with documents, and a file that one of them links to."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("[a](docs/a.md#x) [b](https://istio.io)")
    (tmp_path / "docs" / "a.md").write_text("[code](../code.py)\n<details><summary>more</summary>\n")
    (tmp_path / "code.py").write_text("pass")
    (tmp_path / "other.py").write_text("pass")
    return tmp_path


def navigation(entries: list) -> Iterator[str]:
    """Yield the pages of a navigation."""
    for entry in entries:
        for target in entry.values():
            yield from [target] if isinstance(target, str) else navigation(target)


def test_documents_and_what_they_link_to_keep_their_folders(checkout):
    write_pages(checkout, checkout / "site")
    copy_linked_files(checkout, checkout / "site")
    written = [str(path.relative_to(checkout / "site")) for path in (checkout / "site").rglob("*") if path.is_file()]
    assert sorted(written) == ["README.md", "code.py", "docs/a.md"]


def test_markdown_inside_of_details_is_read(checkout):
    write_pages(checkout, checkout / "site")
    assert '<details markdown="1"><summary>' in (checkout / "site" / "docs" / "a.md").read_text()


def test_every_document_is_in_the_navigation_once_and_no_font_comes_from_another_host():
    project = tomllib.loads(CONFIGURATION.read_text())["project"]
    assert sorted(navigation(project["nav"])) == [str(page) for page in documents(CHECKOUT)]
    assert project["theme"]["font"] is False
