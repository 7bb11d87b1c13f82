"""Dead links of built HTML."""

from pathlib import Path

import pytest

from lab.site.dead_links import dead_links


@pytest.fixture
def site(tmp_path) -> Path:
    """Return a folder with two pages that link to each other."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "index.html").write_text('<a href="docs/b.html#part">b</a> <a href="#top">up</a> <p id="top">')
    (tmp_path / "docs" / "b.html").write_text(
        '<h2 id="part">Part</h2> <a href="/index.html">home</a> <a href="..">up</a>'
    )
    return tmp_path


def test_links_to_pages_folders_and_headings_that_exist_are_well(site):
    assert dead_links(site) == []


@pytest.mark.parametrize(
    ("html", "line"),
    [
        ('<a href="gone.html">', "gone.html does not exist"),
        ('<a href="docs/b.html#gone">', "docs/b.html#gone has no such heading"),
        ('<a href="#gone">', "#gone has no such heading"),
        ('<img src="gone.svg">', "gone.svg does not exist"),
        ('<a href="/gone.html">', "/gone.html does not exist"),
        ('<script src="https://cdn.example/x.js">', "https://cdn.example/x.js is loaded from another host"),
        ('<link href="//fonts.example/x.css">', "//fonts.example/x.css is loaded from another host"),
    ],
)
def test_a_dead_link_is_named_with_its_page(site, html, line):
    (site / "c.html").write_text(html)
    assert dead_links(site) == [f"c.html: {line}"]


def test_a_link_to_another_host_is_not_asked(site):
    (site / "c.html").write_text('<a href="https://istio.io/latest/">')
    assert dead_links(site) == []
